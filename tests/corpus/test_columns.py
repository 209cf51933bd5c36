from __future__ import annotations

import math

import polars as pl
import pytest

from firth.corpus.build import build
from firth.corpus.contexts import Groups
from firth.corpus.corpus import Corpus
from firth.errors import DataError


def one(rows: list[tuple[object, ...]], declared: Groups | None = None) -> Corpus:
    frame = pl.DataFrame(rows, schema=["item", "value"], orient="row", infer_schema_length=None)
    return build({"c": frame}, {"c": declared or Groups()})


KEYS = [
    "x" * 10_000,
    "new\nline",
    "tab\there",
    "q\"uo'te",
    "<b>&amp;</b>",
    "😀",
    "é",
    "e\u0301",
    " ",
    "\x00",
    "=1+1",
    "NULL",
]


def test_keys_of_any_form_are_kept_as_they_are():
    corpus = one([(key, "x") for key in KEYS])
    assert sorted(corpus.vocabulary.keys) == sorted(KEYS)
    assert [corpus.vocabulary.id(key) for key in corpus.vocabulary.keys] == list(range(len(KEYS)))


@pytest.mark.parametrize(
    ("column", "keys"),
    [
        (pl.Series([42, 7, None]), {"42", "7"}),
        (pl.Series([42.0, 0.5, math.nan]), {"42", "0.5"}),
        (pl.Series([0.1, 16.0, None], dtype=pl.Float32), {"0.1", "16"}),
        (pl.Series([2**63 + 1, 1, None], dtype=pl.UInt64), {str(2**63 + 1), "1"}),
        (pl.Series([12345678.5, -math.inf, None]), {"12345678.5", "-inf"}),
        (pl.Series(["1.50", "2.00", None]).cast(pl.Decimal(10, 2)), {"1.50", "2"}),
        (pl.Series([True, False, None]), {"true", "false"}),
        (pl.Series(["a", "b", None], dtype=pl.Categorical), {"a", "b"}),
        (pl.Series(["1999-12-31", "2000-01-01", None]).str.to_date(), {"1999-12-31", "2000-01-01"}),
    ],
)
def test_numbers_and_other_plain_types_are_keys(column, keys):
    frame = pl.DataFrame({"item": column, "value": ["x", "x", "x"]})
    corpus = build({"c": frame}, {"c": Groups()})
    assert set(corpus.vocabulary.keys) == keys


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (pl.Series([b"a", b"b"]), "must hold texts or numbers, got Binary.*cast"),
        (pl.Series([["a"], ["b"]]), "must hold texts or numbers, got List.*one row per value"),
        (pl.Series([{"a": 1}, {"a": 2}]), "must hold texts or numbers, got Struct"),
    ],
)
def test_bytes_and_nested_types_are_explained(column, message):
    frame = pl.DataFrame({"item": column, "value": ["x", "x"]})
    with pytest.raises(DataError, match=message):
        build({"c": frame}, {"c": Groups()})


@pytest.mark.parametrize("missing", [None, math.nan, math.inf, -math.inf])
def test_what_is_no_finite_number_does_not_count(missing):
    corpus = one([("a", 1.0), ("a", missing), ("b", 1.0), ("c", missing)], Groups(aggregate="mean"))
    assert corpus.attributes["c"].to_list() == [1.0, 1.0, None]
    assert corpus.contexts[0].report["rows_missing"] == 2


def test_texts_instead_of_numbers_are_explained():
    with pytest.raises(DataError, match=r"column 'value' must hold numbers, got only texts such as 'rock'.*cast"):
        one([("a", "rock"), ("b", "pop")], Groups(aggregate="mean"))
