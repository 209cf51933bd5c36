"""Going on with a run that was killed, interrupted or failed: which one, and whether it is the same that is asked for.

What was asked for must be what ``run.json`` says, threads aside, and so must the data be; everything else is refused
with what differs. The state of training itself lies in the checkpoint (``training/checkpoint.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from firth.corpus.corpus import Corpus
from firth.errors import OptionError, RunError
from firth.progress import Progress, SilentProgress
from firth.runs import folder as files
from firth.runs.claiming import UNFINISHED
from firth.runs.listing import list_runs
from firth.runs.overrides import override
from firth.runs.recipe import Recipe
from firth.runs.record import without_passwords

_HIDDEN = "***"  # what stands for a password
_FREE = ("train.n_jobs", "train.model_storage")  # may differ: the bytes do not


def reopen(folder: Path) -> dict[str, Any] | None:
    """Return the document of the run that lies in a folder, or None where nothing does yet.

    Raises
    ------
    RunError
        If something else lies there, or the run is still being made.
    """
    if not folder.is_dir() or not any(not files.is_partial(path.name) for path in folder.iterdir()):
        return None
    document = files.read_document(folder)
    process = document.get("process") or {}
    if files.state(document) == "running":
        raise RunError(
            f"{folder} is still being made, by process {process.get('pid')} on {process.get('host')}. Wait for it, or "
            'end it; if it has ended, set "status" to "failed" in the folder\'s run.json.'
        )
    files.remove_partial(folder)
    return document


def newest_unfinished(name: str, *, root: Path = Path("runs")) -> Path:
    """Return the folder ``root/NAME-N`` of the highest N whose run has not finished.

    Raises
    ------
    RunError
        If there is none.
    """
    numbers = {
        int(run.folder.name.removeprefix(f"{name}-")): run.folder
        for run in list_runs(root)
        if run.state in UNFINISHED and run.folder.name.removeprefix(f"{name}-").isdecimal()
    }
    if not numbers:
        raise RunError(
            f"there is no unfinished run of {name!r} in {root}. Begin one without --resume, or name its folder: --out."
        )
    return numbers[max(numbers)]


def recorded_recipe(folder: Path, overrides: Mapping[str, Any]) -> Recipe:
    """Return the recipe that a run was made from, as its ``run.json`` has it, with values replaced.

    Raises
    ------
    RunError
        If the run was not made from a recipe.
    OptionError
        If the recipe held a password, which is not kept.
    """
    document = files.read_document(folder)
    if has_password(document):
        raise OptionError(
            f"the recipe of {folder} holds a password, which run.json does not keep. Give the RECIPE again."
        )
    return Recipe.from_dict(
        override(_recipe_of(document, folder), overrides), name=str(document.get("recipe_name") or document["name"])
    )


def has_password(document: Mapping[str, Any]) -> bool:
    """Return whether a run's recipe held a password, which ``run.json`` does not keep."""
    return _HIDDEN in str((document.get("recipe") or {}).get("source", {}).get("uri", ""))


def check_recipe(document: Mapping[str, Any], recipe: Recipe, folder: Path) -> None:
    """Raise RunError unless a run was made from this recipe."""
    try:
        recorded = Recipe.from_dict(_recipe_of(document, folder), name=recipe.name).to_dict()
    except OptionError as error:
        raise RunError(f"{folder} was made by another version, whose recipe this one refuses: {error}") from error
    _refuse(_differences(recorded, without_passwords(recipe.to_dict())), folder)


def check_options(document: Mapping[str, Any], asked: Mapping[str, Any], folder: Path) -> None:
    """Raise RunError unless a run was trained with these options."""
    if document.get("recipe") is not None:
        raise RunError(f"{folder} was made from a recipe; resume it with run_recipe(..., resume=True).")
    recorded = (document.get("training") or {}).get("asked")
    if recorded is not None:
        _refuse(_differences({"train": recorded}, {"train": asked}), folder)


def check_data(document: Mapping[str, Any], corpus: Corpus, folder: Path) -> None:
    """Raise RunError unless a run was trained on this corpus."""
    recorded = (document.get("corpus") or {}).get("fingerprint")
    if recorded is not None and recorded != corpus.fingerprint:
        raise RunError(
            f"{folder} was begun with other data: its fingerprint was {recorded[:16]}…, now it is "
            f"{corpus.fingerprint[:16]}…. Bring the data back, or begin anew with --replace."
        )


def is_trained(document: Mapping[str, Any] | None) -> bool:
    """Return whether a run's training has ended and its vectors are safe."""
    return ((document or {}).get("training") or {}).get("status") == "complete"


def tell(progress: Progress | None, line: str) -> None:
    """Say what becomes of a run that is resumed."""
    with (progress or SilentProgress()).task("resuming", total=1) as task:
        task.say(line)


def _recipe_of(document: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    recipe = document.get("recipe")
    if not isinstance(recipe, dict):
        raise RunError(f"{folder} was not made from a recipe; resume it with firth.train(..., resume=True).")
    return recipe


def _refuse(differences: list[str], folder: Path) -> None:
    if differences:
        raise RunError(
            f"{folder} was begun with other options: {'; '.join(differences)}. Resume with those it was begun with, or "
            "begin anew with --replace."
        )


def _differences(there: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    old, new = dict(_flat(files.plain(there))), dict(_flat(files.plain(here)))
    return [
        f"{name} was {old.get(name)!r}, now it is {new.get(name)!r}"
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name) and name not in _FREE
    ]


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
