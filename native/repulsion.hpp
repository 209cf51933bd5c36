// The repulsion of a group of points from everything on its interaction list. With d = point - source, q = 1 / (1 +
// d.d), every source of mass m adds to the point's potential and force
//
//   potential += m q                        force += m q^2 d = -1/2 grad(potential)
//
// and a far node, with second moments M about its centre, the next order of the same expansion (T = trace(M)):
//
//   potential += m q - T q^2 + 4 (d.Md) q^3
//   force     += d (m q^2 - 2 T q^3 + 12 (d.Md) q^4) - 4 q^3 Md
//
// Two sources share one division, 1/a = b / (ab): division is what limits this loop otherwise. Each point is one
// element of the registers and its sums run along the list, so all widths of registers give the same bytes.
// t-SNE: van der Maaten & Hinton 2008; Barnes-Hut for it: van der Maaten 2014.
#pragma once

#include "simd.hpp"
#include "variant.hpp"

namespace firth::FIRTH_VARIANT {

constexpr int slices_at_once = 2;  // of the group's points, so that sums stay in registers

struct GroupSums {
    Slice potential[slices_at_once] = {}, x[slices_at_once] = {}, y[slices_at_once] = {};
};

inline __attribute__((always_inline)) void repel_points(const RepulsionTask& t, const Slice* x, const Slice* y,
                                                        GroupSums& sums) {
    const float *px = t.near_x, *py = t.near_y;
    int64_t i = 0;
    for (; i + 2 <= t.n_near; i += 2) {
        const Slice ax = splat(px[i]), ay = splat(py[i]), bx = splat(px[i + 1]), by = splat(py[i + 1]);
        for (int s = 0; s < slices_at_once; ++s) {
            const Slice adx = x[s] - ax, ady = y[s] - ay, bdx = x[s] - bx, bdy = y[s] - by;
            const Slice a = (1.0f + adx * adx) + ady * ady, b = (1.0f + bdx * bdx) + bdy * bdy;
            const Slice both = 1.0f / (a * b);
            const Slice aq = b * both, bq = a * both;
            sums.potential[s] += aq;
            sums.potential[s] += bq;
            const Slice af = aq * aq, bf = bq * bq;
            sums.x[s] += af * adx;
            sums.x[s] += bf * bdx;
            sums.y[s] += af * ady;
            sums.y[s] += bf * bdy;
        }
    }
    if (i == t.n_near) return;
    for (int s = 0; s < slices_at_once; ++s) {
        const Slice dx = x[s] - splat(px[i]), dy = y[s] - splat(py[i]);
        const Slice q = 1.0f / ((1.0f + dx * dx) + dy * dy), f = q * q;
        sums.potential[s] += q;
        sums.x[s] += f * dx;
        sums.y[s] += f * dy;
    }
}

inline __attribute__((always_inline)) void add_node(const FarNode& node, Slice dx, Slice dy, Slice q, int s,
                                                    GroupSums& sums) {
    const Slice mx = node.xx4 * dx + node.xy4 * dy, my = node.xy4 * dx + node.yy4 * dy;  // 4 M d
    const Slice dmd = (dx * mx + dy * my) * q;
    const Slice q2 = q * q;
    sums.potential[s] += q * (node.mass + q * (dmd - node.trace));
    const Slice along = q2 * (node.mass + q * (3.0f * dmd - 2.0f * node.trace));
    const Slice across = q2 * q;
    sums.x[s] += along * dx;
    sums.x[s] -= across * mx;
    sums.y[s] += along * dy;
    sums.y[s] -= across * my;
}

inline __attribute__((always_inline)) void repel_nodes(const RepulsionTask& t, const Slice* x, const Slice* y,
                                                       GroupSums& sums) {
    int64_t i = 0;
    for (; i + 2 <= t.n_far; i += 2) {
        const FarNode &first = t.far[i], &second = t.far[i + 1];
        for (int s = 0; s < slices_at_once; ++s) {
            const Slice adx = x[s] - first.x, ady = y[s] - first.y, bdx = x[s] - second.x, bdy = y[s] - second.y;
            const Slice a = (1.0f + adx * adx) + ady * ady, b = (1.0f + bdx * bdx) + bdy * bdy;
            const Slice both = 1.0f / (a * b);
            add_node(first, adx, ady, b * both, s, sums);
            add_node(second, bdx, bdy, a * both, s, sums);
        }
    }
    if (i == t.n_far) return;
    for (int s = 0; s < slices_at_once; ++s) {
        const Slice dx = x[s] - t.far[i].x, dy = y[s] - t.far[i].y;
        add_node(t.far[i], dx, dy, 1.0f / ((1.0f + dx * dx) + dy * dy), s, sums);
    }
}

inline void repel_group(const RepulsionTask& t) {
    constexpr int step = slices_at_once * slice_width;
    for (int first = 0; first < group_size; first += step) {
        Slice x[slices_at_once], y[slices_at_once];
        for (int s = 0; s < slices_at_once; ++s) {
            x[s] = slice(t.x + first + s * slice_width);
            y[s] = slice(t.y + first + s * slice_width);
        }
        GroupSums sums;
        repel_points(t, x, y, sums);
        repel_nodes(t, x, y, sums);
        for (int s = 0; s < slices_at_once; ++s) {
            slice(t.potential + first + s * slice_width) = sums.potential[s];
            slice(t.force_x + first + s * slice_width) = sums.x[s];
            slice(t.force_y + first + s * slice_width) = sums.y[s];
        }
    }
}

}  // namespace firth::FIRTH_VARIANT
