"""How long work tells its caller where it is: silently, as a bar, or through a callback.

The library itself never prints. Functions that may take more than a second accept ``progress`` and open one task per
stage; what becomes of it is the caller's choice. The command line passes :class:`BarProgress`, which draws with rich
on standard error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Protocol, Self

from firth.arrays import Float32


class Task(AbstractContextManager["Task"]):
    """One stage of work. The base class ignores everything, which is what silence is."""

    def update(self, completed: float, *, text: str = "") -> None:
        """Say how much is done.

        Parameters
        ----------
        completed
            Units done so far, of the task's ``total``.
        text
            A short remark for the reader, such as ``loss 2.31``.
        """

    def say(self, line: str) -> None:
        """Say something that should stay readable after the next update."""

    def note(self, figures: Mapping[str, Any]) -> None:
        """Give what was measured since the last note, by name: an interval's losses, a map's divergence."""

    def show(self, step: int, places: Callable[[], Float32]) -> None:
        """Offer a look at what forms.

        Parameters
        ----------
        step
            After how many steps.
        places
            Gives (n_items, 2) places after that step; not to be called after the next call, or after the task's end.
        """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        return None


class Progress(Protocol):
    """Something that opens tasks."""

    def task(self, description: str, *, total: float | None = None, unit: str = "") -> Task:
        """Return a task to be used as a context manager; ``total`` is None where it is not known."""
        ...


class SilentProgress:
    """Progress that nobody hears."""

    def task(self, description: str, *, total: float | None = None, unit: str = "") -> Task:  # noqa: ARG002 (protocol)
        """Return a task that ignores its updates."""
        return Task()


class _CallbackTask(Task):
    def __init__(
        self, callback: Callable[[str, float, float | None, str], None], description: str, total: float | None
    ) -> None:
        self._callback, self._description, self._total = callback, description, total
        self._completed = 0.0

    def update(self, completed: float, *, text: str = "") -> None:
        self._completed = completed
        self._callback(self._description, completed, self._total, text)

    def say(self, line: str) -> None:
        self._callback(self._description, self._completed, self._total, line)


class CallbackProgress:
    """Progress that calls ``callback(description, completed, total, text)`` at every update."""

    def __init__(self, callback: Callable[[str, float, float | None, str], None]) -> None:
        self._callback = callback

    def task(self, description: str, *, total: float | None = None, unit: str = "") -> Task:  # noqa: ARG002 (protocol)
        """Return a task whose updates reach the callback."""
        return _CallbackTask(self._callback, description, total)


class _BarTask(Task):
    def __init__(self, description: str, total: float | None, unit: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = [
            SpinnerColumn(finished_text="[green]✓[/green]"),
            TextColumn("{task.description:<16}"),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f} %" if total is not None else "     "),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[text]}[/dim]"),
        ]
        self._unit = unit
        self._total = total
        self._rich = Progress(*columns, console=Console(stderr=True))
        self._id = self._rich.add_task(description, total=total, text="")

    def update(self, completed: float, *, text: str = "") -> None:
        elapsed = self._rich.tasks[0].elapsed or 0.0
        rate = f"{si(completed / elapsed)} {self._unit}/s" if self._unit and elapsed > 0 else ""
        self._rich.update(self._id, completed=completed, text="  ".join(part for part in (rate, text) if part))

    def say(self, line: str) -> None:
        from rich.text import Text

        self._rich.console.print(Text(line))

    def __enter__(self) -> Self:
        self._rich.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            total = 1.0 if self._total is None else self._total
            self._rich.update(self._id, completed=total, total=total)
        self._rich.stop()


class BarProgress:
    """Progress bars on standard error, drawn with rich."""

    def task(self, description: str, *, total: float | None = None, unit: str = "") -> Task:
        """Return a task that draws one bar while it is open."""
        return _BarTask(description, total, unit)


def si(value: float) -> str:
    """Return a number with three digits and a decimal prefix: ``4.21 M``."""
    for limit, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:.3g} {prefix}"
    return f"{value:.3g}"
