"""Rows of a database: one SELECT in, one frame out, and an error that names what does exist."""

from __future__ import annotations

import re

import polars as pl

from firth.errors import FirthError, SourceError, closest
from firth.sources import engines
from firth.sources.arrow import to_polars
from firth.sources.statement import Dialect, Token, check_read_only

_UNKNOWN_TABLE = re.compile(r"no such table: (\S+)|relation \"([^\"]+)\" does not exist|Table with name (\S+) does not")
_UNKNOWN_COLUMN = re.compile(
    r"no such column: (\S+)|column \"?([^\"\s]+)\"? does not exist|[Rr]eferenced column \"([^\"]+)\" not found"
    r"|does not have a column named \"([^\"]+)\""
)
_DIALECTS: dict[str, Dialect] = {
    "sqlite": "sqlite",
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "duckdb": "duckdb",
}


def query(uri: str, sql: str) -> pl.DataFrame:
    """Return the rows that a query selects, from a database that is opened read-only.

    Parameters
    ----------
    uri
        ``sqlite:///relative.db``, ``sqlite:////absolute.db``, ``duckdb:///relative.duckdb`` (four slashes likewise) or
        ``postgresql://user:password@host:port/database``.
    sql
        Exactly one SELECT, which may begin with WITH.

    Returns
    -------
    polars.DataFrame
        The query's columns and rows; it may have no rows. A column of SQLite that mixes whole numbers and texts
        arrives as text; PostgreSQL's numeric as int64 or float64, or as text if its whole numbers are too large.

    Raises
    ------
    ReadOnlyError
        If ``sql`` is not one SELECT, or the database refuses it because it would write.
    SourceNotFoundError
        If the database file does not exist.
    SourceError
        If the URI names no known engine, the database cannot be opened, or the query fails; for an unknown table or
        column the message names those that exist. Also if a column of SQLite mixes reals and texts: cast it.
    MissingExtraError
        If the engine's package is not installed.

    Notes
    -----
    The rows are held in memory, once. PostgreSQL's functions with effects outside the database (``lo_export`` and the
    like, for superusers) are outside what a read-only transaction forbids; connect with a role that may only read.
    """
    dialect = _DIALECTS.get(uri.partition("://")[0])
    found = check_read_only(sql, dialect) if dialect else []
    with engines.connect(uri) as engine:
        try:
            table = engine.run(sql)
        except FirthError:
            raise
        except Exception as error:
            refused = engines.refusal(str(error))
            raise (refused or SourceError(_explain(str(error), engine, found))) from error
        return to_polars(table)


def server(uri: str) -> str:
    """Return what a database server says of itself, without its address; an empty text for a file, or a silent one."""
    if _DIALECTS.get(uri.partition("://")[0]) != "postgresql":
        return ""
    try:
        told = query(uri, "select current_database()::text as name, version()::text as version").row(0, named=True)
    except FirthError:
        return ""
    return f"{told['name']}, {told['version']}"


def _explain(message: str, engine: engines.Engine, found: list[Token]) -> str:
    table, column = _UNKNOWN_TABLE.search(message), _UNKNOWN_COLUMN.search(message)
    if table:
        name = _name(table)
        existing = list(engine.columns())
        return f"no table {name!r} in the database.{_closest(name, existing)} Tables: {_list(existing)}."
    if column:
        name = _name(column)
        words = {token.text.lower() for token in found if token.kind in ("word", "name")}
        tables = {table: columns for table, columns in engine.columns().items() if table.lower() in words}
        existing = list(dict.fromkeys(name for columns in tables.values() for name in columns))
        listed = "; ".join(f"{table} has {_list(columns)}" for table, columns in list(tables.items())[:6])
        return f"no column {name!r} in the tables of the query.{_closest(name, existing)} {listed}."
    return f"the query failed: {_first_line(message)}"


def _closest(name: str, existing: list[str]) -> str:
    """Return `` Closest: 'genre'.`` for up to three of the names that are spelled like ``name``, or an empty text."""
    near = closest(name, existing, n=3)
    return f" Closest: {', '.join(map(repr, near))}." if near else ""


def _name(match: re.Match[str]) -> str:
    """Return the name in a message without its table: ``r.genre`` is about ``genre``."""
    return next(group for group in match.groups() if group).rstrip("!").rpartition(".")[2].strip('"')


def _list(names: list[str]) -> str:
    return ", ".join(names[:20]) + (f", and {len(names) - 20} more" if len(names) > 20 else "") if names else "none"


def _first_line(message: str) -> str:
    line = re.sub(r"^[A-Z_]+: ", "", message.split("\nquery:")[0].split("\n\n")[0]).strip()
    return " ".join(line.split())[:500]
