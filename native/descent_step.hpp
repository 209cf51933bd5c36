// One step of gradient descent with momentum and gains (Jacobs 1988, as in van der Maaten & Hinton 2008), for each
// coordinate on its own:
//
//   g    = exaggeration * attraction - repulsion / Z
//   gain = gain + 0.2 where g and the last change have opposite signs, else max(0.01, 0.8 gain)
//   change = momentum * change - learning_rate * gain * g
//
// A change is positive where the coordinate grew, so opposite signs mean that the descent goes on in its direction.
#pragma once

#include "simd.hpp"
#include "variant.hpp"

namespace firth::FIRTH_VARIANT {

inline void move_points(const MoveTask& t, int64_t first, int64_t last) {
    const float* __restrict attraction = t.attraction, * __restrict repulsion = t.repulsion;
    float* __restrict gains = t.gains, * __restrict changes = t.changes, * __restrict xy = t.xy;
    const float exaggeration = t.exaggeration, inverse_z = t.inverse_z;
    const float momentum = t.momentum, learning_rate = t.learning_rate;
    for (int64_t i = first; i < last; ++i) {
        const float g = exaggeration * attraction[i] - repulsion[i] * inverse_z;
        const float more = gains[i] + 0.2f, less = gains[i] * 0.8f;
        const float gain = g * changes[i] < 0 ? more : (less > 0.01f ? less : 0.01f);
        const float change = momentum * changes[i] - learning_rate * gain * g;
        gains[i] = gain;
        changes[i] = change;
        xy[i] += change;
    }
}

}  // namespace firth::FIRTH_VARIANT
