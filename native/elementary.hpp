// exp and log of vectors of floats, by Cephes' polynomials: the same bytes whatever the width of a register, and not
// those of the C library, which differ from version to version.
#pragma once

#include "simd.hpp"

namespace firth::FIRTH_VARIANT {

// exp(x) for |x| <= 87 to two units in the last place: 2^n * e^r.
template <class Floats>
inline __attribute__((always_inline)) Floats exponential(Floats x) {
    using Ints = decltype(x < x);
    const float shift = 12582912.0f;  // 1.5 * 2^23: adding it rounds to the nearest integer
    const Floats n = (x * 1.44269504088896341f + shift) - shift;
    const Floats r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
    Floats p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    const Ints exponent = __builtin_convertvector(n, Ints) << 23;
    return reinterpret_cast<Floats>(reinterpret_cast<Ints>(p) + exponent);
}

// log(x) for positive normal numbers, to two units in the last place: x = 2^e (1 + f), sqrt(1/2) <= 1 + f < sqrt(2).
template <class Floats>
inline __attribute__((always_inline)) Floats logarithm(Floats x) {
    using Ints = decltype(x < x);
    const Ints bits = reinterpret_cast<Ints>(x);
    const Ints e = (bits - 0x3f3504f3) >> 23;
    const Floats f = reinterpret_cast<Floats>(bits - (e << 23)) - 1.0f;
    Floats p = f * 7.0376836292e-2f - 1.1514610310e-1f;
    p = p * f + 1.1676998740e-1f;
    p = p * f - 1.2420140846e-1f;
    p = p * f + 1.4249322787e-1f;
    p = p * f - 1.6668057665e-1f;
    p = p * f + 2.0000714765e-1f;
    p = p * f - 2.4999993993e-1f;
    p = p * f + 3.3333331174e-1f;
    const Floats n = __builtin_convertvector(e, Floats);
    const Floats square = f * f;
    p = p * f * square;
    p = p - n * 2.12194440e-4f;
    p = p - 0.5f * square;
    return (f + p) + n * 0.693359375f;
}

}  // namespace firth::FIRTH_VARIANT
