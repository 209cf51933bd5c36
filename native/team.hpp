// A team of threads that go through one phase after another together. As with parallel_for, they only decide who
// computes what; but they stay alive over thousands of short phases.
#pragma once

#include <atomic>
#include <barrier>
#include <cstdint>
#include <thread>
#include <vector>

namespace firth {

class Team {
  public:
    explicit Team(int n_members) : n_members_(n_members), barrier_(n_members, Reset{&next_}) {}

    int n_members() const { return n_members_; }

    // Every member, the caller's thread among them, runs body(member); returns when all have.
    template <class Body>
    void run(const Body& body) {
        std::vector<std::jthread> threads;
        for (int member = 1; member < n_members_; ++member) threads.emplace_back(body, member);
        body(0);
    }

    // Called by all members: does task(0), ..., task(n_tasks - 1), each by whichever member is free, and returns when
    // all are done.
    template <class Task>
    void each(int64_t n_tasks, const Task& task) {
        for (;;) {
            const int64_t index = next_.fetch_add(1, std::memory_order_relaxed);
            if (index >= n_tasks) break;
            task(index);
        }
        barrier_.arrive_and_wait();
    }

    // Called by all members: one of them does the task.
    template <class Task>
    void once(const Task& task) {
        each(1, [&](int64_t) { task(); });
    }

    // As each(), with tasks of `size` consecutive indices: task(first, last).
    template <class Task>
    void each_range(int64_t n, int64_t size, const Task& task) {
        each((n + size - 1) / size, [&](int64_t i) { task(i * size, i * size + size < n ? i * size + size : n); });
    }

  private:
    struct Reset {
        std::atomic<int64_t>* next;
        void operator()() noexcept { next->store(0, std::memory_order_relaxed); }
    };

    int n_members_;
    std::atomic<int64_t> next_{0};
    std::barrier<Reset> barrier_;
};

}  // namespace firth
