"""A built ordered context: sequences of item ids, end to end, exactly as the kernel reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from firth.arrays import Int32, Int64
from firth.corpus.contexts import Sequences
from firth.corpus.encoded import Encoded
from firth.mapped import let_go, scratch

_BLOCK = 1 << 20  # tokens rewritten at once
_IN_MEMORY = 1 << 24  # tokens that are rewritten in memory; more go into a file


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


def build_sequences(
    name: str, declared: Sequences, encoded: Encoded, ids: Int32, *, n_items: int, unknown: int
) -> SequenceContext:
    """Return a built ordered context.

    Parameters
    ----------
    name, declared
        The context.
    encoded
        Its sequences, in codes of their own.
    ids
        (n_keys,) int32. The item that each code stands for; -1 where it was dropped.
    n_items
        Size of the vocabulary, the unknown item included.
    unknown
        Id that dropped items are read as; -1: none.

    Notes
    -----
    The tokens of ``encoded`` are taken as they are, without a copy, where its codes are the ids already. Otherwise they
    are rewritten block by block, into a file that is gone with the array if they are many.
    """
    first_dropped = n_items if unknown < 0 else unknown
    kept = ids >= 0
    counts = np.zeros(n_items, dtype=np.int64)
    counts[ids[kept]] = encoded.counts[kept]
    n_dropped = int(encoded.counts[~kept].sum())
    if unknown >= 0:
        counts[unknown] = n_dropped
    codes = np.arange(len(ids), dtype=np.int32)
    as_they_are = bool(np.all(np.where(kept, codes == ids, codes >= first_dropped)))
    tokens = encoded.tokens if as_they_are else _renumbered(encoded.tokens, np.where(kept, ids, first_dropped))
    n_short, longest = _sizes(encoded.offsets)
    if unknown < 0 and n_dropped:
        n_short = _n_short_of_kept(tokens, encoded.offsets, first_dropped)
    for read in (tokens, encoded.offsets):
        let_go(read)
    report = {
        **encoded.report,
        "sequences_short": n_short,
        "longest_sequence": longest,
        "items_dropped": int((~kept).sum()),
        "tokens_dropped": n_dropped,
    }
    return SequenceContext(
        name=name,
        weight=float(declared.weight),
        window=declared.window,
        tokens=tokens,
        offsets=encoded.offsets,
        unknown=unknown,
        counts=counts,
        report=report,
    )


def _renumbered(tokens: Int32, ids: Int32) -> Int32:
    result = _spacious(len(tokens))
    for start in range(0, len(tokens), _BLOCK):
        result[start : start + _BLOCK] = ids[tokens[start : start + _BLOCK]]
    result.flags.writeable = False
    return result


def _spacious(n: int) -> Int32:
    """Return room for n int32: in memory if it is small, else in a file that is deleted with the array."""
    return np.empty(n, dtype=np.int32) if n <= _IN_MEMORY else scratch((n,), np.int32)


def _sizes(offsets: Int64) -> tuple[int, int]:
    """Return how many sequences have fewer than two places, and how many the longest has."""
    n_short = longest = 0
    for start in range(0, len(offsets) - 1, _BLOCK):
        sizes = np.diff(offsets[start : start + _BLOCK + 1])
        n_short += int((sizes < 2).sum())
        longest = max(longest, int(sizes.max()))
    return n_short, longest


def _n_short_of_kept(tokens: Int32, offsets: Int64, first_dropped: int) -> int:
    """Return how many sequences have fewer than two tokens of kept items."""
    n_short = n_kept = n_before = 0  # kept tokens so far, and those up to the end of the last whole sequence
    place = 1
    for start in range(0, len(tokens), _BLOCK):
        running = n_kept + np.cumsum(tokens[start : start + _BLOCK] < first_dropped)
        end = place + int(np.searchsorted(offsets[place : place + len(running)], start + len(running), side="right"))
        ends = running[offsets[place:end] - start - 1]
        n_short += int((np.diff(ends, prepend=n_before) < 2).sum())
        n_before, n_kept, place = int(ends[-1]) if len(ends) else n_before, int(running[-1]), end
    return n_short
