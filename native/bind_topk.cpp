// top_k and the search by cells for Python: shapes and indices are checked here, the GIL is released, the result's
// memory becomes NumPy's.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include "partition.hpp"

namespace nb = nanobind;

namespace {

using Matrix = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Exclude = nb::ndarray<const int32_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
template <class T>
using Column = nb::ndarray<const T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

template <class T>
nb::ndarray<nb::numpy, T, nb::ndim<2>> give(std::unique_ptr<T[]> data, size_t rows, size_t columns) {
    T* pointer = data.release();
    nb::capsule owner(pointer, [](void* p) noexcept { delete[] static_cast<T*>(p); });
    return {pointer, {rows, columns}, owner};
}

nb::tuple top_k(const Matrix& queries, const Matrix& rows, const Exclude& exclude, int64_t k, int n_jobs) {
    if (queries.shape(1) != rows.shape(1)) throw nb::value_error("queries and rows differ in their number of columns");
    if (exclude.shape(0) != queries.shape(0)) throw nb::value_error("exclude needs one row per query");
    if (rows.shape(0) > size_t(INT32_MAX)) throw nb::value_error("at most 2**31 - 1 rows");
    if (k < 0 || k + int64_t(exclude.shape(1)) > int64_t(rows.shape(0)))
        throw nb::value_error("k must be from 0 to the number of rows less the columns of exclude");
    if (n_jobs < 1) throw nb::value_error("n_jobs must be >= 1");
    const firth::TopKProblem problem{queries.data(),
                                     rows.data(),
                                     exclude.data(),
                                     int64_t(queries.shape(0)),
                                     int64_t(rows.shape(0)),
                                     int64_t(rows.shape(1)),
                                     int64_t(exclude.shape(1)),
                                     k};
    const size_t n_answers = queries.shape(0) * size_t(k);
    auto ids = std::make_unique<int32_t[]>(n_answers);
    auto scores = std::make_unique<float[]>(n_answers);
    std::fill_n(ids.get(), n_answers, -1);  // stays where a score was not a number
    {
        nb::gil_scoped_release release;
        firth::top_k(problem, n_jobs, ids.get(), scores.get());
    }
    return nb::make_tuple(give(std::move(ids), queries.shape(0), size_t(k)),
                          give(std::move(scores), queries.shape(0), size_t(k)));
}

// ids (last - first, k) of the queries first .. last - 1, as positions in the order of cells.
nb::ndarray<nb::numpy, int32_t, nb::ndim<2>> probe(const Matrix& queries, const Matrix& rows,
                                                   const Column<int64_t>& offsets, const Matrix& means,
                                                   const Matrix& bounds, int64_t first, int64_t last, int64_t k,
                                                   int64_t n_first, int n_jobs) {
    const int64_t n_rows = int64_t(rows.shape(0)), n_cells = int64_t(means.shape(0));
    const auto size = rows.shape(1);
    if (queries.shape(0) != rows.shape(0)) throw nb::value_error("one query per row");
    if (queries.shape(1) != size || means.shape(1) != size || bounds.shape(1) != size)
        throw nb::value_error("the matrices differ in their number of columns");
    if (n_rows > INT32_MAX) throw nb::value_error("at most 2**31 - 1 rows");
    if (bounds.shape(0) != means.shape(0) || int64_t(offsets.shape(0)) != n_cells + 1)
        throw nb::value_error("bounds and offsets must fit the means");
    if (offsets(0) != 0 || offsets(size_t(n_cells)) != n_rows) throw nb::value_error("the cells must hold all rows");
    for (int64_t c = 0; c < n_cells; ++c)
        if (offsets(size_t(c)) > offsets(size_t(c) + 1)) throw nb::value_error("offsets must not fall");
    if (first < 0 || last < first || last > n_rows) throw nb::value_error("first and last must be rows");
    if (k < 0 || k >= std::max<int64_t>(n_rows, 1)) throw nb::value_error("k must be below the number of rows");
    if (n_jobs < 1) throw nb::value_error("n_jobs must be >= 1");
    const firth::ProbeProblem problem{
        queries.data(), rows.data(), offsets.data(), means.data(), bounds.data(), n_rows, n_cells,
        int64_t(size),  k,           n_first};
    const size_t n_answers = size_t(last - first) * size_t(k);
    auto ids = std::make_unique<int32_t[]>(n_answers);
    std::fill_n(ids.get(), n_answers, -1);
    {
        nb::gil_scoped_release release;
        firth::probe(problem, first, last, n_jobs, ids.get());
    }
    return give(std::move(ids), size_t(last - first), size_t(k));
}

nb::tuple refine(const Matrix& matrix, const Column<int32_t>& names, const Column<uint8_t>& apart,
                 const Column<int32_t>& queries, const Exclude& ids, int64_t k, int n_jobs) {
    const int64_t n_rows = int64_t(matrix.shape(0)), n = int64_t(ids.shape(0)), n_found = int64_t(ids.shape(1));
    if (int64_t(names.shape(0)) != n_rows || int64_t(apart.shape(0)) != n_rows)
        throw nb::value_error("names and apart need one number per row");
    if (int64_t(queries.shape(0)) != n) throw nb::value_error("ids needs one row per query");
    if (k < 0 || k > n_found) throw nb::value_error("k must be at most the columns of ids");
    const auto is_row = [&](int32_t row) { return row >= 0 && row < n_rows; };
    if (!std::all_of(queries.data(), queries.data() + n, is_row) ||
        !std::all_of(ids.data(), ids.data() + n * n_found, is_row))
        throw nb::value_error("queries and ids must be rows");
    if (n_jobs < 1) throw nb::value_error("n_jobs must be >= 1");
    const firth::RefineProblem problem{
        matrix.data(), names.data(), apart.data(), queries.data(), ids.data(), n, n_found, int64_t(matrix.shape(1)), k};
    auto nearest = std::make_unique<int32_t[]>(size_t(n * k));
    auto distances = std::make_unique<float[]>(size_t(n * k));
    {
        nb::gil_scoped_release release;
        firth::refine(problem, n_jobs, nearest.get(), distances.get());
    }
    return nb::make_tuple(give(std::move(nearest), size_t(n), size_t(k)),
                          give(std::move(distances), size_t(n), size_t(k)));
}

}  // namespace

void bind_topk(nb::module_& m) {
    m.def("top_k", &top_k, nb::arg("queries").noconvert(), nb::arg("rows").noconvert(), nb::arg("exclude").noconvert(),
          nb::arg("k"), nb::arg("n_jobs"));
    m.def("probe", &probe, nb::arg("queries").noconvert(), nb::arg("rows").noconvert(), nb::arg("offsets").noconvert(),
          nb::arg("means").noconvert(), nb::arg("bounds").noconvert(), nb::arg("first"), nb::arg("last"), nb::arg("k"),
          nb::arg("n_first"), nb::arg("n_jobs"));
    m.def("refine", &refine, nb::arg("matrix").noconvert(), nb::arg("names").noconvert(), nb::arg("apart").noconvert(),
          nb::arg("ids").noconvert(), nb::arg("first"), nb::arg("k"), nb::arg("n_jobs"));
}
