"""What training reports, learns, refuses and survives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from firth.corpus.build import build
from firth.corpus.contexts import Groups
from firth.corpus.corpus import Corpus
from firth.errors import DataError, DivergenceError, OptionError
from firth.progress import CallbackProgress
from firth.training import TrainOptions, fit, reference
from firth.training.setup import prepare

CorpusMaker = Callable[..., Corpus]

OPTIONS = TrainOptions(objective="nce", vector_size=16, negative=8, pairs=150_000, learning_rate=0.1)


def grouped(sizes: list[int]) -> Corpus:
    """Return a corpus of disjoint groups of the given sizes."""
    value = [f"group{g}" for g, size in enumerate(sizes) for _ in range(size)]
    frame = pl.DataFrame({"item": [f"item{i}" for i in range(len(value))], "value": value})
    return build({"group": frame}, {"group": Groups()})


@pytest.mark.parametrize("objective", ["nce", "sgns"])
def test_planted_groups_are_recovered(objective: str) -> None:
    # Worst of 50 seeds for either objective: all nearest items share the group. Chance: 0.23.
    corpus = grouped([40, 60, 25, 75, 30])
    vectors = fit(corpus, replace(OPTIONS, objective=objective)).vectors
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosine = unit @ unit.T
    np.fill_diagonal(cosine, -2)
    group = np.array([corpus.attributes["group"][i][0] for i in range(len(unit))])
    assert (group[cosine.argmax(axis=1)] == group).mean() > 0.97


@pytest.mark.parametrize("objective", ["nce", "sgns"])
def test_loss_falls_on_trained_and_on_heldout_pairs(objective: str) -> None:
    # Worst of 50 seeds for either objective: 0.69 and 0.78.
    history = fit(grouped([40, 60, 25]), replace(OPTIONS, objective=objective, heldout=0.05)).history
    assert history["loss"][-1] < 0.75 * history["loss"][0]
    assert history["heldout_loss"][-1] < 0.85 * history["heldout_loss"][0]


def test_reported_loss_is_the_mean_of_its_own_interval() -> None:
    corpus = grouped([12, 8])
    options = TrainOptions(objective="nce", vector_size=4, negative=3, epochs=40, lanes=2, lane_size=5)
    history = fit(corpus, options).history
    setup = prepare(corpus, options)
    edge = setup.kernel_trainer().n_steps // 40
    expected = reference.Reference(setup).run(2 * edge)
    losses, pairs = np.sum(expected.loss_sums, axis=1), np.sum(expected.n_pairs, axis=1)
    assert history["pairs"][:2].to_list() == [pairs[:edge].sum(), pairs.sum()]
    assert history["loss"][0] == pytest.approx(losses[:edge].sum() / pairs[:edge].sum(), rel=1e-5)
    assert history["loss"][1] == pytest.approx(losses[edge:].sum() / pairs[edge:].sum(), rel=1e-5)


def test_pairs_asked_for_are_pairs_trained() -> None:
    training = fit(grouped([3, 100, 7]), TrainOptions(vector_size=4, pairs=200_000, heldout=0))
    assert training.n_pairs == pytest.approx(200_000, rel=0.02)
    assert training.history["pairs"][-1] == training.n_pairs


def test_learning_rate_falls_to_its_minimum() -> None:
    history = fit(grouped([30, 30]), replace(OPTIONS, learning_rate=0.1, min_learning_rate=0.01)).history
    rates = history["learning_rate"]
    assert rates.is_sorted(descending=True)
    assert rates[0] == pytest.approx(0.1, rel=0.05)
    assert rates[-1] == pytest.approx(0.01, rel=0.05)


def test_biases_and_noise_belong_to_the_objective() -> None:
    corpus = grouped([30, 10])
    nce, sgns = (fit(corpus, replace(OPTIONS, objective=each)) for each in ("nce", "sgns"))
    assert np.abs(nce.biases).min() > 0
    assert np.abs(sgns.biases).max() == 0
    assert nce.noise.sum() == pytest.approx(1)


@pytest.mark.parametrize("vector_size", [1, 7, 1000])
def test_any_vector_size_trains(vector_size: int) -> None:
    training = fit(grouped([10, 12]), replace(OPTIONS, vector_size=vector_size, pairs=5_000))
    assert training.vectors.shape == (22, vector_size)
    assert np.isfinite(training.vectors).all()


def test_more_negatives_than_items_train() -> None:
    training = fit(grouped([3, 2]), replace(OPTIONS, negative=200, pairs=2_000, learning_rate=0.01))
    assert np.isfinite(training.vectors).all()


def test_all_items_in_one_group_train() -> None:
    training = fit(grouped([50]), replace(OPTIONS, pairs=20_000))
    assert training.status == "complete"
    assert np.isfinite(training.vectors).all()


def test_two_items_train_even_when_their_only_pair_is_held_out() -> None:
    training = fit(grouped([2]), replace(OPTIONS, pairs=100, heldout=0.5))
    assert training.status == "complete"
    assert np.isfinite(training.vectors).all()


def test_items_in_no_group_keep_a_finite_vector() -> None:
    frame = pl.DataFrame({"item": ["a", "b", "c", "lonely"], "value": ["x", "x", "x", None]})
    training = fit(build({"g": frame}, {"g": Groups()}), replace(OPTIONS, pairs=1_000))
    assert np.isfinite(training.vectors).all()
    assert training.noise[-1] == 0


def test_no_group_of_two_is_refused() -> None:
    with pytest.raises(DataError):
        fit(grouped([1, 1, 1]), OPTIONS)


def test_divergence_stops_training_and_names_the_remedy() -> None:
    with pytest.raises(DivergenceError, match=r"after step \d+ of \d+ .* at learning rate .*Lower learning_rate"):
        fit(grouped([300, 200]), replace(OPTIONS, learning_rate=1e4))


def test_interrupt_keeps_the_state_reached() -> None:
    updates = []

    def press_ctrl_c(_description: str, completed: float, _total: float | None, _text: str) -> None:
        updates.append(completed)
        if len(updates) == 4:
            raise KeyboardInterrupt

    training = fit(grouped([40, 60]), OPTIONS, progress=CallbackProgress(press_ctrl_c))
    assert training.status == "interrupted"
    assert 0 < training.n_pairs < OPTIONS.pairs
    assert np.isfinite(training.vectors).all()
    assert np.abs(training.outputs).max() > 0


def test_progress_ends_at_its_total() -> None:
    seen = []
    corpus = grouped([40, 60])
    fit(corpus, OPTIONS, progress=CallbackProgress(lambda *update: seen.append(update)))
    assert seen[-1][0] == "training"
    assert seen[-1][1] == seen[-1][2]
    assert [update[1] for update in seen] == sorted(update[1] for update in seen)
    assert seen[-1][3].startswith("loss ")


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("objective", "nces", "objective must be 'sgns', 'nce' or 'cbow', got 'nces'"),
        ("vector_size", 0, "vector_size must be >= 1, got 0"),
        ("vector_size", 2.5, "vector_size must be a whole number, got 2.5"),
        ("negative", 0, "negative must be >= 1, got 0"),
        ("negative", 257, "negative must be <= 256, got 257"),
        ("ns_exponent", float("nan"), "ns_exponent must be a finite number, got nan"),
        ("learning_rate", 0, "learning_rate must be > 0, got 0"),
        ("learning_rate", "fast", "learning_rate must be a finite number, got 'fast'"),
        ("min_learning_rate", 1.0, "min_learning_rate must be <= 0.05, got 1.0"),
        ("epochs", 0, "epochs must be >= 1, got 0"),
        ("pairs", 0, "pairs must be >= 1, got 0"),
        ("partners", 17, "partners must be <= 16, got 17"),
        ("lanes", 0, "lanes must be >= 1, got 0"),
        ("lane_size", 0, "lane_size must be >= 1, got 0"),
        ("pool_size", 0, "pool_size must be >= 1, got 0"),
        ("heldout", 0.6, "heldout must be <= 0.5, got 0.6"),
        ("curvature", -1.0, "curvature must be >= 0, got -1.0"),
        ("seed", -1, "seed must be >= 0, got -1"),
        ("n_jobs", True, "n_jobs must be a whole number, got True"),
    ],
)
def test_options_outside_their_range_are_refused(name: str, value: object, rule: str) -> None:
    with pytest.raises(OptionError, match=rule):
        TrainOptions(**{name: value})
