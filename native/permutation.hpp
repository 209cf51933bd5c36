// A pseudo-random order of 0, 1, ..., n-1 that takes no memory: what stands at any place of it is worked out alone.
//
// Numbers below a * b >= n are written as pairs (x, y), x < a, y < b, and go through the rounds of a Feistel network
//     x <- (x + F(y)) mod a,    y <- (y + F(x)) mod b,
// each of which can be undone, so that the whole is a permutation of all pairs. A number that is led to n or beyond
// walks on along its cycle until it is below n (Black & Rogaway 2002, "Ciphers with arbitrary finite domains"). With a
// the square root of n rounded up, a * b exceeds n by less than a, and hardly any number walks.
#pragma once

#include <cmath>
#include <cstdint>

#include "split_mix.hpp"

namespace firth {

class Permutation {
  public:
    static constexpr uint64_t max_size = uint64_t{1} << 62;

    // Of 1 <= n <= max_size numbers; another key, another order.
    Permutation(uint64_t n, uint64_t key) : n_(n), a_(root(n)), b_((n + a_ - 1) / a_) {
        for (uint64_t round = 0; round < n_rounds; ++round) salts_[round] = split_mix(key, round);
    }

    uint64_t size() const { return n_; }

    // What stands at place i < n.
    uint64_t operator()(uint64_t i) const {
        do {
            uint64_t x = i % a_, y = i / a_;
            for (uint64_t round = 0; round < n_rounds; round += 2) {
                x = (x + below(a_, split_mix(salts_[round], y))) % a_;
                y = (y + below(b_, split_mix(salts_[round + 1], x))) % b_;
            }
            i = y * a_ + x;
        } while (i >= n_);
        return i;
    }

  private:
    // Four suffice for large n (Luby & Rackoff 1988); the smallest need more to reach all orders alike.
    static constexpr uint64_t n_rounds = 8;

    // A number below n <= 2**31 of the upper half of a word.
    static uint64_t below(uint64_t n, uint64_t word) { return ((word >> 32) * n) >> 32; }

    static uint64_t root(uint64_t n) {
        uint64_t a = uint64_t(std::sqrt(double(n)));
        while (a * a < n) ++a;
        while (a > 1 && (a - 1) * (a - 1) >= n) --a;
        return a;
    }

    uint64_t n_, a_, b_;
    uint64_t salts_[n_rounds];
};

}  // namespace firth
