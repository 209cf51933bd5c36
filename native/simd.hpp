// Sixteen floats as one value, by GCC/Clang vector extensions. The logical width is the same for every instruction set
// (one AVX-512 register, two AVX2, four SSE), and so is the order of every sum: only fused multiply-add, which the
// baseline of x86-64 lacks, changes bytes between variants.
#pragma once

#include <cstdint>

namespace firth::FIRTH_VARIANT {

constexpr int64_t width = 16;

typedef float Floats __attribute__((vector_size(64), aligned(64), may_alias));
typedef int32_t Ints __attribute__((vector_size(64), aligned(64), may_alias));

// What one register holds, and how many outputs the inner block's tiles take; sizes change the speed, never the bytes.
#if defined(__AVX512F__)
typedef Floats Slice;
typedef Ints IntSlice;
constexpr int score_tile_size = 20;
constexpr int update_tile_size = 12;
#define FIRTH_INTERLEAVE_LOW(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define FIRTH_INTERLEAVE_HIGH(a, b) \
    __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#elif defined(__AVX2__)
typedef float Slice __attribute__((vector_size(32), aligned(32), may_alias));
typedef int32_t IntSlice __attribute__((vector_size(32), aligned(32), may_alias));
constexpr int score_tile_size = 6;
constexpr int update_tile_size = 5;
#define FIRTH_INTERLEAVE_LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define FIRTH_INTERLEAVE_HIGH(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#else
typedef float Slice __attribute__((vector_size(16), aligned(16), may_alias));
typedef int32_t IntSlice __attribute__((vector_size(16), aligned(16), may_alias));
constexpr int score_tile_size = 2;
constexpr int update_tile_size = 5;
#define FIRTH_INTERLEAVE_LOW(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define FIRTH_INTERLEAVE_HIGH(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#endif
// Written out, since 0 + x is an addition that the compiler must not leave out.
#define FIRTH_FOUR(x) x, x, x, x
#if defined(__AVX512F__)
#define FIRTH_SPLAT(x) FIRTH_FOUR(x), FIRTH_FOUR(x), FIRTH_FOUR(x), FIRTH_FOUR(x)
#elif defined(__AVX2__)
#define FIRTH_SPLAT(x) FIRTH_FOUR(x), FIRTH_FOUR(x)
#else
#define FIRTH_SPLAT(x) FIRTH_FOUR(x)
#endif
inline __attribute__((always_inline)) Slice splat(float x) { return Slice{FIRTH_SPLAT(x)}; }

constexpr int64_t slice_width = sizeof(Slice) / sizeof(float);
constexpr int n_slices = 16 / slice_width;  // registers that hold sixteen floats

inline __attribute__((always_inline)) Slice& slice(float* p) { return *reinterpret_cast<Slice*>(p); }
inline __attribute__((always_inline)) const Slice& slice(const float* p) { return *reinterpret_cast<const Slice*>(p); }
inline __attribute__((always_inline)) IntSlice& slice(int32_t* p) { return *reinterpret_cast<IntSlice*>(p); }

// The sum of all lanes, halving the width each time.
inline __attribute__((always_inline)) float horizontal_sum(Floats v) {
    typedef float Eight __attribute__((vector_size(32)));
    typedef float Four __attribute__((vector_size(16)));
    const Eight e = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7) +
                    __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
    const Four f = __builtin_shufflevector(e, e, 0, 1, 2, 3) + __builtin_shufflevector(e, e, 4, 5, 6, 7);
    return (f[0] + f[2]) + (f[1] + f[3]);
}

}  // namespace firth::FIRTH_VARIANT
