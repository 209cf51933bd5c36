"""Texts on a map, where they hide neither each other nor the points they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firth import theme
from firth.arrays import Float64, Int64
from firth.plots import canvas
from firth.plots.placing import Room, line_to, place_boxes

_NAME_STEPS = 32  # how far, in quarters of its height, a name may move from its place
_MAX_HIDDEN = 0.2  # share of the points near its place that a name may cover
_CORE_ROUNDS = 4
_GAP_PT, _NEAR_PT, _FAR_PT = 0.8, 1.4, 38.0  # between labels; from the rim of a point to its label
_PAD_PT = 0.9  # left and right of a label, else two side by side read as one
_LINE_FROM_PT = 2.8  # a label farther from the rim of its point is joined to it


@dataclass(frozen=True)
class Labels:
    """The labels that were drawn.

    Attributes
    ----------
    rows
        (n_drawn,) int64: which of the texts, ascending.
    texts
        As they were drawn.
    """

    rows: Int64
    texts: list[canvas.Text]


def place_labels(
    axes: canvas.Axes, xy: Float64, texts: Sequence[str], *, names: Sequence[canvas.Text], radius_pt: float
) -> Labels:
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
    radius_pt
        Of the points' discs.
    """
    renderer = canvas.renderer_of(axes)
    point_px = canvas.dpi_of(axes) / 72
    pad = _PAD_PT * point_px
    probe = axes.text(0, 0, "", size=theme.LABEL_PT)

    def size_of(row: int) -> tuple[float, float]:
        probe.set_text(texts[row])
        box = probe.get_window_extent(renderer)
        return float(box.width) + 2 * pad, float(box.height)

    room = Room(
        frame=np.asarray(axes.bbox.extents, dtype=np.float64) + np.array([1, 1, -1, -1]) * _GAP_PT * point_px,
        taken=np.array([name.get_window_extent(renderer).extents for name in names], dtype=np.float64).reshape(-1, 4),
        gap=_GAP_PT * point_px,
        near=(radius_pt + _NEAR_PT) * point_px,
        far=(radius_pt + _FAR_PT) * point_px,
        radius=radius_pt * point_px,
    )
    points = np.asarray(axes.transData.transform(xy), dtype=np.float64).reshape(-1, 2)
    places = place_boxes(points, size_of, room)
    line_from = (radius_pt + _LINE_FROM_PT) * point_px
    drawn = []
    for place in places:
        box = np.array([*place.corner, *(np.array(place.corner) + size_of(place.row))])
        line = line_to(box, points[place.row])[[0, -1]]
        if np.hypot(*(line[1] - line[0])) > line_from:
            _draw_line(axes, line)
        drawn.append(_draw_label(axes, texts[place.row], np.array(place.corner) + np.array([pad, 0])))
    probe.remove()
    return Labels(np.array([place.row for place in places], dtype=np.int64), drawn)


def _draw_line(axes: canvas.Axes, line: Float64) -> None:
    ends = np.asarray(axes.transData.inverted().transform(line))
    axes.plot(ends[:, 0], ends[:, 1], color=theme.INK_SOFT, linewidth=0.5, zorder=2.5)


def _draw_label(axes: canvas.Axes, shown: str, corner: Float64) -> canvas.Text:
    x, y = axes.transData.inverted().transform(corner)
    return axes.text(
        x,
        y,
        shown,
        size=theme.LABEL_PT,
        color=theme.INK,
        ha="left",
        va="bottom",
        path_effects=canvas.halo(1.5),
        zorder=5,
    )


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
    half = (len(points) - 1) // 2
    return points[distances <= np.partition(distances, half)[half]] if len(points) else points


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
