"""Pictures of a run's map."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from firth.cli.arguments import RunArgument, open_run
from firth.cli.terminal import answers

PLOT_EXAMPLE = "Example: firth plot runs/bands-1 --label 100 --color-by genre -o genres.png"


def plot(
    run: RunArgument,
    out: Annotated[
        Path,
        typer.Option("-o", "--out", metavar="FILE", help="The picture: .png, .svg or .pdf.", show_default=False),
    ],
    label: Annotated[int, typer.Option("--label", min=0, metavar="N", help="Label the first N items.")] = 300,
    color_by: Annotated[
        str | None,
        typer.Option("--color-by", metavar="ATTRIBUTE", help="An attribute, or cluster.", show_default="cluster"),
    ] = None,
    density: Annotated[
        bool | None,
        typer.Option(
            "--density/--no-density",
            help="Shade crowds by how dense they are, or draw a disc for each item.",
            show_default="density from 50,000 items on",
        ),
    ] = None,
) -> None:
    """Draw the map.

    Every item is a point; those that occur most are labelled where there is room. Where there are very many, crowds are
    shaded by how dense they are.
    """
    open_run(run).plot(label=label, color_by=color_by, density="auto" if density is None else density, path=out)
    answers().print(f"{out}", markup=False, soft_wrap=True)
