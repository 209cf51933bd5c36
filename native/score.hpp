// scores[r][q] of a panel of sixteen points, one in each lane, against a block of rows: the greater, the nearer.
//
//     cosine:    sum over d of panel[d][q] * rows[r][d]             (of rows of unit length)
//     distance:  - sum over d of (panel[d][q] - rows[r][d])^2       (differences: the square's expansion cancels)
//
// Every sum runs over d = 0, 1, 2, ... whatever the tile, and both are the same bytes with panel and row exchanged,
// hence a score worked out alone equals the one in a block.
#pragma once

#include "dot.hpp"
#include "simd.hpp"

namespace firth::FIRTH_VARIANT {

typedef uint32_t BitSlice __attribute__((vector_size(slice_width * 4), aligned(slice_width * 4), may_alias));

template <int R, bool is_distance>
inline __attribute__((always_inline)) void score_tile(const float* panel, const float* rows, int64_t size,
                                                      float* scores) {
    Slice sums[R][n_slices] = {};
    for (int64_t d = 0; d < size; ++d) {
        Slice x[n_slices];
        for (int s = 0; s < n_slices; ++s) x[s] = slice(panel + d * width + s * slice_width);
        for (int r = 0; r < R; ++r) {
            const Slice y = splat(rows[r * size + d]);
            for (int s = 0; s < n_slices; ++s) {
                if constexpr (is_distance) {
                    const Slice apart = x[s] - y;
                    sums[r][s] -= apart * apart;
                } else {
                    sums[r][s] += x[s] * y;
                }
            }
        }
    }
    for (int r = 0; r < R; ++r)
        for (int s = 0; s < n_slices; ++s) slice(scores + r * width + s * slice_width) = sums[r][s];
}

template <bool is_distance>
inline void score_rows(const float* panel, const float* rows, int64_t n_rows, int64_t size, float* scores) {
    int64_t r = 0;
    for (; r + dot_tile_size <= n_rows; r += dot_tile_size)
        score_tile<dot_tile_size, is_distance>(panel, rows + r * size, size, scores + r * width);
    for (; r < n_rows; ++r) score_tile<1, is_distance>(panel, rows + r * size, size, scores + r * width);
}

// One bit a score: row 32 g + r is bit r of marks[16 g + q]. Kept by lane, so that one query's are read in one go.
inline void mark_rows(const float* scores, int64_t n_rows, const float* limits, uint32_t* marks) {
    for (int64_t first = 0; first < n_rows; first += 32, marks += width) {
        const int64_t n = n_rows - first < 32 ? n_rows - first : 32;
        BitSlice found[n_slices] = {};
        BitSlice bit = BitSlice{} + 1u;
        for (int64_t r = 0; r < n; ++r, bit += bit)
            for (int s = 0; s < n_slices; ++s)
                found[s] |= (BitSlice)(slice(scores + (first + r) * width + s * slice_width) >=
                                       slice(limits + s * slice_width)) &
                            bit;
        for (int s = 0; s < n_slices; ++s) *reinterpret_cast<BitSlice*>(marks + s * slice_width) = found[s];
    }
}

inline void score_block(const float* panel, const float* rows, int64_t n_rows, int64_t size, bool is_distance,
                        const float* limits, float* scores, uint32_t* marks) {
    if (is_distance)
        score_rows<true>(panel, rows, n_rows, size, scores);
    else
        score_rows<false>(panel, rows, n_rows, size, scores);
    mark_rows(scores, n_rows, limits, marks);
}

}  // namespace firth::FIRTH_VARIANT
