"""Machines of lanes: rounds against the reference, in any number of processes, interrupted and resumed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firth import _kernel
from firth.corpus.corpus import Corpus
from firth.errors import OptionError
from firth.progress import CallbackProgress
from firth.training import Start, Training, TrainOptions, fit, reference
from firth.training.rounds import Copy, Rows, Sums, round_of
from firth.training.setup import Setup, prepare
from firth.training.trainers import RoundTrainer

CorpusMaker = Callable[..., Corpus]

OPTIONS = TrainOptions(
    vector_size=12, negative=3, epochs=30, lanes=3, lane_size=16, heldout=0.05, sample=0, machines=3, round_steps=4
)


def content(training: Training) -> tuple[object, ...]:
    """Return everything that must be the same, whoever trained."""
    arrays = (training.vectors, training.outputs, training.biases)
    history = training.history.drop("seconds", "items_per_s")
    return *(array.tobytes() for array in arrays), history.to_dicts(), training.n_pairs


def started(corpus: Corpus, **changes: object) -> Setup:
    """Return a setup whose outputs are not zero, so that no term of the update vanishes."""
    setup = prepare(corpus, replace(OPTIONS, **changes))
    if not setup.options.tied:
        setup.outputs[:, :12] = np.random.default_rng(0).normal(size=(setup.n_items, 12)) * 0.3
    return setup


@pytest.mark.parametrize(
    "change",
    [{}, {"objective": "nce"}, {"objective": "cbow"}, {"tied": True}, {"tied": True, "objective": "nce"}],
    ids=str,
)
@pytest.mark.parametrize("groups", [False, True])
def test_rounds_equal_reference(ordered_corpus: CorpusMaker, change: dict[str, object], groups: bool) -> None:
    setup = started(ordered_corpus(groups=groups), learning_rate=0.02, **change)
    expected, trainer = reference.Reference(setup), RoundTrainer(setup)
    before, step, n_full = setup.inputs.copy(), 0, 0
    while step < 150:
        machines = round_of(setup, step, trainer.n_steps)
        n_full += len(machines) == 3 and len(machines[0]) > 1
        expected.run_round(machines)
        done = trainer.advance(step, step + 1, lambda _: None)
        np.testing.assert_array_equal(done.n_pairs, expected.n_pairs[step : done.stop])
        np.testing.assert_allclose(done.loss_sums, expected.loss_sums[step : done.stop], rtol=1e-4)
        step = done.stop
    assert n_full > 3
    assert np.abs(setup.inputs - before).max() > 1e-2
    np.testing.assert_allclose(setup.inputs, expected.inputs, atol=3e-5)
    np.testing.assert_allclose(setup.outputs, expected.outputs, atol=3e-5)
    if setup.biases is not None:
        np.testing.assert_allclose(setup.biases, expected.biases, atol=3e-5)


@pytest.mark.parametrize("change", [{}, {"objective": "nce"}], ids=str)
@pytest.mark.parametrize("n_jobs", [2, 3, 8])
def test_bytes_do_not_depend_on_threads(ordered_corpus: CorpusMaker, n_jobs: int, change: dict[str, object]) -> None:
    corpus = ordered_corpus(501)
    options = replace(OPTIONS, **change)
    assert content(fit(corpus, replace(options, n_jobs=1))) == content(fit(corpus, replace(options, n_jobs=n_jobs)))


@pytest.mark.parametrize("change", [{}, {"objective": "nce"}, {"tied": True}], ids=str)
@pytest.mark.parametrize("n_owners", [1, 2, 3, 7, 40])
def test_rows_may_be_merged_by_any_number_of_owners(
    ordered_corpus: CorpusMaker, n_owners: int, change: dict[str, object]
) -> None:
    corpus = ordered_corpus()
    setup, other = started(corpus, **change), started(corpus, **change)
    whole, kernel = RoundTrainer(setup), other.kernel_trainer()
    copy, sums = Copy(other, kernel), [Sums(other, owner=owner, n_owners=n_owners) for owner in range(n_owners)]
    step = 0
    while step < 120:
        for steps in round_of(other, step, kernel.n_steps):
            kernel.run(steps.start, steps.stop, 2)
            for owner, each in enumerate(sums):
                each.add(copy.take(owner=owner, n_owners=n_owners))
        for each in [each.finish(copy) for each in sums]:
            copy.put(each)
        step = whole.advance(step, step + 1, lambda _: None).stop
    for name in ("inputs", "outputs", "biases"):
        mine, theirs = getattr(other, name), getattr(setup, name)
        assert (mine is None and theirs is None) or mine.tobytes() == theirs.tobytes()


def test_rounds_of_16_bit_floats_are_refused() -> None:
    with pytest.raises(OptionError, match="machines above 1 needs precision 'float32', got 'float16'"):
        TrainOptions(machines=2, precision="float16")


def test_frozen_items_stay_as_they_are(ordered_corpus: CorpusMaker) -> None:
    corpus = ordered_corpus()
    ids = np.full(len(corpus.vocabulary), -1, dtype=np.int32)
    ids[:5] = np.arange(5)
    rows = np.random.default_rng(1).normal(size=(5, 12)).astype(np.float32)
    trained = fit(corpus, OPTIONS, start=Start(ids=ids, vectors=rows, freeze=True))
    np.testing.assert_array_equal(trained.vectors[:5], rows)
    assert np.abs(trained.vectors[5:]).max() > 0.1


@given(n_steps=st.integers(1, 5_000), machines=st.integers(1, 40), round_steps=st.integers(1, 300))
@settings(max_examples=60, deadline=None)
def test_rounds_cover_every_step_once_in_order(n_steps: int, machines: int, round_steps: int) -> None:
    class Asked:
        options = TrainOptions(machines=machines)

    Asked.round_steps = round_steps
    step, longest = 0, 0
    while step < n_steps:
        found = round_of(Asked, step, n_steps)
        assert [each for steps in found for each in steps] == list(range(step, found[-1].stop))
        assert len(found) <= machines
        assert max(map(len, found)) <= round_steps
        assert found[-1].stop - step <= max(1, step // 16)
        longest = max(longest, found[-1].stop - step)
        step = found[-1].stop
    assert step == n_steps
    assert longest <= machines * round_steps


@pytest.mark.parametrize("change", [{}, {"objective": "nce"}], ids=str)
def test_a_training_that_was_interrupted_in_a_round_goes_on_with_equal_bytes(
    ordered_corpus: CorpusMaker, tmp_path: Path, change: dict[str, object]
) -> None:
    corpus, options = ordered_corpus(groups=True), replace(OPTIONS, **change)
    whole = fit(corpus, options)
    seen: list[float] = []

    def interrupt(_description: str, completed: float, _total: float | None, _text: str) -> None:
        seen.append(completed)
        if completed > 150 and len(seen) % 7 == 0:
            raise KeyboardInterrupt

    first = fit(corpus, options, checkpoint=tmp_path / "c", progress=CallbackProgress(interrupt))
    assert first.status == "interrupted"
    assert 0 < first.share < 1
    assert content(fit(corpus, options, checkpoint=tmp_path / "c", resume=True)) == content(whole)


def test_what_heed_raises_leaves_the_model_where_the_round_began(ordered_corpus: CorpusMaker) -> None:
    setup = started(ordered_corpus())
    trainer = RoundTrainer(setup)
    step = 0
    while step < 100:
        step = trainer.advance(step, step + 1, lambda _: None).stop
    before = (setup.inputs.tobytes(), setup.outputs.tobytes())
    heard: list[int] = []

    def heed(done: int) -> None:
        heard.append(done)
        if len(heard) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trainer.advance(step, step + 100, heed)
    assert len(heard) == 3
    assert (setup.inputs.tobytes(), setup.outputs.tobytes()) == before
    trainer.advance(step, step + 1, lambda _: None)
    assert setup.inputs.tobytes() != before[0]


def test_packed_rows_are_checked_before_they_are_used(ordered_corpus: CorpusMaker) -> None:
    setup = started(ordered_corpus())
    copy = Copy(setup, setup.kernel_trainer())
    sums = Sums(setup, owner=1, n_owners=3)
    rows = np.zeros((2, setup.inputs.shape[1]), np.float32)
    good = np.array([1, 4], np.int32)
    curvature = np.ones(2, np.float32)
    for ids, kind in (([4, 1], "rise"), ([1, 3], "owner"), ([-2, 1], "owner"), ([1, 1 + 3 * 10**6], "owner")):
        with pytest.raises(ValueError, match=kind):
            sums.add([Rows(np.array(ids, np.int32), rows, curvature, None)] * 2)
    with pytest.raises(ValueError, match="one row per id"):
        sums.add([Rows(good, rows[:1], curvature, None)] * 2)
    with pytest.raises(ValueError, match="one bias per id"):
        sums.add([Rows(good, rows, curvature, curvature)] * 2)
    with pytest.raises(ValueError, match="owner"):
        copy.put([Rows(np.array([setup.n_items], np.int32), rows[:1], None, None)] * 2)


@pytest.mark.skipif("x86-64-v4" not in _kernel.available_variants(), reason="this processor has no AVX-512")
def test_instruction_sets_with_fused_multiply_add_give_the_same_bytes(ordered_corpus: CorpusMaker) -> None:
    corpus = ordered_corpus()
    best = fit(corpus, OPTIONS)
    _kernel.choose_variant("x86-64-v3")
    try:
        assert content(fit(corpus, OPTIONS)) == content(best)
    finally:
        _kernel.choose_variant("x86-64-v4")
