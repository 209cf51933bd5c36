"""A recipe's source, split into what is trained and what is asked about, the same in every step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from firth.corpus.splitting import Split, split
from firth.runs.reading import read_intake
from firth.runs.recipe import Recipe


def split_of(tables: Mapping[str, Any], name: str) -> Split:
    """Return the split of the source that a recipe, as plain values, names."""
    recipe = Recipe.from_dict(tables, name=name)
    assert recipe.holdout is not None  # recipes.recipe_of gave it one
    return split(read_intake(replace(recipe, holdout=None), None), recipe.holdout)
