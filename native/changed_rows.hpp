// The rows of one matrix that a lane copied and changed.
#pragma once

#include <vector>

#include "aligned.hpp"
#include "dispatch.hpp"
#include "model.hpp"
#include "variant.hpp"

namespace firth {

// Entry e is item ids[e].
struct ChangedRows {
    int64_t pitch = 0;  // floats from row to row: whole cache lines, unlike the model's stride
    std::vector<int32_t> ids;
    std::vector<float> norms;          // squared length as it was copied
    std::vector<float> curvature;      // of the loss along the row, summed over the updates; 0: never trained
    std::vector<int64_t> next;         // merge: the same item's entry in a later lane (lane * 2^32 + entry), or -1
    std::vector<int32_t> by_bucket;    // entries sorted by id % n_buckets
    std::vector<int32_t> bucket_ends;  // (n_buckets)
    AlignedFloats rows;
    std::vector<float> biases;

    void clear() {
        ids.clear();
        norms.clear();
        curvature.clear();
        biases.clear();
    }

    int32_t add(int32_t id) {
        ids.push_back(id);
        curvature.push_back(0);
        return int32_t(ids.size()) - 1;
    }

    float* row(int32_t entry) { return rows.data() + int64_t(entry) * pitch; }

    void copy_from(const Matrix& matrix) {
        pitch = (matrix.stride + 15) / 16 * 16;
        rows.resize(int64_t(ids.size()) * pitch);
        norms.resize(ids.size());
        const auto copy_row = variant().copy_row;
        for (size_t e = 0; e < ids.size(); ++e) {
            if (e + prefetch_distance < ids.size()) prefetch_row(matrix.row(ids[e + prefetch_distance]), matrix.stride);
            norms[e] = copy_row(matrix.row(ids[e]), row(int32_t(e)), matrix.stride);
        }
        if (matrix.biases)
            for (int32_t id : ids) biases.push_back(matrix.biases[id]);
    }

    void sort_into_buckets() {
        bucket_ends.assign(n_buckets, 0);
        for (int32_t id : ids) ++bucket_ends[size_t(id % n_buckets)];
        int32_t sum = 0;
        for (int32_t& end : bucket_ends) {
            const int32_t size = end;
            end = sum;
            sum += size;
        }
        by_bucket.resize(ids.size());
        for (size_t e = 0; e < ids.size(); ++e)
            by_bucket[size_t(bucket_ends[size_t(ids[e] % n_buckets)]++)] = int32_t(e);
        next.assign(ids.size(), -1);
    }

    int32_t bucket_begin(int bucket) const { return bucket == 0 ? 0 : bucket_ends[size_t(bucket) - 1]; }
};

}  // namespace firth
