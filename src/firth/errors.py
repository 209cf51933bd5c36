"""Every error that Firth raises, so that callers can catch broadly or narrowly.

    FirthError
    ├── OptionError            (ValueError)         an option or a recipe's key outside its range
    ├── DataError              (ValueError)         data that cannot be used as given: empty, wrong shape or type
    ├── SourceError            (ValueError)         a source that was found but could not be read
    │   ├── SourceNotFoundError  (FileNotFoundError)  no such file
    │   └── ReadOnlyError        (PermissionError)    a query that could write was refused
    ├── UnknownItemError       (KeyError)           a key that is not in the vocabulary
    ├── DivergenceError        (ArithmeticError)    training left the range of finite numbers, or grows worse and worse
    ├── RunError               (OSError)            a run folder that is missing, damaged, unfinished or unwritable
    ├── ClusterError           (RuntimeError)       a cluster that does not answer, or whose machines do not fit
    └── MissingExtraError      (ImportError)        an optional package that is not installed

A message states the rule, what came, and the way out, in one or two sentences. There is no logic here besides
wording, to which belongs finding the names that come closest.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Self


class FirthError(Exception):
    """Any error that this library raises on purpose."""


class OptionError(FirthError, ValueError):
    """An option, or a recipe's key, that is unknown or outside its range."""


class DataError(FirthError, ValueError):
    """Data that cannot be used as given: empty, of the wrong shape or type, not finite."""


class SourceError(FirthError, ValueError):
    """A source that was found but could not be read: table, column, syntax, format."""


class SourceNotFoundError(SourceError, FileNotFoundError):
    """No file lies at the path that was given."""


class ReadOnlyError(SourceError, PermissionError):
    """A query that is not one plain SELECT; sources are only ever read."""


class UnknownItemError(FirthError, KeyError):
    """A key that is not in the vocabulary; the message names the closest that are."""

    def __init__(self, key: str, closest: Sequence[str] = ()) -> None:
        self.key = key
        self.closest = tuple(closest)
        names = ", ".join(repr(name) for name in self.closest)
        super().__init__(f"unknown item {key!r}." + (f" Closest: {names}." if names else ""))

    @classmethod
    def several(cls, unknown: Sequence[tuple[str, Sequence[str]]], n_unknown: int) -> Self:
        """Return one error for several keys: each with what comes closest, and how many there are where not all are."""
        error = cls(*unknown[0])
        shown = ", ".join(
            f"{key!r}" + (f" (closest: {', '.join(map(repr, near))})" if near else "") for key, near in unknown
        )
        more = n_unknown - len(unknown)
        error.args = (f"unknown items {shown}" + (f" and {more:,} more." if more else "."),)
        return error

    def __str__(self) -> str:
        # KeyError would show the message's repr.
        return str(self.args[0])


class DivergenceError(FirthError, ArithmeticError):
    """Training diverged; the message names the step, the learning rate and a remedy."""


class RunError(FirthError, OSError):
    """A run folder that is missing, damaged, unfinished or unwritable."""


class ClusterError(FirthError, RuntimeError):
    """A cluster that does not answer, machines that do not fit together, or work that was lost with its machine."""


class MissingExtraError(FirthError, ImportError):
    """An optional package that is not installed; the message says what to install."""

    def __init__(self, what: str, package: str, extra: str, *, install: str | None = None) -> None:
        wanted = install or f"'firth[{extra}]'"
        super().__init__(f"{what} needs {package}: pip install {wanted}.")


def closest(name: str, known: Iterable[str], *, n: int = 1) -> list[str]:
    """Return at most ``n`` of the ``known`` names that are spelled like ``name``, letter case aside, the best first."""
    names = list(known)
    by_folded = {candidate.casefold(): candidate for candidate in names}
    found = difflib.get_close_matches(name.casefold(), list(by_folded), n=n, cutoff=0.5)
    return [by_folded[match] for match in found]
