// row += scale * sum_i (changed_i - row): what the lanes of one step did to a row, from where they all started.
#pragma once

#include "simd.hpp"

namespace firth::FIRTH_VARIANT {

inline void merge_row(float* row, const float* const* changed, int n_changed, float scale, int64_t stride) {
    for (int64_t d = 0; d < stride; d += slice_width) {
        const Slice old = slice(row + d);
        Slice sum = {};
        for (int i = 0; i < n_changed; ++i) sum += slice(changed[i] + d) - old;
        slice(row + d) = old + scale * sum;
    }
}

}  // namespace firth::FIRTH_VARIANT
