"""Who does the steps of a training: one kernel on one model, or machines of lanes in rounds.

The watch asks for steps and hears what they lost; where the model lies meanwhile is the trainer's affair.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from firth import _kernel
from firth.arrays import Float64, Int32, Int64
from firth.corpus.corpus import Corpus
from firth.training.reading_ahead import ReadAhead
from firth.training.rounds import Copy, Sums, round_of
from firth.training.setup import Setup, Start

Heed = Callable[[int], None]
"""Called between two steps with how many are done; what it raises ends the call."""

_CALL_S = 0.2  # how long the kernel may work before Python looks at signals and progress


@dataclass(frozen=True)
class Advance:
    """What some steps came to.

    Attributes
    ----------
    stop
        The step after the last of them.
    loss_sums, n_pairs
        (n_steps, n_contexts) float64 and int64, step by step.
    """

    stop: int
    loss_sums: Float64
    n_pairs: Int64


class Trainer(Protocol):
    """What does the steps of one training, in their order."""

    @property
    def n_steps(self) -> int:
        """Return the number of steps of the whole training."""

    def learning_rate_at(self, step: int) -> float:
        """Return the learning rate of a step."""

    def advance(self, first: int, edge: int, heed: Heed) -> Advance:
        """Train from step ``first`` on: up to ``edge`` at most, or to the first step after which the model is whole.

        Whatever ``heed`` raises, the model is then still that of step ``first``.
        """

    def heldout_loss(self, centres: Int32, offsets: Int64, partners: Int32, negatives: Int32) -> float:
        """Return the mean loss on given positions, by the model as it stands."""

    def begin(self) -> None:
        """Take the setup's model as where training stands."""

    def fetch(self) -> None:
        """Put where training stands into the setup's model."""

    def remarks(self) -> list[str]:
        """Return what should be known of how the steps were done."""

    def close(self) -> None:
        """Let go of what the trainer holds; it is of no more use."""


MakeTrainer = Callable[[Corpus, Setup, Start | None], Trainer]
"""Returns who does the steps of a training."""


def local_trainer(setup: Setup) -> Trainer:
    """Return the trainer of this process; the setup's model is changed in place."""
    return LaneTrainer(setup) if setup.options.machines == 1 else RoundTrainer(setup)


class _Local:
    """What trainers on the setup's own model share."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._kernel = setup.kernel_trainer()
        self._pace = Pace(setup, self._kernel)
        self.n_steps = self._kernel.n_steps
        self.learning_rate_at = self._kernel.learning_rate_at
        self.heldout_loss = self._kernel.heldout_loss

    def fetch(self) -> None:
        """Do nothing: the setup's model is the one that is trained."""

    def remarks(self) -> list[str]:
        """Return nothing: nothing is out of the ordinary."""
        return []

    def close(self) -> None:
        """Do nothing: there is nothing to let go of."""


class LaneTrainer(_Local):
    """Steps of lanes; the model is whole after every step."""

    def advance(self, first: int, edge: int, heed: Heed) -> Advance:
        """Train for a while; see :class:`Trainer`."""
        heed(first)
        return self._pace.call(range(first, edge))

    def begin(self) -> None:
        """Do nothing: the setup's model is the one that is trained."""


class RoundTrainer(_Local):
    """Rounds of machines of lanes, one machine after another; the model is whole between two rounds.

    Notes
    -----
    Memory for the model, for where the round began, for the sums of changes, and for one machine's changes.
    """

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self._copy = Copy(setup, self._kernel)
        self._sums = Sums(setup, owner=0, n_owners=1)

    def advance(self, first: int, edge: int, heed: Heed) -> Advance:
        """Train one round; see :class:`Trainer`."""
        found: list[Advance] = []
        machines = round_of(self._setup, first, self.n_steps)
        try:
            for steps in machines:
                for some in self._pace.calls(steps):
                    found.append(some)
                    heed(min(some.stop, edge))
                self._sums.add(self._copy.take(owner=0, n_owners=1))
        except BaseException:
            self._copy.take(owner=0, n_owners=1)
            self._sums.clear()
            raise
        self._copy.put(self._sums.finish(self._copy))
        return joined(found)

    def begin(self) -> None:
        """Take the setup's model as where the next round begins."""
        self._copy.begin()


class Pace:
    """The kernel's steps, in calls that are long enough to cost little and short enough to keep nobody waiting."""

    def __init__(self, setup: Setup, kernel: _kernel.Trainer) -> None:
        self._kernel, self._n_jobs, self._steps_per_call = kernel, setup.n_jobs, 1
        self._ahead = ReadAhead.of(setup)

    def call(self, steps: range) -> Advance:
        """Train the first of some steps."""
        stop, began = min(steps.start + self._steps_per_call, steps.stop), time.perf_counter()
        self._ahead.before(steps.start, stop)
        done = Advance(stop, *self._kernel.run(steps.start, stop, self._n_jobs))
        if time.perf_counter() - began < _CALL_S / 2:
            self._steps_per_call *= 2
        return done

    def calls(self, steps: range) -> Iterator[Advance]:
        """Train some steps, and yield what each call came to."""
        while steps:
            done = self.call(steps)
            yield done
            steps = range(done.stop, steps.stop)


def joined(found: list[Advance]) -> Advance:
    """Return what consecutive steps came to, together."""
    loss_sums, n_pairs = (
        np.concatenate(parts) for parts in zip(*((a.loss_sums, a.n_pairs) for a in found), strict=True)
    )
    return Advance(found[-1].stop, loss_sums, n_pairs)
