// A lane: a logical worker that copies the rows it will touch, trains them by plain sequential steps, and leaves them
// for the merge. What it does depends on the model at the start of the step and on its own random stream, nothing else.
#pragma once

#include <cstring>
#include <memory>
#include <vector>

#include "aligned.hpp"
#include "dispatch.hpp"
#include "groups.hpp"
#include "model.hpp"
#include "variant.hpp"

namespace firth {

// Rows of one matrix as a lane changed them. Entry e is item ids[e], its row at rows + e * stride.
struct ChangedRows {
    std::vector<int32_t> ids;
    std::vector<float> n_updates;      // pairs that moved the row
    std::vector<int64_t> next;         // merge: the same item's entry in a later lane (lane * 2^32 + entry), or -1
    std::vector<int32_t> by_bucket;    // entries sorted by id % n_buckets
    std::vector<int32_t> bucket_ends;  // (n_buckets)
    AlignedFloats rows;
    std::vector<float> biases;

    void clear() {
        ids.clear();
        n_updates.clear();
        biases.clear();
    }

    float* row(int32_t entry, int64_t stride) { return rows.data() + int64_t(entry) * stride; }

    void copy_from(const Matrix& matrix) {
        rows.resize(int64_t(ids.size()) * matrix.stride);
        for (size_t e = 0; e < ids.size(); ++e) {
            if (e + prefetch_distance < ids.size()) prefetch_row(matrix.row(ids[e + prefetch_distance]), matrix.stride);
            std::memcpy(row(int32_t(e), matrix.stride), matrix.row(ids[e]), size_t(matrix.stride) * sizeof(float));
        }
        if (matrix.biases)
            for (int32_t id : ids) biases.push_back(matrix.biases[id]);
    }

    void sort_into_buckets() {
        bucket_ends.assign(n_buckets, 0);
        for (int32_t id : ids) ++bucket_ends[size_t(id % n_buckets)];
        int32_t sum = 0;
        for (int32_t& end : bucket_ends) {
            const int32_t size = end;
            end = sum;
            sum += size;
        }
        by_bucket.resize(ids.size());
        for (size_t e = 0; e < ids.size(); ++e)
            by_bucket[size_t(bucket_ends[size_t(ids[e] % n_buckets)]++)] = int32_t(e);
        next.assign(ids.size(), -1);
    }

    int32_t bucket_begin(int bucket) const { return bucket == 0 ? 0 : bucket_ends[size_t(bucket) - 1]; }
};

// What a thread needs besides: which entry an item has in the lane being trained, and the block's scratch.
class Workspace {
  public:
    Workspace(int64_t n_items, int64_t stride, int n_outputs)
        : entry_of_input(size_t(n_items), -1),
          entry_of_output(size_t(n_items), -1),
          zeros(stride),
          transposed(stride * 16),
          gradients(int64_t(n_outputs) * 16) {}

    std::vector<int32_t> entry_of_input, entry_of_output;
    std::vector<int32_t> pool, positions_inputs, positions_outputs;
    std::vector<Position> positions;
    AlignedFloats zeros, transposed, gradients;
};

struct Lane {
    ChangedRows inputs, outputs;
    LossSums loss;
    int64_t n_pairs;

    void run(uint64_t index, int64_t n_positions, float learning_rate, const Groups& groups, const Objective& objective,
             const Model& model, Workspace& work) {
        inputs.clear();
        outputs.clear();
        n_pairs = 0;
        for (int i = 0; i < 16; ++i) loss.mantissa[i] = 1, loss.exponent[i] = 0, loss.poison[i] = 0;
        Stream stream(model.seed, Purpose::lane, index);
        draw(stream, n_positions, groups, objective, work);
        inputs.copy_from(model.inputs);
        outputs.copy_from(model.outputs);
        train(stream, learning_rate, objective, model, work);
        for (int32_t id : inputs.ids) work.entry_of_input[size_t(id)] = -1;
        for (int32_t id : outputs.ids) work.entry_of_output[size_t(id)] = -1;
        inputs.sort_into_buckets();
        outputs.sort_into_buckets();
    }

  private:
    static int32_t entry(int32_t id, std::vector<int32_t>& entries, ChangedRows& rows) {
        int32_t& found = entries[size_t(id)];
        if (found < 0) {
            found = int32_t(rows.ids.size());
            rows.ids.push_back(id);
            rows.n_updates.push_back(0);
        }
        return found;
    }

    void draw(Stream& stream, int64_t n_positions, const Groups& groups, const Objective& objective, Workspace& work) {
        work.pool.resize(size_t(objective.pool_size));
        for (int32_t& each : work.pool)
            each = entry(int32_t(objective.noise.draw(stream)), work.entry_of_output, outputs);
        work.positions.resize(size_t(n_positions));
        for (Position& position : work.positions) {
            groups.draw(stream, position);
            if (position.n_partners == 0) continue;
            n_pairs += position.n_partners;
            // From here on ids are entries of this lane.
            position.centre = entry(position.centre, work.entry_of_output, outputs);
            for (int b = 0; b < position.n_partners; ++b)
                position.partners[b] = entry(position.partners[b], work.entry_of_input, inputs);
        }
    }

    void train(Stream& stream, float learning_rate, const Objective& objective, const Model& model, Workspace& work) {
        const int64_t stride = model.inputs.stride;
        float* in[max_partners];
        float* out[max_outputs];
        float offsets[max_outputs];
        uint8_t used[max_outputs];
        int32_t entries[max_outputs];
        const int n_outputs = 1 + objective.negative;
        BlockTask task{in,    out,    offsets, used,      work.gradients.data(), work.transposed.data(),
                       &loss, stride, 0,       n_outputs, learning_rate};
        const auto train_block = variant().train_block;
        for (const Position& position : work.positions) {
            if (position.n_partners == 0) continue;
            task.n_inputs = position.n_partners;
            entries[0] = position.centre;
            for (int k = 1; k < n_outputs; ++k) entries[k] = work.pool[stream.below(uint32_t(objective.pool_size))];
            for (int b = 0; b < max_partners; ++b)
                in[b] = b < position.n_partners ? inputs.row(position.partners[b], stride) : work.zeros.data();
            for (int k = 0; k < n_outputs; ++k) {
                out[k] = outputs.row(entries[k], stride);
                offsets[k] = model.outputs.biases ? outputs.biases[size_t(entries[k])] -
                                                        objective.log_noise[outputs.ids[size_t(entries[k])]]
                                                  : 0.0f;
                // SGNS: a negative that is the centre itself is left out, as in word2vec.c. NCE models it.
                used[k] = k == 0 || model.outputs.biases || entries[k] != position.centre;
            }
            train_block(task);
            count_updates(position, entries, used, n_outputs);
            if (model.outputs.biases) update_biases(entries, work.gradients.data(), n_outputs);
        }
    }

    void count_updates(const Position& position, const int32_t* entries, const uint8_t* used, int n_outputs) {
        for (int b = 0; b < position.n_partners; ++b) inputs.n_updates[size_t(position.partners[b])] += 1;
        for (int k = 0; k < n_outputs; ++k)
            if (used[k]) outputs.n_updates[size_t(entries[k])] += float(position.n_partners);
    }

    void update_biases(const int32_t* entries, const float* gradients, int n_outputs) {
        for (int k = 0; k < n_outputs; ++k) {
            float sum = 0;
            for (int b = 0; b < 16; ++b) sum += gradients[k * 16 + b];
            outputs.biases[size_t(entries[k])] += sum;
        }
    }
};

}  // namespace firth
