from __future__ import annotations

import gzip
import lzma
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firth.errors import SourceError, SourceNotFoundError
from firth.sources.tables import load, read

CSV = 'item,genre\ncoil,industrial\nswans,"rock, loud"\n'
ROWS = {"item": ["coil", "swans"], "genre": ["industrial", "rock, loud"]}


def _zstd(data: bytes) -> bytes:
    pa = pytest.importorskip("pyarrow")
    return pa.compress(data, codec="zstd", asbytes=True)


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("t.csv", bytes),
        ("t.csv.gz", gzip.compress),
        ("t.csv.xz", lzma.compress),
        ("t.csv.zst", _zstd),
        ("T.CSV", bytes),
        ("a.b.csv", bytes),
    ],
)
def test_csv_is_read_in_every_packing(tmp_path, name, pack):
    (tmp_path / name).write_bytes(pack(CSV.encode()))
    assert load(tmp_path / name).to_dict(as_series=False) == ROWS


def test_tsv_is_divided_at_tabs_only(tmp_path):
    (tmp_path / "t.tsv").write_text("item\tgenre\na,b\tc\n")
    assert load(str(tmp_path / "t.tsv")).rows() == [("a,b", "c")]


@pytest.mark.parametrize("suffix", [".jsonl", ".ndjson"])
def test_json_lines_are_read(tmp_path, suffix):
    (tmp_path / f"t{suffix}").write_text('{"item": "coil", "n": 1}\n\n{"item": "low", "n": 2.5, "new": "x"}\n')
    frame = load(tmp_path / f"t{suffix}")
    assert frame.rows() == [("coil", 1.0, None), ("low", 2.5, "x")]


def test_parquet_is_read(tmp_path):
    pl.DataFrame(ROWS).write_parquet(tmp_path / "t.parquet")
    assert load(tmp_path / "t.parquet").to_dict(as_series=False) == ROWS


def test_a_polars_frame_is_taken_as_it_is():
    frame = pl.DataFrame(ROWS)
    assert load(frame) is frame
    assert load(frame.lazy()).equals(frame)


def test_a_pandas_frame_is_read_and_its_nan_is_missing():
    pandas = pytest.importorskip("pandas")
    frame = load(pandas.DataFrame({"item": ["coil", None], "score": [float("nan"), 2.0]}))
    assert frame.rows() == [("coil", None), (None, 2.0)]


def test_an_arrow_table_is_read():
    pa = pytest.importorskip("pyarrow")
    assert load(pa.table(ROWS)).to_dict(as_series=False) == ROWS


def test_duplicate_columns_are_refused_in_an_arrow_table():
    pa = pytest.importorskip("pyarrow")
    table = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["item", "item"])
    with pytest.raises(SourceError, match=r"distinct names, got 'item'"):
        load(table)


def test_duplicate_columns_are_refused_in_a_pandas_frame():
    pandas = pytest.importorskip("pandas")
    with pytest.raises(SourceError, match=r"distinct names, got 'item'"):
        load(pandas.DataFrame([["a", "b"]], columns=["item", "item"]))


def test_a_pandas_column_of_several_types_is_explained():
    pandas = pytest.importorskip("pandas")
    with pytest.raises(SourceError, match="one type"):
        load(pandas.DataFrame({"item": ["a", 1, 2.5]}))


@pytest.mark.parametrize("table", [None, 3, ["coil"], {"item": ["coil"]}])
def test_anything_else_is_no_table(table):
    with pytest.raises(SourceError, match="must be a path or a data frame"):
        load(table)


def test_numbers_in_text_files_stay_as_they_are_written(tmp_path):
    (tmp_path / "t.csv").write_text("item,n\n007,1.50\n 8 ,\n")
    assert load(tmp_path / "t.csv").rows() == [("007", "1.50"), (" 8 ", None)]


def test_rows_that_do_not_fit_are_set_aside_with_their_line_numbers(tmp_path):
    lines = ["item,genre", "coil,a", "short", '"two', 'lines",b', "", "long,a,b", 'quo"te,c', 'mo"re,c', "low,d"]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    table = read(tmp_path / "t.csv")
    assert table.frame.rows() == [("coil", "a"), ("two\nlines", "b"), ("low", "d")]
    assert table.n_rejected == 3
    assert [example.split(":")[0] for example in table.examples] == [
        "line 3 has 1 field instead of 2",
        "line 7 has 3 fields instead of 2",
        "line 8 has a stray quote",
    ]


def test_loading_is_strict_about_rows_that_do_not_fit(tmp_path):
    (tmp_path / "t.csv").write_text("item,genre\ncoil,a\nshort\n")
    with pytest.raises(SourceError, match=r"1 rows of .*t\.csv cannot be read: line 3 has 1 field"):
        load(tmp_path / "t.csv")


def test_a_quote_that_is_never_closed_loses_no_row_in_silence(tmp_path):
    (tmp_path / "t.csv").write_text('item,genre\ncoil,a\n"open,b\nlow,c\n')
    table = read(tmp_path / "t.csv")
    assert (table.frame.rows(), table.n_rejected) == ([("coil", "a")], 1)


def test_lines_that_are_no_objects_are_set_aside(tmp_path):
    (tmp_path / "t.jsonl").write_text('{"item": "coil"}\n{"item": \n[1]\n{"item": "low"}\n')
    table = read(tmp_path / "t.jsonl")
    assert table.frame["item"].to_list() == ["coil", "low"]
    assert table.n_rejected == 2
    assert table.examples[0].startswith("line 2 is no JSON object")


def test_a_json_column_of_several_types_is_explained(tmp_path):
    (tmp_path / "t.jsonl").write_text('{"item": "coil"}\n{"item": {"a": 1}}\n')
    with pytest.raises(SourceError, match="several types"):
        read(tmp_path / "t.jsonl")


def test_windows_line_ends_and_a_byte_order_mark_are_no_part_of_the_data(tmp_path):
    (tmp_path / "t.csv").write_bytes('\ufeffitem,genre\r\ncoil,"a"\r\n\r\nlow,b\r\n'.encode())
    assert load(tmp_path / "t.csv").to_dict(as_series=False) == {"item": ["coil", "low"], "genre": ["a", "b"]}


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("t.csv", b"", "is empty"),
        ("t.csv", b"item,item\na,b\n", "distinct names, got 'item'"),
        ("t.csv", b"item,\na,b\n", "must name every column"),
        ("t.csv", b"item,genre\na,b\nm\xf6tley,c\n", "not UTF-8 at line 3"),
        ("t.csv.gz", gzip.compress(CSV.encode() * 99)[:-12], "cut short"),
        ("t.csv.gz", b"no gzip", "damaged"),
        ("t.csv.xz", lzma.compress(CSV.encode() * 99)[:-12], "cut short"),
        ("t.csv.zst", b"no zstd", "damaged"),
        ("t.parquet", b"PAR1 and then nothing", "cut short"),
        ("t.jsonl", b"", "holds no JSON objects"),
        ("t.jsonl", b"item,genre\n", "holds no JSON objects.*line 1"),
        ("t.xlsx", b"PK", "must be .csv"),
        ("t", b"", "must be .csv"),
        ("t.parquet.gz", b"", "must be .csv"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path, name, data, message):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SourceError, match=message):
        read(tmp_path / name)


def test_a_truncated_zst_is_an_error(tmp_path):
    (tmp_path / "t.csv.zst").write_bytes(_zstd("".join(f"{i},{i * i}\n" for i in range(9999)).encode())[:-50])
    with pytest.raises(SourceError, match="cut short"):
        read(tmp_path / "t.csv.zst")


def test_a_file_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(SourceNotFoundError, match=r"no file lies at .*none\.csv"):
        read(tmp_path / "none.csv")


def test_a_folder_without_slices_is_no_table(tmp_path):
    with pytest.raises(SourceError, match=r"the folder .* holds no slice"):
        read(tmp_path)


def test_a_header_without_rows_is_an_empty_frame(tmp_path):
    (tmp_path / "t.csv").write_text("item,genre\n")
    frame = load(tmp_path / "t.csv")
    assert (frame.columns, frame.height) == (["item", "genre"], 0)


# Every character that could trip a reader of delimited text.
_texts = st.text(alphabet=st.sampled_from('a",;\n\t <é😀\u2028'), min_size=1, max_size=8)


@given(rows=st.lists(st.tuples(_texts, _texts), min_size=1, max_size=12))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_what_a_csv_writer_writes_is_read_back_as_it_was(tmp_path: Path, suffix, rows):
    import csv

    with (tmp_path / f"t{suffix}").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter="," if suffix == ".csv" else "\t", lineterminator="\n")
        writer.writerows([("item", "genre"), *rows])
    assert load(tmp_path / f"t{suffix}").rows() == rows
