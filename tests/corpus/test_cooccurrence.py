"""Tables of counts against loops over every pair, also where items were dropped or stand for what was dropped."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, permutations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firth.corpus import cooccurrence as module
from firth.corpus.build import build
from firth.corpus.contexts import Sequences
from firth.corpus.cooccurrence import Counts, kept_tokens, sequence_counts, windowed_counts
from firth.corpus.corpus import Corpus
from firth.corpus.sequences import SequenceContext
from firth.corpus.vocabulary_options import VocabularyOptions

LISTS = st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=7), min_size=1, max_size=6)


def context_of(lists: list[list[int]], *, unknown: int = -1) -> SequenceContext:
    """Return a context of ids; those that are no item's are dropped."""
    tokens = np.array([item for each in lists for item in each], dtype=np.int32)
    offsets = np.cumsum([0, *map(len, lists)]).astype(np.int64)
    return SequenceContext("played", 1.0, None, tokens, offsets, unknown, np.zeros(4, dtype=np.int64), {})


def dense(counts: Counts) -> np.ndarray:
    table = np.zeros((counts.n_items, counts.n_items))
    table[np.repeat(np.arange(counts.n_items), np.diff(counts.starts)), counts.columns] = counts.values
    return table


def kept(lists: list[list[int]], n_items: int) -> list[list[int]]:
    return [[item for item in each if item < n_items] for each in lists]


def windowed_by_hand(lists: list[list[int]], n_items: int, window: int) -> np.ndarray:
    table = np.zeros((n_items, n_items))
    for each in kept(lists, n_items):
        for a, b in permutations(range(len(each)), 2):
            if abs(a - b) <= window:
                table[each[a], each[b]] += 1 / abs(a - b)
    return table


def together_by_hand(lists: list[list[int]], n_items: int) -> np.ndarray:
    table = np.zeros((n_items, n_items))
    for each in kept(lists, n_items):
        for item in set(each):
            table[item, item] += 1
        for a, b in combinations(set(each), 2):
            table[a, b] += 1
            table[b, a] += 1
    return table


@given(LISTS, st.integers(1, 8), st.integers(1, 6))
def test_windowed_counts_equal_a_loop_over_all_places(lists: list[list[int]], window: int, n_items: int):
    found = dense(windowed_counts(context_of(lists), n_items, window=window))
    assert found == pytest.approx(windowed_by_hand(lists, n_items, window), abs=1e-12)


@given(LISTS, st.integers(1, 6))
def test_sequence_counts_equal_a_loop_over_all_sequences(lists: list[list[int]], n_items: int):
    found = dense(sequence_counts(context_of(lists), n_items))
    assert (found == together_by_hand(lists, n_items)).all()


def test_windows_close_over_what_was_dropped_and_end_with_their_sequence():
    # 9 is no item: 0 and 1 are next to each other, 0 and 2 two apart, and 2 never meets the other sequence's 1.
    found = dense(windowed_counts(context_of([[0, 9, 9, 1, 9, 2], [1, 0]]), 3, window=2))
    assert found.tolist() == [[0, 2, 0.5], [2, 0, 1], [0.5, 1, 0]]


def test_an_item_that_comes_twice_in_a_sequence_counts_once_for_it_and_twice_within_a_window():
    lists = [[0, 1, 0], [0, 0]]
    assert dense(sequence_counts(context_of(lists), 2)).tolist() == [[2, 1], [1, 1]]
    assert dense(windowed_counts(context_of(lists), 2, window=2)).tolist() == [[2 * 0.5 + 2 * 1, 2], [2, 0]]


def corpus_of(lists: list[str], **options: object) -> Corpus:
    rows = [
        {"list": f"{number:02d}", "place": place, "song": song}
        for number, each in enumerate(lists)
        for place, song in enumerate(each)
    ]
    declared = {"played": Sequences("list", order="place", item="song")}
    return build({"played": pl.DataFrame(rows)}, declared, vocabulary=VocabularyOptions(**options))


def test_the_unknown_item_counts_every_token_that_it_stands_for():
    # In training x, y and z all are the unknown item, whatever number each has in the tokens.
    corpus = corpus_of(["ababab", "axyb", "zb"], min_count=2, unknown="?")
    (context,) = corpus.sequences
    a, b, unknown = (corpus.vocabulary.id(key) for key in ("a", "b", "?"))
    items, _ = kept_tokens(context, len(corpus))
    assert Counter(items.tolist())[unknown] == context.counts[unknown] == 3
    found = dense(windowed_counts(context, len(corpus), window=1))
    assert (found[unknown, a], found[unknown, b], found[unknown, unknown]) == (1, 2, 2)
    together = dense(sequence_counts(context, len(corpus)))
    assert (together[unknown, a], together[unknown, b], together[unknown, unknown]) == (1, 2, 2)


@pytest.mark.parametrize("at_once", [1, 2, 7, 30, 1 << 23])
def test_the_size_of_a_block_is_not_seen(at_once: int, monkeypatch: pytest.MonkeyPatch):
    draws = np.random.default_rng(2)
    lists = [draws.integers(0, 6, size=n).tolist() for n in (3, 1, 17, 5, 0, 2, 9, 1)]
    monkeypatch.setattr(module, "_AT_ONCE", at_once)
    found = sequence_counts(context_of(lists), 5)
    assert (dense(found) == together_by_hand(lists, 5)).all()


@pytest.mark.parametrize("lists", [[], [[]], [[9, 9]], [[0]]], ids=["none", "empty", "all dropped", "one"])
def test_without_pairs_nothing_is_counted(lists: list[list[int]]):
    context = context_of(lists)
    assert len(windowed_counts(context, 3, window=4).values) == 0
    assert dense(sequence_counts(context, 3)).sum() == sum(each == [0] for each in lists)


def test_rows_are_ascending_and_as_wide_as_there_are_items():
    found = windowed_counts(context_of([[3, 0, 2, 1, 3]]), 6, window=3)
    assert found.n_items == 6
    assert found.starts.tolist() == [0, *np.cumsum(np.count_nonzero(dense(found), axis=1)).tolist()]
    rows = np.split(found.columns, found.starts[1:-1])
    assert all((np.diff(row) > 0).all() for row in rows)
    assert len(rows[4]) == len(rows[5]) == 0


def test_sums_are_those_of_the_weighted_rows():
    counts = windowed_counts(context_of([[0, 1, 2, 1], [2, 3, 3]]), 4, window=2)
    table = dense(counts)
    found = counts.sums([np.array([1, 3]), np.array([], dtype=np.int64), np.array([2, 2])], [
        np.array([1.0, -0.5]), np.array([]), np.array([1.0, 2.0])
    ])  # fmt: skip
    assert found == pytest.approx(np.stack([table[1] - 0.5 * table[3], np.zeros(4), 3 * table[2]]))
