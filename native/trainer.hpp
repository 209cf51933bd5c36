// Training: step after step, the lanes of a step side by side, then the merge. Threads only decide who computes what.
#pragma once

#include <atomic>
#include <barrier>
#include <cmath>
#include <thread>

#include "merge.hpp"

namespace firth {

struct Plan {
    int64_t n_positions;  // of the whole training
    int64_t lane_size;    // positions per lane
    int n_lanes;          // lanes per step
    float learning_rate, min_learning_rate;
    float curvature;

    int64_t n_steps() const {
        const int64_t per_step = lane_size * n_lanes;
        return (n_positions + per_step - 1) / per_step;
    }

    // Falls linearly over the whole training.
    float learning_rate_at(int64_t step) const {
        const double left = 1.0 - double(step) / double(n_steps());
        return std::max(min_learning_rate, float(learning_rate * left));
    }
};

struct Progressed {
    double loss_sum = 0;
    int64_t n_pairs = 0;
    int64_t n_positions = 0;
};

class Trainer {
  public:
    Trainer(const Groups& groups, const Objective& objective, const Model& model, const Plan& plan)
        : groups_(groups),
          objective_(objective),
          model_(model),
          plan_(plan),
          lanes_(size_t(plan.n_lanes)),
          merge_inputs_(model.n_items, plan.n_lanes),
          merge_outputs_(model.n_items, plan.n_lanes) {}

    // Trains steps first .. last-1 on n_jobs threads. The bytes of the model afterwards do not depend on n_jobs.
    Progressed run(int64_t first, int64_t last, int n_jobs) {
        while (int(workspaces_.size()) < n_jobs)
            workspaces_.emplace_back(model_.n_items, model_.inputs.stride, 1 + objective_.negative);
        Progressed progressed;
        std::atomic<int> lane_ticket{0}, merge_ticket{0};
        std::barrier gate(n_jobs);
        const auto work = [&](int worker) {
            for (int64_t step = first; step < last; ++step) {
                for (int lane; (lane = lane_ticket.fetch_add(1)) < plan_.n_lanes;)
                    run_lane(step, lane, workspaces_[size_t(worker)]);
                gate.arrive_and_wait();
                if (worker == 0) {
                    lane_ticket = 0;
                    add_up(step, progressed);
                }
                for (int task; (task = merge_ticket.fetch_add(1)) < 2 * n_buckets;) run_merge(step, task);
                gate.arrive_and_wait();
                if (worker == 0) merge_ticket = 0;
            }
        };
        std::vector<std::jthread> threads;
        for (int worker = 1; worker < n_jobs; ++worker) threads.emplace_back(work, worker);
        work(0);
        return progressed;
    }

  private:
    void run_lane(int64_t step, int lane, Workspace& work) {
        const int64_t index = step * plan_.n_lanes + lane;
        const int64_t left = plan_.n_positions - index * plan_.lane_size;
        const int64_t n_positions = std::clamp<int64_t>(left, 0, plan_.lane_size);
        lanes_[size_t(lane)].run(uint64_t(index), n_positions, plan_.learning_rate_at(step), groups_, objective_,
                                 model_, work);
    }

    void run_merge(int64_t step, int task) {
        const float step_curvature = plan_.learning_rate_at(step) * plan_.curvature;
        if (task % 2 == 0)
            merge_inputs_.run(task / 2, lanes_, &Lane::inputs, model_.inputs, step_curvature);
        else
            merge_outputs_.run(task / 2, lanes_, &Lane::outputs, model_.outputs, step_curvature);
    }

    void add_up(int64_t step, Progressed& progressed) const {
        for (const Lane& lane : lanes_) {
            for (int i = 0; i < 16; ++i)
                progressed.loss_sum += std::log(double(lane.loss.mantissa[i])) +
                                       double(lane.loss.exponent[i]) * 0.69314718055994531 +
                                       double(lane.loss.poison[i]);
            progressed.n_pairs += lane.n_pairs;
        }
        const int64_t per_step = plan_.lane_size * plan_.n_lanes;
        progressed.n_positions += std::min(per_step, plan_.n_positions - step * per_step);
    }

    Groups groups_;
    Objective objective_;
    Model model_;
    Plan plan_;
    std::vector<Lane> lanes_;
    std::vector<Workspace> workspaces_;
    Merge merge_inputs_, merge_outputs_;
};

}  // namespace firth
