"""Spherical k-means: groups of items whose vectors point the same way.

Distances are those of the vectors (cosine), never of the map. The assignment step is the kernel's exact search, the
rest is a few sums in a fixed order, so the result does not depend on the number of threads.

References
----------
Dhillon & Modha (2001). Concept decompositions for large sparse text data using clustering. Machine Learning 42.
Arthur & Vassilvitskii (2007). k-means++: the advantages of careful seeding. SODA '07.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt

from firth.arrays import Float32, Float64, Int32, Int64
from firth.errors import OptionError
from firth.randomness import Purpose, generator
from firth.vectors.neighbors import as_matrix, check_finite, normalised_rows, top_k
from firth.vectors.vectors import Vectors


@dataclass(frozen=True, eq=False)
class Clusters:
    """A partition of items.

    Parameters
    ----------
    labels
        (n_items,) int32, 0 to n_clusters - 1. Clusters are numbered by size, the largest first.
    centroids
        (n_clusters, size) float32, of length 1: the direction of the mean of the normalised members.
    sizes
        (n_clusters,) int64, members of each, all >= 1.
    similarities
        (n_items,) float32, each item's cosine with its own centroid; 0 for a vector of zeros.
    similarity
        Their mean, which k-means maximises.
    n_iter
        Rounds that the best start took.
    """

    labels: Int32
    centroids: Float32
    sizes: Int64
    similarities: Float32
    similarity: float
    n_iter: int


def cluster(
    vectors: Vectors | npt.ArrayLike,
    n_clusters: int,
    *,
    seed: int = 1,
    n_init: int = 4,
    max_iter: int = 100,
    n_jobs: int | Literal["auto"] = "auto",
) -> Clusters:
    """Return the items in ``n_clusters`` groups of similar direction.

    Parameters
    ----------
    vectors
        Vectors, or a (n_items, size) matrix of finite numbers; rows are normalised here.
    n_clusters
        1 <= n_clusters <= n_items.
    seed
        0 <= seed < 2**64.
    n_init
        Starts, >= 1; the one with the largest mean cosine is kept, the first where several have it.
    max_iter
        Rounds per start, >= 1, if it does not settle before.
    n_jobs
        Threads.

    Raises
    ------
    OptionError
        If an option is outside its range.
    DataError
        If the matrix is not finite.

    Notes
    -----
    O(n_init * n_iter * n_items * n_clusters * size) time, one copy of the matrix. Same bytes for any ``n_jobs``. A
    cluster that loses all members is given the item that lies farthest from its own centroid.
    """
    if isinstance(vectors, Vectors):
        unit = vectors.normalised
    else:
        matrix = as_matrix(vectors, name="matrix")
        check_finite(matrix, name="matrix")
        unit = normalised_rows(matrix)
    for name, value, low in (("n_clusters", n_clusters, 1), ("n_init", n_init, 1), ("max_iter", max_iter, 1)):
        if value < low:
            raise OptionError(f"{name} must be >= {low}, got {value}.")
    if n_clusters > len(unit):
        raise OptionError(f"n_clusters must be at most the number of items, {len(unit)}, got {n_clusters}.")
    starts = (
        _one_start(unit, n_clusters, seed=seed, start=start, max_iter=max_iter, n_jobs=n_jobs)
        for start in range(n_init)
    )
    return max(starts, key=lambda found: found.similarity)  # of equals, the first


def _one_start(
    unit: Float32, n_clusters: int, *, seed: int, start: int, max_iter: int, n_jobs: int | Literal["auto"]
) -> Clusters:
    centroids = unit[_spread_start(unit, n_clusters, generator(seed, Purpose.CLUSTERS, start))]
    labels = np.full(len(unit), -1, dtype=np.int32)
    n_iter = 0
    for n_iter in range(1, max_iter + 1):  # noqa: B007 (reported)
        nearest, cosines = top_k(unit, centroids, k=1, n_jobs=n_jobs)
        moved, similarities = nearest[:, 0].copy(), cosines[:, 0]
        _fill_empty(moved, similarities, n_clusters)
        if np.array_equal(moved, labels):
            break
        labels = moved
        centroids = _directions(unit, labels, n_clusters, centroids)
    return _in_order_of_size(unit, labels, centroids, n_iter)


def _spread_start(unit: Float32, n_clusters: int, random: np.random.Generator) -> Int64:
    """Return the items to start from: each next one drawn by its squared distance to those drawn before."""
    drawn = [int(random.integers(len(unit)))]
    distances = np.full(len(unit), np.inf)
    while len(drawn) < n_clusters:
        _, cosines = top_k(unit, unit[drawn[-1:]], k=1, n_jobs=1)
        np.minimum(distances, np.maximum(2.0 - 2.0 * cosines[:, 0].astype(np.float64), 0.0), out=distances)
        distances[drawn] = 0.0
        sums = np.cumsum(distances)
        if sums[-1] > 0:
            place = int(np.searchsorted(sums, random.random() * sums[-1], side="right"))
        else:  # only copies of what is drawn are left
            place = int(np.setdiff1d(np.arange(len(unit)), drawn)[0])
        drawn.append(min(place, len(unit) - 1))
    return np.array(drawn, dtype=np.int64)


def _fill_empty(labels: Int32, similarities: Float32, n_clusters: int) -> None:
    """Give each cluster without members the item that fits its own cluster worst and is not its only one."""
    sizes = np.bincount(labels, minlength=n_clusters)
    if sizes.all():
        return
    worst_first = np.argsort(similarities, kind="stable")
    place = 0
    for empty in np.flatnonzero(sizes == 0):
        while sizes[labels[worst_first[place]]] < 2:
            place += 1
        item = worst_first[place]
        sizes[labels[item]] -= 1
        sizes[empty] = 1
        labels[item] = empty
        place += 1


def _directions(unit: Float32, labels: Int32, n_clusters: int, before: Float32) -> Float32:
    """Return each cluster's mean direction; one whose members cancel out keeps the direction it had."""
    order = np.argsort(labels, kind="stable")
    bounds = np.searchsorted(labels[order], np.arange(n_clusters + 1))
    sums: Float64 = np.stack([unit[order[a:b]].sum(axis=0, dtype=np.float64) for a, b in pairwise(bounds)])
    lengths = np.sqrt((sums * sums).sum(axis=1, keepdims=True))
    return np.where(lengths > 0, sums / np.where(lengths > 0, lengths, 1.0), before).astype(np.float32)


def _in_order_of_size(unit: Float32, labels: Int32, centroids: Float32, n_iter: int) -> Clusters:
    sizes = np.bincount(labels, minlength=len(centroids))
    first_member = np.full(len(centroids), len(labels))
    np.minimum.at(first_member, labels, np.arange(len(labels)))
    order = np.lexsort((first_member, -sizes))
    renumbered = np.empty(len(order), dtype=np.int32)
    renumbered[order] = np.arange(len(order), dtype=np.int32)
    labels = renumbered[labels]
    centroids = centroids[order]
    similarities = np.einsum("ij,ij->i", unit, centroids[labels], dtype=np.float64)
    return Clusters(
        labels=labels,
        centroids=centroids,
        sizes=sizes[order].astype(np.int64),
        similarities=similarities.astype(np.float32),
        similarity=float(similarities.mean()),
        n_iter=n_iter,
    )
