"""A training over the workers of a cluster: rounds of machines of lanes, each worker with its share of the machines.

What the workers do follows from the round alone, so it does not matter how many there are, which of them trained which
machine, or whether one died on the way: the bytes are those of the training in one process with the same options.

A round has three phases: every worker trains its machines; every worker merges its share of the rows, of all machines
in their order; every worker takes all new rows. The driver waits between them, and holds no rows.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from firth.arrays import Int32, Int64
from firth.cluster.connection import Cluster
from firth.cluster.placing import Placing
from firth.cluster.worker import Trained, model_of
from firth.corpus.corpus import Corpus
from firth.errors import ClusterError, FirthError
from firth.training.rounds import round_of
from firth.training.setup import Setup, Start
from firth.training.trainers import Advance, Heed, MakeTrainer, Trainer, joined, local_trainer

Result = TypeVar("Result")

_LOOK_S = 0.2  # between two looks at signals, while the workers work
_MOST_LOSSES = 10  # times in a row that workers died, and nothing was done between


@dataclass
class Traffic:
    """What a training moved and lost.

    Attributes
    ----------
    n_bytes
        Bytes of rows that went from one worker to another.
    n_rounds, n_replaced
        Rounds that were done, and workers that died and were replaced.
    """

    n_bytes: int = 0
    n_rounds: int = 0
    n_replaced: int = 0


def cluster_trainer(cluster: Cluster, *, n_workers: int | None = None) -> MakeTrainer:
    """Return what makes trainers over a cluster.

    Parameters
    ----------
    cluster
        Open for as long as the trainers are used.
    n_workers
        Processes, each with a copy of the model; None: one for each machine of the cluster, with all its CPUs.

    Notes
    -----
    A training whose option ``machines`` is 1 has no rounds, and is done by this process.
    """

    def make(corpus: Corpus, setup: Setup, start: Start | None) -> Trainer:
        if setup.options.machines == 1:
            return local_trainer(setup)
        return ClusterTrainer(cluster, corpus, setup, start, n_workers=n_workers)

    return make


class ClusterTrainer:
    """Does a training's steps over the workers of a cluster; see :class:`firth.training.trainers.Trainer`.

    Parameters
    ----------
    cluster
        Where.
    corpus, setup, start
        The training. The setup's model is that of the last :meth:`fetch`.
    n_workers
        Processes, of which no more are used than the training has logical machines; None: one for each real machine.

    Raises
    ------
    ClusterError
        If the workers cannot be made ready.
    """

    def __init__(
        self, cluster: Cluster, corpus: Corpus, setup: Setup, start: Start | None, *, n_workers: int | None = None
    ) -> None:
        os.environ.setdefault("RAY_IGNORE_UNHANDLED_ERRORS", "1")  # calls to workers that died are asked for no more
        self._ray, self._setup = cluster.ray, setup
        kernel = setup.kernel_trainer()
        self.n_steps, self.learning_rate_at = kernel.n_steps, kernel.learning_rate_at
        n = min(n_workers or len(cluster.nodes), setup.options.machines)
        self._placing = Placing(cluster, corpus, setup, start, n)
        self._workers = [self._placing.worker(number) for number in range(n)]
        self._version = 0  # of the model: one more with every round
        self._fetched = 0  # the version of the setup's model,
        self._since: list[int] = []  # and the first steps of the rounds since then, to do again if all workers die
        self._owed: list[int] = []  # the first steps of those that are still to be done again
        self._is_broken = False  # whether a worker died and has not been replaced yet, or the others not been told
        self._almost: Advance | None = None  # what the round came to that the workers take now,
        self._put: Advance | None = None  # and that they have taken, but for those who died
        self.traffic = Traffic()
        self._safely(lambda: self._ray.get([worker.version.remote() for worker in self._workers]))

    @property
    def n_workers(self) -> int:
        """Return how many processes train."""
        return len(self._workers)

    def advance(self, first: int, edge: int, heed: Heed) -> Advance:
        """Train one round; see :class:`~firth.training.trainers.Trainer`."""
        done = self._safely(lambda: self._round(first, lambda step: heed(min(step, edge))))
        self.traffic.n_rounds += 1
        return done

    def heldout_loss(self, centres: Int32, offsets: Int64, partners: Int32, negatives: Int32) -> float:
        """Return the mean loss on given positions, by the model as it stands."""
        sample = (centres, offsets, partners, negatives)
        return self._safely(lambda: float(self._ray.get(self._workers[0].heldout_loss.remote(*sample))))

    def begin(self) -> None:
        """Take the setup's model as where training stands."""
        self._version += 1
        self._fetched, self._since = self._version, []
        self._safely(lambda: self._give(model_of(self._setup), self._version))

    def fetch(self) -> None:
        """Put where training stands into the setup's model."""
        if self._fetched == self._version:
            return
        found = self._safely(lambda: self._ray.get(self._workers[0].model.remote()))
        for name, array in found.items():
            getattr(self._setup, name)[:] = array
        self._fetched, self._since = self._version, []

    def remarks(self) -> list[str]:
        """Return who trained, and what went between them."""
        traffic, n = self.traffic, len(self._workers)
        found = [
            f"{traffic.n_rounds:,} rounds over {n} worker{'s' * (n > 1)}, {traffic.n_bytes / 1e9:.2f} GB between them"
        ]
        if traffic.n_replaced:
            found.append(f"{traffic.n_replaced} workers died and were replaced")
        return found

    def close(self) -> None:
        """End the workers."""
        for worker in self._workers:
            self._ray.kill(worker)
        self._placing.close()

    def _round(self, first: int, heed: Heed) -> Advance:
        """Train, merge and put one round."""
        if self._put is not None:
            return self._settled(first, self._put)  # every worker has it, since one died when the others took it
        machines = [steps for steps in round_of(self._setup, first, self.n_steps) if steps]
        trained, changes = self._train(machines, heed)
        n = len(self._workers)
        merged = [worker.merge.remote(*(each[owner] for each in changes)) for owner, worker in enumerate(self._workers)]
        self._almost = done = joined([each.advance for each in trained])
        (sizes, *_) = self._ray.get([worker.put.remote(self._version + 1, *merged) for worker in self._workers])
        sent = sum(sum(each.sizes) - each.sizes[machine % n] for machine, each in enumerate(trained))
        self.traffic.n_bytes += sent + sum(sizes) * (n - 1)
        return self._settled(first, done)

    def _settled(self, first: int, done: Advance) -> Advance:
        """Note that the round from step ``first`` on is every worker's, and return what it came to."""
        self._put = None
        self._version += 1
        self._since.append(first)
        return done

    def _train(self, machines: list[range], heed: Heed) -> tuple[list[Trained], list[list[Any]]]:
        """Return what each machine's steps came to, and where its changes for each owner lie."""
        n = len(self._workers)
        calls = {}
        for number, worker in enumerate(self._workers):
            mine = machines[number::n]
            if mine:
                call = worker.train.options(num_returns=1 + len(mine) * n).remote(mine)
                calls[number] = call
        self._wait([call[0] for call in calls.values()], machines, heed)
        trained: list[Any] = [None] * len(machines)
        changes: list[list[Any]] = [[]] * len(machines)
        for number, call in calls.items():
            about = self._ray.get(call[0])
            trained[number::n] = about
            changes[number::n] = [call[1 + i * n : 1 + (i + 1) * n] for i in range(len(about))]
        return trained, changes

    def _wait(self, calls: list[Any], machines: list[range], heed: Heed) -> None:
        """Wait for all calls, with a look at signals now and then; those that ended show how far they are."""
        n_calls = len(calls)
        while calls:
            _, calls = self._ray.wait(calls, num_returns=len(calls), timeout=_LOOK_S, fetch_local=False)
            done = n_calls - len(calls)
            heed(machines[0].start + (machines[-1].stop - machines[0].start) * done // n_calls)

    def _give(self, model: Any, version: int) -> None:  # noqa: ANN401 (arrays by name, or where they lie)
        """Make a model every worker's, as a version."""
        lies = self._ray.put(model) if isinstance(model, dict) else model
        self._ray.get([worker.load.remote(version, lies) for worker in self._workers])

    def _safely(self, work: Callable[[], Result]) -> Result:
        """Return what some work returns, after as many replacements of workers as it takes.

        Raises
        ------
        ClusterError
            If workers die again and again, or the cluster fails otherwise.
        """
        lost = _losses(self._ray)
        for _ in range(_MOST_LOSSES):
            try:
                if self._is_broken:
                    self._recover()
                    self._is_broken = False
                while self._owed:
                    self._round(self._owed[0], lambda _: None)
                    del self._owed[0]
                return work()
            except lost as error:
                first, *_, last = str(error).strip().splitlines() * 2
                if "creation task" in first:
                    raise ClusterError(f"a worker could not be made ready: {last.strip()}.") from error
                self._is_broken = True
            except self._ray.exceptions.RayTaskError as error:
                if isinstance(error.cause, FirthError):
                    raise error.cause from error
                raise ClusterError(f"a worker failed: {type(error.cause).__name__}: {error.cause}.") from error
        raise ClusterError(
            f"workers died {_MOST_LOSSES} times in a row, at last: {first}. See their logs on their machines, in Ray's "
            "session folder, and go on with --resume."
        )

    def _recover(self) -> None:
        """Replace the workers that died, and bring all to the version before the work that was cut short."""
        versions = [self._version_of(worker) for worker in self._workers]
        alive = [number for number, version in enumerate(versions) if version == self._version]
        for number, version in enumerate(versions):
            if version < 0:
                self._workers[number] = self._placing.worker(number)
                self.traffic.n_replaced += 1
        ahead = [number for number, version in enumerate(versions) if version == self._version + 1]
        if not alive and ahead:
            self._give(self._workers[ahead[0]].model.remote(), self._version + 1)
            self._put = self._almost
            return
        if alive:
            self._give(self._workers[alive[0]].model.remote(), self._version)
            return
        # Nobody has that version: the rounds since the last that the driver has are to be done again.
        self._owed, self._since, self._version = [*self._since, *self._owed], [], self._fetched
        self._give(model_of(self._setup), self._version)

    def _version_of(self, worker: Any) -> int:  # noqa: ANN401 (an actor)
        """Return the version of a worker's copy, when it has done what it does; -1 if it is dead."""
        try:
            return int(self._ray.get(worker.version.remote()))
        except _losses(self._ray):
            return -1


def _losses(ray: Any) -> tuple[type[Exception], ...]:  # noqa: ANN401 (a module)
    """Return how Ray says that a process or what it held is gone."""
    gone = ray.exceptions
    return (gone.RayActorError, gone.ObjectLostError, gone.OwnerDiedError, gone.WorkerCrashedError, gone.NodeDiedError)
