"""Answers that take seconds or minutes: each computed once, one after another, in a thread beside those that answer.

Who asks waits a while and is told how far it is otherwise, so that no connection hangs and the page can show it.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from firth.explorer.schemas import refusals
from firth.progress import CallbackProgress, Progress


class Working(BaseModel):
    """What is said while an answer is being computed (status 202): ask again.

    ``done`` of ``total`` steps are made, both null where that is not known.
    """

    state: str = "working"
    done: float | None = None
    total: float | None = None
    elapsed_s: float


@dataclass(eq=False)
class Work:
    """An answer that is computed, or was."""

    future: Future[Any] = field(default_factory=Future)
    began: float = field(default_factory=time.monotonic)
    done: float | None = None
    total: float | None = None
    is_told: bool = False

    def hear(self, _: str, completed: float, total: float | None, __: str) -> None:
        """Take in how far it is."""
        self.done, self.total = completed, total


class Works:
    """Answers by what tells them from others.

    Parameters
    ----------
    max_kept
        How many are kept, those last asked for.
    max_waiting
        How many may be computed or wait for it.
    """

    def __init__(self, *, max_kept: int = 8, max_waiting: int = 4) -> None:
        self._max_kept, self._max_waiting = max_kept, max_waiting
        self._works: OrderedDict[Hashable, Work] = OrderedDict()
        self._lock = Lock()
        self._turn = Lock()

    def ask(self, name: Hashable, make: Callable[[Progress], object]) -> Work:
        """Return the answer of this name, begun if nobody has; one that failed is begun again once that was told.

        Raises
        ------
        HTTPException
            429 if too many wait already.
        """
        with self._lock:
            work = self._works.get(name)
            if work is None or work.is_told:
                self._make_room()
                work = self._works[name] = Work()
                work.future.set_running_or_notify_cancel()  # from here on nobody can cancel it
                Thread(target=self._run, args=(work, make), daemon=True).start()
            self._works.move_to_end(name)
            work.is_told = work.future.done() and work.future.exception() is not None
            return work

    def kept(self, *beginning: object) -> list[Any]:
        """Return the answers that are ready and whose name begins so, the last asked for first."""
        with self._lock:
            works = [
                work
                for name, work in self._works.items()
                if isinstance(name, tuple) and name[: len(beginning)] == beginning
            ]
        ready = [work.future for work in reversed(works) if work.future.done()]
        return [future.result() for future in ready if future.exception() is None]

    def _make_room(self) -> None:
        n_waiting = sum(not work.future.done() for work in self._works.values())
        if n_waiting >= self._max_waiting:
            raise HTTPException(
                429, f"at most {self._max_waiting} long computations wait at a time, got one more; ask again later."
            )
        for name in [name for name, work in self._works.items() if work.future.done()]:
            if len(self._works) < self._max_kept:
                break
            del self._works[name]

    def _run(self, work: Work, make: Callable[[Progress], object]) -> None:
        with self._turn:
            try:
                work.future.set_result(make(CallbackProgress(work.hear)))
            except BaseException as error:  # whoever asks is told
                work.future.set_exception(error)


async def finished(work: Work, *, wait_s: float) -> bool:
    """Return whether an answer is ready, after waiting at most so long for it."""
    if not work.future.done():
        await asyncio.wait([asyncio.wrap_future(work.future)], timeout=wait_s)
    return work.future.done()


def how_far(work: Work) -> JSONResponse:
    """Return the answer for one that has to ask again."""
    said = Working(done=work.done, total=work.total, elapsed_s=round(time.monotonic() - work.began, 1))
    return JSONResponse(said.model_dump(), status_code=202, headers={"retry-after": "1"})


def _works(request: Request) -> Works:
    works: Works = request.app.state.works
    return works


LongWorks = Annotated[Works, Depends(_works)]
Wait = Annotated[float, Query(ge=0, le=60, allow_inf_nan=False, description="Seconds to wait before 202 is said.")]
ANSWERS: dict[int | str, dict[str, Any]] = {
    202: {"model": Working, "description": "It is being computed: ask again."},
    **refusals(429),
}
