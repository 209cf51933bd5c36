"""USearch: one file of a graph index, and the keys beside it; read in a dozen languages, memory-mapped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from firth.arrays import Float32
from firth.errors import MissingExtraError
from firth.files import atomic_path, write_text
from firth.progress import Progress
from firth.vectors.vectors import Vectors

if TYPE_CHECKING:
    import polars as pl

_CONNECTIVITY, _EXPANSION_ADD, _EXPANSION_SEARCH = 16, 128, 64  # USearch's own defaults


class USearch:
    """An index file of USearch, with the keys in ``PATH.keys.json``.

    Parameters
    ----------
    path
        The file; one that is there is replaced.

    Raises
    ------
    MissingExtraError
        If usearch is not installed.
    """

    def __init__(self, path: str | Path) -> None:
        try:
            import usearch.index
        except ImportError as error:
            raise MissingExtraError("USearch", "usearch", "usearch") from error
        self._module = usearch.index
        self._path = Path(path)
        self._index: Any = None

    def write(self, vectors: Vectors, items: pl.DataFrame, *, progress: Progress) -> None:
        """Write the index, an item under its id, and the keys by id."""
        with progress.task("indexing", total=1) as task:
            self._index = self._module.Index(
                ndim=vectors.size,
                metric="cos",
                dtype="f32",
                connectivity=_CONNECTIVITY,
                expansion_add=_EXPANSION_ADD,
                expansion_search=_EXPANSION_SEARCH,
            )
            self._index.add(np.arange(len(items), dtype=np.uint64), vectors.matrix)
            task.update(1, text=f"{len(items):,} items")
        with atomic_path(self._path) as temporary:
            self._index.save(str(temporary))
        write_text(self._path.with_name(f"{self._path.name}.keys.json"), json.dumps(vectors.keys, ensure_ascii=False))

    def nearest(self, query: Float32, *, k: int) -> list[int]:
        """Return the ids of the nearest; see :class:`firth.vectors.stores.store.Store`."""
        return [int(found) for found in self._index.search(query, k).keys.tolist()]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._index = None
