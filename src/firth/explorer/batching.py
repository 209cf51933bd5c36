"""Questions that arrive while the kernel answers others wait for it, and then go to it together.

One question reads the whole matrix from memory; so do fifty that are asked at once. The kernel gives the same bytes for
a query alone as among others, so nobody can tell with whom a question went. Nothing waits for company: a question that
finds nobody at work goes at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

MOST = 256
Work = Callable[[Sequence[Any]], Sequence[Any]]


@dataclass(eq=False)
class _Waiting:
    """Questions of one kind, who waits for each, and who answers them."""

    work: Work
    questions: list[Any] = field(default_factory=list)
    answers: list[asyncio.Future[Any]] = field(default_factory=list)


class Batches:
    """A place where questions wait for their turn, one batch at a time, kinds in the order of their first question.

    Parameters
    ----------
    most
        Questions in one batch, at most.
    on_batch
        Called with the size of each batch.
    """

    def __init__(self, *, most: int = MOST, on_batch: Callable[[int], None] | None = None) -> None:
        self._most = most
        self._on_batch = on_batch or (lambda _: None)
        self._waiting: dict[Hashable, _Waiting] = {}
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="batches")
        self._task: asyncio.Task[None] | None = None

    async def ask(self, kind: Hashable, question: object, work: Work) -> Any:  # noqa: ANN401 (what work gives)
        """Return the answer to a question, found together with others of its kind.

        Parameters
        ----------
        kind
            What questions have in common that may go together.
        question
            What is asked.
        work
            Gives the answers to several questions of the kind, in their order; runs in a thread.

        Raises
        ------
        Exception
            Whatever ``work`` raises, to each who asked with it.
        """
        loop = asyncio.get_running_loop()
        waiting = self._waiting.setdefault(kind, _Waiting(work))
        answer: asyncio.Future[Any] = loop.create_future()
        waiting.questions.append(question)
        waiting.answers.append(answer)
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._drain())
        return await answer

    def close(self) -> None:
        """Let the thread end."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            kind = next(iter(self._waiting))
            waiting = self._waiting.pop(kind)
            if len(waiting.questions) > self._most:
                rest = _Waiting(waiting.work, waiting.questions[self._most :], waiting.answers[self._most :])
                self._waiting[kind] = rest  # behind the other kinds
            await self._answer(loop, waiting.work, waiting.questions[: self._most], waiting.answers[: self._most])

    async def _answer(
        self, loop: asyncio.AbstractEventLoop, work: Work, questions: list[Any], answers: list[asyncio.Future[Any]]
    ) -> None:
        asked = [(question, answer) for question, answer in zip(questions, answers, strict=True) if not answer.done()]
        if not asked:
            return  # everyone has gone
        self._on_batch(len(asked))
        try:
            found = await loop.run_in_executor(self._executor, work, [question for question, _ in asked])
        except Exception as error:
            for _, answer in asked:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (_, answer), one in zip(asked, found, strict=True):
            if not answer.done():
                answer.set_result(one)
