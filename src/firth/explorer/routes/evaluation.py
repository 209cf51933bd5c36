"""Is a run any good? What was measured when it was made, and how the nearest agree in what is known of them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from firth.explorer.answering import Json
from firth.explorer.dependencies import AskedRun
from firth.explorer.schemas import EvaluationAnswer, refusals
from firth.explorer.shelf import Served
from firth.explorer.works import ANSWERS, LongWorks, finished, how_far
from firth.runs.answers import evaluation_document

router = APIRouter(tags=["evaluation"])


@router.get(
    "/runs/{run}/evaluation",
    summary="How good the vectors are",
    response_model=EvaluationAnswer,
    responses={**ANSWERS, **refusals(400, 404)},
)
async def evaluation(
    served: AskedRun,
    works: LongWorks,
    wait: Annotated[float, Query(ge=0, le=60, allow_inf_nan=False, description="Seconds, before 202 is said.")] = 20.0,
) -> Response:
    """Return what was measured when the run was made, and how items agree with their nearest, beside chance.

    Where the agreement is not stored it is computed once, over all items; that is what 202 is about.
    """
    stored = served.run.metrics.get("agreement")
    if stored is None:
        work = works.ask(("agreement", served.index, served.generation), lambda _: _agreement(served))
        if not await finished(work, wait_s=wait):
            return how_far(work)
        stored = work.future.result()
    return Json({**evaluation_document(served.run.name, served.run.metrics), "agreement": stored})


def _agreement(served: Served) -> list[dict[str, Any]]:
    return [one.to_dict() for one in served.run.agreement()]
