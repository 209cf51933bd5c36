"""The kernel against the reference: the same steps from the same random streams, row by row."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from firth import _kernel
from firth.corpus.corpus import Corpus
from firth.training import Start, TrainOptions, reference
from firth.training.setup import Setup, prepare

CorpusMaker = Callable[..., Corpus]


def started(corpus: Corpus, **options: object) -> Setup:
    """Return a setup whose outputs are not zero, so that no term of the update vanishes."""
    defaults = {"lanes": 5, "lane_size": 6, "epochs": 20, "heldout": 0.1, "learning_rate": 0.05, "negative": 5}
    setup = prepare(corpus, TrainOptions(**{**defaults, **options}))
    size = setup.options.vector_size
    drawn = np.random.default_rng(0).normal(size=(setup.n_items, size)) * 0.3
    if not setup.options.tied:
        setup.outputs[:, :size] = drawn
    return setup


def assert_kernel_follows_reference(setup: Setup, *, n_steps: int) -> None:
    expected = reference.Reference(setup).run(n_steps)
    before = setup.inputs.copy()
    loss_sums, n_pairs = setup.kernel_trainer().run(0, n_steps, 2)
    assert np.abs(setup.inputs - before).max() > 1e-2
    np.testing.assert_allclose(setup.inputs, expected.inputs, atol=1e-5)
    np.testing.assert_allclose(setup.outputs, expected.outputs, atol=1e-5)
    if setup.biases is not None:
        np.testing.assert_allclose(setup.biases, expected.biases, atol=1e-5)
    np.testing.assert_array_equal(n_pairs, expected.n_pairs)
    np.testing.assert_allclose(loss_sums, expected.loss_sums, rtol=1e-5)


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


SEQUENCES = {"lane_size": 100, "epochs": 3, "sample": 0.05, "lanes": 4, "window": 3}


@pytest.mark.parametrize("objective", ["sgns", "nce", "cbow"])
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("vector_size", [1, 8, 19, 40])
def test_kernel_equals_reference_on_sequences(
    ordered_corpus: CorpusMaker, objective: str, tied: bool, vector_size: int
) -> None:
    setup = started(ordered_corpus(), **SEQUENCES, objective=objective, tied=tied, vector_size=vector_size)
    assert_kernel_follows_reference(setup, n_steps=setup.kernel_trainer().n_steps)


@pytest.mark.parametrize("negative", [1, 4, 5, 6, 7, 20])
def test_kernel_equals_reference_on_sequences_for_any_number_of_negatives(
    ordered_corpus: CorpusMaker, negative: int
) -> None:
    setup = started(ordered_corpus(), **SEQUENCES, objective="nce", vector_size=24, negative=negative)
    assert_kernel_follows_reference(setup, n_steps=5)


@pytest.mark.parametrize("window", [1, 40, (3, 0), (0, 2), (1, 5)])
@pytest.mark.parametrize("shrink_windows", [False, True])
def test_kernel_equals_reference_for_any_window(
    ordered_corpus: CorpusMaker, window: int | tuple[int, int], shrink_windows: bool
) -> None:
    options = {**SEQUENCES, "window": window, "shrink_windows": shrink_windows}
    assert_kernel_follows_reference(started(ordered_corpus(), **options, vector_size=8), n_steps=5)


@pytest.mark.parametrize("options", [{"min_count": 60}, {"min_count": 60, "unknown": "<unk>"}, {"window": (0, 1)}])
def test_kernel_equals_reference_with_dropped_and_unknown_items(
    ordered_corpus: CorpusMaker, options: dict[str, object]
) -> None:
    corpus = ordered_corpus(**options)
    assert_kernel_follows_reference(started(corpus, **SEQUENCES, vector_size=8), n_steps=5)


@pytest.mark.parametrize("objective", ["sgns", "nce", "cbow"])
@pytest.mark.parametrize("tied", [False, True])
def test_kernel_equals_reference_on_contexts_of_both_kinds(
    ordered_corpus: CorpusMaker, objective: str, tied: bool
) -> None:
    corpus = ordered_corpus(groups=True, n_contexts=2)
    setup = started(corpus, **SEQUENCES, objective=objective, tied=tied, vector_size=12)
    assert set(setup.schedule.pattern[:40].tolist()) == {0, 1, 2}
    assert_kernel_follows_reference(setup, n_steps=8)


@pytest.mark.parametrize("objective", ["sgns", "nce", "cbow"])
@pytest.mark.parametrize("tied", [False, True])
def test_frozen_items_stay_as_they_are_and_the_others_follow_the_reference(
    ordered_corpus: CorpusMaker, objective: str, tied: bool
) -> None:
    corpus = ordered_corpus(groups=True)
    known = np.arange(0, 29, 2)
    ids = np.full(len(corpus), -1, dtype=np.int32)
    ids[known] = np.arange(len(known))
    rows = np.random.default_rng(4).normal(size=(len(known), 12)).astype(np.float32)
    start = Start(ids=ids, vectors=rows, outputs=2 * rows, biases=rows[:, 0], freeze=True)
    options = TrainOptions(**{**SEQUENCES, "objective": objective, "tied": tied, "vector_size": 12, "lanes": 5})
    setup = prepare(corpus, options, start=start)
    assert_kernel_follows_reference(setup, n_steps=6)
    assert setup.inputs[known, :12].tobytes() == rows.tobytes()
    if not tied:
        assert setup.outputs[known, :12].tobytes() == (2 * rows).tobytes()


@pytest.mark.parametrize("variant", _kernel.available_variants())
@pytest.mark.parametrize("negative", [5, 9])
def test_every_instruction_set_equals_reference_on_sequences(
    ordered_corpus: CorpusMaker, variant: str, negative: int
) -> None:
    best = _kernel.variant()
    _kernel.choose_variant(variant)
    try:
        setup = started(ordered_corpus(), **SEQUENCES, objective="nce", vector_size=100, negative=negative)
        assert_kernel_follows_reference(setup, n_steps=4)
    finally:
        _kernel.choose_variant(best)


def test_padding_stays_zero(small_corpus: CorpusMaker) -> None:
    setup = started(small_corpus(), vector_size=5)
    setup.kernel_trainer().run(0, 10, 2)
    assert setup.inputs.shape[1] == 8
    assert np.abs(setup.inputs[:, 5:]).max() == 0
    assert np.abs(setup.outputs[:, 5:]).max() == 0


@pytest.mark.parametrize(
    ("n_lanes", "curvature", "step_curvature"), [(1, 100.0, 0.5), (2, 1.0, 0.01), (16, 60.0, 0.02), (16, 1e9, 1.0)]
)
def test_merge_share_equals_reference(n_lanes: int, curvature: float, step_curvature: float) -> None:
    expected = reference.merge_share(np.array([n_lanes]), np.array([curvature]), step_curvature)[0]
    assert _kernel.merge_share(n_lanes, curvature, step_curvature) == pytest.approx(expected, rel=1e-6)


def test_merge_share_is_the_sum_for_small_steps_and_the_mean_for_large_ones() -> None:
    assert _kernel.merge_share(8, 1.0, 1e-9) == pytest.approx(1.0)
    assert _kernel.merge_share(8, 1e9, 1.0) == pytest.approx(1 / 8)
