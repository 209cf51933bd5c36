"""What a page is told of a training: while it lasts from the run's live files, afterwards from its history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel

from firth.runs import folder as files
from firth.runs.live import Watched, watched
from firth.training.probes import read_probe

if TYPE_CHECKING:
    from firth.explorer.shelf import Served


class Stage(BaseModel):
    """A stage of a run: ``began`` in seconds since 1970, null where it has not; ``seconds`` when it is over."""

    name: str
    state: Literal["waiting", "running", "done", "ended"]
    began: float | None = None
    seconds: float | None = None


class Losses(BaseModel):
    """Mean loss of a context's pairs, and of its held-out ones."""

    loss: float | None = None
    heldout_loss: float | None = None


class Probe(BaseModel):
    """A probe item and its neighbours then, the nearest first."""

    key: str
    neighbors: list[str]


class Interval(BaseModel):
    """What was measured over an interval of training, up to so many pairs."""

    pairs: int
    seconds: float
    learning_rate: float | None = None
    loss: float | None = None
    heldout_loss: float | None = None
    items_per_s: float | None = None
    contexts: dict[str, Losses] = {}
    probes: list[Probe] = []


class Divergence(BaseModel):
    """How far a map is from the vectors after so many steps."""

    iteration: int
    kl: float | None


class Training(BaseModel):
    """How far a run is.

    ``generation`` is that of the run that is served, null before it has vectors; ``done`` of ``total`` is of ``task``,
    which is part of the stage that is ``running``; ``frame`` is the step whose places can be had.
    """

    status: Literal["running", "complete", "interrupted", "failed", "stopped"]
    error: str | None = None
    generation: str | None = None
    stages: list[Stage] = []
    stage: str | None = None
    task: str | None = None
    done: float | None = None
    total: float | None = None
    text: str = ""
    eta_s: float | None = None
    now: float
    history: list[Interval] = []
    map: list[Divergence] = []
    frame: int | None = None


def training(folder: Path, served: Served | None, *, now: float) -> Training:
    """Return how far a run is.

    Parameters
    ----------
    folder
        The run's.
    served
        The run as it is served; None where it has no vectors yet.
    now
        Seconds since 1970.

    Raises
    ------
    RunError
        If the folder is not a run's.
    """
    document, live = files.read_document(folder), watched(folder)
    is_made = live is not None and live.is_alive
    status = "running" if is_made else files.state(document)
    if status == "complete":
        live = None  # what was left of a map that was made again and killed
    about = Training(
        status=status,  # type: ignore[arg-type]  # a run's states are those five
        error=None if is_made else document.get("error"),
        generation=None if served is None else served.generation,
        stages=_stages(live, document, is_made=is_made),
        history=_history(live, served, document),
        now=now,
    )
    if not is_made or live is None:
        return about
    about.stage, about.task = live.stage, live.task or None
    about.done, about.total, about.text = live.done, live.total, live.text
    about.eta_s = None if live.eta_s is None else max(0.0, live.eta_s - (now - live.written))
    about.map = [Divergence(**row) for row in live.map]
    about.frame = live.frame
    return about


def _stages(live: Watched | None, document: Mapping[str, Any], *, is_made: bool) -> list[Stage]:
    """Return the stages in their order: those that are over, the one under way, those to come."""
    if live is None:
        timings = document.get("timings_s") or {}
        return [Stage(name=name, state="done", seconds=taken) for name, taken in timings.items()]
    stages = [
        Stage(
            name=stage["name"],
            state="done" if stage["seconds"] is not None else "running" if is_made else "ended",
            began=stage["began"],
            seconds=stage["seconds"],
        )
        for stage in live.stages
    ]
    begun = {stage.name for stage in stages}
    return [*stages, *(Stage(name=name, state="waiting") for name in live.plan if name not in begun)]


def _history(live: Watched | None, served: Served | None, document: Mapping[str, Any]) -> list[Interval]:
    """Return the rows of a history: the live ones if there are any, else those of the run, unless it is an earlier."""
    if live is not None and live.history:
        return [_interval(row) for row in live.history]
    if served is None or served.run.document.get("started") != document.get("started"):
        return []
    known = served.run.vectors.vocabulary.__contains__
    return served.once(
        "training history", lambda: [_interval(_with_keys(row, known)) for row in served.run.history.to_dicts()]
    )


def _with_keys(row: dict[str, Any], is_key: Callable[[str], bool]) -> dict[str, Any]:
    read = (read_probe(line, is_key) for line in row.get("probes") or ())
    return {**row, "probes": [{"key": key, "neighbors": neighbors} for key, neighbors in read]}


def _interval(row: Mapping[str, Any]) -> Interval:
    names = [name.removeprefix("loss_") for name in row if name.startswith("loss_")]
    contexts = {name: Losses(loss=row[f"loss_{name}"], heldout_loss=row.get(f"heldout_loss_{name}")) for name in names}
    plain = {name: row[name] for name in Interval.model_fields if name in row}
    return Interval(**{**plain, "contexts": contexts})
