// scores[r][q] = queries[q] . rows[r] for a panel of sixteen queries, one in each lane, so that no sum is ever taken
// across lanes. Every sum runs over d = 0, 1, 2, ... whatever the tile, hence one query alone has the scores it has in
// a crowd. Rows are read as they lie, without padding.
#pragma once

#include "simd.hpp"

namespace firth::FIRTH_VARIANT {

// Rows per tile: as many sums as the registers hold beside the operands.
#if defined(__AVX512F__)
constexpr int dot_tile_size = 12;
#elif defined(__AVX2__)
constexpr int dot_tile_size = 6;
#else
constexpr int dot_tile_size = 3;
#endif

// Not 0 where any lane is not 0. Halves the width until one word is left.
template <class Vector>
inline __attribute__((always_inline)) int64_t any_lane(Vector mask) {
    typedef int64_t Two __attribute__((vector_size(16)));
    if constexpr (sizeof(Vector) == 16) {
        const Two t = (Two)mask;
        return t[0] | t[1];
    } else {
        typedef int64_t Whole __attribute__((vector_size(sizeof(Vector))));
        typedef int64_t Half __attribute__((vector_size(sizeof(Vector) / 2)));
        union {
            Whole whole;
            Half halves[2];
        } v{(Whole)mask};
        return any_lane(v.halves[0] | v.halves[1]);
    }
}

template <int R>
inline __attribute__((always_inline)) void dot_tile(const float* panel, const float* rows, int64_t size,
                                                    const float* thresholds, float* scores, uint8_t* hits) {
    Slice sums[R][n_slices] = {};
    for (int64_t d = 0; d < size; ++d) {
        Slice x[n_slices];
        for (int s = 0; s < n_slices; ++s) x[s] = slice(panel + d * width + s * slice_width);
        for (int r = 0; r < R; ++r) {
            const Slice y = splat(rows[r * size + d]);
            for (int s = 0; s < n_slices; ++s) sums[r][s] += x[s] * y;
        }
    }
    for (int r = 0; r < R; ++r) {
        int64_t any = 0;
        for (int s = 0; s < n_slices; ++s) {
            slice(scores + r * width + s * slice_width) = sums[r][s];
            any |= any_lane(sums[r][s] > slice(thresholds + s * slice_width));
        }
        hits[r] = any != 0;
    }
}

// The rows after the last whole tile, as one smaller tile: one by one, each would wait for its own sum.
template <int R>
inline void dot_rest(const float* panel, const float* rows, int64_t n_rows, int64_t size, const float* thresholds,
                     float* scores, uint8_t* hits) {
    if (n_rows == R)
        dot_tile<R>(panel, rows, size, thresholds, scores, hits);
    else if constexpr (R > 1)
        dot_rest<R - 1>(panel, rows, n_rows, size, thresholds, scores, hits);
}

inline void dot_block(const float* panel, const float* rows, int64_t n_rows, int64_t size, const float* thresholds,
                      float* scores, uint8_t* hits) {
    int64_t r = 0;
    for (; r + dot_tile_size <= n_rows; r += dot_tile_size)
        dot_tile<dot_tile_size>(panel, rows + r * size, size, thresholds, scores + r * width, hits + r);
    dot_rest<dot_tile_size - 1>(panel, rows + r * size, n_rows - r, size, thresholds, scores + r * width, hits + r);
}

// |a - b|^2, summed in sixteen lanes and then in one order.
inline float squared_distance(const float* a, const float* b, int64_t size) {
    typedef float Loose __attribute__((vector_size(slice_width * 4), aligned(4), may_alias));
    Slice sums[n_slices] = {};
    int64_t d = 0;
    for (; d + width <= size; d += width)
        for (int s = 0; s < n_slices; ++s) {
            const int64_t at = d + s * slice_width;
            const Slice x = *reinterpret_cast<const Loose*>(a + at) - *reinterpret_cast<const Loose*>(b + at);
            sums[s] += x * x;
        }
    alignas(64) float rest[width] = {}, lanes[width];
    for (int64_t i = d; i < size; ++i) rest[i - d] = a[i] - b[i];
    for (int s = 0; s < n_slices; ++s) {
        const Slice x = slice(rest + s * slice_width);
        slice(lanes + s * slice_width) = sums[s] + x * x;
    }
    for (int64_t half = width / 2; half > 0; half /= 2)
        for (int64_t i = 0; i < half; ++i) lanes[i] += lanes[i + half];
    return lanes[0];
}

}  // namespace firth::FIRTH_VARIANT
