"""Questions to a run: what is like an item, why, what goes with some, what does a sum of items give."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, HTTPException, Query, Request

from firth.explorer.answering import Json
from firth.explorer.batching import Batches
from firth.explorer.dependencies import AskedRun, Options, QueryK, RunIndex, check_k, served_of
from firth.explorer.schemas import (
    ArithmeticQuestion,
    NeighborsAnswer,
    RecommendAnswer,
    RecommendQuestion,
    WhyAnswer,
    refusals,
)
from firth.explorer.shelf import Served
from firth.runs.answers import (
    NeighborConfidence,
    found_documents,
    item_documents,
    neighbors_document,
    recommend_document,
)
from firth.runs.run import Run
from firth.runs.why import why as why_near

router = APIRouter(tags=["questions"], prefix="/runs/{run}")

AskedKey = Annotated[str, Query(description="An item's key.")]


@router.get(
    "/neighbors", summary="What is most like an item", response_model=NeighborsAnswer, responses=refusals(400, 404)
)
async def neighbors(request: Request, run: RunIndex, key: AskedKey, k: QueryK = 10) -> Json:
    """Return the items whose vectors point most nearly the same way, over all items, as `firth neighbors` does."""
    # Asked here and not of dependencies, each of which takes FastAPI longer than the answer takes the kernel.
    served = await served_of(request, run)
    check_k(k, request.app.state.options)
    batches: Batches = request.app.state.batches
    vocabulary = served.run.vectors.vocabulary
    if key in vocabulary:
        id_ = vocabulary.id(key)
    else:
        id_ = await to_thread.run_sync(vocabulary.id, key)  # finds what comes closest, which takes a while
    answer: Json = await batches.ask((served, k), id_, partial(_neighbors, served, k))
    return answer


def _neighbors(served: Served, k: int, ids: Sequence[int]) -> list[Json]:
    """Return the answers for several items of one run."""
    run = served.run
    found = run.vectors.similar_ids([[id_] for id_ in ids], k=k)
    is_found = found.ids >= 0
    rows = iter(item_documents(run.items, found.ids[is_found], with_ids=True))
    answers = []
    for id_, cosines in zip(ids, (found.similarities[i][is_found[i]] for i in range(len(ids))), strict=True):
        documents = found_documents([next(rows) for _ in cosines], cosines.tolist())
        key = run.vectors.vocabulary.keys[id_]
        answers.append(Json(_neighbors_document(run, key, documents)))
    return answers


def _neighbors_document(run: Run, key: str, documents: list[dict[str, object]]) -> dict[str, object]:
    confidence = None
    if run.neighbor_confidence is not None:
        confidence = NeighborConfidence.of(run, key, [str(document["key"]) for document in documents])
    return neighbors_document(run.name, {"key": key}, documents, confidence=confidence)


@router.get("/why", summary="Why two items are near", response_model=WhyAnswer, responses=refusals(400, 404))
def why(served: AskedRun, a: AskedKey, b: AskedKey) -> Json:
    """Return what two items have in common: values, numbers, how often they occur together, what goes with both."""
    return Json(why_near(served.run, a, b).to_dict())


@router.post(
    "/recommend", summary="What goes with some items", response_model=RecommendAnswer, responses=refusals(400, 404, 413)
)
def recommend(served: AskedRun, options: Options, asked: RecommendQuestion) -> Json:
    """Return the items that go with these, as the run's recipe predicts it and `firth recommend` says it."""
    run, recommender = served.run, served.run.recommender
    answer = recommender.recommend(asked.keys, k=check_k(asked.k, options))
    documents = _found(run, answer.found, measure="prediction")
    return Json(recommend_document(run.name, asked.keys, recommender, answer, documents))


@router.post(
    "/arithmetic",
    summary="What is nearest to a sum and difference of items",
    response_model=NeighborsAnswer,
    responses=refusals(400, 404, 413),
)
def arithmetic(served: AskedRun, options: Options, asked: ArithmeticQuestion) -> Json:
    """Return the items nearest to a sum of items, the terms left out, as `firth arithmetic` does."""
    if not asked.plus and not asked.minus:
        raise HTTPException(422, "plus and minus name at least one item together, got none.")
    run = served.run
    found = run.vectors.most_similar(plus=asked.plus, minus=asked.minus, k=check_k(asked.k, options))
    return Json(neighbors_document(run.name, {"plus": asked.plus, "minus": asked.minus}, _found(run, found)))


def _found(run: Run, found: list[tuple[str, float]], *, measure: str = "cosine") -> list[dict[str, object]]:
    rows = item_documents(run.items, run.vectors.vocabulary.ids([key for key, _ in found]), with_ids=True)
    return found_documents(rows, [value for _, value in found], measure=measure)
