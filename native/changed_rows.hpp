// The rows of one matrix that a lane copied and changed.
#pragma once

#include <algorithm>
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
    std::vector<float> norms;      // squared length as it was copied
    std::vector<float> curvature;  // of the loss along the row, summed over the updates; 0: never trained
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
        const auto widen_row = variant().widen_row;
        for (size_t e = 0; e < ids.size(); ++e) {
            if (e + prefetch_distance < ids.size()) prefetch_row(matrix, ids[e + prefetch_distance]);
            norms[e] = matrix.halves ? widen_row(matrix.half_row(ids[e]), row(int32_t(e)), matrix.stride)
                                     : copy_row(matrix.row(ids[e]), row(int32_t(e)), matrix.stride);
        }
        if (matrix.biases)
            for (int32_t id : ids) biases.push_back(matrix.biases[id]);
    }

    // A row that was trained, as the merge wants to know it.
    struct Trained {
        int32_t id;
        int32_t entry;
        float curvature;
    };

    void sort_into_buckets() {
        int32_t n = 0;
        std::fill_n(bucket_ends_, n_buckets, 0);
        for (size_t e = 0; e < ids.size(); ++e)
            if (curvature[e] > 0) ++bucket_ends_[ids[e] % n_buckets], ++n;
        int32_t sum = 0;
        for (int32_t& end : bucket_ends_) {
            const int32_t size = end;
            end = sum;
            sum += size;
        }
        trained_.resize(size_t(n));
        for (size_t e = 0; e < ids.size(); ++e)
            if (curvature[e] > 0)
                trained_[size_t(bucket_ends_[ids[e] % n_buckets]++)] = {ids[e], int32_t(e), curvature[e]};
    }

    // The trained rows of a bucket: those of items id % n_buckets == bucket.
    const Trained* begin(int bucket) const { return trained_.data() + (bucket == 0 ? 0 : bucket_ends_[bucket - 1]); }
    const Trained* end(int bucket) const { return trained_.data() + bucket_ends_[bucket]; }

  private:
    std::vector<Trained> trained_;
    int32_t bucket_ends_[n_buckets] = {};
};

}  // namespace firth
