// The k rows with the largest dot product for each query, exactly: best first, equal scores by the lower row number.
// Memory: the result, and for each thread a panel of queries and a block of scores.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "aligned.hpp"
#include "dispatch.hpp"
#include "threads.hpp"
#include "variant.hpp"

namespace firth {

constexpr int64_t panel_size = 16;      // queries side by side, the lanes of dot_block
constexpr int64_t panels_per_task = 4;  // that share a block of rows while it is in the cache
constexpr int64_t block_floats = 1 << 15;

struct TopKProblem {
    const float* queries;    // (n_queries, size)
    const float* rows;       // (n_rows, size)
    const int32_t* exclude;  // (n_queries, n_exclude), rows that are no answer; negative: nothing
    int64_t n_queries, n_rows, size, n_exclude, k;
};

struct Scored {
    float score;
    int32_t row;
};

inline bool better(const Scored& a, const Scored& b) {
    return a.score > b.score || (a.score == b.score && a.row < b.row);
}

// The best k seen so far; the worst of them lies on top of the heap.
class Best {
  public:
    explicit Best(int64_t k) : k_(k) { heap_.reserve(size_t(k)); }

    // Rows come in ascending order, so one that only equals the worst kept is no better.
    void offer(Scored one) {
        if (int64_t(heap_.size()) == k_) {
            if (!(one.score > heap_.front().score)) return;
            std::pop_heap(heap_.begin(), heap_.end(), better);
            heap_.back() = one;
        } else {
            heap_.push_back(one);
        }
        std::push_heap(heap_.begin(), heap_.end(), better);
    }

    // Scores at or below this are not wanted.
    float threshold(float none) const { return int64_t(heap_.size()) == k_ ? heap_.front().score : none; }

    // Writes the answer, best first.
    void take(int32_t* rows, float* scores) {
        std::sort(heap_.begin(), heap_.end(), better);
        for (size_t i = 0; i < heap_.size(); ++i) {
            rows[i] = heap_[i].row;
            scores[i] = heap_[i].score;
        }
    }

  private:
    int64_t k_;
    std::vector<Scored> heap_;
};

struct TopKScratch {
    TopKScratch(int64_t size, int64_t block_rows)
        : panels(panels_per_task * panel_size * size),
          scores(block_rows * panel_size),
          thresholds(panel_size),
          hits(size_t(block_rows)) {}

    AlignedFloats panels, scores, thresholds;
    std::vector<uint8_t> hits;
};

// Scores one block of rows against one panel and offers what passes; `best` has one entry for each of its queries.
inline void scan_block(const TopKProblem& p, const float* panel, int64_t first_query, int64_t first_row, int64_t n_rows,
                       TopKScratch& scratch, std::vector<Best>::iterator best) {
    constexpr float infinity = __builtin_inff();
    const int64_t n_lanes = std::min(panel_size, p.n_queries - first_query);
    float* thresholds = scratch.thresholds.data();
    for (int64_t q = 0; q < panel_size; ++q) thresholds[q] = q < n_lanes ? best[q].threshold(-infinity) : infinity;
    variant().dot_block(panel, p.rows + first_row * p.size, n_rows, p.size, thresholds, scratch.scores.data(),
                        scratch.hits.data());
    for (int64_t r = 0; r < n_rows; ++r) {
        if (!scratch.hits[size_t(r)]) continue;
        const float* scores = scratch.scores.data() + r * panel_size;
        for (int64_t q = 0; q < n_lanes; ++q) {
            if (!(scores[q] > thresholds[q])) continue;
            const int32_t row = int32_t(first_row + r);
            const int32_t* skip = p.exclude + (first_query + q) * p.n_exclude;
            if (std::find(skip, skip + p.n_exclude, row) != skip + p.n_exclude) continue;
            best[q].offer({scores[q], row});
            thresholds[q] = best[q].threshold(-infinity);
        }
    }
}

// One task: up to 64 queries against all rows.
inline void top_k_task(const TopKProblem& p, int64_t task, int64_t block_rows, TopKScratch& scratch, int32_t* ids,
                       float* scores) {
    const int64_t first = task * panels_per_task * panel_size;
    const int64_t n = std::min(panels_per_task * panel_size, p.n_queries - first);
    std::vector<Best> best(static_cast<size_t>(n), Best(p.k));
    for (Best& each : best) each = Best(p.k);  // copies of an empty vector have no room reserved
    const int64_t n_panels = (n + panel_size - 1) / panel_size;
    float* panels = scratch.panels.data();
    std::fill(panels, panels + n_panels * panel_size * p.size, 0.0f);
    for (int64_t q = 0; q < n; ++q) {
        float* lane = panels + (q / panel_size) * panel_size * p.size + q % panel_size;
        for (int64_t d = 0; d < p.size; ++d) lane[d * panel_size] = p.queries[(first + q) * p.size + d];
    }
    for (int64_t row = 0; row < p.n_rows; row += block_rows)
        for (int64_t i = 0; i < n_panels; ++i)
            scan_block(p, panels + i * panel_size * p.size, first + i * panel_size, row,
                       std::min(block_rows, p.n_rows - row), scratch, best.begin() + i * panel_size);
    for (int64_t q = 0; q < n; ++q) best[size_t(q)].take(ids + (first + q) * p.k, scores + (first + q) * p.k);
}

// ids, scores: (n_queries, k). The caller has seen to k <= n_rows - n_exclude, hence every place is filled.
inline void top_k(const TopKProblem& p, int n_jobs, int32_t* ids, float* scores) {
    if (p.k == 0 || p.n_queries == 0) return;
    const int64_t block_rows = std::clamp<int64_t>(block_floats / std::max<int64_t>(p.size, 1), 16, 1024);
    const int64_t n_tasks = (p.n_queries + panels_per_task * panel_size - 1) / (panels_per_task * panel_size);
    std::vector<std::unique_ptr<TopKScratch>> scratch(static_cast<size_t>(n_jobs));
    parallel_for(n_tasks, n_jobs, [&](int64_t task, int worker) {
        auto& own = scratch[size_t(worker)];
        if (!own) own = std::make_unique<TopKScratch>(p.size, block_rows);
        top_k_task(p, task, block_rows, *own, ids, scores);
    });
}

}  // namespace firth
