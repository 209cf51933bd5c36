"""One function called on many items: here one after another, or wherever a mapper has them called.

What trains many small models (a tuning, a run's confidence) asks a mapper, and knows nothing of where the calls are
made. Results come in the order of the items, whichever is done first, so a mapper has no part in what comes of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeVar

from firth.progress import Progress, SilentProgress, Task

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a call is made.

    Parameters
    ----------
    n_jobs
        Threads that it may use.
    progress
        Hears of it; silent where nobody could.
    """

    n_jobs: int | Literal["auto"] = "auto"
    progress: Progress = field(default_factory=SilentProgress)


class Mapper(Protocol):
    """Something that has a function called on many items."""

    @property
    def is_here(self) -> bool:
        """Whether the calls are made in this process, so that what they return may be as large as it is."""
        ...

    def map(
        self,
        function: Callable[[Shared, Item, Place], Result],
        shared: Shared,
        items: Sequence[Item],
        *,
        what: str,
        task: Task | None = None,
    ) -> Iterator[Result]:
        """Yield what the function returns, in the order of the items.

        Parameters
        ----------
        function
            Of a module, so that another process finds it; depends on nothing but what it is given.
        shared
            What every call needs; not changed by it.
        items
            One for each call.
        what
            What a call is, for messages: ``training`` is told of as ``training 2 of 5``.
        task
            Hears of the calls; its total is their number.

        Raises
        ------
        FirthError
            What the function raises; the calls after it are not awaited.
        """
        ...


class Here:
    """The calls made in this process, one after another, each with all threads.

    Parameters
    ----------
    n_jobs
        Threads.
    """

    def __init__(self, n_jobs: int | Literal["auto"] = "auto") -> None:
        self._n_jobs: int | Literal["auto"] = n_jobs

    @property
    def is_here(self) -> bool:
        """True."""
        return True

    def map(
        self,
        function: Callable[[Shared, Item, Place], Result],
        shared: Shared,
        items: Sequence[Item],
        *,
        what: str,
        task: Task | None = None,
    ) -> Iterator[Result]:
        """Yield what the function returns; each item is called when it is asked for."""
        whole = task or Task()
        for number, item in enumerate(items):
            part = _Part(whole, number, f"{what} {number + 1} of {len(items)}")
            found = function(shared, item, Place(n_jobs=self._n_jobs, progress=part))
            whole.update(number + 1)
            yield found


class _Part(SilentProgress):
    """Progress of one call, shown as a part of the task that is over all."""

    def __init__(self, whole: Task, number: int, heading: str) -> None:
        self._whole, self._number, self._heading = whole, number, heading

    def task(self, description: str, *, total: float | None = None, unit: str = "") -> Task:  # noqa: ARG002 (protocol)
        """Return a task whose updates move the whole."""
        whole, number, heading = self._whole, self._number, self._heading

        class Part(Task):
            def update(self, completed: float, *, text: str = "") -> None:
                whole.update(number + completed / total if total else number, text=f"{heading}  {text}")

        return Part()
