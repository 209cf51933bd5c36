"""Rows in long form, and lists, become sequences; every row that does not is counted."""

from __future__ import annotations

import itertools
import json
import random
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firth.corpus import ordering
from firth.corpus.contexts import Groups, Sequences
from firth.corpus.corpus import Corpus
from firth.corpus.reading import read_table
from firth.errors import DataError, SourceError
from firth.sources import tables, text

RADIO = Path(__file__).parents[2].parent / "shared" / "data" / "playlists" / "radio.csv"


def read(table: object, declared: Sequences | None = None, **options) -> Corpus:
    return read_table(table, contexts={"c": declared or Sequences(order="order")}, **options)


def lines(corpus: Corpus) -> list[str]:
    (context,) = corpus.sequences
    keys = [corpus.vocabulary.keys[token] for token in context.tokens.tolist()]
    return [" ".join(keys[begin:end]) for begin, end in itertools.pairwise(context.offsets.tolist())]


def rows(*given: tuple[object, ...]) -> pl.DataFrame:
    return pl.DataFrame(given, schema=["sequence", "order", "item"], orient="row", infer_schema_length=None)


def test_rows_are_sorted_by_order_within_sequences_and_these_by_name():
    frame = rows(("q", 2, "b"), ("p", 10, "c"), ("q", 1, "a"), ("p", 9, "b"), ("q", 3, "a"))
    assert lines(read(frame)) == ["b c", "a b a"]


def test_without_an_order_rows_stay_as_they_come():
    frame = rows(("q", 2, "b"), ("p", 10, "c"), ("q", 1, "a"), ("p", 9, "b"))
    assert lines(read(frame, Sequences())) == ["c b", "b a"]


def test_rows_of_equal_order_stay_as_they_come_and_are_counted():
    corpus = read(rows(("p", 1, "b"), ("p", 1, "a"), ("p", 0, "c"), ("q", 0, "a"), ("p", 1, "b")))
    assert lines(corpus) == ["c b a b", "a"]
    assert corpus.report.contexts["c"]["rows_of_equal_order"] == 2


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        ([10, 9, 2], "c b a"),
        ([10.5, 9.0, 2.5], "c b a"),
        (["10", "9", " 2 "], "c b a"),
        (["10", "9.5", "2e0"], "c b a"),
        (["x10", "9", "2"], "c b a"),
        (["a10", "a9", "a2"], "a c b"),
        (["2020-01-03", "2020-01-02", "2019-12-31"], "c b a"),
        ([date(2020, 1, 3), date(2020, 1, 2), date(2019, 12, 31)], "c b a"),
        ([datetime(2020, 1, 1, hour, tzinfo=UTC) for hour in (3, 2, 1)], "c b a"),
        ([Decimal("10.5"), Decimal("9"), Decimal("2")], "c b a"),
        ([2**62 + 2, 2**62 + 1, 2**62], "c b a"),
        ([2**63 + 4096, 2**62, 1], "c b a"),
        ([True, False, None], "b a"),
    ],
)
def test_orders_are_numbers_where_all_are_and_texts_otherwise(orders, expected):
    frame = pl.DataFrame({"sequence": 1, "order": pl.Series(orders), "item": ["a", "b", "c"]})
    assert lines(read(frame)) == [expected]


def test_an_order_that_turns_out_to_be_text_late_sorts_every_row_as_text(monkeypatch, tmp_path):
    monkeypatch.setattr(text, "_CHUNK", 16)
    table = "".join(f"p,{order},{item}\n" for order, item in [("10", "a"), ("9", "b"), ("8x", "c"), ("7", "d")])
    (tmp_path / "t.csv").write_text("sequence,order,item\nshort\n" + table)
    corpus = read(tmp_path / "t.csv")
    assert lines(corpus) == ["a d c b"]
    assert (corpus.report.rows_rejected, corpus.report.contexts["c"]["rows_read"]) == (1, 4)


def test_several_columns_make_one_key_and_name_one_sequence():
    frame = pl.DataFrame(
        {
            "user": ["u", "u", "u - 1", "u"],
            "day": ["1 - 2", "1 - 2", "2", "3"],
            "artist": ["Low", "Coil", "Low", None],
            "track": ["Lullaby", "Ostia", "Lullaby", "x"],
        }
    )
    corpus = read(frame, Sequences(("user", "day"), item=("artist", "track")))
    assert lines(corpus) == ["Low - Lullaby Coil - Ostia", "Low - Lullaby"]
    assert corpus.report.contexts["c"]["rows_without_key"] == 1
    assert corpus.report.contexts["c"]["sequences_empty"] == 1


def test_what_is_missing_is_dropped_and_counted_once():
    frame = rows(
        ("p", 1, "a"), ("p", 2, None), (None, None, ""), (None, 1, "a"),
        ("", None, "b"), ("p", None, "b"), ("p", 3, "b"),
    )  # fmt: skip
    report = read(frame).report.contexts["c"]
    kinds = ("key", "sequence", "order")
    assert [report[f"rows_without_{kind}"] for kind in kinds] == [2, 2, 1]
    assert (report["rows_read"], report["tokens"]) == (7, 2)


@pytest.mark.parametrize("kind", ["frame", "parquet", "jsonl"])
def test_each_row_may_be_a_sequence(tmp_path, kind):
    frame = pl.DataFrame({"tracks": [["b", "a", "b"], [], None, ["c", None, "a"], [None, ""], ["c"]]})
    table: object = frame
    if kind == "parquet":
        table = tmp_path / "t.parquet"
        frame.write_parquet(table)
    elif kind == "jsonl":
        table = tmp_path / "t.jsonl"
        frame.write_ndjson(table)
    corpus = read(table, Sequences(None, item="tracks"))
    report = corpus.report.contexts["c"]
    assert lines(corpus) == ["b a b", "c a", "c"]
    assert (report["rows_read"], report["rows_without_items"], report["sequences"]) == (6, 3, 3)
    assert (report["entries_read"], report["entries_without_key"], report["tokens"]) == (7, 1, 6)


def test_lists_of_one_sequence_are_put_together_in_their_order():
    frame = pl.DataFrame(
        {
            "sequence": ["p", "p", "q", None, "p", "q"],
            "order": [2, 1, 1, 1, 1, None],
            "item": [["a", "b"], ["c", "c"], ["b"], ["a"], ["d"], ["a"]],
        }
    )
    corpus = read(frame)
    report = corpus.report.contexts["c"]
    assert lines(corpus) == ["c c d a b", "b"]
    assert [report[f"rows_without_{kind}"] for kind in ("items", "sequence", "order")] == [0, 1, 1]
    assert report["rows_of_equal_order"] == 1


def test_several_contexts_are_read_from_one_pass(monkeypatch, tmp_path):
    (tmp_path / "t.csv").write_text("p,q,item\n1,2,a\n1,1,b\n2,1,a\n")
    passes = []
    real = tables.batches
    monkeypatch.setattr(tables, "batches", lambda *given: (passes.append(1), real(*given))[1])
    corpus = read_table(tmp_path / "t.csv", contexts={"p": Sequences("p"), "q": Sequences("q", weight=0)})
    assert (len(passes), len(corpus.contexts), list(corpus.report.contexts)) == (1, 1, ["p", "q"])
    assert corpus.counts.tolist() == [4, 2]


@pytest.mark.parametrize(
    ("frame", "declared", "error", "message"),
    [
        (rows(("p", 1, "a")), Sequences("sequenc"), SourceError, r"needs a column 'sequenc'. Closest: 'sequence'"),
        (rows(("p", 1, "a")), Sequences(order="position"), SourceError, "needs a column 'position'"),
        (rows(("p", 1, "a")), Sequences(item="track"), SourceError, "name it in Sequences"),
        (rows(("p", 1, "a"), ("p", 2, "a")), None, DataError, "got one, 'a', in 2 rows"),
        (rows(("p", 1, "a"), ("q", 2, "b")), None, DataError, "no two items share a sequence"),
        (
            rows((None, 1, "a"), ("q", None, "b")),
            None,
            DataError,
            "got 2 rows and each lacks its key, sequence or order",
        ),
        (rows(("p", 1, "a")).clear(), None, DataError, "got no rows: the query or table is empty"),
        (rows(("p", [1], "a")), None, DataError, r"order column 'order' must hold numbers, dates or texts, got List"),
        (rows(("p", b"1", "a")), None, DataError, "must hold numbers, dates or texts, got Binary"),
        (rows(([1], 1, "a")), None, DataError, "sequence column 'sequence' must hold texts or numbers, got List"),
        (rows(("p", 1, b"a")), None, DataError, "item column 'item' must hold texts or numbers, got Binary"),
        (rows(("p", 1, [["a"]])), None, DataError, "item column 'item' must hold texts or numbers, got List"),
        (rows(("p", 1, {"a": 1})), None, DataError, "item column 'item' must hold texts or numbers, got Struct"),
        (
            rows(("p", 1, "a")),
            Sequences(None),
            DataError,
            "must hold lists where no column names the sequence, got Str",
        ),
        (rows(("p", 1, ["a"])), Sequences(item=("item", "order")), DataError, "the only one where it holds lists"),
    ],
)
def test_a_table_that_holds_no_sequences_is_explained(frame, declared, error, message):
    with pytest.raises(error, match=message):
        read(frame, declared)


@pytest.mark.parametrize(
    ("lines_of_json", "message"),
    [
        (['{"sequence": 1, "item": "a"}', '{"sequence": 1, "item": [2]}'], "a column's values have several types"),
        (['{"sequence": 1, "item": "a"}', '{"sequence": 1}'], "needs a column 'order'"),
    ],
)
def test_lines_of_json_in_several_batches_are_checked_as_one_table(tmp_path, monkeypatch, lines_of_json, message):
    monkeypatch.setattr(text, "_CHUNK", 8)
    (tmp_path / "t.jsonl").write_text("\n".join(lines_of_json))
    with pytest.raises(SourceError, match=message):
        read(tmp_path / "t.jsonl")


@pytest.mark.parametrize("chunk", [8, 1000])
def test_numbers_among_texts_of_json_are_texts(tmp_path, monkeypatch, chunk):
    monkeypatch.setattr(text, "_CHUNK", chunk)
    given = [(10, 7), ("9", "7"), (8.0, 7.5), ("8", "b"), ("x", "b"), (None, "b")]
    rows_of_json = [json.dumps({"sequence": "p", "order": order, "item": item}) for order, item in given]
    (tmp_path / "t.jsonl").write_text("\n".join(rows_of_json))
    corpus = read(tmp_path / "t.jsonl")
    assert lines(corpus) == ["7 7.5 b 7 b"]
    assert corpus.report.contexts["c"]["rows_of_equal_order"] == 1


def test_a_column_that_only_later_lines_of_json_have_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "_CHUNK", 8)
    (tmp_path / "t.jsonl").write_text(
        '{"sequence": 1, "item": "a"}\n{"sequence": 1, "item": "a", "order": 5}\n'
        '{"sequence": 1, "item": "b", "order": 4.5}'
    )
    corpus = read(tmp_path / "t.jsonl")
    assert lines(corpus) == ["b a"]
    assert corpus.report.contexts["c"]["rows_without_order"] == 1


def test_strict_refuses_a_row_that_cannot_be_read(tmp_path):
    (tmp_path / "t.csv").write_text("sequence,item\np,a\np\np,b\n")
    assert read(tmp_path / "t.csv", Sequences()).report.rejected_examples[0].startswith("line 3 has 1 field")
    with pytest.raises(SourceError, match="line 3 has 1 field"):
        read(tmp_path / "t.csv", Sequences(), strict=True)


TABLE = st.lists(
    st.tuples(st.sampled_from(["p", "q", "r", "", None]), st.sampled_from(["a", "b", "c d", "", None])), max_size=25
)


@given(table=TABLE, seed=st.integers(0, 99), batch=st.integers(1, 7))
def test_the_order_of_the_rows_has_no_influence_and_all_are_accounted_for(table, seed, batch):
    frame = rows(*((sequence, place, item) for place, (sequence, item) in enumerate(table)))
    frame = frame.cast({"sequence": pl.String, "item": pl.String})
    shuffled = frame[random.Random(seed).sample(range(frame.height), frame.height)]
    with pytest.MonkeyPatch.context() as patch:
        try:
            corpus = read(frame)
            patch.setattr(tables, "_BATCH", batch)
            patch.setattr(ordering, "_AT_ONCE", batch)
            other = read(shuffled)
        except DataError:
            return
    assert corpus.fingerprint == other.fingerprint
    assert corpus.report == other.report
    report = corpus.report.contexts["c"]
    dropped = sum(report[f"rows_without_{kind}"] for kind in ("key", "sequence", "order"))
    assert report["rows_read"] == len(table) == report["tokens"] + dropped
    assert corpus.counts.sum() == report["tokens"]


@given(
    sequences=st.dictionaries(
        st.sampled_from("pqrstu"), st.lists(st.sampled_from(["a", "b", "c", "007"]), min_size=1, max_size=6), min_size=1
    )
)
def test_long_form_and_lists_give_equal_corpora(sequences):
    long = rows(*((name, i, item) for name, items in sequences.items() for i, item in enumerate(items)))
    listed = pl.DataFrame({"sequence": list(sequences), "item": list(sequences.values())})
    try:
        prints = {read(long).fingerprint, read(listed, Sequences()).fingerprint}
        prints.add(read(listed.sort("sequence"), Sequences(None)).fingerprint)
    except DataError:
        return
    assert len(prints) == 1


@settings(max_examples=60)
@given(
    table=st.lists(st.lists(st.text('ab",\n\r é', max_size=4), min_size=2, max_size=2), max_size=8),
    chunk=st.integers(1, 40),
    tail=st.sampled_from(["", '"', "x", "a,b,c\n"]),
)
def test_a_delimited_file_is_the_same_in_pieces_of_any_size(tmp_path_factory, table, chunk, tail):
    path = tmp_path_factory.mktemp("pieces") / "t.csv"
    frame = (
        pl.DataFrame(table, schema=["sequence", "item"], orient="row")
        if table
        else pl.DataFrame({"sequence": [], "item": []})
    )
    path.write_bytes(frame.write_csv().encode() + tail.encode())
    whole = text.read_delimited(path, separator=",")
    saved, text._CHUNK = text._CHUNK, chunk
    try:
        pieces = text.read_delimited(path, separator=",")
    finally:
        text._CHUNK = saved
    assert whole[0].equals(pieces[0])
    assert whole[1:] == pieces[1:]


@settings(max_examples=200)
@given(
    lines_of_text=st.lists(st.sampled_from(["a,b", "é,", ",", "a,b,c", "a", "", "a,b\r", "\r", ",,"]), max_size=6),
    end=st.sampled_from(["", "\n"]),
    n_columns=st.integers(1, 3),
)
def test_plain_text_is_divided_as_any_other(tmp_path_factory, lines_of_text, end, n_columns):
    path = tmp_path_factory.mktemp("plain") / "t.csv"
    header = ",".join("xyz"[:n_columns])
    path.write_bytes((header + "\n" + "\n".join(lines_of_text) + end).encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "_CHUNK", len(header) + 1)
        quick = text.read_delimited(path, separator=",")
        patch.setattr(text, "is_plain", lambda *_given: False)
        slow = text.read_delimited(path, separator=",")
    assert quick[0].equals(slow[0])
    assert quick[1:] == slow[1:]


@pytest.mark.skipif(not RADIO.exists(), reason="the radio playlists are not there")
def test_radio_playlists_are_read_whole():
    declared = Sequences("playlist", order="position", item=("artist", "track"))
    corpus = read(RADIO, declared)
    report = corpus.report.contexts["c"]
    assert (report["rows_read"], report["sequences"]) == (175_911, 41_480)
    both = read_table(RADIO, contexts={"c": declared, "artist": Groups("artist", item=("artist", "track"))})
    assert both.sequences[0].tokens.tobytes() == corpus.sequences[0].tokens.tobytes()
