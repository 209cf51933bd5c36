// top_k for Python: shapes and indices are checked here, the GIL is released, the result's memory becomes NumPy's.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include "topk.hpp"

namespace nb = nanobind;

namespace {

using Matrix = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Exclude = nb::ndarray<const int32_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

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

}  // namespace

void bind_topk(nb::module_& m) {
    m.def("top_k", &top_k, nb::arg("queries").noconvert(), nb::arg("rows").noconvert(), nb::arg("exclude").noconvert(),
          nb::arg("k"), nb::arg("n_jobs"));
}
