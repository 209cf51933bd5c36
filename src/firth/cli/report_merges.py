"""What a run's report says of duplicates that were merged, and a merged run beside the one it was made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from firth.cli.terminal import table

if TYPE_CHECKING:
    from rich.table import Table

_MEASURES = (("loss", "loss"), ("heldout_loss", "loss on held-out pairs"))


def merge_lines(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what each table of duplicates merged, and what it named in vain."""
    for merged in (document.get("source") or {}).get("merged", []):
        yield (
            "merged",
            f"{_items(merged['n_merged'])}, which occur {merged['occurrences']:,} times, into {merged['n_kept']:,} "
            f"({escape(merged['path'])})",
        )
        lost = []
        if merged["n_unknown"]:
            lost.append(f"{merged['n_unknown']:,} of its keys are not in the source")
        if merged["n_new"]:
            lost.append(f"{merged['n_new']:,} of its names are new")
        if lost:
            yield "", f"{', '.join(lost)}, such as {escape(merged['examples'][0])}"


def comparison_table(before: Mapping[str, Any], after: Mapping[str, Any]) -> Table:
    """Return a table of two runs, the second of merged items: how many items, and what was measured of both."""
    one, other = before["metrics"], after["metrics"]
    rows = [["items", f"{one['n_items']:,}", f"{other['n_items']:,}"]]
    rows += [
        [text, f"{one[name]:.3f}", f"{other[name]:.3f}"]
        for name, text in _MEASURES
        if one.get(name) is not None and other.get(name) is not None
    ]
    there = {agreement["name"]: agreement for agreement in other.get("agreement", [])}
    rows += [
        [f"agreement in {escape(mine['name'])}", f"{mine['value']:.3f}", f"{there[mine['name']]['value']:.3f}"]
        for mine in one.get("agreement", [])
        if mine["name"] in there
    ]
    return table(["", "before", "after"], rows, right=["before", "after"])


def _items(n: int) -> str:
    return f"{n:,} item" + ("" if n == 1 else "s")
