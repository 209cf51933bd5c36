// The model being trained: two matrices of padded, aligned rows, one bias per output, and what the objective needs.
#pragma once

#include <cstdint>

#include "alias.hpp"

namespace firth {

constexpr int n_buckets = 64;  // the merge's tasks: rows by id % n_buckets
constexpr int max_lanes = 1024;

struct Matrix {
    float* rows;     // null where the rows are of 16-bit floats
    int64_t stride;  // floats from row to row, a multiple of 8; what pads a row is and stays zero
    float* biases;   // (n_items) or null
    uint16_t* halves = nullptr;
    float* curvature = nullptr;  // (n_items) learning rate times curvature, summed over steps; or null: not wanted

    float* row(int64_t id) const { return rows + id * stride; }
    uint16_t* half_row(int64_t id) const { return halves + id * stride; }
    bool is_same(const Matrix& other) const { return rows == other.rows && halves == other.halves; }
};

// Rows are met in random order and known ahead: asking for them early hides the trip to the outer caches.
constexpr size_t prefetch_distance = 8;  // rows
inline void prefetch_row(const float* row, int64_t stride) {
    for (int64_t d = 0; d < stride; d += 16) __builtin_prefetch(row + d);
}
inline void prefetch_row(const Matrix& matrix, int64_t id) {
    if (!matrix.halves) return prefetch_row(matrix.row(id), matrix.stride);
    for (int64_t d = 0; d < matrix.stride; d += 32) __builtin_prefetch(matrix.half_row(id) + d);
}

struct Model {
    Matrix inputs, outputs;
    int64_t n_items;
    uint64_t seed;
    const uint8_t* frozen;  // (n_items) not 0: this item's rows stay as they are; or null

    bool is_frozen(int32_t id) const { return frozen && frozen[id]; }

    // One matrix for both: an item's input and its output are the same row.
    bool is_tied() const { return inputs.is_same(outputs); }
};

struct Objective {
    int negative;            // negatives per position
    bool is_cbow;            // the mean of a position's partners is the one input
    PackedAliasTable noise;  // over items
    const float* log_noise;  // (n_items) log(K q) for NCE
};

}  // namespace firth
