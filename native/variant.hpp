// What each instruction set's copy of the inner loops offers to the rest of the kernel.
#pragma once

#include <cstdint>

namespace firth {

struct Variant {
    const char* name;

    // scores[q * n_rows + r] = queries[q] . rows[r]; rows of `stride` floats, a multiple of 16, padded with zeros.
    void (*dot_block)(const float* queries, int64_t n_queries, const float* rows, int64_t n_rows, int64_t stride,
                      float* scores);
};

}  // namespace firth
