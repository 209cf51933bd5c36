"""A run on the plane: its map made again, grown out of another's, or as a film."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firth.cli.arguments import JobsOption, JsonOption, RunArgument, SeedOption, open_run
from firth.cli.errors import show
from firth.cli.terminal import answers, print_json

if TYPE_CHECKING:
    from firth.maps.frames import Frame
    from firth.runs.run import Run

MAP_EXAMPLE = "Example: firth map runs/bands-1 --perplexity 50 --animate forming.gif"

_N_FRAMES = 100  # of a film


class Method(StrEnum):
    """How a map is made."""

    tsne = "tsne"
    umap = "umap"
    pacmap = "pacmap"
    sklearn = "sklearn"


class Metric(StrEnum):
    """What near means in the vectors."""

    cosine = "cosine"
    euclidean = "euclidean"


class Search(StrEnum):
    """How nearest neighbours are searched."""

    auto = "auto"
    exact = "exact"
    approximate = "approximate"


def map_(
    run: RunArgument,
    method: Annotated[
        Method, typer.Option("--method", help="t-SNE by Firth, or a method by its library (extra 'maps').")
    ] = Method.tsne,
    perplexity: Annotated[
        list[float] | None,
        typer.Option(
            "--perplexity",
            min=1.0,
            metavar="P",
            help="About how many neighbours an item has. Given again: averaged over several.",
            show_default="30",
        ),
    ] = None,
    n_neighbors: Annotated[
        int, typer.Option("--n-neighbors", min=2, metavar="N", help="Neighbours of an item, for UMAP and PaCMAP.")
    ] = 15,
    metric: Annotated[Metric, typer.Option("--metric", help="What near means in the vectors.")] = Metric.cosine,
    neighbors: Annotated[
        Search, typer.Option("--neighbors", help="How neighbours are searched; auto: by size.")
    ] = Search.auto,
    n_iter: Annotated[int, typer.Option("--n-iter", min=0, metavar="N", help="Steps of the descent, at most.")] = 1000,
    patience: Annotated[
        int, typer.Option("--patience", min=0, metavar="N", help="Stop after so many steps of no gain; 0: never.")
    ] = 100,
    learning_rate: Annotated[
        float | None,
        typer.Option(
            "--learning-rate", min=0.0, metavar="R", help="How far a step goes.", show_default="items / 12, at least 50"
        ),
    ] = None,
    theta: Annotated[
        float, typer.Option("--theta", min=0.0, max=1.0, metavar="T", help="Coarseness of far groups; 0: exact, slow.")
    ] = 0.5,
    grow_from: Annotated[
        str | None,
        typer.Option(
            "--grow-from", metavar="RUN", help="Start from this run's map, and stay like it.", show_default=False
        ),
    ] = None,
    place_on: Annotated[
        str | None,
        typer.Option("--place-on", metavar="RUN", help="Keep this run's map; place what it lacks.", show_default=False),
    ] = None,
    animate: Annotated[
        Path | None,
        typer.Option("--animate", metavar="FILE", help="A film of the map forming: .gif or .mp4.", show_default=False),
    ] = None,
    color_by: Annotated[
        str | None,
        typer.Option("--color-by", metavar="ATTRIBUTE", help="Of the film.", show_default="cluster"),
    ] = None,
    seed: SeedOption = None,
    n_jobs: JobsOption = None,
    json: JsonOption = False,
) -> None:
    """Make the map again, and store it in the run.

    Ctrl-C keeps the map as far as it came. Pictures are drawn by `firth plot`.
    """
    from firth.progress import BarProgress
    from firth.runs.live import watched_stage
    from firth.runs.pictures import check_film, draw_film

    _check_usage(method, grow_from=grow_from, place_on=place_on, animate=animate)
    options = _options(
        method=method.value,
        perplexity=tuple(perplexity) if perplexity else 30.0,
        n_neighbors=n_neighbors,
        metric=metric.value,
        neighbors=neighbors.value,
        n_iter=n_iter,
        patience=patience,
        learning_rate="auto" if learning_rate is None else learning_rate,
        theta=theta,
    )
    opened = open_run(run)
    frames: list[Frame] = []
    if animate is not None:
        check_film(opened, animate, color_by=color_by)
    with watched_stage("map", opened.folder, BarProgress()) as progress:
        made = opened.map(
            grow_from=None if grow_from is None else open_run(grow_from),
            place_on=None if place_on is None else open_run(place_on),
            seed=seed,
            on_frame=frames.append if animate is not None else None,
            frame_every=max(1, n_iter // _N_FRAMES),
            progress=progress,
            n_jobs=n_jobs or "auto",
            **options,
        ).save()
    if animate is not None:
        draw_film(made, frames, animate, color_by=color_by, progress=BarProgress())
    _report(made, animate, json=json)


def _check_usage(method: Method, *, grow_from: str | None, place_on: str | None, animate: Path | None) -> None:
    """Raise if options are given that do not go together."""
    if grow_from is not None and place_on is not None:
        raise typer.BadParameter("grows, and --place-on keeps: give one of them.", param_hint="--grow-from")
    for name, given in (("--grow-from", grow_from), ("--place-on", place_on)):
        if given is not None and method is not Method.tsne:
            raise typer.BadParameter(f"goes with method tsne only, got {method.value}.", param_hint=name)
    if animate is not None and (method is not Method.tsne or place_on is not None):
        raise typer.BadParameter("only Firth's own t-SNE shows a map forming.", param_hint="--animate")


def _options(**given: object) -> dict[str, object]:
    """Return the options of a map, if they are ones."""
    from firth.errors import OptionError
    from firth.maps.options import MapOptions

    try:
        MapOptions(**given)  # type: ignore[arg-type]  # it checks every value itself
    except OptionError as error:
        raise typer.BadParameter(str(error)) from error
    return given


def _report(made: Run, film: Path | None, *, json: bool) -> None:
    """Print what was made; the exit status is 1 if it is not all."""
    from firth.cli.report import map_lines
    from firth.runs.mapping import is_interrupted

    about = made.metrics["map"]
    if json:
        print_json({"run": made.folder, "map": about, "film": film})
    else:
        for line in map_lines(about):
            answers().print(line)
        answers().print(f"[dim]stored in {made.folder}[/]", soft_wrap=True)
        if film is not None:
            answers().print(f"{film}", markup=False, soft_wrap=True)
    if is_interrupted(made):
        show(f"interrupted after {about['n_iter']} steps; the map as far as it came is stored.")
        raise typer.Exit(1)
