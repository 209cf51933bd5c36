"""How a run answers what goes with some items: what the prediction is joined with, and what is said without one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from firth.errors import OptionError

Cold = Literal["refuse", "popularity", "group"]


@dataclass(frozen=True, kw_only=True)
class RecommendOptions:
    """How ``recommend`` answers.

    Parameters
    ----------
    blend
        Share of counted co-occurrence in each item's prediction, from 0, the model alone, to 1, the counts alone. A
        model knows what it has hardly seen, counts know exactly what they saw often; together they beat either
        (``benchmarks/RESULTS.md``).
    window
        How many places to either side are counted, each as 1 / distance.
    decay
        How much less an item counts the farther back it stands in the query: the d-th last by d ** -decay. 0: alike.
    cold
        The answer to a query of which no item is known: ``"refuse"``, an error; ``"popularity"``, what occurs most;
        ``"group"``, what goes with the known items of the same group, or, without any, what occurs most.
    group
        The unordered context that says the group, such as an artist; of an unknown item, too.

    Raises
    ------
    OptionError
        If a value is outside its range.
    """

    blend: float = 0.0
    window: int = 10
    decay: float = 0.0
    cold: Cold = "refuse"
    group: str | None = None

    def __post_init__(self) -> None:
        _check_float("blend", self.blend, high=1.0)
        _check_float("decay", self.decay, high=10.0)
        if type(self.window) is not int or self.window < 1:
            raise OptionError(f"window must be a whole number >= 1, got {self.window!r}.")
        if self.cold not in get_args(Cold):
            raise OptionError(f"cold must be one of {', '.join(map(repr, get_args(Cold)))}, got {self.cold!r}.")
        if (self.cold == "group") != (self.group is not None):
            raise OptionError("cold = 'group' and group, the name of an unordered context, go together: give both.")

    @property
    def is_plain(self) -> bool:
        """Whether the answer is the model's own prediction, from the mean of the query's vectors."""
        return self.blend == 0 and self.decay == 0


def _check_float(name: str, value: object, *, high: float) -> None:
    is_bad = not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value)
    if is_bad or not 0 <= value <= high:  # type: ignore[operator]  # it is a number then
        raise OptionError(f"{name} must be a number from 0 to {high:g}, got {value!r}.")
