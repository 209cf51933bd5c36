"""Questions that go together to the kernel: each gets the answer that it would get alone."""

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest

import firth
from firth.explorer.app import create_app
from firth.explorer.batching import Batches


def squares(numbers: Sequence[int]) -> list[int]:
    return [number * number for number in numbers]


class Slow:
    """Work that waits until it is let go, and says what it was asked together."""

    def __init__(self) -> None:
        self.go, self.begun = threading.Event(), threading.Event()
        self.asked: list[list[int]] = []

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.asked.append(list(numbers))
        self.begun.set()
        assert self.go.wait(20)
        return squares(numbers)


async def until(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, 20)


def test_a_question_alone_goes_at_once():
    sizes: list[int] = []

    async def ask() -> int:
        batches = Batches(on_batch=sizes.append)
        return await batches.ask("a", 3, squares)

    assert asyncio.run(ask()) == 9
    assert sizes == [1]


def test_questions_that_wait_go_together_and_each_gets_its_own_answer():
    slow = Slow()

    async def ask() -> list[int]:
        batches = Batches(most=4)
        first = asyncio.create_task(batches.ask("a", 1, slow))
        await until(slow.begun)
        others = [asyncio.create_task(batches.ask("a", number, slow)) for number in (5, 2, 7, 3, 4, 6)]
        other_kind = asyncio.create_task(batches.ask("b", 9, slow))
        await asyncio.sleep(0)
        slow.go.set()
        return [await task for task in (first, *others, other_kind)]

    assert asyncio.run(ask()) == [1, 25, 4, 49, 9, 16, 36, 81]
    assert slow.asked == [[1], [5, 2, 7, 3], [9], [4, 6]]  # another kind does not wait for all of the first


def test_what_fails_fails_for_those_who_asked_it_together_and_for_nobody_after():
    slow = Slow()

    def broken(numbers: Sequence[int]) -> list[int]:
        raise ValueError(f"not {list(numbers)}")

    async def ask() -> list[object]:
        batches = Batches()
        first = asyncio.create_task(batches.ask("a", 1, slow))
        await until(slow.begun)
        bad = [asyncio.create_task(batches.ask("b", number, broken)) for number in (1, 2)]
        await asyncio.sleep(0)
        slow.go.set()
        return [*await asyncio.gather(first, *bad, return_exceptions=True), await batches.ask("b", 3, squares)]

    first, one, other, after = asyncio.run(ask())
    assert (first, after) == (1, 9)
    assert str(one) == str(other) == "not [1, 2]"


def test_nobody_waits_for_one_who_has_gone():
    slow = Slow()

    async def ask() -> int:
        batches = Batches()
        first = asyncio.create_task(batches.ask("a", 1, slow))
        await until(slow.begun)
        gone = asyncio.create_task(batches.ask("a", 2, slow))
        stays = asyncio.create_task(batches.ask("a", 3, slow))
        await asyncio.sleep(0)
        gone.cancel()
        slow.go.set()
        await first
        return await stays

    assert asyncio.run(ask()) == 9
    assert slow.asked == [[1], [3]]


@pytest.mark.parametrize("k", [1, 3, 59, 60, 100])
def test_answers_are_the_same_alone_and_among_a_hundred_others(service_run: Path, k: int):
    run = firth.load_run(service_run)
    app = create_app([service_run])
    sizes: list[int] = []
    app.state.batches._on_batch = sizes.append
    keys = [run.vectors.keys[i % len(run.vectors)] for i in range(0, 700, 7)]

    async def ask() -> tuple[list[bytes], list[bytes]]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:

            async def one(key: str) -> bytes:
                answer = await client.get("/api/runs/0/neighbors", params={"key": key, "k": k})
                assert answer.status_code == 200
                return answer.content

            alone = [await one(key) for key in keys[:5]]
            return alone, await asyncio.gather(*map(one, keys))

    alone, together = asyncio.run(ask())
    assert together[:5] == alone
    assert max(sizes) > 1
    assert sum(sizes) == 105
    wanted = run.vectors.most_similar(keys[-1], k=k)
    found = [(one["key"], one["cosine"]) for one in httpx.Response(200, content=together[-1]).json()["neighbors"]]
    assert found == [(key, round(cosine, 6)) for key, cosine in wanted]
