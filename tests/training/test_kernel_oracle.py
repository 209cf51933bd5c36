"""The kernel against the reference: the same steps from the same random streams, row by row."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from firth import _kernel
from firth.corpus.corpus import Corpus
from firth.training import TrainOptions, reference
from firth.training.setup import Setup, prepare

CorpusMaker = Callable[..., Corpus]


def started(corpus: Corpus, **options: object) -> Setup:
    """Return a setup whose outputs are not zero, so that no term of the update vanishes."""
    defaults = {"lanes": 5, "lane_size": 6, "epochs": 20, "heldout": 0.1, "learning_rate": 0.05, "negative": 5}
    setup = prepare(corpus, TrainOptions(**{**defaults, **options}))
    size = setup.options.vector_size
    setup.outputs[:, :size] = np.random.default_rng(0).normal(size=(setup.n_items, size)) * 0.3
    return setup


def assert_kernel_follows_reference(setup: Setup, *, n_steps: int) -> None:
    inputs, outputs, biases, loss_sum, n_pairs = reference.train(setup, n_steps=n_steps)
    before = setup.inputs.copy()
    kernel_loss, kernel_pairs, _ = setup.kernel_trainer().run(0, n_steps, 2)
    assert np.abs(setup.inputs - before).max() > 1e-2
    np.testing.assert_allclose(setup.inputs, inputs, atol=1e-5)
    np.testing.assert_allclose(setup.outputs, outputs, atol=1e-5)
    if setup.biases is not None:
        np.testing.assert_allclose(setup.biases, biases, atol=1e-5)
    assert kernel_pairs == n_pairs
    assert kernel_loss == pytest.approx(loss_sum, rel=1e-6)


@pytest.mark.parametrize("objective", ["nce", "sgns"])
@pytest.mark.parametrize("member_weight", [False, True])
@pytest.mark.parametrize("vector_size", [1, 3, 7, 16, 17, 33])
def test_kernel_equals_reference(
    small_corpus: CorpusMaker, objective: str, member_weight: bool, vector_size: int
) -> None:
    corpus = small_corpus(member_weight=member_weight)
    setup = started(corpus, objective=objective, vector_size=vector_size)
    assert_kernel_follows_reference(setup, n_steps=12)


@pytest.mark.parametrize("objective", ["nce", "sgns"])
def test_kernel_still_equals_reference_after_many_steps(small_corpus: CorpusMaker, objective: str) -> None:
    setup = started(small_corpus(member_weight=True), objective=objective, vector_size=12, epochs=100)
    n_steps = setup.kernel_trainer().n_steps
    assert n_steps > 150
    assert_kernel_follows_reference(setup, n_steps=n_steps)


@pytest.mark.parametrize("negative", [1, 2, 6, 19, 20, 21, 64])
def test_kernel_equals_reference_for_any_number_of_negatives(small_corpus: CorpusMaker, negative: int) -> None:
    # 23 items: most of these draw the same negative more than once in a position.
    setup = started(small_corpus(), objective="nce", vector_size=8, negative=negative)
    assert_kernel_follows_reference(setup, n_steps=4)


@pytest.mark.parametrize("partners", [1, 2, 7, 15, 16])
def test_kernel_equals_reference_for_any_number_of_partners(small_corpus: CorpusMaker, partners: int) -> None:
    setup = started(small_corpus(61), objective="sgns", vector_size=8, partners=partners)
    assert_kernel_follows_reference(setup, n_steps=4)


@pytest.mark.parametrize("variant", _kernel.available_variants())
def test_every_instruction_set_equals_reference(small_corpus: CorpusMaker, variant: str) -> None:
    best = _kernel.variant()
    _kernel.choose_variant(variant)
    try:
        assert_kernel_follows_reference(started(small_corpus(), objective="nce", vector_size=20), n_steps=6)
    finally:
        _kernel.choose_variant(best)


def test_padding_stays_zero(small_corpus: CorpusMaker) -> None:
    setup = started(small_corpus(), vector_size=5)
    setup.kernel_trainer().run(0, 10, 2)
    assert np.abs(setup.inputs[:, 5:]).max() == 0
    assert np.abs(setup.outputs[:, 5:]).max() == 0


@pytest.mark.parametrize(
    ("n_lanes", "n_updates", "step_curvature"), [(1, 100.0, 0.5), (2, 1.0, 0.01), (16, 60.0, 0.02), (16, 1e9, 1.0)]
)
def test_merge_share_equals_reference(n_lanes: int, n_updates: float, step_curvature: float) -> None:
    expected = reference.merge_share(np.array([n_lanes]), np.array([n_updates]), step_curvature)[0]
    assert _kernel.merge_share(n_lanes, n_updates, step_curvature) == pytest.approx(expected, rel=1e-6)


def test_merge_share_is_the_sum_for_small_steps_and_the_mean_for_large_ones() -> None:
    assert _kernel.merge_share(8, 1.0, 1e-9) == pytest.approx(1.0)
    assert _kernel.merge_share(8, 1e9, 1.0) == pytest.approx(1 / 8)
