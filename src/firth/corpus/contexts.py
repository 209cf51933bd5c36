"""What makes items belong together, as the user states it; building it from rows is ``build.py``.

:class:`Groups` are unordered: items that share a value. :class:`Sequences` are ordered: items that follow one another.
:class:`Walks` are ordered, too: they are walked on the edges between items.

A context here is a declaration, checked once. It holds no data.
"""

from __future__ import annotations

import math
from collections.abc import Collection
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


@dataclass(frozen=True, kw_only=True)
class Walks:
    """An ordered context that is walked: the edges between items are a graph, and random walks on it are the sequences.

    Parameters
    ----------
    source, target
        Columns that hold the keys of an edge's two ends; several columns are joined with ``" - "``. The only parameters
        that may be positional: ``Walks("follower", "followed", directed=True)``.
    edge_weight
        How likely an edge is taken, relative to the others of its node: True, in proportion to the column ``weight``
        where there is one; a column's name, to that column; False, each edge like any other, however often it comes.
        Rows of one edge add up; without a column each row counts 1.
    directed
        Whether edges lead from source to target only. A walk ends at a node that no edge leads away from.
    walks_per_node
        Walks that begin at each node, in each epoch, 1 to 2**20. Each epoch has walks of its own.
    walk_length
        Nodes of a walk, the first included, 2 to 65,536.
    p, q
        node2vec's: going back to the node before is 1 / ``p`` times as likely as going on to a node that is its
        neighbour, too, and going on to one that is none 1 / ``q`` times. From 1e-9 to 1e9; with 1 and 1 the node before
        has no influence, which is DeepWalk.
    weight
        Share of the training pairs, relative to the other contexts' weights. With 0 the context trains nothing.
    query
        A query of its own, for ``read_sql``. None: the query given to ``read_sql``.
    window
        How far apart in a walk two items of a pair may be: a number of places to either side, or (before, after).
        None: as the training's own option says.

    Raises
    ------
    OptionError
        If a value is outside its range.

    References
    ----------
    Perozzi, Al-Rfou & Skiena (2014). DeepWalk: online learning of social representations. Grover & Leskovec (2016).
    node2vec: scalable feature learning for networks.
    """

    source: str | tuple[str, ...] = field(default="source", kw_only=False)
    target: str | tuple[str, ...] = field(default="target", kw_only=False)
    edge_weight: bool | str = True
    directed: bool = False
    walks_per_node: int = 10
    walk_length: int = 80
    p: float = 1.0
    q: float = 1.0
    weight: float = 1.0
    query: str | None = None
    window: int | tuple[int, int] | None = None

    def __post_init__(self) -> None:
        for name in ("source", "target", "window"):
            if isinstance(getattr(self, name), list):
                object.__setattr__(self, name, tuple(getattr(self, name)))
        _check_weight(self)
        for name in ("source", "target"):
            columns = self._columns(name)
            if not columns:
                raise OptionError(f"{name} must name at least one column, got none.")
            for column in columns:
                _check_name(name, column)
        if not isinstance(self.edge_weight, bool):
            _check_name("edge_weight", self.edge_weight)
        if self.window is not None:
            check_window(self.window)
        self._check_walks()

    def _check_walks(self) -> None:
        if not isinstance(self.directed, bool):
            raise OptionError(f"directed must be true or false, got {self.directed!r}.")
        for name, low, high in (("walks_per_node", 1, 1 << 20), ("walk_length", 2, 1 << 16)):
            number = getattr(self, name)
            if type(number) is not int or not low <= number <= high:
                raise OptionError(f"{name} must be a whole number from {low} to {high:,}, got {number!r}.")
        for name in ("p", "q"):
            bias = getattr(self, name)
            if type(bias) not in (int, float) or not 1e-9 <= bias <= 1e9:
                raise OptionError(f"{name} must be a number from 1e-9 to 1e9, got {bias!r}.")

    def _columns(self, name: str) -> tuple[str, ...]:
        value = getattr(self, name)
        return (value,) if isinstance(value, str) else tuple(value)

    @property
    def sources(self) -> tuple[str, ...]:
        """The columns of an edge's source, as a tuple also when there is one."""
        return self._columns("source")

    @property
    def targets(self) -> tuple[str, ...]:
        """The columns of an edge's target, as a tuple also when there is one."""
        return self._columns("target")

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that the context needs, each once."""
        weights = (self.edge_weight,) if isinstance(self.edge_weight, str) else ()
        return tuple(dict.fromkeys((*self.sources, *self.targets, *weights)))

    def weight_column(self, existing: Collection[str]) -> str | None:
        """Return the column of weights among those that exist; None where edges have none."""
        if isinstance(self.edge_weight, str):
            return self.edge_weight
        return WEIGHT if self.edge_weight and WEIGHT in existing else None


Context = Groups | Sequences | Walks
WEIGHT = "weight"  # the column that edges' weights are looked for in


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


def _check_weight(declared: Context) -> None:
    """Check what all kinds of context have."""
    if type(declared.weight) not in (int, float) or not (math.isfinite(declared.weight) and declared.weight >= 0):
        raise OptionError(f"weight must be a finite number >= 0, got {declared.weight!r}.")
    if declared.query is not None:
        _check_name("query", declared.query)


def _check_shared(declared: Groups | Sequences) -> None:
    """Check what contexts of items in rows have, and make a list of item columns a tuple."""
    _check_weight(declared)
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
