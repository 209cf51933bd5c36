"""What answers look like on a terminal: consoles, tables, numbers, and the one JSON document."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from firth.runs.folder import plain

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_MAX_VALUES = 3  # of a list, in a table's cell
_GAP = 3  # between two columns
_MIN_WIDTH = 12  # of a column that gives way
_MAX_WIDTH = 60  # of a key, in a table's cell


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

    needed = [max(Text.from_markup(row[place]).cell_len for row in [columns, *rows]) for place in range(len(columns))]
    widths = _shared_widths(needed, [column in flexible for column in columns], room=answers().width)
    made = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, show_edge=False, padding=(0, 1))
    for column, width in zip(columns, widths, strict=True):
        justify: Literal["left", "right"] = "right" if column in right else "left"
        made.add_column(column, justify=justify, no_wrap=True, overflow="ellipsis", width=width)
    for row in rows:
        made.add_row(*row)
    return made


def _shared_widths(needed: list[int], is_flexible: list[bool], *, room: int) -> list[int]:
    """Return widths that fit the room: the widest flexible column gives way first, none below a few letters."""
    widths, gaps = list(needed), _GAP * (len(needed) - 1)
    while sum(widths) + gaps > room:
        candidates = [place for place, flexible in enumerate(is_flexible) if flexible and widths[place] > _MIN_WIDTH]
        if not candidates:
            break
        widths[max(candidates, key=lambda place: widths[place])] -= 1
    return widths


def clusters_table(
    clusters: Sequence[Mapping[str, Any]], *, n_examples: int = 5, further: Mapping[str, Sequence[str]] | None = None
) -> Table:
    """Return a table of clusters: names, sizes, means of numeric attributes, the items nearest to the middle.

    Parameters
    ----------
    clusters
        What is known of each, at least one.
    n_examples
        How many items to name.
    further
        More columns of numbers, one text per cluster.
    """
    more = further or {}
    numbers = [summary["attribute"] for summary in clusters[0]["numbers"]]
    rows = [
        [
            key_text(cluster["name"]),
            f"{cluster['size']:,}",
            *(column[place] for column in more.values()),
            *(value_text(summary["mean"]) for summary in cluster["numbers"]),
            ", ".join(key_text(key) for key in cluster["examples"][:n_examples]),
        ]
        for place, cluster in enumerate(clusters)
    ]
    numbers = [*more, *numbers]
    columns = ["cluster", "items", *numbers, "most central"]
    return table(columns, rows, right=["items", *numbers], flexible=["cluster", "most central"])


def key_text(text: str) -> str:
    """Return a key or another text of the data for a cell: on one line, cut short, nothing in it taken for markup."""
    from rich.markup import escape

    shown = "".join(letter if letter.isprintable() else "·" for letter in text)
    return escape(shown if len(shown) <= _MAX_WIDTH else shown[: _MAX_WIDTH - 1] + "…")


def value_text(value: object) -> str:
    """Return an attribute's value for a cell."""
    if value is None or value != value:  # NaN, the mean of no numbers
        return "[dim]-[/]"
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, list):
        texts = [str(entry) for entry in value[:_MAX_VALUES]] + (["…"] if len(value) > _MAX_VALUES else [])
        return key_text(" · ".join(texts)) if texts else "[dim]-[/]"
    return key_text(str(value))


def count_text(count: int | None) -> str:
    """Return a whole number with thousands set apart."""
    return "[dim]-[/]" if count is None else f"{count:,}"


def duration(seconds: float) -> str:
    """Return a time as a person says it: ``0.4 s``, ``3 min 20 s``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
