// The k rows with the largest dot product for each query, exactly: best first, equal scores by the lower row number.
// Memory: the result, and for each thread a panel of queries and a block of scores.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "aligned.hpp"
#include "dispatch.hpp"
#include "threads.hpp"
#include "variant.hpp"

namespace firth {

constexpr int64_t panel_size = 16;      // queries side by side, the lanes of dot_block
constexpr int64_t panels_per_task = 4;  // that share a block of rows while it is in the cache
constexpr int64_t queries_per_task = panels_per_task * panel_size;
constexpr int64_t block_floats = 1 << 15;

struct TopKProblem {
    const float* queries;    // (n_queries, size)
    const float* rows;       // (n_rows, size)
    const int32_t* exclude;  // (n_queries, n_exclude), rows that are no answer; negative: nothing
    int64_t n_queries, n_rows, size, n_exclude, k;
};

// The best k seen so far, in a buffer that is cut back to k when it is full. A score and its row are one integer, the
// larger the better: the score's bits in an order that integers keep, then the complement of the row. A heap of k did
// the same in 2.5 times the time for k = 90.
class Best {
  public:
    explicit Best(int64_t k) : k_(k), keys_(size_t(2 * k + 4 * slack)) {}

    // Scores at or below this are not wanted: rows come in ascending order, so one that only equals the worst kept is
    // no better.
    float threshold() const { return threshold_; }

    // Brings the threshold up where that is worth it, before many scores are compared with it.
    void refresh() {
        if (n_ > k_ + k_ / 2) cut();
    }

    // Offers row `first + r` with the score scores[r * panel_size], for each r of `hits`.
    void offer(const int32_t* hits, int64_t n_hits, const float* scores, int64_t first) {
        while (n_hits > 0) {
            const int64_t n = std::min(n_hits, int64_t(keys_.size()) - n_);
            uint64_t* keys = keys_.data();
            for (int64_t i = 0; i < n; ++i) {  // without a branch: whether a score passes cannot be predicted
                const float score = scores[int64_t(hits[i]) * panel_size];
                keys[n_] = key(score, uint32_t(first + hits[i]));
                n_ += score > threshold_;
            }
            hits += n, n_hits -= n;
            if (int64_t(keys_.size()) - n_ < slack) cut();
        }
    }

    // Brings the threshold up to the worst of the k best, once there are k.
    void settle() {
        if (n_ >= k_) cut();
    }

    // Writes the answer, best first, and returns how many there are.
    int64_t take(int32_t* rows, float* scores) {
        if (n_ > k_) cut();
        std::sort(keys_.begin(), keys_.begin() + n_, std::greater<uint64_t>());
        for (int64_t i = 0; i < n_; ++i) {
            rows[i] = int32_t(~uint32_t(keys_[size_t(i)]));
            scores[i] = score_of(keys_[size_t(i)]);
        }
        return n_;
    }

    // Takes over what another one has kept, of other rows; both offer at most k.
    void absorb(Best& other) {
        if (other.n_ > k_) other.cut();
        if (n_ > k_) cut();
        std::copy(other.keys_.begin(), other.keys_.begin() + other.n_, keys_.begin() + n_);
        n_ += other.n_;
    }

    void clear() {
        n_ = 0;
        threshold_ = -__builtin_inff();
    }

  private:
    static constexpr int64_t slack = 4;

    static uint64_t key(float score, uint32_t row) {
        const uint32_t bits = std::bit_cast<uint32_t>(score + 0.0f);  // -0 and 0 are equal
        const uint32_t ordered = bits ^ (uint32_t(int32_t(bits) >> 31) | 0x80000000u);
        return uint64_t(ordered) << 32 | uint32_t(~row);
    }

    static float score_of(uint64_t key) {
        const uint32_t ordered = uint32_t(key >> 32);
        return std::bit_cast<float>(ordered & 0x80000000u ? ordered ^ 0x80000000u : ~ordered);
    }

    void cut() {
        std::nth_element(keys_.begin(), keys_.begin() + (k_ - 1), keys_.begin() + n_, std::greater<uint64_t>());
        n_ = k_;
        threshold_ = score_of(keys_[size_t(k_ - 1)]);
    }

    int64_t k_, n_ = 0;
    float threshold_ = -__builtin_inff();
    std::vector<uint64_t> keys_;
};

struct TopKScratch {
    TopKScratch(int64_t size, int64_t block_rows)
        : panels(panels_per_task * panel_size * size),
          scores(block_rows * panel_size),
          thresholds(panel_size),
          hits(size_t(block_rows)),
          hit_rows(size_t(block_rows)) {}

    AlignedFloats panels, scores, thresholds;
    std::vector<uint8_t> hits;
    std::vector<int32_t> hit_rows;
};

// Up to sixteen queries side by side.
struct Panel {
    const float* lanes;      // (size, 16)
    Best* best[panel_size];  // of each query
    const int32_t* exclude;  // (n_lanes, n_exclude)
    int64_t n_lanes, n_exclude;
};

// Scores a block of rows against a panel and offers what passes, rows first, first + 1, ... of `rows`.
inline void scan_block(const Panel& panel, const float* rows, int64_t size, int64_t first, int64_t n_rows,
                       TopKScratch& scratch) {
    float* thresholds = scratch.thresholds.data();
    float* scores = scratch.scores.data();
    for (int64_t q = 0; q < panel.n_lanes; ++q) {
        panel.best[q]->refresh();
        thresholds[q] = panel.best[q]->threshold();
    }
    std::fill(thresholds + panel.n_lanes, thresholds + panel_size, __builtin_inff());
    variant().dot_block(panel.lanes, rows + first * size, n_rows, size, thresholds, scores, scratch.hits.data());
    int64_t n_hits = 0;
    for (int64_t r = 0; r < n_rows; ++r) {
        scratch.hit_rows[size_t(n_hits)] = int32_t(r);
        n_hits += scratch.hits[size_t(r)];
    }
    if (n_hits == 0) return;
    for (int64_t q = 0; q < panel.n_lanes; ++q) {
        const int32_t* skip = panel.exclude + q * panel.n_exclude;
        for (int64_t i = 0; i < panel.n_exclude; ++i) {
            const int64_t r = skip[i] - first;
            if (r >= 0 && r < n_rows) scores[r * panel_size + q] = -__builtin_inff();
        }
        panel.best[q]->offer(scratch.hit_rows.data(), n_hits, scores + q, first);
    }
}

// Copies a query into a lane of a panel.
inline void fill_lane(const float* query, int64_t size, float* lane) {
    for (int64_t d = 0; d < size; ++d) lane[d * panel_size] = query[d];
}

// Rows in a block: a block fits into the inner cache.
inline int64_t rows_per_block(int64_t size) {
    return std::clamp<int64_t>(block_floats / std::max<int64_t>(size, 1), 16, 1024);
}

// Rows in the block at `row`: few at first, while nearly every score is among the best so far. For k = 1 of 2,000 rows
// this saves half of the time.
inline int64_t next_block(int64_t row, int64_t n_rows, int64_t block_rows) {
    return std::min({std::max<int64_t>(row, 48), block_rows, n_rows - row});
}

// The best rows for up to 64 queries, of the rows from `row` to before `last`.
inline std::vector<Best> best_of(const TopKProblem& p, int64_t task, int64_t row, int64_t last, int64_t block_rows,
                                 TopKScratch& scratch) {
    const int64_t first = task * queries_per_task;
    const int64_t n = std::min(queries_per_task, p.n_queries - first);
    std::vector<Best> best(static_cast<size_t>(n), Best(p.k));
    const int64_t n_panels = (n + panel_size - 1) / panel_size;
    float* lanes = scratch.panels.data();
    std::fill(lanes, lanes + n_panels * panel_size * p.size, 0.0f);
    std::vector<Panel> panels(static_cast<size_t>(n_panels));
    for (int64_t q = 0; q < n; ++q) {
        const int64_t lane = q % panel_size;
        float* own = lanes + (q / panel_size) * panel_size * p.size;
        Panel& panel = panels[size_t(q / panel_size)];
        if (lane == 0) panel = {own, {}, p.exclude + (first + q) * p.n_exclude, 0, p.n_exclude};
        panel.best[lane] = &best[size_t(q)];
        panel.n_lanes = lane + 1;
        fill_lane(p.queries + (first + q) * p.size, p.size, own + lane);
    }
    for (int64_t begin = row, n_rows; row < last; row += n_rows) {
        n_rows = next_block(row - begin, last - begin, block_rows);
        for (const Panel& panel : panels) scan_block(panel, p.rows, p.size, row, n_rows, scratch);
    }
    return best;
}

// How many parts the rows are cut into, for threads that would have no queries of their own.
inline int64_t parts_of_rows(const TopKProblem& p, int64_t n_tasks, int64_t block_rows, int n_jobs) {
    const int64_t idle = n_jobs / n_tasks;
    return std::max<int64_t>(1, std::min<int64_t>(idle, p.n_rows / (8 * block_rows)));
}

// ids, scores: (n_queries, k). The caller has seen to k <= n_rows - n_exclude, hence every place is filled. The best of
// all rows are the best of the parts' best, so that neither threads nor parts change a byte.
inline void top_k(const TopKProblem& p, int n_jobs, int32_t* ids, float* scores) {
    if (p.k == 0 || p.n_queries == 0) return;
    const int64_t block_rows = rows_per_block(p.size);
    const int64_t n_tasks = (p.n_queries + queries_per_task - 1) / queries_per_task;
    const int64_t n_parts = parts_of_rows(p, n_tasks, block_rows, n_jobs);
    std::vector<std::unique_ptr<TopKScratch>> scratch(static_cast<size_t>(n_jobs));
    std::vector<std::vector<Best>> found(n_parts > 1 ? size_t(n_tasks * n_parts) : 0);
    const auto write = [&](int64_t task, std::vector<Best>& best) {
        for (size_t q = 0; q < best.size(); ++q) {
            const int64_t place = (task * queries_per_task + int64_t(q)) * p.k;
            best[q].take(ids + place, scores + place);
        }
    };
    parallel_for(n_tasks * n_parts, n_jobs, [&](int64_t piece, int worker) {
        auto& own = scratch[size_t(worker)];
        if (!own) own = std::make_unique<TopKScratch>(p.size, block_rows);
        const int64_t task = piece / n_parts, part = piece % n_parts;
        std::vector<Best> best =
            best_of(p, task, part * p.n_rows / n_parts, (part + 1) * p.n_rows / n_parts, block_rows, *own);
        if (n_parts > 1)
            found[size_t(piece)] = std::move(best);
        else
            write(task, best);
    });
    if (n_parts == 1) return;
    for (int64_t task = 0; task < n_tasks; ++task) {
        std::vector<Best>& best = found[size_t(task * n_parts)];
        for (int64_t part = 1; part < n_parts; ++part)
            for (size_t q = 0; q < best.size(); ++q) best[q].absorb(found[size_t(task * n_parts + part)][q]);
        write(task, best);
    }
}

}  // namespace firth
