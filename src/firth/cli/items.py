"""Items as answers: a table for people. What JSON says of them is made in :mod:`firth.runs.answers`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from firth.cli.terminal import count_text, key_text, table, value_text
from firth.runs.clusters import telling_attributes

if TYPE_CHECKING:
    import polars as pl
    from rich.table import Table

    from firth.vectors.search import Match

Found = Sequence[tuple[str, float]]


def found_table(
    items: pl.DataFrame, found: Found, *, measure: str = "cosine", recurs: Sequence[str] | None = None
) -> Table:
    """Return a table of what a question found: the measure it ranks by, how each recurs, keys, attributes, counts."""
    attributes = telling_attributes(items)
    numbers = [name for name in attributes if items.schema[name].is_numeric()]
    rows = [
        [f"{value:.3f}", key_text(key), *(value_text(row[name]) for name in attributes), count_text(row["count"])]
        for (key, value), row in zip(found, _rows(items, [key for key, _ in found]), strict=True)
    ]
    columns = [measure, "item", *attributes, "count"]
    if recurs is not None:
        columns.insert(1, "recurs")
        rows = [[row[0], cell, *row[1:]] for row, cell in zip(rows, recurs, strict=True)]
    texts = [name for name in attributes if name not in numbers]
    return table(columns, rows, right=[measure, "recurs", "count", *numbers], flexible=["item", *texts])


def matches_table(items: pl.DataFrame, matches: Sequence[Match]) -> Table:
    """Return a table of items that were found by a text: how each was, keys, attributes, counts."""
    attributes = telling_attributes(items)
    numbers = [name for name in attributes if items.schema[name].is_numeric()]
    rows = [
        [match.how, key_text(match.key), *(value_text(row[name]) for name in attributes), count_text(row["count"])]
        for match, row in zip(matches, items[[match.id for match in matches]].to_dicts(), strict=True)
    ]
    flexible = ["item", *(name for name in attributes if name not in numbers)]
    return table(["found", "item", *attributes, "count"], rows, right=["count", *numbers], flexible=flexible)


def about_item(items: pl.DataFrame, key: str) -> str:
    """Return an item's attributes on one line; empty where it has none."""
    row = _rows(items, [key])[0]
    return "   ".join(f"{name}: {value_text(row[name])}" for name in telling_attributes(items) if row[name])


def _rows(items: pl.DataFrame, keys: Sequence[str]) -> list[dict[str, Any]]:
    import polars as pl

    asked = pl.DataFrame({"key": list(keys)}, schema={"key": pl.String})
    return asked.join(items, on="key", how="left", maintain_order="left").to_dicts()
