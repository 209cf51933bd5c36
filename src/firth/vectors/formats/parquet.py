"""Parquet: a table with a row per item, its vector in one column, and whatever else is known in others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from firth.errors import DataError, SourceError, SourceNotFoundError
from firth.vectors.vectors import Vectors

if TYPE_CHECKING:
    import polars as pl


def read(path: str | Path) -> tuple[Vectors, pl.DataFrame]:
    """Return the vectors of a table, and the table without them.

    Parameters
    ----------
    path
        A file with columns ``key`` (text) and ``vector`` (lists of numbers, all of one length), and ``count`` where
        it is known.

    Raises
    ------
    SourceNotFoundError
        If there is no such file.
    SourceError
        If it is no Parquet, lacks a column, or a row has no key, or a vector of another length.
    """
    import polars as pl

    source = Path(path)
    try:
        table = pl.read_parquet(source.read_bytes())
    except FileNotFoundError:
        raise SourceNotFoundError(f"no file at {source}; give the path of a Parquet file.") from None
    except (OSError, pl.exceptions.PolarsError) as error:
        raise SourceError(f"cannot read {source}: {error}.") from error
    for name, kinds in (("key", pl.String), ("vector", (pl.List, pl.Array))):
        if name not in table.columns or not isinstance(table.schema[name], kinds):
            found = ", ".join(f"{column} ({kind})" for column, kind in table.schema.items())
            raise SourceError(f"{source} needs a column key of text and vector of lists of numbers, found {found}.")
    if table["key"].null_count() or table["vector"].null_count():
        raise SourceError(f"{source}: every row needs a key and a vector; remove the others.")
    vectors = table["vector"]
    if isinstance(vectors.dtype, pl.Array):
        vectors = vectors.arr.to_list()
    size = int(vectors.list.len().to_numpy().max(initial=0))
    counts = table["count"] if "count" in table.columns and table["count"].null_count() == 0 else None
    try:
        matrix = vectors.cast(pl.Array(pl.Float32, size)).to_numpy().reshape(len(table), size)
        made = Vectors(table["key"].to_list(), matrix, counts=None if counts is None else counts.to_numpy())
    except (DataError, pl.exceptions.PolarsError, ValueError) as error:
        raise SourceError(f"{source}: {error}") from error
    return made, table.drop("vector")
