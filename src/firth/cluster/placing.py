"""Workers on machines: where each runs, how it comes to the corpus, and where its successor runs when it dies."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import Any

from firth.cluster.checks import Node
from firth.cluster.connection import Cluster
from firth.cluster.parcel import packed, send
from firth.cluster.worker import Worker
from firth.corpus.corpus import Corpus
from firth.errors import ClusterError
from firth.training.setup import Setup, Start


class Placing:
    """The workers of one training.

    Parameters
    ----------
    cluster
        Where they run.
    corpus, setup, start
        What they train.
    n_workers
        How many.
    """

    def __init__(self, cluster: Cluster, corpus: Corpus, setup: Setup, start: Start | None, n_workers: int) -> None:
        self._cluster, self._n_workers = cluster, n_workers
        self._parcel, self._large = packed(corpus, setup.options, start)
        self._sent: dict[str, tuple[Any, Any]] = {}  # by machine: the parcel, and what keeps its files
        self._homes = [cluster.nodes[number % len(cluster.nodes)] for number in range(n_workers)]

    def worker(self, number: int) -> Any:  # noqa: ANN401 (an actor)
        """Return a new worker with this number: on its own machine, or where fewest are if that is gone.

        Raises
        ------
        ClusterError
            If no machine is left.
        """
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        ray = self._cluster.ray
        home = self._homes[number] = self._home(number)
        parcel, _ = self._sent_to(home)
        n_jobs = max(1, home.n_cpus // sum(each.id == home.id for each in self._homes))
        there = NodeAffinitySchedulingStrategy(home.id, soft=False)
        options = {"num_cpus": 0, "scheduling_strategy": there, "max_restarts": 0, "max_task_retries": 0}
        return ray.remote(Worker).options(**options).remote(parcel, number, self._n_workers, n_jobs)

    def close(self) -> None:
        """Let the machines' files go."""
        for _, keeper in self._sent.values():
            self._cluster.ray.kill(keeper)
        self._sent.clear()

    def _home(self, number: int) -> Node:
        alive = {node["NodeID"] for node in self._cluster.ray.nodes() if node["Alive"]}
        left = [node for node in self._cluster.nodes if node.id in alive]
        if not left:
            raise ClusterError("no machine of the cluster is left. Go on with --resume when there is one.")
        if self._homes[number].id in alive:
            return self._homes[number]
        n_there = Counter(home.id for home in self._homes)
        return min(left, key=lambda node: n_there[node.id])

    def _sent_to(self, node: Node) -> tuple[Any, Any]:
        """Return the parcel on a machine, and what keeps its files, which is looked after anew."""
        ray = self._cluster.ray
        if node.id in self._sent:
            with suppress(ray.exceptions.RayActorError):
                ray.get(self._sent[node.id][1].missing.remote([]))
                return self._sent[node.id]
        parcel, keeper = send(self._cluster, node, self._parcel, self._large)
        self._sent[node.id] = ray.put(parcel), keeper
        return self._sent[node.id]
