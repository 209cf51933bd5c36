"""Reading ahead in corpora that lie in files: what the next steps read is asked for, what was read may go.

A training reads each token once an epoch. Left alone, the system keeps what was read until memory is short, and reads
only little ahead of what is asked for. Here the files' next tokens are asked for while the ones before are trained, so
that training does not wait for the disk, and what is behind is let go, so that the process stays as small as its
model. Nothing of it changes what is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from firth.arrays import Int32, Int64
from firth.mapped import is_mapped, let_go, will_need
from firth.training.schedule import Schedule
from firth.training.setup import Setup

_LEAST_AHEAD = 1 << 23  # tokens that are asked for at once
_OFFSETS_EVERY = 1 << 26  # tokens after which the offsets are let go


class Source(Protocol):
    """What tells where its chunks lie."""

    def extents(self, first: int, last: int) -> Int64:
        """Return (n, 2) places of the tokens of the turns ``first`` to ``last - 1``."""


class ReadAhead:
    """The tokens that a training reads, asked for and let go.

    Parameters
    ----------
    schedule, lanes
        Which lane draws what, and lanes per step.
    sources
        For each ordered context its number among the schedule's sources, what tells where its chunks lie, its tokens
        and its offsets.
    """

    def __init__(self, schedule: Schedule, lanes: int, sources: Sequence[tuple[int, Source, Int32, Int64]]) -> None:
        self._lanes = lanes
        self._files = [
            _File(source, tokens, offsets, schedule, number)
            for number, source, tokens, offsets in sources
            if is_mapped(tokens) or is_mapped(offsets)
        ]

    @classmethod
    def of(cls, setup: Setup) -> ReadAhead:
        """Return what reads ahead for a training."""
        first = 1 if setup.groups else 0
        kernels = setup.kernel_sequences() if any(is_mapped(each.context.tokens) for each in setup.sequences) else []
        sources = [
            (first + i, kernel, setup.sequences[i].context.tokens, setup.sequences[i].context.offsets)
            for i, kernel in enumerate(kernels)
        ]
        return cls(setup.schedule, setup.options.lanes, sources)

    def before(self, first: int, last: int) -> None:
        """Ask for what the steps after ``first`` read, as far again as to ``last`` and more; let go what is behind."""
        for file in self._files:
            file.move(first * self._lanes, last * self._lanes)


class _File:
    """One context's files, and how far they have been asked for and let go, in turns."""

    def __init__(self, source: Source, tokens: Int32, offsets: Int64, schedule: Schedule, number: int) -> None:
        self._source, self._tokens, self._offsets = source, tokens, offsets
        mine = schedule.pattern == number
        self._before = np.concatenate([[0], np.cumsum(mine)])  # turns among the lanes before each of the pattern
        self._chunk_size = schedule.plans[number][1]
        self._last = self._turn(schedule.n_lanes)
        self._asked: int | None = None
        self._released = self._n_read = 0

    def move(self, first_lane: int, last_lane: int) -> None:
        first, last = min(self._turn(first_lane), self._last), min(self._turn(last_lane), self._last)
        if self._asked is None or first < self._released:  # it began, or steps that were cut short are done again
            self._asked = self._released = first
        ahead = max(2 * last - first, last + _LEAST_AHEAD // self._chunk_size)
        # Half a window at a time: the disk is asked for much at once, and seldom.
        if self._asked < min(self._last, (last + ahead) // 2):
            for begin, end in self._source.extents(self._asked, min(ahead, self._last)).tolist():
                will_need(self._tokens, begin, end)
            self._asked = min(ahead, self._last)
        for begin, end in self._source.extents(self._released, first).tolist():
            let_go(self._tokens, begin, end)
            self._n_read += end - begin
        self._released = max(self._released, first)
        if self._n_read >= _OFFSETS_EVERY:
            let_go(self._offsets)
            self._n_read = 0

    def _turn(self, lane: int) -> int:
        """Return how many turns of this source come before a lane."""
        period = len(self._before) - 1
        return int(lane // period * self._before[-1] + self._before[lane % period])
