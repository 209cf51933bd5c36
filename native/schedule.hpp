// Which lane trains what: contexts of both kinds take turns in a fixed pattern, so that a lane's number alone tells its
// source and its place there. Nothing has to be remembered to stop and go on.
#pragma once

#include <cstdint>
#include <vector>

#include "groups.hpp"
#include "sequences.hpp"

namespace firth {

// All unordered contexts together, or one ordered one.
struct Source {
    const Groups* groups;  // one of these two
    const Sequences* sequences;
    int64_t n_positions;  // groups: of the whole training
    int64_t lane_size;    // groups: positions per lane; sequences: tokens
    int pool_size;        // negatives that a lane draws for itself
};

struct LaneTask {
    int source;       // -1: nothing is left
    int64_t ordinal;  // of this lane among its source's
    uint64_t index;   // of this lane among all
};

struct Schedule {
    std::vector<Source> sources;
    std::vector<int32_t> pattern;  // the sources of lanes 0, 1, 2, ..., over and over
    std::vector<int64_t> rank;     // (pattern) how often the source came before within the pattern
    std::vector<int64_t> quota;    // (sources) how often it comes in the pattern
    int64_t n_lanes;               // of the whole training
    int n_contexts;

    LaneTask at(int64_t index) const {
        if (index >= n_lanes) return {-1, 0, 0};
        const int64_t length = int64_t(pattern.size());
        const int source = pattern[size_t(index % length)];
        return {source, index / length * quota[size_t(source)] + rank[size_t(index % length)], uint64_t(index)};
    }
};

}  // namespace firth
