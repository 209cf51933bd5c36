// The inner block: the rows of B <= 16 partners (inputs) against one centre and K shared negatives (outputs).
//
//   S[b][k] = input_b . output_k + offset_k          offset = bias - log(K q) for NCE, 0 otherwise
//   G[b][k] = lr * (label_k - sigmoid(S[b][k]))      label = 1 for the centre (k = 0), 0 for negatives
//   input_b  += sum_k G[b][k] * output_k             from the old rows
//   output_k += sum_b G[b][k] * input_b              from the old rows
//
// Two small matrix products instead of B * (K + 1) dot products. Registers run along the dimensions, and the eight
// partial sums of a dot product are added by shuffles, six products at a time. The inputs are distinct rows; an output
// may be another output, or an input (one matrix for both): all are read before they are written, and changes add up.
// Sums run in one order for every instruction set, so that all with fused multiply-add give the same bytes. Equations:
// Mikolov et al. 2013 (SGNS), Gutmann & Hyvärinen 2010 and Mnih & Teh 2012 (NCE); shared negatives: Ji et al. 2016
// (pWord2Vec).
#pragma once

#include "elementary.hpp"
#include "simd.hpp"

namespace firth::FIRTH_VARIANT {

// Products per tile, so that their sums stay in registers.
#if defined(__AVX512F__)
constexpr int tile_inputs = 4;
#else
constexpr int tile_inputs = 2;
#endif

// (sum of a[0], ..., sum of a[5], 0, 0), each sum in the order ((0+2)+(1+3)) + ((4+6)+(5+7)).
inline __attribute__((always_inline)) Eight sums_of_six(const Eight* a) {
    const auto pair = [](Eight x, Eight y) __attribute__((always_inline)) {
        return __builtin_shufflevector(x, y, 0, 8, 1, 9, 4, 12, 5, 13) +
               __builtin_shufflevector(x, y, 2, 10, 3, 11, 6, 14, 7, 15);
    };
    const auto quad = [](Eight x, Eight y) __attribute__((always_inline)) {
        return __builtin_shufflevector(x, y, 0, 1, 8, 9, 4, 5, 12, 13) +
               __builtin_shufflevector(x, y, 2, 3, 10, 11, 6, 7, 14, 15);
    };
    const Eight first = quad(pair(a[0], a[1]), pair(a[2], a[3]));
    const Eight last = quad(pair(a[4], a[5]), Eight{});
    return __builtin_shufflevector(first, last, 0, 1, 2, 3, 8, 9, 10, 11) +
           __builtin_shufflevector(first, last, 4, 5, 6, 7, 12, 13, 14, 15);
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

// S for B inputs and T <= 6 outputs; writes eight scores per input, of which the last 8 - T are none.
template <int B, int T>
inline __attribute__((always_inline)) void score_tile(float* const* inputs, float* const* outputs, int64_t stride,
                                                      const float* offsets, float* scores, int64_t pitch) {
    Eight sums[B][tile_outputs] = {};
    for (int64_t d = 0; d < stride; d += 8) {
        Eight x[B];
#pragma GCC unroll 8
        for (int b = 0; b < B; ++b) x[b] = eight(inputs[b] + d);
#pragma GCC unroll 8
        for (int t = 0; t < T; ++t) {
            const Eight y = eight(outputs[t] + d);
#pragma GCC unroll 8
            for (int b = 0; b < B; ++b) sums[b][t] += x[b] * y;
        }
    }
    const Eight offset = *reinterpret_cast<const LooseEight*>(offsets);
#pragma GCC unroll 8
    for (int b = 0; b < B; ++b) *reinterpret_cast<LooseEight*>(scores + b * pitch) = sums_of_six(sums[b]) + offset;
}

// Turns scores into gradients times step size, in place; measures the curvature of the loss along the joint step of
// both rows, s (1 - s) (|x|^2 + |y|^2) (Gauss-Newton); and adds up the loss: log(1 + e^z) with z = -S for the centre
// and z = S for negatives. The sum of logarithms is kept as a product whose exponent is carried as an integer, so that
// no logarithm is taken here.
inline __attribute__((always_inline)) void scores_to_gradients(const BlockTask& task) {
    LossSums& loss = *task.loss;
    Eight mantissa = eight(loss.mantissa), poison = eight(loss.poison);
    IntEight exponent = *reinterpret_cast<IntEight*>(loss.exponent);
    Eight by_input[max_inputs + 2];
    for (int b = 0; b < (task.n_inputs + 5) / 6 * 6; ++b) by_input[b] = Eight{};
    for (int64_t k = 0; k < task.pitch; k += 8) {
        const Eight norms = eight(task.output_norms + k);
        Eight by_output = {};
        const IntEight used = *reinterpret_cast<const IntEight*>(task.used + k);
        const Eight positive = k == 0 ? Eight{-1, 1, 1, 1, 1, 1, 1, 1} : splat_eight(1);
        const Eight step = positive * -task.learning_rate;
        for (int b = 0; b < task.n_inputs; ++b) {
            Eight& score = eight(task.gradients + b * task.pitch + k);
            Eight z = positive * score;
            z = z > 30.0f ? splat_eight(30.0f) : z;  // NaN compares false and passes on into `poison`
            z = z < -30.0f ? splat_eight(-30.0f) : z;
            const Eight e = exponential(z);
            const Eight t = 1.0f + e;
            const Eight miss = e / t;
            const Eight g = step * miss;
            score = used ? g : Eight{};
            const Eight slope = used ? miss - miss * miss : Eight{};
            const Eight curvature = slope * (norms + task.input_norms[b]);
            by_output += curvature;
            by_input[b] += curvature;
            poison += 0.0f * score;
            const IntEight bits = reinterpret_cast<IntEight>(used ? mantissa * t : mantissa);
            exponent += (bits >> 23) - 127;
            mantissa = reinterpret_cast<Eight>((bits & 0x007FFFFF) | 0x3F800000);
        }
        eight(task.output_curvature + k) = by_output;
    }
    for (int b = 0; b < task.n_inputs; b += 6)
        *reinterpret_cast<LooseEight*>(task.input_curvature + b) = sums_of_six(by_input + b);
    eight(loss.mantissa) = mantissa;
    eight(loss.poison) = poison;
    *reinterpret_cast<IntEight*>(loss.exponent) = exponent;
}

// Both updates of one register's dimensions, with all outputs in registers.
template <int T, class Register>
inline __attribute__((always_inline)) void update_few(const BlockTask& task, int64_t d) {
    const auto at = [&](float* row)
                        __attribute__((always_inline)) -> Register& { return *reinterpret_cast<Register*>(row + d); };
    Register change[T] = {}, old[T];
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t) old[t] = at(task.outputs[t]);
    const float* gradients = task.gradients;
    for (int b = 0; b < task.n_inputs; ++b, gradients += task.pitch) {
        const Register x = at(task.inputs[b]);
        Register sum = x;
#pragma GCC unroll 8
        for (int t = 0; t < T; ++t) {
            const Register g = splat_to<Register>(gradients[t]);
            sum += g * old[t];
            change[t] += g * x;
        }
        at(task.inputs[b]) = sum;
    }
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t) at(task.outputs[t]) += change[t];
}

// The same for any number of outputs, a tile after another.
inline __attribute__((always_inline)) void update_many(const BlockTask& task, int64_t d) {
    Eight old_inputs[max_inputs], old_outputs[max_outputs];
    for (int b = 0; b < task.n_inputs; ++b) old_inputs[b] = eight(task.inputs[b] + d);
    for (int k = 0; k < task.n_outputs; ++k) old_outputs[k] = eight(task.outputs[k] + d);
    for_tiles<tile_outputs>(task.n_outputs, [&](int k, auto tile) __attribute__((always_inline)) {
        constexpr int T = decltype(tile)::value;
        Eight change[T] = {};
        const float* gradients = task.gradients + k;
        for (int b = 0; b < task.n_inputs; ++b, gradients += task.pitch) {
            Eight sum = eight(task.inputs[b] + d);
#pragma GCC unroll 8
            for (int t = 0; t < T; ++t) {
                const Eight g = splat_eight(gradients[t]);
                sum += g * old_outputs[k + t];
                change[t] += g * old_inputs[b];
            }
            eight(task.inputs[b] + d) = sum;
        }
#pragma GCC unroll 8
        for (int t = 0; t < T; ++t) eight(task.outputs[k + t] + d) += change[t];
    });
}

inline void train_block(const BlockTask& task) {
    const int n_outputs = task.n_outputs, n_inputs = task.n_inputs;
    for (int k = 0; k < n_outputs; k += tile_outputs)
        call_with_size<tile_outputs>(
            n_outputs - k < tile_outputs ? n_outputs - k : tile_outputs, [&](auto tile) __attribute__((always_inline)) {
                constexpr int T = decltype(tile)::value;
                const auto score = [&](int b, auto size) __attribute__((always_inline)) {
                    score_tile<decltype(size)::value, T>(task.inputs + b, task.outputs + k, task.stride,
                                                         task.offsets + k, task.gradients + b * task.pitch + k,
                                                         task.pitch);
                };
                int b = 0;
                for (; b + tile_inputs <= n_inputs; b += tile_inputs) score(b, Size<tile_inputs>{});
                if constexpr (tile_inputs > 2)
                    if (b + 2 <= n_inputs) score(b, Size<2>{}), b += 2;
                if (b < n_inputs) score(b, Size<1>{});
            });
    scores_to_gradients(task);
    if (n_outputs > tile_outputs) {
        for (int64_t d = 0; d < task.stride; d += 8) update_many(task, d);
        return;
    }
    call_with_size<tile_outputs>(n_outputs, [&](auto size) __attribute__((always_inline)) {
        constexpr int T = decltype(size)::value;
        int64_t d = 0;
#if defined(__AVX512F__)
        // Element by element, so a wider register gives the same bytes. A sixth faster.
        for (; d + 16 <= task.stride; d += 16) update_few<T, Slice>(task, d);
#endif
        for (; d < task.stride; d += 8) update_few<T, Eight>(task, d);
    });
}

}  // namespace firth::FIRTH_VARIANT
