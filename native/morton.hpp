// Points of a plane in the order of a Morton curve: neighbours on the curve are neighbours on the plane.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "team.hpp"

namespace firth {

constexpr int morton_levels = 16;  // bits of each coordinate

// 16 bits, a zero between each two.
inline uint32_t spread_bits(uint32_t x) {
    x = (x | (x << 8)) & 0x00ff00ffu;
    x = (x | (x << 4)) & 0x0f0f0f0fu;
    x = (x | (x << 2)) & 0x33333333u;
    return (x | (x << 1)) & 0x55555555u;
}

class MortonOrder {
  public:
    explicit MortonOrder(int64_t n)
        : keys_(size_t(n)), sorted_(size_t(n)), n_chunks_((n + chunk - 1) / chunk), starts_(size_t(n_chunks_ * 256)) {
        boxes_.resize(size_t(n_chunks_));
    }

    // Sorts n points, xy[i] = (x, y); equal codes keep the order of their numbers. All members of the team call it.
    void sort(const float* xy, Team& team) {
        const int64_t n = int64_t(keys_.size());
        team.each_range(n, chunk, [&](int64_t first, int64_t last) {
            Box box;
            for (int64_t i = first; i < last; ++i) box.add(xy[2 * i], xy[2 * i + 1]);
            boxes_[size_t(first / chunk)] = box;
        });
        team.once([&] {
            Box all;
            for (const Box& box : boxes_) all.add(box);
            left_ = all.left;
            bottom_ = all.bottom;
            const float side = std::max(all.right - all.left, all.top - all.bottom);
            scale_ = side > 0 ? float(1 << morton_levels) / side : 0.0f;
        });
        team.each_range(n, chunk, [&](int64_t first, int64_t last) {
            for (int64_t i = first; i < last; ++i)
                keys_[size_t(i)] = uint64_t(code(xy[2 * i], xy[2 * i + 1])) << 32 | uint32_t(i);
        });
        for (int shift = 32; shift < 64; shift += 16) {
            pass(shift, keys_, sorted_, team);
            pass(shift + 8, sorted_, keys_, team);
        }
    }

    // The code and the number of the point at a place of the order.
    uint32_t code_at(int64_t place) const { return uint32_t(keys_[size_t(place)] >> 32); }
    int32_t point_at(int64_t place) const { return int32_t(uint32_t(keys_[size_t(place)])); }

  private:
    static constexpr int64_t chunk = 1 << 14;

    struct Box {
        float left = std::numeric_limits<float>::max(), right = std::numeric_limits<float>::lowest();
        float bottom = std::numeric_limits<float>::max(), top = std::numeric_limits<float>::lowest();
        void add(float x, float y) {
            left = std::min(left, x);
            right = std::max(right, x);
            bottom = std::min(bottom, y);
            top = std::max(top, y);
        }
        void add(const Box& other) {
            add(other.left, other.bottom);
            add(other.right, other.top);
        }
    };

    // Whatever is not a number, or outside, gets a code all the same.
    uint32_t cell(float offset) const {
        const float scaled = offset * scale_;
        if (!(scaled > 0)) return 0;
        return scaled < float((1 << morton_levels) - 1) ? uint32_t(scaled) : (1u << morton_levels) - 1;
    }
    uint32_t code(float x, float y) const { return spread_bits(cell(x - left_)) | spread_bits(cell(y - bottom_)) << 1; }

    // One pass of a stable radix sort by eight bits. The chunks, not the threads, decide where a key goes.
    void pass(int shift, const std::vector<uint64_t>& from, std::vector<uint64_t>& to, Team& team) {
        const int64_t n = int64_t(from.size());
        team.each_range(n, chunk, [&](int64_t first, int64_t last) {
            int64_t* counts = starts_.data() + first / chunk * 256;
            std::fill_n(counts, 256, 0);
            for (int64_t i = first; i < last; ++i) ++counts[from[size_t(i)] >> shift & 255];
        });
        team.once([&] {
            int64_t start = 0;
            for (int digit = 0; digit < 256; ++digit)
                for (int64_t c = 0; c < n_chunks_; ++c) {
                    int64_t& count = starts_[size_t(c * 256 + digit)];
                    start += count;
                    count = start - count;
                }
        });
        team.each_range(n, chunk, [&](int64_t first, int64_t last) {
            int64_t* next = starts_.data() + first / chunk * 256;
            for (int64_t i = first; i < last; ++i) {
                const uint64_t key = from[size_t(i)];
                to[size_t(next[key >> shift & 255]++)] = key;
            }
        });
    }

    std::vector<uint64_t> keys_, sorted_;
    int64_t n_chunks_;
    std::vector<int64_t> starts_;
    std::vector<Box> boxes_;
    float left_ = 0, bottom_ = 0, scale_ = 0;
};

}  // namespace firth
