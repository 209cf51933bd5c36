"""Runs from real data that Python packages ship, by shipped recipes: tables by way of a database, a text as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from firth.errors import OptionError
from firth.progress import Progress, SilentProgress
from firth.runs.claiming import claim, claim_next
from firth.runs.execute import execute
from firth.runs.recipe import Recipe
from firth.runs.run import Run
from firth.runs.sharing import share
from firth.runs.training import How
from firth.runs.typed import unknown
from firth.sources.packaged import write_groceries, write_movielens


@dataclass(frozen=True, kw_only=True)
class Demo:
    """A data set, and the questions that show what its run knows.

    Attributes
    ----------
    write
        Writes the data as a SQLite file; None: the recipe itself names the package.
    neighbors
        Keys to show the neighbours of.
    plus, minus
        Keys of one sum.
    """

    write: Callable[[Path], None] | None
    neighbors: tuple[str, ...]
    plus: tuple[str, ...]
    minus: tuple[str, ...]


DEMOS: Mapping[str, Demo] = MappingProxyType(
    {
        "movielens": Demo(
            write=write_movielens,
            neighbors=("Toy Story (1995)", "Pulp Fiction (1994)", "Alien (1979)"),
            plus=("Alien (1979)", "Toy Story (1995)"),
            minus=("Terminator 2: Judgment Day (1991)",),
        ),
        "groceries": Demo(
            write=write_groceries,
            neighbors=(
                "hot dog buns, 11 oz [1098066]",
                "mexican taco tostado shells, 12 ct [982833]",
                "layer cake mix, 18.25 oz [989935]",
            ),
            plus=("hot dog buns, 11 oz [1098066]", "lean [1044078]"),
            minus=("bananas, 40 lb [1082185]",),
        ),
        "words": Demo(write=None, neighbors=("eight", "river", "painter"), plus=("his", "she"), minus=("he",)),
    }
)


def run_demo(
    name: str,
    *,
    out: Path | None = None,
    replace: bool = False,
    seed: int = 1,
    n_jobs: int | Literal["auto"] = "auto",
    progress: Progress | None = None,
) -> Run:
    """Return a run of packaged data; its folder also holds the data, as NAME.sqlite, if it consists of tables.

    Raises
    ------
    OptionError
        If there is no such demo.
    MissingExtraError
        If the package with the data is not installed.
    SourceError
        If the package with a text can neither be found nor fetched.
    RunError
        If the folder holds something else, or cannot be written.
    """
    if name not in DEMOS:
        raise OptionError(unknown("demo", name, DEMOS))
    if out is None:
        folder = claim_next(name)
    else:
        folder = out
        claim(folder, replace=replace, disposable=[f"{name}.sqlite"])
    overrides: dict[str, object] = {"train.seed": seed, "train.n_jobs": n_jobs}
    write = DEMOS[name].write
    if write is not None:
        database = folder.resolve() / f"{name}.sqlite"
        try:
            with (progress or SilentProgress()).task("writing", total=1) as task:
                write(database)
                share(database, database.parent.parent)
                task.update(1, text=database.name)
        except BaseException:
            with suppress(OSError):
                folder.rmdir()
            raise
        overrides["source.uri"] = f"sqlite:///{database}"
    return execute(Recipe.load(name, overrides=overrides), folder, how=How(progress=progress))
