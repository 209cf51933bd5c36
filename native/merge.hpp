// What the lanes of one step did, added to the model: row by row, in lane order, damped where many pull at one row.
#pragma once

#include <cstring>
#include <vector>

#include "lane.hpp"

namespace firth {

// The share of the lanes' summed change that a row takes.
//
// Each of m lanes moves a row from the same start, by 1/m of the updates. One update shrinks the distance to where the
// row is drawn by a factor (1 - a), a = learning rate * curvature of the loss along the row; so a lane covers 1 - r of
// it, r = e^(-sum of a / m), one worker doing all updates would cover 1 - r^m, and the sum m (1 - r) overshoots. The
// share that makes both equal,
//     (1 - r^m) / (m (1 - r)),
// falls from 1 (few small updates: the sum is right) to 1 / m (each lane arrives by itself: the mean is right). The
// rational function below has the same limits and the same first-order term, and needs no transcendental function.
// `curvature` is the sum over the updates, as the inner block measured it.
inline float merge_share(int n_lanes, float curvature, float step_curvature) {
    if (n_lanes == 1) return 1;
    const float x = 0.5f * step_curvature * curvature;
    return (1 + x / float(n_lanes)) / (1 + x);
}

class Merge {
  public:
    Merge(int64_t n_items, int n_lanes)
        : slots_((n_items + n_buckets - 1) / n_buckets), head_(size_t(slots_ * n_buckets), -1), n_lanes_(n_lanes) {}

    // Adds one bucket's rows. Buckets share no item, so threads may take them in any order.
    void run(int bucket, std::vector<Lane>& lanes, ChangedRows Lane::* which, const Matrix& matrix,
             float step_curvature) {
        for (int l = n_lanes_ - 1; l >= 0; --l) {
            ChangedRows& rows = lanes[size_t(l)].*which;
            for (int32_t i = rows.bucket_begin(bucket); i < rows.bucket_ends[size_t(bucket)]; ++i) {
                const int32_t e = rows.by_bucket[size_t(i)];
                if (rows.curvature[size_t(e)] == 0) continue;  // copied, and not trained
                int64_t& head = this->head(rows.ids[size_t(e)]);
                rows.next[size_t(e)] = head;
                head = int64_t(l) << 32 | e;
            }
        }
        for (int l = 0; l < n_lanes_; ++l) {
            const ChangedRows& rows = lanes[size_t(l)].*which;
            const int32_t end = rows.bucket_ends[size_t(bucket)];
            for (int32_t i = rows.bucket_begin(bucket); i < end; ++i) {
                if (i + int32_t(prefetch_distance) < end) {
                    const int32_t e = rows.by_bucket[size_t(i) + prefetch_distance];
                    prefetch_row(matrix.row(rows.ids[size_t(e)]), matrix.stride);
                    prefetch_row(rows.rows.data() + e * rows.pitch, matrix.stride);
                }
                const int32_t id = rows.ids[size_t(rows.by_bucket[size_t(i)])];
                if (head(id) < 0) continue;
                add(id, lanes, which, matrix, step_curvature);
                head(id) = -1;
            }
        }
    }

  private:
    // A bucket's items side by side, since one thread works on one bucket.
    int64_t& head(int32_t id) { return head_[size_t(id % n_buckets * slots_ + id / n_buckets)]; }

    void add(int32_t id, std::vector<Lane>& lanes, ChangedRows Lane::* which, const Matrix& matrix,
             float step_curvature) {
        const float* changed[max_lanes];
        float curvature = 0, bias_change = 0;
        int n = 0;
        for (int64_t at = head(id); at >= 0;) {
            ChangedRows& rows = lanes[size_t(at >> 32)].*which;
            const int32_t e = int32_t(at & 0xFFFFFFFF);
            changed[n++] = rows.row(e);
            curvature += rows.curvature[size_t(e)];
            if (matrix.biases) bias_change += rows.biases[size_t(e)] - matrix.biases[id];
            at = rows.next[size_t(e)];
        }
        if (n == 1) {
            std::memcpy(matrix.row(id), changed[0], size_t(matrix.stride) * sizeof(float));
            if (matrix.biases) matrix.biases[id] += bias_change;
            return;
        }
        const float share = merge_share(n, curvature, step_curvature);
        variant().merge_row(matrix.row(id), changed, n, share, matrix.stride);
        if (matrix.biases) matrix.biases[id] += share * bias_change;
    }

    int64_t slots_;              // items of a bucket
    std::vector<int64_t> head_;  // per item: its first entry of this step, lane * 2^32 + entry, or -1
    int n_lanes_;
};

}  // namespace firth
