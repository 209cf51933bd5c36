"""How often items occur together: tables of counts, which every vector has to beat.

Kept as compressed rows: the columns of row i are ``columns[starts[i]:starts[i + 1]]``, ascending.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from firth.arrays import Float64, Int32, Int64
from firth.corpus.sequences import SequenceContext

if TYPE_CHECKING:
    import polars as pl

_AT_ONCE = 1 << 23  # pairs that are counted at once


@dataclass(frozen=True, eq=False)
class Counts:
    """A sparse matrix of items by items.

    Parameters
    ----------
    starts
        (n_items + 1,) int64.
    columns
        (n_entries,) int32.
    values
        (n_entries,) float64.
    """

    starts: Int64
    columns: Int32
    values: Float64

    @property
    def n_items(self) -> int:
        """How many rows, and columns, there are."""
        return len(self.starts) - 1

    def value(self, row: int, column: int) -> float:
        """Return one entry, 0 where there is none; O(log n) of the row's entries. Rows beyond the last are empty."""
        if row >= self.n_items:
            return 0.0
        first, last = int(self.starts[row]), int(self.starts[row + 1])
        place = first + int(np.searchsorted(self.columns[first:last], column))
        return float(self.values[place]) if place < last and self.columns[place] == column else 0.0

    def widened(self, n_items: int) -> Counts:
        """Return the same entries among more items, of which the new ones occur with nothing."""
        starts = np.pad(self.starts, (0, n_items - self.n_items), mode="edge")
        return Counts(starts, self.columns, self.values)

    def sums(self, queries: list[Int64], weights: list[Float64]) -> Float64:
        """Return the weighted sum of each query's rows, dense: (n_queries, n_items) float64."""
        dense = np.zeros((len(queries), self.n_items))
        for row, (query, weight) in enumerate(zip(queries, weights, strict=True)):
            for item, factor in zip(query.tolist(), weight.tolist(), strict=True):
                part = slice(self.starts[item], self.starts[item + 1])
                dense[row, self.columns[part]] += factor * self.values[part]
        return dense


def kept_tokens(context: SequenceContext, n_items: int) -> tuple[Int64, Int64]:
    """Return the items of all sequences without the dropped ones, and the sequence of each: (n_tokens,) int64 each.

    Where dropped ones are read as the unknown item, as training reads them, they are that item here too.
    """
    tokens = np.asarray(context.tokens)
    if context.unknown >= 0:
        tokens = np.minimum(tokens, context.unknown)
    kept = tokens < n_items
    sequence = np.repeat(np.arange(context.n_sequences), context.sizes)
    return tokens[kept].astype(np.int64), sequence[kept]


def windowed_counts(context: SequenceContext, n_items: int, *, window: int) -> Counts:
    """Return how often items stand within ``window`` places of each other, an occurrence counting 1 / distance.

    Both directions count; dropped items are closed over, as in training. O(window * tokens) time.
    """
    items, sequence = kept_tokens(context, n_items)
    parts = (_neighbours(items, sequence, distance) for distance in range(1, window + 1))
    return _counted(parts, n_items)


def sequence_counts(context: SequenceContext, n_items: int) -> Counts:
    """Return in how many sequences two different items occur together; on the diagonal, in how many one does.

    O(sum of squared lengths) time, a block of pairs in memory.
    """
    items, sequence = kept_tokens(context, n_items)
    distinct = np.unique(sequence * n_items + items)
    return _counted(_all_pairs(distinct // n_items, distinct % n_items), n_items)


def _neighbours(items: Int64, sequence: Int64, distance: int) -> pl.DataFrame:
    import polars as pl

    together = sequence[distance:] == sequence[:-distance]
    left, right = items[:-distance][together], items[distance:][together]
    return pl.DataFrame(
        {
            "row": np.concatenate([left, right]).astype(np.int32),
            "column": np.concatenate([right, left]).astype(np.int32),
            "value": np.full(2 * len(left), 1.0 / distance),
        }
    )


def _all_pairs(sequence: Int64, items: Int64) -> Iterator[pl.DataFrame]:
    """Yield all pairs of a sequence's items, each item with itself too, some sequences at a time."""
    import polars as pl

    ends = np.flatnonzero(np.diff(sequence, append=-1)) + 1
    sizes = np.diff(ends, prepend=0)
    pairs = np.cumsum(sizes * sizes)
    cuts = np.unique(np.searchsorted(pairs, np.arange(_AT_ONCE, pairs[-1] if len(pairs) else 0, _AT_ONCE)) + 1)
    for part in np.split(np.arange(len(sizes)), cuts):
        if len(part):
            first, last = ends[part[0]] - sizes[part[0]], ends[part[-1]]
            frame = pl.DataFrame({"sequence": sequence[first:last], "row": items[first:last].astype(np.int32)})
            both = frame.join(frame.rename({"row": "column"}), on="sequence").select("row", "column")
            yield both.with_columns(value=pl.lit(1.0))


def _counted(parts: Iterator[pl.DataFrame], n_items: int) -> Counts:
    """Return the entries of all parts, in each of which every pair counts alike, added up.

    A pair's occurrences in a part are counted, not summed, so that the order in which they are met has no influence.
    """
    import polars as pl

    total = pl.DataFrame(schema={"row": pl.Int32, "column": pl.Int32, "value": pl.Float64})
    for part in parts:
        alike = (pl.len() * pl.col("value").first()).alias("value")
        both = pl.concat([total, part.group_by("row", "column").agg(alike)])
        total = both.group_by("row", "column").agg(pl.col("value").sum())
    total = total.sort("row", "column")
    starts = np.searchsorted(total["row"].to_numpy(), np.arange(n_items + 1)).astype(np.int64)
    return Counts(starts, total["column"].to_numpy(), total["value"].to_numpy())
