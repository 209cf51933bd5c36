// Training positions out of unordered contexts: a centre and up to `partners` distinct other members of one group.
#pragma once

#include <algorithm>
#include <cstdint>

#include "alias.hpp"
#include "philox.hpp"
#include "variant.hpp"

namespace firth {

constexpr int max_partners = max_inputs;

struct Drawn {
    int32_t centre;
    int32_t context;  // that the group belongs to
    int32_t n_partners;
    int32_t partners[max_partners];
};

// A pair is held out when the hash of its two ids, in either order, falls below a threshold: it is then never trained,
// in whatever group and however often it is drawn.
struct HeldoutSplit {
    uint64_t salt;
    uint32_t threshold;  // of 2**32
    bool drawn;          // false: draw only pairs that are not held out (training); true: only those that are

    bool contains(int32_t a, int32_t b) const {
        uint64_t z = salt ^ (uint64_t(uint32_t(std::min(a, b))) << 32 | uint32_t(std::max(a, b)));
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;  // the finaliser of SplitMix64 (Steele, Lea & Flood 2014)
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return uint32_t((z ^ (z >> 31)) >> 32) < threshold;
    }
};

class Groups {
  public:
    AliasTable choice;          // over groups
    const int32_t* contexts;    // (n_groups) the number of each group's context
    const int64_t* offsets;     // (n_groups + 1)
    const int32_t* members;     // ids, distinct within a group
    const double* weights;      // per membership; null: every member alike
    const uint32_t* threshold;  // per membership: alias table within its group
    const int32_t* alias;
    HeldoutSplit heldout;
    int partners;

    // Tries before a partner is drawn exactly among those left; both ways have the same distribution.
    static constexpr int max_tries = 16;

    // Draws a group, a centre by weight, and partners by weight among the members not drawn yet whose pair with the
    // centre lies on the wanted side of the held-out split. Fewer than `partners` when the group has no more.
    void draw(Stream& stream, Drawn& position) const {
        const uint32_t number = choice.draw(stream);
        const Group group = at(number);
        uint32_t drawn[max_partners + 1];
        drawn[0] = member(stream, group);
        position.centre = group.ids[drawn[0]];
        position.context = contexts[number];
        position.n_partners = 0;
        if (int64_t(group.size) - 1 <= partners) {
            // All others, whatever the weights: nothing to draw. Twice as fast on baskets of ten.
            for (uint32_t i = 0; i < group.size; ++i)
                if (is_open(group, drawn, 1, i)) position.partners[position.n_partners++] = group.ids[i];
            return;
        }
        for (int n = 0; n < partners; ++n) {
            const int64_t index = partner(stream, group, drawn, n + 1);
            if (index < 0) break;
            drawn[n + 1] = uint32_t(index);
            position.partners[n] = group.ids[index];
            position.n_partners = n + 1;
        }
    }

  private:
    struct Group {
        const int32_t* ids;
        int64_t first;
        uint32_t size;
    };

    Group at(uint32_t index) const {
        return {members + offsets[index], offsets[index], uint32_t(offsets[index + 1] - offsets[index])};
    }

    uint32_t member(Stream& stream, const Group& group) const {
        if (!weights) return stream.below(group.size);
        return AliasTable{threshold + group.first, alias + group.first, group.size}.draw(stream);
    }

    bool is_open(const Group& group, const uint32_t* drawn, int n_drawn, uint32_t index) const {
        for (int i = 0; i < n_drawn; ++i)
            if (drawn[i] == index) return false;
        return heldout.contains(group.ids[drawn[0]], group.ids[index]) == heldout.drawn;
    }

    int64_t partner(Stream& stream, const Group& group, const uint32_t* drawn, int n_drawn) const {
        for (int i = 0; i < max_tries; ++i) {
            const uint32_t index = member(stream, group);
            if (is_open(group, drawn, n_drawn, index)) return index;
        }
        return exact_partner(stream, group, drawn, n_drawn);
    }

    // The member at a uniform point of the open members' weights laid end to end, or -1 when none is open.
    int64_t exact_partner(Stream& stream, const Group& group, const uint32_t* drawn, int n_drawn) const {
        const auto weight = [&](uint32_t i) { return weights ? weights[group.first + i] : 1.0; };
        double total = 0;
        for (uint32_t i = 0; i < group.size; ++i)
            if (is_open(group, drawn, n_drawn, i)) total += weight(i);
        if (total <= 0) return -1;
        double point = double(stream.next()) * 0x1p-32 * total;
        int64_t last = -1;
        for (uint32_t i = 0; i < group.size; ++i) {
            if (!is_open(group, drawn, n_drawn, i)) continue;
            last = i;
            point -= weight(i);
            if (point < 0) break;
        }
        return last;
    }
};

}  // namespace firth
