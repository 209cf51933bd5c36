// t-SNE's gradient descent: places of n points on a plane that bring the Kullback-Leibler divergence from their
// affinities down. Every sum runs in an order that the data decides, whoever computes it, so that any number of threads
// gives the same bytes.
//
//   force_i = e * sum_j p_ij q_ij (y_i - y_j) - 1/Z sum_j q_ij^2 (y_i - y_j),   Z = sum_{i != j} q_ij
//
// a quarter of the gradient, as in van der Maaten's programs, which learning rates are usually given for.
// Points are kept in the order of a Morton curve, renewed now and then, so that neighbours lie side by side in memory.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <vector>

#include "affinities.hpp"
#include "aligned.hpp"
#include "dispatch.hpp"
#include "interactions.hpp"
#include "morton.hpp"
#include "quadtree.hpp"
#include "team.hpp"
#include "variant.hpp"

namespace firth {

struct StepOptions {
    float exaggeration, momentum, learning_rate;
};

class Descent {
  public:
    Descent(const AffinityMatrix& p, const float* xy, float theta)
        : n_(p.n),
          theta_(theta),
          xy_(2 * n_),
          changes_(2 * n_),
          gains_(2 * n_),
          attraction_(2 * n_),
          repulsion_(2 * n_),
          items_(size_t(n_)),
          lengths_(size_t(n_)),
          starts_(size_t(n_)),
          potentials_(size_t((n_ + group_size - 1) / group_size)),
          order_(n_),
          tree_(n_) {
        std::iota(items_.begin(), items_.end(), 0);
        std::copy_n(xy, 2 * n_, xy_.data());
        std::fill_n(gains_.data(), 2 * n_, 1.0f);
        copy_rows(p);
    }

    int64_t size() const { return n_; }

    // Goes n_steps further, or until a place is no longer finite.
    void step(int64_t n_steps, const StepOptions& options, int n_jobs) {
        Team team(n_jobs);
        team.run([&](int) {
            Interactions list(theta_);
            for (int64_t i = 0; i < n_steps; ++i) {
                if (is_reordering(n_done_ + i)) reorder(team);
                const double z = evaluate(list, team);
                const MoveTask task{attraction_.data(), repulsion_.data(), gains_.data(),
                                    changes_.data(),    xy_.data(),        options.exaggeration,
                                    float(1 / z),       options.momentum,  options.learning_rate};
                team.each_range(2 * n_, 1 << 13,
                                [&](int64_t first, int64_t last) { variant().move_points(task, first, last); });
                if (!std::isfinite(z)) break;
            }
        });
        n_done_ += n_steps;
    }

    bool is_finite() const {
        return std::all_of(xy_.data(), xy_.data() + 2 * n_, [](float value) { return std::isfinite(value); });
    }

    // The divergence at the present places but for the affinities' own part: sum p log(1 + d^2) + log Z.
    double divergence(int n_jobs) {
        Team team(n_jobs);
        std::vector<double> parts(size_t((n_ + rows_per_task - 1) / rows_per_task));
        double z = 0;
        team.run([&](int member) {
            Interactions list(theta_);
            const double found = evaluate(list, team);
            if (member == 0) z = found;
            team.each_range(n_, rows_per_task, [&](int64_t first, int64_t last) {
                parts[size_t(first / rows_per_task)] = variant().divergence(rows(), xy_.data(), first, last);
            });
        });
        return std::accumulate(parts.begin(), parts.end(), 0.0) + std::log(z);
    }

    // Forces at the present places, without exaggeration, by item: (n, 2). Returns Z.
    double forces(float* out, int n_jobs) {
        Team team(n_jobs);
        double z = 0;
        team.run([&](int member) {
            Interactions list(theta_);
            const double found = evaluate(list, team);
            if (member == 0) z = found;
        });
        for (int64_t place = 0; place < n_; ++place)
            for (int axis = 0; axis < 2; ++axis)
                out[2 * items_[size_t(place)] + axis] =
                    attraction_.data()[2 * place + axis] - repulsion_.data()[2 * place + axis] / float(z);
        return z;
    }

    // Places by item: (n, 2).
    void places(float* out) const {
        for (int64_t place = 0; place < n_; ++place)
            std::copy_n(xy_.data() + 2 * place, 2, out + 2 * items_[size_t(place)]);
    }

  private:
    static constexpr int64_t small = 1 << 15;
    static constexpr int64_t rows_per_task = 64;
    static constexpr int64_t groups_per_task = 2;
    static constexpr int64_t first_reordering = 16;  // then at each power of two, and from 512 on every 256 steps

    AffinityRows rows() const { return {starts_.data(), lengths_.data(), columns_.data(), values_.data()}; }

    void copy_rows(const AffinityMatrix& p) {
        int64_t end = 0;
        for (int64_t i = 0; i < n_; ++i) {
            starts_[size_t(i)] = end;
            lengths_[size_t(i)] = int32_t((p.starts[i + 1] - p.starts[i] + 15) / 16 * 16);
            end += lengths_[size_t(i)];
        }
        columns_.resize(size_t(end));
        values_.resize(end);
        for (int64_t i = 0; i < n_; ++i) {
            const int64_t start = starts_[size_t(i)], length = p.starts[i + 1] - p.starts[i];
            std::copy_n(p.columns + p.starts[i], length, columns_.begin() + start);
            std::copy_n(p.values + p.starts[i], length, values_.data() + start);
            std::fill_n(columns_.begin() + start + length, lengths_[size_t(i)] - length, int32_t(i));
            std::fill_n(values_.data() + start + length, lengths_[size_t(i)] - length, 0.0f);
        }
    }

    // The tree over where the points are now. Rebuilding it is a tenth of a step; moments of an older tree would do,
    // but after the exaggeration points move so far that its nodes overlap and the lists become long.
    void rebuild(Team& team) {
        order_.sort(xy_.data(), team);
        tree_.build(order_, team);
        tree_.measure(xy_.data(), team);
    }

    void rebuild_alone() {
        Team alone(1);
        rebuild(alone);
    }

    static bool is_reordering(int64_t step) {
        if (step < first_reordering) return step == 0;
        return step < 512 ? std::has_single_bit(uint64_t(step)) : step % 256 == 0;
    }

    // Brings the points, and their rows, into the order of the curve.
    void reorder(Team& team) {
        order_.sort(xy_.data(), team);
        team.once([&] {
            new_place_.resize(size_t(n_));
            for (int64_t place = 0; place < n_; ++place) new_place_[size_t(order_.point_at(place))] = int32_t(place);
            permute_pairs(xy_);
            permute_pairs(changes_);
            permute_pairs(gains_);
            permute(items_);
            permute(starts_);
            permute(lengths_);
            moved_starts_.resize(size_t(n_));
            int64_t end = 0;
            for (int64_t i = 0; i < n_; ++i) {
                moved_starts_[size_t(i)] = end;
                end += lengths_[size_t(i)];
            }
            moved_columns_.resize(size_t(end));
            moved_values_.resize(end);
        });
        team.each_range(n_, 1 << 10, [&](int64_t first, int64_t last) {
            for (int64_t i = first; i < last; ++i) {
                const int64_t from = starts_[size_t(i)], to = moved_starts_[size_t(i)];
                const int32_t length = lengths_[size_t(i)];
                for (int32_t e = 0; e < length; ++e)
                    moved_columns_[size_t(to + e)] = new_place_[size_t(columns_[size_t(from + e)])];
                std::copy_n(values_.data() + from, length, moved_values_.data() + to);
            }
        });
        team.once([&] {
            starts_.swap(moved_starts_);
            columns_.swap(moved_columns_);
            std::swap(values_, moved_values_);
        });
    }

    void permute_pairs(AlignedFloats& pairs) {
        for (int64_t place = 0; place < n_; ++place)
            std::copy_n(pairs.data() + 2 * order_.point_at(place), 2, attraction_.data() + 2 * place);
        std::copy_n(attraction_.data(), 2 * n_, pairs.data());
    }

    template <class T>
    void permute(std::vector<T>& values) {
        std::vector<T> permuted(values.size());
        for (int64_t place = 0; place < n_; ++place) permuted[size_t(place)] = values[size_t(order_.point_at(place))];
        values.swap(permuted);
    }

    // Attraction and repulsion of all points; returns Z to every member. A small tree is one member's task while the
    // others begin with the attraction: waiting for each other would cost more than it saves.
    double evaluate(Interactions& list, Team& team) {
        const int64_t n_groups = (n_ + group_size - 1) / group_size;
        const int64_t n_repulsions = (n_groups + groups_per_task - 1) / groups_per_task;
        const int64_t n_attractions = (n_ + rows_per_task - 1) / rows_per_task;
        const auto repel_task = [&](int64_t task) {
            const int64_t first = task * groups_per_task;
            for (int64_t g = first; g < std::min(first + groups_per_task, n_groups); ++g) repel(g, list);
        };
        const auto attract_task = [&](int64_t task) {
            const int64_t first = task * rows_per_task, last = std::min(first + rows_per_task, n_);
            variant().attract(rows(), xy_.data(), first, last, attraction_.data());
        };
        const bool is_small = n_ < small;
        if (is_small)
            team.each(1 + n_attractions, [&](int64_t task) { task == 0 ? rebuild_alone() : attract_task(task - 1); });
        else
            rebuild(team);
        team.each(n_repulsions + (is_small ? 0 : n_attractions),
                  [&](int64_t task) { task < n_repulsions ? repel_task(task) : attract_task(task - n_repulsions); });
        return std::accumulate(potentials_.begin(), potentials_.end(), 0.0) -
               double(n_);  // every point has met itself, at distance 0
    }

    void repel(int64_t group, Interactions& list) {
        const int64_t first = group * group_size, n = std::min<int64_t>(group_size, n_ - first);
        alignas(64) float x[group_size], y[group_size], potential[group_size], force_x[group_size], force_y[group_size];
        for (int64_t i = 0; i < group_size; ++i) {  // a group that is not full repeats its last point
            x[i] = tree_.x()[first + std::min(i, n - 1)];
            y[i] = tree_.y()[first + std::min(i, n - 1)];
        }
        list.collect(tree_, first, first + n);
        RepulsionTask task;
        list.describe(task);
        task.x = x;
        task.y = y;
        task.potential = potential;
        task.force_x = force_x;
        task.force_y = force_y;
        variant().repel_group(task);
        double sum = 0;
        for (int64_t i = 0; i < n; ++i) {
            const int64_t point = tree_.point(first + i);
            repulsion_.data()[2 * point] = force_x[i];
            repulsion_.data()[2 * point + 1] = force_y[i];
            sum += double(potential[i]);
        }
        potentials_[size_t(group)] = sum;
    }

    int64_t n_;
    float theta_;
    AlignedFloats xy_, changes_, gains_, attraction_, repulsion_;  // (n, 2), in the order of the last reordering
    std::vector<int32_t> items_, lengths_, columns_, moved_columns_, new_place_;
    std::vector<int64_t> starts_, moved_starts_;
    AlignedFloats values_, moved_values_;
    std::vector<double> potentials_;  // of groups
    MortonOrder order_;
    Quadtree tree_;
    int64_t n_done_ = 0;
};

}  // namespace firth
