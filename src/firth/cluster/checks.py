"""Whether machines fit together: what must be equal for equal bytes is, and what must be there is there.

Times decide nothing. A clock that is wrong is told, because the dates in a run's files and logs would be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from firth.errors import ClusterError

MAX_SKEW_S = 2.0
MIN_STORE_BYTES = 64 << 20  # a text's pieces under way, and a small corpus


@dataclass(frozen=True, kw_only=True)
class Node:
    """A machine of a cluster.

    Parameters
    ----------
    id
        Ray's name of it.
    address
        Where it is.
    n_cpus
        How many tasks of one thread Ray runs there.
    memory_bytes
        What tasks may take.
    store_bytes
        What Ray's object store there holds in memory; what is beyond that is written to its disk.
    facts
        What :func:`firth.cluster.probe.look` says there.
    skew_s
        How far its clock is ahead of that of this process, beyond what asking it took; negative: behind.
    """

    id: str
    address: str
    n_cpus: int
    memory_bytes: int
    store_bytes: int
    facts: Mapping[str, Any]
    skew_s: float

    @property
    def name(self) -> str:
        """How messages call it."""
        return f"node {self.address} ({self.id[:8]})"


def arithmetic(variant: str | None) -> str | None:
    """Return what decides the bytes of an instruction set: x86-64-v3 and v4 round alike, the baseline does not."""
    return "x86-64-v3" if variant == "x86-64-v4" else variant


def problems(own: Mapping[str, Any], nodes: Sequence[Node]) -> Iterator[str]:
    """Yield what keeps machines from working with this process, each as rule, what came, way out.

    Parameters
    ----------
    own
        What this process says of itself.
    nodes
        The machines.
    """
    if not nodes:
        yield "a cluster needs a machine with a CPU for work, got none. Start Ray on one: ray start --address=..."
    for node in nodes:
        yield from _of_node(own, node)


def remarks(nodes: Sequence[Node]) -> Iterator[str]:
    """Yield what should be known of machines, but keeps nobody from working: clocks that differ."""
    for node in nodes:
        if abs(node.skew_s) > MAX_SKEW_S:
            where = "ahead of" if node.skew_s > 0 else "behind"
            yield (
                f"the clock of {node.name} is {abs(node.skew_s):.1f} s {where} this machine's. Results do not depend "
                "on it; dates in files and logs do. Set it, for example by NTP."
            )


def check(own: Mapping[str, Any], nodes: Sequence[Node]) -> None:
    """Raise ClusterError if a machine does not fit."""
    found = list(problems(own, nodes))
    if found:
        more = f" {len(found) - 1} more: firth cluster status." if len(found) > 1 else ""
        raise ClusterError(found[0] + more)


def _of_node(own: Mapping[str, Any], node: Node) -> Iterator[str]:
    theirs = node.facts
    if theirs["variant"] is None:
        wanted = own["versions"]["firth"]
        yield (
            f"every machine needs Firth {wanted}, and {node.name} cannot load it ({theirs['why']}). Install it there: "
            f"pip install 'firth[cluster]=={wanted}'."
        )
        return
    for package in ("firth", "numpy", "polars"):
        here, there = own["versions"][package], theirs["versions"][package]
        if here != there:
            yield (
                f"every machine must have the same {package}: {node.name} has {there or 'none'}, this process has "
                f"{here}. Install it there: pip install '{package}=={here}'."
            )
    if theirs["code"] != own["code"] and theirs["versions"]["firth"] == own["versions"]["firth"]:
        yield (
            f"every machine must run the same code: {node.name} has another Firth {own['versions']['firth']} than this "
            "process. Bring the checkouts to one commit, or install one release everywhere."
        )
    minors = [".".join(str(each["python"]).split(".")[:2]) for each in (own, theirs)]
    if minors[0] != minors[1]:
        yield (
            f"every machine must have the same minor version of Python: {node.name} has {theirs['python']}, this "
            f"process has {own['python']}. Use one of them everywhere."
        )
    here, there = (f"{arithmetic(each['variant'])} on {each['machine']}" for each in (own, theirs))
    if here != there:
        yield (
            f"every machine must calculate alike for equal bytes: {node.name} has the instruction set "
            f"{theirs['variant']} ({theirs['machine']}), this process has {own['variant']} ({own['machine']}). Leave "
            "that machine out, or choose machines of one kind."
        )
    if node.store_bytes < MIN_STORE_BYTES:
        yield (
            f"a machine needs an object store of {MIN_STORE_BYTES >> 20} MiB: {node.name} has "
            f"{node.store_bytes >> 20} MiB. Start Ray there with --object-store-memory={MIN_STORE_BYTES}, or more."
        )
