"""Arguments and options that several commands share, and how a RUN is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from firth.cli.errors import note

if TYPE_CHECKING:
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


def open_run(name: str) -> Run:
    """Return a run that answers, after a word on standard error where it is not a complete one."""
    from firth.runs.run import load_run

    run = load_run(name)
    if run.status != "complete":
        why = run.document.get("error")
        note(f"{run.folder} is {run.status}" + (f": {why}." if why else "."))
    return run
