"""Tables of plain values (TOML, JSON) become frozen dataclasses, and every mistake gets a message.

Only what the dataclass declares is accepted: an unknown key is refused with the closest name that exists, a value of
another type with the key that held it. Ranges are the dataclass's own business.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from firth.errors import OptionError, closest

T = TypeVar("T")

_WORDS = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Return the sentences that refuse ``name``: with the closest known name, or with all of them."""
    names = list(known)
    near = closest(name, names)
    hint = f"Closest: {near[0]!r}." if near else f"Known: {', '.join(names)}."
    return f"unknown {what} {name!r}. {hint}"


def from_table(kind: type[T], table: Mapping[str, Any], *, where: str) -> T:
    """Return a dataclass made of a table's values.

    Parameters
    ----------
    kind
        The dataclass.
    table
        Its values by field name. Lists become tuples where the field is a tuple, whole numbers become floats where it
        is a float.
    where
        The table's name, for messages: ``train`` makes ``train.vector_size``.

    Raises
    ------
    OptionError
        If a key is unknown, a value is of another type, or the dataclass refuses it.
    """
    hints = get_type_hints(kind)
    # A field such as from_ is spelled with an underscore only because Python keeps the word.
    names = {field.name.removesuffix("_"): field.name for field in fields(kind) if field.init}  # type: ignore[arg-type]  # T is a dataclass
    known = list(names)
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            raise OptionError(unknown("key", f"{where}.{key}", [f"{where}.{name}" for name in known]))
        values[names[key]] = _convert(value, hints[names[key]], f"{where}.{key}")
    try:
        return kind(**values)
    except OptionError as error:
        raise OptionError(f"[{where}] {error}") from error
    except TypeError as error:
        missing = [name for name in known if names[name] not in values]
        raise OptionError(f"[{where}] lacks one of: {', '.join(missing)}.") from error


def _convert(value: Any, hint: Any, where: str) -> Any:  # noqa: ANN401 (values of any type are the point)
    for option in _alternatives(hint):
        converted, fits = _fit(value, option)
        if fits:
            return converted
    raise OptionError(f"{where} must be {_describe(hint)}, got {value!r}.")


def _alternatives(hint: Any) -> tuple[Any, ...]:  # noqa: ANN401
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _fit(value: Any, hint: Any) -> tuple[Any, bool]:  # noqa: ANN401
    """Return the value as the hint wants it, and whether it does."""
    if get_origin(hint) is Literal:
        return value, any(value == choice and type(value) is type(choice) for choice in get_args(hint))
    if get_origin(hint) is tuple:
        kinds = get_args(hint)
        if not isinstance(value, list | tuple):
            return value, False
        if kinds[-1] is Ellipsis:
            kinds = kinds[:1] * len(value)
        fitted = [_fit(entry, kind) for entry, kind in zip(value, kinds, strict=False)]
        fits = len(kinds) == len(value) and all(fits for _, fits in fitted)
        return (tuple(entry for entry, _ in fitted), True) if fits else (value, False)
    if get_origin(hint) is Mapping:
        if not isinstance(value, Mapping):
            return value, False
        entries = {str(key): _fit(entry, get_args(hint)[1]) for key, entry in value.items()}
        fits = all(fits for _, fits in entries.values())
        return ({key: entry for key, (entry, _) in entries.items()}, True) if fits else (value, False)
    if hint is type(None):
        return value, value is None
    if hint is float:
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        return (float(value), True) if fits else (value, False)
    if hint is int:
        return value, isinstance(value, int) and not isinstance(value, bool)
    return value, isinstance(hint, type) and isinstance(value, hint)


def _describe(hint: Any) -> str:  # noqa: ANN401
    words: list[str] = []
    for option in _alternatives(hint):
        if get_origin(option) is Literal:
            words += [repr(choice) for choice in get_args(option)]
        elif get_origin(option) is tuple:
            words.append(_describe_list(get_args(option)))
        elif get_origin(option) is Mapping:
            words.append(f"a table, each entry {_describe(get_args(option)[1])}")
        elif option is not type(None):
            words.append(_WORDS.get(option, str(option)))
    return " or ".join(words)


def _describe_list(kinds: tuple[Any, ...]) -> str:
    plural = {int: "whole numbers", float: "numbers", str: "texts"}.get(kinds[0], "values")
    return f"a list of {plural}" if kinds[-1] is Ellipsis else f"a list of {len(kinds)} {plural}"
