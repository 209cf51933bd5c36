// Machines of lanes: each trains a copy of the model by itself for a round of steps, then the copies' changes are
// merged as those of lanes are. A round's changes travel as packed rows; whoever owns an item adds them up in the
// order of the machines, so that it does not matter how many real machines there are or which of them did what.
#pragma once

#include <cstdint>
#include <vector>

#include "dispatch.hpp"
#include "merge.hpp"
#include "threads.hpp"
#include "variant.hpp"

namespace firth {

// One matrix of a machine's copy, and where it was when the round began. `curvature` is what the merges of the round's
// steps noted: > 0 where a row was trained.
struct RoundMatrix {
    float* rows;       // (n_items, stride)
    float* base;       // (n_items, stride)
    float* curvature;  // (n_items)
    float* biases;     // (n_items) or null
    float* base_biases;
    int64_t n_items, stride;
};

// A round's changes of some rows: (n) ids ascending, (n, stride) changes, (n) curvature, (n) changes of biases or null.
struct PackedRows {
    int32_t* ids;
    float* rows;
    float* curvature;
    float* biases;
    int64_t n;
};

// How much of the curvature that the steps' merges noted, learning rates and all, counts in the merge of a round. The
// updates of many steps pull a row to and fro, so that it gets less far than their sum would let it; what is left out
// lets the merge overshoot by at most min(n_machines, 1 / share). Found by trying (benchmarks/RESULTS.md): four
// machines learn words best at 0.1, sixteen at 0.25, and less well at either side.
inline float round_curvature(int n_machines) { return std::min(0.25f, 0.025f * float(n_machines)); }

constexpr int64_t rows_per_task = 1 << 12;

// How many trained rows each task's items have among those that an owner has: id % n_owners == owner.
inline std::vector<int64_t> count_trained(const RoundMatrix& m, int64_t owner, int64_t n_owners, int n_jobs) {
    const int64_t n_tasks = (m.n_items + rows_per_task - 1) / rows_per_task;
    std::vector<int64_t> starts(size_t(n_tasks) + 1);
    parallel_for(n_tasks, n_jobs, [&](int64_t task, int) {
        const int64_t first = task * rows_per_task, last = std::min(first + rows_per_task, m.n_items);
        int64_t n = 0;
        for (int64_t id = first + (owner - first % n_owners + n_owners) % n_owners; id < last; id += n_owners)
            n += m.curvature[id] > 0;
        starts[size_t(task) + 1] = n;
    });
    for (size_t i = 1; i < starts.size(); ++i) starts[i] += starts[i - 1];
    return starts;
}

// Moves an owner's trained rows into `packed`, as changes, and puts the copy back to where the round began.
inline void take_changes(const RoundMatrix& m, int64_t owner, int64_t n_owners, const std::vector<int64_t>& starts,
                         int n_jobs, const PackedRows& packed) {
    parallel_for(int64_t(starts.size()) - 1, n_jobs, [&](int64_t task, int) {
        const int64_t first = task * rows_per_task, last = std::min(first + rows_per_task, m.n_items);
        int64_t at = starts[size_t(task)];
        for (int64_t id = first + (owner - first % n_owners + n_owners) % n_owners; id < last; id += n_owners) {
            if (!(m.curvature[id] > 0)) continue;
            float *row = m.rows + id * m.stride, *change = packed.rows + at * m.stride;
            const float* base = m.base + id * m.stride;
            for (int64_t d = 0; d < m.stride; ++d) {
                change[d] = row[d] - base[d];
                row[d] = base[d];
            }
            if (m.biases) {
                packed.biases[at] = m.biases[id] - m.base_biases[id];
                m.biases[id] = m.base_biases[id];
            }
            packed.curvature[at] = m.curvature[id];
            m.curvature[id] = 0;
            packed.ids[at++] = int32_t(id);
        }
    });
}

// Sums over machines of the rows that an owner has; row id / n_owners is item id's. All are zeros between rounds.
struct RoundSums {
    float* rows;          // (n_own, stride)
    float* curvature;     // (n_own)
    int32_t* n_machines;  // (n_own) that trained the row
    float* biases;        // (n_own) or null
    int64_t n_own, stride, owner, n_owners;
};

// Adds one machine's changes. Called for the machines in their order.
inline void add_changes(const RoundSums& sums, const PackedRows& packed, int n_jobs) {
    const int64_t n_tasks = (packed.n + rows_per_task - 1) / rows_per_task;
    parallel_for(n_tasks, n_jobs, [&](int64_t task, int) {
        const int64_t first = task * rows_per_task, last = std::min(first + rows_per_task, packed.n);
        for (int64_t i = first; i < last; ++i) {
            const int64_t own = packed.ids[i] / sums.n_owners;
            float* sum = sums.rows + own * sums.stride;
            const float* change = packed.rows + i * sums.stride;
            for (int64_t d = 0; d < sums.stride; ++d) sum[d] += change[d];
            sums.curvature[own] += packed.curvature[i];
            sums.n_machines[own] += 1;
            if (sums.biases) sums.biases[own] += packed.biases[i];
        }
    });
}

// Where each task's changed rows will lie; the last entry is their number.
inline std::vector<int64_t> count_changed(const RoundSums& sums, int n_jobs) {
    const int64_t n_tasks = (sums.n_own + rows_per_task - 1) / rows_per_task;
    std::vector<int64_t> starts(size_t(n_tasks) + 1);
    parallel_for(n_tasks, n_jobs, [&](int64_t task, int) {
        const int64_t first = task * rows_per_task, last = std::min(first + rows_per_task, sums.n_own);
        int64_t n = 0;
        for (int64_t own = first; own < last; ++own) n += sums.n_machines[own] > 0;
        starts[size_t(task) + 1] = n;
    });
    for (size_t i = 1; i < starts.size(); ++i) starts[i] += starts[i - 1];
    return starts;
}

// Works out the new values of an owner's rows from where the round began and from the sums, which become zeros again.
// `packed.rows` and `packed.biases` are the new values, not changes; its curvature is left alone.
inline void finish_round(const RoundSums& sums, const float* base, const float* base_biases,
                         const std::vector<int64_t>& starts, int n_jobs, const PackedRows& packed) {
    parallel_for(int64_t(starts.size()) - 1, n_jobs, [&](int64_t task, int) {
        const int64_t first = task * rows_per_task, last = std::min(first + rows_per_task, sums.n_own);
        int64_t at = starts[size_t(task)];
        for (int64_t own = first; own < last; ++own) {
            if (sums.n_machines[own] == 0) continue;
            const int64_t id = own * sums.n_owners + sums.owner;
            const float share =
                merge_share(sums.n_machines[own], sums.curvature[own], round_curvature(sums.n_machines[own]));
            float* sum = sums.rows + own * sums.stride;
            for (int64_t d = 0; d < sums.stride; ++d) {
                packed.rows[at * sums.stride + d] = base[id * sums.stride + d] + share * sum[d];
                sum[d] = 0;
            }
            if (sums.biases) {
                packed.biases[at] = base_biases[id] + share * sums.biases[own];
                sums.biases[own] = 0;
            }
            sums.curvature[own] = 0;
            sums.n_machines[own] = 0;
            packed.ids[at++] = int32_t(id);
        }
    });
}

// Puts new rows into the copy and where its next round begins.
inline void put_rows(const RoundMatrix& m, const PackedRows& packed, int n_jobs) {
    const int64_t n_tasks = (packed.n + rows_per_task - 1) / rows_per_task;
    parallel_for(n_tasks, n_jobs, [&](int64_t task, int) {
        const int64_t first = task * rows_per_task, last = std::min(first + rows_per_task, packed.n);
        for (int64_t i = first; i < last; ++i) {
            const int64_t id = packed.ids[i];
            const float* row = packed.rows + i * m.stride;
            for (int64_t d = 0; d < m.stride; ++d) m.rows[id * m.stride + d] = m.base[id * m.stride + d] = row[d];
            if (m.biases) m.biases[id] = m.base_biases[id] = packed.biases[i];
        }
    });
}

}  // namespace firth
