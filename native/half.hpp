// Rows of 16-bit floats (IEEE 754 binary16) in memory, 32-bit floats where they are worked on.
//
// Widening is exact. Narrowing rounds by chance, up or down with the odds that make the mean exact, so that changes far
// smaller than the spacing of 16-bit floats are not lost but made now and then. What falls is a hash of a salt and the
// dimension. All by integer arithmetic, eight at a time: the bytes are the same on every processor, whether or not it
// converts by itself. What is too large becomes the largest number, 65,504; nothing becomes infinite.
#pragma once

#include "merge_row.hpp"

namespace firth::FIRTH_VARIANT {

typedef uint32_t WordEight __attribute__((vector_size(32), aligned(32), may_alias));
typedef uint16_t HalfEight __attribute__((vector_size(16), aligned(16), may_alias));

constexpr uint32_t half_bias = 112u << 23;     // difference of the exponents' biases
constexpr uint32_t least_normal = 113u << 23;  // 2^-14 as a float: what is smaller has fewer digits
constexpr uint32_t greatest = 0x477FE000u;     // 65,504

inline __attribute__((always_inline)) WordEight choose(IntEight mask, WordEight yes, WordEight no) {
    return ((WordEight)mask & yes) | (~(WordEight)mask & no);
}

inline __attribute__((always_inline)) Eight widened(const uint16_t* from) {
    const WordEight half = __builtin_convertvector(*reinterpret_cast<const HalfEight*>(from), WordEight);
    const WordEight sign = (half & 0x8000u) << 16, digits = (half & 0x7FFFu) << 13;
    // A number below 2^-14 is digits * 2^-24: added to 2^-14 and taken away again, it is normalised.
    const WordEight small = (WordEight)((Eight)(digits + least_normal) - (Eight)(WordEight{} + least_normal));
    return (Eight)(sign | choose((IntEight)(digits < (1u << 23)), small, digits + half_bias));
}

// Words of which the upper 13 bits are as good as random: the finaliser of MurmurHash3 over salt and dimension.
inline __attribute__((always_inline)) WordEight words_of(uint64_t salt, int64_t d) {
    const WordEight step{0, 1, 2, 3, 4, 5, 6, 7};
    WordEight x = (step + uint32_t(d)) * 0x9E3779B9u + uint32_t(salt);
    x = (x ^ (x >> 16)) * 0x85EBCA6Bu ^ uint32_t(salt >> 32);
    x = (x ^ (x >> 13)) * 0xC2B2AE35u;
    return x ^ (x >> 16);
}

inline __attribute__((always_inline)) HalfEight narrowed(Eight value, WordEight words) {
    const WordEight bits = (WordEight)value, sign = (bits >> 16) & 0x8000u;
    WordEight size = bits & 0x7FFFFFFFu;
    size = choose((IntEight)(size > greatest), WordEight{} + greatest, size);
    // Below 2^-14 the last digit is 2^-24: added to 2^-14, a number has its 13 digits after it where all others do.
    const WordEight small = (WordEight)((Eight)size + (Eight)(WordEight{} + least_normal)) - least_normal;
    const WordEight digits = choose((IntEight)(size < least_normal), small, size - half_bias);
    return __builtin_convertvector(sign | ((digits + (words >> 19)) >> 13), HalfEight);
}

// Widens a row and returns its squared length.
inline float widen_row(const uint16_t* from, float* to, int64_t stride) {
    Eight sum = {};
    for (int64_t d = 0; d < stride; d += 8) {
        const Eight x = widened(from + d);
        eight(to + d) = x;
        sum += x * x;
    }
    return sum_of(sum);
}

inline void narrow_row(const float* from, uint16_t* to, int64_t stride, uint64_t salt) {
    for (int64_t d = 0; d < stride; d += 8)
        *reinterpret_cast<HalfEight*>(to + d) = narrowed(eight(from + d), words_of(salt, d));
}

// As merge_row, in 32 bits and rounded once.
inline void merge_half_row(uint16_t* row, const float* const* changed, int n_changed, float scale, int64_t stride,
                           uint64_t salt) {
    if (n_changed == 1) {
        narrow_row(changed[0], row, stride, salt);
        return;
    }
    for (int64_t d = 0; d < stride; d += 8) {
        const Eight old = widened(row + d);
        Eight sum = {};
        for (int i = 0; i < n_changed; ++i) sum += eight(changed[i] + d) - old;
        *reinterpret_cast<HalfEight*>(row + d) = narrowed(old + scale * sum, words_of(salt, d));
    }
}

}  // namespace firth::FIRTH_VARIANT
