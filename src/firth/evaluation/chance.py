"""Which items changed more than chance alone changes them: the chance is measured, not assumed.

Two trainings of the same data differ, some items by much and some by little, because their seeds differ. So each item
is compared with itself: what was observed of it against what trainings that only differ by chance ("twins") show of
the same item. What is left of chance after that, the spread around an item's own mean, depends on how often the item
occurs, and is taken from items of about its count. In these units all items of all twins together say how often
chance reaches a value.

No shape is assumed for that distribution: a p-value is a rank among what twins showed. Its tails are heavy, as a
single item may jump from one seed to the next, and a generalised Pareto tail, fitted and continued, did not hold its
rate where only seeds differed. The price of ranks is that few items cannot be told from chance by few twins: see
:func:`fewest`.

References
----------
Bates, Candès, Lei, Romano & Sesia (2023). Testing for outliers with conformal p-values. Annals of Statistics 51.
Benjamini & Hochberg (1995). Controlling the false discovery rate. Journal of the Royal Statistical Society B 57.
Anscombe (1948). The transformation of Poisson, binomial and negative-binomial data. Biometrika 35.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firth.arrays import Float64
from firth.errors import DataError, OptionError

_ALIKE = 101  # items of about the same count, by which the spread is judged


@dataclass(frozen=True, eq=False)
class Surprise:
    """How far beyond chance each item lies.

    Parameters
    ----------
    scores
        (n_items,) float64: how many standard deviations of chance the observed value lies above the item's own mean.
    p
        (n_items,) float64, above 0, at most 1: the share of items of twins with at least this score.
    """

    scores: Float64
    p: Float64


def surprise(observed: npt.ArrayLike, twins: npt.ArrayLike, *, by: npt.ArrayLike | None = None) -> Surprise:
    """Return how far beyond chance each item changed.

    Parameters
    ----------
    observed
        (n_items,) finite numbers: how much each item changed. Spreads should not depend on the level: take logarithms,
        or Anscombe's arcsine of shares (:func:`arcsine`).
    twins
        (n_twins, n_items) finite numbers, n_twins >= 2: the same of trainings that differ by chance alone.
    by
        (n_items,) numbers, such as counts: items of about the same have about the same spread. None: all have.

    Raises
    ------
    DataError
        If shapes do not fit, numbers are not finite, or there are fewer than two twins.

    Notes
    -----
    Each twin is measured against the mean of the other twins, as the observed is against the mean of all. If an item
    did not change, its observed value is exchangeable with its twins', so the ranks are those of conformal p-values
    with a calibration set of n_twins * n_items scores (Bates et al.), for which Benjamini-Hochberg holds its rate.
    O(n_twins * n_items * log) time.
    """
    values, chance = np.asarray(observed, dtype=np.float64), np.asarray(twins, dtype=np.float64)
    if chance.ndim != 2 or len(chance) < 2:
        raise DataError(f"twins must be at least 2 rows, one per twin, got the shape {chance.shape}.")
    if values.shape != chance.shape[1:]:
        raise DataError(f"observed must have one number per item, {chance.shape[1]}, got the shape {values.shape}.")
    if not (np.isfinite(values).all() and np.isfinite(chance).all()):
        raise DataError("observed and twins must be finite.")
    m, variances = len(chance), chance.var(axis=0, ddof=1)
    if by is None:
        spread = np.full(len(values), math.sqrt(float(variances.mean()) if len(values) else 0.0))
    else:
        spread = np.sqrt(_smooth(variances, _order(by, len(values))))
    total = chance.sum(axis=0)
    scores = _scaled(values - total / m, spread * math.sqrt(1 + 1 / m))
    others = (total - chance) / (m - 1)
    null = np.sort(_scaled(chance - others, spread * math.sqrt(1 + 1 / (m - 1))), axis=None)
    reached = len(null) - np.searchsorted(null, scores, side="left")
    return Surprise(scores, (1 + reached) / (1 + len(null)))


def arcsine(hits: npt.ArrayLike, n: int) -> Float64:
    """Return counts of hits among ``n`` on a scale on which chance spreads them evenly (Anscombe 1948)."""
    angles: Float64 = np.arcsin(np.sqrt((np.asarray(hits, dtype=np.float64) + 3 / 8) / (n + 3 / 4)))
    return angles


def false_discovery_rates(p: npt.ArrayLike) -> Float64:
    """Return, for each p-value, the lowest false discovery rate at which Benjamini-Hochberg rejects: (n,) float64.

    Examples
    --------
    >>> false_discovery_rates([0.01, 0.04, 0.03, 0.9]).round(4).tolist()
    [0.04, 0.0533, 0.0533, 0.9]
    """
    values = np.asarray(p, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    rates = values[order] * len(values) / np.arange(1, len(values) + 1)
    found = np.empty(len(values))
    found[order] = np.minimum.accumulate(rates[::-1])[::-1].clip(max=1.0)
    return found


def fewest(n_items: int, n_twins: int, rate: float) -> int:
    """Return how many items must have changed beyond all chance before any can be told at a false discovery rate.

    The least p-value is 1 / (n_twins * n_items + 1), and Benjamini-Hochberg rejects j items of p <= rate * j / n_items:
    about 1 / (n_twins * rate), whatever the number of items.

    Raises
    ------
    OptionError
        If the rate is not between 0 and 1.
    """
    if not 0 < rate < 1:
        raise OptionError(f"a false discovery rate must be between 0 and 1, got {rate:g}.")
    return math.ceil(n_items / (rate * (n_twins * n_items + 1)) * (1 - 1e-12))


def _order(by: npt.ArrayLike, n: int) -> npt.NDArray[np.int64]:
    values = np.asarray(by, dtype=np.float64)
    if values.shape != (n,) or not np.isfinite(values).all():
        raise DataError(f"by must hold one finite number per item, {n}, got the shape {values.shape}.")
    return np.argsort(values, kind="stable")


def _smooth(values: Float64, order: npt.NDArray[np.int64]) -> Float64:
    """Return the mean over the items next in order, about a hundred; at the ends, of fewer."""
    n, half = len(values), _ALIKE // 2
    sums = np.concatenate([[0.0], np.cumsum(values[order])])
    places = np.arange(n)
    first, last = np.maximum(places - half, 0), np.minimum(places + half + 1, n)
    smoothed = np.empty(n)
    smoothed[order] = (sums[last] - sums[first]) / (last - first)
    return smoothed.clip(min=0.0)


def _scaled(gaps: Float64, spread: Float64) -> Float64:
    """Return gaps in units of spread; where chance never changes anything, any gap is beyond it."""
    is_still = np.broadcast_to(spread <= 1e-12, gaps.shape)
    beyond = np.where(np.abs(gaps) <= 1e-12, 0.0, np.sign(gaps) * 1e12)
    return np.where(is_still, beyond, gaps / np.where(spread <= 1e-12, 1.0, spread))
