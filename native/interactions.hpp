// What repels a group of neighbouring points: one walk through the quadtree for all of them. A node is far, and stands
// for its points, where
//
//   size^2 < theta^2 (1 + distance^2)
//
// with its distance from the group's bounding box. The 1 is the softening of 1 / (1 + d^2): no closer than that does
// the detail of a node matter, so a map so crowded that many points lie within a unit is still quick. theta = 0 makes
// every point near, which is the exact sum.
#pragma once

#include <algorithm>
#include <cstring>
#include <vector>

#include "aligned.hpp"
#include "quadtree.hpp"
#include "variant.hpp"

namespace firth {

class Interactions {
  public:
    explicit Interactions(float theta) : theta_square_(theta * theta) {}

    // Fills the list for the points at the places first to last-1.
    void collect(const Quadtree& tree, int64_t first, int64_t last) {
        const auto [left, right] = std::minmax_element(tree.x() + first, tree.x() + last);
        const auto [bottom, top] = std::minmax_element(tree.y() + first, tree.y() + last);
        collect(tree, *left, *right, *bottom, *top);
    }

    // Fills the list for whatever lies within a box.
    void collect(const Quadtree& tree, float x0, float x1, float y0, float y1) {
        n_near_ = n_far_ = 0;
        int32_t open[4 * (morton_levels + 1)] = {0};
        for (int n_open = 1; n_open > 0;) {
            const Node& node = tree.node(open[--n_open]);
            const float dx = std::max(std::max(x0 - node.x, node.x - x1), 0.0f);
            const float dy = std::max(std::max(y0 - node.y, node.y - y1), 0.0f);
            if (node.count > few && node.size_square < theta_square_ * (1 + dx * dx + dy * dy))
                add_far(node);
            else if (node.n_children == 0)
                add_near(tree, node);
            else
                for (int i = 0; i < node.n_children; ++i) open[n_open++] = node.child + i;
        }
    }

    void describe(RepulsionTask& task) const {
        task.near_x = near_x_.data();
        task.near_y = near_y_.data();
        task.n_near = n_near_;
        task.far = far_.data();
        task.n_far = n_far_;
    }

  private:
    static constexpr int few = 2;  // points take less time than the node that holds them

    void add_far(const Node& node) {
        if (size_t(n_far_) == far_.size()) far_.resize(far_.size() * 2 + 256);
        far_[size_t(n_far_++)] = {node.x,      node.y,      float(node.count), node.xx + node.yy,
                                  4 * node.xx, 4 * node.xy, 4 * node.yy,       0};
    }

    void add_near(const Quadtree& tree, const Node& node) {
        const size_t needed = size_t(n_near_ + node.count) + Quadtree::leaf_size;
        if (needed > near_x_.size()) {
            near_x_.resize(needed * 2 + 256);
            near_y_.resize(needed * 2 + 256);
        }
        // Whole leaves, whatever they hold: a copy of fixed length is one instruction.
        for (int64_t i = 0; i < node.count; i += Quadtree::leaf_size) {
            constexpr size_t n_bytes = Quadtree::leaf_size * sizeof(float);
            std::memcpy(near_x_.data() + n_near_ + i, tree.x() + node.first + i, n_bytes);
            std::memcpy(near_y_.data() + n_near_ + i, tree.y() + node.first + i, n_bytes);
        }
        n_near_ += node.count;
    }

    float theta_square_;
    std::vector<float> near_x_, near_y_;
    std::vector<FarNode> far_;
    int64_t n_near_ = 0, n_far_ = 0;
};

}  // namespace firth
