// Walks, with the arrays they point into, as Python holds them and as training takes them.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <optional>
#include <vector>

#include "walks.hpp"

struct WalkArrays {
    template <class T>
    using Array = nanobind::ndarray<T, nanobind::ndim<1>, nanobind::c_contig, nanobind::device::cpu>;

    Array<const int64_t> offsets;
    Array<const int32_t> neighbours;
    std::optional<Array<const double>> weights;
    std::optional<Array<const int32_t>> starts;
    std::vector<double> totals;
    std::vector<uint32_t> threshold;
    std::vector<int32_t> alias;
    firth::Walks walks;

    WalkArrays(Array<const int64_t> offsets, Array<const int32_t> neighbours,
               std::optional<Array<const double>> weights, std::optional<Array<const int32_t>> starts, int64_t per_node,
               int64_t length, double p, double q, int n_jobs);
    WalkArrays(const WalkArrays&) = delete;
};
