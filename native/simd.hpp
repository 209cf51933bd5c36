// Sixteen floats as one value, by GCC/Clang vector extensions. The logical width is the same for every instruction set
// (one AVX-512 register, two AVX2, four SSE), and so is the order of every sum: only fused multiply-add, which the
// baseline of x86-64 lacks, changes bytes between variants.
#pragma once

#include <cstdint>

namespace firth::FIRTH_VARIANT {

constexpr int64_t width = 16;

typedef float Floats __attribute__((vector_size(64), aligned(64), may_alias));
typedef int32_t Ints __attribute__((vector_size(64), aligned(64), may_alias));

// What fits in the registers of each instruction set; sizes change the speed and never the bytes.
#if defined(__AVX512F__)
typedef Floats Slice;
constexpr int score_tile_size = 20;
constexpr int update_tile_size = 12;
#else
typedef float Slice __attribute__((vector_size(32), aligned(32), may_alias));
constexpr int score_tile_size = 6;
constexpr int update_tile_size = 5;
#endif
constexpr int64_t slice_width = sizeof(Slice) / sizeof(float);

inline __attribute__((always_inline)) Floats splat(float x) { return Floats{} + x; }

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
