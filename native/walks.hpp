// Random walks on a graph, made when they are read.
//
// Walk w of an epoch begins at a node that a pseudo-random order gives it: every node begins one walk of each round of
// as many walks as there are nodes to begin at. From node v, come from u, it goes to a neighbour x with probability
//
//   P(x) ~ weight(v, x) * f(u, x),    f = 1/p if x = u,  1 if u has an edge to x,  1/q otherwise
//
// (node2vec, Grover & Leskovec 2016; p = q = 1 is DeepWalk, Perozzi et al. 2014). f takes a table per pair of
// neighbours to draw from at once; instead a neighbour is drawn by weight and taken with probability f / max f, again
// until one is (KnightKing, Yang et al. 2019). Where going back is much likelier than all else, 1/p is left out of
// max f: what it exceeds the others by becomes a draw of its own, which leads back at once. After `max_tries` refusals
// the draw is made exactly, so a step takes bounded time, and the distribution is the same.
//
// A step's words are SplitMix64's from a salt of its own walk: walks do not depend on each other, nor on how many are
// made at a time.
#pragma once

#include <algorithm>
#include <cstdint>

#include "permutation.hpp"
#include "philox.hpp"
#include "split_mix.hpp"

namespace firth {

// Compressed rows; nothing here is owned.
struct Graph {
    const int64_t* offsets;     // (n_nodes + 1)
    const int32_t* neighbours;  // ascending within a node
    const double* weights;      // of each neighbour; or null, as the three below: all alike
    const double* totals;       // (n_nodes) sums of them
    const uint32_t* threshold;  // alias tables of the weights, one per node
    const int32_t* alias;
    int64_t n_nodes;

    int64_t degree(int32_t v) const { return offsets[v + 1] - offsets[v]; }

    // The place of x among v's neighbours, from 0; -1: it is none of them. Halving without a branch on what is found
    // takes half the time of std::lower_bound, whose branches nobody can foresee.
    int64_t find(int32_t v, int32_t x) const {
        const int32_t *first = neighbours + offsets[v], *place = first;
        int64_t n = degree(v);
        if (n == 0) return -1;
        while (n > 1) {
            const int64_t half = n / 2;
            place += place[half - 1] < x ? half : 0;
            n -= half;
        }
        return *place == x ? place - first : -1;
    }
};

struct Walks {
    Graph graph;
    const int32_t* starts;  // (n_starts) nodes that walks begin at; or null: all, n_starts = n_nodes
    int64_t n_starts;
    int64_t per_node;  // walks that begin at each node, per epoch
    int64_t length;    // nodes of a walk, the first included
    double p, q;

    static constexpr int max_tries = 64;
    static constexpr int side_by_side = 16;  // walks whose next nodes are asked for before they are needed

    int64_t n_walks() const { return n_starts * per_node; }
    bool is_first_order() const { return p == 1 && q == 1; }

    // Walks first .. last-1 of an epoch, `length` places each; where a walk ends early, at a node that no edge leaves,
    // the rest of its places are -1.
    void walk(uint64_t seed, uint32_t context, int64_t epoch, int64_t first, int64_t last, int32_t* nodes) const {
        Stream stream(seed, Purpose::walks, uint64_t(context) << 40 | uint64_t(epoch));
        const uint64_t low = stream.next(), salt = low | uint64_t(stream.next()) << 32;
        const Bias bias = bias_of();
        Walker walkers[side_by_side];
        while (first < last) {
            const int n = int(std::min<int64_t>(side_by_side, last - first));
            for (int i = 0; i < n; ++i) walkers[i] = begin(salt, first + i, nodes + i * length);
            for (int64_t place = 1; place < length; ++place) {
                for (int i = 0; i < n; ++i) draw(walkers[i]);
                for (int i = 0; i < n; ++i) step(walkers[i], place, bias);
            }
            first += n;
            nodes += n * length;
        }
    }

  private:
    struct Walker {
        int32_t* nodes;
        int32_t at, from;  // -1: ended; -1: nowhere
        uint64_t salt;
        uint64_t n_words;
        int64_t column;
        uint64_t word;

        uint64_t next() { return split_mix(salt, n_words++); }
    };

    // f by what a neighbour is, divided by the largest that is drawn by refusal.
    struct Bias {
        double back, near, far;
        double excess;  // what 1/p exceeds the largest by
    };

    Bias bias_of() const {
        const double back = 1 / p, far = 1 / q, rest = std::max(1.0, far);
        return {std::min(back, rest) / rest, 1 / rest, far / rest, std::max(0.0, back - rest) / rest};
    }

    static double unit(uint64_t word) { return double(word >> 11) * 0x1p-53; }

    Walker begin(uint64_t salt, int64_t number, int32_t* nodes) const {
        const uint64_t n = uint64_t(n_starts), round = uint64_t(number) / n;
        const Permutation order(n, split_mix(salt, 2 * round + 1));
        const uint64_t place = order(uint64_t(number) % n);
        const int32_t start = starts ? starts[place] : int32_t(place);
        nodes[0] = start;
        __builtin_prefetch(&graph.offsets[start]);
        return {nodes, start, -1, split_mix(salt, 2 * uint64_t(number)), 0, 0, 0};
    }

    // Draws a column of the node's row, and asks for it.
    void draw(Walker& walker) const {
        if (walker.at < 0) return;
        const int64_t degree = graph.degree(walker.at);
        if (degree == 0) return;
        walker.word = walker.next();
        walker.column = int64_t(((walker.word >> 32) * uint64_t(degree)) >> 32);
        const int64_t place = graph.offsets[walker.at] + walker.column;
        __builtin_prefetch(&graph.neighbours[place]);
        if (graph.threshold) {
            __builtin_prefetch(&graph.threshold[place]);
            __builtin_prefetch(&graph.alias[place]);
        }
    }

    // The neighbour that a drawn column stands for.
    int32_t neighbour(const Walker& walker) const {
        const int64_t first = graph.offsets[walker.at];
        int64_t column = walker.column;
        if (graph.threshold && uint32_t(walker.word) > graph.threshold[first + column])
            column = graph.alias[first + column];
        return graph.neighbours[first + column];
    }

    void step(Walker& walker, int64_t place, const Bias& bias) const {
        if (walker.at < 0 || graph.degree(walker.at) == 0) {
            walker.nodes[place] = walker.at = -1;
            return;
        }
        const int32_t next = is_first_order() || walker.from < 0 ? neighbour(walker) : biased(walker, bias);
        walker.from = walker.at;
        walker.nodes[place] = walker.at = next;
        __builtin_prefetch(&graph.offsets[next]);
    }

    int32_t biased(Walker& walker, const Bias& bias) const {
        const double back = bias.excess > 0 ? most_of_way_back(walker) * bias.excess : 0;
        for (int tries = 0; tries < max_tries; ++tries) {
            if (tries > 0) draw(walker);
            if (back > 0 && unit(walker.next()) * (1 + back) >= 1) {
                if (graph.weights || graph.find(walker.at, walker.from) >= 0) return walker.from;
                continue;
            }
            const int32_t candidate = neighbour(walker);
            if (is_taken(walker.from, candidate, unit(walker.next()), bias)) return candidate;
        }
        return exact(walker, bias);
    }

    // Whether u, walked from to reach a candidate, lets it be taken; whether they are neighbours is looked up only
    // where it matters.
    bool is_taken(int32_t from, int32_t candidate, double point, const Bias& bias) const {
        if (candidate == from) return point < bias.back;
        if (point < std::min(bias.near, bias.far)) return true;
        if (point >= std::max(bias.near, bias.far)) return false;
        return point < (graph.find(from, candidate) >= 0 ? bias.near : bias.far);
    }

    // The weight of the edge that leads back, as a share of all that leave the node; 0 where none leads back. Without
    // weights it is looked up later whether there is one, as that hardly ever matters.
    double most_of_way_back(const Walker& walker) const {
        if (!graph.weights) return 1 / double(graph.degree(walker.at));
        const int64_t place = graph.find(walker.at, walker.from);
        return place < 0 ? 0 : graph.weights[graph.offsets[walker.at] + place] / graph.totals[walker.at];
    }

    double weighted(const Walker& walker, int64_t e, const Bias& bias) const {
        const int32_t x = graph.neighbours[e];
        const double weight = graph.weights ? graph.weights[e] : 1;
        if (x == walker.from) return weight * (bias.back + bias.excess);
        return weight * (graph.find(walker.from, x) >= 0 ? bias.near : bias.far);
    }

    int32_t exact(Walker& walker, const Bias& bias) const {
        const int64_t first = graph.offsets[walker.at], last = graph.offsets[walker.at + 1];
        double sum = 0;
        for (int64_t e = first; e < last; ++e) sum += weighted(walker, e, bias);
        const double point = unit(walker.next()) * sum;
        double passed = 0;
        for (int64_t e = first; e < last; ++e)
            if ((passed += weighted(walker, e, bias)) > point) return graph.neighbours[e];
        return graph.neighbours[last - 1];
    }
};

}  // namespace firth
