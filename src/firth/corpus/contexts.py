"""What makes items belong together, as the user states it; building it from rows is ``build.py``.

A context here is a declaration, checked once. It holds no data.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, get_args

from firth.errors import OptionError

Aggregate = Literal["mean", "median", "max", "min", "count"]
Choice = Literal["uniform", "size"]


@dataclass(frozen=True, kw_only=True)
class Groups:
    """An unordered context: items that share a value, each pair of them as good as any other.

    Parameters
    ----------
    column
        Column that holds the group's value. The only parameter that may be positional: ``Groups("genre", weight=8)``.
    weight
        Share of the training pairs, relative to the other contexts' weights. With 0 the context becomes an attribute
        of the items (to colour, name and evaluate by) and trains nothing.
    query
        A query of its own, for ``read_sql``. A join that repeats a review once per genre then does not count its score
        twice. None: the query given to ``read_sql``.
    item
        Column that holds the item's key; several columns are joined with ``" - "``, and a row in which one of them is
        missing has no key.
    aggregate
        How an item's numbers become one number: mean, median, max, min, or the count of its values. None: each value is
        a category, and an item may have several.
    round
        Decimals to which a number is rounded before items are grouped by it, halves to even (7.5 becomes 8, 6.5
        becomes 6); negative decimals round to tens, hundreds, ... None: not rounded.
    choice
        How a group is drawn for a pair: ``"uniform"``, each as likely as any other, or ``"size"``, in proportion to
        the number of its members.
    member_weight
        How strongly an item belongs to a group: False, every member alike; True, by the number of rows that say so
        (how often an artist was reviewed as rock); a column's name, by the sum of that column.

    Raises
    ------
    OptionError
        If a value is outside its range.
    """

    column: str = field(default="value", kw_only=False)
    weight: float = 1.0
    query: str | None = None
    item: str | tuple[str, ...] = "item"
    aggregate: Aggregate | None = None
    round: int | None = None
    choice: Choice = "uniform"
    member_weight: bool | str = False

    def __post_init__(self) -> None:
        _check_name("column", self.column)
        if type(self.weight) not in (int, float) or not (math.isfinite(self.weight) and self.weight >= 0):
            raise OptionError(f"weight must be a finite number >= 0, got {self.weight!r}.")
        if self.query is not None:
            _check_name("query", self.query)
        if isinstance(self.item, list):
            object.__setattr__(self, "item", tuple(self.item))
        if not self.items:
            raise OptionError("item must name at least one column, got none.")
        for name in self.items:
            _check_name("item", name)
        _check_choice("aggregate", self.aggregate, (*get_args(Aggregate), None))
        _check_choice("choice", self.choice, get_args(Choice))
        if self.round is not None and (type(self.round) is not int or not -18 <= self.round <= 18):
            raise OptionError(f"round must be a whole number of decimals from -18 to 18, or None, got {self.round!r}.")
        if not isinstance(self.member_weight, bool):
            _check_name("member_weight", self.member_weight)

    @property
    def items(self) -> tuple[str, ...]:
        """The key's columns, as a tuple also when there is one."""
        return (self.item,) if isinstance(self.item, str) else tuple(self.item)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that the context reads, each once."""
        extra = (self.member_weight,) if isinstance(self.member_weight, str) else ()
        return tuple(dict.fromkeys((*self.items, self.column, *extra)))


def _check_name(option: str, name: object) -> None:
    if not isinstance(name, str) or not name:
        raise OptionError(f"{option} must be a text that is not empty, got {name!r}.")


def _check_choice(option: str, value: object, allowed: tuple[object, ...]) -> None:
    if value not in allowed:
        raise OptionError(f"{option} must be one of {', '.join(map(repr, allowed))}, got {value!r}.")
