"""What answers look like on a terminal: consoles, tables, numbers, and the one JSON document."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from firth.runs.folder import plain

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_MAX_VALUES = 3  # of a list, in a table's cell
_MAX_WIDTH = 40  # of a key, in a table's cell


def answers() -> Console:
    """Return the console for answers: standard output."""
    from rich.console import Console

    return Console(highlight=False)


def errors() -> Console:
    """Return the console for everything that is no answer: standard error."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def print_json(document: object) -> None:
    """Print one JSON document on standard output."""
    sys.stdout.write(json.dumps(plain(document), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Iterable[str] = (), flexible: Iterable[str] = ()
) -> Table:
    """Return a table of plain columns.

    Parameters
    ----------
    columns
        Headings.
    rows
        Cells, as markup.
    right
        Headings of columns of numbers, set to the right.
    flexible
        Headings of columns that are cut short where the terminal is narrow; the others keep their width.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    made = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, show_edge=False)
    for place, column in enumerate(columns):
        widest = max(Text.from_markup(cell).cell_len for cell in [column, *(row[place] for row in rows)])
        made.add_column(
            column,
            justify="right" if column in right else "left",
            no_wrap=True,
            overflow="ellipsis",
            min_width=None if column in flexible else widest,
        )
    for row in rows:
        made.add_row(*row)
    return made


def clusters_table(clusters: Sequence[Mapping[str, Any]], *, n_examples: int = 5) -> Table:
    """Return a table of clusters: names, sizes, the items nearest to the middle."""
    rows = [
        [
            key_text(cluster["name"]),
            f"{cluster['size']:,}",
            ", ".join(key_text(key) for key in cluster["examples"][:n_examples]),
        ]
        for cluster in clusters
    ]
    return table(["cluster", "items", "most central"], rows, right=["items"], flexible=["most central"])


def key_text(key: str) -> str:
    """Return a key for a cell: on one line, cut short, nothing in it taken for markup."""
    from rich.markup import escape

    shown = "".join(letter if letter.isprintable() else "·" for letter in key)
    return escape(shown if len(shown) <= _MAX_WIDTH else shown[: _MAX_WIDTH - 1] + "…")


def value_text(value: object) -> str:
    """Return an attribute's value for a cell."""
    from rich.markup import escape

    if value is None:
        return "[dim]-[/]"
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, list):
        texts = [str(entry) for entry in value[:_MAX_VALUES]] + (["…"] if len(value) > _MAX_VALUES else [])
        return escape(" · ".join(texts)) if texts else "[dim]-[/]"
    return escape(str(value))


def count_text(count: int | None) -> str:
    """Return a whole number with thousands set apart."""
    return "[dim]-[/]" if count is None else f"{count:,}"


def si(value: float) -> str:
    """Return a number with three digits and a decimal prefix: ``4.21 M``."""
    for limit, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:.3g} {prefix}"
    return f"{value:.3g}"


def duration(seconds: float) -> str:
    """Return a time as a person says it: ``0.4 s``, ``3 min 20 s``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
