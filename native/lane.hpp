// A lane: a logical worker that copies the rows it will touch, trains them by plain sequential steps, and leaves them
// for the merge. What it does depends on the model at the start of the step and on its own random streams, nothing
// else.
#pragma once

#include <algorithm>
#include <vector>

#include "changed_rows.hpp"
#include "dispatch.hpp"
#include "schedule.hpp"
#include "variant.hpp"

namespace firth {

// One training position: entries of a lane. Partners are work.partners[first], ..., n_partners of them.
struct Position {
    int32_t centre;
    int32_t context;
    int32_t first;
    int32_t n_partners;
};

// What a thread needs: which entry an item has in the lane being trained, and scratch.
class Workspace {
  public:
    Workspace(int64_t n_items, int64_t stride, int n_outputs)
        : entries(size_t(n_items)),
          pitch(block_pitch(n_outputs)),
          mean(stride),
          old_mean(stride),
          frozen((stride + 15) / 16 * 16 * (max_inputs + n_outputs)),
          gradients(pitch * max_inputs) {}

    // Of each item, -1: none yet. Side by side, as both are looked up together.
    struct Entries {
        int32_t input = -1, output = -1;
    };
    std::vector<Entries> entries;
    std::vector<int32_t> pool, partners, last_use;
    std::vector<Position> positions;
    Windows windows;
    int64_t pitch;
    AlignedFloats mean, old_mean, frozen, gradients;
};

struct ContextLoss {
    LossSums sums;
    int64_t n_pairs;
};

struct Lane {
    // Curvature may be 0 (along outputs that are still zeros); a row that was trained has some all the same.
    static constexpr float is_touched = 1e-30f;

    ChangedRows inputs, outputs;
    std::vector<ContextLoss> losses;  // per context

    void run(const LaneTask& task, float learning_rate, const Schedule& schedule, const Objective& objective,
             const Model& model, Workspace& work) {
        inputs.clear();
        outputs.clear();
        losses.assign(size_t(schedule.n_contexts), ContextLoss{});
        for (ContextLoss& loss : losses) std::fill_n(loss.sums.mantissa, 8, 1.0f);
        work.partners.clear();
        work.positions.clear();
        if (task.source >= 0) draw_and_train(task, learning_rate, schedule, objective, model, work);
        inputs.sort_into_buckets();
        outputs.sort_into_buckets();
    }

  private:
    void draw_and_train(const LaneTask& task, float learning_rate, const Schedule& schedule, const Objective& objective,
                        const Model& model, Workspace& work) {
        Stream stream(model.seed, Purpose::lane, task.index);
        const Source& source = schedule.sources[size_t(task.source)];
        if (source.groups)
            draw_groups(stream, task, source, objective, model, work);
        else
            draw_windows(stream, task, source, objective, model, work);
        inputs.copy_from(model.inputs);
        if (!model.is_tied()) outputs.copy_from(model.outputs);
        train(stream, learning_rate, objective, model, work);
        for (int32_t id : inputs.ids) work.entries[size_t(id)].input = -1;
        for (int32_t id : outputs.ids) work.entries[size_t(id)].output = -1;
    }

    int32_t input_entry(int32_t id, Workspace& work) {
        int32_t& entry = work.entries[size_t(id)].input;
        if (entry < 0) entry = inputs.add(id);
        return entry;
    }

    int32_t output_entry(int32_t id, const Model& model, Workspace& work) {
        if (model.is_tied()) return input_entry(id, work);
        int32_t& entry = work.entries[size_t(id)].output;
        if (entry < 0) entry = outputs.add(id);
        return entry;
    }

    void draw_pool(Stream& stream, const Objective& objective, int pool_size, const Model& model, Workspace& work) {
        work.pool.resize(size_t(pool_size));
        objective.noise.draw(stream, work.pool);
        for (int32_t each : work.pool) __builtin_prefetch(&work.entries[size_t(each)]);
        for (int32_t& each : work.pool) each = output_entry(each, model, work);
    }

    void draw_groups(Stream& stream, const LaneTask& task, const Source& source, const Objective& objective,
                     const Model& model, Workspace& work) {
        draw_pool(stream, objective, source.pool_size, model, work);
        const int64_t n =
            std::clamp<int64_t>(source.n_positions - task.ordinal * source.lane_size, 0, source.lane_size);
        Drawn drawn;
        for (int64_t i = 0; i < n; ++i) {
            source.groups->draw(stream, drawn);
            if (drawn.n_partners == 0) continue;
            work.positions.push_back({output_entry(drawn.centre, model, work), drawn.context,
                                      int32_t(work.partners.size()), drawn.n_partners});
            for (int b = 0; b < drawn.n_partners; ++b) work.partners.push_back(input_entry(drawn.partners[b], work));
        }
    }

    void draw_windows(Stream& stream, const LaneTask& task, const Source& source, const Objective& objective,
                      const Model& model, Workspace& work) {
        const Sequences& sequences = *source.sequences;
        const int64_t n_chunks = sequences.n_chunks(), epoch = task.ordinal / n_chunks;
        Windows& windows = work.windows;
        sequences.collect(epoch, sequences.chunk_at(epoch, task.ordinal % n_chunks), false, windows);
        // A token is a centre and a partner: giving both the same entry halves the look-ups.
        for (int32_t id : windows.ids) __builtin_prefetch(&work.entries[size_t(id)]);
        for (int32_t& id : windows.ids) {
            const int32_t item = id;
            id = input_entry(item, work);
            if (!model.is_tied()) output_entry(item, model, work);
        }
        draw_pool(stream, objective, source.pool_size, model, work);
        // The block takes so many distinct inputs; a window with more, or with a word twice, is trained in parts.
        const int most = objective.is_cbow ? 1 << 30 : max_inputs;
        work.last_use.assign(inputs.ids.size(), -1);
        for (const Windows::Segment& segment : windows.segments)
            for (int32_t i = segment.first; i < segment.last; ++i) {
                int32_t begin, end;
                sequences.window(windows, segment, i, begin, end);
                Position position{windows.ids[size_t(i)], int32_t(sequences.context), 0, 0};
                for (int32_t j = begin; j < end;) {
                    position.first = int32_t(work.partners.size());
                    const int32_t number = int32_t(work.positions.size());
                    for (int n = 0; j < end && n < most; ++j) {
                        if (j == i) continue;
                        const int32_t partner = windows.ids[size_t(j)];
                        if (work.last_use[size_t(partner)] == number && !objective.is_cbow) break;
                        work.last_use[size_t(partner)] = number;
                        work.partners.push_back(partner);
                        ++n;
                    }
                    position.n_partners = int32_t(work.partners.size()) - position.first;
                    if (position.n_partners > 0) work.positions.push_back(position);
                }
            }
    }

    void train(Stream& stream, float learning_rate, const Objective& objective, const Model& model, Workspace& work) {
        const int64_t stride = model.inputs.stride;
        ChangedRows& targets = model.is_tied() ? inputs : outputs;
        float* in[max_inputs];
        float* out[max_outputs];
        alignas(32) float offsets[max_pitch] = {};
        alignas(32) int32_t used[max_pitch] = {};
        alignas(32) float norms[max_pitch] = {}, curvature[max_pitch];
        float input_norms[max_inputs], input_curvature[max_inputs + 8];
        int32_t entries[max_outputs];
        const int n_outputs = 1 + objective.negative;
        const bool has_biases = model.outputs.biases != nullptr;
        // A bias is a dimension more, in which every input is 1.
        const float bias_input = has_biases ? 1.0f : 0.0f;
        BlockTask task{in,
                       out,
                       offsets,
                       used,
                       work.gradients.data(),
                       input_norms,
                       norms,
                       input_curvature,
                       curvature,
                       nullptr,
                       stride,
                       work.pitch,
                       0,
                       n_outputs,
                       learning_rate};
        const auto train_block = variant().train_block;
        for (const Position& position : work.positions) {
            ContextLoss& loss = losses[size_t(position.context)];
            loss.n_pairs += objective.is_cbow ? 1 : position.n_partners;
            task.loss = &loss.sums;
            entries[0] = position.centre;
            for (int k = 1; k < n_outputs; ++k) entries[k] = work.pool[stream.below(uint32_t(work.pool.size()))];
            const int32_t* partners = work.partners.data() + position.first;
            for (int k = 0; k < n_outputs; ++k) {
                out[k] = row_of(entries[k], targets, max_inputs + k, model, work);
                norms[k] = targets.norms[size_t(entries[k])];
                // SGNS: a negative that is the centre itself is left out, as in word2vec.c. NCE models it.
                used[k] = k == 0 || has_biases || entries[k] != position.centre ? -1 : 0;
            }
            if (has_biases)
                for (int k = 0; k < n_outputs; ++k)
                    offsets[k] =
                        targets.biases[size_t(entries[k])] - objective.log_noise[targets.ids[size_t(entries[k])]];
            if (objective.is_cbow) {
                task.n_inputs = 1;
                in[0] = work.mean.data();
                take_mean(partners, position.n_partners, stride, work);
                input_norms[0] = variant().squared_norm(in[0], stride) + bias_input;
            } else {
                task.n_inputs = position.n_partners;
                for (int b = 0; b < position.n_partners; ++b) {
                    in[b] = row_of(partners[b], inputs, b, model, work);
                    input_norms[b] = inputs.norms[size_t(partners[b])] + bias_input;
                }
            }
            train_block(task);
            if (objective.is_cbow) spread_change(partners, position.n_partners, stride, model, work);
            add_curvature(position, partners, entries, task, objective.is_cbow, targets);
            if (has_biases) update_biases(entries, task, model, targets);
            // Lengths grow while a lane trains, most of all from the zeros that outputs begin with: two rows of each
            // position are measured anew.
            targets.norms[size_t(entries[0])] = variant().squared_norm(targets.row(entries[0]), stride);
            inputs.norms[size_t(partners[0])] = variant().squared_norm(inputs.row(partners[0]), stride);
        }
    }

    // An entry's row; of a frozen item a copy, number `slot` of this position, which may be changed in vain.
    static float* row_of(int32_t entry, ChangedRows& rows, int slot, const Model& model, Workspace& work) {
        float* row = rows.row(entry);
        if (!model.is_frozen(rows.ids[size_t(entry)])) return row;
        float* copy = work.frozen.data() + slot * rows.pitch;
        std::copy_n(row, model.inputs.stride, copy);
        return copy;
    }

    void add_curvature(const Position& position, const int32_t* partners, const int32_t* entries, const BlockTask& task,
                       bool is_cbow, ChangedRows& targets) {
        for (int b = 0; b < position.n_partners; ++b)
            inputs.curvature[size_t(partners[b])] +=
                is_touched + (is_cbow ? task.input_curvature[0] / float(position.n_partners) : task.input_curvature[b]);
        for (int k = 0; k < task.n_outputs; ++k)
            targets.curvature[size_t(entries[k])] += is_touched + task.output_curvature[k];
    }

    void update_biases(const int32_t* entries, const BlockTask& task, const Model& model, ChangedRows& targets) {
        for (int k = 0; k < task.n_outputs; ++k) {
            if (model.is_frozen(targets.ids[size_t(entries[k])])) continue;
            float sum = 0;
            for (int b = 0; b < task.n_inputs; ++b) sum += task.gradients[b * task.pitch + k];
            targets.biases[size_t(entries[k])] += sum;
        }
    }

    // CBOW: the partners' mean is the one input. Its gradient reaches each of them divided by their number, as the
    // chain rule says and word2vec.c does not (Irsoy, Benton & Stratos 2021).
    void take_mean(const int32_t* partners, int n, int64_t stride, Workspace& work) {
        float *mean = work.mean.data(), *old_mean = work.old_mean.data();
        std::fill_n(mean, stride, 0.0f);
        for (int b = 0; b < n; ++b) {
            const float* row = inputs.row(partners[b]);
            for (int64_t d = 0; d < stride; ++d) mean[d] += row[d];
        }
        for (int64_t d = 0; d < stride; ++d) old_mean[d] = mean[d] /= float(n);
    }

    void spread_change(const int32_t* partners, int n, int64_t stride, const Model& model, Workspace& work) {
        const float *mean = work.mean.data(), *old_mean = work.old_mean.data();
        for (int b = 0; b < n; ++b) {
            if (model.is_frozen(inputs.ids[size_t(partners[b])])) continue;
            float* row = inputs.row(partners[b]);
            for (int64_t d = 0; d < stride; ++d) row[d] += (mean[d] - old_mean[d]) / float(n);
        }
    }
};

}  // namespace firth
