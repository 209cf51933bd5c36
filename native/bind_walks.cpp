// Graphs and walks, as Python sees them: every array is checked here once, then only pointers travel.
#include "bind_walks.hpp"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>

#include <atomic>
#include <cmath>
#include <memory>
#include <tuple>

#include "adjacency.hpp"
#include "alias.hpp"
#include "threads.hpp"

namespace nb = nanobind;

namespace {

constexpr int64_t rows_per_task = 1024;
constexpr int64_t tokens_per_task = 1 << 14;

template <class T>
using Array1 = WalkArrays::Array<T>;

void require(bool condition, const char* rule) {
    if (!condition) throw nb::value_error(rule);
}

// The array takes the vector's memory.
template <class T>
nb::ndarray<nb::numpy, T> handed_over(std::vector<T>&& values) {
    auto* owned = new std::vector<T>(std::move(values));
    nb::capsule owner(owned, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
    return {owned->data(), {owned->size()}, owner};
}

void check_rows(const Array1<const int64_t>& offsets, const Array1<const int32_t>& neighbours) {
    const int64_t n = int64_t(offsets.shape(0)) - 1;
    const int64_t* o = offsets.data();
    require(n >= 1 && o[0] == 0 && o[n] == int64_t(neighbours.shape(0)),
            "a graph's offsets must run from 0 to the number of neighbours");
    for (int64_t i = 0; i < n; ++i) require(o[i] <= o[i + 1], "a graph's offsets must not fall");
    for (int64_t i = 0; i < n; ++i)
        for (int64_t e = o[i]; e < o[i + 1]; ++e) {
            const int32_t x = neighbours.data()[e];
            require(x >= 0 && x < n, "a neighbour must be below the number of nodes");
            require(e == o[i] || neighbours.data()[e - 1] < x, "a node's neighbours must ascend");
        }
}

nb::tuple adjacency(Array1<const int32_t> sources, Array1<const int32_t> targets,
                    std::optional<Array1<const double>> weights, int64_t n_nodes, bool is_directed, int n_jobs) {
    const size_t n = sources.shape(0);
    require(n_nodes >= 1 && n_nodes <= INT32_MAX && n_jobs >= 1, "a graph needs 1 to 2**31 - 1 nodes, and a thread");
    require(targets.shape(0) == n && (!weights || weights->shape(0) == n), "edges need one entry in each array");
    for (size_t e = 0; e < n; ++e) {
        const int32_t source = sources.data()[e], target = targets.data()[e];
        require(source >= 0 && source < n_nodes && target >= 0 && target < n_nodes, "an edge must be between nodes");
        require(source != target, "an edge must be between two nodes");
        require(!weights || (weights->data()[e] > 0 && std::isfinite(weights->data()[e])),
                "weights must be finite and above 0");
    }
    const firth::Edges edges{sources.data(), targets.data(), weights ? weights->data() : nullptr, int64_t(n),
                             is_directed};
    firth::Adjacency made;
    {
        nb::gil_scoped_release released;
        made = firth::adjacency(edges, n_nodes, n_jobs);
    }
    nb::object kept = nb::none();
    if (!made.weights.empty()) kept = nb::cast(handed_over(std::move(made.weights)));
    return nb::make_tuple(handed_over(std::move(made.offsets)), handed_over(std::move(made.neighbours)), kept,
                          made.n_merged);
}

std::pair<int64_t, int64_t> components(Array1<const int64_t> offsets, Array1<const int32_t> neighbours) {
    check_rows(offsets, neighbours);
    nb::gil_scoped_release released;
    return firth::components(offsets.data(), neighbours.data(), int64_t(offsets.shape(0)) - 1);
}

// Walks first .. last-1 of an epoch, one a row.
nb::ndarray<nb::numpy, int32_t> walk(const WalkArrays& arrays, uint64_t seed, uint32_t context, int64_t epoch,
                                     int64_t first, int64_t last, int n_jobs) {
    const firth::Walks& walks = arrays.walks;
    require(first >= 0 && first <= last && last <= walks.n_walks(), "walks must lie within an epoch");
    require(epoch >= 0 && n_jobs >= 1, "epoch must be >= 0, and n_jobs >= 1");
    const int64_t n = last - first, at_once = std::max<int64_t>(1, tokens_per_task / walks.length);
    auto* nodes = new int32_t[size_t(n * walks.length)];
    nb::capsule owner(nodes, [](void* p) noexcept { delete[] static_cast<int32_t*>(p); });
    {
        nb::gil_scoped_release released;
        firth::parallel_for((n + at_once - 1) / at_once, n_jobs, [&](int64_t task, int) {
            const int64_t begin = task * at_once, end = std::min(begin + at_once, n);
            walks.walk(seed, context, epoch, first + begin, first + end, nodes + begin * walks.length);
        });
    }
    return {nodes, {size_t(n), size_t(walks.length)}, owner};
}

// How often each node is in the walks of an epoch.
nb::ndarray<nb::numpy, int64_t> visits(const WalkArrays& arrays, uint64_t seed, uint32_t context, int64_t epoch,
                                       int n_jobs) {
    const firth::Walks& walks = arrays.walks;
    require(epoch >= 0 && n_jobs >= 1, "epoch must be >= 0, and n_jobs >= 1");
    const int64_t n = walks.n_walks(), at_once = std::max<int64_t>(1, tokens_per_task / walks.length);
    std::vector<int64_t> counts(static_cast<size_t>(walks.graph.n_nodes));
    {
        nb::gil_scoped_release released;
        std::vector<std::vector<int32_t>> nodes(size_t(n_jobs), std::vector<int32_t>(size_t(at_once * walks.length)));
        firth::parallel_for((n + at_once - 1) / at_once, n_jobs, [&](int64_t task, int worker) {
            const int64_t begin = task * at_once, end = std::min(begin + at_once, n);
            int32_t* mine = nodes[size_t(worker)].data();
            walks.walk(seed, context, epoch, begin, end, mine);
            for (int64_t i = 0; i < (end - begin) * walks.length; ++i)
                if (mine[i] >= 0)
                    std::atomic_ref<int64_t>(counts[size_t(mine[i])]).fetch_add(1, std::memory_order_relaxed);
        });
    }
    return handed_over(std::move(counts));
}

}  // namespace

WalkArrays::WalkArrays(Array<const int64_t> offsets_, Array<const int32_t> neighbours_,
                       std::optional<Array<const double>> weights_, std::optional<Array<const int32_t>> starts_,
                       int64_t per_node, int64_t length, double p, double q, int n_jobs)
    : offsets(offsets_), neighbours(neighbours_), weights(weights_), starts(starts_) {
    check_rows(offsets, neighbours);
    const int64_t n_nodes = int64_t(offsets.shape(0)) - 1;
    const int64_t* o = offsets.data();
    require(per_node >= 1 && per_node <= (1 << 20) && length >= 2 && length <= (1 << 16) && n_jobs >= 1,
            "walks_per_node must be from 1 to 2**20, and walk_length from 2 to 2**16");
    require(p >= 1e-9 && p <= 1e9 && q >= 1e-9 && q <= 1e9, "p and q must be from 1e-9 to 1e9");
    if (starts) {
        require(starts->shape(0) >= 1, "walks need a node to begin at");
        for (size_t i = 0; i < starts->shape(0); ++i)
            require(starts->data()[i] >= 0 && starts->data()[i] < n_nodes, "walks must begin at nodes");
    }
    if (weights) {
        require(weights->shape(0) == neighbours.shape(0), "weights need one entry per neighbour");
        const double* w = weights->data();
        totals.resize(size_t(n_nodes));
        for (int64_t i = 0; i < n_nodes; ++i) {
            for (int64_t e = o[i]; e < o[i + 1]; ++e) {
                require(w[e] > 0, "weights must be above 0");
                totals[size_t(i)] += w[e];
            }
            require(std::isfinite(totals[size_t(i)]), "the weights of a node's edges must have a finite sum");
        }
        threshold.resize(neighbours.shape(0));
        alias.resize(neighbours.shape(0));
        nb::gil_scoped_release released;
        firth::parallel_for((n_nodes + rows_per_task - 1) / rows_per_task, n_jobs, [&](int64_t task, int) {
            const int64_t last = std::min((task + 1) * rows_per_task, n_nodes);
            for (int64_t i = task * rows_per_task; i < last; ++i)
                if (o[i + 1] > o[i])
                    firth::build_alias(w + o[i], o[i + 1] - o[i], &threshold[size_t(o[i])], &alias[size_t(o[i])]);
        });
    }
    walks = {{o, neighbours.data(), weights ? weights->data() : nullptr, weights ? totals.data() : nullptr,
              weights ? threshold.data() : nullptr, weights ? alias.data() : nullptr, n_nodes},
             starts ? starts->data() : nullptr,
             starts ? int64_t(starts->shape(0)) : n_nodes,
             per_node,
             length,
             p,
             q};
}

void bind_walks(nb::module_& m) {
    m.def("adjacency", &adjacency, nb::arg("sources").noconvert(), nb::arg("targets").noconvert(),
          nb::arg("weights").none(), nb::arg("n_nodes"), nb::arg("is_directed"), nb::arg("n_jobs"));
    m.def("components", &components, nb::arg("offsets").noconvert(), nb::arg("neighbours").noconvert());
    nb::class_<WalkArrays>(m, "Walks")
        .def(nb::init<Array1<const int64_t>, Array1<const int32_t>, std::optional<Array1<const double>>,
                      std::optional<Array1<const int32_t>>, int64_t, int64_t, double, double, int>(),
             nb::kw_only(), nb::arg("offsets").noconvert(), nb::arg("neighbours").noconvert(),
             nb::arg("weights").none(), nb::arg("starts").none(), nb::arg("per_node"), nb::arg("length"), nb::arg("p"),
             nb::arg("q"), nb::arg("n_jobs"))
        .def_prop_ro("n_walks", [](const WalkArrays& each) { return each.walks.n_walks(); })
        .def("walk", &walk, nb::arg("seed"), nb::arg("context"), nb::arg("epoch"), nb::arg("first"), nb::arg("last"),
             nb::arg("n_jobs"))
        .def("visits", &visits, nb::arg("seed"), nb::arg("context"), nb::arg("epoch"), nb::arg("n_jobs"));
}
