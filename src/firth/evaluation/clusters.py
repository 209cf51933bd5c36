"""Are clusters any good? How far apart they lie, and whether they come out again.

Both are numbers of the vectors, never of the map. The silhouette is exact for any number of items: the mean cosine
distance of an item to a cluster is 1 less its product with the mean of the cluster's normalised rows, so no pair of
items need be looked at. Sums are taken in float64 in a fixed order, so there is one result.

References
----------
Rousseeuw (1987). Silhouettes: a graphical aid to the interpretation and validation of cluster analysis. J. Comp. Appl.
Math. 20.
Hennig (2007). Cluster-wise assessment of cluster stability. Computational Statistics & Data Analysis 52.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from firth.arrays import Float32, Float64, Int64
from firth.errors import DataError
from firth.evaluation.partitions import adjusted_rand_index, as_labels, best_jaccards
from firth.vectors.neighbors import as_matrix, check_finite, normalised_rows
from firth.vectors.vectors import Vectors

_BLOCK = 1 << 13  # rows
_TINY = 1e-12  # a distance below is rounding
WEAK_STABILITY = 0.6
"""Hennig (2007): a cluster below should not be trusted; from 0.75 on it is stable."""


@dataclass(frozen=True, kw_only=True)
class ClusterScore:
    """How good one cluster is.

    Parameters
    ----------
    cluster
        Its number.
    size
        Items in it.
    silhouette
        The mean of its items' silhouettes, -1 to 1; NaN where it is the only cluster.
    stability
        The mean of its Jaccard similarity with the cluster most like it in each other clustering, 0 to 1; NaN where
        there is no other.
    is_weak
        Whether its silhouette is not above 0, or its stability below 0.6.
    """

    cluster: int
    size: int
    silhouette: float
    stability: float
    is_weak: bool


@dataclass(frozen=True, kw_only=True)
class ClusterQuality:
    """How good clusters are.

    Parameters
    ----------
    n_items
        All items.
    n_noise
        Of these, items in no cluster, which have no part in the silhouette.
    silhouette
        The mean over the items in clusters, -1 to 1: above 0 where they are nearer to their own cluster than to any
        other; NaN for fewer than two clusters.
    adjusted_rand
        The mean adjusted Rand index with the other clusterings: 1 where they are the same, 0 by chance; NaN where there
        is none.
    n_repeats
        How many other clusterings there are.
    clusters
        One score per cluster.
    """

    n_items: int
    n_noise: int
    silhouette: float
    adjusted_rand: float
    n_repeats: int
    clusters: tuple[ClusterScore, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Reclustering:
    """Some items clustered again.

    Parameters
    ----------
    items
        (n,) int64, which.
    labels
        (n,) integers, the cluster of each; -1: none. Numbers need not match the first clustering's.
    """

    items: Int64
    labels: npt.NDArray[np.signedinteger[Any]]


def cluster_quality(
    vectors: Vectors | npt.ArrayLike, labels: npt.ArrayLike, others: Sequence[Reclustering] = ()
) -> ClusterQuality:
    """Return how far apart clusters lie, and how alike other clusterings of the same items are.

    Parameters
    ----------
    vectors
        Vectors, or a (n_items, size) matrix of finite numbers.
    labels
        (n_items,) integers: the cluster of each item, from 0; -1: none.
    others
        What the same procedure made of the items, or of some of them, with other seeds.

    Raises
    ------
    DataError
        If there is not one whole number >= -1 per item.

    Notes
    -----
    O(n_items * n_clusters * size) time.
    """
    chosen = as_labels(labels)
    values = silhouettes(vectors, chosen)
    sizes = np.bincount(chosen[chosen >= 0])
    jaccards = np.array([best_jaccards(chosen[other.items], other.labels, len(sizes)) for other in others])
    stability = _nan_means(jaccards, len(sizes))
    scores = []
    for number, size in enumerate(sizes.tolist()):
        own = values[chosen == number]
        mean = float(own.mean()) if size else float("nan")
        stable = float(stability[number])
        is_weak = mean <= 0 or stable < WEAK_STABILITY
        scores.append(ClusterScore(cluster=number, size=size, silhouette=mean, stability=stable, is_weak=is_weak))
    inside = values[chosen >= 0]
    rand = [adjusted_rand_index(chosen[other.items], other.labels) for other in others]
    return ClusterQuality(
        n_items=len(chosen),
        n_noise=int((chosen < 0).sum()),
        silhouette=float(inside.mean()) if len(inside) else float("nan"),
        adjusted_rand=float(np.mean(rand)) if rand else float("nan"),
        n_repeats=len(others),
        clusters=tuple(scores),
    )


def silhouettes(vectors: Vectors | npt.ArrayLike, labels: npt.ArrayLike) -> Float64:
    """Return each item's silhouette by cosine distance, exactly: (n_items,) float64, -1 to 1.

    Parameters
    ----------
    vectors
        Vectors, or a (n_items, size) matrix of finite numbers.
    labels
        (n_items,) integers, from 0; -1: in no cluster.

    Returns
    -------
    Float64
        (b - a) / max(a, b), where a is the mean distance to the others of the own cluster and b that to the nearest
        other cluster; 0 for a cluster of one, NaN for an item in no cluster and where there is but one.

    Raises
    ------
    DataError
        If there is not one whole number >= -1 per item, or the matrix is not finite.

    Notes
    -----
    O(n_items * n_clusters * size) time, a copy of the rows. A row of zeros is at distance 1 from every other.

    Examples
    --------
    >>> silhouettes([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], [0, 0, 1]).tolist()
    [1.0, 1.0, 0.0]
    """
    unit = _unit(vectors)
    chosen = as_labels(labels)
    if len(chosen) != len(unit):
        raise DataError(f"labels must hold one whole number per item, {len(unit)}, got {len(chosen)}.")
    numbers, places = np.unique(chosen[chosen >= 0], return_inverse=True)
    result = np.full(len(unit), np.nan)
    if len(numbers) < 2:
        return result
    sums, sizes = _sums(unit, chosen, places, len(numbers)), np.bincount(places)
    inside = np.flatnonzero(chosen >= 0)
    for start in range(0, len(inside), _BLOCK):
        items, own = inside[start : start + _BLOCK], places[start : start + _BLOCK]
        rows = _scaled(unit[items])
        products = np.einsum("id,cd->ic", rows, sums)  # not a matrix product: its bytes depend on threads
        each = np.arange(len(items))
        distances = 1.0 - products / sizes
        others = sizes[own] - 1
        itself = np.einsum("id,id->i", rows, rows)
        inner = 1.0 - (products[each, own] - itself) / np.maximum(others, 1)
        distances[each, own] = np.inf
        outer = distances.min(axis=1)
        inner, outer = np.where(inner < _TINY, 0.0, inner), np.where(outer < _TINY, 0.0, outer)
        largest = np.maximum(inner, outer)
        values = np.where(largest > 0, (outer - inner) / np.where(largest > 0, largest, 1.0), 0.0)
        result[items] = np.where(others > 0, values, 0.0)
    return result


def _unit(vectors: Vectors | npt.ArrayLike) -> Float32:
    if isinstance(vectors, Vectors):
        return vectors.normalised
    matrix = as_matrix(vectors, name="matrix")
    check_finite(matrix, name="matrix")
    return normalised_rows(matrix)


def _scaled(rows: Float32) -> Float64:
    """Return rows of length 1 as float64, to which float32 comes only nearly."""
    wide = rows.astype(np.float64)
    lengths = np.sqrt(np.einsum("ij,ij->i", wide, wide))[:, None]
    return wide / np.where(lengths > 0, lengths, 1.0)


def _sums(unit: Float32, chosen: Int64, places: Int64, n: int) -> Float64:
    """Return the sum of each cluster's rows: (n, size)."""
    sums = np.zeros((n, unit.shape[1]))
    inside = np.flatnonzero(chosen >= 0)
    order = np.argsort(places, kind="stable")
    ends = np.cumsum(np.bincount(places, minlength=n))
    for number in range(n):
        members = inside[order[ends[number - 1] if number else 0 : ends[number]]]
        for start in range(0, len(members), _BLOCK):
            sums[number] += _scaled(unit[members[start : start + _BLOCK]]).sum(axis=0)
    return sums


def _nan_means(rows: Float64, n: int) -> Float64:
    """Return the mean of each column's numbers, NaN where it has none."""
    if not len(rows):
        return np.full(n, np.nan)
    known = np.isfinite(rows)
    counts = known.sum(axis=0)
    means: Float64 = np.where(counts > 0, np.where(known, rows, 0.0).sum(axis=0) / np.maximum(counts, 1), np.nan)
    return means
