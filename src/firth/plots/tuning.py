"""Pictures of a tuning: the best value over time, and the importance of each option."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from firth import theme
from firth.arrays import Float64
from firth.errors import DataError
from firth.plots import canvas
from firth.plots.text import one_line

_BAR_IN = 0.34  # height of a bar and the room around it


def plot_trials(
    minutes: Float64, values: Float64, *, measure: str, title: str = "Best so far", path: str | Path | None = None
) -> canvas.Figure:
    """Return a picture of each trial's value and of the best so far, against the minutes spent.

    Parameters
    ----------
    minutes
        (n_trials,) float64, when each trial ended, ascending.
    values
        (n_trials,) float64, what it reached; NaN for one that was not trained on everything. The first, the options
        that there were, is a line across.
    measure
        What the values are.
    title
        Stands above.
    path
        Where to write the picture, ``.png``, ``.svg`` or ``.pdf``; None writes nothing.

    Raises
    ------
    DataError
        If no trial has a value.
    """
    target = canvas.check_path(path)
    if len(minutes) != len(values) or not np.isfinite(values).any():
        raise DataError(
            f"there must be one time per value, and one finite value, got {len(minutes)} and {len(values)}."
        )
    with canvas.styled():
        figure, axes = _chart(theme.CHART_SIZE_IN, title, left_in=0.8, bottom_in=0.62)
        is_done = np.isfinite(values)
        times, reached = minutes[is_done], values[is_done]
        end = float(minutes.max())
        steps_x = np.append(times, max(end, float(times[-1])))
        best = np.maximum.accumulate(reached)
        axes.plot(times, reached, "o", color=theme.OTHER, markersize=3.5, label="trials on all sequences")
        own = float(reached[0])
        axes.axhline(own, label="the recipe's own options", color=theme.CATEGORIES[1], linewidth=1.2, linestyle="--")
        color = theme.CATEGORIES[0]
        axes.step(steps_x, np.append(best, best[-1]), where="post", color=color, linewidth=1.8, label="best so far")
        axes.set_xlim(0, end * 1.02 or 1.0)
        axes.set_xlabel("minutes of trials")
        axes.set_ylabel(measure)
        axes.grid(axis="y", color=theme.LINE, linewidth=0.6)
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, frameon=False, borderaxespad=0.2)
    if target is not None:
        canvas.save(figure, target)
    return figure


def plot_importance(
    importance: Mapping[str, float], *, title: str = "What mattered", path: str | Path | None = None
) -> canvas.Figure:
    """Return a picture of the importance of each option as bars, the largest above.

    Parameters
    ----------
    importance
        Share of each option, by name.
    title
        Stands above.
    path
        Where to write the picture, ``.png``, ``.svg`` or ``.pdf``; None writes nothing.

    Raises
    ------
    DataError
        If there is no option.
    """
    target = canvas.check_path(path)
    if not importance:
        raise DataError("there is no importance to draw: there were too few trials.")
    names = sorted(importance, key=lambda name: importance[name])
    shares = [importance[name] for name in names]
    with canvas.styled():
        size = (theme.CHART_SIZE_IN[0], 1.3 + _BAR_IN * len(names))
        figure, axes = _chart(size, title, left_in=1.75, bottom_in=0.62)
        axes.barh(range(len(names)), shares, height=0.6, color=theme.CATEGORIES[0])
        axes.set_yticks(range(len(names)), [one_line(name, max_length=24) for name in names])
        axes.tick_params(axis="y", length=0)
        for place, share in enumerate(shares):
            axes.text(share, place, f"  {share:.0%}", va="center", size=theme.TEXT_PT)
        axes.set_xlim(0, max(shares) * 1.12 or 1.0)
        axes.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
        axes.set_xlabel("share in whether a trial is among the better quarter")
    if target is not None:
        canvas.save(figure, target)
    return figure


def _chart(
    size_in: tuple[float, float], title: str, *, left_in: float, bottom_in: float
) -> tuple[canvas.Figure, canvas.Axes]:
    figure = canvas.new_figure(size_in)
    width, height = size_in
    box = (left_in / width, bottom_in / height, 1 - (left_in + 0.2) / width, 1 - (bottom_in + 0.68) / height)
    axes = figure.add_axes(box)
    canvas.rule(axes, has_lines=False)
    canvas.write_title(figure, one_line(title, max_length=70))
    return figure, axes
