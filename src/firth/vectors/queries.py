"""Queries of several items: checked, put into blocks that are searched together, and summed up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from firth.arrays import Float32, Float64, Int64
from firth.errors import DataError

if TYPE_CHECKING:
    from firth.vectors.unit_rows import UnitRows

_BLOCK = 1 << 22  # numbers gathered in one piece


def checked_query(query: npt.ArrayLike, *, n_items: int) -> Int64:
    """Return a query's ids: (n,) int64.

    Raises
    ------
    DataError
        If it is no list of at least one id, or an id does not exist.
    """
    ids = np.asarray(query)
    if ids.ndim != 1 or ids.size == 0 or ids.dtype.kind not in "iu":
        raise DataError(f"a query must be a list of at least one id, got {ids.dtype} of the shape {ids.shape}.")
    if ids.min() < 0 or ids.max() >= n_items:
        raise DataError(f"ids must be from 0 to {n_items - 1}, got {ids.min()} to {ids.max()}.")
    return ids.astype(np.int64)


def in_blocks(lengths: Sequence[int], n_skips: Int64, *, size: int) -> Iterator[Int64]:
    """Yield the places of queries in blocks that leave out equally many candidates, as the search wants them.

    Parameters
    ----------
    lengths
        Items per query.
    n_skips
        (n_queries,) int64, how many candidates each leaves out.
    size
        Numbers per item.
    """
    n_items = np.asarray(lengths, dtype=np.int64)
    for n in np.unique(n_skips):
        members = np.flatnonzero(n_skips == n)
        sizes = np.cumsum(n_items[members] * size)
        yield from np.split(members, np.flatnonzero(np.diff(sizes // _BLOCK)) + 1)


def row_sums(
    rows: Float32 | UnitRows, queries: Sequence[Int64], weights: Sequence[npt.ArrayLike] | None = None
) -> Float64:
    """Return the weighted sum of each query's rows, added in the query's order: (n_queries, size) float64.

    Parameters
    ----------
    rows
        (n_items, size) float32, or rows that are scaled as they are read.
    queries
        Ids, at least one per query.
    weights
        One number per id; None: ones.
    """
    lengths = np.array([len(query) for query in queries])
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
    gathered = rows[np.concatenate(queries)].astype(np.float64)
    if weights is not None:
        gathered *= np.concatenate([np.asarray(each, dtype=np.float64) for each in weights])[:, None]
    return np.add.reduceat(gathered, starts, axis=0)
