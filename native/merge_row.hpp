// row += scale * sum_i (changed_i - row): what the lanes of one step did to a row, from where they all started. Where
// only one changed it, scale is 1 and the row is taken over.
#pragma once

#include "simd.hpp"

namespace firth::FIRTH_VARIANT {

inline void merge_row(float* row, const float* const* changed, int n_changed, float scale, int64_t stride) {
    if (n_changed == 1) {
        for (int64_t d = 0; d < stride; d += 8) eight(row + d) = eight(changed[0] + d);
        return;
    }
    for (int64_t d = 0; d < stride; d += 8) {
        const Eight old = eight(row + d);
        Eight sum = {};
        for (int i = 0; i < n_changed; ++i) sum += eight(changed[i] + d) - old;
        eight(row + d) = old + scale * sum;
    }
}

inline __attribute__((always_inline)) float sum_of(Eight x) {
    return ((x[0] + x[4]) + (x[1] + x[5])) + ((x[2] + x[6]) + (x[3] + x[7]));
}

inline float squared_norm(const float* row, int64_t stride) {
    Eight sum = {};
    for (int64_t d = 0; d < stride; d += 8) sum += eight(row + d) * eight(row + d);
    return sum_of(sum);
}

// Copies a row and returns its squared length.
inline float copy_row(const float* from, float* to, int64_t stride) {
    Eight sum = {};
    for (int64_t d = 0; d < stride; d += 8) {
        const Eight x = eight(from + d);
        eight(to + d) = x;
        sum += x * x;
    }
    return sum_of(sum);
}

}  // namespace firth::FIRTH_VARIANT
