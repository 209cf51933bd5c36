// New points on a map that stays as it is: each is moved on its own, by what its affinities to the map's points say,
//
//   force = sum_j p_j q_j (y - y_j) - 1/Z sum_j q_j^2 (y - y_j),   q_j = 1 / (1 + |y - y_j|^2),  Z = sum_j q_j
//
// half the gradient of the divergence of q / Z from p. So a point's place depends on no other new point.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "affinities.hpp"
#include "dispatch.hpp"
#include "interactions.hpp"
#include "quadtree.hpp"
#include "threads.hpp"
#include "variant.hpp"

namespace firth {

struct PlacementOptions {
    float theta;
    float learning_rate;
    int64_t n_steps;
};

class Placement {
  public:
    // xy: (n, 2), the map.
    Placement(const float* xy, int64_t n) : xy_(xy), tree_(n) {
        Team alone(1);
        MortonOrder order(n);
        order.sort(xy, alone);
        tree_.build(order, alone);
        tree_.measure(xy, alone);
    }

    // places: (near.n, 2). near.ids are points of the map, p (near.n, near.k) the affinities to them.
    void place(const Neighbors& near, const float* p, const PlacementOptions& options, int n_jobs,
               float* places) const {
        for_rows(near.n, n_jobs, [&](int64_t first, int64_t last) {
            Row row(near.k);
            Interactions list(options.theta);
            for (int64_t i = first; i < last; ++i) {
                row.read(near.ids + i * near.k, p + i * near.k);
                float* y = places + 2 * i;
                std::copy_n(best_start(row), 2, y);
                descend(row, list, options, y);
            }
        });
    }

  private:
    // One new point's affinities, as the kernel reads them.
    struct Row {
        explicit Row(int64_t k) : length(int32_t((k + 15) / 16 * 16)), n(k), columns(size_t(length)), values(length) {}

        void read(const int32_t* ids, const float* p) {
            std::copy_n(ids, n, columns.begin());
            std::copy_n(p, n, values.data());
            std::fill(columns.begin() + n, columns.end(), ids[0]);  // with an affinity of 0
        }
        AffinityRows rows() const { return {&start, &length, columns.data(), values.data()}; }

        int64_t start = 0;
        int32_t length;
        int64_t n;
        std::vector<int32_t> columns;
        AlignedFloats values;
    };

    // The place of that neighbour which would be drawn least away from where it is: a mean of them all may lie between
    // two clusters, where nothing is.
    const float* best_start(const Row& row) const {
        constexpr int64_t n_tried = 16;
        const float* best = xy_ + 2 * row.columns[0];
        double least = INFINITY;
        for (int64_t i = 0; i < std::min(row.n, n_tried); ++i) {
            const float* here = xy_ + 2 * row.columns[size_t(i)];
            double cost = 0;
            for (int64_t j = 0; j < row.n; ++j) {
                const float* there = xy_ + 2 * row.columns[size_t(j)];
                const float dx = here[0] - there[0], dy = here[1] - there[1];
                cost -= double(row.values.data()[j] / (1 + dx * dx + dy * dy));
            }
            if (cost < least) {
                least = cost;
                best = here;
            }
        }
        return best;
    }

    void descend(const Row& row, Interactions& list, const PlacementOptions& options, float* y) const {
        float change[2] = {0, 0}, gain[2] = {1, 1}, attraction[2], repulsion[2];
        for (int64_t step = 0; step < options.n_steps; ++step) {
            variant().attract_one(row.rows(), xy_, y, attraction);
            const float inverse_z = 1 / repel(list, y, repulsion);
            const MoveTask task{attraction,           repulsion, gain, change, y, 1.0f, inverse_z, momentum,
                                options.learning_rate};
            variant().move_points(task, 0, 2);
        }
    }

    float repel(Interactions& list, const float* y, float* force) const {
        alignas(64) float x[group_size], v[group_size], potential[group_size], force_x[group_size], force_y[group_size];
        std::fill_n(x, group_size, y[0]);
        std::fill_n(v, group_size, y[1]);
        list.collect(tree_, y[0], y[0], y[1], y[1]);
        RepulsionTask task;
        list.describe(task);
        task.x = x;
        task.y = v;
        task.potential = potential;
        task.force_x = force_x;
        task.force_y = force_y;
        variant().repel_group(task);
        force[0] = force_x[0];
        force[1] = force_y[0];
        return potential[0];
    }

    static constexpr float momentum = 0.5f;

    const float* xy_;
    Quadtree tree_;
};

}  // namespace firth
