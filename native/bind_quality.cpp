// rank_rows for Python: shapes and indices are checked here, the GIL is released, the result's memory becomes NumPy's.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include "ranks.hpp"

namespace nb = nanobind;

namespace {

using Matrix = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Rows = nb::ndarray<const int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Others = nb::ndarray<const int32_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Answer = nb::ndarray<nb::numpy, int32_t, nb::ndim<2>>;

Answer give(std::unique_ptr<int32_t[]> data, size_t rows, size_t columns) {
    int32_t* pointer = data.release();
    nb::capsule owner(pointer, [](void* p) noexcept { delete[] static_cast<int32_t*>(p); });
    return {pointer, {rows, columns}, owner};
}

void check_rows(const int32_t* rows, size_t n, size_t n_rows) {
    for (size_t i = 0; i < n; ++i)
        if (rows[i] < 0 || size_t(rows[i]) >= n_rows) throw nb::value_error("no such row");
}

nb::tuple rank_rows(const Matrix& rows, const Rows& queries, const Others& others, int64_t k, bool is_distance,
                    int n_jobs) {
    if (rows.shape(0) > size_t(INT32_MAX)) throw nb::value_error("at most 2**31 - 1 rows");
    if (others.shape(0) != queries.shape(0)) throw nb::value_error("others needs one row per query");
    if (k < 0 || (k > 0 && k >= int64_t(rows.shape(0))))
        throw nb::value_error("k must be >= 0 and less than the number of rows");
    if (n_jobs < 1) throw nb::value_error("n_jobs must be >= 1");
    check_rows(queries.data(), queries.size(), rows.shape(0));
    check_rows(others.data(), others.size(), rows.shape(0));
    const size_t n = queries.shape(0), n_others = others.shape(1);
    const firth::RankProblem problem{rows.data(),
                                     queries.data(),
                                     others.data(),
                                     int64_t(rows.shape(0)),
                                     int64_t(rows.shape(1)),
                                     int64_t(n),
                                     int64_t(n_others),
                                     k,
                                     is_distance};
    auto ranks = std::make_unique<int32_t[]>(n * n_others);
    auto ties = std::make_unique<int32_t[]>(n * n_others);
    auto nearest = std::make_unique<int32_t[]>(n * size_t(k));
    {
        nb::gil_scoped_release release;
        firth::rank_rows(problem, n_jobs, {ranks.get(), ties.get(), nearest.get()});
    }
    return nb::make_tuple(give(std::move(ranks), n, n_others), give(std::move(ties), n, n_others),
                          give(std::move(nearest), n, size_t(k)));
}

}  // namespace

void bind_quality(nb::module_& m) {
    m.def("rank_rows", &rank_rows, nb::arg("rows").noconvert(), nb::arg("queries").noconvert(),
          nb::arg("others").noconvert(), nb::arg("k"), nb::arg("is_distance"), nb::arg("n_jobs"));
}
