// The objective's mean loss on given positions and given negatives, in double precision; the model is only read.
#pragma once

#include <cmath>
#include <vector>

#include "dispatch.hpp"
#include "model.hpp"
#include "variant.hpp"

namespace firth {

struct HeldoutPositions {
    int64_t n;
    const int32_t* centres;    // (n) outputs
    const int64_t* offsets;    // (n + 1) position i's partners are partners[offsets[i]], ...
    const int32_t* partners;   // inputs
    const int32_t* negatives;  // (n, objective.negative) outputs
};

// The mean over pairs, or over positions for CBOW.
inline double heldout_loss(const HeldoutPositions& positions, const Objective& objective, const Model& model) {
    const int64_t stride = model.inputs.stride;
    const auto log_1_plus_exp = [](double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); };
    std::vector<float> scratch(static_cast<size_t>(stride + 8));
    float* const aligned = scratch.data() + (32 - uintptr_t(scratch.data()) % 32) % 32 / sizeof(float);
    const auto row_of = [&](const Matrix& matrix, int32_t id) -> const float* {
        if (!matrix.halves) return matrix.row(id);
        variant().widen_row(matrix.half_row(id), aligned, stride);
        return aligned;
    };
    const auto score = [&](const std::vector<double>& x, int32_t output) {
        const float* y = row_of(model.outputs, output);
        double sum = 0;
        for (int64_t d = 0; d < stride; ++d) sum += x[size_t(d)] * double(y[d]);
        if (model.outputs.biases) sum += double(model.outputs.biases[output]) - double(objective.log_noise[output]);
        return sum;
    };
    std::vector<double> x(static_cast<size_t>(stride));
    double total = 0;
    int64_t n_inputs = 0;
    const auto add = [&](int64_t i) {
        ++n_inputs;
        total += log_1_plus_exp(-score(x, positions.centres[i]));
        for (int k = 0; k < objective.negative; ++k) {
            const int32_t negative = positions.negatives[i * objective.negative + k];
            if (!model.outputs.biases && negative == positions.centres[i]) continue;
            total += log_1_plus_exp(score(x, negative));
        }
    };
    for (int64_t i = 0; i < positions.n; ++i) {
        const int64_t begin = positions.offsets[i], end = positions.offsets[i + 1];
        std::fill(x.begin(), x.end(), 0.0);
        for (int64_t j = begin; j < end; ++j) {
            const float* row = row_of(model.inputs, positions.partners[j]);
            for (int64_t d = 0; d < stride; ++d)
                x[size_t(d)] = objective.is_cbow ? x[size_t(d)] + double(row[d]) / double(end - begin) : double(row[d]);
            if (!objective.is_cbow) add(i);
        }
        if (objective.is_cbow && end > begin) add(i);
    }
    return n_inputs > 0 ? total / double(n_inputs) : 0;
}

}  // namespace firth
