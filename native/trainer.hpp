// Training: step after step, the lanes of a step side by side, then the merge. Threads only decide who computes what.
#pragma once

#include <atomic>
#include <barrier>
#include <cmath>
#include <thread>

#include "merge.hpp"

namespace firth {

struct Plan {
    int n_lanes;  // lanes per step
    float learning_rate, min_learning_rate;
    float curvature;

    int64_t n_steps;

    // Falls linearly over the whole training.
    float learning_rate_at(int64_t step) const {
        const double left = 1.0 - double(step) / double(n_steps);
        return std::max(min_learning_rate, float(learning_rate * left));
    }
};

// Sums over the positions of each step, (steps, contexts).
struct Progressed {
    std::vector<double> loss_sums;
    std::vector<int64_t> n_pairs;
};

class Trainer {
  public:
    Trainer(const Schedule& schedule, const Objective& objective, const Model& model, const Plan& plan)
        : schedule_(schedule), objective_(objective), model_(model), plan_(plan), lanes_(size_t(plan.n_lanes)) {}

    // Where the merges sum up what the steps do to each row; `outputs` is null where both are one matrix.
    void note_curvature(float* inputs, float* outputs) {
        model_.inputs.curvature = inputs;
        model_.outputs.curvature = outputs;
    }

    // Trains steps first .. last-1 on n_jobs threads. The bytes of the model afterwards do not depend on n_jobs.
    Progressed run(int64_t first, int64_t last, int n_jobs) {
        while (int(workspaces_.size()) < n_jobs)
            workspaces_.emplace_back(model_.n_items, model_.inputs.stride, 1 + objective_.negative);
        while (int(merges_.size()) < n_jobs) merges_.emplace_back(model_.n_items);
        const size_t n_sums = size_t(last - first) * size_t(schedule_.n_contexts);
        Progressed progressed{std::vector<double>(n_sums), std::vector<int64_t>(n_sums)};
        std::atomic<int> lane_ticket{0}, merge_ticket{0};
        std::barrier gate(n_jobs);
        const auto work = [&](int worker) {
            for (int64_t step = first; step < last; ++step) {
                for (int lane; (lane = lane_ticket.fetch_add(1)) < plan_.n_lanes;)
                    run_lane(step, lane, workspaces_[size_t(worker)]);
                gate.arrive_and_wait();
                if (worker == 0) {
                    lane_ticket = 0;
                    add_up(size_t(step - first), progressed);
                }
                for (int task; (task = merge_ticket.fetch_add(1)) < 2 * n_buckets;)
                    run_merge(step, task, merges_[size_t(worker)]);
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
        const LaneTask task = schedule_.at(step * plan_.n_lanes + lane);
        lanes_[size_t(lane)].run(task, plan_.learning_rate_at(step), schedule_, objective_, model_, work);
    }

    void run_merge(int64_t step, int task, Merge& merge) {
        const float step_curvature = plan_.learning_rate_at(step) * plan_.curvature;
        const uint64_t salt = split_mix(split_mix(model_.seed, uint64_t(step)), uint64_t(task % 2));
        if (task % 2 == 0)
            merge.run(task / 2, lanes_, &Lane::inputs, model_.inputs, step_curvature, salt);
        else if (!model_.is_tied())
            merge.run(task / 2, lanes_, &Lane::outputs, model_.outputs, step_curvature, salt);
    }

    void add_up(size_t row, Progressed& progressed) const {
        for (const Lane& lane : lanes_)
            for (size_t context = 0; context < lane.losses.size(); ++context) {
                const LossSums& sums = lane.losses[context].sums;
                const size_t c = row * lane.losses.size() + context;
                for (int i = 0; i < 8; ++i)
                    progressed.loss_sums[c] += std::log(double(sums.mantissa[i])) +
                                               double(sums.exponent[i]) * 0.69314718055994531 + double(sums.poison[i]);
                progressed.n_pairs[c] += lane.losses[context].n_pairs;
            }
    }

    Schedule schedule_;
    const Objective& objective_;
    Model model_;
    Plan plan_;
    std::vector<Lane> lanes_;
    std::vector<Workspace> workspaces_;
    std::vector<Merge> merges_;
};

}  // namespace firth
