// For each query, a row among rows: the ranks of given other rows by nearness, and the k nearest, exactly and in one
// pass over all products. Equal scores are ordered by the lower row; the query is not among the others.
// Memory: the result, and for each thread what 64 queries keep.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "aligned.hpp"
#include "dispatch.hpp"
#include "ladder.hpp"
#include "threads.hpp"
#include "variant.hpp"

namespace firth {

struct RankProblem {
    const float* rows;       // (n_rows, size)
    const int32_t* queries;  // (n_queries) row numbers
    const int32_t* others;   // (n_queries, n_others) row numbers
    int64_t n_rows, size, n_queries, n_others, k;
    bool is_distance;
};

struct RankResult {
    int32_t* ranks;    // (n_queries, n_others) 1 is the nearest
    int32_t* ties;     // (n_queries, n_others) how many of those before it are just as near
    int32_t* nearest;  // (n_queries, k) nearest first
};

constexpr int64_t rank_lanes = 16;
constexpr int64_t rank_panels = 4;   // that share a block of rows while it is in the cache
constexpr int64_t rank_block = 192;  // rows: whole tiles and whole words of marks; their scores fit the L1 cache

// The k nearest so far, and up to as many again that may be: cut back to the k when there is no more room, which costs
// less a row than a heap.
class NearestRows {
  public:
    explicit NearestRows(int64_t k) : k_(size_t(k)), limit_(k == 0 ? __builtin_inff() : -__builtin_inff()) {
        found_.reserve(room());
    }

    // A score that is not greater than this is not wanted: rows come in ascending order.
    float limit() const { return limit_; }

    // Takes a row whose score is above the limit.
    void offer(float score, int32_t row) {
        found_.push_back({score, row});
        if (found_.size() == room()) cut();
    }

    void take(int32_t* rows) {
        std::sort(found_.begin(), found_.end(), nearer);
        for (size_t i = 0; i < std::min(k_, found_.size()); ++i) rows[i] = found_[i].row;
    }

  private:
    struct Found {
        float score;
        int32_t row;
    };
    static bool nearer(const Found& a, const Found& b) {
        return a.score > b.score || (a.score == b.score && a.row < b.row);
    }

    size_t room() const { return 2 * k_ + 16; }

    void cut() {
        const auto last = found_.begin() + int64_t(k_) - 1;
        std::nth_element(found_.begin(), last, found_.end(), nearer);
        limit_ = last->score;
        found_.resize(k_);
    }

    size_t k_;
    float limit_;
    std::vector<Found> found_;
};

struct alignas(64) RankScratch {
    RankScratch(const RankProblem& p)
        : panels(rank_panels * rank_lanes * p.size),
          others(rank_lanes * p.size),
          ladders(rank_panels * rank_lanes),
          other_scores(size_t(p.n_others)) {}

    alignas(64) float scores[rank_block * rank_lanes];
    alignas(64) float limits[rank_lanes];
    alignas(64) uint32_t marks[rank_block / 32 * rank_lanes];
    AlignedFloats panels, others;
    std::vector<Ladder> ladders;
    std::vector<NearestRows> nearest;
    std::vector<float> other_scores;
};

// The rows `ids`, up to 16, side by side; lanes without a row are zeros.
inline void interleave(const RankProblem& p, const int32_t* ids, int64_t n, float* panel) {
    std::fill(panel, panel + rank_lanes * p.size, 0.0f);
    for (int64_t lane = 0; lane < n; ++lane) {
        const float* row = p.rows + int64_t(ids[lane]) * p.size;
        for (int64_t d = 0; d < p.size; ++d) panel[d * rank_lanes + lane] = row[d];
    }
}

// The scores of one query's others, by the arithmetic of the blocks: now they lie in the lanes and the query is the
// row.
inline void score_others(const RankProblem& p, int64_t query, RankScratch& own) {
    const int32_t* ids = p.others + query * p.n_others;
    for (int64_t first = 0; first < p.n_others; first += rank_lanes) {
        const int64_t n = std::min(rank_lanes, p.n_others - first);
        interleave(p, ids + first, n, own.others.data());
        variant().score_block(own.others.data(), p.rows + int64_t(p.queries[query]) * p.size, 1, p.size, p.is_distance,
                              own.limits, own.scores, own.marks);
        std::copy_n(own.scores, n, own.other_scores.begin() + first);
    }
}

// One panel against one block of rows.
inline void rank_rows_of_block(const RankProblem& p, int64_t panel, int64_t first_query, int64_t n, int64_t first_row,
                               RankScratch& own) {
    const int64_t n_rows = std::min(rank_block, p.n_rows - first_row);
    Ladder* ladders = own.ladders.data() + panel * rank_lanes;
    NearestRows* nearest = own.nearest.data() + panel * rank_lanes;
    for (int64_t q = 0; q < rank_lanes; ++q)
        own.limits[q] = q < n ? std::min(ladders[q].lowest(), nearest[q].limit()) : __builtin_inff();
    variant().score_block(own.panels.data() + panel * rank_lanes * p.size, p.rows + first_row * p.size, n_rows, p.size,
                          p.is_distance, own.limits, own.scores, own.marks);
    for (int64_t q = 0; q < n; ++q) {
        const int64_t itself = p.queries[first_query + q] - first_row;
        float wanted = nearest[q].limit();
        for (int64_t group = 0; group * 32 < n_rows; ++group) {
            uint32_t bits = own.marks[group * rank_lanes + q];
            if (itself / 32 == group && itself >= 0) bits &= ~(1u << itself % 32);
            for (; bits; bits &= bits - 1) {
                const int64_t r = group * 32 + __builtin_ctz(bits);
                const float score = own.scores[r * rank_lanes + q];
                ladders[q].pass(score, int32_t(first_row + r));
                if (score > wanted) {
                    nearest[q].offer(score, int32_t(first_row + r));
                    wanted = nearest[q].limit();
                }
            }
        }
    }
}

// One task: up to 64 queries against all rows.
inline void rank_task(const RankProblem& p, int64_t task, RankScratch& own, const RankResult& result) {
    const int64_t first = task * rank_panels * rank_lanes;
    const int64_t n = std::min(rank_panels * rank_lanes, p.n_queries - first);
    const auto lanes = [&](int64_t panel) { return std::min(rank_lanes, n - panel * rank_lanes); };
    own.nearest.clear();
    for (int64_t q = 0; q < n; ++q) {
        own.nearest.emplace_back(p.k);
        score_others(p, first + q, own);
        own.ladders[size_t(q)].set(p.others + (first + q) * p.n_others, own.other_scores.data(), p.n_others);
    }
    const int64_t n_panels = (n + rank_lanes - 1) / rank_lanes;
    for (int64_t i = 0; i < n_panels; ++i)
        interleave(p, p.queries + first + i * rank_lanes, lanes(i), own.panels.data() + i * rank_lanes * p.size);
    for (int64_t row = 0; row < p.n_rows; row += rank_block)
        for (int64_t i = 0; i < n_panels; ++i) rank_rows_of_block(p, i, first + i * rank_lanes, lanes(i), row, own);
    for (int64_t q = 0; q < n; ++q) {
        own.ladders[size_t(q)].take(result.ranks + (first + q) * p.n_others, result.ties + (first + q) * p.n_others);
        own.nearest[size_t(q)].take(result.nearest + (first + q) * p.k);
    }
}

// The caller has seen to k < n_rows, hence every place is filled where the scores are numbers.
inline void rank_rows(const RankProblem& p, int n_jobs, const RankResult& result) {
    const int64_t n_tasks = (p.n_queries + rank_panels * rank_lanes - 1) / (rank_panels * rank_lanes);
    std::vector<std::unique_ptr<RankScratch>> scratch(static_cast<size_t>(n_jobs));
    parallel_for(n_tasks, n_jobs, [&](int64_t task, int worker) {
        auto& own = scratch[size_t(worker)];
        if (!own) own = std::make_unique<RankScratch>(p);
        rank_task(p, task, *own, result);
    });
}

}  // namespace firth
