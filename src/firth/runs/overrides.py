"""Values that take the place of a recipe's own, by dotted key, as the command line gives them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from firth.errors import OptionError
from firth.runs.typed import unknown

SECTIONS = (
    *("source", "contexts", "vocabulary", "holdout", "start", "train"),
    *("recommend", "tags", "confidence", "clusters", "map", "plots"),
)
_EXCLUSIVE = (("source.uri", "source.path", "source.package"), ("train.min_count", "vocabulary.min_count"))


def override(tables: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return tables in which the values at dotted keys are replaced.

    One source takes the place of another: ``source.path`` removes ``source.uri`` and ``source.package``; so do the two
    places of ``min_count``. None removes the key, which then has its default.

    Raises
    ------
    OptionError
        If a key has no section, or names a context that is not there.
    """
    result = deepcopy(dict(tables))
    for key, value in overrides.items():
        table, name = _place(result, key)
        if value is None:
            table.pop(name, None)
            continue
        table[name] = value
        for other in next((keys for keys in _EXCLUSIVE if key in keys), ()):
            if other not in overrides:
                section, _, name = other.partition(".")
                result.get(section, {}).pop(name, None)
    return result


def _place(tables: dict[str, Any], key: str) -> tuple[dict[str, Any], str]:
    """Return the table that a dotted key lies in, and the key's last part."""
    section, *path = key.split(".")
    if section not in SECTIONS:
        raise OptionError(unknown("key", section, SECTIONS))
    if not path or (section == "contexts") != (len(path) == 2):
        pattern = "contexts.NAME.KEY" if section == "contexts" else f"{section}.KEY"
        raise OptionError(f"{key!r} does not name one value; the form is {pattern}.")
    table = tables.setdefault(section, {})
    if section == "contexts":
        if path[0] not in table:
            raise OptionError(unknown("context", path[0], table))
        table = table[path[0]]
    if not isinstance(table, dict):
        raise OptionError(f"{key!r} cannot be set: {section} is not a table in this recipe.")
    return table, path[-1]


def parse_overrides(settings: Sequence[str]) -> dict[str, Any]:
    """Return values by dotted key from texts such as ``train.vector_size=100``.

    A value is read as TOML (``100``, ``0.025``, ``true``, ``["genre"]``) and, where it is none, as the text it is.
    Nothing after the ``=`` is None: the recipe's own value is left out.

    Raises
    ------
    OptionError
        If a text has no ``=``.
    """
    return dict(_parse_override(setting) for setting in settings)


def _parse_override(setting: str) -> tuple[str, Any]:
    key, equals, raw = setting.partition("=")
    if not equals or not key.strip():
        raise OptionError(f"--set takes KEY=VALUE, such as train.vector_size=100, got {setting!r}.")
    if not raw.strip():
        return key.strip(), None
    try:
        parsed = tomllib.loads(f"value = {raw}")
    except tomllib.TOMLDecodeError:
        return key.strip(), raw
    return key.strip(), parsed["value"] if len(parsed) == 1 else raw
