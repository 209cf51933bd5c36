"""A run on the plane: its map and pictures of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from firth.cli.arguments import JobsOption, JsonOption, RunArgument, SeedOption, open_run
from firth.cli.terminal import answers, print_json

MAP_EXAMPLE = "Example: firth map runs/bands-1 --perplexity 50"
PLOT_EXAMPLE = "Example: firth plot runs/bands-1 --label 100 --color-by genre -o genres.png"


def map_(
    run: RunArgument,
    perplexity: Annotated[
        float, typer.Option("--perplexity", min=1.0, metavar="P", help="About how many neighbours an item has.")
    ] = 30.0,
    n_iter: Annotated[int, typer.Option("--n-iter", min=250, metavar="N", help="Steps of the descent.")] = 500,
    seed: SeedOption = None,
    n_jobs: JobsOption = None,
    json: JsonOption = False,
) -> None:
    """Make the map again, and store it in the run.

    Pictures are drawn by `firth plot`.
    """
    from firth.cli.report import map_sentence
    from firth.progress import BarProgress

    opened = open_run(run)
    made = opened.map(
        perplexity=perplexity, n_iter=n_iter, seed=seed, n_jobs=n_jobs or "auto", progress=BarProgress()
    ).save()
    if json:
        print_json({"run": made.folder, "map": made.metrics["map"]})
        return
    answers().print(map_sentence(made.metrics["map"]))
    answers().print(f"[dim]stored in {made.folder}[/]", soft_wrap=True)


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
) -> None:
    """Draw the map.

    Every item is a point; those that occur most are labelled where there is room.
    """
    open_run(run).plot(label=label, color_by=color_by, path=out)
    answers().print(f"{out}", markup=False, soft_wrap=True)
