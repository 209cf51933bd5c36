// Training, as Python sees it: every array is checked here once, then only pointers travel.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/tuple.h>

#include <numeric>
#include <optional>
#include <tuple>

#include "bind_walks.hpp"
#include "heldout.hpp"
#include "initial.hpp"
#include "permutation.hpp"
#include "threads.hpp"
#include "trainer.hpp"

namespace nb = nanobind;

namespace {

template <class T>
using Array1 = nb::ndarray<T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
template <class T>
using Array2 = nb::ndarray<T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

// A model's matrix, of 32-bit or of 16-bit floats.
using ModelArray = nb::ndarray<nb::ndim<2>, nb::c_contig, nb::device::cpu>;

void require(bool condition, const char* rule) {
    if (!condition) throw nb::value_error(rule);
}

template <class T>
void require_below(const Array1<const T>& values, int64_t limit, const char* rule) {
    for (size_t i = 0; i < values.shape(0); ++i)
        require(int64_t(values.data()[i]) >= 0 && int64_t(values.data()[i]) < limit, rule);
}

template <class T>
nb::ndarray<nb::numpy, T> to_array(const std::vector<T>& values) {
    auto* copy = new T[values.size()];
    std::copy(values.begin(), values.end(), copy);
    nb::capsule owner(copy, [](void* p) noexcept { delete[] static_cast<T*>(p); });
    return {copy, {values.size()}, owner};
}

template <class T>
nb::ndarray<nb::numpy, T> to_matrix(const std::vector<T>& values, size_t n_rows) {
    auto* copy = new T[values.size()];
    std::copy(values.begin(), values.end(), copy);
    nb::capsule owner(copy, [](void* p) noexcept { delete[] static_cast<T*>(p); });
    return {copy, {n_rows, n_rows ? values.size() / n_rows : 0}, owner};
}

firth::Matrix matrix_of(const ModelArray& array) {
    const int64_t stride = int64_t(array.shape(1));
    const auto type = array.dtype();
    const bool is_float = type.code == uint8_t(nb::dlpack::dtype_code::Float) && type.lanes == 1;
    require(is_float && (type.bits == 32 || type.bits == 16), "a model must be of float32 or float16");
    require(stride > 0 && stride % 8 == 0, "rows must be padded to a multiple of 8 floats");
    require(uintptr_t(array.data()) % type.bits == 0, "rows must be aligned to 32 bytes, of float16 to 16");
    if (type.bits == 16) return {nullptr, stride, nullptr, static_cast<uint16_t*>(array.data())};
    return {static_cast<float*>(array.data()), stride, nullptr};
}

firth::AliasTable alias_table(const Array1<const uint32_t>& threshold, const Array1<const int32_t>& alias) {
    const int64_t n = int64_t(threshold.shape(0));
    require(n > 0 && int64_t(alias.shape(0)) == n, "an alias table needs as many aliases as thresholds, at least one");
    require_below(alias, n, "an alias must be below the table's size");
    return {threshold.data(), alias.data(), uint32_t(n)};
}

nb::tuple build_alias(Array1<const double> weights, Array1<const int64_t> offsets) {
    const size_t n = weights.shape(0), n_tables = offsets.shape(0) - 1;
    auto* threshold = new uint32_t[n];
    nb::capsule free_threshold(threshold, [](void* p) noexcept { delete[] static_cast<uint32_t*>(p); });
    auto* alias = new int32_t[n];
    nb::capsule free_alias(alias, [](void* p) noexcept { delete[] static_cast<int32_t*>(p); });
    const int64_t* o = offsets.data();
    require(offsets.shape(0) >= 1 && o[0] == 0 && o[n_tables] == int64_t(n),
            "offsets must run from 0 to the number of weights");
    for (size_t t = 0; t < n_tables; ++t) {
        require(o[t] < o[t + 1], "an alias table needs at least one weight");
        double sum = 0;
        for (int64_t i = o[t]; i < o[t + 1]; ++i) {
            require(weights.data()[i] >= 0, "weights must be >= 0");
            sum += weights.data()[i];
        }
        require(sum > 0 && std::isfinite(sum), "weights must have a positive, finite sum");
    }
    for (size_t t = 0; t < n_tables; ++t)
        firth::build_alias(weights.data() + o[t], o[t + 1] - o[t], threshold + o[t], alias + o[t]);
    return nb::make_tuple(nb::ndarray<nb::numpy, uint32_t>(threshold, {n}, free_threshold),
                          nb::ndarray<nb::numpy, int32_t>(alias, {n}, free_alias));
}

// Groups, with the arrays they point into.
struct GroupArrays {
    Array1<const uint32_t> choice_threshold;
    Array1<const int32_t> choice_alias;
    Array1<const int32_t> contexts;
    Array1<const int64_t> offsets;
    Array1<const int32_t> members;
    std::optional<Array1<const double>> weights;
    std::optional<Array1<const uint32_t>> threshold;
    std::optional<Array1<const int32_t>> alias;
    firth::Groups groups;

    GroupArrays(Array1<const uint32_t> choice_threshold_, Array1<const int32_t> choice_alias_,
                Array1<const int32_t> contexts_, Array1<const int64_t> offsets_, Array1<const int32_t> members_,
                std::optional<Array1<const double>> weights_, std::optional<Array1<const uint32_t>> threshold_,
                std::optional<Array1<const int32_t>> alias_, int partners, uint64_t heldout_salt,
                uint32_t heldout_threshold, bool draw_heldout, int64_t n_items)
        : choice_threshold(choice_threshold_),
          choice_alias(choice_alias_),
          contexts(contexts_),
          offsets(offsets_),
          members(members_),
          weights(weights_),
          threshold(threshold_),
          alias(alias_) {
        const firth::AliasTable choice = alias_table(choice_threshold, choice_alias);
        const int64_t n_members = int64_t(members.shape(0));
        const int64_t* o = offsets.data();
        require(offsets.shape(0) == size_t(choice.n) + 1 && o[0] == 0 && o[choice.n] == n_members,
                "group offsets must run from 0 to the number of members");
        for (uint32_t g = 0; g < choice.n; ++g) require(o[g + 1] - o[g] >= 2, "a group needs at least two members");
        require_below(members, n_items, "a member's id must be below the number of items");
        require(partners >= 1 && partners <= firth::max_partners, "partners must be between 1 and 16");
        if (weights) {
            require(threshold && alias, "member weights need their alias tables");
            require(weights->shape(0) == size_t(n_members) && threshold->shape(0) == size_t(n_members) &&
                        alias->shape(0) == size_t(n_members),
                    "member weights and their alias tables need one entry per member");
            for (uint32_t g = 0; g < choice.n; ++g)
                for (int64_t i = o[g]; i < o[g + 1]; ++i)
                    require(alias->data()[i] >= 0 && alias->data()[i] < o[g + 1] - o[g],
                            "a member's alias must be below its group's size");
        }
        require(contexts.shape(0) == choice.n, "groups need one context each");
        groups.choice = choice;
        groups.contexts = contexts.data();
        groups.offsets = o;
        groups.members = members.data();
        groups.weights = weights ? weights->data() : nullptr;
        groups.threshold = weights ? threshold->data() : nullptr;
        groups.alias = weights ? alias->data() : nullptr;
        groups.heldout = {heldout_salt, heldout_threshold, draw_heldout};
        groups.partners = partners;
    }

    // Positions of the given stream, as rows (centre, n_partners, sixteen partners, context); for tests and for the
    // held-out sample.
    nb::ndarray<nb::numpy, int32_t> draw(uint64_t seed, uint32_t purpose, uint64_t index, int64_t n) const {
        constexpr size_t columns = 3 + firth::max_partners;
        auto* rows = new int32_t[size_t(n) * columns]();
        nb::capsule owner(rows, [](void* p) noexcept { delete[] static_cast<int32_t*>(p); });
        firth::Stream stream(seed, firth::Purpose(purpose), index);
        firth::Drawn position{};
        for (int64_t i = 0; i < n; ++i) {
            groups.draw(stream, position);
            int32_t* row = rows + size_t(i) * columns;
            row[0] = position.centre;
            row[1] = position.n_partners;
            row[columns - 1] = position.context;
            for (int b = 0; b < position.n_partners; ++b) row[2 + b] = position.partners[b];
        }
        return {rows, {size_t(n), columns}, owner};
    }
};

// Sequences, with the arrays they point into. `limits` are the corpus's own bounds of the tokens, checked when it was
// written: (lowest, highest). Reading every token of a mapped file here would undo its being mapped.
struct SequenceArrays {
    Array1<const int32_t> tokens;
    Array1<const int64_t> offsets;
    Array1<const uint32_t> keep;
    nb::object walks;  // None, or WalkArrays that make the tokens
    firth::Sequences sequences;

    SequenceArrays(Array1<const int32_t> tokens_, Array1<const int64_t> offsets_, Array1<const uint32_t> keep_,
                   int unknown, int before, int after, bool shrink, int64_t chunk_size, uint64_t heldout_salt,
                   uint32_t heldout_threshold, uint64_t seed, uint32_t context, int64_t block_chunks, nb::object walks_)
        : tokens(tokens_), offsets(offsets_), keep(keep_), walks(walks_) {
        const firth::Walks* made = walks.is_none() ? nullptr : &nb::cast<const WalkArrays&>(walks).walks;
        const int64_t* o = offsets.data();
        const int64_t n_items = int64_t(keep.shape(0));
        const int64_t n = made ? made->n_walks() : int64_t(offsets.shape(0)) - 1;
        if (made) {
            require(tokens.shape(0) == 0 && offsets.shape(0) == 0, "walks take the place of tokens and offsets");
            require(made->graph.n_nodes == n_items && unknown < 0, "every node must be an item, and none unknown");
            require(chunk_size % made->length == 0, "chunk_size must be a multiple of the walks' length");
        } else {
            require(n >= 1 && o[0] == 0 && o[n] == int64_t(tokens.shape(0)),
                    "sequence offsets must run from 0 to the number of tokens");
        }
        for (int64_t i = 0; i < n && !made; ++i) require(o[i] <= o[i + 1], "sequence offsets must not fall");
        require(n_items >= 1 && unknown >= -1 && unknown < n_items, "unknown must be an item or -1");
        require(before >= 0 && after >= 0 && before + after >= 1, "a window must reach at least one token");
        require(before <= firth::max_reach && after <= firth::max_reach, "a window may reach at most 65,536 tokens");
        require(chunk_size >= 1 && chunk_size <= (1 << 24), "chunk_size must be from 1 to 2**24");
        require(block_chunks >= 0, "block_chunks must be >= 0");
        sequences = {tokens.data(),
                     o,
                     n,
                     int32_t(unknown < 0 ? n_items : n_items - 1),
                     unknown,
                     keep.data(),
                     before,
                     after,
                     shrink,
                     chunk_size,
                     heldout_salt,
                     heldout_threshold,
                     seed,
                     context,
                     block_chunks,
                     made};
    }

    // Where the chunks of turns first .. last-1 lie, counted on from epoch to epoch: rows (first token, end), those
    // that follow one another joined.
    nb::ndarray<nb::numpy, int64_t> extents(int64_t first, int64_t last) const {
        require(first >= 0 && first <= last, "turns must be >= 0");
        const int64_t n_chunks = sequences.n_chunks();
        std::vector<int64_t> found;
        for (int64_t turn = first; turn < last; ++turn) {
            const int64_t chunk = sequences.chunk_at(turn / n_chunks, turn % n_chunks);
            const int64_t begin = chunk * sequences.chunk_size;
            if (found.empty() || found.back() != begin) found.insert(found.end(), {begin, begin});
            found.back() = std::min(begin + sequences.chunk_size, sequences.n_tokens());
        }
        const size_t n = found.size() / 2;
        return n ? to_matrix(found, n) : to_array(found);
    }

    int64_t count_pairs(int64_t epoch, int n_jobs) const {
        require(n_jobs >= 1, "n_jobs must be >= 1");
        nb::gil_scoped_release released;
        std::vector<firth::Windows> windows(static_cast<size_t>(n_jobs));
        std::vector<int64_t> sums(static_cast<size_t>(n_jobs));
        firth::parallel_for(sequences.n_chunks(), n_jobs, [&](int64_t chunk, int worker) {
            sums[size_t(worker)] += sequences.count_pairs(epoch, chunk, false, windows[size_t(worker)]);
        });
        return std::accumulate(sums.begin(), sums.end(), int64_t{0});
    }

    // Positions of one epoch from its first chunks on, until there are n: (centres, offsets, partners).
    nb::tuple positions(int64_t epoch, int64_t first_chunk, int64_t last_chunk, bool want_heldout, int64_t n) const {
        require(first_chunk >= 0 && last_chunk <= sequences.n_chunks(), "chunks must lie within the corpus");
        std::vector<int32_t> centres, partners;
        std::vector<int64_t> ends{0};
        firth::Windows windows;
        for (int64_t chunk = first_chunk; chunk < last_chunk && int64_t(centres.size()) < n; ++chunk) {
            sequences.collect(epoch, chunk, want_heldout, windows);
            for (const firth::Windows::Segment& segment : windows.segments)
                for (int32_t i = segment.first; i < segment.last && int64_t(centres.size()) < n; ++i) {
                    int32_t begin, end;
                    sequences.window(windows, segment, i, begin, end);
                    if (end - begin < 2) continue;
                    centres.push_back(windows.ids[size_t(i)]);
                    for (int32_t j = begin; j < end; ++j)
                        if (j != i) partners.push_back(windows.ids[size_t(j)]);
                    ends.push_back(int64_t(partners.size()));
                }
        }
        return nb::make_tuple(to_array(centres), to_array(ends), to_array(partners));
    }
};

// The model's arrays, shared with Python, and everything that trains them.
class TrainerArrays {
  public:
    TrainerArrays(nb::list sources, nb::list plans, Array1<const int32_t> pattern, int64_t n_lanes_in_all,
                  int n_contexts, ModelArray inputs, ModelArray outputs, std::optional<Array1<float>> biases,
                  Array1<const uint32_t> noise_threshold, Array1<const int32_t> noise_alias,
                  Array1<const float> log_noise, std::optional<Array1<const uint8_t>> frozen, bool is_cbow,
                  int negative, uint64_t seed, int lanes, float learning_rate, float min_learning_rate, float curvature)
        : sources_(sources),
          inputs_(inputs),
          outputs_(outputs),
          biases_(biases),
          log_noise_(log_noise),
          frozen_(frozen),
          objective_{negative, is_cbow, firth::PackedAliasTable(alias_table(noise_threshold, noise_alias)),
                     log_noise.data()},
          model_{matrix_of(inputs), matrix_of(outputs), int64_t(inputs.shape(0)), seed,
                 frozen ? frozen->data() : nullptr},
          plan_{lanes, learning_rate, min_learning_rate, curvature, (n_lanes_in_all + lanes - 1) / lanes} {
        const size_t n_items = inputs.shape(0), stride = inputs.shape(1);
        require(outputs.shape(0) == n_items && outputs.shape(1) == stride,
                "inputs and outputs must have the same shape");
        require(inputs.dtype() == outputs.dtype(), "inputs and outputs must be of the same kind");
        require(!biases || biases->shape(0) == n_items, "biases need one entry per item");
        require(!frozen || frozen->shape(0) == n_items, "frozen needs one entry per item");
        require(objective_.noise.size() == n_items && log_noise.shape(0) == n_items,
                "the noise needs one entry per item");
        require(negative >= 1 && negative < firth::max_outputs, "negative must be between 1 and 256");
        require(lanes >= 1 && lanes <= firth::max_lanes, "lanes must be between 1 and 1024");
        require(n_lanes_in_all >= 1 && n_contexts >= 1, "a training needs at least one lane and one context");
        model_.outputs.biases = biases ? biases->data() : nullptr;
        // One matrix for both: the merge of the inputs also merges the biases.
        if (model_.is_tied()) model_.inputs.biases = model_.outputs.biases;
        trainer_ = std::make_unique<firth::Trainer>(schedule(sources, plans, pattern, n_lanes_in_all, n_contexts),
                                                    objective_, model_, plan_);
    }

    int64_t n_steps() const { return plan_.n_steps; }
    float learning_rate_at(int64_t step) const { return plan_.learning_rate_at(step); }

    nb::tuple run(int64_t first, int64_t last, int n_jobs) {
        require(first >= 0 && first <= last && last <= plan_.n_steps, "steps must lie within the training");
        require(n_jobs >= 1, "n_jobs must be >= 1");
        firth::Progressed progressed;
        {
            nb::gil_scoped_release released;
            progressed = trainer_->run(first, last, n_jobs);
        }
        const size_t n_steps = size_t(last - first);
        return nb::make_tuple(to_matrix(progressed.loss_sums, n_steps), to_matrix(progressed.n_pairs, n_steps));
    }

    // From now on the merges note there what the steps do to each row (see rounds.hpp). The outputs' is the inputs'
    // where both are one matrix.
    void note_curvature(Array1<float> inputs, std::optional<Array1<float>> outputs) {
        const size_t n = size_t(model_.n_items);
        require(outputs.has_value() != model_.is_tied(), "outputs that are tied have no curvature of their own");
        require(inputs.shape(0) == n && (!outputs || outputs->shape(0) == n), "curvature needs one entry per item");
        noted_ = {inputs, outputs};
        trainer_->note_curvature(inputs.data(), outputs ? outputs->data() : nullptr);
    }

    double heldout_loss(Array1<const int32_t> centres, Array1<const int64_t> offsets, Array1<const int32_t> partners,
                        Array2<const int32_t> negatives) const {
        const size_t n = centres.shape(0);
        require(offsets.shape(0) == n + 1 && offsets.data()[0] == 0 &&
                    offsets.data()[n] == int64_t(partners.shape(0)) && negatives.shape(0) == n &&
                    negatives.shape(1) == size_t(objective_.negative),
                "held-out positions need partners and `negative` negatives each");
        for (size_t i = 0; i < n; ++i)
            require(offsets.data()[i] <= offsets.data()[i + 1], "held-out offsets must not fall");
        require_below(centres, model_.n_items, "a centre's id must be below the number of items");
        require_below(partners, model_.n_items, "a partner's id must be below the number of items");
        for (size_t i = 0; i < negatives.size(); ++i)
            require(negatives.data()[i] >= 0 && negatives.data()[i] < model_.n_items,
                    "a negative's id must be below the number of items");
        nb::gil_scoped_release released;
        return firth::heldout_loss({int64_t(n), centres.data(), offsets.data(), partners.data(), negatives.data()},
                                   objective_, model_);
    }

  private:
    // `plans`: (positions of the whole training, positions or tokens per lane, negatives per lane) of each source.
    firth::Schedule schedule(const nb::list& sources, const nb::list& plans, const Array1<const int32_t>& pattern,
                             int64_t n_lanes_in_all, int n_contexts) const {
        firth::Schedule made{{}, {}, {}, {}, n_lanes_in_all, n_contexts};
        require(nb::len(sources) == nb::len(plans), "every source needs a plan");
        for (size_t i = 0; i < nb::len(sources); ++i) {
            firth::Source source{};
            if (nb::isinstance<SequenceArrays>(sources[i])) {
                const SequenceArrays& arrays = nb::cast<const SequenceArrays&>(sources[i]);
                source.sequences = &arrays.sequences;
                require(arrays.keep.shape(0) == size_t(model_.n_items), "keep needs one entry per item");
                require(arrays.sequences.context < uint32_t(n_contexts), "a context's number must be below n_contexts");
            } else {
                const GroupArrays& arrays = nb::cast<const GroupArrays&>(sources[i]);
                source.groups = &arrays.groups;
                require_below(arrays.contexts, n_contexts, "a context's number must be below n_contexts");
            }
            const auto [n_positions, lane_size, pool_size] =
                nb::cast<std::tuple<int64_t, int64_t, int>>(nb::object(plans[i]));
            require(n_positions >= 0 && lane_size >= 1 && pool_size >= 1, "a source's plan must be positive");
            source.n_positions = n_positions;
            source.lane_size = lane_size;
            source.pool_size = pool_size;
            made.sources.push_back(source);
        }
        require_below(pattern, int64_t(made.sources.size()), "the pattern must name sources");
        require(pattern.shape(0) >= 1, "the pattern needs at least one lane");
        made.quota.resize(made.sources.size());
        for (size_t i = 0; i < pattern.shape(0); ++i) {
            const int32_t source = pattern.data()[i];
            made.pattern.push_back(source);
            made.rank.push_back(made.quota[size_t(source)]++);
        }
        return made;
    }

    nb::object sources_;
    ModelArray inputs_, outputs_;
    std::optional<Array1<float>> biases_;
    Array1<const float> log_noise_;
    std::optional<Array1<const uint8_t>> frozen_;
    firth::Objective objective_;
    firth::Model model_;
    firth::Plan plan_;
    std::unique_ptr<firth::Trainer> trainer_;
    std::pair<std::optional<Array1<float>>, std::optional<Array1<float>>> noted_;
};

}  // namespace

void bind_trainer(nb::module_& m) {
    m.attr("max_partners") = firth::max_partners;
    m.attr("max_negative") = firth::max_outputs - 1;
    m.attr("max_lanes") = firth::max_lanes;
    m.def("build_alias", &build_alias, nb::arg("weights").noconvert(), nb::arg("offsets").noconvert());
    m.def("words", [](uint64_t seed, uint32_t purpose, uint64_t index, size_t n) {
        auto* words = new uint32_t[n];
        nb::capsule owner(words, [](void* p) noexcept { delete[] static_cast<uint32_t*>(p); });
        firth::Stream stream(seed, firth::Purpose(purpose), index);
        for (size_t i = 0; i < n; ++i) words[i] = stream.next();
        return nb::ndarray<nb::numpy, uint32_t>(words, {n}, owner);
    });
    m.def("merge_share", &firth::merge_share);
    m.def(
        "initial_rows",
        [](ModelArray rows, int64_t size, uint64_t seed, int n_jobs) {
            const firth::Matrix matrix = matrix_of(rows);
            require(size >= 1 && size <= matrix.stride && n_jobs >= 1, "a row must have room for its numbers");
            nb::gil_scoped_release released;
            firth::initial_rows(int64_t(rows.shape(0)), size, seed, n_jobs, [&](int64_t row, int64_t d, float value) {
                if (matrix.halves)
                    matrix.half_row(row)[d] = firth::nearest_half(value);
                else
                    matrix.row(row)[d] = value;
            });
        },
        nb::arg("rows").noconvert(), nb::arg("size"), nb::arg("seed"), nb::arg("n_jobs"));
    // Rounds rows as a merge does; for tests.
    m.def(
        "narrowed",
        [](Array2<const float> rows, uint64_t salt) {
            const size_t n = rows.shape(0), stride = rows.shape(1);
            require(stride % 8 == 0 && uintptr_t(rows.data()) % 32 == 0, "rows must be whole and aligned to 32 bytes");
            auto* halves = static_cast<uint16_t*>(::operator new(n * stride * 2 + 1, std::align_val_t{64}));
            nb::capsule owner(halves, [](void* p) noexcept { ::operator delete(p, std::align_val_t{64}); });
            for (size_t i = 0; i < n; ++i)
                firth::variant().narrow_row(rows.data() + i * stride, halves + i * stride, int64_t(stride),
                                            firth::split_mix(salt, i));
            return nb::ndarray<nb::numpy, uint16_t>(halves, {n, stride}, owner);
        },
        nb::arg("rows").noconvert(), nb::arg("salt"));
    m.def(
        "widened",
        [](Array2<const uint16_t> rows) {
            const size_t n = rows.shape(0), stride = rows.shape(1);
            require(stride % 8 == 0 && uintptr_t(rows.data()) % 16 == 0, "rows must be whole and aligned to 16 bytes");
            auto* floats = static_cast<float*>(::operator new(n * stride * 4 + 1, std::align_val_t{64}));
            nb::capsule owner(floats, [](void* p) noexcept { ::operator delete(p, std::align_val_t{64}); });
            for (size_t i = 0; i < n; ++i)
                firth::variant().widen_row(rows.data() + i * stride, floats + i * stride, int64_t(stride));
            return nb::ndarray<nb::numpy, float>(floats, {n, stride}, owner);
        },
        nb::arg("rows").noconvert());
    m.def("permuted", [](uint64_t n, uint64_t key, uint64_t first, uint64_t last) {
        require(n >= 1 && n <= firth::Permutation::max_size, "a permutation must be of 1 to 2**62 numbers");
        require(first <= last && last <= n, "places must lie within the permutation");
        const firth::Permutation permutation(n, key);
        std::vector<uint64_t> numbers(last - first);
        for (uint64_t i = first; i < last; ++i) numbers[i - first] = permutation(i);
        return to_array(numbers);
    });

    nb::class_<GroupArrays>(m, "Groups")
        .def(nb::init<Array1<const uint32_t>, Array1<const int32_t>, Array1<const int32_t>, Array1<const int64_t>,
                      Array1<const int32_t>, std::optional<Array1<const double>>, std::optional<Array1<const uint32_t>>,
                      std::optional<Array1<const int32_t>>, int, uint64_t, uint32_t, bool, int64_t>(),
             nb::kw_only(), nb::arg("choice_threshold").noconvert(), nb::arg("choice_alias").noconvert(),
             nb::arg("contexts").noconvert(), nb::arg("offsets").noconvert(), nb::arg("members").noconvert(),
             nb::arg("weights").none(), nb::arg("threshold").none(), nb::arg("alias").none(), nb::arg("partners"),
             nb::arg("heldout_salt"), nb::arg("heldout_threshold"), nb::arg("draw_heldout"), nb::arg("n_items"))
        .def("draw", &GroupArrays::draw);

    nb::class_<SequenceArrays>(m, "Sequences")
        .def(nb::init<Array1<const int32_t>, Array1<const int64_t>, Array1<const uint32_t>, int, int, int, bool,
                      int64_t, uint64_t, uint32_t, uint64_t, uint32_t, int64_t, nb::object>(),
             nb::kw_only(), nb::arg("tokens").noconvert(), nb::arg("offsets").noconvert(), nb::arg("keep").noconvert(),
             nb::arg("unknown"), nb::arg("before"), nb::arg("after"), nb::arg("shrink"), nb::arg("chunk_size"),
             nb::arg("heldout_salt"), nb::arg("heldout_threshold"), nb::arg("seed"), nb::arg("context"),
             nb::arg("block_chunks") = 0, nb::arg("walks") = nb::none())
        .def_prop_ro("n_chunks", [](const SequenceArrays& each) { return each.sequences.n_chunks(); })
        .def("count_pairs", &SequenceArrays::count_pairs)
        .def("extents", &SequenceArrays::extents)
        .def("positions", &SequenceArrays::positions);

    nb::class_<TrainerArrays>(m, "Trainer")
        .def(nb::init<nb::list, nb::list, Array1<const int32_t>, int64_t, int, ModelArray, ModelArray,
                      std::optional<Array1<float>>, Array1<const uint32_t>, Array1<const int32_t>, Array1<const float>,
                      std::optional<Array1<const uint8_t>>, bool, int, uint64_t, int, float, float, float>(),
             nb::kw_only(), nb::arg("sources"), nb::arg("plans"), nb::arg("pattern").noconvert(),
             nb::arg("n_lanes_in_all"), nb::arg("n_contexts"), nb::arg("inputs").noconvert(),
             nb::arg("outputs").noconvert(), nb::arg("biases").none(), nb::arg("noise_threshold").noconvert(),
             nb::arg("noise_alias").noconvert(), nb::arg("log_noise").noconvert(), nb::arg("frozen").none(),
             nb::arg("is_cbow"), nb::arg("negative"), nb::arg("seed"), nb::arg("lanes"), nb::arg("learning_rate"),
             nb::arg("min_learning_rate"), nb::arg("curvature"))
        .def_prop_ro("n_steps", &TrainerArrays::n_steps)
        .def("learning_rate_at", &TrainerArrays::learning_rate_at)
        .def("run", &TrainerArrays::run)
        .def("note_curvature", &TrainerArrays::note_curvature, nb::arg("inputs").noconvert(), nb::arg("outputs").none())
        .def("heldout_loss", &TrainerArrays::heldout_loss);
}
