"""PostgreSQL with the extension pgvector: a table with a column of vectors and an index over it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Self

from firth.arrays import Float32
from firth.errors import DataError, MissingExtraError, OptionError, RunError
from firth.progress import Progress
from firth.vectors.vectors import Vectors

if TYPE_CHECKING:
    import polars as pl

_AT_ONCE = 5_000
_MOST_INDEXED = 2_000  # dimensions that pgvector's index takes


class PgVector:
    """A table in a PostgreSQL database.

    Parameters
    ----------
    uri
        ``postgresql://user@host/database``.
    table
        Its name, of letters, digits and underscores; one of that name is replaced, in one transaction.

    Raises
    ------
    MissingExtraError
        If psycopg is not installed.
    OptionError
        If the name is none.
    RunError
        If the database cannot be reached, or lacks the extension.
    """

    def __init__(self, uri: str, *, table: str) -> None:
        try:
            import psycopg
        except ImportError as error:
            raise MissingExtraError("PostgreSQL with pgvector", "psycopg", "pgvector") from error
        if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", table):
            raise OptionError(
                f"a table's name must be of small letters, digits and underscores, at most 63, got {table[:80]!r}."
            )
        self._psycopg, self._table = psycopg, table
        try:
            self._connection: Any = psycopg.connect(uri)
        except psycopg.Error as error:
            raise RunError(f"cannot reach the database: {str(error).strip()}") from error

    def write(self, vectors: Vectors, items: pl.DataFrame, *, progress: Progress) -> None:
        """Write the table ``id, key, count, attributes, embedding`` and an index by cosine.

        Raises
        ------
        DataError
            If a key holds a zero byte, which PostgreSQL's texts cannot.
        RunError
            If the database refuses.
        """
        bad = next((key for key in vectors.keys if "\0" in key), None)
        if bad is not None:
            raise DataError(f"PostgreSQL's texts hold no zero byte, and the key {bad[:40]!r} does.")
        try:
            with self._connection.transaction(), self._connection.cursor() as cursor:
                cursor.execute("create extension if not exists vector")
                cursor.execute(f"drop table if exists {self._table}")
                cursor.execute(
                    f"create table {self._table} (id integer primary key, key text not null unique, count bigint, "
                    f"attributes jsonb not null, embedding vector({vectors.size}) not null)"
                )
                self._copy(cursor, vectors, items, progress)
                if vectors.size <= _MOST_INDEXED:
                    with progress.task("indexing", total=1) as task:
                        cursor.execute(f"create index on {self._table} using hnsw (embedding vector_cosine_ops)")
                        task.update(1)
            self._connection.execute(f"analyze {self._table}")
            self._connection.execute("set hnsw.ef_search = 100")
        except self._psycopg.Error as error:
            raise RunError(f"the database refused: {str(error).strip()}") from error

    def _copy(self, cursor: Any, vectors: Vectors, items: pl.DataFrame, progress: Progress) -> None:  # noqa: ANN401
        attributes = items.drop("key", "count")
        keys, counts = vectors.keys, items["count"].to_list()
        with (
            progress.task("writing", total=len(items), unit="items") as task,
            cursor.copy(f"copy {self._table} (id, key, count, attributes, embedding) from stdin") as copy,
        ):
            for start in range(0, len(items), _AT_ONCE):
                about = attributes.slice(start, _AT_ONCE).to_dicts()
                for number, values in enumerate(about, start=start):
                    text = json.dumps(values, ensure_ascii=False, default=str).replace("\\u0000", "")
                    numbers = ",".join(map(repr, vectors.matrix[number].tolist()))
                    copy.write_row((number, keys[number], counts[number], text, f"[{numbers}]"))
                task.update(min(start + _AT_ONCE, len(items)))

    def nearest(self, query: Float32, *, k: int) -> list[int]:
        """Return the ids of the nearest; see :class:`firth.vectors.stores.store.Store`."""
        numbers = "[" + ",".join(map(repr, query.tolist())) + "]"
        rows = self._connection.execute(
            f"select id from {self._table} order by embedding <=> %s::vector limit %s", (numbers, k)
        )
        return [int(row[0]) for row in rows.fetchall()]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if error[0] is None:
            self._connection.commit()
        self._connection.close()
