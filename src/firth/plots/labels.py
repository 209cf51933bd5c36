"""Texts on a map, where they hide neither each other nor the points they belong to.

The one place that imports textalloc, which looks for room around each point, the first label first.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from firth import theme
from firth.arrays import Float64
from firth.errors import MissingExtraError
from firth.plots import canvas

_NAME_STEPS = 12  # how far, in heights, a name may move from its place
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
        parse_math=False,
        path_effects=canvas.halo(1.5),
        zorder=5,
    )
    return [text for text in drawn if isinstance(text, canvas.Text)]


def place_names(axes: canvas.Axes, places: Float64, names: Sequence[str], colors: Sequence[str]) -> list[canvas.Text]:
    """Return names drawn at their places, or moved up or down as far as it takes to leave the ones before readable."""
    renderer = canvas.renderer_of(axes)
    to_data = axes.transData.inverted()
    drawn: list[canvas.Text] = []
    taken: list[canvas.Bbox] = []
    for place, name, color in zip(places, names, colors, strict=True):
        text = axes.text(
            place[0],
            place[1],
            name,
            color=color,
            size=theme.NAME_PT,
            weight="bold",
            ha="center",
            va="center",
            parse_math=False,
            path_effects=canvas.halo(4),
            zorder=6,
        )
        box = text.get_window_extent(renderer)
        box = box.translated(*_inwards(box, axes.bbox))
        box = _free(box, taken, axes.bbox)
        x, y = to_data.transform(((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2))
        text.set_position((x, y))
        taken.append(box)
        drawn.append(text)
    return drawn


def core(points: Float64) -> Float64:
    """Return the median of the points, (2,), taken again and again over the half of them nearest to it.

    A cluster in several pieces thus gets its name in its largest piece, not in the empty middle.
    """
    median: npt.NDArray[np.float64] = np.median(points, axis=0)
    for _ in range(_CORE_ROUNDS):
        if len(points) < 8:
            break
        distances = ((points - median) ** 2).sum(axis=1)
        points = points[np.argsort(distances, kind="stable")[: len(points) // 2]]
        median = np.median(points, axis=0)
    return median


def _free(box: canvas.Bbox, taken: Sequence[canvas.Bbox], within: canvas.Bbox) -> canvas.Bbox:
    """Return the box, moved up or down by as little as it takes to meet none of the others; or where it is."""
    for step in range(2 * _NAME_STEPS):
        shift = (step + 1) // 2 * (1 if step % 2 else -1) * box.height * 0.55
        moved = box.translated(0, shift)
        if within.y0 <= moved.y0 and moved.y1 <= within.y1 and not any(moved.overlaps(other) for other in taken):
            return moved
    return box


def _inwards(box: canvas.Bbox, within: canvas.Bbox) -> tuple[float, float]:
    """Return the shift that brings a box inside another, where it fits."""
    return (
        max(0.0, within.x0 - box.x0) - max(0.0, box.x1 - within.x1),
        max(0.0, within.y0 - box.y0) - max(0.0, box.y1 - within.y1),
    )


def _obstacles(axes: canvas.Axes, texts: Sequence[canvas.Text]) -> tuple[list[Float64], list[Float64]]:
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
