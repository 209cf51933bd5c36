// The first rows of a model: uniform on [-1, 1) / size, from one stream of words, whatever the number of threads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "philox.hpp"
#include "threads.hpp"

namespace firth {

// The nearest 16-bit float of a normal or small number below 1, ties to the even one.
inline uint16_t nearest_half(float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, 4);
    const uint32_t size = bits & 0x7FFFFFFFu, sign = bits >> 16 & 0x8000u;
    // A number below 2^-14 counts steps of 2^-24: so does the sum with a half, whose last digit that is.
    if (size < 113u << 23) {
        float sum;
        std::memcpy(&sum, &size, 4);
        sum += 0.5f;
        std::memcpy(&bits, &sum, 4);
        return uint16_t(sign | (bits - (126u << 23)));
    }
    return uint16_t(sign | ((size - (112u << 23) + 0xFFFu + (size >> 13 & 1u)) >> 13));
}

// Word w of the stream of the initial vectors. A stream has 2**34 words; those beyond are of the streams after it.
class InitialWords {
  public:
    explicit InitialWords(uint64_t seed) : key_{uint32_t(seed), uint32_t(seed >> 32)} {}

    // Fills `words` with words first .. first + 4 * n_blocks - 1; `first` is a multiple of 4.
    void fill(uint64_t first, int n_blocks, PhiloxBlock* words) const {
        for (int i = 0; i < n_blocks; ++i) {
            const uint64_t block = first / 4 + uint64_t(i), stream = block >> 32;
            words[i] =
                philox({uint32_t(block), uint32_t(stream), 0, uint32_t(Purpose::initial_vectors)}, key_[0], key_[1]);
        }
    }

  private:
    uint32_t key_[2];
};

// Calls store(row, d, value) for all n_rows * size values, on n_jobs threads; different rows may come at once.
template <class Store>
void initial_rows(int64_t n_rows, int64_t size, uint64_t seed, int n_jobs, const Store& store) {
    constexpr int64_t rows_at_once = 1024;
    constexpr int n_blocks = 16;
    const InitialWords source(seed);
    parallel_for((n_rows + rows_at_once - 1) / rows_at_once, n_jobs, [&](int64_t task, int) {
        const int64_t begin = task * rows_at_once * size, end = std::min((task + 1) * rows_at_once, n_rows) * size;
        PhiloxBlock words[n_blocks];
        int64_t row = task * rows_at_once, d = 0;
        for (int64_t first = begin / 4 * 4; first < end; first += 4 * n_blocks) {
            source.fill(uint64_t(first), n_blocks, words);
            for (int64_t w = std::max(first, begin); w < std::min(first + 4 * n_blocks, end); ++w) {
                const uint32_t word = words[(w - first) / 4][size_t((w - first) % 4)];
                // The upper 24 bits, which a float holds exactly.
                store(row, d, (float(word >> 8) * 0x1p-24f - 0.5f) * 2.0f / float(size));
                if (++d == size) ++row, d = 0;
            }
        }
    });
}

}  // namespace firth
