"""What makes items belong together, as the user states it; building it from rows is ``build.py``.

:class:`Groups` are unordered: items that share a value. :class:`Sequences` are ordered: items that follow one another.

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
        _check_shared(self)
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


@dataclass(frozen=True, kw_only=True)
class Sequences:
    """An ordered context: items that follow one another, of which those within a window are pairs.

    Parameters
    ----------
    sequence
        Column that names the sequence a row belongs to; several columns are joined (``("user", "day")``). The only
        parameter that may be positional: ``Sequences("playlist", order="position")``. None, or no column: each row is
        a sequence of its own, and ``item`` is a column of lists.
    order
        Column by which a sequence's rows are sorted: as numbers where all its values are numbers, as texts otherwise
        (ISO dates sort well). None: rows stay as they come.
    item
        Column that holds the item's key; several columns are joined with ``" - "``, and a row in which one of them is
        missing has no key. A column of lists holds several keys at once.
    weight
        Share of the training pairs, relative to the other contexts' weights. With 0 the context trains nothing.
    query
        A query of its own, for ``read_sql``. None: the query given to ``read_sql``.
    window
        How far apart two items of a pair may be: a number of places to either side, or (before, after). None: as the
        training's own option says.

    Raises
    ------
    OptionError
        If a value is outside its range.
    """

    sequence: str | tuple[str, ...] | None = field(default="sequence", kw_only=False)
    order: str | None = None
    item: str | tuple[str, ...] = "item"
    weight: float = 1.0
    query: str | None = None
    window: int | tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if isinstance(self.sequence, list):
            object.__setattr__(self, "sequence", tuple(self.sequence))
        if isinstance(self.window, list):
            object.__setattr__(self, "window", tuple(self.window))
        _check_shared(self)
        for name in self.sequences:
            _check_name("sequence", name)
        if self.order is not None:
            _check_name("order", self.order)
            if not self.sequences:
                raise OptionError("order sorts the rows of a sequence; without sequence each row is one: leave it out.")
        if self.window is not None:
            check_window(self.window)

    @property
    def items(self) -> tuple[str, ...]:
        """The key's columns, as a tuple also when there is one."""
        return (self.item,) if isinstance(self.item, str) else tuple(self.item)

    @property
    def sequences(self) -> tuple[str, ...]:
        """The columns that name the sequence, as a tuple; empty if each row is a sequence."""
        if self.sequence is None:
            return ()
        return (self.sequence,) if isinstance(self.sequence, str) else tuple(self.sequence)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that the context reads, each once."""
        order = () if self.order is None else (self.order,)
        return tuple(dict.fromkeys((*self.items, *self.sequences, *order)))


Context = Groups | Sequences


def check_window(window: object) -> None:
    """Raise OptionError if ``window`` is no whole number >= 1 and no (before, after), >= 0 with one of them above 0."""
    if type(window) is int and window >= 1:
        return
    if (
        isinstance(window, tuple)
        and len(window) == 2
        and all(type(reach) is int and reach >= 0 for reach in window)
        and any(window)
    ):
        return
    raise OptionError(
        f"window must be a whole number >= 1, or (before, after), both >= 0 and one of them above 0, got {window!r}."
    )


def _check_shared(declared: Context) -> None:
    """Check what both kinds of context have, and make a list of item columns a tuple."""
    if type(declared.weight) not in (int, float) or not (math.isfinite(declared.weight) and declared.weight >= 0):
        raise OptionError(f"weight must be a finite number >= 0, got {declared.weight!r}.")
    if declared.query is not None:
        _check_name("query", declared.query)
    if isinstance(declared.item, list):
        object.__setattr__(declared, "item", tuple(declared.item))
    if not declared.items:
        raise OptionError("item must name at least one column, got none.")
    for name in declared.items:
        _check_name("item", name)


def _check_name(option: str, name: object) -> None:
    if not isinstance(name, str) or not name:
        raise OptionError(f"{option} must be a text that is not empty, got {name!r}.")


def _check_choice(option: str, value: object, allowed: tuple[object, ...]) -> None:
    if value not in allowed:
        raise OptionError(f"{option} must be one of {', '.join(map(repr, allowed))}, got {value!r}.")
