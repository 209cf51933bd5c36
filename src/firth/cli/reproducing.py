"""A run made again, and whether it is the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firth.cli.arguments import JobsOption, JsonOption, RunArgument
from firth.cli.terminal import answers, duration, key_text, print_json

if TYPE_CHECKING:
    from firth.runs.reproducing import Reproduction

REPRODUCE_EXAMPLE = "Example: firth runs reproduce bands-1"


def reproduce(
    run: RunArgument,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="A new folder for the new run, which is kept.", show_default=False),
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the new run, as NAME-again-N beside the old one.")] = False,
    source: Annotated[
        str | None,
        typer.Option(
            "--source",
            metavar="URI|PATH",
            help="Where the source lies now, if it was moved, or its URI held a password.",
            show_default=False,
        ),
    ] = None,
    n_jobs: JobsOption = None,
    json: JsonOption = False,
) -> None:
    """Make a run again, and say whether its bytes agree.

    It takes as long as the run took. The exit status is 0 if every array and column is the same, and 1 if not: then it
    says where they begin to differ, and what is not as it was: the source, a version, the instruction set.
    """
    from firth.progress import BarProgress
    from firth.runs.reproducing import reproduce as made_again

    found = made_again(run, out=out, keep=keep, source=source, n_jobs=n_jobs, progress=BarProgress())
    if json:
        print_json(found.to_dict())
    else:
        for line in _lines(found):
            answers().print(line, soft_wrap=True)
    if not found.is_equal:
        raise typer.Exit(1)


def _lines(found: Reproduction) -> Iterator[str]:
    name, parts = key_text(found.run.name), found.parts
    if found.is_equal:
        n_equal, again = len(parts), f"made again in {duration(found.seconds)}"
        yield f"[green]the same[/]: all {n_equal} arrays and columns of {name}, {again}."
    else:
        n_equal = sum(part.is_equal for part in parts)
        yield f"[red]not the same[/]: {n_equal} of {len(parts)} arrays and columns of {name} are equal."
    yield _source(found)
    for change in found.source_changes:
        yield f"  {key_text(change)}"
    remade = [part.name for part in parts if part.is_remade]
    if remade:
        yield f"made again since, and not compared with what it is now: {', '.join(remade)}"
    for part in parts:
        if not part.is_equal:
            yield f"{part.name}: {key_text(part.detail)}"
    if not found.is_equal:
        yield "why it may differ: " + "; ".join(key_text(reason) for reason in found.reasons)
    if found.folder is not None:
        yield f"kept in {key_text(str(found.folder))}"


def _source(found: Reproduction) -> str:
    if found.source == "unknown":
        return f"source: the run does not say what it was; what training read is {found.corpus}."
    if found.source == "changed" and found.corpus == "same":
        return "source: changed, though training read the same."
    return f"source: {found.source}."
