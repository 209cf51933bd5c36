// Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011), the same streams as src/firth/randomness.py:
//   words of stream (seed, purpose, index) = philox(counter = (block, index lo, index hi, purpose), key = seed).
#pragma once

#include <array>
#include <cstdint>

namespace firth {

using PhiloxBlock = std::array<uint32_t, 4>;

inline PhiloxBlock philox(PhiloxBlock x, uint32_t k0, uint32_t k1) {
    for (int round = 0; round < 10; ++round) {
        const uint64_t p0 = uint64_t{0xD2511F53} * x[0];
        const uint64_t p1 = uint64_t{0xCD9E8D57} * x[2];
        x = {uint32_t(p1 >> 32) ^ x[1] ^ k0, uint32_t(p1), uint32_t(p0 >> 32) ^ x[3] ^ k1, uint32_t(p0)};
        k0 += 0x9E3779B9;
        k1 += 0xBB67AE85;
    }
    return x;
}

enum class Purpose : uint32_t {
    initial_vectors = 1,
    lane = 2,
    heldout_split = 3,
    heldout_sample = 4,
    sequences = 8,
    walks = 20
};

// A stream of 32-bit words, drawn one after another.
class Stream {
  public:
    Stream(uint64_t seed, Purpose purpose, uint64_t index)
        : key_{uint32_t(seed), uint32_t(seed >> 32)},
          counter_{0, uint32_t(index), uint32_t(index >> 32), uint32_t(purpose)} {}

    uint32_t next() {
        if (used_ == n_words) refill();
        return words_[used_++];
    }

    // Uniform on 0 .. n-1 for n < 2**32: the high half of a 32x32-bit product (Lemire 2019), whose bias of less than
    // n / 2**32 is accepted so that every draw takes exactly one word.
    uint32_t below(uint32_t n) { return uint32_t((uint64_t{next()} * n) >> 32); }

  private:
    // Blocks side by side: their rounds do not wait for each other, which is three times as fast as one at a time.
    void refill() {
        PhiloxBlock blocks[n_words / 4];
        for (uint32_t i = 0; i < n_words / 4; ++i) blocks[i] = {counter_[0] + i, counter_[1], counter_[2], counter_[3]};
        philox_rounds(blocks, key_[0], key_[1]);
        for (int i = 0; i < n_words; ++i) words_[i] = blocks[i / 4][size_t(i % 4)];
        counter_[0] += n_words / 4;
        used_ = 0;
    }

    static void philox_rounds(PhiloxBlock (&blocks)[8], uint32_t k0, uint32_t k1) {
        for (PhiloxBlock& block : blocks) block = philox(block, k0, k1);
    }

    static constexpr int n_words = 32;
    uint32_t key_[2];
    PhiloxBlock counter_;
    uint32_t words_[n_words];
    int used_ = n_words;
};

}  // namespace firth
