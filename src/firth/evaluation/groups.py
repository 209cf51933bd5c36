"""How well an item's nearest neighbours agree with what is known of it, beside the level of chance.

A category agrees when two items have a value in common; a number agrees the better the smaller the difference is.
Neighbours are the nearest by cosine in the vectors, among all items, also those of which nothing is known.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import polars as pl

from firth.arrays import Bool, Float64, Int32, Int64
from firth.randomness import Purpose, generator
from firth.vectors.vectors import Vectors

_MOST_EXACT_SETS = 4_000  # distinct sets of values, up to which the chance level is summed over all pairs of sets
_N_SAMPLED = 200_000  # pairs of items, above that
_PAIRS_AT_ONCE = 50_000


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How an attribute looks among nearest neighbours.

    Attributes
    ----------
    name
        The attribute.
    kind
        ``"category"``: ``value`` is the share of the neighbours with a value in common (higher is better).
        ``"number"``: ``value`` is the mean absolute difference to the neighbours' numbers (lower is better).
    value
        The mean over all (item, neighbour) pairs; for a number, over those where both are known.
    chance
        The same for a random other item in place of the neighbour.
    k
        Neighbours per item.
    n_items
        Items that the mean is over: those whose value is known.
    """

    name: str
    kind: Literal["category", "number"]
    value: float
    chance: float
    k: int
    n_items: int

    def to_dict(self) -> dict[str, str | float | int]:
        """Return the fields as a dictionary for JSON."""
        return asdict(self)


def agreement(vectors: Vectors, attributes: pl.DataFrame, *, k: int = 10) -> list[Agreement]:
    """Return one agreement per attribute; attributes known of fewer than two items are left out.

    Parameters
    ----------
    vectors
        The items.
    attributes
        One row per item: columns of lists of texts (categories) or of numbers.
    k
        Nearest neighbours per item, >= 1.

    Notes
    -----
    The chance level is exact, but for categories with more than 64 values or 4,000 distinct sets of values, where it is
    the mean over 200,000 random pairs of a fixed seed.
    """
    ids = vectors.neighbors(k=k).ids
    found = [
        _category(name, attributes[name], ids)
        if attributes.schema[name] == pl.List
        else _number(name, attributes[name], ids)
        for name in attributes.columns
    ]
    return [each for each in found if each is not None]


def _category(name: str, column: pl.Series, ids: Int32) -> Agreement | None:
    values = _Values.of(column)
    known = np.flatnonzero(np.diff(values.offsets) > 0)
    if len(known) < 2 or ids.shape[1] == 0:
        return None
    shares = values.share(np.repeat(known, ids.shape[1]), ids[known].reshape(-1).astype(np.int64))
    return Agreement(
        name=name,
        kind="category",
        value=float(shares.mean()),
        chance=values.chance(known),
        k=ids.shape[1],
        n_items=len(known),
    )


def _number(name: str, column: pl.Series, ids: Int32) -> Agreement | None:
    values: Float64 = column.cast(pl.Float64).fill_null(np.nan).to_numpy()
    known = np.flatnonzero(np.isfinite(values))
    if len(known) < 2 or ids.shape[1] == 0:
        return None
    differences = np.abs(values[known, None] - values[ids[known]])
    if np.isnan(differences).all():
        return None
    # Sum of |a - b| over all ordered pairs, from the sorted values: each is added once per smaller one, less the rest.
    ordered = np.sort(values[known])
    n = len(ordered)
    total = 2 * float((ordered * (2 * np.arange(n) - n + 1)).sum())
    return Agreement(
        name=name,
        kind="number",
        value=float(np.nanmean(differences)),
        chance=total / (n * (n - 1)),
        k=ids.shape[1],
        n_items=n,
    )


@dataclass(frozen=True)
class _Values:
    """Each item's values as numbers, ascending: ``values[offsets[i]:offsets[i + 1]]``."""

    offsets: Int64
    values: Int64
    n_values: int

    @classmethod
    def of(cls, column: pl.Series) -> _Values:
        lists = column.fill_null([])
        offsets = np.concatenate([[0], np.cumsum(lists.list.len().to_numpy())]).astype(np.int64)
        texts = lists.explode(empty_as_null=False) if offsets[-1] else pl.Series([], dtype=pl.String)
        values = texts.rank("dense").cast(pl.Int64).to_numpy() - 1
        item = np.repeat(np.arange(len(lists)), np.diff(offsets))
        return cls(offsets, values[np.lexsort((values, item))], int(values.max(initial=-1)) + 1)

    def share(self, first: Int64, second: Int64) -> Bool:
        """Return (n,) bool: whether the items of each pair have a value in common."""
        result = np.zeros(len(first), dtype=bool)
        item = np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))
        present = item * self.n_values + self.values  # ascending: one number per (item, value)
        for start in range(0, len(first), _PAIRS_AT_ONCE):
            a, b = first[start : start + _PAIRS_AT_ONCE], second[start : start + _PAIRS_AT_ONCE]
            size = self.offsets[a + 1] - self.offsets[a]
            pair = np.repeat(np.arange(len(a)), size)
            at = np.repeat(self.offsets[a] - np.concatenate([[0], np.cumsum(size)[:-1]]), size) + np.arange(len(pair))
            wanted = b[pair] * self.n_values + self.values[at]
            place = np.minimum(np.searchsorted(present, wanted), len(present) - 1)
            np.logical_or.at(result, start + pair, present[place] == wanted)
        return result

    def chance(self, known: Int64) -> float:
        """Return the probability that an item with a value shares one with a random other item."""
        n_items = len(self.offsets) - 1
        if self.n_values <= 64:
            item = np.repeat(np.arange(n_items), np.diff(self.offsets))
            bits = np.zeros(n_items, dtype=np.uint64)
            np.bitwise_or.at(bits, item, np.uint64(1) << self.values.astype(np.uint64))
            sets, count = np.unique(bits[known], return_counts=True)
            if len(sets) <= _MOST_EXACT_SETS:
                meets = (sets[:, None] & sets[None, :]) != 0
                n_pairs = float(count @ meets.astype(np.float64) @ count) - len(known)
                return n_pairs / (len(known) * (n_items - 1))
        rng = generator(0, Purpose.EVALUATION)
        first = known[rng.integers(len(known), size=_N_SAMPLED)]
        second = rng.integers(n_items - 1, size=_N_SAMPLED)
        return float(self.share(first, second + (second >= first)).mean())
