// The nearest rows of a matrix to its own rows, among likely candidates only. Rows are sorted into cells of similar
// rows, and a query reads the cells in which it expects a row better than its k-th best so far.
//
// The scores of a cell's rows have a mean, query . means[c], and a spread; `bounds` holds the means with some
// spreads added, so that a cell is read where query . bounds[c] > (k-th best score so far).
//
// Queries are taken in batches of neighbours in the order of cells: each cell that any of them wants is read once,
// sixteen queries side by side. A batch is one task, hence no result depends on the number of threads.
#pragma once

#include "topk.hpp"

namespace firth {

constexpr int64_t batch_size = 2048;  // queries

// Cells are read in the order of promise, roughly: first those whose bound exceeds the k-th best score by more than
// this share of what the most promising cell does.
constexpr float waves[] = {0.6f, 0.3f, 0.0f};

struct ProbeProblem {
    const float* queries;    // (n_rows, size) sorted by cell; query i is no answer to itself
    const float* rows;       // (n_rows, size) sorted alike
    const int64_t* offsets;  // (n_cells + 1) first row of each cell, and n_rows
    const float* means;      // (n_cells, size)
    const float* bounds;     // (n_cells, size)
    int64_t n_rows, n_cells, size, k;
    int64_t n_first;  // rows that a query reads of the likeliest cells, before it has a k-th best
};

// A query of a batch that reads a cell.
struct Probe {
    int32_t query, cell;
    float bound, promise;  // how far the bound exceeds the k-th best score at the time of choosing
};

class Batch {
  public:
    explicit Batch(const ProbeProblem& p)
        : p_(p),
          block_rows_(rows_per_block(p.size)),
          scratch_(p.size, block_rows_),
          n_first_cells_(std::min(p.n_cells, 4 + 4 * p.n_first * p.n_cells / std::max<int64_t>(p.n_rows, 1))),
          best_(size_t(batch_size), Best(p.k)),
          first_cells_(size_t(panel_size), Best(n_first_cells_)),
          cells_(size_t(n_first_cells_)),
          starts_(size_t(p.n_cells) + 1),
          scores_(size_t(std::max(p.k, n_first_cells_))) {}

    // Answers queries first .. last - 1.
    void run(int64_t first, int64_t last, int32_t* ids) {
        first_ = first;
        n_ = last - first;
        seen_.assign(size_t(n_), {});
        most_.assign(size_t(n_), 0.0f);
        for (int64_t q = 0; q < n_; ++q) best_[size_t(q)].clear();
        probes_.clear();
        for (int64_t q = 0; q < n_; q += panel_size) choose_first(q);
        read_cells(0.0f);
        settle();
        probes_.clear();
        for (int64_t q = 0; q < n_; q += panel_size) choose_more(q);
        for (const float least : waves) {
            read_cells(least);
            settle();
        }
        for (int64_t q = 0; q < n_; ++q) best_[size_t(q)].take(ids + q * p_.k, scores_.data());
    }

  private:
    void fill_panel(const int32_t* queries, int64_t n) {
        for (int64_t q = 0; q < n; ++q)
            fill_lane(p_.queries + (first_ + queries[q]) * p_.size, p_.size, scratch_.panels.data() + q);
    }

    int64_t neighbours_panel(int64_t query, int32_t* queries) {
        const int64_t n = std::min(panel_size, n_ - query);
        for (int64_t q = 0; q < n; ++q) queries[q] = int32_t(query + q);
        fill_panel(queries, n);
        return n;
    }

    // The cells of the best means, until they hold n_first rows.
    void choose_first(int64_t query) {
        int32_t queries[panel_size];
        Panel panel{scratch_.panels.data(), {}, nullptr, neighbours_panel(query, queries), 0};
        for (int64_t q = 0; q < panel.n_lanes; ++q) {
            panel.best[q] = &first_cells_[size_t(q)];
            panel.best[q]->clear();
        }
        for (int64_t cell = 0, n; cell < p_.n_cells; cell += n) {
            n = next_block(cell, p_.n_cells, block_rows_);
            scan_block(panel, p_.means, p_.size, cell, n, scratch_);
        }
        for (int64_t q = 0; q < panel.n_lanes; ++q) {
            const int64_t n_cells = panel.best[q]->take(cells_.data(), scores_.data());
            int64_t n_rows = 0;
            for (int64_t i = 0; i < n_cells && n_rows < p_.n_first; ++i) {
                n_rows += p_.offsets[cells_[size_t(i)] + 1] - p_.offsets[cells_[size_t(i)]];
                probes_.push_back({queries[q], cells_[size_t(i)], __builtin_inff(), 1.0f});
                seen_[size_t(queries[q])].push_back(cells_[size_t(i)]);
            }
        }
    }

    // All other cells whose bound is above the k-th best score.
    void choose_more(int64_t query) {
        int32_t queries[panel_size];
        const int64_t n = neighbours_panel(query, queries);
        float* thresholds = scratch_.thresholds.data();
        for (int64_t q = 0; q < panel_size; ++q)
            thresholds[q] = q < n ? best_[size_t(queries[q])].threshold() : __builtin_inff();
        for (int64_t first = 0; first < p_.n_cells; first += block_rows_) {
            const int64_t n_cells = std::min(block_rows_, p_.n_cells - first);
            variant().dot_block(scratch_.panels.data(), p_.bounds + first * p_.size, n_cells, p_.size, thresholds,
                                scratch_.scores.data(), scratch_.hits.data());
            for (int64_t c = 0; c < n_cells; ++c) {
                if (!scratch_.hits[size_t(c)]) continue;
                const float* bounds = scratch_.scores.data() + c * panel_size;
                const int32_t cell = int32_t(first + c);
                for (int64_t q = 0; q < n; ++q) {
                    if (!(bounds[q] > thresholds[q])) continue;
                    const auto& seen = seen_[size_t(queries[q])];
                    if (std::find(seen.begin(), seen.end(), cell) == seen.end())
                        probes_.push_back({queries[q], cell, bounds[q], bounds[q] - thresholds[q]});
                    most_[size_t(queries[q])] = std::max(most_[size_t(queries[q])], bounds[q] - thresholds[q]);
                }
            }
        }
    }

    void settle() {
        for (int64_t q = 0; q < n_; ++q) best_[size_t(q)].settle();
    }

    // Reads each cell that promises at least a share `least` of the most, for all that have not found better meanwhile.
    void read_cells(float least) {
        const auto is_wanted = [&](const Probe& probe) {
            return probe.promise >= least * most_[size_t(probe.query)] &&
                   probe.bound > best_[size_t(probe.query)].threshold();
        };
        std::fill(starts_.begin(), starts_.end(), 0);
        const auto rest = std::partition(probes_.begin(), probes_.end(), is_wanted);
        for (auto probe = probes_.begin(); probe != rest; ++probe) ++starts_[size_t(probe->cell) + 1];
        for (size_t c = 1; c < starts_.size(); ++c) starts_[c] += starts_[c - 1];
        by_cell_.resize(size_t(rest - probes_.begin()));
        for (auto probe = probes_.begin(); probe != rest; ++probe)
            by_cell_[size_t(starts_[size_t(probe->cell)]++)] = *probe;
        probes_.erase(probes_.begin(), rest);
        int64_t start = 0;
        for (int64_t cell = 0; cell < p_.n_cells; ++cell) {
            const int64_t end = starts_[size_t(cell)];  // moved there by the loop above
            int32_t queries[panel_size];
            int64_t n = 0;
            for (; start < end; ++start) {
                const Probe& probe = by_cell_[size_t(start)];
                if (probe.bound > best_[size_t(probe.query)].threshold()) queries[n++] = probe.query;
                if (n == panel_size) read_cell(cell, queries, n), n = 0;
            }
            if (n > 0) read_cell(cell, queries, n);
        }
    }

    void read_cell(int64_t cell, const int32_t* queries, int64_t n) {
        int32_t own[panel_size];
        Panel panel{scratch_.panels.data(), {}, own, n, 1};
        for (int64_t q = 0; q < n; ++q) {
            panel.best[q] = &best_[size_t(queries[q])];
            own[q] = int32_t(first_ + queries[q]);
        }
        fill_panel(queries, n);
        for (int64_t row = p_.offsets[cell]; row < p_.offsets[cell + 1]; row += block_rows_)
            scan_block(panel, p_.rows, p_.size, row, std::min(block_rows_, p_.offsets[cell + 1] - row), scratch_);
    }

    ProbeProblem p_;
    int64_t block_rows_, first_ = 0, n_ = 0;
    TopKScratch scratch_;
    int64_t n_first_cells_;
    std::vector<Best> best_, first_cells_;
    std::vector<std::vector<int32_t>> seen_;  // cells that each query read at first
    std::vector<Probe> probes_, by_cell_;
    std::vector<int32_t> cells_;
    std::vector<int64_t> starts_;
    std::vector<float> scores_, most_;
};

// ids: (last - first, k) positions in the order of cells, -1 where a score was not a number.
inline void probe(const ProbeProblem& p, int64_t first, int64_t last, int n_jobs, int32_t* ids) {
    if (p.k == 0) return;
    std::vector<std::unique_ptr<Batch>> batches(static_cast<size_t>(n_jobs));
    parallel_for((last - first + batch_size - 1) / batch_size, n_jobs, [&](int64_t task, int worker) {
        auto& own = batches[size_t(worker)];
        if (!own) own = std::make_unique<Batch>(p);
        const int64_t start = first + task * batch_size;
        own->run(start, std::min(start + batch_size, last), ids + (start - first) * p.k);
    });
}

struct RefineProblem {
    const float* matrix;     // (n_rows, size)
    const int32_t* names;    // (n_rows) what each row is called in the answer
    const uint8_t* apart;    // (n_rows) 1: at a squared distance of 2 from every row, as a row of zeros is by cosine
    const int32_t* queries;  // (n) rows
    const int32_t* ids;      // (n, n_found) rows
    int64_t n, n_found, size, k;
};

// The k nearest of what was found for each query: squared distances from differences, nearest first,
// of equals the lower name. ids, distances: (n, k).
inline void refine(const RefineProblem& p, int n_jobs, int32_t* ids, float* distances) {
    constexpr int64_t rows_per_task = 256;
    parallel_for((p.n + rows_per_task - 1) / rows_per_task, n_jobs, [&](int64_t task, int) {
        std::vector<uint64_t> keys(static_cast<size_t>(p.n_found));
        for (int64_t i = task * rows_per_task; i < std::min((task + 1) * rows_per_task, p.n); ++i) {
            const int64_t query = p.queries[i];
            for (int64_t j = 0; j < p.n_found; ++j) {
                const int64_t row = p.ids[i * p.n_found + j];
                const float distance =
                    p.apart[query] || p.apart[row]
                        ? 2.0f
                        : variant().squared_distance(p.matrix + query * p.size, p.matrix + row * p.size, p.size);
                keys[size_t(j)] = uint64_t(std::bit_cast<uint32_t>(distance)) << 32 | uint32_t(p.names[row]);
            }
            std::sort(keys.begin(), keys.end());
            for (int64_t j = 0; j < p.k; ++j) {
                ids[i * p.k + j] = int32_t(uint32_t(keys[size_t(j)]));
                distances[i * p.k + j] = std::bit_cast<float>(uint32_t(keys[size_t(j)] >> 32));
            }
        }
    });
}

}  // namespace firth
