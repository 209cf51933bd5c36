// What each instruction set's copy of the inner loops offers to the rest of the kernel.
#pragma once

#include <cstdint>

namespace firth {

constexpr int max_outputs = 257;  // the centre and at most 256 negatives

// Eight partial sums: the loss is log(product of 2^exponent * mantissa). `poison` is 0 until a gradient is not finite.
struct alignas(64) LossSums {
    float mantissa[8];
    int32_t exponent[8];
    float poison[8];
};

constexpr int max_inputs = 16;   // of one position; a wider window is trained in parts
constexpr int tile_outputs = 6;  // of a tile: their scores are written eight at a time

// Floats from one input's scores to the next: whole registers, with room for what the last tile writes beyond its own.
constexpr int64_t block_pitch(int n_outputs) { return ((n_outputs - 1) / tile_outputs * tile_outputs + 8 + 7) / 8 * 8; }
constexpr int64_t max_pitch = block_pitch(max_outputs);

// One training position of the inner block (block.hpp has the equations). Rows are 32-byte aligned.
struct BlockTask {
    float* const* inputs;       // (n_inputs) rows
    float* const* outputs;      // the centre's row, then the negatives'
    const float* offsets;       // (pitch) added to every score
    const int32_t* used;        // (pitch) 0: leave this output out; -1: use it. What is beyond n_outputs is left out.
    float* gradients;           // (n_inputs, pitch) result: G
    const float* input_norms;   // (n_inputs) squared lengths
    const float* output_norms;  // (pitch)
    float* input_curvature;  // (max_inputs) result: sum_k c, c = s (1 - s) (|input_b|^2 + |output_k|^2), s = sigmoid(S)
    float* output_curvature;  // (pitch) result: sum_b c
    LossSums* loss;
    int64_t stride;  // a multiple of 8
    int64_t pitch;   // block_pitch(n_outputs)
    int n_inputs;
    int n_outputs;
    float learning_rate;
};

constexpr int group_size = 32;  // points of a map that share one interaction list

// A node of the quadtree on an interaction list; its second moments are multiplied by four.
struct FarNode {
    float x, y, mass, trace, xx4, xy4, yy4, unused;
};

// One group of points and its interaction list (repulsion.hpp has the equations). Arrays of points are 64-byte aligned.
struct RepulsionTask {
    const float *x, *y;            // (group_size)
    const float *near_x, *near_y;  // (n_near) points
    const FarNode* far;            // (n_far)
    int64_t n_near, n_far;
    float *potential, *force_x, *force_y;  // (group_size) results
};

// Rows of affinities, one per point: columns and values from starts[i] on, lengths[i] of them, a multiple of 16.
struct AffinityRows {
    const int64_t* starts;  // multiples of 16
    const int32_t* lengths;
    const int32_t* columns;
    const float* values;  // 64-byte aligned
};

// One step of the descent (descent_step.hpp); all arrays hold both coordinates of each point.
struct MoveTask {
    const float *attraction, *repulsion;
    float *gains, *changes, *xy;
    float exaggeration, inverse_z, momentum, learning_rate;
};

struct Variant {
    const char* name;

    // scores[r * 16 + q] = query q . row r, the sixteen queries interleaved in `panel` (size, 16), rows of `size`
    // floats; hits[r] = 1 where a score of row r is greater than its query's threshold. `panel` and `scores` are
    // 64-byte aligned.
    void (*dot_block)(const float* panel, const float* rows, int64_t n_rows, int64_t size, const float* thresholds,
                      float* scores, uint8_t* hits);

    // |a - b|^2
    float (*squared_distance)(const float* a, const float* b, int64_t size);

    void (*train_block)(const BlockTask& task);

    float (*squared_norm)(const float* row, int64_t stride);

    // Copies a row and returns its squared length.
    float (*copy_row)(const float* from, float* to, int64_t stride);

    // row += scale * sum over i of (changed[i] - row), from the old row.
    void (*merge_row)(float* row, const float* const* changed, int n_changed, float scale, int64_t stride);

    // The same of rows of 16-bit floats (half.hpp), which are 16-byte aligned.
    float (*widen_row)(const uint16_t* from, float* to, int64_t stride);
    void (*narrow_row)(const float* from, uint16_t* to, int64_t stride, uint64_t salt);
    void (*merge_half_row)(uint16_t* row, const float* const* changed, int n_changed, float scale, int64_t stride,
                           uint64_t salt);

    // scores[r * 16 + q] of the sixteen points interleaved in `panel` (size, 16) against rows of `size` floats, by dot
    // product or negated squared distance; bit r % 32 of marks[r / 32 * 16 + q] = 1 where it is at least the point's
    // limit. `panel`, `limits`, `scores` and `marks` are 64-byte aligned.
    void (*score_block)(const float* panel, const float* rows, int64_t n_rows, int64_t size, bool is_distance,
                        const float* limits, float* scores, uint32_t* marks);

    void (*repel_group)(const RepulsionTask& task);

    // Of the points first to last-1, both coordinates of the force; `xy` and `forces` are (n, 2).
    void (*attract)(const AffinityRows& rows, const float* xy, int64_t first, int64_t last, float* forces);

    // As attract, of a point at `at` by the first row alone.
    void (*attract_one)(const AffinityRows& rows, const float* xy, const float* at, float* force);

    // The sum over these points of p log(1 + distance^2).
    double (*divergence)(const AffinityRows& rows, const float* xy, int64_t first, int64_t last);

    // Moves the coordinates first to last-1.
    void (*move_points)(const MoveTask& task, int64_t first, int64_t last);

    // result[j] += share * p_j of a Gaussian of that entropy over n squared distances, of which the least is 0.
    // `squares` and the scratch `weights` are 64-byte aligned, with room for whole sixteens.
    void (*calibrate)(const float* squares, int64_t n, float entropy, float share, float* weights, float* result);
};

}  // namespace firth
