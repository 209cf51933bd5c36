"""Making runs: from a recipe, or from data that a package ships."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firth.cli.arguments import ClusterOption, JobsOption, JsonOption, SeedOption, open_cluster
from firth.cli.errors import note, show
from firth.cli.terminal import print_json

if TYPE_CHECKING:
    from firth.cluster.connection import Cluster
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
        str | None,
        typer.Argument(
            metavar="RECIPE",
            help="A TOML file, or a shipped recipe: bands, playlists, words. To resume DIR, it may be left out.",
            show_default="required",
        ),
    ] = None,
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
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in DIR, or with the recipe's newest unfinished one.")
    ] = False,
    checkpoint_s: Annotated[
        float, typer.Option("--checkpoint-s", min=0, metavar="S", help="Seconds between two checkpoints, at least.")
    ] = 60.0,
    cluster: ClusterOption = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            min=1,
            metavar="N",
            help="Processes that train, on the machines of the cluster.",
            show_default="one for each machine",
        ),
    ] = None,
    tensorboard: Annotated[
        Path | None,
        typer.Option(
            "--tensorboard",
            metavar="DIR",
            help="Write losses there while it trains, then the vectors, for tensorboard --logdir DIR.",
            show_default=False,
        ),
    ] = None,
    n_jobs: JobsOption = None,
    seed: SeedOption = None,
    json: JsonOption = False,
) -> None:
    """Make a run from a recipe.

    It reads the source, trains, measures, clusters, maps and draws, and ends with a report.

    Relative paths in a recipe are relative to the working directory. Ctrl-C while training keeps what was reached.

    A run that was killed, interrupted or failed goes on with `--resume`, from its last checkpoint; its bytes are those
    of a run that was not. Recipe, `--set` and data must be what they were; a complete run is left as it is.
    """
    from firth.progress import BarProgress
    from firth.runs.execute import run_recipe

    if resume and replace:
        raise typer.BadParameter(
            "goes on with a run, and --replace removes it: give one of them.", param_hint="--resume"
        )
    if recipe is None and not (resume and out is not None):
        raise typer.BadParameter("Missing argument: only --resume with --out does without.", param_hint="RECIPE")
    if workers is not None and cluster is None:
        raise typer.BadParameter("goes with --cluster.", param_hint="--workers")
    chosen = _recipe(recipe, settings or [], n_jobs=n_jobs, seed=seed, folder=out)
    with ExitStack() as stack:
        board = None
        if tensorboard is not None:
            from firth.runs.tensorboard import TensorBoard

            board = stack.enter_context(TensorBoard(tensorboard, BarProgress()))
        made = run_recipe(
            chosen,
            out=out,
            replace=replace,
            resume=resume,
            checkpoint_s=checkpoint_s,
            progress=board or BarProgress(),
            **_on_cluster(stack.enter_context(open_cluster(cluster)), workers, chosen),
        )
        if board is not None:
            board.project(made)
    _report(made, json=json)


def _on_cluster(cluster: Cluster | None, workers: int | None, recipe: Recipe) -> dict[str, Any]:
    """Return who reads, trains, and trains members for confidence, where that is a cluster."""
    if cluster is None:
        return {}
    from firth.cluster.encoding import ClusterReader
    from firth.cluster.training import cluster_trainer
    from firth.cluster.trials import Trials

    if recipe.train.machines == 1:
        note(
            "train.machines is 1, so the training itself is this process's. With --set train.machines=8, up to eight "
            "workers share it; the vectors are then those of eight machines, on a cluster or not."
        )
    return {
        "mapper": Trials(cluster),
        "reader": ClusterReader(cluster),
        "trainer": cluster_trainer(cluster, n_workers=workers),
    }


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


def recipe_with(recipe: str, settings: list[str]) -> Recipe:
    """Return a recipe with the command line's values in it."""
    return _recipe(recipe, settings, n_jobs=None, seed=None, folder=None)


def _recipe(
    recipe: str | None, settings: list[str], *, n_jobs: int | None, seed: int | None, folder: Path | None
) -> Recipe:
    """Return the recipe with the command line's values in it; without one, the recipe of the run in the folder.

    A recipe that is wrong by itself is a failure; one that the command line made wrong is wrong usage.
    """
    from firth.errors import OptionError
    from firth.runs.overrides import parse_overrides
    from firth.runs.recipe import Recipe
    from firth.runs.resuming import recorded_recipe

    def load(overrides: Mapping[str, Any]) -> Recipe:
        if recipe is not None:
            return Recipe.load(recipe, overrides=overrides)
        assert folder is not None  # else there would be no recipe at all
        return recorded_recipe(folder, overrides)

    given: dict[str, Any] = {"train.n_jobs": n_jobs, "train.seed": seed}
    fallback = OptionError("")
    try:
        overrides = {**parse_overrides(settings), **{key: value for key, value in given.items() if value is not None}}
        return load(overrides)
    except OptionError as error:
        fallback = error
    load({})
    raise typer.BadParameter(str(fallback), param_hint="--set") from fallback


def _report(run: Run, *, json: bool) -> None:
    """Print what was made; the exit status is 1 if it is not all."""
    from firth.cli.report import print_report
    from firth.runs.resuming import has_password

    if json:
        print_json({"run": run.folder, **run.document})
    else:
        assert run.folder is not None
        print_report(run.folder, run.document)
    if run.status != "complete":
        recipe = "RECIPE " if has_password(run.document) else ""
        show(
            f"{run.document['error']}. What was reached is in {run.folder}. "
            f"Go on with: firth run {recipe}--resume --out {shlex.quote(str(run.folder))}"
        )
        raise typer.Exit(1)
