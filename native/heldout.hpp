// The objective's mean loss on given pairs and given negatives, in double precision; the model is only read.
#pragma once

#include <cmath>

#include "model.hpp"

namespace firth {

struct HeldoutPairs {
    int64_t n;
    const int32_t* centres;    // (n) outputs
    const int32_t* partners;   // (n) inputs
    const int32_t* negatives;  // (n, objective.negative) outputs
};

inline double heldout_loss(const HeldoutPairs& pairs, const Objective& objective, const Model& model) {
    const auto score = [&](int32_t input, int32_t output) {
        const float* x = model.inputs.row(input);
        const float* y = model.outputs.row(output);
        double sums[8] = {};
        for (int64_t d = 0; d < model.inputs.stride; d += 8)
            for (int i = 0; i < 8; ++i) sums[i] += double(x[d + i]) * double(y[d + i]);
        double sum = 0;
        for (double each : sums) sum += each;
        if (model.outputs.biases) sum += double(model.outputs.biases[output]) - double(objective.log_noise[output]);
        return sum;
    };
    const auto log_1_plus_exp = [](double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); };
    double total = 0;
    for (int64_t i = 0; i < pairs.n; ++i) {
        total += log_1_plus_exp(-score(pairs.partners[i], pairs.centres[i]));
        for (int k = 0; k < objective.negative; ++k) {
            const int32_t negative = pairs.negatives[i * objective.negative + k];
            if (!model.outputs.biases && negative == pairs.centres[i]) continue;
            total += log_1_plus_exp(score(pairs.partners[i], negative));
        }
    }
    return pairs.n > 0 ? total / double(pairs.n) : 0;
}

}  // namespace firth
