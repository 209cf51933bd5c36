// Phrases: which two tokens stand together more often than chance, and sequences with these joined.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace firth {

// Numbers by ordered pairs of codes: open addressing, at most half full.
class PairTable {
  public:
    PairTable() : slots_(1024) {}

    struct Slot {
        uint64_t pair = 0;  // left * 2^32 + right + 1, so that 0 is nobody's
        int64_t value = 0;
        int32_t left() const { return int32_t((pair - 1) >> 32); }
        int32_t right() const { return int32_t((pair - 1) & 0xFFFFFFFF); }
    };

    int64_t& operator()(int32_t left, int32_t right) {
        if ((n_ + 1) * 2 > slots_.size()) grow();
        const uint64_t pair = pair_of(left, right);
        Slot& slot = slots_[place(slots_, pair)];
        if (slot.pair == 0) {
            slot.pair = pair;
            ++n_;
        }
        return slot.value;
    }
    // The pair's number, or nullptr.
    const int64_t* find(int32_t left, int32_t right) const {
        const Slot& slot = slots_[place(slots_, pair_of(left, right))];
        return slot.pair ? &slot.value : nullptr;
    }
    const std::vector<Slot>& slots() const { return slots_; }

  private:
    static uint64_t pair_of(int32_t left, int32_t right) { return (uint64_t(left) << 32 | uint32_t(right)) + 1; }

    static size_t place(const std::vector<Slot>& slots, uint64_t pair) {
        uint64_t hash = pair * 0x9E3779B97F4A7C15;
        hash ^= hash >> 32;
        size_t at = hash & (slots.size() - 1);
        while (slots[at].pair != 0 && slots[at].pair != pair) at = (at + 1) & (slots.size() - 1);
        return at;
    }

    void grow() {
        std::vector<Slot> larger(slots_.size() * 2);
        for (const Slot& slot : slots_)
            if (slot.pair) larger[place(larger, slot.pair)] = slot;
        slots_ = std::move(larger);
    }

    std::vector<Slot> slots_;
    size_t n_ = 0;
};

struct Phrase {
    int32_t left, right;
    double score;
};

// How often each two tokens follow one another within a sequence. Pairs with a token that is rarer than `min_count`
// are not counted: they cannot be more frequent than it.
class PairCounts {
  public:
    PairCounts(std::vector<int64_t> counts, int64_t min_count) : counts_(std::move(counts)), min_count_(min_count) {
        for (const int64_t count : counts_) n_tokens_ += count;
    }

    int64_t n_codes() const { return int64_t(counts_.size()); }

    void add(const int32_t* codes, const int64_t* lengths, int64_t n_lengths, bool is_open) {
        for (int64_t s = 0; s < n_lengths; ++s) {
            for (int64_t i = 0; i < lengths[s]; ++i) {
                const int32_t code = *codes++;
                const bool is_frequent = counts_[size_t(code)] >= min_count_;
                if (previous_ >= 0 && is_frequent) ++pairs_(previous_, code);
                previous_ = is_frequent ? code : -1;
            }
            if (s + 1 < n_lengths || !is_open) previous_ = -1;
        }
    }

    // Pairs (a, b) with count >= min_count and normalised pointwise mutual information (Bouma 2009)
    //     ln(p(a, b) / (p(a) p(b))) / -ln p(a, b),    p = count / tokens,
    // above `threshold`, ordered by their codes.
    std::vector<Phrase> phrases(double threshold) const {
        std::vector<Phrase> found;
        const double total = double(n_tokens_);
        for (const PairTable::Slot& slot : pairs_.slots()) {
            if (slot.pair == 0 || slot.value < min_count_) continue;
            const double pa = double(counts_[size_t(slot.left())]) / total;
            const double pb = double(counts_[size_t(slot.right())]) / total;
            const double pab = double(slot.value) / total;
            const double score = std::log(pab / (pa * pb)) / -std::log(pab);
            if (score > threshold) found.push_back({slot.left(), slot.right(), score});
        }
        std::sort(found.begin(), found.end(), [](const Phrase& one, const Phrase& other) {
            return one.left != other.left ? one.left < other.left : one.right < other.right;
        });
        return found;
    }

  private:
    std::vector<int64_t> counts_;
    int64_t min_count_, n_tokens_ = 0;
    PairTable pairs_;
    int32_t previous_ = -1;
};

// Sequences with phrases joined from left to right: of a, b, c with (a, b) and (b, c), the first is joined.
class PairJoiner {
  public:
    void set(int32_t left, int32_t right, int32_t code) { code_of_(left, right) = code; }
    int64_t n_joined() const { return n_joined_; }

    void run(const int32_t* codes, const int64_t* lengths, int64_t n_lengths, bool is_open,
             std::vector<int32_t>& joined_codes, std::vector<int64_t>& joined_lengths) {
        size_t begin = 0;
        for (int64_t s = 0; s < n_lengths; ++s) {
            for (int64_t i = 0; i < lengths[s]; ++i) next(*codes++, joined_codes);
            if (pending_ >= 0 && (s + 1 < n_lengths || !is_open)) {
                joined_codes.push_back(pending_);
                pending_ = -1;
            }
            joined_lengths.push_back(int64_t(joined_codes.size() - begin));
            begin = joined_codes.size();
        }
    }

  private:
    void next(int32_t code, std::vector<int32_t>& joined_codes) {
        if (pending_ < 0) {
            pending_ = code;
        } else if (const int64_t* phrase = code_of_.find(pending_, code)) {
            joined_codes.push_back(int32_t(*phrase));
            pending_ = -1;
            ++n_joined_;
        } else {
            joined_codes.push_back(pending_);
            pending_ = code;
        }
    }

    PairTable code_of_;
    int32_t pending_ = -1;  // the token that the next may be joined to
    int64_t n_joined_ = 0;
};

}  // namespace firth
