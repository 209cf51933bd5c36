// What each instruction set's copy of the inner loops offers to the rest of the kernel.
#pragma once

#include <cstdint>

namespace firth {

constexpr int max_outputs = 257;  // the centre and at most 256 negatives

// Sixteen partial sums: the loss is log(product of 2^exponent * mantissa). `poison` is 0 until a gradient is not
// finite.
struct alignas(64) LossSums {
    float mantissa[16];
    int32_t exponent[16];
    float poison[16];
};

// One training position of the inner block (block.hpp has the equations).
struct BlockTask {
    float* const* inputs;   // 16 rows; those from n_inputs on are a row of zeros
    float* const* outputs;  // the centre's row, then the negatives'
    const float* offsets;   // (n_outputs,) added to every score
    const uint8_t* used;    // (n_outputs,) 0: leave this negative out
    float* gradients;       // (n_outputs, 16) result: G
    float* transposed;      // (stride, 16) scratch
    LossSums* loss;
    int64_t stride;
    int n_inputs;
    int n_outputs;
    float learning_rate;
};

struct Variant {
    const char* name;

    // scores[r * 16 + q] = query q . row r, the sixteen queries interleaved in `panel` (size, 16), rows of `size`
    // floats; hits[r] = 1 where a score of row r is greater than its query's threshold. `panel` and `scores` are
    // 64-byte aligned.
    void (*dot_block)(const float* panel, const float* rows, int64_t n_rows, int64_t size, const float* thresholds,
                      float* scores, uint8_t* hits);

    void (*train_block)(const BlockTask& task);

    // row += scale * sum over i of (changed[i] - row), from the old row.
    void (*merge_row)(float* row, const float* const* changed, int n_changed, float scale, int64_t stride);
};

}  // namespace firth
