"""How far a map can be trusted: whether points that lie near each other belong together, and the other way round.

Nearness in the vectors is by cosine, on the map by Euclidean distance. All of it is exact and computed in blocks of
rows, so memory stays small. Equal distances on the map are ordered by id; in the vectors they share the better rank.

References
----------
Venna & Kaski (2001). Neighborhood preservation in nonlinear projection methods. ICANN '01.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from firth.arrays import Float32, Float64, Int32, Int64
from firth.errors import DataError, OptionError
from firth.vectors.neighbors import as_matrix, check_finite, normalised_rows, top_k

_BLOCK_NUMBERS = 1 << 22  # 16 MB of float32


def trustworthiness(matrix: npt.ArrayLike, xy: npt.ArrayLike, *, k: int = 10) -> float:
    """Return the share of a map's neighbourhoods that is true, from 0 to 1.

    Each of a point's ``k`` nearest on the map that is not among its ``k`` nearest in the vectors costs as much as its
    rank in the vectors exceeds ``k``; 1 means that none is false.

    Parameters
    ----------
    matrix
        (n_items, size) finite numbers; rows are normalised first.
    xy
        (n_items, 2) finite numbers, the map.
    k
        1 <= k < n_items / 2.

    Raises
    ------
    OptionError
        If ``k`` is outside its range.
    DataError
        If shapes do not fit, or a number is not finite.

    Notes
    -----
    O(n_items**2 * size) time; about 100 MB for any number of items besides O(n_items * k). The same number as
    scikit-learn's ``trustworthiness`` on normalised rows, except where distances tie.
    """
    unit, places = _checked(matrix, xy, k)
    n = len(unit)
    cost = _ranks_beyond(unit, _nearest_places(places, k), k).sum()
    return float(1.0 - 2.0 * cost / (n * k * (2 * n - 3 * k - 1)))


def neighbor_preservation(matrix: npt.ArrayLike, xy: npt.ArrayLike, *, k: int = 10) -> float:
    """Return the share of each item's ``k`` nearest in the vectors that are among its ``k`` nearest on the map, 0 to 1.

    Parameters
    ----------
    matrix
        (n_items, size) finite numbers; rows are normalised first.
    xy
        (n_items, 2) finite numbers, the map.
    k
        1 <= k < n_items / 2.

    Raises
    ------
    OptionError
        If ``k`` is outside its range.
    DataError
        If shapes do not fit, or a number is not finite.

    Notes
    -----
    O(n_items**2 * size) time, O(n_items * k) memory.
    """
    return preservation(distortion(matrix, xy, k=k))


def preservation(torn: Float32) -> float:
    """Return the share of neighbours kept, 0 to 1, from every item's :func:`distortion`."""
    return float(1.0 - torn.mean(dtype=np.float64))


def distortion(matrix: npt.ArrayLike, xy: npt.ArrayLike, *, k: int = 10) -> Float32:
    """Return, for each item, the share of its ``k`` nearest in the vectors that the map has torn away from it.

    Returns
    -------
    Float32
        (n_items,) float32, 0 (all still near) to 1 (none).

    Raises
    ------
    OptionError
        If ``k`` is outside its range.
    DataError
        If shapes do not fit, or a number is not finite.

    Notes
    -----
    O(n_items**2 * size) time, O(n_items * k) memory.
    """
    unit, places = _checked(matrix, xy, k)
    own = np.arange(len(unit))
    true, _ = top_k(unit, unit, k=k, exclude=own)
    shown = _nearest_places(places, k)
    kept = (true[:, :, None] == shown[:, None, :]).any(axis=2).mean(axis=1)
    torn: Float32 = (1.0 - kept).astype(np.float32)
    return torn


def _nearest_places(places: Float64, k: int) -> Int32:
    """Return each point's ``k`` nearest on the map, by ascending id: (n, k) int32; of equal distances the lower ids.

    A tree answers where the k-th and the next distance differ; only the other rows are searched in full.
    """
    from scipy.spatial import cKDTree  # type: ignore[import-untyped]  # scikit-learn's own dependency, hence of the same extra

    n = len(places)
    own = np.arange(n)
    distances, ids = cKDTree(places).query(places, k=k + 2)
    is_self = ids == own[:, None]
    is_self[~is_self.any(axis=1), -1] = True  # crowded out by points at its very place, hence a tie
    others = ids[~is_self].reshape(n, k + 1)
    beyond = distances[~is_self].reshape(n, k + 1)
    found: Int32 = np.sort(others[:, :k], axis=1).astype(np.int32)
    tied = np.flatnonzero(beyond[:, k - 1] == beyond[:, k])
    step = max(1, _BLOCK_NUMBERS // n)
    for start in range(0, len(tied), step):
        rows = tied[start : start + step]
        # Differences, not the expansion of the square: it loses the small distances that matter.
        squares = (places[rows, :1] - places[:, 0]) ** 2
        squares += (places[rows, 1:] - places[:, 1]) ** 2
        squares[np.arange(len(rows)), rows] = np.inf
        found[rows] = _smallest(squares, k)
    return found


def _smallest(squares: Float64, k: int) -> Int32:
    """Return the columns of each row's ``k`` smallest numbers; equal ones by the lower column."""
    if k >= squares.shape[1]:
        return np.argsort(squares, axis=1, kind="stable")[:, :k].astype(np.int32)
    bound = np.partition(squares, k - 1, axis=1)[:, k - 1 : k]
    taken = squares <= bound
    for row in np.flatnonzero(np.count_nonzero(taken, axis=1) > k):
        at_bound = np.flatnonzero(squares[row] == bound[row])
        room = k - np.count_nonzero(squares[row] < bound[row])
        taken[row, at_bound[room:]] = False
    return np.nonzero(taken)[1].reshape(len(squares), k).astype(np.int32)


def _ranks_beyond(unit: Float32, shown: Int32, k: int) -> Int64:
    """Return by how much the ranks in the vectors of each item's neighbours on the map exceed ``k``: (n,), >= 0.

    An item's rank is 1 and the number of others that are nearer.
    """
    n = len(unit)
    total = np.empty(n, dtype=np.int64)
    step = max(1, _BLOCK_NUMBERS // n)
    for start in range(0, n, step):
        cosines = unit[start : start + step] @ unit.T
        here = np.arange(len(cosines))
        found = np.take_along_axis(cosines, shown[start : start + step], axis=1)
        cosines[here, here + start] = -np.inf  # itself is no neighbour
        beyond = np.zeros(len(cosines), dtype=np.int64)
        for column in range(k):
            ranks = np.count_nonzero(cosines > found[:, column, None], axis=1) + 1
            beyond += np.maximum(ranks - k, 0)
        total[start : start + step] = beyond
    return total


def _checked(matrix: npt.ArrayLike, xy: npt.ArrayLike, k: int) -> tuple[Float32, Float64]:
    rows, places = as_matrix(matrix, name="matrix"), as_matrix(xy, name="xy")
    if places.shape != (len(rows), 2):
        raise DataError(f"xy must have one row of two numbers per item, ({len(rows)}, 2), got {places.shape}.")
    if not 1 <= k < len(rows) / 2:
        raise OptionError(f"k must be >= 1 and less than half the number of items, {len(rows)}, got {k}.")
    check_finite(rows, name="matrix")
    check_finite(places, name="xy")
    return normalised_rows(rows), places.astype(np.float64)
