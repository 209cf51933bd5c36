from __future__ import annotations

import sqlite3
from pathlib import Path

import polars as pl
import pytest

from firth.errors import ReadOnlyError, SourceError, SourceNotFoundError
from firth.sources.engines import _read_only, without_password
from firth.sources.sql import query

pytest.importorskip("pyarrow")
pytest.importorskip("adbc_driver_sqlite")


@pytest.fixture(params=["sqlite", "postgresql", "duckdb"])
def uri(request: pytest.FixtureRequest) -> str:
    fixture = {"sqlite": "sqlite_uri", "postgresql": "postgresql_server", "duckdb": "duckdb_uri"}[request.param]
    return request.getfixturevalue(fixture)


def test_every_engine_gives_the_same_rows(uri):
    frame = query(uri, "select band as item, score from reviews order by votes")
    assert frame.to_dict(as_series=False) == {"item": ["low", "coil", "swans"], "score": [None, 8.5, 7.25]}


def test_every_engine_gives_an_empty_result_with_its_columns(uri):
    frame = query(uri, "select band as item, score from reviews where votes > 99")
    assert (frame.columns, frame.height) == (["item", "score"], 0)


def test_an_unknown_column_is_answered_with_those_that_exist(uri):
    with pytest.raises(SourceError, match=r"no column 'scor'.*Closest: 'score'.*reviews has band, score, votes"):
        query(uri, "select scor from reviews")


def test_an_unknown_column_behind_an_alias_is_answered_alike(uri):
    with pytest.raises(SourceError, match=r"no column 'bnad'.*Closest: 'band'"):
        query(uri, "select r.bnad from reviews r")


def test_an_unknown_table_is_answered_with_those_that_exist(uri):
    with pytest.raises(SourceError, match=r"no table 'review'.*Closest: 'reviews'.*Tables: .*reviews"):
        query(uri, "select band from review")


def test_a_syntax_error_is_passed_on_in_one_line(uri):
    with pytest.raises(SourceError, match=r"(?i)the query failed.*syntax error") as caught:
        query(uri, "select band from reviews where where")
    assert "\n" not in str(caught.value)


def test_columns_of_one_name_are_refused(uri):
    with pytest.raises(SourceError, match=r"distinct names, got 'band' more than once.*'as'"):
        query(uri, "select a.band, b.band from reviews a, reviews b")


def test_no_engine_is_ever_written_to(uri):
    before = query(uri, "select * from reviews order by votes")
    with pytest.raises(ReadOnlyError):
        query(uri, "with a as (select 1) delete from reviews")
    with pytest.raises(ReadOnlyError):
        query(uri, "insert into reviews values ('new', 1, 1)")
    assert query(uri, "select * from reviews order by votes").equals(before)


def test_attaching_another_file_is_refused_and_makes_none(sqlite_uri, tmp_path):
    with pytest.raises(ReadOnlyError):
        query(sqlite_uri, f"attach '{tmp_path / 'new.db'}' as x")
    assert not (tmp_path / "new.db").exists()


@pytest.mark.parametrize("sql", ["copy reviews to '{}'", "with a as (copy reviews to '{}') select * from a"])
def test_duckdb_writes_no_file(duckdb_uri, tmp_path, sql):
    target = tmp_path / "out.csv"
    with pytest.raises(ReadOnlyError):
        query(duckdb_uri, sql.format(target))
    assert not target.exists()


def test_duckdb_itself_is_locked_even_if_the_words_of_a_query_get_through(duckdb_uri, tmp_path, monkeypatch):
    # The first lock is taken away, so that the second is seen to hold alone.
    monkeypatch.setattr("firth.sources.sql.check_read_only", lambda _sql, _dialect: [])
    target = tmp_path / "out.csv"
    with pytest.raises(ReadOnlyError, match="only the database file itself"):
        query(duckdb_uri, f"with a as (copy reviews to '{target}') select * from a")
    assert not target.exists()


def test_a_duckdb_query_reads_no_other_file(duckdb_uri, tmp_path):
    (tmp_path / "other.csv").write_text("a\n1\n")
    with pytest.raises(ReadOnlyError, match=r"read_table"):
        query(duckdb_uri, f"select * from '{tmp_path / 'other.csv'}'")


@pytest.mark.parametrize(
    "sql",
    [
        "with a as (insert into written values ('x') returning a) select * from a",
        "select * into copied from reviews",
        "insert into written values ('x')",
    ],
)
def test_postgresql_itself_is_locked_even_if_the_words_of_a_query_get_through(postgresql_server, monkeypatch, sql):
    monkeypatch.setattr("firth.sources.sql.check_read_only", lambda _sql, _dialect: [])
    with pytest.raises(ReadOnlyError, match="refused to write"):
        query(postgresql_server, sql)
    assert query(postgresql_server, "select * from written").height == 0


def test_sqlite_itself_is_locked_even_if_the_words_of_a_query_get_through(sqlite_uri, monkeypatch):
    monkeypatch.setattr("firth.sources.sql.check_read_only", lambda _sql, _dialect: [])
    with pytest.raises(ReadOnlyError, match="refused to write"):
        query(sqlite_uri, "delete from reviews")


def test_postgresqls_own_options_are_kept_and_read_only_has_the_last_word(postgresql_server):
    separator = "&" if "?" in postgresql_server else "?"
    own = f"{postgresql_server}{separator}options=-c%20default_transaction_read_only%3Doff%20-c%20work_mem%3D2MB"
    frame = query(own, "select current_setting('work_mem') as m, current_setting('transaction_read_only') as r")
    assert frame.row(0) == ("2MB", "on")


def test_a_uri_without_options_gets_them():
    assert _read_only("postgresql://h/d").startswith("postgresql://h/d?options=-c%20default_transaction_read_only")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("7.5::numeric", 7.5),
        ("12::numeric(10,2)", 12.0),
        ("42::numeric", 42),
        ("'NaN'::numeric", None),
        ("12345678901234567890::numeric", "12345678901234567890"),
        ("'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        ("'{\"a\": 1}'::json", '{"a": 1}'),
    ],
)
def test_postgresqls_own_types_become_plain_ones(postgresql_server, expression, expected):
    value = query(postgresql_server, f"select {expression} as v").item()
    assert value == expected or (expected is None and value != value)


def test_average_scores_of_postgresql_are_numbers(postgresql_server):
    frame = query(postgresql_server, "select avg(votes) as mean from reviews")
    assert frame.schema == {"mean": pl.Int64} or frame.item() == 5.0


def test_a_server_that_does_not_answer_is_named_without_its_password():
    pytest.importorskip("adbc_driver_postgresql")
    with pytest.raises(
        SourceError, match=r"cannot connect to postgresql://me:\*\*\*@127\.0\.0\.1:1/d.*refused"
    ) as caught:
        query("postgresql://me:secret@127.0.0.1:1/d", "select 1")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("postgresql://me:a:b@h/d", "postgresql://me:***@h/d"),
        ("postgresql://h/d?user=me&password=x&a=1", "postgresql://h/d?user=me&password=***&a=1"),
        ("postgresql://h:5432/d", "postgresql://h:5432/d"),
    ],
)
def test_passwords_are_not_shown(uri, shown):
    assert without_password(uri) == shown


@pytest.mark.parametrize("scheme", ["sqlite", "duckdb"])
def test_a_file_that_does_not_exist_is_named_and_not_made(scheme, tmp_path):
    pytest.importorskip("duckdb")
    with pytest.raises(SourceNotFoundError, match=r"no database lies at .*none\.db"):
        query(f"{scheme}:///{tmp_path}/none.db", "select 1")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("scheme", ["sqlite", "duckdb"])
def test_a_file_that_is_no_database_is_said_to_be_none(scheme, tmp_path):
    pytest.importorskip("duckdb")
    (tmp_path / "text.db").write_text("just a text\n" * 99)
    with pytest.raises(SourceError, match=r"not a (valid DuckDB )?database"):
        query(f"{scheme}:///{tmp_path}/text.db", "select 1 from t")


@pytest.mark.parametrize(
    "uri", ["bands.db", "sqlite:bands.db", "mysql://h/d", "sqlite://", "sqlite:///", "duckdb://x", ""]
)
def test_a_uri_of_another_form_is_explained(uri):
    with pytest.raises(SourceError, match=r"must begin with|three slashes"):
        query(uri, "select 1")


def test_a_folder_is_no_database(tmp_path):
    with pytest.raises(SourceError, match="is a folder"):
        query(f"sqlite:///{tmp_path}", "select 1")


def test_a_relative_path_has_three_slashes(sqlite_uri, monkeypatch):
    path = Path(sqlite_uri.removeprefix("sqlite:///"))
    monkeypatch.chdir(path.parent)
    assert query(f"sqlite:///{path.name}", "select band from reviews").height == 3


@pytest.fixture
def mixed_uri(tmp_path: Path) -> str:
    path = tmp_path / "mixed.db"
    connection = sqlite3.connect(path)
    connection.execute("create table t (late_text, late_real, sparse, bytes, latin)")
    # The driver decides on types after 1024 rows unless told otherwise.
    rows = [(i, i, None, None, None) for i in range(3000)]
    rows += [("n/a", 0.5, "text", None, None)]
    connection.executemany("insert into t values (?, ?, ?, ?, ?)", rows)
    connection.execute("update t set bytes = x'00ff', latin = cast(x'42f6' as text) where sparse is not null")
    connection.commit()
    connection.close()
    return f"sqlite:///{path}"


def test_a_column_of_sqlite_with_several_types_becomes_text(mixed_uri):
    column = query(mixed_uri, "select late_text from t")["late_text"]
    assert (column.dtype, column[0], column[-1]) == (pl.String, "0", "n/a")


def test_whole_numbers_before_others_in_sqlite_become_reals(mixed_uri):
    column = query(mixed_uri, "select late_real from t")["late_real"]
    assert (column.dtype, column[-1]) == (pl.Float64, 0.5)


def test_a_column_of_sqlite_that_is_null_for_long_keeps_its_text(mixed_uri):
    assert query(mixed_uri, "select sparse from t")["sparse"].drop_nulls().to_list() == ["text"]


def test_text_that_is_not_utf8_is_explained(mixed_uri):
    with pytest.raises(SourceError, match=r"column 'latin' holds text that is not UTF-8"):
        query(mixed_uri, "select late_real, latin from t")


@pytest.mark.parametrize("end", ["", ";", " ; ", " -- a remark"])
def test_reals_among_texts_in_sqlite_are_not_rounded_in_silence(mixed_uri, end):
    with pytest.raises(SourceError, match=r"'v' holds real numbers and texts.*cast\(v as text\)"):
        query(mixed_uri, f"select 1234567.891 as v union all select 'text'{end}")


def test_a_text_that_looks_like_the_drivers_reals_is_a_text(mixed_uri):
    assert query(mixed_uri, "select '1.500000e+00' as v union all select 'text'")["v"].to_list() == [
        "1.500000e+00",
        "text",
    ]


def test_the_cast_that_is_advised_works(mixed_uri):
    frame = query(mixed_uri, "select cast(v as text) as v from (select 1234567.891 as v union all select 'text')")
    assert frame["v"].to_list() == ["1234567.891", "text"]
