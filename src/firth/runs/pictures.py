"""The stage of a run that draws: its map, coloured by what its recipe asks for, and its loss."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firth.errors import RunError
from firth.progress import Progress, SilentProgress
from firth.runs import folder as files
from firth.runs.recipe import PlotOptions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from firth.runs.run import Run


def draw_map(run: Run, *, label: int, color_by: str | None, path: Path | None) -> Figure:
    """Return a picture of the run's map, coloured by an attribute or by its clusters."""
    from firth.plots.map import plot_map

    return plot_map(
        run.items.select("x", "y").to_numpy(),
        keys=run.vectors.keys,
        label=label,
        color_by=None if color_by is None else colors(run, color_by),
        title=run.name if color_by is None else f"{run.name}, by {color_by}",
        path=path,
    )


def colors(run: Run, name: str) -> Any:  # noqa: ANN401 (names or numbers, as the picture takes them)
    """Return one value per item to colour by: a number, or the name of its first category or of its cluster."""
    import polars as pl

    column = run.items[name]
    if name == "cluster":
        names = [cluster.name for cluster in run.clusters]
        return [names[number] for number in column.to_list()]
    if isinstance(column.dtype, pl.List):
        return column.list.first().to_list()
    return column.to_numpy()


def draw_all(run: Run, plots: PlotOptions, *, progress: Progress | None = None) -> Run:
    """Return the run after drawing into its folder what its recipe asks for; its document lists the pictures.

    Raises
    ------
    RunError
        If the folder cannot be written.
    """
    from firth.plots.loss import plot_loss

    if run.folder is None:
        raise RunError("a run that was made in memory has no folder to draw into.")
    folder = run.folder / files.PLOTS
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise RunError(f"cannot make the folder {folder}: {error.strerror}.") from error
    names = [*(plots.color_by or ("cluster",) * bool(run.clusters))] if "x" in run.items.columns else []
    drawn: list[str] = []
    with (progress or SilentProgress()).task("drawing", total=len(names) + 1) as task:
        for name in names:
            task.update(len(drawn), text=name)
            path = folder / f"map-{file_name(name)}.png"
            draw_map(run, label=plots.label, color_by=name, path=path)
            drawn.append(f"{files.PLOTS}/{path.name}")
        if len(run.history):
            plot_loss(run.history, path=folder / "loss.png")
            drawn.append(f"{files.PLOTS}/loss.png")
    return replace(run, document={**run.document, "plots": drawn})


def file_name(name: str) -> str:
    """Return an attribute's name as part of a file's name."""
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in name)
