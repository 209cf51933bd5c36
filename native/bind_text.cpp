// Texts as codes, for Python: pieces are read on any thread without the GIL, and joined by one thread in their order.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "text_chunk.hpp"
#include "text_pairs.hpp"

namespace nb = nanobind;

namespace {

template <class T>
using Array = nb::ndarray<T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

template <class T>
nb::ndarray<nb::numpy, T, nb::ndim<1>> give(std::vector<T> values) {
    auto* kept = new std::vector<T>(std::move(values));
    nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
    return {kept->data(), {kept->size()}, owner};
}

std::string_view view(const nb::str& text) {
    Py_ssize_t n = 0;
    const char* p = PyUnicode_AsUTF8AndSize(text.ptr(), &n);
    if (!p) throw nb::python_error();
    return {p, size_t(n)};
}

firth::TextChunk tokenize(const nb::bytes& data, bool lowercase, int64_t max_token) {
    if (max_token < 1) throw nb::value_error("max_token must be >= 1");
    const std::string_view text(data.c_str(), data.size());
    nb::gil_scoped_release release;
    return firth::Tokenizer(lowercase, size_t(max_token)).run(text);
}

firth::TextChunk from_lines(const nb::list& lines, int64_t max_token) {
    if (max_token < 1) throw nb::value_error("max_token must be >= 1");
    firth::TextChunk chunk;
    for (const nb::handle line : lines) {
        const size_t begin = chunk.codes.size();
        for (const nb::handle token : nb::cast<nb::list>(line)) {
            const std::string_view text = view(nb::cast<nb::str>(token));
            if (text.size() > size_t(max_token))
                ++chunk.n_rejected;
            else if (!text.empty())
                chunk.codes.push_back(chunk.table.add(text, firth::hash_text(text), 1));
        }
        chunk.lengths.push_back(int64_t(chunk.codes.size() - begin));
    }
    return chunk;
}

nb::tuple merge(firth::TextTable& table, firth::TextChunk& chunk) {
    {
        nb::gil_scoped_release release;
        firth::merge_chunk(table, chunk);
        chunk.table = firth::TextTable();
    }
    return nb::make_tuple(give(std::move(chunk.codes)), give(std::move(chunk.lengths)));
}

nb::list keys(const firth::TextTable& table) {
    nb::list texts;
    for (int32_t code = 0; code < table.size(); ++code) {
        const std::string_view key = table.key(code);
        texts.append(nb::str(key.data(), key.size()));
    }
    return texts;
}

int32_t code(firth::TextTable& table, const nb::str& key) {
    const std::string_view text = view(key);
    return table.add(text, firth::hash_text(text), 0);
}

auto text_order(const firth::TextTable& table, const Array<const int64_t>& counts) {
    if (counts.shape(0) != size_t(table.size())) throw nb::value_error("counts needs one number per key");
    std::vector<int64_t> order;
    {
        nb::gil_scoped_release release;
        order = firth::text_order(table, counts.data());
    }
    return give(std::move(order));
}

void check_codes(const int32_t* codes, size_t n, int64_t n_codes) {
    for (size_t i = 0; i < n; ++i)
        if (codes[i] < 0 || codes[i] >= n_codes) throw nb::value_error("a code is outside of the table");
}

void check_lengths(const int64_t* lengths, size_t n, size_t n_codes) {
    size_t total = 0;
    for (size_t i = 0; i < n; ++i) {
        if (lengths[i] < 0 || size_t(lengths[i]) > n_codes - total)
            throw nb::value_error("lengths must be >= 0 and add up to the number of codes");
        total += size_t(lengths[i]);
    }
    if (total != n_codes) throw nb::value_error("lengths must be >= 0 and add up to the number of codes");
}

void count_codes(const Array<const int32_t>& codes, const Array<int64_t>& counts) {
    nb::gil_scoped_release release;
    check_codes(codes.data(), codes.shape(0), int64_t(counts.shape(0)));
    for (size_t i = 0; i < codes.shape(0); ++i) ++counts.data()[codes.data()[i]];
}

void recode(const Array<int32_t>& codes, const Array<const int32_t>& code_of) {
    nb::gil_scoped_release release;
    check_codes(codes.data(), codes.shape(0), int64_t(code_of.shape(0)));
    for (size_t i = 0; i < codes.shape(0); ++i) codes.data()[i] = code_of.data()[codes.data()[i]];
}

firth::PairCounts pair_counts(const Array<const int64_t>& counts, int64_t min_count) {
    if (min_count < 1) throw nb::value_error("min_count must be >= 1");
    return {std::vector<int64_t>(counts.data(), counts.data() + counts.shape(0)), min_count};
}

void add_pairs(firth::PairCounts& pairs, const Array<const int32_t>& codes, const Array<const int64_t>& lengths,
               bool is_open) {
    nb::gil_scoped_release release;
    check_codes(codes.data(), codes.shape(0), pairs.n_codes());
    check_lengths(lengths.data(), lengths.shape(0), codes.shape(0));
    pairs.add(codes.data(), lengths.data(), int64_t(lengths.shape(0)), is_open);
}

nb::tuple phrases(const firth::PairCounts& pairs, double threshold) {
    std::vector<int32_t> left, right;
    std::vector<double> scores;
    for (const firth::Phrase& phrase : pairs.phrases(threshold)) {
        left.push_back(phrase.left);
        right.push_back(phrase.right);
        scores.push_back(phrase.score);
    }
    return nb::make_tuple(give(std::move(left)), give(std::move(right)), give(std::move(scores)));
}

void set_phrases(firth::PairJoiner& joiner, const Array<const int32_t>& left, const Array<const int32_t>& right,
                 const Array<const int32_t>& codes) {
    if (left.shape(0) != right.shape(0) || left.shape(0) != codes.shape(0))
        throw nb::value_error("left, right and codes need one number per phrase");
    for (const auto* each : {&left, &right, &codes}) check_codes(each->data(), each->shape(0), INT32_MAX);
    for (size_t i = 0; i < left.shape(0); ++i) joiner.set(left.data()[i], right.data()[i], codes.data()[i]);
}

nb::tuple join(firth::PairJoiner& joiner, const Array<const int32_t>& codes, const Array<const int64_t>& lengths,
               bool is_open) {
    check_codes(codes.data(), codes.shape(0), INT32_MAX);
    check_lengths(lengths.data(), lengths.shape(0), codes.shape(0));
    std::vector<int32_t> joined;
    std::vector<int64_t> joined_lengths;
    {
        nb::gil_scoped_release release;
        joined.reserve(codes.shape(0));
        joiner.run(codes.data(), lengths.data(), int64_t(lengths.shape(0)), is_open, joined, joined_lengths);
    }
    return nb::make_tuple(give(std::move(joined)), give(std::move(joined_lengths)));
}

}  // namespace

void bind_text(nb::module_& m) {
    nb::class_<firth::TextChunk>(m, "TextChunk")
        .def_ro("is_open", &firth::TextChunk::is_open)
        .def_ro("n_line_ends", &firth::TextChunk::n_line_ends)
        .def_ro("n_rejected", &firth::TextChunk::n_rejected)
        .def_ro("n_invalid_bytes", &firth::TextChunk::n_invalid_bytes)
        .def_prop_ro("invalid", [](const firth::TextChunk& chunk) {
            nb::list examples;  // an example may end within a character
            for (const auto& [line, text] : chunk.invalid) {
                const std::string whole = firth::repaired(text);
                examples.append(nb::make_tuple(line, nb::str(whole.data(), whole.size())));
            }
            return examples;
        });
    m.def("tokenize", &tokenize, nb::arg("data"), nb::kw_only(), nb::arg("lowercase"), nb::arg("max_token"));
    m.def("chunk_of_lines", &from_lines, nb::arg("lines"), nb::kw_only(), nb::arg("max_token"));
    nb::class_<firth::TextTable>(m, "TextTable")
        .def(nb::init<>())
        .def("__len__", &firth::TextTable::size)
        .def("merge", &merge, nb::arg("chunk"))
        .def("keys", &keys)
        .def("code", &code, nb::arg("key"))
        .def("order", &text_order, nb::arg("counts").noconvert());
    m.def("count_codes", &count_codes, nb::arg("codes").noconvert(), nb::arg("counts").noconvert());
    m.def("recode", &recode, nb::arg("codes").noconvert(), nb::arg("code_of").noconvert());
    nb::class_<firth::PairCounts>(m, "PairCounts")
        .def("add", &add_pairs, nb::arg("codes").noconvert(), nb::arg("lengths").noconvert(), nb::arg("is_open"))
        .def("phrases", &phrases, nb::arg("threshold"));
    m.def("pair_counts", &pair_counts, nb::arg("counts").noconvert(), nb::kw_only(), nb::arg("min_count"));
    nb::class_<firth::PairJoiner>(m, "PairJoiner")
        .def(nb::init<>())
        .def_prop_ro("n_joined", &firth::PairJoiner::n_joined)
        .def("set", &set_phrases, nb::arg("left").noconvert(), nb::arg("right").noconvert(),
             nb::arg("codes").noconvert())
        .def("join", &join, nb::arg("codes").noconvert(), nb::arg("lengths").noconvert(), nb::arg("is_open"));
}
