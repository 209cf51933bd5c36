// The attraction between a point and the points that it has an affinity p > 0 to, sixteen of them at a time:
//
//   force_i = sum_j p_ij q_ij (y_i - y_j),  q_ij = 1 / (1 + |y_i - y_j|^2)        divergence_i = -sum_j p_ij log q_ij
//
// Both coordinates of a neighbour come in one load of eight bytes; hardware gathers are slower. A row is filled up to
// whole sixteens with affinities of 0. Sums run in sixteen lanes that are added in one order for all instruction sets.
#pragma once

#include "elementary.hpp"
#include "simd.hpp"
#include "variant.hpp"

namespace firth::FIRTH_VARIANT {

typedef uint64_t Pairs __attribute__((vector_size(slice_width * 4), aligned(slice_width * 4), may_alias));
typedef uint64_t OnePair __attribute__((may_alias, aligned(8)));

// (x_0, y_0, x_1, y_1, ...) of two registers to all x and all y.
#if defined(__AVX512F__)
#define FIRTH_EVEN 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define FIRTH_ODD 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#define FIRTH_PAIRS(c) p[c[0]], p[c[1]], p[c[2]], p[c[3]], p[c[4]], p[c[5]], p[c[6]], p[c[7]]
#elif defined(__AVX2__)
#define FIRTH_EVEN 0, 2, 4, 6, 8, 10, 12, 14
#define FIRTH_ODD 1, 3, 5, 7, 9, 11, 13, 15
#define FIRTH_PAIRS(c) p[c[0]], p[c[1]], p[c[2]], p[c[3]]
#else
#define FIRTH_EVEN 0, 2, 4, 6
#define FIRTH_ODD 1, 3, 5, 7
#define FIRTH_PAIRS(c) p[c[0]], p[c[1]]
#endif

inline __attribute__((always_inline)) void read_points(const float* xy, const int32_t* columns, Slice& x, Slice& y) {
    const OnePair* p = reinterpret_cast<const OnePair*>(xy);
    const int32_t* more = columns + slice_width / 2;
    const Slice low = reinterpret_cast<Slice>(Pairs{FIRTH_PAIRS(columns)});
    const Slice high = reinterpret_cast<Slice>(Pairs{FIRTH_PAIRS(more)});
    x = __builtin_shufflevector(low, high, FIRTH_EVEN);
    y = __builtin_shufflevector(low, high, FIRTH_ODD);
}

// The sum of sixteen lanes: those eight apart first, then four, two and one.
inline __attribute__((always_inline)) float sum_of_lanes(const Slice* lanes) {
    alignas(64) float sums[width];
    for (int s = 0; s < n_slices; ++s) slice(sums + s * slice_width) = lanes[s];
    const Eight eights = eight(sums) + eight(sums + 8);
    typedef float Four __attribute__((vector_size(16)));
    const Four fours =
        __builtin_shufflevector(eights, eights, 0, 1, 2, 3) + __builtin_shufflevector(eights, eights, 4, 5, 6, 7);
    return (fours[0] + fours[2]) + (fours[1] + fours[3]);
}

// The force on a point at `at` from the entries of one row: (x, y).
inline __attribute__((always_inline)) void attract_one(const AffinityRows& rows, const float* xy, const float* at,
                                                       float* force) {
    const float px = at[0], py = at[1];
    Slice fx[n_slices] = {}, fy[n_slices] = {};
    const int64_t end = *rows.starts + *rows.lengths;
    for (int64_t e = *rows.starts; e < end; e += width)
        for (int s = 0; s < n_slices; ++s) {
            Slice x, y;
            read_points(xy, rows.columns + e + s * slice_width, x, y);
            const Slice dx = px - x, dy = py - y;
            const Slice weight = slice(rows.values + e + s * slice_width) / ((1.0f + dx * dx) + dy * dy);
            fx[s] += weight * dx;
            fy[s] += weight * dy;
        }
    force[0] = sum_of_lanes(fx);
    force[1] = sum_of_lanes(fy);
}

inline void attract(const AffinityRows& rows, const float* xy, int64_t first, int64_t last, float* forces) {
    for (int64_t i = first; i < last; ++i)
        attract_one({rows.starts + i, rows.lengths + i, rows.columns, rows.values}, xy, xy + 2 * i, forces + 2 * i);
}

inline double divergence(const AffinityRows& rows, const float* xy, int64_t first, int64_t last) {
    double total = 0;
    for (int64_t i = first; i < last; ++i) {
        const float px = xy[2 * i], py = xy[2 * i + 1];
        Slice sums[n_slices] = {};
        const int64_t end = rows.starts[i] + rows.lengths[i];
        for (int64_t e = rows.starts[i]; e < end; e += width)
            for (int s = 0; s < n_slices; ++s) {
                Slice x, y;
                read_points(xy, rows.columns + e + s * slice_width, x, y);
                const Slice dx = px - x, dy = py - y;
                sums[s] += slice(rows.values + e + s * slice_width) * logarithm((1.0f + dx * dx) + dy * dy);
            }
        total += double(sum_of_lanes(sums));
    }
    return total;
}

}  // namespace firth::FIRTH_VARIANT
