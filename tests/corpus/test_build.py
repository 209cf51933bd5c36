from __future__ import annotations

import hashlib
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firth.corpus.build import build
from firth.corpus.contexts import Groups
from firth.corpus.corpus import Corpus
from firth.errors import DataError, OptionError, SourceError
from firth.sources.planted import groups


def one(rows: list[tuple[object, ...]], declared: Groups | None = None, **columns: object) -> Corpus:
    schema = ["item", "value", *columns][: len(rows[0])] if rows else ["item", "value"]
    frame = pl.DataFrame(rows, schema=schema, orient="row", infer_schema_length=None)
    return build({"c": frame}, {"c": declared or Groups()})


def members(corpus: Corpus, context: int = 0) -> dict[str, list[str]]:
    built = corpus.contexts[context]
    keys = corpus.vocabulary.keys
    return {
        label: sorted(keys[i] for i in built.members[built.offsets[g] : built.offsets[g + 1]])
        for g, label in enumerate(built.labels)
    }


def same(a: Corpus, b: Corpus) -> bool:
    return (
        a.fingerprint == b.fingerprint
        and a.vocabulary == b.vocabulary
        and a.counts.tobytes() == b.counts.tobytes()
        and a.attributes.equals(b.attributes)
        and a.report == b.report
        and all(
            x.labels == y.labels
            and x.members.tobytes() == y.members.tobytes()
            and x.offsets.tobytes() == y.offsets.tobytes()
            and (x.member_weights is None) == (y.member_weights is None)
            and (x.member_weights is None or x.member_weights.tobytes() == y.member_weights.tobytes())
            for x, y in zip(a.contexts, b.contexts, strict=True)
        )
    )


BANDS = [
    ("coil", "industrial"),
    ("swans", "rock"),
    ("swans", "industrial"),
    ("low", "rock"),
    ("low", "rock"),
    ("low", "slow"),
    ("none", None),
]


def test_items_that_share_a_value_are_a_group():
    assert members(one(BANDS)) == {"industrial": ["coil", "swans"], "rock": ["low", "swans"]}


def test_arrays_have_the_types_that_training_expects():
    built = one(BANDS, Groups(member_weight=True)).contexts[0]
    kinds = [array.dtype for array in (built.offsets, built.members, built.member_weights)]
    assert kinds == [np.int64, np.int32, np.float64]
    assert built.offsets.tolist() == [0, 2, 4]


def test_ids_go_by_count_and_then_by_key():
    corpus = one(BANDS)
    assert corpus.vocabulary.keys == ["low", "swans", "coil", "none"]
    assert corpus.counts.tolist() == [3, 2, 1, 1]


def test_a_group_of_one_is_left_out_and_counted():
    report = one(BANDS).contexts[0].report
    assert report["n_single_member_groups"] == 1
    assert report["n_groups"] == 2


def test_an_item_in_no_group_has_an_id_all_the_same():
    corpus = one(BANDS)
    assert "none" in corpus.vocabulary
    assert corpus.contexts[0].report["n_items_without_group"] == 1


def test_an_items_values_are_ordered_by_rows_and_then_by_name():
    corpus = one([("a", "y"), ("a", "x"), ("a", "z"), ("a", "z"), ("b", "x"), ("c", None)])
    assert corpus.attributes["c"].to_list() == [["z", "x", "y"], ["x"], []]


def test_every_row_is_accounted_for():
    rows = [("a", "1.5"), ("b", "1.5"), ("c", "many"), ("d", None), ("", "1"), (None, "1"), (None, None), ("a", "")]
    report = one(rows, Groups(aggregate="mean")).contexts[0].report
    assert (report["rows_read"], report["rows_without_key"]) == (8, 3)
    assert (report["rows_missing"], report["rows_not_numeric"]) == (2, 1)


def test_pairs_are_counted():
    report = one([(key, "x") for key in "abcde"] + [(key, "y") for key in "abc"]).contexts[0].report
    assert report["n_pairs"] == 10 + 3
    assert report["largest_group"] == 5
    assert report["n_memberships"] == 8


@pytest.mark.parametrize(
    ("aggregate", "expected"), [("mean", 4.0), ("median", 2.0), ("max", 9.0), ("min", 1.0), ("count", 3.0)]
)
def test_an_items_numbers_become_one(aggregate, expected):
    corpus = one([("a", 9.0), ("a", 1.0), ("a", 2.0), ("a", None), ("b", 7.0), ("c", 7.0)], Groups(aggregate=aggregate))
    assert corpus.attributes["c"].to_list()[0] == expected


def test_the_median_of_an_even_number_is_between_the_middle_two():
    corpus = one([("a", 9.0), ("a", 1.0), ("a", 2.0), ("a", 5.0), ("b", 7.0), ("c", 7.0)], Groups(aggregate="median"))
    assert corpus.attributes["c"].to_list() == [3.5, 7.0, 7.0]


def test_attributes_keep_the_number_before_rounding_and_groups_use_it_rounded():
    corpus = one([("a", 7.0), ("a", 7.5), ("b", 7.3), ("c", 6.9), ("d", None)], Groups(aggregate="mean", round=0))
    assert corpus.attributes["c"].to_list() == [7.25, 7.3, 6.9, None]
    assert members(corpus) == {"7": ["a", "b", "c"]}


def test_halves_are_rounded_to_the_even_number():
    corpus = one([("a", 6.5), ("b", 5.5), ("c", 7.5), ("d", 8.4)], Groups(aggregate="mean", round=0))
    assert members(corpus) == {"6": ["a", "b"], "8": ["c", "d"]}


def test_a_small_negative_number_rounds_to_the_same_nought_as_a_small_positive_one():
    assert members(one([("a", -0.2), ("b", 0.2)], Groups(round=0))) == {"0": ["a", "b"]}


def test_negative_decimals_round_to_tens():
    corpus = one([("a", 1991), ("b", 1994), ("c", 2004), ("d", 1996)], Groups(round=-1))
    assert members(corpus) == {"1990": ["a", "b"], "2000": ["c", "d"]}


def test_numeric_groups_are_in_the_order_of_their_numbers():
    corpus = one([(f"i{n}{k}", n) for n in (10, 9, 100) for k in range(2)], Groups(aggregate="mean"))
    assert corpus.contexts[0].labels == ["9", "10", "100"]


def test_an_items_weight_in_a_group_is_its_number_of_rows():
    corpus = one(BANDS, Groups(member_weight=True))
    built = corpus.contexts[0]
    by_name = dict(zip([corpus.vocabulary.keys[i] for i in built.members], built.member_weights, strict=True))
    assert by_name == {"low": 2.0, "swans": 1.0, "coil": 1.0}


def test_an_items_weight_in_a_group_is_the_sum_of_a_column():
    rows = [("a", "x", 0.5), ("a", "x", 1.5), ("b", "x", 3.0), ("c", "x", 0.0), ("d", "x", None)]
    corpus = one(rows, Groups(member_weight="n"), n=None)
    built = corpus.contexts[0]
    assert built.member_weights.tolist() == [2.0, 3.0]
    assert built.report["n_without_weight"] == 2
    assert "c" in corpus.vocabulary


def test_weights_of_aggregated_items_are_their_rows():
    corpus = one([("a", 1.0), ("a", 3.0), ("b", 2.0)], Groups(aggregate="mean", member_weight=True))
    assert corpus.contexts[0].member_weights.tolist() == [2.0, 1.0]


def test_a_negative_member_weight_is_refused():
    with pytest.raises(DataError, match=r"member weight 'n' must be >= 0, got -1"):
        one([("a", "x", -1.0), ("b", "x", 3.0)], Groups(member_weight="n"), n=None)


def test_a_context_of_weight_0_is_an_attribute_and_trains_nothing():
    frame = pl.DataFrame({"item": ["a", "b", "c"], "value": ["x", "x", "y"], "year": [1991, 1991, 1992]})
    corpus = build({"v": frame, "y": frame}, {"v": Groups(), "y": Groups("year", weight=0)})
    assert [context.name for context in corpus.contexts] == ["v"]
    assert corpus.attributes.columns == ["v", "y"]
    assert corpus.report.contexts["y"]["n_groups"] == 1


def test_a_context_without_pairs_is_left_out_and_reported_beside_one_that_has_some():
    frame = pl.DataFrame({"item": ["a", "b"], "value": ["x", "x"], "own": ["1", "2"]})
    corpus = build({"v": frame, "o": frame}, {"v": Groups(), "o": Groups("own")})
    assert [context.name for context in corpus.contexts] == ["v"]
    assert "o: 2 rows, no group of two or more items" in str(corpus.report)


def test_contexts_of_their_own_rows_share_one_vocabulary_and_add_up_their_counts():
    genre = pl.DataFrame({"item": ["a", "b", "a"], "value": ["x", "x", "y"]})
    score = pl.DataFrame({"item": ["b", "c"], "value": [3.0, 3.0]})
    corpus = build({"g": genre, "s": score}, {"g": Groups(weight=8), "s": Groups(weight=2, aggregate="mean")})
    assert corpus.vocabulary.keys == ["a", "b", "c"]
    assert corpus.counts.tolist() == [2, 2, 1]
    assert corpus.attributes.to_dict(as_series=False) == {"g": [["x", "y"], ["x"], []], "s": [None, 3.0, 3.0]}
    assert [context.weight for context in corpus.contexts] == [8.0, 2.0]


def test_several_columns_make_one_key_and_a_missing_part_makes_none():
    frame = pl.DataFrame({"artist": ["a", "a", None, "b"], "track": [1, 2, 3, None], "value": ["x"] * 4})
    corpus = build({"c": frame}, {"c": Groups(item=("artist", "track"))})
    assert corpus.vocabulary.keys == ["a - 1", "a - 2"]
    assert corpus.report.contexts["c"]["rows_without_key"] == 2


def test_all_items_in_one_group_work():
    assert members(one([(key, "x") for key in "abc"])) == {"x": ["a", "b", "c"]}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "got no rows: the query or table is empty"),
        ([("a", "x"), ("a", "y")], "at least two items, got one, 'a', in 2 rows"),
        ([(None, "x"), ("", "x")], "every key in them is NULL, NaN or empty"),
        ([(math.nan, "x"), (math.nan, "x")], "every key in them is NULL, NaN or empty"),
        ([("a", "x"), ("b", "y")], "no two items share a group"),
        ([("a", None), ("b", None)], "no two items share a group"),
    ],
)
def test_data_without_a_pair_is_explained(rows, message):
    with pytest.raises(DataError, match=message):
        one(rows)


def test_a_column_that_does_not_exist_is_answered_with_those_that_do():
    with pytest.raises(SourceError, match=r"context 'c' needs a column 'vale'. Closest: 'value'. Columns: item, value"):
        one(BANDS, Groups("vale"))


@pytest.mark.parametrize(
    ("contexts", "message"),
    [
        ({}, "at least one context"),
        ({"c": Groups(weight=0)}, "weight above 0"),
        ({"other": Groups()}, "has no rows"),
        ({"c": "genre"}, r"must be Groups\(...\), Sequences\(...\) or Walks\(...\), got str"),
        ({"": Groups()}, "name must be a text"),
    ],
)
def test_contexts_that_make_no_sense_are_refused(contexts, message):
    with pytest.raises(OptionError, match=message):
        build({"c": pl.DataFrame({"item": ["a", "b"], "value": ["x", "x"]})}, contexts)


_values = st.one_of(st.none(), st.floats(-1e6, 1e6), st.sampled_from([0.1, 0.2, 0.3, 0.7, 1e16, -1e16]))
_rows = st.lists(
    st.tuples(st.sampled_from("abcdefg"), st.sampled_from(["x", "y", "z", None]), _values), min_size=1, max_size=40
)


@given(rows=_rows, random=st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_the_order_of_the_rows_does_not_matter(rows, random):
    declared = {
        "g": Groups("genre", member_weight=True),
        "w": Groups("genre", member_weight="positive", choice="size"),
        "m": Groups("score", aggregate="mean", round=1),
        "d": Groups("score", aggregate="median"),
        "s": Groups("score", round=2),
    }

    def corpus(given_rows):
        schema = {"item": pl.String, "genre": pl.String, "score": pl.Float64}
        frame = pl.DataFrame(given_rows, schema=schema, orient="row").with_columns(positive=pl.col("score").abs())
        return build(dict.fromkeys(declared, frame), declared)

    rows = [*rows, ("h", "x", 0.5), ("i", "x", 0.5)]
    shuffled = random.sample(rows, len(rows))
    assert same(corpus(rows), corpus(shuffled))


@given(rows=_rows)
@settings(max_examples=100, deadline=None)
def test_groups_are_those_of_a_plain_reckoning(rows):
    rows = [*rows, ("h", "x", 0.5), ("i", "x", 0.5)]
    expected: dict[str, set[str]] = {}
    for key, genre, _ in rows:
        if genre is not None:
            expected.setdefault(genre, set()).add(key)
    found = one([row[:2] for row in rows])
    assert members(found) == {label: sorted(keys) for label, keys in expected.items() if len(keys) > 1}
    built = found.contexts[0]
    for g in range(built.n_groups):
        assert (np.diff(built.members[built.offsets[g] : built.offsets[g + 1]]) > 0).all()


@pytest.mark.parametrize(
    "other",
    [
        [*BANDS, ("low", "slow")],
        [*BANDS[:-1], ("nine", None)],
        [*BANDS, ("coil", "rock")],
        [(item, "Rock" if value == "rock" else value) for item, value in BANDS],
    ],
)
def test_another_corpus_has_another_fingerprint(other):
    assert one(BANDS).fingerprint != one(other).fingerprint


@pytest.mark.parametrize("declared", [Groups(weight=2), Groups(choice="size"), Groups(member_weight=True)])
def test_other_options_have_another_fingerprint(declared):
    assert one(BANDS).fingerprint != one(BANDS, declared).fingerprint


def test_the_fingerprint_is_that_of_a_plain_reckoning():
    digest = hashlib.sha256()

    def add(data: bytes) -> None:
        digest.update(len(data).to_bytes(8, "little") + data)

    add(b"firth corpus 1")
    add(np.array([1, 2], dtype="<i8").tobytes())
    add("bäx"[:1].encode() + "ä".encode())
    add(np.array([1, 1], dtype="<i8").tobytes())
    add(np.array([1, 7, 3, 1], dtype="<i8").tobytes())
    add(b"c" + b"uniform" + b"1.0" + b"v")
    add(np.array([0, 2], dtype="<i8").tobytes())
    add(np.array([0, 1], dtype="<i4").tobytes())
    add(b"")
    assert one([("ä", "v"), ("b", "v")]).fingerprint == digest.hexdigest()


def test_planted_groups_come_back_without_noise():
    rows = groups(n_items=60, n_groups=4, noise=0.0, seed=2)
    corpus = build({"g": rows}, {"g": Groups("group")})
    truth = rows.unique(["item", "truth"]).group_by("truth").agg(pl.col("item").sort()).sort("truth")
    assert members(corpus) == dict(truth.rows())


def test_the_given_frame_is_not_changed():
    frame = pl.DataFrame({"item": ["b", "a"], "value": [2.0, 2.0]})
    before = frame.clone()
    build({"c": frame}, {"c": Groups(aggregate="mean", member_weight=True)})
    assert frame.equals(before)
