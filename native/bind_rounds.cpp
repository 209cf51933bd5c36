// Rounds of machines of lanes for Python: arrays are checked here, the GIL is released while rows move.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>

#include <optional>

#include "rounds.hpp"

namespace nb = nanobind;

namespace {

template <class T>
using Array1 = nb::ndarray<T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
template <class T>
using Array2 = nb::ndarray<T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

void require(bool condition, const char* rule) {
    if (!condition) throw nb::value_error(rule);
}

// Packed rows in memory that becomes NumPy's.
struct Packing {
    std::unique_ptr<int32_t[]> ids;
    std::unique_ptr<float[]> rows, curvature, biases;
    size_t n, stride;

    Packing(int64_t n_, int64_t stride_, bool has_biases)
        : ids(new int32_t[size_t(n_)]),
          rows(new float[size_t(n_ * stride_)]),
          curvature(new float[size_t(n_)]),
          biases(has_biases ? new float[size_t(n_)] : nullptr),
          n(size_t(n_)),
          stride(size_t(stride_)) {}

    firth::PackedRows view() const { return {ids.get(), rows.get(), curvature.get(), biases.get(), int64_t(n)}; }

    template <class T>
    static nb::capsule owner(T* data) {
        return nb::capsule(data, [](void* p) noexcept { delete[] static_cast<T*>(p); });
    }

    template <class T>
    static nb::object give(std::unique_ptr<T[]>& data, size_t n) {
        if (!data) return nb::none();
        T* pointer = data.release();
        return nb::cast(nb::ndarray<nb::numpy, T, nb::ndim<1>>(pointer, {n}, owner(pointer)));
    }

    nb::object give_rows() {
        float* pointer = rows.release();
        return nb::cast(nb::ndarray<nb::numpy, float, nb::ndim<2>>(pointer, {n, stride}, owner(pointer)));
    }
};

// Rows as another machine packed them, checked.
firth::PackedRows received(const Array1<const int32_t>& ids, const Array2<const float>& rows,
                           const std::optional<Array1<const float>>& curvature,
                           const std::optional<Array1<const float>>& biases, int64_t n_items, int64_t stride,
                           int64_t owner, int64_t n_owners, bool has_biases) {
    const size_t n = ids.shape(0);
    require(rows.shape(0) == n && rows.shape(1) == size_t(stride), "packed rows need one row per id");
    require(!curvature || curvature->shape(0) == n, "packed rows need one curvature per id");
    require(biases.has_value() == has_biases && (!biases || biases->shape(0) == n),
            "packed rows need one bias per id where the model has biases");
    for (size_t i = 0; i < n; ++i) {
        require(ids.data()[i] >= 0 && ids.data()[i] < n_items && ids.data()[i] % n_owners == owner,
                "a packed id must be one of the owner's items");
        require(i == 0 || ids.data()[i - 1] < ids.data()[i], "packed ids must rise");
    }
    return {const_cast<int32_t*>(ids.data()), const_cast<float*>(rows.data()),
            curvature ? const_cast<float*>(curvature->data()) : nullptr,
            biases ? const_cast<float*>(biases->data()) : nullptr, int64_t(n)};
}

class RoundMatrix {
  public:
    RoundMatrix(Array2<float> rows, Array2<float> base, Array1<float> curvature)
        : rows_(rows), base_(base), curvature_(curvature) {
        const size_t n = rows.shape(0);
        require(base.shape(0) == n && base.shape(1) == rows.shape(1), "rows and base must have the same shape");
        require(curvature.shape(0) == n, "curvature needs one entry per item");
        view = {rows.data(), base.data(), curvature.data(), nullptr, nullptr, int64_t(n), int64_t(rows.shape(1))};
    }

    void set_biases(Array1<float> biases, Array1<float> base) {
        require(biases.shape(0) == size_t(view.n_items) && base.shape(0) == size_t(view.n_items),
                "biases need one entry per item");
        biases_ = biases;
        base_biases_ = base;
        view.biases = biases.data();
        view.base_biases = base.data();
    }

    nb::tuple take(int64_t owner, int64_t n_owners, int n_jobs) {
        require(n_jobs >= 1, "n_jobs must be >= 1");
        require(owner >= 0 && owner < n_owners, "owner must be below n_owners");
        std::optional<Packing> packing;
        {
            nb::gil_scoped_release released;
            const std::vector<int64_t> starts = firth::count_trained(view, owner, n_owners, n_jobs);
            packing.emplace(starts.back(), view.stride, view.biases != nullptr);
            firth::take_changes(view, owner, n_owners, starts, n_jobs, packing->view());
        }
        nb::object rows = packing->give_rows();
        return nb::make_tuple(Packing::give(packing->ids, packing->n), rows,
                              Packing::give(packing->curvature, packing->n),
                              Packing::give(packing->biases, packing->n));
    }

    void put(Array1<const int32_t> ids, Array2<const float> rows, std::optional<Array1<const float>> biases,
             int n_jobs) {
        require(n_jobs >= 1, "n_jobs must be >= 1");
        const firth::PackedRows packed =
            received(ids, rows, std::nullopt, biases, view.n_items, view.stride, 0, 1, view.biases != nullptr);
        nb::gil_scoped_release released;
        firth::put_rows(view, packed, n_jobs);
    }

    firth::RoundMatrix view;

  private:
    Array2<float> rows_, base_;
    Array1<float> curvature_;
    std::optional<Array1<float>> biases_, base_biases_;
};

class RoundSums {
  public:
    RoundSums(int64_t n_items, int64_t stride, int64_t owner, int64_t n_owners, bool has_biases)
        : n_items_(n_items), stride_(stride), owner_(owner), n_owners_(n_owners) {
        require(n_items >= 1 && stride >= 1, "sums need at least one item and one dimension");
        require(owner >= 0 && owner < n_owners, "owner must be below n_owners");
        has_biases_ = has_biases;
        n_own_ = (n_items - owner + n_owners - 1) / n_owners;
        rows_.resize(size_t(n_own_ * stride));
        curvature_.resize(size_t(n_own_));
        n_machines_.resize(size_t(n_own_));
        if (has_biases) biases_.resize(size_t(n_own_));
    }

    void add(Array1<const int32_t> ids, Array2<const float> rows, Array1<const float> curvature,
             std::optional<Array1<const float>> biases, int n_jobs) {
        require(n_jobs >= 1, "n_jobs must be >= 1");
        const firth::PackedRows packed =
            received(ids, rows, curvature, biases, n_items_, stride_, owner_, n_owners_, has_biases_);
        nb::gil_scoped_release released;
        firth::add_changes(view(), packed, n_jobs);
    }

    nb::tuple finish(const RoundMatrix& matrix, int n_jobs) {
        require(n_jobs >= 1, "n_jobs must be >= 1");
        require(matrix.view.n_items == n_items_ && matrix.view.stride == stride_, "sums are of another matrix");
        require((matrix.view.biases != nullptr) == has_biases_, "sums are of another matrix");
        std::optional<Packing> packing;
        {
            nb::gil_scoped_release released;
            const std::vector<int64_t> starts = firth::count_changed(view(), n_jobs);
            packing.emplace(starts.back(), stride_, has_biases_);
            firth::finish_round(view(), matrix.view.base, matrix.view.base_biases, starts, n_jobs, packing->view());
        }
        nb::object rows = packing->give_rows();
        return nb::make_tuple(Packing::give(packing->ids, packing->n), rows,
                              Packing::give(packing->biases, packing->n));
    }

    void clear() {
        std::fill(rows_.begin(), rows_.end(), 0.0f);
        std::fill(curvature_.begin(), curvature_.end(), 0.0f);
        std::fill(n_machines_.begin(), n_machines_.end(), 0);
        std::fill(biases_.begin(), biases_.end(), 0.0f);
    }

  private:
    firth::RoundSums view() {
        return {rows_.data(),
                curvature_.data(),
                n_machines_.data(),
                has_biases_ ? biases_.data() : nullptr,
                n_own_,
                stride_,
                owner_,
                n_owners_};
    }

    int64_t n_items_, stride_, owner_, n_owners_, n_own_;
    bool has_biases_;
    std::vector<float> rows_, curvature_, biases_;
    std::vector<int32_t> n_machines_;
};

}  // namespace

void bind_rounds(nb::module_& m) {
    nb::class_<RoundMatrix>(m, "RoundMatrix")
        .def(nb::init<Array2<float>, Array2<float>, Array1<float>>(), nb::kw_only(), nb::arg("rows").noconvert(),
             nb::arg("base").noconvert(), nb::arg("curvature").noconvert())
        .def("set_biases", &RoundMatrix::set_biases, nb::arg("biases").noconvert(), nb::arg("base").noconvert())
        .def("take", &RoundMatrix::take, nb::arg("owner"), nb::arg("n_owners"), nb::arg("n_jobs"))
        .def("put", &RoundMatrix::put, nb::arg("ids"), nb::arg("rows"), nb::arg("biases").none(), nb::arg("n_jobs"));
    nb::class_<RoundSums>(m, "RoundSums")
        .def(nb::init<int64_t, int64_t, int64_t, int64_t, bool>(), nb::kw_only(), nb::arg("n_items"), nb::arg("stride"),
             nb::arg("owner"), nb::arg("n_owners"), nb::arg("has_biases"))
        .def("add", &RoundSums::add, nb::arg("ids"), nb::arg("rows"), nb::arg("curvature"), nb::arg("biases").none(),
             nb::arg("n_jobs"))
        .def("finish", &RoundSums::finish, nb::arg("matrix"), nb::arg("n_jobs"))
        .def("clear", &RoundSums::clear);
}
