"""The pictures of a tuning."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firth.errors import RunError
from firth.runs import folder as files

if TYPE_CHECKING:
    import polars as pl


def draw(folder: Path, trials: pl.DataFrame, document: Mapping[str, Any]) -> list[str]:
    """Return the names of the pictures, after drawing them into the folder."""
    from firth.plots.tuning import plot_importance, plot_trials

    plots = folder / files.PLOTS
    try:
        plots.mkdir(exist_ok=True)
    except OSError as error:
        raise RunError(f"cannot make the folder {plots}: {error.strerror}.") from error
    drawn = []
    if trials["value"].drop_nulls().len():
        plot_trials(
            trials["minutes"].to_numpy(),
            trials["value"].cast(float).fill_null(float("nan")).to_numpy(),
            measure=f"{document['metric']}, validation",
            title=f"{document['name']}: best so far",
            path=plots / "trials.png",
        )
        drawn.append(f"{files.PLOTS}/trials.png")
    if document["importance"]:
        n = int(trials["sample"].drop_nulls().len())
        plot_importance(
            document["importance"],
            title=f"{document['name']}: what mattered, {n} trials",
            path=plots / "importance.png",
        )
        drawn.append(f"{files.PLOTS}/importance.png")
    return drawn
