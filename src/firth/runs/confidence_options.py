"""The section of a recipe that asks how often neighbours recur; what it does is ``confidence.py``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from firth.errors import OptionError

By = Literal["seed", "bootstrap"]


@dataclass(frozen=True, kw_only=True)
class ConfidenceOptions:
    """How often neighbours recur in other trainings.

    Parameters
    ----------
    members
        How many other trainings, at least 2: one alone cannot tell a neighbour that sometimes recurs from one that was
        lucky. 0: none, and nothing is measured.
    by
        What differs in them. ``"seed"``: what is drawn. ``"bootstrap"``: that, and the sequences, drawn with
        replacement.
    k
        How many nearest are compared, >= 1.
    """

    members: int = 0
    by: By = "seed"
    k: int = 10

    def __post_init__(self) -> None:
        if not _is_whole(self.members) or self.members < 0 or self.members == 1:
            raise OptionError(f"members must be 0 (no confidence) or >= 2, got {self.members!r}.")
        if self.by not in get_args(By):
            raise OptionError(f"by must be 'seed' or 'bootstrap', got {self.by!r}.")
        if not _is_whole(self.k) or self.k < 1:
            raise OptionError(f"k must be >= 1, got {self.k!r}.")


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
