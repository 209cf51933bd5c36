"""How alike two clusterings of the same items are, whatever their numbers: in pairs of items, and cluster by cluster.

References
----------
Hubert & Arabie (1985). Comparing partitions. Journal of Classification 2.
Hennig (2007). Cluster-wise assessment of cluster stability. Computational Statistics & Data Analysis 52.
"""

from __future__ import annotations

from math import comb

import numpy as np
import numpy.typing as npt

from firth.arrays import Float64, Int64
from firth.errors import DataError


def adjusted_rand_index(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Return how alike two clusterings of the same items are: 1 the same, 0 as by chance, below 0 less.

    Parameters
    ----------
    a, b
        (n_items,) integers, the cluster of each; an item of -1 is alone.

    Raises
    ------
    DataError
        If there are not as many of both.

    Notes
    -----
    Pairs are counted in whole numbers without limit. Two clusterings that both hold everything together, or both
    nothing, are the same: 1.

    Examples
    --------
    >>> adjusted_rand_index([0, 0, 1, 1], [5, 5, 2, 2]), round(adjusted_rand_index([0, 0, 1, 1], [0, 0, 1, 2]), 3)
    (1.0, 0.571)
    """
    one, other = _alone(as_labels(a)), _alone(as_labels(b))
    if len(one) != len(other):
        raise DataError(f"two clusterings must be of the same items, got {len(one)} and {len(other)}.")
    total = comb(len(one), 2)
    both = _n_pairs(one * (int(other.max(initial=0)) + 1) + other)
    in_one, in_other = _n_pairs(one), _n_pairs(other)
    if in_one == in_other == both:
        return 1.0
    # (both - expected) / (mean - expected), each times twice the number of pairs
    return 2 * (both * total - in_one * in_other) / ((in_one + in_other) * total - 2 * in_one * in_other)


def best_jaccards(labels: npt.ArrayLike, others: npt.ArrayLike, n_clusters: int) -> Float64:
    """Return, for each cluster, its Jaccard similarity with the most similar cluster of another clustering.

    Parameters
    ----------
    labels, others
        (n_items,) integers, the cluster of each of the same items; -1: none.
    n_clusters
        How many the first has.

    Returns
    -------
    Float64
        (n_clusters,) shared items / items in either, 0 to 1; NaN for a cluster of which no item is there.

    Examples
    --------
    >>> best_jaccards([0, 0, 0, 1], [4, 4, 9, 9], 2).tolist()
    [0.6666666666666666, 0.5]
    """
    one, other = as_labels(labels), as_labels(others)
    if len(one) != len(other):
        raise DataError(f"two clusterings must be of the same items, got {len(one)} and {len(other)}.")
    sizes = np.bincount(one[one >= 0], minlength=n_clusters)
    best = np.where(sizes > 0, 0.0, np.nan)
    both = (one >= 0) & (other >= 0)
    if both.any():
        n_others = int(other.max()) + 1
        codes, shared = np.unique(one[both] * n_others + other[both], return_counts=True)
        rows, columns = codes // n_others, codes % n_others
        either = sizes[rows] + np.bincount(other[other >= 0], minlength=n_others)[columns] - shared
        np.maximum.at(best, rows, shared / either)
    return best


def as_labels(labels: npt.ArrayLike) -> Int64:
    """Return labels as int64.

    Raises
    ------
    DataError
        If they are not one row of whole numbers >= -1.
    """
    chosen = np.asarray(labels)
    if chosen.ndim != 1 or (chosen.size and chosen.dtype.kind not in "iu"):
        raise DataError(f"labels must hold one whole number per item, got {chosen.dtype} of the shape {chosen.shape}.")
    if chosen.size and chosen.min() < -1:
        raise DataError(f"labels must be >= -1, got {chosen.min()}.")
    return chosen.astype(np.int64)


def _alone(labels: Int64) -> Int64:
    """Return labels as numbers without gaps, in which every item of no cluster has one of its own."""
    lonely = labels < 0
    distinct = labels.copy()
    distinct[lonely] = int(labels.max(initial=0)) + 1 + np.arange(int(lonely.sum()))
    _, places = np.unique(distinct, return_inverse=True)
    return places.astype(np.int64)


def _n_pairs(labels: Int64) -> int:
    _, sizes = np.unique(labels, return_counts=True)
    return sum(comb(size, 2) for size in sizes.tolist())
