"""What a worker of a training does: it holds a copy of the model, trains machines of lanes on it, and merges its share.

Everything that decides the bytes comes with each call; a worker remembers its copy of the model and which version that
is. So one that dies is replaced by giving another the same number and the copy of any that lives.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from firth.arrays import Float32, Int32, Int64
from firth.cluster.parcel import Parcel
from firth.training.rounds import Copy, Rows, Sums
from firth.training.setup import Setup, prepare
from firth.training.trainers import Advance, Pace, joined


@dataclass(frozen=True)
class Trained:
    """What one machine's steps came to.

    Attributes
    ----------
    advance
        Losses and pairs.
    sizes
        Bytes of its changes, by owner.
    """

    advance: Advance
    sizes: tuple[int, ...]


class Worker:
    """One process of a cluster's training.

    Parameters
    ----------
    parcel
        The corpus and the options.
    number, n_workers
        Which items' rows it merges: those whose id % n_workers is its number.
    n_jobs
        Threads.
    """

    def __init__(self, parcel: Parcel, number: int, n_workers: int, n_jobs: int) -> None:
        corpus, options, start = parcel.opened()
        self._setup = prepare(corpus, replace(options, n_jobs=n_jobs), start=start)
        self._n_workers = n_workers
        self._kernel = self._setup.kernel_trainer()
        self._pace = Pace(self._setup, self._kernel)
        self._copy = Copy(self._setup, self._kernel)
        self._sums = Sums(self._setup, owner=number, n_owners=n_workers)
        self._version = 0

    def pid(self) -> int:
        """Return the number of this process."""
        return os.getpid()

    def version(self) -> int:
        """Return which version of the model the copy is."""
        return self._version

    def train(self, machines: list[range]) -> list[Any]:
        """Train some machines' steps, each from the copy as it is, which is afterwards as it was before.

        Returns
        -------
        list
            First what each machine's steps came to, (machines,) Trained; then for each machine and each owner the
            changes, (matrices,) Rows.
        """
        about: list[Trained] = []
        changes: list[list[Rows]] = []
        for steps in machines:
            done = joined(list(self._pace.calls(steps)))
            mine = [self._copy.take(owner=owner, n_owners=self._n_workers) for owner in range(self._n_workers)]
            about.append(Trained(done, tuple(map(_size, mine))))
            changes += mine
        return [about, *changes]

    def merge(self, *changes: list[Rows]) -> list[Rows]:
        """Return the new rows of this worker's items, from all machines' changes in the machines' order."""
        self._sums.clear()  # of a merge that was cut short
        for some in changes:
            self._sums.add(some)
        return self._sums.finish(self._copy)

    def put(self, version: int, *found: list[Rows]) -> list[int]:
        """Take all owners' new rows, and return their bytes by owner; the copy is then of the given version."""
        for new in found:
            self._copy.put(new)
        self._version = version
        return [_size(new) for new in found]

    def load(self, version: int, model: dict[str, Float32]) -> None:
        """Take a model as the copy."""
        for name, array in model.items():
            getattr(self._setup, name)[:] = array
        self._copy.begin()
        self._version = version

    def model(self) -> dict[str, Float32]:
        """Return the copy: ``inputs``, ``outputs`` unless they are tied, and ``biases`` where there are any."""
        return model_of(self._setup)

    def heldout_loss(self, centres: Int32, offsets: Int64, partners: Int32, negatives: Int32) -> float:
        """Return the mean loss on given positions, by the copy as it is."""
        return self._kernel.heldout_loss(centres, offsets, partners, np.ascontiguousarray(negatives))


def _size(some: list[Rows]) -> int:
    return sum(each.n_bytes for each in some)


def model_of(setup: Setup) -> dict[str, Float32]:
    """Return a setup's arrays that training changes, by the names of its fields."""
    names = ["inputs", *([] if setup.options.tied else ["outputs"]), *([] if setup.biases is None else ["biases"])]
    return {name: getattr(setup, name) for name in names}
