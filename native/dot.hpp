// scores = queries . rows^T for rows of zero-padded floats; tiles of 4 x 4 keep sixteen sums in registers.
#pragma once

#include "simd.hpp"

namespace firth::FIRTH_VARIANT {

template <int Q, int R>
inline __attribute__((always_inline)) void dot_tile(const float* queries, const float* rows, int64_t stride,
                                                    int64_t n_rows, float* scores) {
    Floats sums[Q][R] = {};
    for (int64_t d = 0; d < stride; d += width) {
        Floats x[Q];
        for (int q = 0; q < Q; ++q) x[q] = *reinterpret_cast<const Floats*>(queries + q * stride + d);
        for (int r = 0; r < R; ++r) {
            const Floats y = *reinterpret_cast<const Floats*>(rows + r * stride + d);
            for (int q = 0; q < Q; ++q) sums[q][r] += x[q] * y;
        }
    }
    for (int q = 0; q < Q; ++q)
        for (int r = 0; r < R; ++r) scores[q * n_rows + r] = horizontal_sum(sums[q][r]);
}

inline void dot_block(const float* queries, int64_t n_queries, const float* rows, int64_t n_rows, int64_t stride,
                      float* scores) {
    int64_t q = 0;
    for (; q + 4 <= n_queries; q += 4) {
        int64_t r = 0;
        for (; r + 4 <= n_rows; r += 4)
            dot_tile<4, 4>(queries + q * stride, rows + r * stride, stride, n_rows, scores + q * n_rows + r);
        for (; r < n_rows; ++r)
            dot_tile<4, 1>(queries + q * stride, rows + r * stride, stride, n_rows, scores + q * n_rows + r);
    }
    for (; q < n_queries; ++q)
        for (int64_t r = 0; r < n_rows; ++r)
            dot_tile<1, 1>(queries + q * stride, rows + r * stride, stride, n_rows, scores + q * n_rows + r);
}

}  // namespace firth::FIRTH_VARIANT
