"""What a run writes while it is made, so that any other process can watch it from the folder alone.

``live.json`` says which stage it is at, how far that is and what was measured; while a map forms,
``live-map.safetensors`` holds where its items are. Both are replaced as a whole, so a reader never sees half of one.
They are removed when the run is complete. Of one whose training failed or was stopped, ``live.json`` stays: it is all
that is known of its losses.

Nothing here decides a byte of the run, and a file that cannot be written is no reason for a run to fail. All is written
between two steps by the thread that works, a few times a second at most and for a small share of its time. Nothing is
flushed to the disk: after a power cut these files may be empty, which is read as if there were none.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from firth.arrays import Float32
from firth.progress import Progress, SilentProgress, Task
from firth.runs import folder as files

EVERY_S = 0.5
_SHARE = 0.005  # of a thread's work, at most, is writing; on a busy machine that is less than the time it takes
_BLOCKED = 0.05  # of the time, at most, is spent waiting for a disk
_SILENT_S = 600.0  # after which a process on another machine is taken to have gone


class Live:
    """The live files of one run.

    Parameters
    ----------
    folder
        The run's; None: nothing is written.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder, self._now = folder, Watched(process=files.owner())
        self._due, self._shown_step = 0.0, -1

    def plan(self, stages: Sequence[str]) -> None:
        """Say which stages are to come, in their order."""
        self._now.plan = list(stages)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Return a context within which the run is at a stage."""
        began = time.time()
        self._now.stages.append({"name": name, "began": began, "seconds": None})
        self._now.stage = name
        self.begin("", total=None)
        try:
            yield
        finally:
            self._now.stages[-1]["seconds"] = round(time.time() - began, 3)
            self._now.stage = None

    def over(self, progress: Progress | None) -> Progress | None:
        """Return a progress whose tasks are heard by another one, and written down."""
        return progress if self._folder is None else _Heard(progress or SilentProgress(), self)

    def end(self, *, is_complete: bool) -> None:
        """Remove the files, or leave the last state as that of a run that has ended, if there are losses in it."""
        if self._folder is None:
            return
        if is_complete or not self._now.history:
            remove(self._folder)
            return
        self._now.process = None
        self._write()
        (self._folder / files.LIVE_MAP).unlink(missing_ok=True)

    def begin(self, task: str, *, total: float | None) -> None:
        """Say what is worked on; written at once, since it may take long to be heard of again."""
        self._now.task, self._now.done, self._now.total, self._now.text = task, 0.0, total, ""
        self._now.eta_s = None
        self._write()

    def update(self, done: float, text: str, *, eta_s: float | None) -> None:
        """Say how far it is; written if it is time."""
        self._now.done, self._now.text, self._now.eta_s = float(done), text, eta_s
        if time.perf_counter() >= self._due:
            self._write()

    def note(self, figures: Mapping[str, Any]) -> None:
        """Keep a row of the history or of the map's; other trainings may be part of other stages, and are not told."""
        if self._now.stage == "train":
            self._now.history.append(dict(figures))
        elif self._now.stage == "map":
            self._now.map.append(dict(figures))

    def show(self, step: int, places: Callable[[], Float32], *, is_last: bool = False) -> None:
        """Write a map as it forms if it is time, or if no other will follow."""
        if step != self._shown_step and (is_last or time.perf_counter() >= self._due):
            self._shown_step = step
            self._write(places())

    def _write(self, xy: Float32 | None = None) -> None:
        """Write the present state, and a picture of the map if one is given."""
        if self._folder is None:
            return
        began, worked = time.perf_counter(), time.thread_time()
        with suppress(OSError):
            if xy is not None:
                _replace(self._folder / files.LIVE_MAP, _packed(self._shown_step, xy))
                self._now.frame = self._shown_step
            self._now.written = time.time()
            text = json.dumps(files.plain(vars(self._now)), ensure_ascii=False, allow_nan=False)
            _replace(self._folder / files.LIVE, text.encode())
        ended = time.perf_counter()
        self._due = ended + max(EVERY_S, (time.thread_time() - worked) / _SHARE, (ended - began) / _BLOCKED)


@contextmanager
def watched_stage(name: str, folder: Path | None, progress: Progress) -> Iterator[Progress | None]:
    """Return a context for a stage that is made again in a run's folder: it gives the progress to be told.

    Nothing is written where another process is at work on the run.
    """
    busy = None if folder is None else watched(folder)
    live = Live(None if busy is not None and busy.is_alive else folder)
    live.plan([name])
    try:
        with live.stage(name):
            yield live.over(progress)
    finally:
        live.end(is_complete=True)


@dataclass(kw_only=True)
class Watched:
    """What is known of a run that is being made: the content of ``live.json``.

    Attributes
    ----------
    process
        Whose run it is, as in ``run.json``; None when it has ended.
    written
        When this was written, in seconds since 1970.
    plan
        The stages that were planned, in their order.
    stages
        Those that have begun: ``name``, ``began`` (seconds since 1970) and ``seconds``, None while it lasts.
    stage
        The one under way.
    task, done, total, text
        What is worked on within it, how much of how much is done, and a remark; ``total`` is None where not known.
    eta_s
        Seconds from ``written`` until the task is done, as it went so far; None where that cannot be told.
    history
        The rows of the run's history so far; ``probes`` as lists of ``{"key": ..., "neighbors": [...]}``.
    map
        The map's divergence (``kl``) after so many steps (``iteration``).
    frame
        The step whose places ``live-map.safetensors`` holds; None before there are any.
    """

    process: dict[str, Any] | None = None
    written: float = 0.0
    plan: list[str] = field(default_factory=list)
    stages: list[dict[str, Any]] = field(default_factory=list)
    stage: str | None = None
    task: str = ""
    done: float = 0.0
    total: float | None = None
    text: str = ""
    eta_s: float | None = None
    history: list[dict[str, Any]] = field(default_factory=list)
    map: list[dict[str, Any]] = field(default_factory=list)
    frame: int | None = None

    @property
    def is_alive(self) -> bool:
        """Whether the process that wrote this is still there; of another machine's, whether it was heard of lately."""
        if self.process is None:
            return False
        if self.process.get("host") != platform.node():
            return time.time() - self.written < _SILENT_S
        return files.state({"status": "running", "process": self.process}) == "running"


def watched(folder: Path) -> Watched | None:
    """Return what was last written of a run that is being made, or None where there is nothing to read."""
    try:
        found = json.loads((folder / files.LIVE).read_text(encoding="utf-8"))
        return Watched(**found)
    except (OSError, ValueError, TypeError):
        return None


def forming(folder: Path) -> tuple[int, Float32] | None:
    """Return after how many steps a map that forms was last written, and its places, (n_items, 2); None without one."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load((folder / files.LIVE_MAP).read_bytes())
        return int(arrays["step"][0]), arrays["xy"]
    except (OSError, KeyError, ValueError, SafetensorError):
        return None


def remove(folder: Path) -> None:
    """Remove the live files."""
    for name in (files.LIVE, files.LIVE_MAP):
        with suppress(OSError):
            (folder / name).unlink(missing_ok=True)


def _packed(step: int, xy: Float32) -> bytes:
    from safetensors.numpy import save

    return save({"step": np.array([step]), "xy": np.ascontiguousarray(xy, dtype=np.float32)})


def _replace(path: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all, unless the power is cut."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


class _Heard:
    """A progress whose tasks are passed on to another and written down."""

    def __init__(self, progress: Progress, live: Live) -> None:
        self._progress, self._live = progress, live

    def task(self, description: str, *, total: float | None = None, unit: str = "") -> Task:
        """Return a task that tells both."""
        return _HeardTask(self._progress.task(description, total=total, unit=unit), self._live, description, total)


class _HeardTask(Task):
    def __init__(self, inner: Task, live: Live, description: str, total: float | None) -> None:
        self._inner, self._live, self._description, self._total = inner, live, description, total
        self._began: tuple[float, float] | None = None  # when it was heard of first, and how much was done then
        self._last: tuple[int, Callable[[], Float32]] | None = None

    def update(self, completed: float, *, text: str = "") -> None:
        self._inner.update(completed, text=text)
        now = time.perf_counter()
        if self._began is None:
            self._began = now, completed
        since, before = self._began
        eta_s = None
        if self._total is not None and completed > before:
            eta_s = (now - since) / (completed - before) * max(0.0, self._total - completed)
        self._live.update(completed, text, eta_s=eta_s)

    def say(self, line: str) -> None:
        self._inner.say(line)

    def note(self, figures: Mapping[str, Any]) -> None:
        self._inner.note(figures)
        self._live.note(figures)

    def show(self, step: int, places: Callable[[], Float32]) -> None:
        self._inner.show(step, places)
        self._last = step, places
        self._live.show(step, places)

    def __enter__(self) -> Self:
        self._inner.__enter__()
        self._live.begin(self._description, total=self._total)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None and self._last is not None:
            self._live.show(*self._last, is_last=True)
        self._inner.__exit__(kind, error, traceback)
