from __future__ import annotations

import pytest

from firth.corpus.contexts import Groups
from firth.errors import OptionError


def test_the_column_may_be_positional_and_nothing_else():
    assert Groups("genre", weight=8).column == "genre"
    with pytest.raises(TypeError):
        Groups("genre", 8)  # type: ignore[misc]


def test_every_column_that_is_read_is_named_once():
    declared = Groups("value", item=("artist", "track"), member_weight="value")
    assert declared.columns == ("artist", "track", "value")


def test_a_list_of_key_columns_is_taken_for_a_tuple():
    assert Groups(item=["a", "b"]).item == ("a", "b")  # type: ignore[arg-type]
    assert hash(Groups(item=["a", "b"])) == hash(Groups(item=("a", "b")))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weight": -1}, "weight must be a finite number >= 0, got -1"),
        ({"weight": float("nan")}, "weight must be"),
        ({"weight": float("inf")}, "weight must be"),
        ({"weight": "8"}, "weight must be"),
        ({"weight": True}, "weight must be"),
        ({"column": ""}, "column must be"),
        ({"query": ""}, "query must be"),
        ({"item": ()}, "item must name"),
        ({"item": ("a", "")}, "item must be"),
        ({"aggregate": "sum"}, "aggregate must be one of 'mean', 'median', 'max', 'min', 'count', None, got 'sum'"),
        ({"choice": "random"}, "choice must be one of 'uniform', 'size', got 'random'"),
        ({"round": 1.5}, "round must be a whole number"),
        ({"round": True}, "round must be a whole number"),
        ({"member_weight": ""}, "member_weight must be"),
        ({"member_weight": 2}, "member_weight must be"),
    ],
)
def test_options_outside_their_range_are_refused(options, message):
    with pytest.raises(OptionError, match=message):
        Groups(**options)
