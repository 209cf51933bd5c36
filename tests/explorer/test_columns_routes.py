"""Columns as a page gets them: what a stream holds is what the run's table holds, in types that need no second look."""

import io
import math
import os
from datetime import date
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from fastapi.testclient import TestClient
from planted_run import planted_run

from firth.errors import OptionError
from firth.explorer.app import create_app
from firth.explorer.columns import arrow_columns
from firth.explorer.page import write_page
from firth.runs.run import Run

KEYS = ["koala", "Łódź", "<b>", "", "雨", "x\0y", "zebra"]
COLUMNS = {
    "x": pl.Series([1.5, 2.5, -3.0, 4.0, 5.0, 6.0, 7.0], dtype=pl.Float32),
    "cluster": pl.Series([0, 1, -1, 0, 2, 0, 1], dtype=pl.Int32),
    "price": [1.25, None, 3.0, float("inf"), -0.5, None, 2.0],
    "year": pl.Series([1999, None, 2001, 2002, None, 1980, 1999], dtype=pl.Int64),
    "plays": pl.Series([2**40, 1, 2, 3, 4, 5, 6], dtype=pl.Int64),
    "tags": [["rock", "pop"], ["pop"], [], None, ["folk", "rock"], ["pop", "folk"], ["rock"]],
    "colour": ["red", None, "blue", "blue", "", "red", "blue"],
    "sold": [True, False, None, True, True, True, False],
    "day": [date(2026, 11, 21), None, None, None, None, None, date(2026, 11, 1)],
    "a,b": [7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0],
}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return planted_run(tmp_path / "run", KEYS, columns=COLUMNS)


@pytest.fixture
def client(run: Run) -> TestClient:
    assert run.folder is not None
    return TestClient(create_app([run.folder]), base_url="http://127.0.0.1")


def _table(stream: bytes) -> pa.Table:
    return pa.ipc.open_stream(stream).read_all()


def test_floats_arrive_as_they_are(run: Run):
    column = _table(arrow_columns(run, ["x"]))["x"]
    assert column.type == pa.float32()
    assert column.to_pylist() == [1.5, 2.5, -3.0, 4.0, 5.0, 6.0, 7.0]


def test_whole_numbers_are_int32(run: Run):
    table = _table(arrow_columns(run, ["cluster", "count"]))
    assert [column.type for column in table.columns] == [pa.int32(), pa.int32()]
    assert table["cluster"].to_pylist() == [0, 1, -1, 0, 2, 0, 1]
    assert table["count"].to_pylist() == [21, 20, 19, 18, 17, 16, 15]


@pytest.mark.parametrize(("name", "missing"), [("price", {1, 5}), ("year", {1, 4})])
def test_a_number_that_is_missing_is_nan(run: Run, name: str, missing: set[int]):
    column = _table(arrow_columns(run, [name]))[name]
    assert column.type == pa.float32()
    assert column.null_count == 0
    assert {place for place, value in enumerate(column.to_pylist()) if math.isnan(value)} == missing


def test_whole_numbers_beyond_int32_are_float32(run: Run):
    column = _table(arrow_columns(run, ["plays"]))["plays"]
    assert column.type == pa.float32()
    assert column.to_pylist() == [2.0**40, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("name", "values", "distinct"),
    [
        ("colour", ["red", None, "blue", "blue", "", "red", "blue"], ["blue", "red", ""]),
        ("tags", ["rock", "pop", None, None, "folk", "pop", "rock"], ["pop", "rock", "folk"]),
        ("sold", ["true", "false", None, "true", "true", "true", "false"], ["true", "false"]),
        ("day", ["2026-11-21", *[None] * 5, "2026-11-01"], ["2026-11-01", "2026-11-21"]),
    ],
)
def test_categories_are_codes_into_the_distinct_values_the_most_frequent_first(
    run: Run, name: str, values: list[str | None], distinct: list[str]
):
    column = _table(arrow_columns(run, [name]))[name]
    assert pa.types.is_dictionary(column.type)
    assert column.to_pylist() == values
    assert column.chunk(0).dictionary.to_pylist() == distinct


def test_keys_are_texts(run: Run):
    column = _table(arrow_columns(run, ["key"]))["key"]
    assert column.type == pa.large_string()
    assert column.to_pylist() == KEYS


def test_polars_reads_the_same(run: Run):
    frame = pl.read_ipc_stream(io.BytesIO(arrow_columns(run, ["key", "colour", "x"])))
    assert frame.columns == ["key", "colour", "x"]
    assert frame["colour"].cast(pl.String).to_list() == ["red", None, "blue", "blue", "", "red", "blue"]


@pytest.mark.parametrize("n", [0, 1, 300])
def test_a_run_of_any_size_and_a_category_of_any_number_of_values(tmp_path: Path, n: int):
    names = [f"name {i}" for i in range(n)]
    run = planted_run(tmp_path / "run", names, columns={"x": pl.Series([0.5] * n, dtype=pl.Float32), "own": names})
    table = _table(arrow_columns(run, ["x", "own", "count"]))
    assert table.num_rows == n
    assert table["own"].to_pylist() == names


def test_an_unknown_column_is_refused_with_the_closest(run: Run, client: TestClient):
    with pytest.raises(OptionError, match=r"unknown column 'clusters'\. Closest: 'cluster'\."):
        arrow_columns(run, ["clusters"])
    answer = client.get("/api/runs/0/columns", params={"names": "x,clusters"})
    assert (answer.status_code, answer.json()) == (404, {"detail": "unknown column 'clusters'. Closest: 'cluster'."})


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        ("x,cluster", ["x", "cluster"]),
        ("a,b", ["a,b"]),
        (["x", "a,b"], ["x", "a,b"]),
        (["x", "x,count"], ["x", "count"]),
    ],
)
def test_the_service_answers_the_columns_asked_for_each_once(
    run: Run, client: TestClient, names: str | list[str], columns: list[str]
):
    answer = client.get("/api/runs/0/columns", params={"names": names})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/vnd.apache.arrow.stream"
    assert answer.content == arrow_columns(run, columns)


def test_columns_that_a_client_has_are_not_sent_again_until_the_run_is_made_anew(run: Run, client: TestClient):
    first = client.get("/api/runs/0/columns", params={"names": "x"})
    tag = first.headers["etag"]
    again = client.get("/api/runs/0/columns", params={"names": "x"}, headers={"if-none-match": f'"other", W/{tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    other = client.get("/api/runs/0/columns", params={"names": "count"}, headers={"if-none-match": tag})
    assert other.status_code == 200
    assert run.folder is not None
    os.utime(run.folder / "run.json", ns=(1, 1))
    anew = client.get("/api/runs/0/columns", params={"names": "x"}, headers={"if-none-match": tag})
    assert anew.status_code == 200
    assert anew.headers["etag"] != tag


def test_a_name_is_asked_for(client: TestClient):
    assert client.get("/api/runs/0/columns").status_code == 422
    assert client.get("/api/runs/0/columns", params={"names": ""}).status_code == 404


def test_the_page_reads_what_the_table_holds(run: Run, tmp_path: Path, look):
    page = look(write_page(run, tmp_path / "page.html", k=2).as_uri())
    page.wait_for_function("globalThis.firth !== undefined")
    names = ["x", "cluster", "price", "year", "plays", "tags", "colour", "a,b"]
    found = page.evaluate(
        """names => firth.columns(0, names).then(columns => Object.fromEntries(names.map(name => {
            const {kind, values, codes, names: texts} = columns.get(name);
            const plain = array => Array.from(array, value => Number.isNaN(value) ? null : value);
            return [name, kind === "number" ? plain(values) : plain(codes).map(code => texts[code] ?? null)];
        })))""",
        names,
    )
    assert found["cluster"] == [0, 1, -1, 0, 2, 0, 1]
    assert found["price"] == [1.25, None, 3.0, math.inf, -0.5, None, 2.0]
    assert found["year"] == [1999, None, 2001, 2002, None, 1980, 1999]
    assert found["plays"] == [2.0**40, 1, 2, 3, 4, 5, 6]
    assert found["tags"] == ["rock", "pop", None, None, "folk", "pop", "rock"]
    assert found["colour"] == ["red", None, "blue", "blue", "", "red", "blue"]
    assert (found["x"], found["a,b"]) == (COLUMNS["x"].to_list(), COLUMNS["a,b"])
