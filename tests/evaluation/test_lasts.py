"""Questions made of sequences: by hand."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from firth.corpus.build import take_in
from firth.corpus.contexts import Sequences
from firth.corpus.encoded import Encoded
from firth.corpus.vocabulary import Vocabulary
from firth.errors import OptionError
from firth.evaluation.lasts import Lasts, last_items

LISTS = ["abcde", "xb", "bab", "cd"]


def source() -> Encoded:
    rows = [
        {"list": f"{number}", "place": place, "song": song}
        for number, each in enumerate(LISTS)
        for place, song in enumerate(each)
    ]
    declared = {"played": Sequences("list", order="place", item="song")}
    return take_in({"played": pl.DataFrame(rows)}, declared).ordered("played")


def spelled(lasts: Lasts) -> list[tuple[str, str]]:
    keys = lasts.keys
    return [
        ("".join(keys[code] for code in query), keys[target])
        for query, target in zip(lasts.queries, lasts.targets.tolist(), strict=True)
    ]


@pytest.mark.parametrize(
    ("n_before", "expected"),
    [
        (1, [("d", "e"), ("x", "b"), ("a", "b"), ("c", "d")]),
        (2, [("cd", "e"), ("x", "b"), ("ba", "b"), ("c", "d")]),
        (9, [("abcd", "e"), ("x", "b"), ("ba", "b"), ("c", "d")]),
    ],
)
def test_the_last_item_is_asked_for_by_those_before_it(n_before: int, expected: list[tuple[str, str]]):
    assert spelled(last_items(source(), np.arange(4), n_before=n_before)) == expected


def test_only_the_sequences_that_are_named_are_asked_about():
    assert spelled(last_items(source(), np.array([3, 0]), n_before=2)) == [("c", "d"), ("cd", "e")]
    assert len(last_items(source(), np.array([], dtype=np.int64))) == 0


def test_a_query_has_at_least_one_item():
    with pytest.raises(OptionError, match="at least one item, got 0"):
        last_items(source(), np.arange(4), n_before=0)


def test_unknown_items_leave_the_query_in_its_order_and_are_counted():
    asked = last_items(source(), np.arange(4), n_before=3).asked_of(Vocabulary(["d", "c", "b"]))
    assert [query.tolist() for query in asked.queries] == [[2, 1, 0], [], [2], [1]]
    assert asked.targets.tolist() == [-1, 2, 2, 0]
    assert asked.is_cold_query.tolist() == [False, True, False, False]
    assert asked.is_cold_target.tolist() == [True, False, False, False]


def test_a_vocabulary_that_knows_nothing_answers_nothing():
    asked = last_items(source(), np.arange(4)).asked_of(Vocabulary(["other"]))
    assert asked.is_cold_query.all()
    assert asked.is_cold_target.all()
    assert asked.is_cold_query.dtype == bool
