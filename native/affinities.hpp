// From each item's nearest neighbours to t-SNE's affinities: p_ij = (p_j|i + p_i|j) / 2n, a sparse symmetric matrix
// whose sum is 1. Every row is some thread's task and is written by it alone, in the order of the columns.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "aligned.hpp"
#include "dispatch.hpp"
#include "threads.hpp"
#include "variant.hpp"

namespace firth {

// By rows, as SciPy's CSR.
struct AffinityMatrix {
    const int64_t* starts;  // (n + 1)
    const int32_t* columns;
    const float* values;
    int64_t n;
};

struct Neighbors {
    const int32_t* ids;    // (n, k), of a row all different and not the row itself
    const float* squares;  // (n, k) squared distances
    int64_t n, k;
};

constexpr int64_t rows_per_piece = 1024;

template <class Rows>
void for_rows(int64_t n, int n_jobs, const Rows& rows) {
    parallel_for((n + rows_per_piece - 1) / rows_per_piece, n_jobs,
                 [&](int64_t piece, int) { rows(piece * rows_per_piece, std::min((piece + 1) * rows_per_piece, n)); });
}

// p_j|i as the mean over the perplexities: (n, k).
inline void conditional_affinities(const Neighbors& near, const std::vector<double>& perplexities, float* out,
                                   int n_jobs) {
    for_rows(near.n, n_jobs, [&](int64_t first, int64_t last) {
        AlignedFloats squares((near.k + 15) / 16 * 16), weights((near.k + 15) / 16 * 16);
        for (int64_t i = first; i < last; ++i) {
            const float* own = near.squares + i * near.k;
            const float nearest = *std::min_element(own, own + near.k);
            for (int64_t j = 0; j < near.k; ++j) squares.data()[j] = own[j] - nearest;
            std::fill_n(out + i * near.k, near.k, 0.0f);
            for (const double perplexity : perplexities)
                variant().calibrate(squares.data(), near.k, float(std::log(perplexity)),
                                    1.0f / float(perplexities.size()), weights.data(), out + i * near.k);
        }
    });
}

class SymmetricAffinities {
  public:
    SymmetricAffinities(const Neighbors& near, const std::vector<double>& perplexities, int n_jobs) : n_(near.n) {
        std::vector<float> given(size_t(near.n * near.k));
        conditional_affinities(near, perplexities, given.data(), n_jobs);
        sort_rows(near, given, n_jobs);
        transpose(n_jobs);
        merge(n_jobs);
    }

    std::vector<int64_t> starts;
    std::vector<int32_t> columns;
    std::vector<float> values;

  private:
    // Smaller ones weigh nothing: they would only have to be carried along.
    static constexpr float negligible = 1e-8f;

    // A row's entries by column.
    struct Entry {
        int32_t column;
        float value;
    };

    void sort_rows(const Neighbors& near, const std::vector<float>& given, int n_jobs) {
        own_.resize(size_t(near.n * near.k));
        own_starts_.resize(size_t(near.n + 1));
        own_ends_.resize(size_t(near.n));
        for_rows(near.n, n_jobs, [&](int64_t first, int64_t last) {
            for (int64_t i = first; i < last; ++i) {
                Entry* row = own_.data() + i * near.k;
                int64_t length = 0;
                for (int64_t j = i * near.k; j < (i + 1) * near.k; ++j)
                    if (given[size_t(j)] > negligible) row[length++] = {near.ids[j], given[size_t(j)]};
                std::sort(row, row + length, [](Entry a, Entry b) { return a.column < b.column; });
                own_starts_[size_t(i)] = i * near.k;
                own_ends_[size_t(i)] = i * near.k + length;
            }
        });
    }

    // Each thread goes through all entries and takes those of its own range of columns.
    void transpose(int n_jobs) {
        other_starts_.assign(size_t(n_ + 1), 0);
        const auto for_entries = [&](const auto& take) {
            parallel_for(n_jobs, n_jobs, [&](int64_t part, int) {
                const int64_t first = n_ * part / n_jobs, last = n_ * (part + 1) / n_jobs;
                for (int64_t i = 0; i < n_; ++i)
                    for (int64_t e = own_starts_[size_t(i)]; e < own_ends_[size_t(i)]; ++e)
                        if (const Entry& entry = own_[size_t(e)]; entry.column >= first && entry.column < last)
                            take(int32_t(i), entry);
            });
        };
        for_entries([&](int32_t, const Entry& entry) { ++other_starts_[size_t(entry.column) + 1]; });
        for (int64_t i = 0; i < n_; ++i) other_starts_[size_t(i) + 1] += other_starts_[size_t(i)];
        other_.resize(size_t(other_starts_[size_t(n_)]));
        std::vector<int64_t> next(other_starts_.begin(), other_starts_.end() - 1);
        for_entries([&](int32_t row, const Entry& entry) {
            other_[size_t(next[size_t(entry.column)]++)] = {row, entry.value};
        });
    }

    // Calls take(column, sum of both) for each column of row i that either matrix has, ascending.
    template <class Take>
    void for_union(int64_t i, const Take& take) const {
        const Entry *a = own_.data() + own_starts_[size_t(i)], *a_end = own_.data() + own_ends_[size_t(i)];
        const Entry *b = other_.data() + other_starts_[size_t(i)],
                    *b_end = other_.data() + other_starts_[size_t(i) + 1];
        while (a < a_end || b < b_end) {
            const int32_t column = b == b_end ? a->column : a == a_end ? b->column : std::min(a->column, b->column);
            float value = 0;
            if (a < a_end && a->column == column) value += (a++)->value;
            if (b < b_end && b->column == column) value += (b++)->value;
            take(column, value);
        }
    }

    void merge(int n_jobs) {
        starts.assign(size_t(n_ + 1), 0);
        for_rows(n_, n_jobs, [&](int64_t first, int64_t last) {
            for (int64_t i = first; i < last; ++i) for_union(i, [&](int32_t, float) { ++starts[size_t(i) + 1]; });
        });
        for (int64_t i = 0; i < n_; ++i) starts[size_t(i) + 1] += starts[size_t(i)];
        columns.resize(size_t(starts[size_t(n_)]));
        values.resize(columns.size());
        const float scale = float(1 / (2 * double(n_)));
        for_rows(n_, n_jobs, [&](int64_t first, int64_t last) {
            for (int64_t i = first; i < last; ++i) {
                size_t at = size_t(starts[size_t(i)]);
                for_union(i, [&](int32_t column, float value) {
                    columns[at] = column;
                    values[at++] = value * scale;
                });
            }
        });
    }

    int64_t n_;
    std::vector<Entry> own_, other_;
    std::vector<int64_t> own_starts_, own_ends_, other_starts_;
};

}  // namespace firth
