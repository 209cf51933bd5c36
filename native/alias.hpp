// Alias tables (Walker 1977, built by Vose 1991): a draw from any discrete distribution with two random words.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "philox.hpp"

namespace firth {

// Fills threshold[i] and alias[i] so that "i = below(n); if (word > threshold[i]) i = alias[i]" draws i with
// probability weights[i] / sum. Weights are >= 0 and their sum is > 0; both are checked by the caller.
inline void build_alias(const double* weights, int64_t n, uint32_t* threshold, int32_t* alias) {
    double sum = 0;
    for (int64_t i = 0; i < n; ++i) sum += weights[i];
    std::vector<double> scaled(static_cast<size_t>(n));
    std::vector<int32_t> small, large;
    for (int64_t i = 0; i < n; ++i) {
        scaled[size_t(i)] = weights[i] / sum * double(n);
        (scaled[size_t(i)] < 1 ? small : large).push_back(int32_t(i));
    }
    const auto keep = [&](int32_t i, double share, int32_t other) {
        threshold[i] = share >= 1 ? UINT32_MAX : uint32_t(share * 4294967296.0);
        alias[i] = other;
    };
    while (!small.empty() && !large.empty()) {
        const int32_t s = small.back(), l = large.back();
        small.pop_back();
        keep(s, scaled[size_t(s)], l);
        scaled[size_t(l)] -= 1 - scaled[size_t(s)];
        if (scaled[size_t(l)] < 1) {
            large.pop_back();
            small.push_back(l);
        }
    }
    // What is left differs from 1 by rounding only.
    for (int32_t i : small) keep(i, 1, i);
    for (int32_t i : large) keep(i, 1, i);
}

struct AliasTable {
    const uint32_t* threshold;
    const int32_t* alias;
    uint32_t n;

    uint32_t draw(Stream& stream) const {
        const uint32_t i = stream.below(n);
        return stream.next() > threshold[i] ? uint32_t(alias[i]) : i;
    }
};

// The same with both numbers of a column side by side, for tables that do not fit in the inner caches.
class PackedAliasTable {
  public:
    explicit PackedAliasTable(const AliasTable& table) : columns_(table.n) {
        for (uint32_t i = 0; i < table.n; ++i) columns_[i] = {table.threshold[i], table.alias[i]};
    }

    // Fills `drawn` with what as many calls of AliasTable::draw give. Columns are asked for early: twice as fast.
    void draw(Stream& stream, std::vector<int32_t>& drawn) const {
        constexpr size_t batch = 64;
        uint32_t column[batch], word[batch];
        for (size_t first = 0; first < drawn.size(); first += batch) {
            const size_t n = std::min(batch, drawn.size() - first);
            for (size_t i = 0; i < n; ++i) {
                column[i] = stream.below(uint32_t(columns_.size()));
                word[i] = stream.next();
                __builtin_prefetch(&columns_[column[i]]);
            }
            for (size_t i = 0; i < n; ++i) {
                const Column& each = columns_[column[i]];
                drawn[first + i] = word[i] > each.threshold ? each.alias : int32_t(column[i]);
            }
        }
    }

    uint32_t size() const { return uint32_t(columns_.size()); }

  private:
    struct Column {
        uint32_t threshold;
        int32_t alias;
    };
    std::vector<Column> columns_;
};

}  // namespace firth
