"""Data with a known answer, for tests, documentation and benchmarks: items in planted groups, or on a planted ring.

Drawn from the seed alone, the same on every machine. It is no model of real data; it has exactly the structure that its
options state.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from firth.errors import OptionError
from firth.randomness import Purpose, generator

_N_REDRAWN = 3


def groups(
    *,
    n_items: int = 300,
    n_groups: int = 5,
    noise: float = 0.0,
    sizes: Sequence[float] | None = None,
    rows_per_item: int = 3,
    missing: float = 0.0,
    seed: int = 1,
) -> pl.DataFrame:
    """Return rows in long form whose items belong to planted groups.

    Parameters
    ----------
    n_items
        Number of items, at least ``n_groups``.
    n_groups
        Number of groups, at least 1.
    noise
        Share of the rows, 0 to 1, whose group is another than the item's, drawn uniformly; and the standard deviation
        of the scores around the group's number.
    sizes
        Relative sizes of the groups, one each, > 0. None: 1, 1/2, 1/3, ... so that no two are alike. Every group gets
        one item at least.
    rows_per_item
        Rows of each item, at least 1.
    missing
        Share of the rows, 0 to 1, whose group and score are null.
    seed
        0 <= seed < 2**64.

    Returns
    -------
    polars.DataFrame
        n_items * rows_per_item rows in a random order, with the columns

        - ``item``: text; its number says nothing about its group;
        - ``group``: text, ``group 0``, ``group 1``, ...; the group that the row states;
        - ``score``: float64, the planted group's number plus noise;
        - ``truth``: text, the planted group, the same in all rows of an item.

    Raises
    ------
    OptionError
        If an option is outside its range.

    Examples
    --------
    >>> rows = groups(n_items=6, n_groups=2, rows_per_item=2, seed=3)
    >>> rows.columns, rows.height, rows["truth"].n_unique()
    (['item', 'group', 'score', 'truth'], 12, 2)
    """
    _check(n_items, n_groups, noise, sizes, rows_per_item, missing)
    random = generator(seed, Purpose.PLANTED)
    shares = np.array(sizes if sizes is not None else 1 / np.arange(1, n_groups + 1), dtype=np.float64)
    cuts = np.floor(np.cumsum(shares / shares.sum()) * (n_items - n_groups) + 0.5).astype(np.int64)
    members = np.diff(cuts, prepend=0) + 1
    truth = random.permutation(np.repeat(np.arange(n_groups), members))
    item = random.permutation(np.repeat(np.arange(n_items), rows_per_item))
    other = (truth[item] + 1 + random.integers(0, max(1, n_groups - 1), len(item))) % n_groups
    stated = np.where(random.random(len(item)) < noise, other, truth[item])
    score = truth[item] + noise * random.standard_normal(len(item))
    lost = pl.Series(random.random(len(item)) < missing)
    frame = pl.DataFrame({"item": item, "group": stated, "score": score, "truth": truth[item]})
    width = len(str(n_items - 1))
    return frame.with_columns(
        item=pl.lit("item ") + pl.col("item").cast(pl.String).str.zfill(width),
        group=pl.when(~lost).then(pl.lit("group ") + pl.col("group").cast(pl.String)),
        score=pl.when(~lost).then(pl.col("score")),
        truth=pl.lit("group ") + pl.col("truth").cast(pl.String),
    )


def playlists(
    *,
    n_items: int = 600,
    n_playlists: int = 3000,
    length: int = 12,
    spread: float = 12.0,
    noise: float = 0.1,
    seed: int = 1,
) -> pl.DataFrame:
    """Return the plays of playlists whose items lie near each other on a ring.

    Parameters
    ----------
    n_items
        Items on the ring, >= 1, in the order of their numbers.
    n_playlists
        Playlists, >= 0, each around a place of its own.
    length
        Plays of each, >= 1; an item may come twice.
    spread
        Standard deviation, >= 0, of a play's place around the playlist's, in items.
    noise
        Share of the plays, 0 to 1, that are any item.
    seed
        0 <= seed < 2**64.

    Returns
    -------
    polars.DataFrame
        n_playlists * length rows with the columns ``playlist`` (int64), ``position`` (int64), ``item`` (text).

    Raises
    ------
    OptionError
        If an option is outside its range.

    Notes
    -----
    The nearest of an item are those beside it. Items are the rarer the higher their number modulo 10, so that some are
    known well, and their neighbours certain, and others are not.

    Examples
    --------
    >>> playlists(n_items=40, n_playlists=2, length=3).shape
    (6, 3)
    """
    for name, value, least in (("n_items", n_items, 1), ("n_playlists", n_playlists, 0), ("length", length, 1)):
        if value < least:
            raise OptionError(f"{name} must be >= {least}, got {value}.")
    if not 0 <= noise <= 1:
        raise OptionError(f"noise must be from 0 to 1, got {noise}.")
    if not 0 <= spread < float("inf"):
        raise OptionError(f"spread must be >= 0 and finite, got {spread}.")
    random = generator(seed, Purpose.PLANTED, 1)
    n = n_playlists * length
    around = np.repeat(random.random(n_playlists) * n_items, length)
    item = np.floor(around + spread * random.standard_normal(n)).astype(np.int64) % n_items
    for _ in range(_N_REDRAWN):  # rare items give way to another of the same playlist
        again = random.random(n) < 0.9 * (item % 10) / 9
        item[again] = np.floor(around + spread * random.standard_normal(n)).astype(np.int64)[again] % n_items
    item = np.where(random.random(n) < noise, random.integers(0, n_items, n), item)
    width = len(str(n_items - 1))
    frame = pl.DataFrame({"playlist": np.arange(n) // length, "position": np.arange(n) % length, "item": item})
    return frame.with_columns(item=pl.lit("item ") + pl.col("item").cast(pl.String).str.zfill(width))


def _check(
    n_items: int, n_groups: int, noise: float, sizes: Sequence[float] | None, rows_per_item: int, missing: float
) -> None:
    if n_groups < 1:
        raise OptionError(f"n_groups must be >= 1, got {n_groups}.")
    if n_items < n_groups:
        raise OptionError(f"n_items must be at least n_groups ({n_groups}), got {n_items}.")
    if rows_per_item < 1:
        raise OptionError(f"rows_per_item must be >= 1, got {rows_per_item}.")
    for name, share in (("noise", noise), ("missing", missing)):
        if not 0 <= share <= 1:
            raise OptionError(f"{name} must be from 0 to 1, got {share}.")
    if noise > 0 and n_groups < 2:
        raise OptionError("noise needs a second group; set n_groups to 2 or more, or noise to 0.")
    if sizes is not None and (len(sizes) != n_groups or not all(0 < size < float("inf") for size in sizes)):
        raise OptionError(f"sizes must be {n_groups} finite numbers above 0, one per group, got {list(sizes)}.")
