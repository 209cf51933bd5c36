"""A picture of the loss while training, which shows whether it learned, and whether it only learned by heart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from firth import theme
from firth.arrays import Float64
from firth.errors import DataError
from firth.plots import canvas
from firth.plots.text import one_line

if TYPE_CHECKING:
    import polars as pl

_TRAINED, _HELDOUT = "training, mean of each interval", "held-out pairs, at its end"
_MAX_CONTEXTS = 4  # of one picture; more would not be told apart


def plot_loss(
    history: pl.DataFrame, *, title: str = "Loss while training", path: str | Path | None = None
) -> canvas.Figure:
    """Return a picture of the training and the held-out loss against the pairs trained.

    Parameters
    ----------
    history
        What training returned, with columns ``pairs``, ``loss`` and, where pairs were held out, ``heldout_loss``; with
        several contexts also ``loss_NAME`` and ``heldout_loss_NAME``, which are drawn thinner, for up to four of them.
    title
        Stands above.
    path
        Where to write the picture, ``.png``, ``.svg`` or ``.pdf``; None writes nothing.

    Raises
    ------
    DataError
        If the history has no rows, or lacks one of the columns.
    OptionError
        If the path ends in another suffix.
    RunError
        If the file cannot be written.

    Notes
    -----
    The loss's axis is cut to the curves' range, since a loss has no meaningful zero to start at; both curves share it.
    """
    target = canvas.check_path(path)
    lacking = [name for name in ("pairs", "loss") if name not in history.columns]
    if lacking:
        raise DataError(f"a history needs the columns pairs and loss, got none named {lacking[0]!r}.")
    if not len(history):
        raise DataError("the history has no rows: there is no loss to draw.")
    with canvas.styled():
        figure = _drawn(history, title)
    if target is not None:
        canvas.save(figure, target)
    return figure


def _drawn(history: pl.DataFrame, title: str) -> canvas.Figure:
    figure = canvas.new_figure(theme.CHART_SIZE_IN)
    width, height = theme.CHART_SIZE_IN
    axes = figure.add_axes((0.8 / width, 0.62 / height, 1 - 1.0 / width, 1 - 1.25 / height))
    pairs = _column(history, "pairs")
    for name, label, color, style, linewidth in _curves(history):
        values = _column(history, name) if name in history.columns else np.full(len(pairs), np.nan)
        if np.isfinite(values).any():
            marker = "o" if np.isfinite(values).sum() < 2 else None
            axes.plot(pairs, values, style, color=color, linewidth=linewidth, label=label, marker=marker)
    axes.set_xlim(0, 1.0 if pairs.max() <= 0 else pairs.max() * 1.02)
    axes.set_xlabel("pairs trained")
    axes.set_ylabel("loss per pair")
    axes.xaxis.set_major_formatter(canvas.EngFormatter(sep=" "))
    canvas.rule(axes)
    canvas.write_title(figure, one_line(title, max_length=70))
    if axes.lines:
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False, borderaxespad=0.2)
    return figure


def _curves(history: pl.DataFrame) -> list[tuple[str, str, str, str, float]]:
    """Return what is drawn: column, label, colour, style and width of each curve; a label of "_" stays unnamed."""
    curves = [
        ("loss", _TRAINED, theme.CATEGORIES[0], "-", 1.8),
        ("heldout_loss", _HELDOUT, theme.CATEGORIES[1], "--", 1.8),
    ]
    contexts = [name.removeprefix("loss_") for name in history.columns if name.startswith("loss_")]
    for color, name in zip(theme.CATEGORIES[2:], contexts[:_MAX_CONTEXTS], strict=False):
        curves.append((f"loss_{name}", one_line(name, max_length=24), color, "-", 1.0))
        curves.append((f"heldout_loss_{name}", "_", color, "--", 1.0))
    return curves


def _column(history: pl.DataFrame, name: str) -> Float64:
    return np.array([np.nan if value is None else value for value in history[name].to_list()], dtype=np.float64)
