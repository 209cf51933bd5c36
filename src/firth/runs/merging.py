"""A run made again with its duplicates merged, and the sequences of a run's source."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from firth.corpus.intake import Intake
from firth.errors import OptionError, RunError
from firth.progress import Progress
from firth.runs.execute import run_recipe
from firth.runs.reading import read_intake
from firth.runs.recipe import Recipe
from firth.runs.resuming import has_password, recorded_recipe
from firth.runs.run import Run
from firth.vectors.merge_table import read_merges

if TYPE_CHECKING:
    from collections.abc import Sequence


def retrain_merged(
    run: Run,
    tables: Sequence[str | Path],
    *,
    out: str | Path | None = None,
    replace: bool = False,
    n_jobs: int | None = None,
    progress: Progress | None = None,
) -> Run:
    """Return a new run of the same recipe, with duplicates merged before they become items.

    Parameters
    ----------
    run
        A run that was made from a recipe. What that merged already stays merged.
    tables
        Edited tables of duplicates, one after the other.
    out
        A new folder; None: ``runs/NAME-N`` with the next free N.
    replace
        Whether a run that lies in ``out`` is removed first.
    n_jobs
        Threads; None: as the recipe says.
    progress
        Who hears how far it is; None: nobody.

    Raises
    ------
    DataError, SourceError
        If a table is not valid.
    RunError
        If the run was not made from a recipe, or the folder cannot be taken.
    OptionError
        If the recipe held a password, which is not kept.
    """
    for table in tables:
        read_merges(table)
    recipe = _recipe(run, "retrain", {})
    merge = [*recipe.vocabulary.merges, *map(str, tables)]
    overrides: dict[str, Any] = {"vocabulary.merge": merge[0] if len(merge) == 1 else merge}
    if n_jobs is not None:
        overrides["train.n_jobs"] = n_jobs
    return run_recipe(_recipe(run, "retrain", overrides), out=out, replace=replace, progress=progress)


def source_intake(run: Run, progress: Progress | None = None) -> Intake:
    """Return what the source of a run holds now, by its recipe.

    Raises
    ------
    RunError, OptionError
        If the run has no recipe, or one with a password.
    """
    return read_intake(_recipe(run, "read the source of", {}), progress)


def why_not_again(run: Run) -> str | None:
    """Return why a run cannot be made again with its duplicates merged; None where it can."""
    if run.folder is None or not run.document.get("recipe"):
        return (
            "it was not made from a recipe. Its duplicates can be listed and written; merge them where its vectors "
            "were trained, or make the run with firth run RECIPE."
        )
    if has_password(run.document):
        return (
            "its recipe holds a password, which run.json does not keep. Use: firth run RECIPE --set "
            "vocabulary.merge=merge.csv."
        )
    return None


def _recipe(run: Run, what: str, overrides: dict[str, Any]) -> Recipe:
    why = why_not_again(run)
    if why is not None:
        raise (OptionError if run.document.get("recipe") else RunError)(f"cannot {what} {run.name}: {why}")
    assert run.folder is not None  # or there is a reason why not
    return recorded_recipe(run.folder, overrides)
