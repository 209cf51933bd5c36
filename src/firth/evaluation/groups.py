"""Do the nearest items agree in what is known of them? Each answer stands beside the level of chance.

The neighbours are those in the vectors (cosine, exact, among all items), never those on the map. The chance level is
computed, not drawn: what the same measure would be, on average, if the neighbours were random other items.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from firth.arrays import Float64, Int32, Int64
from firth.errors import DataError, OptionError
from firth.vectors.vectors import Vectors

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How an attribute agrees between items and their nearest.

    Parameters
    ----------
    name
        The attribute.
    kind
        ``"category"``: ``value`` is the share of an item's nearest that have a value in common with it, 0 to 1, more
        is better. ``"number"``: ``value`` is the mean absolute difference, less is better.
    k
        Neighbours per item.
    n_items
        Items that have a value, over which the mean is taken.
    value
        What was found.
    chance
        What random other items would give.
    """

    name: str
    kind: Literal["category", "number"]
    k: int
    n_items: int
    value: float
    chance: float

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return asdict(self)


def agreement(
    vectors: Vectors, attributes: pl.DataFrame, *, k: int = 10, n_jobs: int | Literal["auto"] = "auto"
) -> list[Agreement]:
    """Return, for each attribute, how well items agree with their ``k`` nearest.

    Parameters
    ----------
    vectors
        The items.
    attributes
        One row per item, in the vectors' order. A column of lists of text is a category (an item may have several
        values, or none), one of text has one value or null, one of numbers has a number, or null or NaN for none.
    k
        Neighbours, >= 1; all others where there are fewer.
    n_jobs
        Threads.

    Returns
    -------
    list[Agreement]
        In the columns' order. Attributes that fewer than two items have are left out: there is nothing to compare.

    Raises
    ------
    OptionError
        If ``k`` < 1.
    DataError
        If there is not one row per item.

    Notes
    -----
    A neighbour that has no value has none in common, and counts as such in a category's share and in its chance; among
    numbers it is left out of the mean. O(n_items**2 * size) time. Same numbers for any ``n_jobs``.
    """
    import polars as pl

    if k < 1:
        raise OptionError(f"k must be >= 1, got {k}.")
    if not attributes.width:
        return []
    if len(attributes) != len(vectors):
        raise DataError(f"attributes has {len(attributes)} rows but there are {len(vectors)} items; one row per item.")
    near = vectors.neighbors(k=k, n_jobs=n_jobs).ids
    found: list[Agreement] = []
    for column in attributes.get_columns():
        if column.dtype == pl.List(pl.String) or column.dtype == pl.String:
            one = _category(column, near)
        elif column.dtype.is_numeric():
            one = _number(column, near)
        else:
            continue
        if one is not None:
            found.append(one)
    return found


def _category(column: pl.Series, near: Int32) -> Agreement | None:
    items, values, _ = memberships(column)
    n, k = near.shape
    known = np.unique(items)
    if len(known) < 2 or k == 0:
        return None
    n_values = int(values.max()) + 1
    codes = items * n_values + values  # ascending and distinct
    shared = np.zeros(n, dtype=np.int64)
    for rank in range(k):
        wanted = near[items, rank].astype(np.int64) * n_values + values
        place = np.minimum(np.searchsorted(codes, wanted), len(codes) - 1)
        shared += np.bincount(items[codes[place] == wanted], minlength=n) > 0
    return Agreement(
        name=column.name,
        kind="category",
        k=k,
        n_items=len(known),
        value=float(shared[known].sum() / (len(known) * k)),
        chance=_category_chance(items, values, n),
    )


def memberships(column: pl.Series) -> tuple[Int64, Int64, list[str]]:
    """Return the (item, value) pairs of an attribute as numbers, each pair once, ascending, and the values' names.

    Parameters
    ----------
    column
        Texts, or lists of texts. Null is no value, nor is an empty list, or an empty text.
    """
    import polars as pl

    frame = pl.DataFrame({"item": np.arange(len(column)), "value": column.rename("value")})
    if column.dtype != pl.String:
        frame = frame.explode("value", empty_as_null=True)
    frame = frame.filter(pl.col("value") != "").unique()
    names = frame["value"].unique().sort()
    frame = frame.with_columns(value=pl.col("value").rank("dense") - 1).sort("item", "value")
    return frame["item"].to_numpy().astype(np.int64), frame["value"].to_numpy().astype(np.int64), names.to_list()


def _category_chance(items: Int64, values: Int64, n_items: int) -> float:
    """Return the mean, over items with a value, of the share of all other items that have one in common."""
    bounds = np.append(np.flatnonzero(np.diff(items, prepend=-1)), len(items))
    n_of_set: dict[tuple[int, ...], int] = {}
    for start, stop in pairwise(bounds):
        key = tuple(values[start:stop].tolist())
        n_of_set[key] = n_of_set.get(key, 0) + 1
    sets = list(n_of_set)
    sizes = np.array([n_of_set[each] for each in sets], dtype=np.int64)
    having: dict[int, list[int]] = {}
    for index, each in enumerate(sets):
        for value in each:
            having.setdefault(value, []).append(index)
    pairs = 0
    for index, each in enumerate(sets):
        meeting = np.unique(np.concatenate([having[value] for value in each]))
        pairs += int(sizes[index]) * (int(sizes[meeting].sum()) - 1)
    return pairs / (int(sizes.sum()) * (n_items - 1))


def _number(column: pl.Series, near: Int32) -> Agreement | None:
    import polars as pl

    numbers: Float64 = column.cast(pl.Float64).to_numpy()
    known = np.isfinite(numbers)
    if known.sum() < 2:
        return None
    usable = known[:, None] & known[near]
    if not usable.any():
        return None
    differences = np.abs(numbers[:, None] - numbers[near])[usable]
    ordered = np.sort(numbers[known])
    m = len(ordered)
    # The sum over all pairs: the i-th smallest is added i times and taken away m - 1 - i times.
    total = float(np.dot(ordered, 2.0 * np.arange(m) - (m - 1)))
    return Agreement(
        name=column.name,
        kind="number",
        k=near.shape[1],
        n_items=m,
        value=float(differences.mean()),
        chance=total / (m * (m - 1) / 2),
    )
