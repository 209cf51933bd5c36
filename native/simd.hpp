// One register of floats as one value, by GCC/Clang vector extensions: 16 with AVX-512, 8 with AVX2, 4 otherwise.
// Loops are written so that every sum runs element by element in one order; then the width of a register changes the
// speed and never the bytes. Only fused multiply-add, which the baseline of x86-64 lacks, makes a difference.
#pragma once

#include <cstdint>

namespace firth::FIRTH_VARIANT {

constexpr int64_t width = 16;  // positions in a row of sixteen, whatever a register holds

#if defined(__AVX512F__)
constexpr int slice_width = 16;
#define FIRTH_SPLAT(x) x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x
#elif defined(__AVX2__)
constexpr int slice_width = 8;
#define FIRTH_SPLAT(x) x, x, x, x, x, x, x, x
#else
constexpr int slice_width = 4;
#define FIRTH_SPLAT(x) x, x, x, x
#endif

constexpr int n_slices = width / slice_width;

typedef float Slice __attribute__((vector_size(slice_width * 4), aligned(slice_width * 4), may_alias));

inline __attribute__((always_inline)) Slice& slice(float* p) { return *reinterpret_cast<Slice*>(p); }
inline __attribute__((always_inline)) const Slice& slice(const float* p) { return *reinterpret_cast<const Slice*>(p); }

// Written out, since 0 + x is an addition that the compiler must not leave out.
inline __attribute__((always_inline)) Slice splat(float x) { return Slice{FIRTH_SPLAT(x)}; }

// Eight floats, whatever a register holds.
typedef float Eight __attribute__((vector_size(32), aligned(32), may_alias));
typedef float LooseEight __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t IntEight __attribute__((vector_size(32), aligned(32), may_alias));

inline __attribute__((always_inline)) Eight& eight(float* p) { return *reinterpret_cast<Eight*>(p); }
inline __attribute__((always_inline)) const Eight& eight(const float* p) { return *reinterpret_cast<const Eight*>(p); }
inline __attribute__((always_inline)) Eight splat_eight(float x) { return Eight{x, x, x, x, x, x, x, x}; }

template <class Register>
inline __attribute__((always_inline)) Register splat_to(float x) {
    if constexpr (sizeof(Register) == sizeof(Eight))
        return splat_eight(x);
    else
        return splat(x);
}

}  // namespace firth::FIRTH_VARIANT
