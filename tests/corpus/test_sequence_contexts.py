"""The ordered context: as it is declared, and as a part of a corpus."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from firth.corpus import sequences
from firth.corpus.contexts import Sequences, check_window
from firth.corpus.corpus import Corpus, CorpusReport, fingerprint
from firth.corpus.sequences import SequenceContext
from firth.corpus.vocabulary import Vocabulary
from firth.errors import OptionError


def context(**changes) -> SequenceContext:
    parts = {
        "name": "listened",
        "weight": 1.0,
        "window": None,
        "tokens": np.array([0, 1, 1, 2, 0], np.int32),
        "offsets": np.array([0, 3, 5], np.int64),
        "unknown": -1,
        "counts": np.array([2, 2, 1], np.int64),
        "report": {},
    }
    return SequenceContext(**{**parts, **changes})


def test_the_sequence_may_be_positional_and_nothing_else():
    assert Sequences("playlist", order="position").sequence == "playlist"
    with pytest.raises(TypeError):
        Sequences("playlist", "position")  # type: ignore[misc]


def test_every_column_that_a_sequence_reads_is_named_once():
    declared = Sequences(("user", "day"), order="day", item=("artist", "track"))
    assert declared.columns == ("artist", "track", "user", "day")


def test_lists_are_taken_for_tuples():
    declared = Sequences(["user", "day"], item=["a", "b"], window=[2, 0])  # type: ignore[arg-type]
    assert (declared.sequence, declared.item, declared.window) == (("user", "day"), ("a", "b"), (2, 0))


@pytest.mark.parametrize("nothing", [None, (), []])
def test_without_a_sequence_each_row_is_one(nothing):
    assert Sequences(nothing, item="tracks").columns == ("tracks",)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weight": -1}, "weight must be a finite number >= 0, got -1"),
        ({"sequence": ""}, "sequence must be a text that is not empty, got ''"),
        ({"sequence": ("user", 3)}, "sequence must be a text that is not empty, got 3"),
        ({"order": ""}, "order must be"),
        ({"sequence": None, "order": "position"}, "order sorts the rows of a sequence"),
        ({"item": ()}, "item must name"),
        ({"query": ""}, "query must be"),
        ({"window": 0}, "window must be a whole number >= 1, or .before, after.*got 0"),
        ({"window": -2}, "got -2"),
        ({"window": (0, 0)}, r"got \(0, 0\)"),
        ({"window": (-1, 3)}, r"got \(-1, 3\)"),
        ({"window": (1, 2, 3)}, r"got \(1, 2, 3\)"),
        ({"window": 2.5}, "got 2.5"),
        ({"window": True}, "got True"),
    ],
)
def test_options_of_a_sequence_outside_their_range_are_refused(options, message):
    with pytest.raises(OptionError, match=message):
        Sequences(**options)


@pytest.mark.parametrize("window", [1, 10, (0, 1), (3, 0), (5, 5)])
def test_a_window_may_look_to_one_side_only(window):
    check_window(window)
    assert Sequences(window=window).window == window


def test_a_corpus_tells_its_ordered_contexts_from_the_others():
    built = context()
    keys, counts = ["a", "b", "c"], np.array([2, 2, 1], np.int64)
    report = CorpusReport(3, {})
    corpus = Corpus(Vocabulary(keys), counts, (built,), pl.DataFrame(), report, fingerprint(keys, counts, (built,)))
    assert (corpus.sequences, corpus.groups) == ((built,), ())
    assert "listened (2 sequences)" in repr(corpus)
    assert built.sizes.tolist() == [3, 2]


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "seen"},
        {"weight": 2.0},
        {"window": 5},
        {"window": (5, 5)},
        {"tokens": np.array([0, 1, 1, 0, 2], np.int32)},
        {"offsets": np.array([0, 2, 5], np.int64)},
        {"unknown": 2},
    ],
)
def test_whatever_training_reads_of_a_sequence_is_in_the_fingerprint(changes):
    keys, counts = ["a", "b", "c"], np.array([2, 2, 1], np.int64)
    assert fingerprint(keys, counts, (context(),)) != fingerprint(keys, counts, (context(**changes),))


def test_the_fingerprint_of_a_long_sequence_does_not_depend_on_how_it_is_hashed(monkeypatch):
    whole = fingerprint(["a"], np.array([1]), (context(),))
    monkeypatch.setattr("firth.corpus.corpus._HASHED_AT_ONCE", 2)
    assert fingerprint(["a"], np.array([1]), (context(),)) == whole


@pytest.mark.parametrize("block", [1, 2, 7, 1 << 20])
@pytest.mark.parametrize("first_dropped", [1, 3, 9])
def test_short_sequences_are_counted_the_same_in_any_blocks(
    monkeypatch: pytest.MonkeyPatch, block: int, first_dropped: int
) -> None:
    monkeypatch.setattr(sequences, "_BLOCK", block)
    lengths = [1, 2, 9, 1, 1, 4, 17, 2, 3]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    tokens = np.random.default_rng(2).integers(10, size=sum(lengths)).astype(np.int32)
    kept = [int((part < first_dropped).sum()) for part in np.split(tokens, offsets[1:-1])]
    assert sequences._n_short_of_kept(tokens, offsets, first_dropped) == sum(n < 2 for n in kept)
    assert sequences._sizes(offsets) == (3, 17)
