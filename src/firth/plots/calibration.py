"""A picture of stated rates against those found: on the diagonal, what was said is what came."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from firth import theme
from firth.arrays import Float64, Int64
from firth.errors import DataError
from firth.plots import canvas
from firth.plots.text import one_line

_BAR_SHARE = 0.22  # of the height, for the numbers of pairs


def plot_calibration(
    *,
    stated: npt.ArrayLike,
    found: npt.ArrayLike,
    low: npt.ArrayLike,
    high: npt.ArrayLike,
    n_pairs: npt.ArrayLike,
    title: str = "Stated and found",
    path: str | Path | None = None,
) -> canvas.Figure:
    """Return a picture of the rates found against those stated, and how many pairs each point is of.

    Parameters
    ----------
    stated, found
        (n_bins,) rates from 0 to 1: the mean stated in each bin, ascending, and the share found.
    low, high
        (n_bins,) ends of each found rate's 95 % interval.
    n_pairs
        (n_bins,) how many pairs are in each bin, > 0.
    title
        Stands above.
    path
        Where to write the picture, ``.png``, ``.svg`` or ``.pdf``; None writes nothing.

    Raises
    ------
    DataError
        If there is no bin, lengths differ, or a rate is outside 0 to 1.
    OptionError
        If the path ends in another suffix.
    RunError
        If the file cannot be written.
    """
    target = canvas.check_path(path)
    columns = [np.asarray(each, dtype=np.float64) for each in (stated, found, low, high)]
    pairs = np.asarray(n_pairs, dtype=np.int64)
    if not pairs.size:
        raise DataError("there is no bin with a pair in it, so there is nothing to draw.")
    if any(each.shape != pairs.shape for each in columns) or pairs.ndim != 1:
        raise DataError("stated, found, low, high and n_pairs must be of one length.")
    if not all(((each >= 0) & (each <= 1)).all() for each in columns):
        raise DataError("rates must be from 0 to 1.")
    with canvas.styled():
        figure = _drawn(columns, pairs, title)
    if target is not None:
        canvas.save(figure, target)
    return figure


def _drawn(columns: list[Float64], pairs: Int64, title: str) -> canvas.Figure:
    stated, found, low, high = columns
    width, height = size = (theme.CHART_SIZE_IN[1], theme.CHART_SIZE_IN[1] * 1.3)
    figure = canvas.new_figure(size)
    left, right = 0.75 / width, 1 - 0.25 / width
    bottom, top = 0.62 / height, 1 - 0.95 / height
    middle = bottom + (top - bottom) * _BAR_SHARE
    bars = figure.add_axes((left, bottom, right - left, middle - bottom - 0.12 / height))
    axes = figure.add_axes((left, middle, right - left, top - middle), sharex=bars)
    axes.plot([0, 1], [0, 1], "--", color=theme.OTHER, linewidth=1.0, label="as stated")
    axes.errorbar(
        stated,
        found,
        yerr=[np.maximum(found - low, 0), np.maximum(high - found, 0)],
        color=theme.CATEGORIES[0],
        linewidth=1.4,
        marker="o",
        markersize=5,
        capsize=2.5,
        label="found, with 95 % intervals",
    )
    axes.set_ylim(-0.02, 1.02)
    axes.set_ylabel("recurred in fresh trainings")
    axes.tick_params(labelbottom=False)
    # At the points above them, so never wider than these are apart.
    wide = float(np.clip(0.8 * np.diff(stated).min(initial=1.0), 0.008, 0.05))
    bars.bar(stated, pairs, width=wide, color=theme.CATEGORIES[0], alpha=0.55)
    bars.set_xlim(-0.02, 1.02)
    bars.set_xlabel("stated rate of recurring")
    bars.set_ylabel("pairs")
    bars.yaxis.set_major_formatter(canvas.EngFormatter(sep=" "))
    bars.yaxis.set_major_locator(canvas.MaxNLocator(3, integer=True))
    for each in (axes, bars):
        canvas.rule(each)
    canvas.write_title(figure, one_line(title, max_length=48))
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False, borderaxespad=0.2)
    return figure
