"""The three database engines behind one shape: open read-only, run one query, list tables, explain an error.

Each class is the one place that imports its engine's package. Nothing here decides what may be asked; that is
``statement.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol
from urllib.parse import quote

from firth.errors import MissingExtraError, ReadOnlyError, SourceError, SourceNotFoundError
from firth.sources.statement import Dialect

if TYPE_CHECKING:
    import pyarrow as pa

# SQLite has no column types: the driver takes a column's type from the rows of its first batch and fails on a later row
# that does not fit. One batch for the whole result lets it see every row first.
_ONE_BATCH = str(1 << 30)
# How the driver writes a real number in a column that holds texts as well.
_WRITTEN_REAL = r"^-?\d\.\d{6}e[+-]\d\d+$"


class Engine(Protocol):
    """An open, read-only connection."""

    dialect: ClassVar[Dialect]

    def run(self, sql: str) -> pa.Table:
        """Return the answer to one checked SELECT."""
        ...

    def columns(self) -> dict[str, list[str]]:
        """Return the columns of each table and view that the connection sees."""
        ...


class _Adbc:
    """What the two ADBC engines share."""

    listing: ClassVar[str]

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 (the drivers carry no types)
        self._connection = connection

    def run(self, sql: str) -> pa.Table:
        with self._connection.cursor() as cursor:
            self._prepare(cursor)
            cursor.execute(sql)
            return cursor.fetch_arrow_table()

    def _prepare(self, cursor: Any) -> None:  # noqa: ANN401
        pass

    def columns(self) -> dict[str, list[str]]:
        self._connection.rollback()
        return _listing(self.run(self.listing).to_pylist())


class SQLite(_Adbc):
    """An SQLite file, through ADBC's embedded driver."""

    dialect: ClassVar[Dialect] = "sqlite"
    listing = (
        "select m.name as t, c.name as c from sqlite_master m, pragma_table_info(m.name) c "
        "where m.type in ('table', 'view') and m.name not like 'sqlite_%' order by m.rowid, c.cid"
    )

    def run(self, sql: str) -> pa.Table:
        """Return the answer to one checked SELECT.

        Raises
        ------
        SourceError
            If a column mixes reals with texts: the driver would write the reals with seven digits.
        """
        import pyarrow.compute as pc

        table = super().run(sql)
        for name, column in zip(table.column_names, table.columns, strict=True):
            suspect = pc.any(pc.match_substring_regex(column, _WRITTEN_REAL)).as_py() if _is_text(column) else False
            if suspect and self._has_reals(sql, name):
                raise SourceError(
                    f"column {name!r} holds real numbers and texts, and the driver cannot mix them without rounding. "
                    f"Cast it in the query: cast({name} as text) as {name}, or cast({name} as real) as {name}."
                )
        return table

    def _has_reals(self, sql: str, name: str) -> bool:
        quoted = name.replace('"', '""')
        probe = f"select 1 from ({sql.rstrip().rstrip(';')}\n) where typeof(\"{quoted}\") = 'real' limit 1"
        return bool(super().run(probe).num_rows)

    def _prepare(self, cursor: Any) -> None:  # noqa: ANN401
        cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": _ONE_BATCH})


class PostgreSQL(_Adbc):
    """A PostgreSQL server, through ADBC."""

    dialect: ClassVar[Dialect] = "postgresql"
    listing = (
        "select table_name::text as t, column_name::text as c from information_schema.columns "
        "where table_schema not in ('pg_catalog', 'information_schema') order by table_name, ordinal_position"
    )


class DuckDB:
    """A DuckDB file."""

    dialect: ClassVar[Dialect] = "duckdb"

    def __init__(self, connection: Any) -> None:  # noqa: ANN401
        self._connection = connection

    def run(self, sql: str) -> pa.Table:
        """Return the answer to one checked SELECT."""
        return self._connection.sql(sql).to_arrow_table()

    def columns(self) -> dict[str, list[str]]:
        """Return the columns of each table and view."""
        listing = (
            "select table_name as t, column_name as c from information_schema.columns "
            "where table_schema not in ('pg_catalog', 'information_schema') order by table_name, ordinal_position"
        )
        return _listing(self.run(listing).to_pylist())


def _is_text(column: pa.ChunkedArray) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(column.type))


def _listing(rows: list[dict[str, str]]) -> dict[str, list[str]]:
    tables: dict[str, list[str]] = {}
    for row in rows:
        tables.setdefault(row["t"], []).append(row["c"])
    return tables


@contextmanager
def connect(uri: str) -> Iterator[Engine]:
    """Return a context that holds a read-only connection and closes it.

    Raises
    ------
    SourceNotFoundError
        If the database file does not exist.
    SourceError
        If the URI names no known engine, the file is no database, or the server does not answer.
    MissingExtraError
        If the engine's package is not installed.
    """
    scheme, _, rest = uri.partition("://")
    if scheme == "sqlite":
        connection = _open_sqlite(_file(uri, rest))
        engine: Engine = SQLite(connection)
    elif scheme in ("postgresql", "postgres"):
        connection = _open_postgresql(uri)
        engine = PostgreSQL(connection)
    elif scheme == "duckdb":
        connection = _open_duckdb(_file(uri, rest))
        engine = DuckDB(connection)
    else:
        raise SourceError(
            f"a source's URI must begin with sqlite:///, postgresql:// or duckdb:///, got {without_password(uri)!r}."
        )
    try:
        yield engine
    finally:
        connection.close()


def _file(uri: str, rest: str) -> Path:
    """Return the file that a URI names: three slashes for a relative path, four for an absolute one."""
    if not rest.startswith("/") or not rest[1:]:
        raise SourceError(
            f"a database file is named with three slashes and its path, four if the path is absolute, got {uri!r}."
        )
    path = Path(rest[1:])
    if not path.exists():
        raise SourceNotFoundError(f"no database lies at {path} (looked in {Path.cwd()}).")
    if path.is_dir():
        raise SourceError(f"a database must be a file, {path} is a folder.")
    return path


def _open_sqlite(path: Path) -> Any:  # noqa: ANN401
    try:
        from adbc_driver_sqlite import dbapi
    except ImportError as error:
        raise MissingExtraError("reading SQLite", "adbc-driver-sqlite and pyarrow", "sql") from error
    try:
        return dbapi.connect(f"file:{quote(str(path))}?mode=ro")
    except dbapi.Error as error:
        raise SourceError(f"cannot open {path}: {error}") from error


def _open_postgresql(uri: str) -> Any:  # noqa: ANN401
    try:
        from adbc_driver_postgresql import dbapi
    except ImportError as error:
        raise MissingExtraError("reading PostgreSQL", "adbc-driver-postgresql and pyarrow", "sql") from error
    try:
        return dbapi.connect(_read_only(uri))
    except dbapi.Error as error:
        reason = str(error).split("connect: ", 1)[-1].strip()
        raise SourceError(f"cannot connect to {without_password(uri)}: {reason}") from error


def _read_only(uri: str) -> str:
    """Return ``uri`` with the session's default set to read-only, after any options that it has itself."""
    read_only = quote("-c default_transaction_read_only=on -c standard_conforming_strings=on")
    base, _, parameters = uri.partition("?")
    parts = [part for part in parameters.split("&") if part]
    own = [part.removeprefix("options=") for part in parts if part.startswith("options=")]
    kept = [part for part in parts if not part.startswith("options=")]
    return base + "?" + "&".join([*kept, "options=" + "%20".join([*own, read_only])])


def _open_duckdb(path: Path) -> Any:  # noqa: ANN401
    try:
        import duckdb
        import pyarrow  # noqa: F401 (DuckDB answers in Arrow)
    except ImportError as error:
        raise MissingExtraError("reading DuckDB", "duckdb and pyarrow", "sql") from error
    try:
        # Without external access no query can write (COPY) or read another file, whatever its form.
        return duckdb.connect(str(path), read_only=True, config={"enable_external_access": "false"})
    except duckdb.Error as error:
        raise SourceError(f"cannot open {path}: {error}") from error


def without_password(uri: str) -> str:
    """Return ``uri`` with a password, if there is one, replaced by stars."""
    return re.sub(r"(?<=://)([^/@:]*):[^@/]*@", r"\1:***@", re.sub(r"(?<=[?&]password=)[^&]*", "***", uri))


def refusal(message: str) -> ReadOnlyError | None:
    """Return the error for an engine's own refusal to write, None if ``message`` is about something else."""
    if re.search(r"read-?\s?only|SQLSTATE: 25006|readonly database", message, re.IGNORECASE):
        return ReadOnlyError("sources are only read: the database refused to write. Give one SELECT.")
    if "file system operations are disabled" in message or "external access" in message.lower():
        return ReadOnlyError(
            "a query may read only the database file itself. Read other files with firth.read_table, or create a table "
            "from them first."
        )
    return None
