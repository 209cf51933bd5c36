"""Rounds of machines of lanes: what a machine is given to do, its copy of the model, and how copies become one again.

A *machine* is a logical worker as a lane is: it trains a copy of the model for ``round_steps`` steps, and then all
machines' changes are merged. Their number is an option and never the number of real machines, so it does not matter for
the bytes who did the work. The derivation is in ``docs/kernel.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import numpy as np

from firth import _kernel
from firth.arrays import Float32, Int32
from firth.training.setup import Setup

_GROWTH = 16  # a round is at most 1/16 of what was trained before it


@dataclass(frozen=True)
class Rows:
    """Some rows of one matrix.

    Attributes
    ----------
    ids
        (n,) int32, ascending.
    rows
        (n, stride) float32: changes on the way to their owner, new values on the way back.
    curvature
        (n,) float32, learning rate times the curvature of the loss along each row, summed over the round; None on the
        way back.
    biases
        (n,) float32 like ``rows``, or None.
    """

    ids: Int32
    rows: Float32
    curvature: Float32 | None
    biases: Float32 | None

    @property
    def n_bytes(self) -> int:
        """Return the size of all arrays, in bytes."""
        arrays = (self.ids, self.rows, self.curvature, self.biases)
        return sum(array.nbytes for array in arrays if array is not None)


def round_of(setup: Setup, first: int, n_steps: int) -> list[range]:
    """Return the steps of each machine in the round that begins at step ``first``; machines at the end may have none.

    Notes
    -----
    The machines' steps follow one another, so a round reads one stretch of the corpus and its learning rates are those
    of plain training. Vectors change fast in the beginning, so a round is no longer than a sixteenth of what was
    trained before it: at first one machine trains, then more, then they train for longer. The last round shares what is
    left evenly.
    """
    left = n_steps - first
    most = max(1, first // _GROWTH)
    machines = min(setup.options.machines, most)
    size = min(setup.round_steps, most // machines, -(-left // machines))
    edges = [min(first + machine * size, n_steps) for machine in range(machines + 1)]
    return [range(begin, end) for begin, end in pairwise(edges)]


class Copy:
    """A copy of the model that machines train, one after another, each from where the round began.

    Parameters
    ----------
    setup
        Whose model is the copy.
    kernel
        The trainer over that model.
    """

    def __init__(self, setup: Setup, kernel: _kernel.Trainer) -> None:
        self._n_jobs = setup.n_jobs
        both = [setup.inputs] if setup.options.tied else [setup.inputs, setup.outputs]
        self._models = [cast(Float32, each) for each in both]  # options refuse rounds of 16-bit floats
        self._bases = [model.copy() for model in self._models]
        self._biases = setup.biases
        self._base_biases = None if setup.biases is None else setup.biases.copy()
        self._curvature = [np.zeros(setup.n_items, dtype=np.float32) for _ in self._models]
        kernel.note_curvature(self._curvature[0], None if setup.options.tied else self._curvature[1])
        self.matrices = [
            _kernel.RoundMatrix(rows=model, base=base, curvature=curvature)
            for model, base, curvature in zip(self._models, self._bases, self._curvature, strict=True)
        ]
        if self._biases is not None and self._base_biases is not None:
            self.matrices[-1].set_biases(self._biases, self._base_biases)

    def begin(self) -> None:
        """Take the model as it is as where the round begins."""
        for model, base, curvature in zip(self._models, self._bases, self._curvature, strict=True):
            base[:] = model
            curvature[:] = 0
        if self._biases is not None and self._base_biases is not None:
            self._base_biases[:] = self._biases

    def take(self, *, owner: int, n_owners: int) -> list[Rows]:
        """Return a machine's changes of the rows that an owner has, of each matrix, and undo them."""
        return [Rows(*matrix.take(owner, n_owners, self._n_jobs)) for matrix in self.matrices]

    def put(self, found: list[Rows]) -> None:
        """Take new rows of each matrix as the model's, and as where the next round begins."""
        for matrix, new in zip(self.matrices, found, strict=True):
            matrix.put(new.ids, new.rows, new.biases, self._n_jobs)


class Sums:
    """The machines' changes of the rows that one owner has: items whose id % n_owners is the owner's number.

    Parameters
    ----------
    setup
        The training.
    owner, n_owners
        Which owner's.
    """

    def __init__(self, setup: Setup, *, owner: int, n_owners: int) -> None:
        self._n_jobs = setup.n_jobs
        n_matrices = 1 if setup.options.tied else 2
        self._sums = [
            _kernel.RoundSums(
                n_items=setup.n_items,
                stride=setup.inputs.shape[1],
                owner=owner,
                n_owners=n_owners,
                has_biases=setup.biases is not None and number == n_matrices - 1,
            )
            for number in range(n_matrices)
        ]

    def add(self, changes: list[Rows]) -> None:
        """Add one machine's changes; the machines come in their order."""
        for sums, some in zip(self._sums, changes, strict=True):
            assert some.curvature is not None
            sums.add(some.ids, some.rows, some.curvature, some.biases, self._n_jobs)

    def finish(self, copy: Copy) -> list[Rows]:
        """Return the rows that any machine changed, with their new values; the sums are empty again."""
        found = []
        for sums, matrix in zip(self._sums, copy.matrices, strict=True):
            ids, rows, biases = sums.finish(matrix, self._n_jobs)
            found.append(Rows(ids, rows, None, biases))
        return found

    def clear(self) -> None:
        """Forget what was added."""
        for sums in self._sums:
            sums.clear()
