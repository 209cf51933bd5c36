"""From a flow's parameters to recipes: one that is asked for, and one per candidate."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from firth.corpus.contexts import Sequences
from firth.corpus.splitting import Holdout, Split
from firth.errors import OptionError
from firth.runs.recipe import Recipe
from firth.runs.sections import ClusterOptions, MapSection, PlotOptions
from firth.runs.tuning.space import tuned

_DATABASES = ("sqlite://", "postgresql://", "postgres://", "duckdb://")

GRID = (
    {"train.vector_size": 48},
    {"train.vector_size": 100},
    {"train.vector_size": 48, "train.window": [10, 0]},
)
"""The candidates where none are given: few, and quickly trained."""


def recipe_of(name: str, *, source: str | None, settings: str) -> Recipe:
    """Return the recipe that a flow is asked to run; it holds sequences out.

    Parameters
    ----------
    name
        A TOML file, or a recipe that the package ships.
    source
        The file or, with ``://``, the database to read; None: the recipe's own.
    settings
        JSON of values by dotted key.

    Raises
    ------
    OptionError
        If the settings are not JSON of values by key, or the recipe has no ordered context.
    """
    values = dict(_object(settings, "set"))
    if source is not None:
        values["source.uri" if source.startswith(_DATABASES) else "source.path"] = source
    recipe = Recipe.load(name, overrides=values)
    if not any(isinstance(context, Sequences) for context in recipe.declared.values()):
        raise OptionError(f"the flows ask what comes next in sequences, and {name} has no ordered context.")
    return recipe if recipe.holdout is not None else replace(recipe, holdout=Holdout())


def candidate(recipe: Recipe, settings: Mapping[str, Any]) -> Recipe:
    """Return a recipe with a candidate's settings, that trains and makes nothing more."""
    return replace(
        tuned(recipe, settings), clusters=ClusterOptions(), map=MapSection(enabled=False), plots=PlotOptions()
    )


def grid_of(text: str) -> list[dict[str, Any]]:
    """Return the candidates that JSON describes; a setting that names no section is one of ``[train]``.

    Raises
    ------
    OptionError
        If it is not a list of at least one set of values by key.
    """
    if not text:
        return [dict(each) for each in GRID]
    try:
        entries = json.loads(text)
    except ValueError as error:
        raise OptionError(f"grid must be JSON, got {text[:80]!r} ({error}).") from error
    if not isinstance(entries, list) or not entries or not all(isinstance(each, dict) and each for each in entries):
        raise OptionError(f'grid must be a list of settings such as [{{"train.epochs": 10}}], got {text[:80]!r}.')
    return [{_dotted(key): value for key, value in each.items()} for each in entries]


def suggestions(recipe: Recipe, n: int, *, parts: Split, seed: int) -> list[dict[str, Any]]:
    """Return ``n`` candidates that Optuna suggests at once, the recipe's own settings first.

    Raises
    ------
    OptionError
        If ``n`` < 1.
    MissingExtraError
        If Optuna is not installed.
    """
    from firth.runs.tuning.options import TuneOptions
    from firth.runs.tuning.space import space_of
    from firth.runs.tuning.study import suggested

    if n < 1:
        raise OptionError(f"suggestions must be >= 1, got {n}.")
    space = space_of(recipe, parts.context, TuneOptions(seed=seed), rarest=int(parts.sequences.counts.min()))
    return [space.own(recipe), *suggested(space, n - 1, seed=seed)]


def _dotted(key: str) -> str:
    if "." in key:
        return key
    return f"vocabulary.{key}" if key == "min_count" else f"train.{key}"


def _object(text: str, name: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise OptionError(f"{name} must be JSON, got {text[:80]!r} ({error}).") from error
    if not isinstance(found, dict):
        raise OptionError(f'{name} must be values by key such as {{"train.epochs": 10}}, got {text[:80]!r}.')
    return found
