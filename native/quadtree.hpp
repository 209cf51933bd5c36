// A quadtree over points in Morton order. Its shape lies in the codes alone: a node is a range of places, its children
// the ranges that differ in the first pair of bits in which any two of its codes differ, so a node has two children or
// more, or none.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "aligned.hpp"
#include "morton.hpp"
#include "team.hpp"

namespace firth {

// Mass m, centre c, and second moments about it: M = sum over its points of (p - c) (p - c)^T.
struct Node {
    float x, y;         // the centre
    float size_square;  // of the square that, evenly filled, has the same moment of inertia: 6 trace(M) / m
    int32_t child;      // the first of n_children; none: 0
    int32_t n_children;
    int32_t first, count;  // places
    float xx, xy, yy;      // M
};

class Quadtree {
  public:
    static constexpr int64_t leaf_size = 8;

    explicit Quadtree(int64_t n)
        : n_(n), nodes_(size_t(max_crown + 2 * n)), order_(size_t(n)), x_(n + padding), y_(n + padding) {}

    const Node& node(int64_t i) const { return nodes_[size_t(i)]; }
    const float* x() const { return x_.data(); }  // of the points in order, `padding` more readable
    const float* y() const { return y_.data(); }
    int32_t point(int64_t place) const { return order_[size_t(place)]; }

    // Takes over the order and makes the shape. All members of the team call it.
    void build(const MortonOrder& order, Team& team) {
        team.each_range(n_, 1 << 14, [&](int64_t first, int64_t last) {
            for (int64_t i = first; i < last; ++i) order_[size_t(i)] = order.point_at(i);
        });
        team.once([&] { build_crown(order); });
        team.each(int64_t(branches_.size()), [&](int64_t i) {
            Branch& branch = branches_[size_t(i)];
            Node& root = nodes_[size_t(branch.root)];
            branch.first = max_crown + 2 * int64_t(root.first);
            branch.last = branch.first;
            split(order, root, branch.last);
            for (int64_t at = branch.first; at < branch.last; ++at) split(order, nodes_[size_t(at)], branch.last);
        });
    }

    // Reads where the points are and computes all moments. All members of the team call it.
    void measure(const float* xy, Team& team) {
        team.each_range(n_, 1 << 13, [&](int64_t first, int64_t last) {
            for (int64_t i = first; i < last; ++i) {
                const int64_t point = order_[size_t(i)];
                x_.data()[i] = xy[2 * point];
                y_.data()[i] = xy[2 * point + 1];
            }
        });
        team.each(int64_t(branches_.size()), [&](int64_t i) {
            const Branch& branch = branches_[size_t(i)];
            for (int64_t at = branch.last - 1; at >= branch.first; --at) measure(nodes_[size_t(at)]);
            measure(nodes_[size_t(branch.root)]);
        });
        team.once([&] {
            for (int64_t at = n_crown_ - 1; at >= 0; --at)
                if (is_split_[size_t(at)]) measure(nodes_[size_t(at)]);
        });
    }

  private:
    static constexpr int64_t padding = 16;
    static constexpr int64_t n_branches = 128;  // about as many; their number has no part in the result
    // At each level at most n_branches nodes are larger than a branch, each with up to four children.
    static constexpr int64_t max_crown = 1 + 4 * n_branches * morton_levels;

    struct Branch {
        int64_t root, first, last;  // a node of the crown, and the nodes below it
    };

    // The few nodes at the top, down to ranges small enough to be somebody's task.
    void build_crown(const MortonOrder& order) {
        const int64_t limit = std::max<int64_t>(n_ / n_branches, 256);
        branches_.clear();
        is_split_.clear();
        nodes_[0] = Node{0, 0, 0, 0, 0, 0, int32_t(n_), 0, 0, 0};
        n_crown_ = 1;
        for (int64_t at = 0; at < n_crown_; ++at) {
            is_split_.push_back(nodes_[size_t(at)].count > limit);
            if (is_split_.back())
                split(order, nodes_[size_t(at)], n_crown_);
            else
                branches_.push_back({at, 0, 0});
        }
    }

    // Appends the node's children at `end`.
    void split(const MortonOrder& order, Node& node, int64_t& end) {
        const int64_t first = node.first, last = first + node.count;
        const uint32_t differing = order.code_at(first) ^ order.code_at(last - 1);
        node.child = node.n_children = 0;
        if (node.count <= leaf_size || differing == 0) return;
        const int shift = (31 - std::countl_zero(differing)) / 2 * 2;
        node.child = int32_t(end);
        for (int64_t begin = first; begin < last;) {
            const uint32_t quadrant = order.code_at(begin) >> shift & 3;
            int64_t low = begin + 1, high = last;  // the first place of another quadrant
            while (low < high) {
                const int64_t middle = (low + high) / 2;
                if ((order.code_at(middle) >> shift & 3) == quadrant)
                    low = middle + 1;
                else
                    high = middle;
            }
            nodes_[size_t(end++)] = Node{0, 0, 0, 0, 0, int32_t(begin), int32_t(low - begin), 0, 0, 0};
            begin = low;
        }
        node.n_children = int32_t(end) - node.child;
    }

    // Means are taken of differences: a node of equal points lies just where they do, and does not push them.
    void measure(Node& node) {
        float x = 0, y = 0, xx = 0, xy = 0, yy = 0;
        const float mass = float(node.count);
        if (node.n_children == 0) {
            const float *px = x_.data() + node.first, *py = y_.data() + node.first;
            for (int64_t i = 0; i < node.count; ++i) {
                x += px[i] - px[0];
                y += py[i] - py[0];
            }
            x = px[0] + x / mass;
            y = py[0] + y / mass;
            for (int64_t i = 0; i < node.count; ++i) add_moments(px[i] - x, py[i] - y, 1, xx, xy, yy);
        } else {
            const Node* children = nodes_.data() + node.child;
            for (int i = 0; i < node.n_children; ++i) {
                x += float(children[i].count) * (children[i].x - children[0].x);
                y += float(children[i].count) * (children[i].y - children[0].y);
            }
            x = children[0].x + x / mass;
            y = children[0].y + y / mass;
            for (int i = 0; i < node.n_children; ++i) {
                const Node& child = children[i];
                add_moments(child.x - x, child.y - y, float(child.count), xx, xy, yy);
                xx += child.xx;
                xy += child.xy;
                yy += child.yy;
            }
        }
        node.x = x;
        node.y = y;
        node.size_square = 6 * (xx + yy) / mass;
        node.xx = xx;
        node.xy = xy;
        node.yy = yy;
    }

    static void add_moments(float dx, float dy, float mass, float& xx, float& xy, float& yy) {
        xx += mass * dx * dx;
        xy += mass * dx * dy;
        yy += mass * dy * dy;
    }

    int64_t n_;
    std::vector<Node> nodes_;  // the crown, then branches: a branch's root over [a, b) has its nodes from 2 a on
    std::vector<int32_t> order_;
    AlignedFloats x_, y_;
    std::vector<Branch> branches_;
    std::vector<bool> is_split_;  // of the crown
    int64_t n_crown_ = 0;
};

}  // namespace firth
