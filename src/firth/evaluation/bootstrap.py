"""How far a mean could be off: bootstrap intervals, of one set of questions or of the difference between two answers.

References
----------
Efron & Tibshirani (1993). An introduction to the bootstrap, chapter 13 (percentile intervals).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from firth.arrays import Float64
from firth.errors import DataError, OptionError
from firth.randomness import Purpose, generator

N_RESAMPLES = 1_000
_BLOCK = 1 << 22  # draws held at once


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A mean and the interval that it lies in.

    Parameters
    ----------
    mean
        Over the questions; NaN without any.
    low, high
        Ends of the interval.
    """

    mean: float
    low: float
    high: float

    @property
    def is_above_zero(self) -> bool:
        """Whether the whole interval lies above 0: for a difference, that it is no chance."""
        return self.low > 0

    @property
    def is_below_zero(self) -> bool:
        """Whether the whole interval lies below 0."""
        return self.high < 0

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return {"mean": self.mean, "low": self.low, "high": self.high}


def intervals(
    values: Mapping[str, Float64], *, seed: int = 1, level: float = 0.95, n_resamples: int = N_RESAMPLES
) -> dict[str, Estimate]:
    """Return the mean of each measure over the questions, with its bootstrap interval.

    Parameters
    ----------
    values
        (n,) float64 each: a measure, question by question. All are drawn together, so they stay paired.
    seed
        Of the draws.
    level
        Share of the resamples that the interval holds, above 0 and below 1.
    n_resamples
        How often the questions are drawn anew, with replacement.

    Raises
    ------
    OptionError
        If ``level`` or ``n_resamples`` is outside its range.
    DataError
        If the measures have different numbers of questions.

    Notes
    -----
    O(n * n_resamples) time, a block of the draws in memory. Same numbers for the same seed.
    """
    if not 0 < level < 1:
        raise OptionError(f"level must be above 0 and below 1, got {level!r}.")
    if n_resamples < 1:
        raise OptionError(f"n_resamples must be >= 1, got {n_resamples}.")
    lengths = {len(each) for each in values.values()}
    if len(lengths) > 1:
        raise DataError(f"all measures need the same questions, got {sorted(lengths)} of them.")
    n = lengths.pop() if lengths else 0
    if n == 0:
        return {name: Estimate(mean=np.nan, low=np.nan, high=np.nan) for name in values}
    stacked = np.stack([np.asarray(each, dtype=np.float64) for each in values.values()])
    random = generator(seed, Purpose.RESAMPLES)
    means = np.empty((n_resamples, len(stacked)))
    at_once = max(1, _BLOCK // n)
    for first in range(0, n_resamples, at_once):
        last = min(first + at_once, n_resamples)
        drawn = random.integers(n, size=(last - first, n), dtype=np.int64)
        for row, places in enumerate(drawn, start=first):
            # Not a product of matrices, whose sums a library of its own adds in an order of its own.
            means[row] = (stacked * np.bincount(places, minlength=n)).sum(axis=1) / n
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return {
        name: Estimate(mean=float(each.mean()), low=float(a), high=float(b))
        for name, each, a, b in zip(values, stacked, low, high, strict=True)
    }


def differences(
    values: Mapping[str, Float64],
    others: Mapping[str, Float64],
    *,
    seed: int = 1,
    level: float = 0.95,
    n_resamples: int = N_RESAMPLES,
) -> dict[str, Estimate]:
    """Return how much better the first answers are than the others, question by question, with intervals.

    Pairing takes out what is hard or easy for both, so that small differences show. See :func:`intervals`.

    Raises
    ------
    DataError
        If they did not answer equally many questions, or not by the same measures.
    """
    if values.keys() != others.keys():
        raise DataError(f"both need the same measures, got {sorted(values)} and {sorted(others)}.")
    for name in values:
        if len(values[name]) != len(others[name]):
            raise DataError(
                f"both must have answered the same questions, got {len(values[name])} and {len(others[name])}."
            )
    own = {name: values[name] - others[name] for name in values}
    return intervals(own, seed=seed, level=level, n_resamples=n_resamples)
