"""Items: their keys, and what is known of them."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException

from firth.explorer.answering import Json
from firth.explorer.dependencies import AskedRun
from firth.explorer.schemas import Ids, ItemsAnswer, Keys, KeysAnswer, refusals
from firth.runs.answers import item_documents

router = APIRouter(tags=["items"], prefix="/runs/{run}")


@router.post("/keys", summary="Keys of items by id", response_model=KeysAnswer, responses=refusals(404, 413))
async def keys(served: AskedRun, asked: Ids) -> Json:
    """Return the keys of items, in the order that they were asked in."""
    known = served.run.vectors.vocabulary.keys
    beyond = [id_ for id_ in asked.ids if id_ >= len(known)]
    if beyond:
        raise HTTPException(404, f"ids must be from 0 to {len(known) - 1}, got {beyond[0]}.")
    return Json({"keys": [known[id_] for id_ in asked.ids]})


@router.post("/items", summary="Items with their attributes", response_model=ItemsAnswer, responses=refusals(404, 413))
async def items(served: AskedRun, asked: Keys) -> Json:
    """Return all that is known of items, in the order that they were asked in; unknown keys are left out."""
    ids = served.run.vectors.vocabulary.find(asked.keys)
    return Json({"items": item_documents(served.run.items, ids[ids >= 0], with_ids=True, whole=True)})
