"""Many small trainings at once: calls of one function as tasks of Ray, their results in the order of the items.

What all calls need goes to each machine once, where arrays lie in shared memory and are not copied. A call whose worker
dies is made again, elsewhere if need be; one that fails says which it was, and where.
"""

from __future__ import annotations

import pickle
import uuid
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from typing import Any

import numpy as np

from firth.arrays import UInt8
from firth.cluster.connection import Cluster
from firth.cluster.outcomes import Outcome, outcome, result
from firth.progress import Task
from firth.runs.mapper import Item, Place, Result, Shared

N_RETRIES = 3  # of a call whose worker died
_TOLD_S = 0.5  # between two words to whoever watches
_KEPT = 2  # things that a worker's process keeps of those that calls shared

_opened: dict[str, Any] = {}


class Trials:
    """A mapper whose calls are made by the workers of a cluster.

    Parameters
    ----------
    cluster
        Where; open while calls are made.
    n_retries
        How often a call is made again whose worker died.
    """

    def __init__(self, cluster: Cluster, *, n_retries: int = N_RETRIES) -> None:
        self._cluster, self._n_retries = cluster, n_retries
        self._shared: tuple[object, str, Any] | None = None

    @property
    def is_here(self) -> bool:
        """False."""
        return False

    def map(
        self,
        function: Callable[[Shared, Item, Place], Result],
        shared: Shared,
        items: Sequence[Item],
        *,
        what: str,
        task: Task | None = None,
    ) -> Iterator[Result]:
        """Yield what the function returns, in the order of the items; see :class:`firth.runs.mapper.Mapper`.

        Raises
        ------
        FirthError
            What the function raised, with the call's number and its machine.
        ClusterError
            If a call's worker died more often than it is made again, or it failed in a way that is no error of Firth's.

        Notes
        -----
        As many calls are under way as there are workers. Each has its share of the CPUs for threads: all of a machine
        where there are fewer calls than machines.
        """
        if not items:
            return
        key, packed = self._put(shared)
        n_cpus = self._cpus_each(len(items))
        remote = self._cluster.ray.remote(_called).options(num_cpus=n_cpus, max_retries=self._n_retries)
        calls = _Calls(self._cluster, len(items), what, task or Task())
        try:
            for place in range(len(items)):
                while not calls.is_done(place):
                    while calls.n_begun < len(items) and calls.n_under_way < self._cluster.n_workers:
                        calls.begin(remote.remote(key, packed, function, items[calls.n_begun], n_cpus))
                    calls.wait()
                yield calls.result(place)
        finally:
            calls.cancel()

    def _put(self, shared: object) -> tuple[str, Any]:
        """Return the name and the reference of something that is with the machines, or goes there now."""
        if self._shared is None or self._shared[0] is not shared:
            self._shared = None  # lets go of what was there before
            self._shared = (shared, uuid.uuid4().hex, self._cluster.ray.put(pack(shared)))
        return self._shared[1], self._shared[2]

    def _cpus_each(self, n_items: int) -> int:
        at_once = min(n_items, self._cluster.n_workers)
        smallest = min(node.n_cpus for node in self._cluster.nodes)
        return max(1, min(smallest, self._cluster.n_cpus // at_once))


class _Calls:
    """The calls of one mapping: begun, under way, done."""

    def __init__(self, cluster: Cluster, n: int, what: str, task: Task) -> None:
        self._cluster, self._ray = cluster, cluster.ray
        self._n, self._what, self._task = n, what, task
        self._under_way: dict[Any, int] = {}
        self._done: dict[int, Any] = {}
        self.n_begun = 0
        self._n_done = 0

    @property
    def n_under_way(self) -> int:
        return len(self._under_way)

    def is_done(self, place: int) -> bool:
        return place in self._done

    def begin(self, reference: Any) -> None:  # noqa: ANN401 (Ray's)
        self._under_way[reference] = self.n_begun
        self.n_begun += 1

    def wait(self) -> None:
        """Wait for a call to end, or a moment, and tell of it."""
        ready, _ = self._ray.wait(list(self._under_way), num_returns=1, timeout=_TOLD_S)
        for reference in ready:
            self._done[self._under_way.pop(reference)] = reference
            self._n_done += 1
        n_nodes = len(self._cluster.nodes)
        where = f"on {n_nodes} machine{'s' * (n_nodes != 1)}"
        self._task.update(self._n_done, text=f"{len(self._under_way)} under way {where}")

    def result(self, place: int) -> Any:  # noqa: ANN401
        return result(self._cluster, self._done.pop(place), f"{self._what} {place + 1} of {self._n}")

    def cancel(self) -> None:
        """Have nobody work for what is not awaited any more."""
        for reference in self._under_way:
            self._ray.cancel(reference)


def _called(
    key: str,
    packed: list[UInt8],
    function: Callable[[Any, Any, Place], Any],
    item: Any,  # noqa: ANN401
    n_jobs: int,
) -> Outcome:
    """Return, on a worker, what came of a call; what calls share is opened once."""
    if key not in _opened:
        while len(_opened) >= _KEPT:
            del _opened[next(iter(_opened))]
        _opened[key] = unpack(packed)
    return outcome(function, _opened[key], item, Place(n_jobs=n_jobs))


class _Pickler(pickle.Pickler):
    """Pickles arrays of memory-mapped files as arrays, whose values then go apart from the rest, without a copy."""

    def reducer_override(self, thing: Any) -> Any:  # noqa: ANN401
        """Return how a thing is pickled."""
        if type(thing) is np.memmap:
            return np.asarray, (thing.view(np.ndarray),)
        return NotImplemented


def pack(thing: object) -> list[UInt8]:
    """Return a thing as arrays of bytes: what is left of it, then the values of each of its arrays.

    Ray keeps arrays in memory that processes share, and gives them out without copying.
    """
    buffers: list[pickle.PickleBuffer] = []
    file = BytesIO()
    _Pickler(file, protocol=5, buffer_callback=buffers.append).dump(thing)
    parts = [memoryview(file.getvalue()), *(buffer.raw() for buffer in buffers)]
    return [np.frombuffer(part, dtype=np.uint8) for part in parts]


def unpack(packed: list[UInt8]) -> Any:  # noqa: ANN401
    """Return the thing that was packed; its arrays cannot be written."""
    return pickle.loads(packed[0].data, buffers=packed[1:])
