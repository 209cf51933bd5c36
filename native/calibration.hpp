// Conditional affinities of one item to its neighbours: a Gaussian whose width gives the wanted perplexity.
//
//   p_j = exp(-b d_j^2) / sum_k exp(-b d_k^2),   b such that -sum_j p_j log p_j = log(perplexity)
//
// b is found by bisection, as in van der Maaten & Hinton 2008. Distances count from the nearest neighbour's, which
// changes no p and keeps the sums from vanishing. Where too many neighbours are equally near, no b is enough: they
// share.
#pragma once

#include "attraction.hpp"
#include "elementary.hpp"
#include "simd.hpp"

namespace firth::FIRTH_VARIANT {

struct Gaussian {
    float sum, entropy;
};

// Writes exp(-b d^2); what is beyond n is 0. `squares`, `weights`: 64-byte aligned, whole sixteens.
inline Gaussian weigh(const float* squares, int64_t n, float b, float* weights) {
    Slice sums[n_slices] = {}, moments[n_slices] = {};
    for (int64_t j = 0; j < n; j += width)
        for (int s = 0; s < n_slices; ++s) {
            const int64_t at = j + s * slice_width;
            const Slice square = slice(squares + at);
            const Slice power = square * -b;
            Slice weight = exponential(power > -80.0f ? power : splat(-80.0f));
            weight = power > -80.0f ? weight : splat(0.0f);
            for (int lane = 0; at + lane >= n - slice_width && lane < slice_width; ++lane)
                if (at + lane >= n) weight[lane] = 0.0f;
            slice(weights + at) = weight;
            sums[s] += weight;
            moments[s] += weight * square;
        }
    const float sum = sum_of_lanes(sums);
    const Eight logs = logarithm(splat_eight(sum));
    return {sum, logs[0] + b * sum_of_lanes(moments) / sum};
}

// result[j] += share * p_j. `squares` hold d^2 less the smallest of them; scratch: whole sixteens, 64-byte aligned.
inline void calibrate(const float* squares, int64_t n, float wanted_entropy, float share, float* weights,
                      float* result) {
    constexpr int max_halvings = 100;
    constexpr float tolerance = 1e-5f;
    float mean = 0;
    for (int64_t j = 0; j < n; ++j) mean += squares[j] / float(n);
    float low = 0, high = 0, b = mean > 0 ? 1 / mean : 1;
    Gaussian found = weigh(squares, n, b, weights);
    for (int i = 0; i < max_halvings; ++i) {
        const float excess = found.entropy - wanted_entropy;
        if (excess < tolerance && excess > -tolerance) break;
        (excess > 0 ? low : high) = b;
        const float next = high > 0 ? (low + high) / 2 : 2 * b;
        if (next == b || !(next < 1e30f)) break;
        b = next;
        found = weigh(squares, n, b, weights);
    }
    for (int64_t j = 0; j < n; ++j) result[j] += share * (weights[j] / found.sum);
}

}  // namespace firth::FIRTH_VARIANT
