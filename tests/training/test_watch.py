"""What is watched while training: losses by context, probes, and when to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from firth.corpus.corpus import Corpus
from firth.errors import UnknownItemError
from firth.progress import CallbackProgress
from firth.training import TrainOptions, fit
from firth.vectors.vectors import Vectors

CorpusMaker = Callable[..., Corpus]

OPTIONS = TrainOptions(vector_size=8, negative=3, sample=0, epochs=20, lane_size=32, heldout=0.1)


def test_probes_are_noted_and_said_at_every_interval(ordered_corpus: CorpusMaker) -> None:
    heard: list[str] = []
    progress = CallbackProgress(lambda _name, _done, _total, text: heard.append(text))
    corpus = ordered_corpus()
    training = fit(corpus, replace(OPTIONS, probes=("item3", "item1")), progress=progress)
    lines = training.history["probes"].to_list()
    assert len(lines) == 40
    assert [line for row in lines for line in row] == [text for text in heard if " -> " in text]
    nearest = Vectors(corpus.vocabulary.keys, training.vectors).most_similar("item3", k=5)
    assert lines[-1][0] == f"item3 -> {', '.join(key for key, _ in nearest)}"
    assert lines[-1][1].startswith("item1 -> ")
    assert lines[0] != lines[-1]


def test_probes_change_no_byte_of_the_result(ordered_corpus: CorpusMaker) -> None:
    corpus = ordered_corpus()
    with_probes, without = fit(corpus, replace(OPTIONS, probes=("item3",))), fit(corpus, OPTIONS)
    assert with_probes.vectors.tobytes() == without.vectors.tobytes()
    assert "probes" not in without.history.columns


def test_an_unknown_probe_is_refused_before_training(ordered_corpus: CorpusMaker) -> None:
    with pytest.raises(UnknownItemError, match=r"unknown item 'itme3'. Closest: 'item3'"):
        fit(ordered_corpus(), replace(OPTIONS, probes=("itme3",)))


def test_training_stops_when_the_heldout_loss_has_stopped_falling(ordered_corpus: CorpusMaker) -> None:
    corpus = ordered_corpus()
    patient = replace(OPTIONS, epochs=60, learning_rate=0.1)
    losses = fit(corpus, patient).history["heldout_loss"].to_list()
    best = np.minimum.accumulate([np.inf, *losses[:-1]])
    without_gain, expected = 0, len(losses)
    for number, (loss, so_far) in enumerate(zip(losses, best, strict=True), 1):
        without_gain = 0 if loss < so_far else without_gain + 1
        if without_gain == 2:
            expected = number
            break
    training = fit(corpus, replace(patient, patience=2))
    assert expected < 40
    assert training.is_stopped_early
    assert training.share < 1
    assert training.history["heldout_loss"].to_list() == losses[:expected]


def test_training_without_held_out_data_never_stops_early(ordered_corpus: CorpusMaker) -> None:
    training = fit(ordered_corpus(), replace(OPTIONS, epochs=60, learning_rate=0.1, heldout=0, patience=1))
    assert not training.is_stopped_early
    assert training.share == 1
    assert training.history["heldout_loss"].is_null().all()


def test_losses_of_contexts_average_to_the_loss_of_all(ordered_corpus: CorpusMaker) -> None:
    history = fit(ordered_corpus(groups=True), OPTIONS).history
    low = np.minimum(history["loss_played"].to_numpy(), history["loss_team"].to_numpy())
    high = np.maximum(history["loss_played"].to_numpy(), history["loss_team"].to_numpy())
    loss = history["loss"].to_numpy()
    assert (low <= loss).all()
    assert (loss <= high).all()
    heldout = 0.6 * history["heldout_loss_played"] + 0.4 * history["heldout_loss_team"]
    np.testing.assert_allclose(history["heldout_loss"].to_numpy(), heldout.to_numpy(), rtol=1e-9)


def test_one_context_has_no_columns_of_its_own(ordered_corpus: CorpusMaker) -> None:
    assert fit(ordered_corpus(), OPTIONS).history.columns == [
        *("pairs", "seconds", "learning_rate", "loss", "heldout_loss", "items_per_s")
    ]
