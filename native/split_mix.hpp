// SplitMix64 (Steele, Lea & Flood 2014): a hash that turns a salt and a number into a random word.
#pragma once

#include <cstdint>

namespace firth {

// Its finaliser, and the generator at any of its steps.
inline uint64_t mixed(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}
inline uint64_t split_mix(uint64_t salt, uint64_t index) { return mixed(salt + (index + 1) * 0x9E3779B97F4A7C15); }

}  // namespace firth
