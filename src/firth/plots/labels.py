"""Texts on a map, where they hide neither each other nor the points they belong to.

The one place that imports textalloc, which looks for room around each point, the first label first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from firth import theme
from firth.arrays import Float64
from firth.errors import MissingExtraError
from firth.plots import canvas

_Lines: TypeAlias = list[Float64 | list[float]]  # as textalloc has it

_NAME_STEPS = 32  # how far, in quarters of its height, a name may move from its place
_MAX_HIDDEN = 0.2  # share of the points near its place that a name may cover
_CORE_ROUNDS = 4


def place_labels(
    axes: canvas.Axes, xy: Float64, texts: Sequence[str], *, names: Sequence[canvas.Text]
) -> list[canvas.Text]:
    """Return the labels drawn: those of the texts for which there is room, none over another or over a name.

    Parameters
    ----------
    axes
        With its final limits.
    xy
        (n_labels, 2) the points to label.
    texts
        Their labels; where room is short, earlier ones come first.
    names
        Texts that are there already and stay visible.

    Raises
    ------
    MissingExtraError
        If textalloc is not installed.
    """
    if not len(texts):
        return []
    try:
        import textalloc
    except ImportError as error:
        raise MissingExtraError("labels on a map", "textalloc", "plots") from error

    x_lines, y_lines = _obstacles(axes, names)
    _, _, drawn, _ = textalloc.allocate(
        axes,
        xy[:, 0],
        xy[:, 1],
        list(texts),
        x_scatter=xy[:, 0],
        y_scatter=xy[:, 1],
        x_lines=x_lines,
        y_lines=y_lines,
        textsize=theme.LABEL_PT,
        textcolor=theme.INK,
        margin=0.002,
        min_distance=0.004,
        max_distance=0.05,
        nbr_candidates=100,
        draw_all=False,
        linecolor=theme.INK_SOFT,
        linewidth=0.5,
        path_effects=canvas.halo(1.5),
        zorder=5,
    )
    return [text for text in drawn if isinstance(text, canvas.Text)]


def place_names(
    axes: canvas.Axes, cores: Sequence[Float64], names: Sequence[str], colors: Sequence[str]
) -> list[canvas.Text]:
    """Return names drawn, each at the median of its core, or above or below it.

    Parameters
    ----------
    axes
        With its final limits.
    cores
        Per name (n, 2) the points that it is the name of, see :func:`core`.
    names
        May have several lines.
    colors
        One per name.
    """
    renderer = canvas.renderer_of(axes)
    to_data = axes.transData.inverted()
    drawn: list[canvas.Text] = []
    taken: list[canvas.Bbox] = []
    for points, name, color in zip(cores, names, colors, strict=True):
        x, y = np.median(points, axis=0)
        text = axes.text(
            x,
            y,
            name,
            color=color,
            size=theme.NAME_PT,
            weight="bold",
            ha="center",
            va="center",
            linespacing=1.0,
            path_effects=canvas.halo(3.5),
            zorder=6,
        )
        box = text.get_window_extent(renderer)
        box = box.translated(*_inwards(box, axes.bbox))
        box = _free(box, taken, axes.bbox, np.asarray(axes.transData.transform(points), dtype=np.float64))
        x, y = to_data.transform(((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2))
        text.set_position((x, y))
        taken.append(box)
        drawn.append(text)
    return drawn


def core(points: Float64) -> Float64:
    """Return the half of the points nearest to the middle of where most of them gather, (n, 2).

    The middle is the median, taken again and again over the half of the points nearest to it: a cluster in several
    pieces thus gets its name in its largest piece, not in the empty space between them.
    """
    inner = points
    for _ in range(_CORE_ROUNDS):
        inner = _nearest_half(inner, np.median(inner, axis=0))
    return _nearest_half(points, np.median(inner, axis=0))


def _nearest_half(points: Float64, place: npt.NDArray[np.float64]) -> Float64:
    distances = ((points - place) ** 2).sum(axis=1)
    return points[np.argsort(distances, kind="stable")[: (len(points) + 1) // 2]]


def _free(box: canvas.Bbox, taken: Sequence[canvas.Bbox], within: canvas.Bbox, points: Float64) -> canvas.Bbox:
    """Return the box, moved up or down by as little as it takes to meet no other and to hide few of its own points."""
    fitting = []
    for step in range(2 * _NAME_STEPS):
        shift = (step + 1) // 2 * (1 if step % 2 else -1) * box.height / 4
        moved = box.translated(0, shift)
        if within.y0 <= moved.y0 and moved.y1 <= within.y1 and not any(moved.overlaps(other) for other in taken):
            hidden = (points > moved.min).all(axis=1) & (points < moved.max).all(axis=1)
            if hidden.mean() <= _MAX_HIDDEN:
                return moved
            fitting.append(moved)
    return fitting[0] if fitting else box


def _inwards(box: canvas.Bbox, within: canvas.Bbox) -> tuple[float, float]:
    """Return the shift that brings a box inside another, where it fits."""
    return (
        max(0.0, within.x0 - box.x0) - max(0.0, box.x1 - within.x1),
        max(0.0, within.y0 - box.y0) - max(0.0, box.y1 - within.y1),
    )


def _obstacles(axes: canvas.Axes, texts: Sequence[canvas.Text]) -> tuple[_Lines, _Lines]:
    """Return lines that no label may touch, in data units: the frame, and each text's box hatched.

    The hatching is so close that no label fits between two of its lines.
    """
    renderer = canvas.renderer_of(axes)
    step = theme.LABEL_PT * theme.DPI / 72 / 2
    frame = axes.bbox
    ends = [((frame.x0, y), (frame.x1, y)) for y in (frame.y0, frame.y1)]
    ends += [((x, frame.y0), (x, frame.y1)) for x in (frame.x0, frame.x1)]
    for text in texts:
        box = text.get_window_extent(renderer)
        heights = np.linspace(box.y0, box.y1, 1 + max(1, int(np.ceil(box.height / step))))
        ends += [((box.x0, y), (box.x1, y)) for y in heights]
    lines = [np.asarray(axes.transData.inverted().transform(line), dtype=np.float64) for line in ends]
    return [line[:, 0] for line in lines], [line[:, 1] for line in lines]
