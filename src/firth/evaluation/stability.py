"""The rates at which an item's neighbours would be there again, had the training drawn other numbers.

Counts of what recurred in a few other trainings become rates at which it recurs in the next: three of five is seldom
0.6, because what was counted often was partly lucky, and what was counted never is not impossible. Nothing is trained
here, and nothing is said of whether a neighbour is right: what recurs every time can be wrong every time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from firth.arrays import Bool, Float32, Float64, Int32, Int64
from firth.errors import DataError, OptionError

UNSTABLE = 0.5
"""Confidence below which an item is unstable: of its neighbours, more are expected to be others than to recur."""

_N_CLASSES = 5  # classes of items, by how often their other neighbours recur
_ENOUGH = 100  # pairs of one class, before it is told apart from others
_N_ITER = 2000
_TOLERANCE = 1e-7
_BLOCK = 1 << 22  # comparisons made at once
_Z95 = 1.959963984540054  # of the normal distribution, two-sided 95 %


@dataclass(frozen=True, eq=False)
class Stability:
    """How an item's neighbours fared in other trainings, and what that says of the next.

    Parameters
    ----------
    counts
        (n_items, k) int32, in how many of the other trainings each neighbour was there again.
    trials
        (n_items,) int32, in how many of them the item was at all.
    rates
        (n_items, k) float32, the probability that the neighbour recurs in one training more that has the item; NaN for
        an item that was in none.
    """

    counts: Int32
    trials: Int32
    rates: Float32

    @property
    def confidence(self) -> Float32:
        """The expected share of each item's neighbours that recurs: (n_items,) float32, NaN where it is not known."""
        if not self.rates.shape[1]:
            return np.full(len(self.rates), np.nan, dtype=np.float32)
        mean: Float32 = self.rates.mean(axis=1, dtype=np.float64).astype(np.float32)
        return mean

    @property
    def is_unstable(self) -> Bool:
        """Whether each item is unstable: (n_items,) bool, False where it is not known."""
        return is_unstable(self.confidence)


def is_unstable(confidence: npt.ArrayLike) -> Bool:
    """Return whether fewer than half of the neighbours are expected to recur: bool, of the shape given.

    Notes
    -----
    At one half a neighbour that is shown is as likely to be another in the next training as to be there again: below
    it a list says more of the seed than of the data. NaN, not known, is not unstable.
    """
    unstable: Bool = np.asarray(confidence) < UNSTABLE
    return unstable


def recurrence(neighbors: Int32, other: Int32) -> Bool:
    """Return whether each neighbour is also one in another training.

    Parameters
    ----------
    neighbors
        (n_items, k) int32, ids >= 0.
    other
        (n_items, any) int32, the same items' neighbours there, by the same ids in any order; -1 for none.

    Returns
    -------
    Bool
        (n_items, k) bool.

    Raises
    ------
    DataError
        If there is not one row per item in both.

    Examples
    --------
    >>> recurrence(np.array([[1, 2, 3]]), np.array([[3, 4, 1]])).tolist()
    [[True, False, True]]
    """
    if len(neighbors) != len(other):
        raise DataError(f"both must have one row per item, got {len(neighbors)} and {len(other)} rows.")
    found = np.zeros(neighbors.shape, dtype=bool)
    step = max(1, _BLOCK // max(1, neighbors.shape[1] * other.shape[1]))
    for start in range(0, len(neighbors), step):
        rows = slice(start, start + step)
        found[rows] = (neighbors[rows, :, None] == other[rows, None, :]).any(axis=2)
    return found


def recurrence_rates(counts: npt.ArrayLike, trials: npt.ArrayLike) -> Stability:
    """Return the rates at which neighbours recur, from how often they did.

    Parameters
    ----------
    counts
        (n_items, k) integers, in how many of the other trainings each neighbour recurred; column r is rank r.
    trials
        (n_items,) integers >= 0, in how many of them the item was at all.

    Raises
    ------
    DataError
        If shapes do not fit, or a count is below 0 or above its item's trials.

    Notes
    -----
    Each pair (item, neighbour) has a rate of its own, of which its count is a binomial draw. How rates are distributed
    is estimated from all pairs (empirical Bayes, [1]_): a beta distribution, fitted by :func:`fit_beta_binomial`. The
    rate stated is the mean of what is then known of the pair's: ``(a + count) / (a + b + trials)``.

    Pairs are first put into classes, each with a fit of its own: by rank, as the nearest recur most, and by how often
    the item's *other* neighbours recur, in five classes, as neighbours of one item share its fate. Without the second,
    stable items are stated too low and unstable ones too high. With fewer than 100 pairs in a class, ranks are taken
    together; then items. O(n_items * k) time and memory.

    References
    ----------
    .. [1] Robbins (1956). An empirical Bayes approach to statistics.

    Examples
    --------
    >>> found = recurrence_rates([[5, 5], [5, 4], [0, 1]], [5, 5, 5])
    >>> found.rates[0, 0] > found.rates[1, 1] > found.rates[2, 1] > found.rates[2, 0]
    np.True_
    """
    count, trial = _checked(counts, trials)
    rates = np.full(count.shape, np.nan)
    classes = _classes(count, trial)
    whole = np.broadcast_to(trial[:, None], count.shape)
    for number in np.unique(classes[classes >= 0]):
        of = classes == number
        a, b = fit_beta_binomial(count[of], whole[of])
        rates[of] = (a + count[of]) / (a + b + whole[of])
    return Stability(count, trial, rates.astype(np.float32))


def fit_beta_binomial(counts: npt.ArrayLike, trials: npt.ArrayLike) -> tuple[float, float]:
    """Return the ``a`` and ``b`` of the beta distribution of rates under which counts are likeliest, both > 0.

    Parameters
    ----------
    counts, trials
        (n,) integers, 0 <= count <= trials.

    Raises
    ------
    DataError
        If shapes differ, or a count is below 0 or above its trials.

    Notes
    -----
    Maximum likelihood by fixed-point iteration, which climbs at every step [1]_, from the estimate by moments. One
    observation more is added, spread evenly over all possible counts, so that a rate is never exactly 0 or 1, and
    nothing runs to infinity where all counts are alike.

    References
    ----------
    .. [1] Minka (2000). Estimating a Dirichlet distribution. Section 4.

    Examples
    --------
    >>> a, b = fit_beta_binomial([0, 1, 2, 3, 4] * 1000, [4] * 5000)  # every count as often: rates are uniform
    >>> round(a, 3), round(b, 3)
    (1.0, 1.0)
    """
    count, trial = np.asarray(counts, dtype=np.int64), np.asarray(trials, dtype=np.int64)
    if count.shape != trial.shape or (count.size and (count.min() < 0 or (count > trial).any())):
        raise DataError("counts must be from 0 to their trials, one each.")
    most = max(1, int(trial.max(initial=1)))
    table = np.bincount(count.ravel() * (most + 1) + trial.ravel(), minlength=(most + 1) ** 2).astype(np.float64)
    table = table.reshape(most + 1, most + 1)  # [count, trials]
    table[:, most] += 1 / (most + 1)
    hits, n_trials = table.sum(axis=1), table.sum(axis=0)
    misses = np.array([np.trace(table, offset=missed) for missed in range(most + 1)])
    a, b = _by_moments(table)
    for _ in range(_N_ITER):
        total = (n_trials * _reciprocals(a + b, most)).sum()
        new_a = a * (hits * _reciprocals(a, most)).sum() / total
        new_b = b * (misses * _reciprocals(b, most)).sum() / total
        is_done = abs(new_a - a) <= _TOLERANCE * a and abs(new_b - b) <= _TOLERANCE * b
        a, b = float(new_a), float(new_b)
        if is_done:
            break
    return a, b


@dataclass(frozen=True, eq=False)
class Calibration:
    """Stated rates against those found, in bins of equal width; bins without a pair are left out.

    Parameters
    ----------
    stated
        (n_bins,) float64, the mean rate stated in each bin.
    found
        (n_bins,) float64, the share that recurred.
    low, high
        (n_bins,) float64, the ends of found's 95 % interval.
    n_pairs
        (n_bins,) int64, pairs (item, neighbour) in the bin.
    """

    stated: Float64
    found: Float64
    low: Float64
    high: Float64
    n_pairs: Int64

    @property
    def error(self) -> float:
        """The expected calibration error: the mean of |stated - found|, each bin by its pairs; NaN without any."""
        if not len(self.n_pairs):
            return float("nan")
        return float((np.abs(self.stated - self.found) * self.n_pairs).sum() / self.n_pairs.sum())

    def to_dict(self) -> dict[str, Any]:
        """Return the bins and the error as plain values."""
        bins = {name: getattr(self, name).tolist() for name in ("stated", "found", "low", "high", "n_pairs")}
        return {**bins, "error": self.error}


def calibration(
    stated: npt.ArrayLike, recurred: npt.ArrayLike, trials: npt.ArrayLike, *, n_bins: int = 10
) -> Calibration:
    """Return how stated rates compare with what fresh trainings showed.

    Parameters
    ----------
    stated
        Rates from 0 to 1, of any shape; NaN is left out.
    recurred
        Of the same shape: in how many fresh trainings each pair recurred.
    trials
        How many fresh trainings there were, one number or one each; pairs with none are left out.
    n_bins
        Bins from 0 to 1, >= 1.

    Raises
    ------
    OptionError
        If ``n_bins`` < 1.
    DataError
        If shapes do not fit, or a rate is outside 0 to 1.

    Notes
    -----
    The intervals are Wilson's for as many draws as there are pairs: looking at one pair again in further trainings
    tells little of other pairs, so it is not counted as more data. Neighbours of one item do not recur independently,
    which the intervals ignore: they are narrow. The error is as in [1]_.

    References
    ----------
    .. [1] Guo, Pleiss, Sun & Weinberger (2017). On calibration of modern neural networks.
    """
    if n_bins < 1:
        raise OptionError(f"n_bins must be >= 1, got {n_bins}.")
    rate, hit = np.asarray(stated, dtype=np.float64).ravel(), np.asarray(recurred, dtype=np.float64).ravel()
    if rate.shape != hit.shape or np.size(trials) not in (1, rate.size):
        raise DataError(f"stated, recurred and trials must be of one size, got {rate.size}, {hit.size}.")
    total = np.broadcast_to(np.asarray(trials, dtype=np.float64).ravel(), rate.shape)
    known = ~np.isnan(rate) & (total > 0)
    rate, hit, total = rate[known], hit[known], total[known]
    if rate.size and (rate.min() < 0 or rate.max() > 1):
        raise DataError("stated rates must be from 0 to 1.")
    places = np.minimum((rate * n_bins).astype(np.int64), n_bins - 1)
    n_pairs = np.bincount(places, minlength=n_bins)
    held = n_pairs > 0
    n = n_pairs[held]
    mean_stated = np.bincount(places, weights=rate, minlength=n_bins)[held] / n
    found = np.bincount(places, weights=hit / total, minlength=n_bins)[held] / n
    low, high = wilson(found * n, n)
    return Calibration(mean_stated, found, low, high, n)


def wilson(successes: npt.ArrayLike, trials: npt.ArrayLike) -> tuple[Float64, Float64]:
    """Return the ends of the 95 % intervals of rates, float64 from 0 to 1.

    Parameters
    ----------
    successes
        Of each rate, 0 <= successes <= trials, not necessarily whole.
    trials
        Of each rate, > 0.

    References
    ----------
    Wilson (1927). Probable inference, the law of succession, and statistical inference.

    Examples
    --------
    >>> low, high = wilson([8], [10])
    >>> round(float(low[0]), 3), round(float(high[0]), 3)
    (0.49, 0.943)
    """
    n = np.asarray(trials, dtype=np.float64)
    share = np.asarray(successes, dtype=np.float64) / n
    middle = (share + _Z95**2 / (2 * n)) / (1 + _Z95**2 / n)
    half = _Z95 / (1 + _Z95**2 / n) * np.sqrt(share * (1 - share) / n + _Z95**2 / (4 * n**2))
    return np.clip(middle - half, 0.0, 1.0), np.clip(middle + half, 0.0, 1.0)


def _checked(counts: npt.ArrayLike, trials: npt.ArrayLike) -> tuple[Int32, Int32]:
    count, trial = np.asarray(counts), np.asarray(trials)
    if count.ndim != 2 or trial.shape != count.shape[:1]:
        raise DataError(
            f"counts must have a row, and trials a number, per item, got the shapes {count.shape} and {trial.shape}."
        )
    if count.size and (count.min() < 0 or (count > trial[:, None]).any()):
        raise DataError("counts must be from 0 to their item's trials.")
    return count.astype(np.int32), trial.astype(np.int32)


def _classes(counts: Int32, trials: Int32) -> Int64:
    """Return the class of each pair: (n_items, k) int64, -1 for pairs of items that were in no other training."""
    n_items, k = int((trials > 0).sum()), counts.shape[1]
    classes = np.zeros(counts.shape, dtype=np.int64)
    if k > 1 and n_items * k >= _N_CLASSES * _ENOUGH:
        others = counts.sum(axis=1, dtype=np.int64)[:, None] - counts
        share = others / (np.maximum(trials, 1)[:, None] * (k - 1.0))
        edges = np.quantile(share[trials > 0], np.arange(1, _N_CLASSES) / _N_CLASSES)
        classes = np.searchsorted(np.unique(edges), share, side="right").astype(np.int64)
        if n_items >= _N_CLASSES * _ENOUGH:
            classes = classes * k + np.arange(k)
    classes[trials == 0] = -1
    return classes


def _reciprocals(start: float, n: int) -> Float64:
    """Return the sums of 1 / (start + i) for i below 0, 1, ..., n: (n + 1,) float64."""
    return np.append(0.0, np.cumsum(1 / (start + np.arange(n))))


def _by_moments(table: Float64) -> tuple[float, float]:
    """Return a first ``a`` and ``b`` from the mean count and the mean pair of counts."""
    count, trial = np.indices(table.shape)
    mean = float((table * count).sum() / (table * trial).sum())
    pairs = float((table * trial * (trial - 1)).sum())
    together = float((table * count * (count - 1)).sum()) / pairs if pairs else mean
    alike = min(max((together - mean**2) / (mean * (1 - mean)), 0.01), 0.9)
    size = 1 / alike - 1
    return mean * size, (1 - mean) * size
