"""A built ordered context: sequences of item ids, end to end, exactly as the kernel reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from firth.arrays import Int32, Int64


@dataclass(frozen=True, eq=False)
class SequenceContext:
    """One ordered context, built: which item follows which.

    Parameters
    ----------
    name
        The user's name of the context.
    weight
        Share of the training pairs, relative to the other contexts'.
    window
        How far apart two items of a pair may be: places to either side, or (before, after). None: as training's own
        option says.
    tokens
        (n_tokens,) int32, C-contiguous, may be a read-only memory map. Item ids, sequence after sequence. A value that
        is no item's id (>= n_items) is a dropped item: training reads it as ``unknown``, or skips it, and a window
        closes over it.
    offsets
        (n_sequences + 1,) int64. Sequence s is ``tokens[offsets[s]:offsets[s + 1]]``; none is empty.
    unknown
        Id that dropped items are read as, the last one, n_items - 1; its own tokens are values >= n_items - 1. -1:
        dropped items are skipped.
    counts
        (n_items,) int64. How often each item occurs here; the unknown item counts the dropped ones.
    report
        Counts of what became of the rows; ``CorpusReport`` explains each.
    """

    name: str
    weight: float
    window: int | tuple[int, int] | None
    tokens: Int32
    offsets: Int64
    unknown: int
    counts: Int64
    report: Mapping[str, int]

    @property
    def n_sequences(self) -> int:
        """How many sequences there are."""
        return len(self.offsets) - 1

    @property
    def sizes(self) -> Int64:
        """Tokens per sequence, the dropped ones counted: (n_sequences,) int64."""
        return np.diff(self.offsets)
