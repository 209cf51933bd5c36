"""New items on a map that stays as it is, and a map that grows out of another.

References
----------
Poličar, Stražar & Zupan (2019). Embedding to reference t-SNE space addresses batch effects in single-cell
classification. Discovery Science 2019.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt

from firth import _kernel
from firth.arrays import Bool, Float32, Int32
from firth.errors import DataError, OptionError
from firth.maps.affinities import checked_places
from firth.maps.options import Metric
from firth.threads import n_threads
from firth.vectors.cells import half_squares, with_column
from firth.vectors.neighbors import as_matrix, check_finite, normalised_rows, top_k

_N_STEPS = 200
_LEARNING_RATE = 0.5  # of a force that is at most about the distance to where a point belongs
_THETA = 0.5
_PER_PERPLEXITY = 3


def place(
    new: npt.ArrayLike,
    *,
    matrix: npt.ArrayLike,
    xy: npt.ArrayLike,
    perplexity: float = 30.0,
    metric: Metric = "cosine",
    n_jobs: int | Literal["auto"] = "auto",
) -> Float32:
    """Return places for new items on a map whose items do not move: (n_new, 2) float32.

    Each new item starts at that one of its nearest neighbours which lies most in their midst, and is moved until the
    neighbours it has on the map are, as far as may be, those it has in the vectors.

    Parameters
    ----------
    new
        (n_new, size) finite numbers.
    matrix
        (n_items, size): the vectors of the map's items, in the same space.
    xy
        (n_items, 2): the map.
    perplexity
        About how many neighbours count, >= 1, lowered to n_items / 3 where there are too few.
    metric
        What near means in the vectors.

    Raises
    ------
    DataError
        If shapes do not fit, something is not finite, or the map has no items.
    OptionError
        If ``perplexity`` is below 1.

    Notes
    -----
    O(n_new * n_items * size) for the neighbours, then about a millisecond for each new item. No new item's place
    depends on another's, so one alone gets the bytes it gets among many, for any ``n_jobs``.
    """
    if not (math.isfinite(perplexity) and perplexity >= 1):
        raise OptionError(f"perplexity must be >= 1, got {perplexity:g}.")
    rows, known = as_matrix(new, name="new"), as_matrix(matrix, name="matrix")
    if not len(known):
        raise DataError("a map to place items on needs items, got none.")
    if rows.shape[1] != known.shape[1]:
        raise DataError(f"new must have the {known.shape[1]} columns of matrix, got {rows.shape[1]}.")
    check_finite(rows, name="new")
    check_finite(known, name="matrix")
    places = checked_places(xy, len(known), name="xy")
    if not len(rows):
        return np.empty((0, 2), dtype=np.float32)
    used = max(1.0, min(perplexity, len(known) / _PER_PERPLEXITY))
    k = min(len(known), math.ceil(_PER_PERPLEXITY * used))
    threads = n_threads(n_jobs)
    ids, squares = _nearest_known(rows, known, k=k, metric=metric, n_jobs=threads)
    p = _kernel.conditional_affinities(ids, squares, n_points=len(known), perplexities=(used,), n_jobs=threads)
    xy_new: Float32 = _kernel.place(
        places, ids, p, theta=_THETA, learning_rate=_LEARNING_RATE, n_steps=_N_STEPS, n_jobs=threads
    )
    return xy_new


def _nearest_known(rows: Float32, known: Float32, *, k: int, metric: Metric, n_jobs: int) -> tuple[Int32, Float32]:
    """Return the ids of each row's ``k`` nearest known rows and their squared distances: (n_new, k) each."""
    if metric == "cosine":
        ids, cosines = top_k(normalised_rows(rows), normalised_rows(known), k=k, n_jobs=n_jobs)
        return ids, np.maximum(2.0 - 2.0 * cosines, 0.0).astype(np.float32)
    middle = known.mean(axis=0, dtype=np.float64).astype(np.float32)
    centred, queries = known - middle, rows - middle
    ids, _ = top_k(with_column(queries, 1.0), with_column(centred, half_squares(centred)), k=k, n_jobs=n_jobs)
    squares = np.empty(ids.shape, dtype=np.float32)
    for column in range(k):
        squares[:, column] = ((queries - centred[ids[:, column]]) ** 2).sum(axis=1)
    return ids, squares


def start_from(
    matrix: npt.ArrayLike,
    xy: npt.ArrayLike,
    *,
    metric: Metric = "cosine",
    n_jobs: int | Literal["auto"] = "auto",
) -> Float32:
    """Return a start for a new map that grows out of an old one: (n_items, 2) float32.

    Parameters
    ----------
    matrix
        (n_items, size): the vectors of all items, old and new.
    xy
        (n_items, 2): where the old items lay on the old map; NaN for the new, which are placed among the old.

    Raises
    ------
    DataError
        If shapes do not fit, no item has a place, or a place is infinite.
    """
    rows = as_matrix(matrix, name="matrix")
    places = as_matrix(xy, name="xy")
    if places.shape != (len(rows), 2):
        raise DataError(f"xy must have one row of two numbers per item, ({len(rows)}, 2), got {places.shape}.")
    is_old: Bool = ~np.isnan(places[:, 0] + places[:, 1])
    if not is_old.any():
        raise DataError("a map that grows needs items that lay on the old map, got none.")
    start = places.copy()
    start[~is_old] = place(rows[~is_old], matrix=rows[is_old], xy=places[is_old], metric=metric, n_jobs=n_jobs)
    return start
