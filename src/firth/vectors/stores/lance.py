"""LanceDB: a folder of columns with a vector index, read by its own library in several languages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from firth.arrays import Float32
from firth.errors import MissingExtraError
from firth.progress import Progress
from firth.vectors.vectors import Vectors

if TYPE_CHECKING:
    import polars as pl

_INDEXED = 50_000  # items from which an index is worth its errors; below, every item is compared


class Lance:
    """A table in a LanceDB folder.

    Parameters
    ----------
    folder
        Of the database; made if it is not there.
    table
        The table's name; one of that name is replaced.

    Raises
    ------
    MissingExtraError
        If lancedb is not installed.
    """

    def __init__(self, folder: str | Path, *, table: str) -> None:
        try:
            import lancedb
        except ImportError as error:
            raise MissingExtraError("LanceDB", "lancedb", "lancedb") from error
        self._database: Any = lancedb.connect(str(folder))
        self._name = table
        self._table: Any = None

    def write(self, vectors: Vectors, items: pl.DataFrame, *, progress: Progress) -> None:
        """Write every item, and, from 50,000 items on, an index."""
        import polars as pl

        with progress.task("writing", total=1) as task:
            vector = pl.Series("vector", vectors.matrix, dtype=pl.Array(pl.Float32, vectors.size))
            frame = items.with_row_index("id").with_columns(pl.col("id").cast(pl.Int64), vector)
            is_there = self._name in self._database.list_tables().tables
            mode = "overwrite" if is_there else "create"
            self._table = self._database.create_table(self._name, frame.to_arrow(), mode=mode)
            task.update(1, text=f"{len(items):,} items")
        if len(items) >= _INDEXED:
            with progress.task("indexing", total=1) as task:
                self._table.create_index(metric="cosine", index_type="IVF_HNSW_SQ")
                task.update(1)

    def nearest(self, query: Float32, *, k: int) -> list[int]:
        """Return the ids of the nearest; see :class:`firth.vectors.stores.store.Store`."""
        asked = self._table.search(query).distance_type("cosine").select(["id", "_distance"]).limit(k)
        if len(self._table) >= _INDEXED:
            asked = asked.nprobes(40).refine_factor(4)
        return [int(found) for found in asked.to_arrow()["id"].to_pylist()]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._table = None
