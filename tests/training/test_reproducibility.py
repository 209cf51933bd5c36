"""The promise: the same bytes at any thread count, run after run, however the steps are cut into calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from firth import _kernel
from firth.corpus.corpus import Corpus
from firth.training import TrainOptions, fit
from firth.training.setup import prepare

CorpusMaker = Callable[..., Corpus]

OPTIONS = TrainOptions(objective="nce", vector_size=24, negative=7, pairs=60_000, lane_size=16, learning_rate=0.05)


@pytest.mark.parametrize("objective", ["nce", "sgns"])
@pytest.mark.parametrize("n_jobs", [2, 3, 8])
def test_bytes_do_not_depend_on_threads(small_corpus: CorpusMaker, objective: str, n_jobs: int) -> None:
    corpus = small_corpus(501, member_weight=True)
    one = fit(corpus, replace(OPTIONS, objective=objective, n_jobs=1))
    many = fit(corpus, replace(OPTIONS, objective=objective, n_jobs=n_jobs))
    assert one.vectors.tobytes() == many.vectors.tobytes()
    assert one.outputs.tobytes() == many.outputs.tobytes()
    assert one.biases.tobytes() == many.biases.tobytes()
    assert one.history.drop("seconds", "items_per_s").equals(many.history.drop("seconds", "items_per_s"))


def test_two_runs_give_the_same_bytes_and_another_seed_others(small_corpus: CorpusMaker) -> None:
    corpus = small_corpus(101)
    first, second = fit(corpus, OPTIONS), fit(corpus, OPTIONS)
    other = fit(corpus, replace(OPTIONS, seed=2))
    assert first.vectors.tobytes() == second.vectors.tobytes()
    assert first.vectors.tobytes() != other.vectors.tobytes()


def test_bytes_do_not_depend_on_how_steps_are_cut_into_calls(small_corpus: CorpusMaker) -> None:
    corpus = small_corpus(101)
    whole, cut = prepare(corpus, OPTIONS), prepare(corpus, OPTIONS)
    whole.kernel_trainer().run(0, 30, 2)
    trainer = cut.kernel_trainer()
    for first, last in ((0, 1), (1, 13), (13, 13), (13, 30)):
        trainer.run(first, last, 2)
    assert whole.inputs.tobytes() == cut.inputs.tobytes()


@pytest.mark.skipif("x86-64-v4" not in _kernel.available_variants(), reason="this processor has no AVX-512")
def test_instruction_sets_with_fused_multiply_add_give_the_same_bytes(small_corpus: CorpusMaker) -> None:
    corpus = small_corpus(101)
    best = fit(corpus, OPTIONS)
    _kernel.choose_variant("x86-64-v3")
    try:
        avx2 = fit(corpus, OPTIONS)
    finally:
        _kernel.choose_variant("x86-64-v4")
    assert (best.variant, avx2.variant) == ("x86-64-v4", "x86-64-v3")
    assert best.vectors.tobytes() == avx2.vectors.tobytes()


def test_initial_vectors_are_those_of_the_documented_stream(small_corpus: CorpusMaker) -> None:
    from firth.randomness import Purpose, uniform, words

    setup = prepare(small_corpus(), TrainOptions(vector_size=5, seed=9))
    drawn = uniform(words(9, Purpose.INITIAL_VECTORS, 0, 23 * 5))
    expected = (drawn - np.float32(0.5)) * np.float32(2) / np.float32(5)
    np.testing.assert_array_equal(setup.inputs[:, :5].reshape(-1), expected)
