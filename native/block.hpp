// The inner block: the rows of B <= 16 partners (inputs) against one centre and K shared negatives (outputs).
//
//   S[k][b] = output_k . input_b + offset_k          offset = bias - log(K q) for NCE, 0 for SGNS
//   G[k][b] = lr * (label_k - sigmoid(S[k][b]))      label = 1 for the centre (k = 0), 0 for negatives
//   input_b  += sum_k G[k][b] * output_k             from the old outputs
//   output_k += sum_b G[k][b] * input_b              from the old inputs
//
// Two small matrix products instead of B * (K + 1) dot products. Every sum runs in one fixed order, element by element,
// so tile sizes and register widths change the speed and never the bytes. Equations: Mikolov et al. 2013 (SGNS),
// Gutmann & Hyvärinen 2010 and Mnih & Teh 2012 (NCE); shared negatives: Ji et al. 2016 (pWord2Vec).
#pragma once

#include "simd.hpp"

namespace firth::FIRTH_VARIANT {

// exp(x) for |x| <= 30 to two units in the last place: 2^n * e^r, with e^r by Cephes' polynomial.
inline __attribute__((always_inline)) Floats exponential(Floats x) {
    const Floats shift = splat(12582912.0f);  // 1.5 * 2^23: adding it rounds to the nearest integer
    const Floats n = (x * 1.44269504088896341f + shift) - shift;
    const Floats r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
    Floats p = splat(1.9875691500e-4f);
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    const Ints exponent = __builtin_convertvector(n, Ints) << 23;
    return reinterpret_cast<Floats>(reinterpret_cast<Ints>(p) + exponent);
}

// Sum of log(t) without a logarithm per term: a running product whose exponent is carried as an integer.
struct LogSum {
    Floats mantissa = splat(1.0f);
    Ints exponent = {};

    inline __attribute__((always_inline)) void add(Floats t) {
        const Ints bits = reinterpret_cast<Ints>(mantissa * t);
        exponent += (bits >> 23) - 127;
        mantissa = reinterpret_cast<Floats>((bits & 0x007FFFFF) | 0x3F800000);
    }
};

// transposed[d * 16 + b] = inputs[b][d] for one slice of 16 dimensions.
inline __attribute__((always_inline)) void transpose_slice(float* const* inputs, int64_t d, float* transposed) {
    Floats a[16], t[16];
#pragma GCC unroll 16
    for (int b = 0; b < 16; ++b) a[b] = *reinterpret_cast<const Floats*>(inputs[b] + d);
    // Four rounds of interleaving row i with row i + 8: after each, the row index gains the top bit of the column's.
#pragma GCC unroll 4
    for (int round = 0; round < 4; ++round) {
#pragma GCC unroll 8
        for (int i = 0; i < 8; ++i) {
            t[2 * i] = __builtin_shufflevector(a[i], a[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            t[2 * i + 1] =
                __builtin_shufflevector(a[i], a[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        }
#pragma GCC unroll 16
        for (int i = 0; i < 16; ++i) a[i] = t[i];
    }
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) *reinterpret_cast<Floats*>(transposed + i * 16) = a[i];
}

// S for T outputs at once: T running sums stay in registers.
template <int T>
inline __attribute__((always_inline)) void score_tile(const float* transposed, int64_t stride, float* const* outputs,
                                                      const float* offsets, float* scores) {
    Floats sums[T];
#pragma GCC unroll 16
    for (int t = 0; t < T; ++t) sums[t] = splat(offsets[t]);
    for (int64_t d = 0; d < stride; ++d) {
        const Floats x = *reinterpret_cast<const Floats*>(transposed + d * 16);
#pragma GCC unroll 16
        for (int t = 0; t < T; ++t) sums[t] += x * outputs[t][d];
    }
#pragma GCC unroll 16
    for (int t = 0; t < T; ++t) *reinterpret_cast<Floats*>(scores + t * 16) = sums[t];
}

// Both updates of one slice for T outputs: each G is broadcast once and used twice.
template <int T>
inline __attribute__((always_inline)) void update_tile(const Slice* old_inputs, Slice* new_inputs, int n_inputs,
                                                       const Slice* old_outputs, float* const* outputs, int64_t d,
                                                       const float* gradients) {
    Slice change[T] = {};
    Slice old[T];
#pragma GCC unroll 16
    for (int t = 0; t < T; ++t) old[t] = old_outputs[t];
    for (int b = 0; b < n_inputs; ++b) {
        const Slice x = old_inputs[b];
        Slice sum = new_inputs[b];
#pragma GCC unroll 16
        for (int t = 0; t < T; ++t) {
            const Slice g = Slice{} + gradients[t * 16 + b];
            sum += g * old[t];
            change[t] += g * x;
        }
        new_inputs[b] = sum;
    }
#pragma GCC unroll 16
    for (int t = 0; t < T; ++t) *reinterpret_cast<Slice*>(outputs[t] + d) += change[t];
}

template <int N>
struct Size {
    static constexpr int value = N;
};

// Calls body(Size<n>{}) for the n that is known only at run time, 1 <= n <= Most.
template <int Most, class Body>
inline __attribute__((always_inline)) void call_with_size(int n, const Body& body) {
    if constexpr (Most == 1)
        body(Size<1>{});
    else if (n == Most)
        body(Size<Most>{});
    else
        call_with_size<Most - 1>(n, body);
}

// Calls body(first, tile) for tiles that cover 0 .. n-1 in as few and as even pieces as Most allows; `tile` is a constant.
template <int Most, class Body>
inline __attribute__((always_inline)) void for_tiles(int n, const Body& body) {
    const int n_tiles = (n + Most - 1) / Most;
    for (int i = 0, first = 0; i < n_tiles; ++i) {
        const int size = (n - first) / (n_tiles - i);
        call_with_size<Most>(size, [&](auto tile) __attribute__((always_inline)) { body(first, tile); });
        first += size;
    }
}

// One position. `inputs` has 16 pointers, those from n_inputs on to a row of zeros; two outputs may be the same row.
inline void train_block(const BlockTask& task) {
    const int n_outputs = task.n_outputs;
    for (int64_t d = 0; d < task.stride; d += 16) transpose_slice(task.inputs, d, task.transposed + d * 16);
    for_tiles<score_tile_size>(n_outputs, [&](int k, auto tile) __attribute__((always_inline)) {
        score_tile<tile.value>(task.transposed, task.stride, task.outputs + k, task.offsets + k, task.gradients + k * 16);
    });

    // Loss: log(1 + e^-S) for the centre, log(1 + e^S) = S + log(1 + e^-S) for negatives.
    LogSum logs{*reinterpret_cast<Floats*>(task.loss->mantissa), *reinterpret_cast<Ints*>(task.loss->exponent)};
    Floats linear = *reinterpret_cast<Floats*>(task.loss->linear);
    const Ints lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const Ints is_input = lane < task.n_inputs;
    for (int k = 0; k < n_outputs; ++k) {
        Floats s = *reinterpret_cast<Floats*>(task.gradients + k * 16);
        s = s > 30.0f ? splat(30.0f) : s;  // NaN compares false and passes on, to be found in the loss
        s = s < -30.0f ? splat(-30.0f) : s;
        const Ints used = task.used[k] ? is_input : Ints{};
        const Floats t = 1.0f + exponential(-s);
        const float label = k == 0 ? 1.0f : 0.0f;
        const Floats g = task.learning_rate * (label - 1.0f / t);
        *reinterpret_cast<Floats*>(task.gradients + k * 16) = used ? g : Floats{};
        logs.add(used ? t : splat(1.0f));
        if (k > 0) linear += used ? s : Floats{};
    }
    *reinterpret_cast<Floats*>(task.loss->mantissa) = logs.mantissa;
    *reinterpret_cast<Ints*>(task.loss->exponent) = logs.exponent;
    *reinterpret_cast<Floats*>(task.loss->linear) = linear;

    Slice old_inputs[16], new_inputs[16], old_outputs[max_outputs];
    for (int64_t d = 0; d < task.stride; d += slice_width) {
        for (int b = 0; b < task.n_inputs; ++b)
            old_inputs[b] = new_inputs[b] = *reinterpret_cast<const Slice*>(task.inputs[b] + d);
        for (int k = 0; k < n_outputs; ++k) old_outputs[k] = *reinterpret_cast<const Slice*>(task.outputs[k] + d);
        for_tiles<update_tile_size>(n_outputs, [&](int k, auto tile) __attribute__((always_inline)) {
            update_tile<tile.value>(old_inputs, new_inputs, task.n_inputs, old_outputs + k, task.outputs + k, d,
                                    task.gradients + k * 16);
        });
        for (int b = 0; b < task.n_inputs; ++b) *reinterpret_cast<Slice*>(task.inputs[b] + d) = new_inputs[b];
    }
}

}  // namespace firth::FIRTH_VARIANT
