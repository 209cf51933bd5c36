"""What is like these: items by the cosine with a sum of items, for one query or for many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from firth.arrays import Float32, Int32
from firth.errors import OptionError
from firth.vectors.neighbors import normalised_rows, top_k
from firth.vectors.queries import checked_query, in_blocks, row_sums
from firth.vectors.unit_rows import UnitRows


@dataclass(frozen=True, eq=False)
class Neighbors:
    """The nearest items of several items.

    Parameters
    ----------
    ids
        (n_queries, m) int32, nearest first, equal similarities by the lower id; -1 where a query has fewer answers.
    similarities
        (n_queries, m) float32, cosines; -inf beside an id of -1.
    """

    ids: Int32
    similarities: Float32


def similar(
    normalised: Float32 | UnitRows,
    queries: Sequence[npt.ArrayLike],
    *,
    weights: Sequence[npt.ArrayLike] | None = None,
    k: int = 10,
    exclude_query: bool = True,
    is_finite: bool = False,
    n_jobs: int | Literal["auto"] = "auto",
) -> Neighbors:
    """Return the rows nearest to the sum of each query's rows.

    Parameters
    ----------
    normalised
        (n_items, size) float32, each row of length 1 or 0, so that long vectors do not drown the others; or rows that
        are scaled as they are read.
    queries
        Each a list of at least one id.
    weights
        One number per id, such as -1 for what is taken away; None: ones.
    k
        How many, >= 0.
    exclude_query
        Whether a query's own items are left out.
    is_finite
        Whether the rows are known to be finite, so that they are not read once more to see.
    n_jobs
        Threads.

    Returns
    -------
    Neighbors
        (n_queries, min(k, n_items)) each, nearest first, equal cosines by id; -1 and -inf where there are fewer.

    Raises
    ------
    DataError
        If an id does not exist or a query is empty.
    OptionError
        If ``k`` or ``n_jobs`` is outside its range.

    Notes
    -----
    O(n_queries * n_items * size) time. Same bytes for any ``n_jobs``, and for a query alone as among others.
    """
    if k < 0:
        raise OptionError(f"k must be >= 0, got {k}.")
    asked = [checked_query(query, n_items=len(normalised)) for query in queries]
    skips = [np.unique(query) if exclude_query else query[:0] for query in asked]
    ids = np.full((len(asked), min(k, len(normalised))), -1, dtype=np.int32)
    cosines = np.full(ids.shape, -np.inf, dtype=np.float32)
    n_skips = np.array([len(skip) for skip in skips], dtype=np.int64)
    for members in in_blocks([len(query) for query in asked], n_skips, size=normalised.shape[1]):
        chosen = members.tolist()
        own = None if weights is None else [weights[member] for member in chosen]
        sums = row_sums(normalised, [asked[member] for member in chosen], own)
        unit, exclude = normalised_rows(sums.astype(np.float32)), np.stack([skips[member] for member in chosen])
        if isinstance(normalised, UnitRows):
            found, scores = normalised.top_k(unit, k=k, exclude=exclude, n_jobs=n_jobs)
        else:
            found, scores = top_k(unit, normalised, k=k, exclude=exclude, is_finite=is_finite, n_jobs=n_jobs)
        ids[members, : found.shape[1]] = found
        cosines[members, : found.shape[1]] = scores
    return Neighbors(ids, cosines)
