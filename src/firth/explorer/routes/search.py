"""Items by what somebody types."""

from __future__ import annotations

import asyncio
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Query

from firth.explorer.answering import Json
from firth.explorer.dependencies import AskedK, AskedRun
from firth.explorer.schemas import SearchAnswer, refusals
from firth.explorer.shelf import Served
from firth.vectors.search import KeySearch

router = APIRouter(tags=["search"])


@router.get(
    "/runs/{run}/search", summary="Items by what is typed", response_model=SearchAnswer, responses=refusals(400, 404)
)
async def search(served: AskedRun, k: AskedK, q: Annotated[str, Query(description="What was typed.")] = "") -> Json:
    """Return the items whose keys are a text, begin with it, hold it, or are nearly it, the best first.

    Letter case, accents and punctuation do not count. Right after the run was opened the answer waits until its keys
    are made ready, a few seconds for a million.
    """
    making = served.begin_search()
    ready = making.result() if making.done() else await asyncio.wrap_future(making)
    return await to_thread.run_sync(_answer, served, ready, q, k)


def _answer(served: Served, search: KeySearch, text: str, k: int) -> Json:
    counts = served.run.vectors.counts
    matches = [
        {"id": match.id, "key": match.key, "count": None if counts is None else int(counts[match.id]), "how": match.how}
        for match in search.find(text, k=k)
    ]
    return Json({"query": text, "matches": matches})
