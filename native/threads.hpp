// Threads that only decide who computes what: tasks 0 .. n-1 are taken in turn by whichever thread is free, and no
// result may depend on which one it was.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace firth {

// Calls task(index, worker) once for each index below n_tasks, on up to n_jobs threads (the caller's among them);
// `worker` < n_jobs names the thread's scratch space. Returns when all are done.
template <class Task>
void parallel_for(int64_t n_tasks, int n_jobs, const Task& task) {
    std::atomic<int64_t> next{0};
    const auto work = [&](int worker) {
        for (;;) {
            const int64_t index = next.fetch_add(1, std::memory_order_relaxed);
            if (index >= n_tasks) return;
            task(index, worker);
        }
    };
    const int n_workers = int(std::clamp<int64_t>(n_tasks, 1, n_jobs));
    std::vector<std::jthread> threads;
    for (int worker = 1; worker < n_workers; ++worker) threads.emplace_back(work, worker);
    work(0);
}

}  // namespace firth
