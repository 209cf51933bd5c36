// The map engine for Python: shapes and indices are checked here, the GIL is released while it works.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <cmath>
#include <memory>
#include <vector>

#include "affinities.hpp"
#include "descent.hpp"
#include "placement.hpp"

namespace nb = nanobind;

namespace {

template <class T>
using Array1 = nb::ndarray<const T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Points = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Ids = nb::ndarray<const int32_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

void require(bool condition, const char* rule) {
    if (!condition) throw nb::value_error(rule);
}

nb::ndarray<nb::numpy, float> give_points(std::unique_ptr<float[]> xy, int64_t n) {
    float* pointer = xy.release();
    nb::capsule owner(pointer, [](void* p) noexcept { delete[] static_cast<float*>(p); });
    return {pointer, {size_t(n), 2}, owner};
}

template <class T>
nb::ndarray<nb::numpy, T> give_vector(std::vector<T>&& values) {
    auto* kept = new std::vector<T>(std::move(values));
    nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
    return {kept->data(), {kept->size()}, owner};
}

firth::Neighbors neighbors(const Ids& ids, const Points& squares, int64_t n_points) {
    require(ids.shape(0) == squares.shape(0) && ids.shape(1) == squares.shape(1), "ids and squares differ in shape");
    require(ids.shape(1) >= 1, "each row needs a neighbor");
    for (size_t i = 0; i < ids.size(); ++i) {
        require(ids.data()[i] >= 0 && ids.data()[i] < n_points, "a neighbor must be the number of a point");
        require(squares.data()[i] >= 0 && std::isfinite(squares.data()[i]), "squares must be finite and >= 0");
    }
    return {ids.data(), squares.data(), int64_t(ids.shape(0)), int64_t(ids.shape(1))};
}

void require_perplexities(const std::vector<double>& perplexities, int64_t k) {
    require(!perplexities.empty(), "there must be a perplexity");
    for (const double each : perplexities) require(each >= 1 && each <= double(k), "perplexity must be from 1 to k");
}

// p_j|i, (n, k), of items to points.
nb::ndarray<nb::numpy, float> conditional_affinities(const Ids& ids, const Points& squares, int64_t n_points,
                                                     const std::vector<double>& perplexities, int n_jobs) {
    const firth::Neighbors near = neighbors(ids, squares, n_points);
    require_perplexities(perplexities, near.k);
    require(n_jobs >= 1, "n_jobs must be >= 1");
    std::vector<float> out(ids.size());
    {
        nb::gil_scoped_release release;
        firth::conditional_affinities(near, perplexities, out.data(), n_jobs);
    }
    auto* kept = new std::vector<float>(std::move(out));
    nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<float>*>(p); });
    return {kept->data(), {ids.shape(0), ids.shape(1)}, owner};
}

// starts, columns, values of the symmetric matrix.
nb::tuple affinities(const Ids& ids, const Points& squares, const std::vector<double>& perplexities, int n_jobs) {
    const firth::Neighbors near = neighbors(ids, squares, int64_t(ids.shape(0)));
    require_perplexities(perplexities, near.k);
    require(n_jobs >= 1, "n_jobs must be >= 1");
    std::unique_ptr<firth::SymmetricAffinities> made;
    {
        nb::gil_scoped_release release;
        made = std::make_unique<firth::SymmetricAffinities>(near, perplexities, n_jobs);
    }
    return nb::make_tuple(give_vector(std::move(made->starts)), give_vector(std::move(made->columns)),
                          give_vector(std::move(made->values)));
}

nb::ndarray<nb::numpy, float> place(const Points& xy, const Ids& ids, const Points& p, float theta, float learning_rate,
                                    int64_t n_steps, int n_jobs) {
    require(xy.shape(1) == 2 && xy.shape(0) >= 1, "xy must have two columns and a row");
    require(n_jobs >= 1, "n_jobs must be >= 1");
    const firth::Neighbors near = neighbors(ids, p, int64_t(xy.shape(0)));
    auto out = std::make_unique<float[]>(ids.shape(0) * 2);
    {
        nb::gil_scoped_release release;
        const firth::Placement placement(xy.data(), int64_t(xy.shape(0)));
        placement.place(near, p.data(), {theta, learning_rate, n_steps}, n_jobs, out.get());
    }
    return give_points(std::move(out), int64_t(ids.shape(0)));
}

std::unique_ptr<firth::Descent> make_descent(const Array1<int64_t>& starts, const Array1<int32_t>& columns,
                                             const Array1<float>& values, const Points& xy, float theta) {
    const int64_t n = int64_t(xy.shape(0));
    require(xy.shape(1) == 2, "xy must have two columns");
    require(n >= 1 && n <= (int64_t(1) << 29), "there must be from 1 to 2**29 points");
    require(int64_t(starts.shape(0)) == n + 1, "starts must have one entry per point and one more");
    require(columns.shape(0) == values.shape(0), "columns and values must have the same length");
    require(theta >= 0, "theta must be >= 0");
    const int64_t* s = starts.data();
    require(s[0] == 0 && s[n] == int64_t(columns.shape(0)), "starts must run from 0 to the number of values");
    for (int64_t i = 0; i < n; ++i) require(s[i] <= s[i + 1], "starts must not fall");
    for (size_t i = 0; i < columns.shape(0); ++i)
        require(columns.data()[i] >= 0 && columns.data()[i] < n, "a column must be the number of a point");
    nb::gil_scoped_release release;
    return std::make_unique<firth::Descent>(firth::AffinityMatrix{s, columns.data(), values.data(), n}, xy.data(),
                                            theta);
}

bool step(firth::Descent& descent, int64_t n_steps, float exaggeration, float momentum, float learning_rate,
          int n_jobs) {
    require(n_jobs >= 1, "n_jobs must be >= 1");
    nb::gil_scoped_release release;
    descent.step(n_steps, {exaggeration, momentum, learning_rate}, n_jobs);
    return descent.is_finite();
}

nb::tuple forces(firth::Descent& descent, int n_jobs) {
    require(n_jobs >= 1, "n_jobs must be >= 1");
    auto out = std::make_unique<float[]>(size_t(descent.size()) * 2);
    double z;
    {
        nb::gil_scoped_release release;
        z = descent.forces(out.get(), n_jobs);
    }
    return nb::make_tuple(give_points(std::move(out), descent.size()), z);
}

double divergence(firth::Descent& descent, int n_jobs) {
    require(n_jobs >= 1, "n_jobs must be >= 1");
    nb::gil_scoped_release release;
    return descent.divergence(n_jobs);
}

nb::ndarray<nb::numpy, float> places(const firth::Descent& descent) {
    auto out = std::make_unique<float[]>(size_t(descent.size()) * 2);
    descent.places(out.get());
    return give_points(std::move(out), descent.size());
}

}  // namespace

void bind_map(nb::module_& m) {
    nb::class_<firth::Descent>(m, "Descent")
        .def(nb::new_(&make_descent), nb::arg("starts").noconvert(), nb::arg("columns").noconvert(),
             nb::arg("values").noconvert(), nb::arg("xy").noconvert(), nb::arg("theta"))
        .def("step", &step, nb::arg("n_steps"), nb::kw_only(), nb::arg("exaggeration"), nb::arg("momentum"),
             nb::arg("learning_rate"), nb::arg("n_jobs"))
        .def("forces", &forces, nb::arg("n_jobs"))
        .def("divergence", &divergence, nb::arg("n_jobs"))
        .def("places", &places);
    m.def("conditional_affinities", &conditional_affinities, nb::arg("ids").noconvert(), nb::arg("squares").noconvert(),
          nb::kw_only(), nb::arg("n_points"), nb::arg("perplexities"), nb::arg("n_jobs"));
    m.def("affinities", &affinities, nb::arg("ids").noconvert(), nb::arg("squares").noconvert(), nb::kw_only(),
          nb::arg("perplexities"), nb::arg("n_jobs"));
    m.def("place", &place, nb::arg("xy").noconvert(), nb::arg("ids").noconvert(), nb::arg("p").noconvert(),
          nb::kw_only(), nb::arg("theta"), nb::arg("learning_rate"), nb::arg("n_steps"), nb::arg("n_jobs"));
}
