"""Positions on which the loss is measured while training: drawn once, from the side of the split that is never trained.

Where a context holds nothing out (or all that it holds out is lost), positions that are trained stand in, so that a
diverging training is still noticed; their loss is not reported as held out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from firth import _kernel
from firth.arrays import Int32, Int64
from firth.randomness import Purpose
from firth.training.setup import Setup
from firth.training.trainers import Trainer

_N_PAIRS = 2_048  # drawn from groups
_N_WINDOWS = 512  # drawn from each ordered context,
_N_PLACES = 32  # at so many places that lie evenly in it


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Positions of one context, with their negatives.

    Attributes
    ----------
    context
        The context's number among the corpus's.
    is_heldout
        Whether these are never trained.
    centres
        (n,) int32.
    offsets, partners
        Position i's partners are ``partners[offsets[i]:offsets[i + 1]]``, int32.
    negatives
        (n, negative) int32.
    """

    context: int
    is_heldout: bool
    centres: Int32
    offsets: Int64
    partners: Int32
    negatives: Int32

    def loss(self, trainer: Trainer) -> float:
        """Return the mean loss of the model as it is."""
        return trainer.heldout_loss(self.centres, self.offsets, self.partners, self.negatives)


def samples(setup: Setup) -> list[Sample]:
    """Return a sample for each context, of held-out positions where it has any."""
    found = {each.context: each for each in _drawn(setup, want_heldout=False)}
    if setup.heldout.threshold > 0:
        found.update({each.context: each for each in _drawn(setup, want_heldout=True)})
    return [found[context] for context in sorted(found)]


def _drawn(setup: Setup, *, want_heldout: bool) -> Iterable[Sample]:
    if setup.groups is not None:
        yield from _from_groups(setup, want_heldout=want_heldout)
    for tables, kernel in zip(setup.sequences, setup.kernel_sequences(), strict=True):
        sample = _from_sequences(setup, tables.number, kernel, want_heldout=want_heldout)
        if len(sample.centres):
            yield sample


def _from_groups(setup: Setup, *, want_heldout: bool) -> Iterable[Sample]:
    partners = None if setup.options.objective == "cbow" else 1
    groups = setup.kernel_groups(partners=partners, draw_heldout=want_heldout)
    drawn = groups.draw(setup.options.seed, int(Purpose.HELDOUT_SAMPLE), 0, _N_PAIRS)
    drawn = drawn[drawn[:, 1] > 0]
    negatives = _negatives(setup, 1, len(drawn))
    for context in np.unique(drawn[:, -1]):
        mine = drawn[:, -1] == context
        rows = drawn[mine]
        sizes = rows[:, 1]
        is_partner = np.arange(rows.shape[1] - 3) < sizes[:, None]
        yield Sample(
            context=int(context),
            is_heldout=want_heldout,
            centres=np.ascontiguousarray(rows[:, 0]),
            offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            partners=np.ascontiguousarray(rows[:, 2:-1][is_partner]),
            negatives=np.ascontiguousarray(negatives[mine]),
        )


def _from_sequences(setup: Setup, number: int, kernel: _kernel.Sequences, *, want_heldout: bool) -> Sample:
    edges = np.unique(np.linspace(0, kernel.n_chunks, min(kernel.n_chunks, _N_PLACES) + 1).astype(int)).tolist()
    per_place = -(-_N_WINDOWS // (len(edges) - 1))
    parts = [kernel.positions(0, first, last, want_heldout, per_place) for first, last in pairwise(edges)]
    sizes = np.concatenate([np.diff(offsets) for _, offsets, _ in parts])
    centres = np.concatenate([centres for centres, _, _ in parts])
    return Sample(
        context=number,
        is_heldout=want_heldout,
        centres=centres,
        offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        partners=np.concatenate([partners for _, _, partners in parts]),
        negatives=_negatives(setup, 2 + number, len(centres)),
    )


def _negatives(setup: Setup, index: int, n: int) -> Int32:
    """Return (n, negative) int32 draws from the noise."""
    seed, negative = setup.options.seed, setup.options.negative
    words = _kernel.words(seed, int(Purpose.HELDOUT_SAMPLE), index, 2 * n * negative).reshape(2, -1)
    column = (words[0].astype(np.uint64) * np.uint64(setup.n_items) >> np.uint64(32)).astype(np.int32)
    drawn = np.where(words[1] > setup.noise.threshold[column], setup.noise.alias[column], column)
    return np.ascontiguousarray(drawn.reshape(n, negative).astype(np.int32))
