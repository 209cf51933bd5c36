"""Items of a run: keys by id, and what is known of items by key."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from firth.errors import OptionError
from firth.explorer.dependencies import AskedRun
from firth.runs.folder import plain

router = APIRouter(tags=["items"])

_MOST = 10_000  # items of one answer


class Ids(BaseModel):
    """Items by id."""

    ids: Annotated[list[int], Field(max_length=_MOST)]


class Keys(BaseModel):
    """Items by key."""

    keys: Annotated[list[str], Field(max_length=_MOST)]


@router.post("/runs/{run}/keys")
def keys(served: AskedRun, asked: Ids) -> dict[str, Any]:
    """Return the keys of items, in the order of the ids."""
    known = served.run.vectors.vocabulary.keys
    for id_ in asked.ids:
        if not 0 <= id_ < len(known):
            raise OptionError(f"ids must be from 0 to {len(known) - 1}, got {id_}.")
    return {"keys": [known[id_] for id_ in asked.ids]}


@router.post("/runs/{run}/items")
def items(served: AskedRun, asked: Keys) -> dict[str, Any]:
    """Return what is known of items; keys that are no item's are left out."""
    ids = served.run.vectors.vocabulary.find(asked.keys)
    ids = ids[ids >= 0]
    rows = served.run.items[ids].to_dicts()
    return {"items": plain([{"id": id_, **row} for id_, row in zip(ids.tolist(), rows, strict=True)])}
