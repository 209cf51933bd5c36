"""What flows put on their cards: tables, figures as they are, examples as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from firth.vectors.vectors import Vectors


def heading(card: Any, text: str) -> None:  # noqa: ANN401 (Metaflow's own)
    """Write a heading."""
    from metaflow.cards import Markdown

    card.append(Markdown(f"## {text}"))


def table(card: Any, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:  # noqa: ANN401
    """Write a table; numbers are rounded to four digits."""
    from metaflow.cards import Table

    card.append(Table([[_cell(value) for value in row] for row in rows], headers=list(columns)))


def facts(card: Any, values: Mapping[str, object]) -> None:  # noqa: ANN401
    """Write names and values as a table."""
    table(card, ["", ""], [[name.replace("_", " "), value] for name, value in values.items()])


def picture(card: Any, figure: Figure, label: str) -> None:  # noqa: ANN401
    """Write a figure, as PNG within the card."""
    from metaflow.cards import Image

    card.append(Image.from_matplotlib(figure, label=label))


def neighbors(card: Any, vectors: Vectors, keys: Sequence[str], *, k: int = 5) -> None:  # noqa: ANN401
    """Write the nearest of some items."""
    rows = [[key, ", ".join(near for near, _ in vectors.most_similar(key, k=k))] for key in keys]
    table(card, ["item", "nearest"], rows)


def _cell(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_cell, value))
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
