// What the lanes of one step did, added to the model: row by row, in lane order, damped where many pull at one row.
#pragma once

#include <cmath>
#include <vector>

#include "lane.hpp"

namespace firth {

// The share of the lanes' summed change that a row takes.
//
// Each of m lanes moves a row from the same start, by 1/m of the updates. One update shrinks the distance to where the
// row is drawn by a factor (1 - a), a = learning rate * curvature of the loss along the row; so a lane covers
// 1 - e^(-y/m) of it, y the sum of all a, one worker doing all updates would cover 1 - e^-y, and the sum of the lanes
// overshoots. The share of it that makes both equal,
//     (1 - e^-y) / (m (1 - e^(-y/m)))  =  g(y/m) / g(y),    g(y) = y / (1 - e^-y)  ~  y/2 + sqrt(1 + y^2/4),
// falls from 1 (few small updates: the sum is right) to 1 / m (each lane arrives by itself: the mean is right). What
// stands for g has its value and slope at 0 and its asymptote, and a square root has the same bytes everywhere.
// `curvature` is the sum over the updates, as the inner block measured it.
inline float merge_share(int n_lanes, float curvature, float step_curvature) {
    if (n_lanes == 1) return 1;
    const auto g = [](float y) { return 0.5f * y + std::sqrt(1 + 0.25f * y * y); };
    const float y = step_curvature * curvature;
    return g(y / float(n_lanes)) / g(y);
}

// Adds buckets of rows, one after another; one for each thread, since it is little but scratch.
class Merge {
  public:
    explicit Merge(int64_t n_items) : heads_(size_t((n_items + n_buckets - 1) / n_buckets), -1) {}

    // Adds one bucket's rows. Buckets share no item, so threads may take them in any order. `salt`: of the roundings to
    // 16 bits, another one for each step and matrix.
    void run(int bucket, std::vector<Lane>& lanes, ChangedRows Lane::* which, const Matrix& matrix,
             float step_curvature, uint64_t salt) {
        links_.clear();
        items_.clear();
        // Backwards, so that each item's chain of links comes out in lane order.
        for (int l = int(lanes.size()) - 1; l >= 0; --l) {
            ChangedRows& rows = lanes[size_t(l)].*which;
            for (const ChangedRows::Trained* each = rows.begin(bucket); each < rows.end(bucket); ++each) {
                prefetch_row(rows.row(each->entry), matrix.stride);
                int32_t& head = heads_[size_t(each->id / n_buckets)];
                if (head < 0) items_.push_back(each->id);
                links_.push_back({&rows, each->entry, head, each->curvature});
                head = int32_t(links_.size()) - 1;
            }
        }
        for (size_t i = 0; i < items_.size(); ++i) {
            if (i + prefetch_distance < items_.size()) prefetch_row(matrix, items_[i + prefetch_distance]);
            int32_t& head = heads_[size_t(items_[i] / n_buckets)];
            add(items_[i], head, matrix, step_curvature, salt);
            head = -1;
        }
    }

  private:
    struct Link {
        ChangedRows* rows;
        int32_t entry;
        int32_t next;
        float curvature;
    };

    void add(int32_t id, int32_t head, const Matrix& matrix, float step_curvature, uint64_t salt) {
        const float* changed[max_lanes];
        float curvature = 0, bias_change = 0;
        int n = 0;
        for (int32_t at = head; at >= 0; at = links_[size_t(at)].next) {
            const Link& link = links_[size_t(at)];
            changed[n++] = link.rows->row(link.entry);
            curvature += link.curvature;
            if (matrix.biases) bias_change += link.rows->biases[size_t(link.entry)] - matrix.biases[id];
        }
        const float share = merge_share(n, curvature, step_curvature);
        if (matrix.halves)
            variant().merge_half_row(matrix.half_row(id), changed, n, share, matrix.stride,
                                     split_mix(salt, uint64_t(id)));
        else
            variant().merge_row(matrix.row(id), changed, n, share, matrix.stride);
        if (matrix.biases) matrix.biases[id] += share * bias_change;
        if (matrix.curvature) matrix.curvature[id] += step_curvature * curvature;
    }

    std::vector<int32_t> heads_;  // of the bucket's items, by id / n_buckets: the first link, -1 for none
    std::vector<Link> links_;
    std::vector<int32_t> items_;
};

}  // namespace firth
