"""What stands above a map: title, note, and what its colours mean. Nothing is cut off, nothing reaches into the map.

Heights are in inches from the picture's lower edge; each part says below which height there is room.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from firth import theme
from firth.arrays import Float64
from firth.plots import canvas
from firth.plots.colors import MISSING, Categories, Numbers
from firth.plots.text import distinct, is_right_to_left, one_line
from firth.plots.ticks import ticks

NAME_LENGTH = 28
_TITLE_LENGTH = 80
_LEFT_TO_RIGHT = "\u200e"  # keeps a number to the right of a name that is written from right to left
_SCALE_IN = (4.0, 0.14)
_TICKS_IN = 0.3  # height of what is written below a scale
_APART_IN = 0.12  # between two numbers at a scale, and between head and map


def draw_head(figure: canvas.Figure, title: str, values: Categories | Numbers | None) -> tuple[canvas.Text, float]:
    """Return the title and the height below which there is room, after drawing title and legend."""
    width, height = figure.get_size_inches()
    written = figure.text(
        theme.MARGIN_IN / width,
        1 - theme.MARGIN_IN / height,
        one_line(title, max_length=_TITLE_LENGTH) if title else "",
        size=theme.TITLE_PT,
        weight="bold",
        va="top",
    )
    top = float(height) - theme.MARGIN_IN - theme.TITLE_PT / 72 * 1.6
    if isinstance(values, Categories):
        top = _draw_legend(figure, values, top)
    elif isinstance(values, Numbers) and values.present.any():
        top = _draw_scale(figure, values, top)
    return written, top


def write_note(figure: canvas.Figure, note: str, title: canvas.Text) -> canvas.Text:
    """Return the note, written to the right of the title, which is shortened where it would reach into it."""
    width, height = figure.get_size_inches()
    x, y = 1 - theme.MARGIN_IN / width, 1 - (theme.MARGIN_IN + 0.05) / height
    written = figure.text(x, y, note, size=theme.TEXT_PT, color=theme.INK_SOFT, va="top", ha="right")
    renderer = canvas.renderer_of(figure)
    room = written.get_window_extent(renderer).x0 - _APART_IN * figure.dpi
    whole = title.get_text()
    length = len(whole)
    while length > 2 and title.get_window_extent(renderer).x1 > room:
        length -= 1
        title.set_text(one_line(whole, max_length=length))
    return written


def _draw_legend(figure: canvas.Figure, values: Categories, top: float) -> float:
    """Draw one entry per category, in as few rows as fit; return the height below which there is room."""
    entries = values.entries
    if not entries:
        return top
    width, height = figure.get_size_inches()
    room = (width - 2 * theme.MARGIN_IN) * figure.dpi
    for n_columns in range(len(entries), 0, -1):
        # A legend fills its columns one after the other; in this order it reads along its rows.
        order = [entry for column in range(n_columns) for entry in range(column, len(entries), n_columns)]
        marks, texts = [_mark(color) for _, color, _ in entries], _entry_texts(entries)
        legend = figure.legend(
            [marks[entry] for entry in order],
            [texts[entry] for entry in order],
            loc="upper left",
            bbox_to_anchor=(theme.MARGIN_IN / width, top / height),
            ncols=n_columns,
            frameon=False,
            borderpad=0,
            borderaxespad=0,
            handletextpad=0.3,
            handlelength=1.0,
            columnspacing=1.6,
        )
        box = legend.get_window_extent(canvas.renderer_of(figure))
        if box.width <= room or n_columns == 1:
            break
        legend.remove()
    return top - float(box.height) / figure.dpi - _APART_IN


def _entry_texts(entries: Sequence[tuple[str, str, int]]) -> list[str]:
    names = distinct([name for name, _, _ in entries], max_length=NAME_LENGTH)
    marks = [_LEFT_TO_RIGHT if is_right_to_left(name) else "" for name in names]
    return [
        f"{mark}{name}{mark} ({n_items:,})" for name, mark, (_, _, n_items) in zip(names, marks, entries, strict=True)
    ]


def _mark(color: str) -> canvas.Line2D:
    return canvas.Line2D([], [], linestyle="", marker="o", markersize=7, color=color, markeredgewidth=0)


def _draw_scale(figure: canvas.Figure, values: Numbers, top: float) -> float:
    """Draw the colour bar; return the height below which there is room."""
    width, height = figure.get_size_inches()
    long, thick = min(_SCALE_IN[0], width / 2), _SCALE_IN[1]
    bar = figure.add_axes((theme.MARGIN_IN / width, (top - thick) / height, long / width, thick / height))
    drawn = figure.colorbar(values.scale, cax=bar, orientation="horizontal", extend=values.extend)

    def boxes(places: Float64, texts: Sequence[str]) -> Float64:
        drawn.set_ticks(places.tolist(), labels=list(texts))
        bar.tick_params(length=2)
        renderer = canvas.renderer_of(figure)
        extents = [label.get_window_extent(renderer).extents for label in bar.get_xticklabels()]
        return np.array(extents, dtype=np.float64).reshape(-1, 4)

    def fits(places: Float64, texts: Sequence[str]) -> bool:
        found = boxes(places, texts)
        return bool((found[1:, 0] - found[:-1, 2] >= _APART_IN * figure.dpi).all())

    drawn.minorticks_off()
    found = boxes(*ticks(values, fits=fits))
    # Where the first number reaches over the margin, the whole scale moves.
    moved = max(0.0, theme.MARGIN_IN - float(found[:, 0].min(initial=np.inf)) / figure.dpi)
    bar.set_position(((theme.MARGIN_IN + moved) / width, (top - thick) / height, long / width, thick / height))
    right = max((theme.MARGIN_IN + long), float(found[:, 2].max(initial=0.0)) / figure.dpi) + moved
    n_missing = int((~values.present).sum())
    if n_missing:
        figure.legend(
            [_mark(theme.MISSING)],
            [f"{MISSING} ({n_missing:,})"],
            loc="upper left",
            bbox_to_anchor=((right + 2 * _APART_IN) / width, (top + 0.02) / height),
            frameon=False,
            borderpad=0,
            borderaxespad=0,
            handletextpad=0.2,
        )
    return top - thick - _TICKS_IN
