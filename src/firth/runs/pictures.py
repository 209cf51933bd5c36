"""The stage of a run that draws: its map, coloured by what its recipe asks for, and its loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from firth.errors import RunError
from firth.progress import Progress, SilentProgress
from firth.runs import folder as files
from firth.runs.items import NO_CLUSTER
from firth.runs.sections import PlotOptions

if TYPE_CHECKING:
    from firth.maps.frames import Frame
    from firth.runs.run import Run


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
    names = [*(plots.color_by or ("cluster",) * ("cluster" in run.items.columns))] if "x" in run.items.columns else []
    drawn: list[str] = []
    with (progress or SilentProgress()).task("drawing", total=len(names) + 1) as task:
        for name in names:
            task.update(len(drawn), text=name)
            path = folder / f"map-{file_name(name)}.png"
            run.plot(label=plots.label, color_by=name, path=path)
            drawn.append(f"{files.PLOTS}/{path.name}")
        if len(run.history):
            plot_loss(run.history, path=folder / "loss.png")
            drawn.append(f"{files.PLOTS}/loss.png")
    return replace(run, document={**run.document, "plots": drawn})


def check_film(run: Run, path: str | Path, *, color_by: str | None) -> None:
    """Raise before a map is made if its film could not be written, or not be coloured so."""
    from firth.plots.movies import check_movie

    check_movie(path)
    run.colors(color_by)


def draw_film(
    run: Run,
    frames: Sequence[Frame],
    path: str | Path,
    *,
    color_by: str | None = None,
    progress: Progress | None = None,
) -> Path:
    """Return the path of a film of the run's map forming, after writing it.

    Parameters
    ----------
    frames
        What ``run.map(on_frame=...)`` gave.
    path
        ``.gif`` or ``.mp4``.
    color_by
        An attribute, or ``"cluster"``; None: the clusters, where there are any.
    """
    from firth.plots.animation import animate_map

    name, values = run.colors(color_by)
    title = run.name if name is None else f"{run.name}, by {name}"
    missing = NO_CLUSTER if name == "cluster" else "no value"
    return animate_map(
        frames, path=path, keys=run.vectors.keys, color_by=values, title=title, missing=missing, progress=progress
    )


def file_name(name: str) -> str:
    """Return an attribute's name as part of a file's name."""
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in name)
