"""The way into a cluster: Ray is started or joined, every machine is looked at, and only then is work given out."""

from __future__ import annotations

import logging
import os
import re
import socket
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self

from firth.cluster import probe
from firth.cluster.checks import Node, check, remarks
from firth.errors import ClusterError, MissingExtraError, OptionError
from firth.threads import n_threads

_PROBE_S = 60.0  # a machine's first worker loads NumPy and the kernel, maybe from a slow disk
_REACH_S = 5.0  # to know whether anybody listens at an address; Ray itself would try for a minute
_STARTED = "no cluster runs on this machine, so one was started here, for this call alone."
_ADDRESS = re.compile(r"(?:ray://)?(?P<host>\[[0-9a-fA-F:.]+\]|[^\s:/\[\]]+):(?P<port>\d{1,5})")


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """Machines that fit together, open while the context is.

    Parameters
    ----------
    address
        As it was asked for.
    nodes
        The machines with a CPU for work, by address.
    n_workers
        How many workers to use: at most the CPUs of all machines.
    remarks
        What should be known, and keeps nobody from working.
    ray
        Ray itself, connected.
    """

    address: str
    nodes: tuple[Node, ...]
    n_workers: int
    remarks: tuple[str, ...]
    ray: Any = field(repr=False)
    _is_own: bool = field(default=False, repr=False)

    @property
    def n_cpus(self) -> int:
        """The CPUs of all machines."""
        return sum(node.n_cpus for node in self.nodes)

    def places(self, n: int | None = None) -> list[Node]:
        """Return the machines of ``n`` workers (None: of all): each in turn, those that are full passed over."""
        n = self.n_workers if n is None else n
        free = [node.n_cpus for node in self.nodes]
        found: list[Node] = []
        while len(found) < n:
            if not any(free):  # more workers than CPUs: they share
                free = [node.n_cpus for node in self.nodes]
            for place, node in enumerate(self.nodes):
                if free[place] and len(found) < n:
                    free[place] -= 1
                    found.append(node)
        return found

    def name_of(self, node_id: str) -> str:
        """Return how messages call the machine with an id of Ray's; the id itself where it is not known."""
        return next((node.name for node in self.nodes if node.id == node_id), f"node {node_id[:8]}")

    def close(self) -> None:
        """Leave the cluster; one that was started for this context ends."""
        if self._is_own:
            self.ray.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def connect(
    address: str = "auto", *, n_workers: int | None = None, clock: Callable[[], float] | None = None
) -> Cluster:
    """Return a cluster, whose every machine was looked at; a context manager that leaves it.

    Parameters
    ----------
    address
        ``"local"`` starts Ray on this machine, for as long as the context is open. ``"auto"`` joins the cluster that
        runs on this machine or that ``RAY_ADDRESS`` names, and starts one like ``"local"`` where neither is there.
        ``"ray://host:port"`` (Ray's client) and ``"host:port"`` join one. A process that is connected already stays
        so, and ``"auto"`` is that cluster.
    n_workers
        How many workers to use; None: one for each CPU of the cluster. A cluster that is started has so many CPUs.
    clock
        Tells the time of a machine, in seconds since 1970; None: the machine's own clock.

    Raises
    ------
    OptionError
        If the address has another form, or there are fewer CPUs than workers.
    ClusterError
        If nobody answers there, or a machine does not fit: it must have the same versions of Firth, NumPy and polars,
        the same minor version of Python, a kernel that calculates alike, and an object store of 64 MiB.
    MissingExtraError
        If Ray is not installed.

    Notes
    -----
    Ray neither reports its use nor starts a dashboard, and the workers' output stays in their log files. Clocks that
    differ by more than 2 s are told in ``remarks``; they decide nothing. Starting takes about five seconds, joining one
    or two.
    """
    ray = require_ray()
    if n_workers is not None and (type(n_workers) is not int or n_workers < 1):
        raise OptionError(f"n_workers must be a whole number >= 1, or None, got {n_workers!r}.")
    begun = _begin(ray, address, n_workers)
    try:
        own, nodes = look_at(ray, clock=clock)
        check(own, nodes)
        n_cpus = sum(node.n_cpus for node in nodes)
        if n_workers is not None and n_workers > n_cpus:
            raise OptionError(f"n_workers must be at most the cluster's CPUs, {n_cpus}, got {n_workers}.")
    except BaseException:
        if begun != "was there":
            ray.shutdown()
        raise
    said = [_STARTED] if address == "auto" and begun == "started" else []
    return Cluster(
        address=address,
        nodes=tuple(nodes),
        n_workers=n_cpus if n_workers is None else n_workers,
        remarks=(*said, *remarks(nodes)),
        ray=ray,
        _is_own=begun != "was there",
    )


def require_ray() -> Any:  # noqa: ANN401 (a module)
    """Return Ray.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        import ray
    except ImportError as error:
        raise MissingExtraError("the cluster", "Ray", "cluster") from error
    return ray


@contextmanager
def joined(address: str = "auto") -> Iterator[Any]:
    """Return a context that gives Ray, connected, without a look at the machines: for whoever looks himself."""
    ray = require_ray()
    begun = _begin(ray, address, None)
    try:
        yield ray
    finally:
        if begun != "was there":
            ray.shutdown()


def look_at(ray: Any, *, clock: Callable[[], float] | None = None) -> tuple[dict[str, Any], list[Node]]:  # noqa: ANN401
    """Return what this process says of itself, and the machines with a CPU for work, by address.

    Parameters
    ----------
    ray
        Ray, connected.
    clock
        Tells the time of a machine; None: its own clock.

    Raises
    ------
    ClusterError
        If a machine does not answer within a minute.
    """
    found = [node for node in ray.nodes() if node["Alive"] and int(node["Resources"].get("CPU", 0)) >= 1]
    found.sort(key=lambda node: (node["NodeManagerAddress"], node["NodeManagerPort"], node["NodeID"]))
    ray.cloudpickle.register_pickle_by_value(probe)
    try:
        started = [_task(ray, node).remote(clock) for node in found]  # all workers start at once
        return probe.look(), [_looked_at(ray, node, each, clock) for node, each in zip(found, started, strict=True)]
    finally:
        ray.cloudpickle.unregister_pickle_by_value(probe)


def _task(ray: Any, node: dict[str, Any]) -> Any:  # noqa: ANN401
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    there = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
    return ray.remote(probe.look).options(num_cpus=0, scheduling_strategy=there, max_retries=1)


def _looked_at(ray: Any, node: dict[str, Any], started: Any, clock: Callable[[], float] | None) -> Node:  # noqa: ANN401
    try:
        ray.get(started, timeout=_PROBE_S)
        before = time.time()  # its worker runs now, so that this answer comes at once
        facts = ray.get(_task(ray, node).remote(clock), timeout=_PROBE_S)
        after = time.time()
    except ray.exceptions.RayError as error:
        raise ClusterError(
            f"every machine must answer, and node {node['NodeManagerAddress']} ({node['NodeID'][:8]}) does not: "
            f"{_first_line(error)}. Remove it from the cluster (ray stop there), or see its logs."
        ) from error
    ahead = facts["clock"] - (before + after) / 2
    slack = (after - before) / 2
    resources = node["Resources"]
    return Node(
        id=node["NodeID"],
        address=node["NodeManagerAddress"],
        n_cpus=int(resources.get("CPU", 0)),
        memory_bytes=int(resources.get("memory", 0)),
        store_bytes=int(resources.get("object_store_memory", 0)),
        facts=facts,
        skew_s=max(0.0, abs(ahead) - slack) * (1 if ahead > 0 else -1),
    )


def _begin(ray: Any, address: str, n_workers: int | None) -> Literal["was there", "joined", "started"]:  # noqa: ANN401
    """Start or join Ray, unless this process is connected already; return which it was."""
    if address not in ("auto", "local") and not _is_address(address):
        raise OptionError(f"a cluster is auto, local, ray://host:port or host:port, got {address!r}.")
    if ray.is_initialized():
        if address not in ("auto", ray.get_runtime_context().gcs_address):
            raise ClusterError(
                f"a process joins one cluster at a time, and this one is connected already, not to {address}. Give "
                "auto to use that cluster, or leave it first: ray.shutdown()."
            )
        return "was there"
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    own = {"address": "local", "num_cpus": n_workers or n_threads("auto"), "include_dashboard": False}
    try:
        with _no_usage_stats(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what goes wrong is raised, too
            if address == "local":
                ray.init(**own, **quiet)
                return "started"
            named = os.environ.get("RAY_ADDRESS", "") if address == "auto" else address
            if named not in ("", "auto"):
                _reach(named)
                ray.init(address=named, **quiet)
            else:
                try:
                    ray.init(address="auto", **quiet)
                except ConnectionError:
                    ray.init(**own, **quiet)
                    return "started"
    except (ray.exceptions.RayError, ConnectionError, RuntimeError, OSError, ValueError) as error:
        if isinstance(error, ClusterError):
            raise
        with suppress(Exception):
            ray.shutdown()
        raise ClusterError(
            f"cannot {'start Ray on this machine' if address == 'local' else f'join the cluster {address}'}: "
            f"{_first_line(error)}. See ray status on its head node. If it asks for a token: RAY_AUTH_MODE=token here, "
            "and its token (ray get-auth-token) in ~/.ray/auth_token."
        ) from error
    return "joined"


def _is_address(address: str) -> bool:
    found = _ADDRESS.fullmatch(address)
    return found is not None and 0 < int(found["port"]) < 1 << 16


def _reach(address: str) -> None:
    """Raise ClusterError if nobody listens at an address."""
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise OptionError(f"RAY_ADDRESS must be ray://host:port or host:port, got {address!r}.")
    try:
        socket.create_connection((found["host"].strip("[]"), int(found["port"])), timeout=_REACH_S).close()
    except OSError as error:
        raise ClusterError(
            f"nobody answers at {address} ({error.strerror or error}). Check host and port: ray start --head prints "
            "them (6379 for host:port, 10001 for ray://)."
        ) from error


@contextmanager
def _no_usage_stats() -> Iterator[None]:
    """Return a context in which Ray is not started to report its use; the environment is as it was afterwards."""
    name = "RAY_USAGE_STATS_ENABLED"
    before = os.environ.get(name)
    os.environ[name] = "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__).rstrip(".")
