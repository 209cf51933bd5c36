"""Gradients against finite differences of the loss, and one step of the kernel against both."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from firth.corpus.corpus import Corpus
from firth.randomness import Purpose
from firth.training import TrainOptions, reference
from firth.training.reference_draws import WordStream, draw_position
from firth.training.setup import prepare

CorpusMaker = Callable[..., Corpus]


def numeric_gradient(loss: Callable[[np.ndarray], float], at: np.ndarray, *, width: float = 1e-5) -> np.ndarray:
    gradient = np.zeros_like(at)
    for index in np.ndindex(at.shape):
        up, down = at.copy(), at.copy()
        up[index] += width
        down[index] -= width
        gradient[index] = (loss(up) - loss(down)) / (2 * width)
    return gradient


def test_reference_gradient_is_the_derivative_of_its_loss() -> None:
    scores = np.random.default_rng(1).normal(size=(4, 3)) * 3
    used = np.array([1.0, 1.0, 0.0, 1.0])
    numeric = numeric_gradient(lambda at: reference.gradients(at, used)[1], scores)
    np.testing.assert_allclose(reference.gradients(scores, used)[0], numeric, atol=1e-8)


@pytest.mark.parametrize("objective", ["nce", "sgns", "cbow"])
def test_one_kernel_step_follows_the_negative_gradient(small_corpus: CorpusMaker, objective: str) -> None:
    rate = 1e-3
    options = TrainOptions(
        objective=objective, vector_size=6, negative=3, lanes=1, lane_size=1, learning_rate=rate, epochs=1, heldout=0
    )
    setup = prepare(small_corpus(), options)
    setup.outputs[:, :6] = np.random.default_rng(2).normal(size=(setup.n_items, 6))
    setup.inputs[:, :6] = np.random.default_rng(3).normal(size=(setup.n_items, 6))
    inputs, outputs = setup.inputs[:, :6].astype(np.float64), setup.outputs[:, :6].astype(np.float64)
    stream = WordStream(options.seed, Purpose.LANE, 0)
    pool_size = setup.schedule.plans[0][2]
    pool = [stream.alias(setup.noise.threshold, setup.noise.alias) for _ in range(pool_size)]
    position = draw_position(stream, setup)
    centre, partners = position.centre, position.partners
    targets = [centre] + [pool[stream.below(pool_size)] for _ in range(3)]
    biases = np.zeros(setup.n_items) if setup.biases is None else setup.biases.astype(np.float64)
    offsets = biases - setup.log_noise
    used = np.array([1.0] + [float(objective == "nce" or target != centre) for target in targets[1:]])

    def loss(x: np.ndarray, y: np.ndarray) -> float:
        rows = x[partners].mean(axis=0, keepdims=True) if objective == "cbow" else x[partners]
        return reference.gradients(y[targets] @ rows.T + offsets[targets][:, None], used)[1]

    setup.kernel_trainer().run(0, 1, 1)
    np.testing.assert_allclose(
        (inputs - setup.inputs[:, :6]) / rate, numeric_gradient(lambda x: loss(x, outputs), inputs), atol=2e-3
    )
    np.testing.assert_allclose(
        (outputs - setup.outputs[:, :6]) / rate, numeric_gradient(lambda y: loss(inputs, y), outputs), atol=2e-3
    )
