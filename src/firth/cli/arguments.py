"""Arguments and options that several commands share, and how a RUN is opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from firth.cli.errors import note

if TYPE_CHECKING:
    from firth.cluster.connection import Cluster
    from firth.runs.mapper import Mapper
    from firth.runs.run import Run

RunArgument = Annotated[
    str, typer.Argument(metavar="RUN", help="The folder of a run, or the name of one below ./runs.", show_default=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
KOption = Annotated[int, typer.Option("-k", "--k", min=1, metavar="K", help="How many items to show.")]
SeedOption = Annotated[
    int | None,
    typer.Option("--seed", metavar="S", help="Seed of all draws.", show_default=False),
]
JobsOption = Annotated[
    int | None,
    typer.Option(
        "--n-jobs", min=1, max=1024, metavar="N", help="Threads. The result is the same for any.", show_default="all"
    ),
]
ClusterOption = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="ADDRESS",
        help="Work on a cluster of Ray: auto (the one here, or a new one), local, ray://host:port or host:port. "
        "The result is the same.",
        show_default="this process",
    ),
]


@contextmanager
def open_cluster(address: str | None) -> Iterator[Cluster | None]:
    """Return a context that gives the cluster that was asked for, after its remarks on standard error; or None."""
    if address is None:
        yield None
        return
    from firth.cluster.connection import connect
    from firth.errors import OptionError

    try:
        cluster = connect(address)
    except OptionError as error:
        raise typer.BadParameter(str(error), param_hint="--cluster") from error
    with cluster:
        for line in cluster.remarks:
            note(line)
        yield cluster


def trials_on(cluster: Cluster | None) -> Mapper | None:
    """Return who makes trainings on a cluster; None without one."""
    if cluster is None:
        return None
    from firth.cluster.trials import Trials

    return Trials(cluster)


def open_run(name: str) -> Run:
    """Return a run that answers, after a word on standard error where it is not a complete one."""
    from firth.runs.run import load_run

    run = load_run(name)
    if run.status != "complete":
        why = run.document.get("error")
        note(f"{run.folder} is {run.status}" + (f": {why}." if why else "."))
    return run
