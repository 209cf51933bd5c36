// One register of floats as one value, by GCC/Clang vector extensions: 16 with AVX-512, 8 with AVX2, 4 otherwise.
// Loops are written so that every sum runs element by element in one order; then the width of a register changes the
// speed and never the bytes. Only fused multiply-add, which the baseline of x86-64 lacks, makes a difference.
#pragma once

#include <cstdint>

namespace firth::FIRTH_VARIANT {

constexpr int64_t width = 16;  // positions in a row of sixteen, whatever a register holds

// With each width: how many outputs the inner block's tiles take, so that their sums stay in registers; and the two
// halves of interleaving (a0 b0 a1 b1 ...), of which a transposition is made.
#if defined(__AVX512F__)
constexpr int slice_width = 16;
constexpr int score_tile_size = 20;
constexpr int update_tile_size = 12;
#define FIRTH_INTERLEAVE_LOW(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define FIRTH_INTERLEAVE_HIGH(a, b) \
    __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#define FIRTH_SPLAT(x) x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x
#elif defined(__AVX2__)
constexpr int slice_width = 8;
constexpr int score_tile_size = 6;
constexpr int update_tile_size = 5;
#define FIRTH_INTERLEAVE_LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define FIRTH_INTERLEAVE_HIGH(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#define FIRTH_SPLAT(x) x, x, x, x, x, x, x, x
#else
constexpr int slice_width = 4;
constexpr int score_tile_size = 2;
constexpr int update_tile_size = 5;
#define FIRTH_INTERLEAVE_LOW(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define FIRTH_INTERLEAVE_HIGH(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#define FIRTH_SPLAT(x) x, x, x, x
#endif

constexpr int n_slices = width / slice_width;

typedef float Slice __attribute__((vector_size(slice_width * 4), aligned(slice_width * 4), may_alias));
typedef int32_t IntSlice __attribute__((vector_size(slice_width * 4), aligned(slice_width * 4), may_alias));

inline __attribute__((always_inline)) Slice& slice(float* p) { return *reinterpret_cast<Slice*>(p); }
inline __attribute__((always_inline)) const Slice& slice(const float* p) { return *reinterpret_cast<const Slice*>(p); }
inline __attribute__((always_inline)) IntSlice& slice(int32_t* p) { return *reinterpret_cast<IntSlice*>(p); }

// Written out, since 0 + x is an addition that the compiler must not leave out.
inline __attribute__((always_inline)) Slice splat(float x) { return Slice{FIRTH_SPLAT(x)}; }

}  // namespace firth::FIRTH_VARIANT
