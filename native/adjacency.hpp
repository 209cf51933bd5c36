// A graph as compressed rows: the neighbours of node i are neighbours[offsets[i]], ..., neighbours[offsets[i + 1] - 1],
// ascending and distinct. Edges that come several times become one, whose weights are added up from the smallest to the
// largest, so that the order in which edges come has no influence.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <type_traits>
#include <utility>
#include <vector>

#include "threads.hpp"

namespace firth {

struct Edges {
    const int32_t* sources;
    const int32_t* targets;
    const double* weights;  // (n) or null: all 1
    int64_t n;
    bool is_directed;  // otherwise each edge goes both ways
};

struct Adjacency {
    std::vector<int64_t> offsets;
    std::vector<int32_t> neighbours;
    std::vector<double> weights;  // empty where all are alike
    int64_t n_merged = 0;         // edges that were another one once more, both ways of an undirected one counted once
};

// Where an entry goes to, and its weight; of a graph without weights the node alone.
struct WeightedEntry {
    int32_t target;
    double weight;

    bool operator<(const WeightedEntry& other) const {
        return target != other.target ? target < other.target : weight < other.weight;
    }
};
inline int32_t target_of(int32_t entry) { return entry; }
inline int32_t target_of(const WeightedEntry& entry) { return entry.target; }
inline double weight_of(int32_t) { return 1; }
inline double weight_of(const WeightedEntry& entry) { return entry.weight; }

// Entries of all nodes, sorted within each, before equal ones are joined; node i's begin at starts[i].
template <class Entry>
std::vector<Entry> sorted_entries(const Edges& edges, std::vector<int64_t>& starts, int n_jobs) {
    const int64_t n_nodes = int64_t(starts.size()) - 1;
    for (int64_t e = 0; e < edges.n; ++e) {
        ++starts[size_t(edges.sources[e]) + 1];
        if (!edges.is_directed) ++starts[size_t(edges.targets[e]) + 1];
    }
    std::partial_sum(starts.begin(), starts.end(), starts.begin());
    std::vector<Entry> entries(size_t(starts.back()));
    std::vector<int64_t> next(starts.begin(), starts.end() - 1);
    const auto put = [&](int32_t from, int32_t to, int64_t e) {
        Entry& entry = entries[size_t(next[size_t(from)]++)];
        if constexpr (std::is_same_v<Entry, WeightedEntry>)
            entry = {to, edges.weights[e]};
        else
            entry = to;
    };
    for (int64_t e = 0; e < edges.n; ++e) {
        put(edges.sources[e], edges.targets[e], e);
        if (!edges.is_directed) put(edges.targets[e], edges.sources[e], e);
    }
    constexpr int64_t rows_per_task = 1024;
    parallel_for((n_nodes + rows_per_task - 1) / rows_per_task, n_jobs, [&](int64_t task, int) {
        const int64_t last = std::min((task + 1) * rows_per_task, n_nodes);
        for (int64_t i = task * rows_per_task; i < last; ++i)
            std::sort(entries.begin() + starts[size_t(i)], entries.begin() + starts[size_t(i) + 1]);
    });
    return entries;
}

template <class Entry>
Adjacency joined(const Edges& edges, int64_t n_nodes, int n_jobs) {
    Adjacency made;
    std::vector<int64_t> starts(size_t(n_nodes) + 1);
    std::vector<Entry> entries = sorted_entries<Entry>(edges, starts, n_jobs);
    made.offsets.resize(size_t(n_nodes) + 1);
    const auto is_first = [&](int64_t i, int64_t e) {
        return e == starts[size_t(i)] || target_of(entries[size_t(e)]) != target_of(entries[size_t(e) - 1]);
    };
    for (int64_t i = 0; i < n_nodes; ++i) {
        int64_t n = 0;
        for (int64_t e = starts[size_t(i)]; e < starts[size_t(i) + 1]; ++e) n += is_first(i, e);
        made.offsets[size_t(i) + 1] = made.offsets[size_t(i)] + n;
    }
    const int64_t n_entries = int64_t(entries.size()), n = made.offsets.back();
    made.n_merged = edges.is_directed ? n_entries - n : (n_entries - n) / 2;
    if constexpr (std::is_same_v<Entry, int32_t>)
        if (n == n_entries) {
            made.neighbours = std::move(entries);
            return made;
        }
    made.neighbours.resize(size_t(n));
    made.weights.resize(size_t(n));
    int64_t place = -1;
    for (int64_t i = 0; i < n_nodes; ++i)
        for (int64_t e = starts[size_t(i)]; e < starts[size_t(i) + 1]; ++e) {
            if (is_first(i, e)) made.neighbours[size_t(++place)] = target_of(entries[size_t(e)]);
            made.weights[size_t(place)] += weight_of(entries[size_t(e)]);
        }
    // Weights that are all alike tell nothing.
    if (n > 0 && std::equal(made.weights.begin() + 1, made.weights.end(), made.weights.begin()))
        std::vector<double>().swap(made.weights);
    return made;
}

inline Adjacency adjacency(const Edges& edges, int64_t n_nodes, int n_jobs) {
    return edges.weights ? joined<WeightedEntry>(edges, n_nodes, n_jobs) : joined<int32_t>(edges, n_nodes, n_jobs);
}

// The number of parts that hang together, whichever way edges go, and the nodes of the largest; nodes without any edge
// are not counted.
inline std::pair<int64_t, int64_t> components(const int64_t* offsets, const int32_t* neighbours, int64_t n_nodes) {
    std::vector<int32_t> parent(static_cast<size_t>(n_nodes));
    std::iota(parent.begin(), parent.end(), 0);
    const auto root = [&](int32_t i) {
        while (parent[size_t(i)] != i) i = parent[size_t(i)] = parent[size_t(parent[size_t(i)])];
        return i;
    };
    std::vector<uint8_t> has_edge(static_cast<size_t>(n_nodes));
    for (int64_t i = 0; i < n_nodes; ++i)
        for (int64_t e = offsets[i]; e < offsets[i + 1]; ++e) {
            has_edge[size_t(i)] = has_edge[size_t(neighbours[e])] = 1;
            const int32_t a = root(int32_t(i)), b = root(neighbours[e]);
            if (a != b) parent[size_t(std::max(a, b))] = std::min(a, b);
        }
    std::vector<int64_t> sizes(static_cast<size_t>(n_nodes));
    for (int64_t i = 0; i < n_nodes; ++i) sizes[size_t(root(int32_t(i)))] += has_edge[size_t(i)];
    return {std::count_if(sizes.begin(), sizes.end(), [](int64_t size) { return size > 0; }),
            n_nodes ? *std::max_element(sizes.begin(), sizes.end()) : 0};
}

}  // namespace firth
