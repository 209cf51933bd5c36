"""HDBSCAN: clusters as dense regions, of any number and shape, and items that are in none.

It is scikit-learn's, imported here alone and only when asked for. It works on normalised vectors, whose Euclidean
distances order as cosines do, or on their first principal components, and never on the map.

References
----------
Campello, Moulavi & Sander (2013). Density-based clustering based on hierarchical density estimates. PAKDD '13.
"""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from typing import Literal

import numpy as np
import numpy.typing as npt

from firth.arrays import Float64, Int32
from firth.errors import MissingExtraError, OptionError
from firth.threads import n_threads
from firth.vectors.neighbors import as_matrix, check_finite, normalised_rows
from firth.vectors.vectors import Vectors

_BLOCK = 1 << 14  # rows


def require_hdbscan() -> None:
    """Raise MissingExtraError if scikit-learn is not installed."""
    if find_spec("sklearn") is None:
        raise MissingExtraError("HDBSCAN", "scikit-learn", "clusters")


def hdbscan(
    vectors: Vectors | npt.ArrayLike,
    *,
    min_cluster_size: int = 25,
    n_components: int | None = None,
    n_jobs: int | Literal["auto"] = "auto",
) -> Int32:
    """Return the cluster of each item: (n_items,) int32, the largest cluster is 0, and -1 is no cluster.

    Parameters
    ----------
    vectors
        Vectors, or a (n_items, size) matrix of finite numbers; rows are normalised here.
    min_cluster_size
        Fewer items are no cluster, >= 2.
    n_components
        Cluster so many principal components of the normalised rows, >= 1, instead of the rows; all there are where it
        is more. None: the rows themselves.
    n_jobs
        Threads.

    Raises
    ------
    OptionError
        If an option is outside its range.
    DataError
        If the matrix is not finite.
    MissingExtraError
        If scikit-learn is not installed.

    Notes
    -----
    About O(n_items**2 * size) time in 64 dimensions; 10 components are several times as fast. The same items in two
    runs. Fewer items than ``min_cluster_size`` are in no cluster.
    """
    if min_cluster_size < 2:
        raise OptionError(f"min_cluster_size must be >= 2, got {min_cluster_size}.")
    if n_components is not None and n_components < 1:
        raise OptionError(f"n_components must be >= 1, got {n_components}.")
    if isinstance(vectors, Vectors):
        unit = vectors.normalised
    else:
        matrix = as_matrix(vectors, name="matrix")
        check_finite(matrix, name="matrix")
        unit = normalised_rows(matrix)
    threads = n_threads(n_jobs)
    require_hdbscan()
    if len(unit) < min_cluster_size:
        return np.full(len(unit), -1, dtype=np.int32)
    from sklearn.cluster import HDBSCAN

    rows = unit.astype(np.float64)
    if n_components is not None:
        rows = _components(rows, n_components)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its inside
        model = HDBSCAN(min_cluster_size=min_cluster_size, copy=True, n_jobs=threads).fit(rows)
    return by_size(np.asarray(model.labels_))


def by_size(labels: npt.ArrayLike) -> Int32:
    """Return labels renumbered from 0, the largest cluster first, of equal ones that of the first item; -1 stays.

    Examples
    --------
    >>> by_size([7, -1, 3, 3, 7, 3]).tolist()
    [1, -1, 0, 0, 1, 0]
    """
    given = np.asarray(labels)
    renumbered = np.full(len(given), -1, dtype=np.int32)
    inside = np.flatnonzero(given >= 0)
    _, first, place, sizes = np.unique(given[inside], return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(len(sizes), dtype=np.int32)
    rank[np.lexsort((first, -sizes))] = np.arange(len(sizes), dtype=np.int32)
    renumbered[inside] = rank[place]
    return renumbered


def _components(rows: Float64, n: int) -> Float64:
    """Return the rows' coordinates along their ``n`` directions of largest variance, of a fixed sign."""
    mean = rows.mean(axis=0)
    covariance = np.zeros((rows.shape[1], rows.shape[1]))
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK] - mean
        covariance += block.T @ block
    _, directions = np.linalg.eigh(covariance)
    chosen = directions[:, ::-1][:, :n]
    chosen = chosen * np.sign(chosen[np.abs(chosen).argmax(axis=0), np.arange(chosen.shape[1])])
    placed: Float64 = (rows - mean) @ chosen
    return placed
