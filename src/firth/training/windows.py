"""What training draws from ordered contexts: which tokens survive subsampling, and how far their windows reach."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firth import _kernel
from firth.arrays import Float64, UInt32
from firth.corpus.sequences import SequenceContext
from firth.training.distributions import HeldoutSplit
from firth.training.options import TrainOptions


@dataclass(frozen=True, kw_only=True)
class SequenceTables:
    """One ordered context, ready to be drawn from.

    Attributes
    ----------
    context
        The sequences.
    number
        Of the context among the corpus's.
    keep
        (n_items,) uint32. A token of item i survives subsampling if its random word is at most ``keep[i]``.
    window
        (before, after): how far a window reaches.
    walks, walk_length
        What makes the sequences when they are read, and the length of each; None, 1: they are there.
    """

    context: SequenceContext
    number: int
    keep: UInt32
    window: tuple[int, int]
    walks: _kernel.Walks | None = None
    walk_length: int = 1

    @property
    def frequency(self) -> Float64:
        """Return (n_items,) float64: each item's share of the tokens; sums to 1."""
        shares: Float64 = self.context.counts / max(1, int(self.context.counts.sum()))
        return shares

    @property
    def centre_probability(self) -> Float64:
        """Return (n_items,) float64: each item's share of the tokens that survive subsampling; sums to 1."""
        kept: Float64 = self.frequency * ((self.keep.astype(np.float64) + 1) / 2**32)
        kept /= max(kept.sum(), np.finfo(np.float64).tiny)
        return kept

    def kernel(self, options: TrainOptions, heldout: HeldoutSplit, chunk_size: int) -> _kernel.Sequences:
        """Return the kernel's source of positions, which reads ``chunk_size`` tokens at a time."""
        return _kernel.Sequences(
            tokens=self.context.tokens,
            offsets=self.context.offsets,
            keep=self.keep,
            unknown=self.context.unknown,
            before=self.window[0],
            after=self.window[1],
            shrink=options.shrink_windows,
            chunk_size=chunk_size,
            heldout_salt=heldout.salt,
            heldout_threshold=heldout.threshold,
            seed=options.seed,
            context=self.number,
            block_chunks=0 if self.walks else block_chunks(options.shuffle_block, chunk_size),
            walks=self.walks,
        )

    def whole(self, lane_size: int) -> int:
        """Return about so many tokens as a lane reads: of walks whole ones, at least one."""
        return max(1, lane_size // self.walk_length) * self.walk_length


def block_chunks(shuffle_block: int, chunk_size: int) -> int:
    """Return how many chunks make a block of about so many tokens; 0 where nothing is shuffled."""
    return max(1, shuffle_block // chunk_size) if shuffle_block else 0


def sequence_tables(context: SequenceContext, number: int, options: TrainOptions) -> SequenceTables:
    """Return the tables of an ordered context.

    Notes
    -----
    The subsampling is word2vec.c's: an item of relative frequency f is kept with probability sqrt(t / f) + t / f for
    t = ``sample``; 2**32 - 1 in ``keep`` stands for certainty.
    """
    window = options.window if context.window is None else context.window
    frequency = context.counts / max(1, int(context.counts.sum()))
    keep = np.ones_like(frequency)
    occurs = frequency > 0
    if options.sample > 0:
        ratio = options.sample / frequency[occurs]
        keep[occurs] = np.minimum(1.0, np.sqrt(ratio) + ratio)
    return SequenceTables(
        context=context,
        number=number,
        keep=np.minimum(keep * 2.0**32, 2.0**32 - 1).astype(np.uint32),
        window=(window, window) if isinstance(window, int) else (window[0], window[1]),
    )
