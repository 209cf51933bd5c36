"""Making runs: from a recipe, or from data that a package ships."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firth.cli.arguments import JobsOption, JsonOption, SeedOption
from firth.cli.errors import show
from firth.cli.terminal import print_json

if TYPE_CHECKING:
    from firth.runs.recipe import Recipe
    from firth.runs.run import Run

RUN_EXAMPLE = "Example: firth run bands --set source.uri=sqlite:////data/reviews.sqlite --set train.vector_size=32"
DEMO_EXAMPLE = "Example: firth demo groceries --out runs/groceries"

OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="A new folder for the run.", show_default="runs/NAME-N, the next free N"),
]


class DemoName(StrEnum):
    """The data sets that come in packages."""

    movielens = "movielens"
    groceries = "groceries"
    words = "words"


ReplaceOption = Annotated[bool, typer.Option("--replace", help="Remove the run that lies in DIR first.")]


def run(
    recipe: Annotated[
        str,
        typer.Argument(metavar="RECIPE", help="A TOML file, or a shipped recipe: bands.", show_default=False),
    ],
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Replace a value of the recipe, such as train.epochs=10. May be repeated.",
            show_default=False,
        ),
    ] = None,
    out: OutOption = None,
    replace: ReplaceOption = False,
    n_jobs: JobsOption = None,
    seed: SeedOption = None,
    json: JsonOption = False,
) -> None:
    """Make a run from a recipe.

    It reads the source, trains, measures, clusters, maps and draws, and ends with a report.

    Relative paths in a recipe are relative to the working directory. Ctrl-C while training keeps what was reached.
    """
    from firth.progress import BarProgress
    from firth.runs.execute import run_recipe

    chosen = _recipe(recipe, settings or [], n_jobs=n_jobs, seed=seed)
    _report(run_recipe(chosen, out=out, replace=replace, progress=BarProgress()), json=json)


def demo(
    name: Annotated[
        DemoName, typer.Argument(metavar="[movielens|groceries|words]", help="Which data.")
    ] = DemoName.movielens,
    out: OutOption = None,
    replace: ReplaceOption = False,
    n_jobs: JobsOption = None,
    seed: SeedOption = None,
    json: JsonOption = False,
) -> None:
    """Make a run from real data that a Python package ships.

    It ends with a report and a few questions.

    Tables are written into the run's folder as a SQLite file, and read from there as any other would be. Words are the
    leads of Wikipedia's vital articles, fetched once.
    """
    from firth.cli.tour import print_tour
    from firth.progress import BarProgress
    from firth.runs.demo import run_demo

    made = run_demo(
        name.value,
        out=out,
        replace=replace,
        n_jobs=n_jobs or "auto",
        seed=1 if seed is None else seed,
        progress=BarProgress(),
    )
    _report(made, json=json)
    if not json:
        print_tour(made, name.value)


def _recipe(recipe: str, settings: list[str], *, n_jobs: int | None, seed: int | None) -> Recipe:
    """Return the recipe with the command line's values in it.

    A recipe that is wrong by itself is a failure; one that the command line made wrong is wrong usage.
    """
    from firth.errors import OptionError
    from firth.runs.overrides import parse_overrides
    from firth.runs.recipe import Recipe

    given: dict[str, Any] = {"train.n_jobs": n_jobs, "train.seed": seed}
    fallback = OptionError("")
    try:
        overrides = {**parse_overrides(settings), **{key: value for key, value in given.items() if value is not None}}
        return Recipe.load(recipe, overrides=overrides)
    except OptionError as error:
        fallback = error
    Recipe.load(recipe)
    raise typer.BadParameter(str(fallback), param_hint="--set") from fallback


def _report(run: Run, *, json: bool) -> None:
    """Print what was made; the exit status is 1 if it is not all."""
    from firth.cli.report import print_report

    if json:
        print_json({"run": run.folder, **run.document})
    else:
        assert run.folder is not None
        print_report(run.folder, run.document)
    if run.status != "complete":
        show(f"{run.document['error']}. What was reached is in {run.folder}.")
        raise typer.Exit(1)
