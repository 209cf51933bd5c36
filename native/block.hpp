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
inline __attribute__((always_inline)) Slice exponential(Slice x) {
    const float shift = 12582912.0f;  // 1.5 * 2^23: adding it rounds to the nearest integer
    const Slice n = (x * 1.44269504088896341f + shift) - shift;
    const Slice r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
    Slice p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    const IntSlice exponent = __builtin_convertvector(n, IntSlice) << 23;
    return reinterpret_cast<Slice>(reinterpret_cast<IntSlice>(p) + exponent);
}

// transposed[d * 16 + b] = inputs[b][d] for sixteen dimensions, in square blocks of one register's width.
inline __attribute__((always_inline)) void transpose(float* const* inputs, int64_t d, float* transposed) {
    constexpr int w = slice_width;
    for (int first_input = 0; first_input < 16; first_input += w)
        for (int first_d = 0; first_d < 16; first_d += w) {
            Slice a[w], t[w];
#pragma GCC unroll 16
            for (int i = 0; i < w; ++i) a[i] = slice(inputs[first_input + i] + d + first_d);
        // Interleaving row i with row i + w / 2, log2(w) times over.
#pragma GCC unroll 4
            for (int round = 1; round < w; round *= 2) {
#pragma GCC unroll 8
                for (int i = 0; i < w / 2; ++i) {
                    t[2 * i] = FIRTH_INTERLEAVE_LOW(a[i], a[i + w / 2]);
                    t[2 * i + 1] = FIRTH_INTERLEAVE_HIGH(a[i], a[i + w / 2]);
                }
#pragma GCC unroll 16
                for (int i = 0; i < w; ++i) a[i] = t[i];
            }
#pragma GCC unroll 16
            for (int i = 0; i < w; ++i) slice(transposed + (first_d + i) * 16 + first_input) = a[i];
        }
}

// S for T outputs at once: their running sums stay in registers.
template <int T>
inline __attribute__((always_inline)) void score_tile(const float* transposed, int64_t stride, float* const* outputs,
                                                      const float* offsets, float* scores) {
    Slice sums[T][n_slices];
#pragma GCC unroll 32
    for (int t = 0; t < T; ++t)
#pragma GCC unroll 4
        for (int i = 0; i < n_slices; ++i) sums[t][i] = splat(offsets[t]);
    for (int64_t d = 0; d < stride; ++d) {
        Slice x[n_slices];
#pragma GCC unroll 4
        for (int i = 0; i < n_slices; ++i) x[i] = slice(transposed + d * 16 + i * slice_width);
#pragma GCC unroll 32
        for (int t = 0; t < T; ++t)
#pragma GCC unroll 4
            for (int i = 0; i < n_slices; ++i) sums[t][i] += x[i] * outputs[t][d];
    }
#pragma GCC unroll 32
    for (int t = 0; t < T; ++t)
#pragma GCC unroll 4
        for (int i = 0; i < n_slices; ++i) slice(scores + t * 16 + i * slice_width) = sums[t][i];
}

// Turns scores into gradients times step size, in place, for one register's width of inputs, and adds up the loss:
// log(1 + e^z) with z = -S for the centre and z = S for negatives. The sum of logarithms is kept as a product whose
// exponent is carried as an integer, so that no logarithm is taken here.
inline __attribute__((always_inline)) void scores_to_gradients(const BlockTask& task, int first_input) {
    LossSums& loss = *task.loss;
    Slice mantissa = slice(loss.mantissa + first_input), poison = slice(loss.poison + first_input);
    IntSlice exponent = slice(loss.exponent + first_input);
    IntSlice is_input;
    for (int i = 0; i < slice_width; ++i) is_input[i] = first_input + i < task.n_inputs ? -1 : 0;
    for (int k = 0; k < task.n_outputs; ++k) {
        Slice& score = slice(task.gradients + k * 16 + first_input);
        if (!task.used[k]) {
            score = Slice{};
            continue;
        }
        Slice z = k == 0 ? -score : score;
        z = z > 30.0f ? splat(30.0f) : z;  // NaN compares false and passes on into `poison`
        z = z < -30.0f ? splat(-30.0f) : z;
        const Slice e = exponential(z);
        const Slice t = 1.0f + e;
        const Slice g = (k == 0 ? task.learning_rate : -task.learning_rate) * (e / t);
        score = is_input ? g : Slice{};
        poison += 0.0f * g;
        const IntSlice bits = reinterpret_cast<IntSlice>(is_input ? mantissa * t : mantissa);
        exponent += (bits >> 23) - 127;
        mantissa = reinterpret_cast<Slice>((bits & 0x007FFFFF) | 0x3F800000);
    }
    slice(loss.mantissa + first_input) = mantissa;
    slice(loss.poison + first_input) = poison;
    slice(loss.exponent + first_input) = exponent;
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
            const Slice g = splat(gradients[t * 16 + b]);
            sum += g * old[t];
            change[t] += g * x;
        }
        new_inputs[b] = sum;
    }
#pragma GCC unroll 16
    for (int t = 0; t < T; ++t) slice(outputs[t] + d) += change[t];
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

// Calls body(first, tile) for tiles that cover 0 .. n-1, as few and as even as Most allows; `tile` is a constant.
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
    for (int64_t d = 0; d < task.stride; d += 16) transpose(task.inputs, d, task.transposed + d * 16);
    for_tiles<score_tile_size>(n_outputs, [&](int k, auto tile) __attribute__((always_inline)) {
        score_tile<tile.value>(task.transposed, task.stride, task.outputs + k, task.offsets + k,
                               task.gradients + k * 16);
    });
    for (int first_input = 0; first_input < 16; first_input += slice_width) scores_to_gradients(task, first_input);

    Slice old_inputs[16], new_inputs[16], old_outputs[max_outputs];
    for (int64_t d = 0; d < task.stride; d += slice_width) {
        for (int b = 0; b < task.n_inputs; ++b) old_inputs[b] = new_inputs[b] = slice(task.inputs[b] + d);
        for (int k = 0; k < n_outputs; ++k) old_outputs[k] = slice(task.outputs[k] + d);
        for_tiles<update_tile_size>(n_outputs, [&](int k, auto tile) __attribute__((always_inline)) {
            update_tile<tile.value>(old_inputs, new_inputs, task.n_inputs, old_outputs + k, task.outputs + k, d,
                                    task.gradients + k * 16);
        });
        for (int b = 0; b < task.n_inputs; ++b) slice(task.inputs[b] + d) = new_inputs[b];
    }
}

}  // namespace firth::FIRTH_VARIANT
