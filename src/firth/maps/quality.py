"""How far a map can be trusted: whether points that lie near each other belong together, and the other way round.

Any map of any matrix can be judged. Nearness in the vectors is by cosine or Euclidean distance, on the map by Euclidean
distance. All of it is exact: every judged item is compared with all others in one pass over the vectors and two over
the map, in blocks, so memory stays small. What is counted are whole numbers, hence the same bytes for any number of
threads. Of items that are equally near, the lower id counts as the nearer; a rank that is to cost something is the best
that the tied items share.

References
----------
Venna & Kaski (2001). Neighborhood preservation in nonlinear projection methods. ICANN '01.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from firth.arrays import Float32, Int32
from firth.errors import DataError, OptionError
from firth.maps.counting import Counts, Metric, checked, count
from firth.progress import Progress
from firth.randomness import Purpose, generator

_ALL_UP_TO = 30_000  # items that are all judged unless the caller says otherwise
_SAMPLE = 10_000  # of more than these


@dataclass(frozen=True, eq=False)
class MapQuality:
    """What is true of a map's neighbourhoods, for each number of neighbours ``k``.

    Parameters
    ----------
    ks
        The numbers of neighbours judged by, the first being the one of ``distortion``.
    trustworthiness
        By ``k``: 1 if none of the ``k`` nearest on the map is false, less the more they are, from 0.
    continuity
        By ``k``: 1 if none of the ``k`` nearest in the vectors was torn away, less the farther they are, from 0.
    neighbor_preservation
        By ``k``: the mean share of the ``k`` nearest in the vectors that are among the ``k`` nearest on the map.
    distortion
        (n_items,) float32: the share of each item's nearest in the vectors that the map has torn away from it, 0 to 1;
        NaN for an item that was not judged.
    judged
        (n_judged,) int32, ascending: the items that were judged, each against all others.
    metric
        How nearness in the vectors was measured.
    """

    ks: tuple[int, ...]
    trustworthiness: dict[int, float]
    continuity: dict[int, float]
    neighbor_preservation: dict[int, float]
    distortion: Float32
    judged: Int32
    metric: Metric

    @property
    def n_items(self) -> int:
        """How many items the map shows."""
        return len(self.distortion)

    @property
    def n_judged(self) -> int:
        """How many of them were judged."""
        return len(self.judged)


def map_quality(
    matrix: npt.ArrayLike,
    xy: npt.ArrayLike,
    *,
    ks: Sequence[int] = (10, 30, 100),
    metric: Metric = "cosine",
    sample: int | None = None,
    seed: int = 1,
    n_jobs: int | Literal["auto"] = "auto",
    progress: Progress | None = None,
) -> MapQuality:
    """Return how far a map of the rows of a matrix can be trusted, near and farther off.

    Parameters
    ----------
    matrix
        (n_items, size) finite numbers, n_items >= 3.
    xy
        (n_items, 2) finite numbers, the map.
    ks
        Numbers of neighbours, different and >= 1. Those that are not less than half the number of items are left out;
        if none remains, the largest that fits stands in.
    metric
        "cosine" (rows are normalised first) or "euclidean".
    sample
        Judge so many items, drawn at random. None judges all of up to 30,000 and 10,000 of more; ``n_items`` judges
        all of any number.
    seed
        0 <= seed < 2**64, of the sample.
    n_jobs
        Threads; "auto" takes all processors that this process may use.
    progress
        Hears how many items have been judged.

    Raises
    ------
    OptionError
        If an option is outside its range.
    DataError
        If shapes do not fit, there are fewer than 3 items, or a number is not finite.

    Notes
    -----
    O(n_judged * n_items * size) time; memory for a copy of the matrix and about 300 MB. Same bytes for any ``n_jobs``.
    Each judged item is judged exactly; the standard error that a sample of 10,000 leaves in any figure is below 0.005.

    Examples
    --------
    >>> turn = np.linspace(0.0, 5.0, 40) ** 1.1
    >>> circle = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    >>> quality = map_quality(circle, circle, ks=(3, 10))
    >>> quality.trustworthiness, quality.neighbor_preservation[3]
    ({3: 1.0, 10: 1.0}, 1.0)
    """
    rows, places = checked(matrix, xy, metric)
    n = len(rows)
    if n < 3:
        raise DataError(f"a map of fewer than 3 items cannot be judged, got {n}.")
    judged = _drawn(n, sample, seed)
    counts = count(rows, places, judged, _fitting(ks, n), metric, n_jobs, progress, with_continuity=True)
    torn = np.full(n, np.nan, dtype=np.float32)
    torn[judged] = counts.torn()
    return MapQuality(
        ks=counts.ks,
        trustworthiness=counts.per_k(counts.intruding),
        continuity=counts.per_k(counts.missing),
        neighbor_preservation=counts.kept_shares(),
        distortion=torn,
        judged=judged,
        metric=metric,
    )


def trustworthiness(
    matrix: npt.ArrayLike,
    xy: npt.ArrayLike,
    *,
    k: int = 10,
    metric: Metric = "cosine",
    n_jobs: int | Literal["auto"] = "auto",
) -> float:
    """Return the share of a map's neighbourhoods that is true, from 0 to 1.

    Each of a point's ``k`` nearest on the map that is not among its ``k`` nearest in the vectors costs as much as its
    rank in the vectors exceeds ``k``; 1 means that none is false.

    Parameters
    ----------
    matrix
        (n_items, size) finite numbers.
    xy
        (n_items, 2) finite numbers, the map.
    k
        1 <= k < n_items / 2.
    metric
        "cosine" (rows are normalised first) or "euclidean".
    n_jobs
        Threads.

    Raises
    ------
    OptionError
        If an option is outside its range.
    DataError
        If shapes do not fit, or a number is not finite.

    Notes
    -----
    O(n_items**2 * size) time. The same number as scikit-learn's ``trustworthiness`` (of normalised rows), except where
    distances tie.
    """
    counts = _count_all(matrix, xy, k, metric, n_jobs)
    return counts.per_k(counts.intruding)[k]


def continuity(
    matrix: npt.ArrayLike,
    xy: npt.ArrayLike,
    *,
    k: int = 10,
    metric: Metric = "cosine",
    n_jobs: int | Literal["auto"] = "auto",
) -> float:
    """Return :func:`trustworthiness` with the vectors and the map exchanged: what the map has torn apart costs.

    Each of a point's ``k`` nearest in the vectors that is not among its ``k`` nearest on the map costs as much as its
    rank on the map exceeds ``k``; 1 means that none is missing. Parameters, errors and cost are the same.
    """
    counts = _count_all(matrix, xy, k, metric, n_jobs, with_continuity=True)
    return counts.per_k(counts.missing)[k]


def neighbor_preservation(
    matrix: npt.ArrayLike,
    xy: npt.ArrayLike,
    *,
    k: int = 10,
    metric: Metric = "cosine",
    n_jobs: int | Literal["auto"] = "auto",
) -> float:
    """Return the share of each item's ``k`` nearest in the vectors that are among its ``k`` nearest on the map, 0 to 1.

    Parameters, errors and cost are those of :func:`trustworthiness`.
    """
    return _count_all(matrix, xy, k, metric, n_jobs).kept_shares()[k]


def preservation(torn: Float32) -> float:
    """Return the share of neighbours kept, 0 to 1, from every item's :func:`distortion`."""
    return float(1.0 - torn.mean(dtype=np.float64))


def distortion(
    matrix: npt.ArrayLike,
    xy: npt.ArrayLike,
    *,
    k: int = 10,
    metric: Metric = "cosine",
    n_jobs: int | Literal["auto"] = "auto",
) -> Float32:
    """Return, for each item, the share of its ``k`` nearest in the vectors that the map has torn away from it.

    Parameters, errors and cost are those of :func:`trustworthiness`.

    Returns
    -------
    Float32
        (n_items,) float32, 0 (all still near) to 1 (none).
    """
    return _count_all(matrix, xy, k, metric, n_jobs).torn()


def _count_all(
    matrix: npt.ArrayLike,
    xy: npt.ArrayLike,
    k: int,
    metric: Metric,
    n_jobs: int | Literal["auto"],
    *,
    with_continuity: bool = False,
) -> Counts:
    rows, places = checked(matrix, xy, metric)
    if not _is_whole(k) or not 1 <= k < len(rows) / 2:
        raise OptionError(f"k must be >= 1 and less than half the number of items, {len(rows)}, got {k!r}.")
    everything = np.arange(len(rows), dtype=np.int32)
    return count(rows, places, everything, (int(k),), metric, n_jobs, None, with_continuity=with_continuity)


def _fitting(ks: Sequence[int], n: int) -> tuple[int, ...]:
    given = tuple(ks)
    if not given or not all(_is_whole(k) and k >= 1 for k in given) or len(set(given)) < len(given):
        raise OptionError(f"ks must be different whole numbers >= 1, at least one, got {given!r}.")
    return tuple(int(k) for k in given if k < n / 2) or ((n - 1) // 2,)


def _drawn(n: int, sample: int | None, seed: int) -> Int32:
    """Return the items to judge, ascending."""
    if sample is not None and not (_is_whole(sample) and sample >= 1):
        raise OptionError(f"sample must be a whole number >= 1, or None, got {sample!r}.")
    if not (_is_whole(seed) and 0 <= seed < 2**64):
        raise OptionError(f"seed must be a whole number from 0 to 2**64 - 1, got {seed!r}.")
    wanted = (n if n <= _ALL_UP_TO else _SAMPLE) if sample is None else int(sample)
    if wanted >= n:
        return np.arange(n, dtype=np.int32)
    drawn = generator(int(seed), Purpose.MAP_SAMPLE).choice(n, size=wanted, replace=False)
    return np.sort(drawn).astype(np.int32)


def _is_whole(number: object) -> bool:
    return isinstance(number, (int, np.integer)) and not isinstance(number, bool)
