"""A recipe as TOML, short: what differs from the defaults, so that a person can read it and ``firth run`` takes it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any

from firth.runs.overrides import SECTIONS
from firth.runs.recipe import Recipe
from firth.runs.record import without_passwords


def recipe_toml(recipe: Recipe, *, keep: Collection[str] = (), head: str = "") -> str:
    """Return the text of a recipe's file.

    Parameters
    ----------
    recipe
        The recipe. A password in its source becomes ``***``.
    keep
        Dotted keys that are written also where they have the default.
    head
        Lines that stand above, as comments.
    """
    tables = without_passwords(recipe.to_dict())
    bare = Recipe.from_dict({"source": recipe.to_dict()["source"], "contexts": tables["contexts"]}, name="").to_dict()
    lines = [f"# {line}".rstrip() for line in head.splitlines()]
    for section in SECTIONS:
        found = tables.get(section) or {}
        if section == "contexts":
            for name, context in found.items():
                plain = _Defaults(recipe.contexts[name])
                lines += ["", f"[contexts.{_key(name)}]", *_lines(plain.without(context))]
            continue
        if section == "source":
            found = _Defaults(recipe.source).without(found)
        else:
            defaults = bare.get(section) or {}
            found = {
                key: value
                for key, value in found.items()
                if f"{section}.{key}" in keep or section == "holdout" or value != defaults.get(key)
            }
        if found:
            lines += ["", f"[{section}]", *_lines(found)]
    return "\n".join(lines).lstrip("\n") + "\n"


class _Defaults:
    """The defaults of a section's keys."""

    def __init__(self, section: Any) -> None:  # noqa: ANN401 (one of several dataclasses)
        self._values = {each.name: each.default for each in fields(section)}

    def without(self, table: Mapping[str, Any]) -> dict[str, Any]:
        """Return a table without what is the default anyway."""
        return {
            key: value for key, value in table.items() if key == "sequence" or self._values.get(key, table) != value
        }


def _lines(table: Mapping[str, Any]) -> list[str]:
    return [f"{_key(key)} = {_value(value)}" for key, value in table.items()]


def _key(key: str) -> str:
    is_bare = key.replace("_", "").replace("-", "").isalnum() and key.isascii()
    return key if is_bare else _text(key)


def _value(value: Any) -> str:  # noqa: ANN401 (TOML is any of several types)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(each) for each in value) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(_lines(value)) + "}"
    if isinstance(value, int | float):
        return repr(value)
    raise TypeError(f"a recipe has no value of type {type(value).__name__}")


def _text(text: str) -> str:
    """Return a basic string: JSON's escapes are TOML's, but for the delete character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
