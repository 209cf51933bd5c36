"""The clusters of a run, and who is in them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query

from firth.explorer.answering import Json
from firth.explorer.dependencies import AskedK, AskedRun
from firth.explorer.schemas import DIGITS, ClustersAnswer, MembersAnswer, refusals
from firth.runs.answers import clusters_document, item_documents
from firth.runs.clusters import central_first

router = APIRouter(tags=["clusters"], prefix="/runs/{run}/clusters")


@router.get("", summary="The clusters", response_model=ClustersAnswer, responses=refusals(400, 404))
async def clusters(served: AskedRun) -> Json:
    """Return the clusters of a run, the largest first, as `firth clusters` does; none where it has none."""
    return Json(clusters_document(served.run.name, served.run.clusters))


@router.get("/{cluster}", summary="Who is in a cluster", response_model=MembersAnswer, responses=refusals(400, 404))
def members(
    served: AskedRun,
    k: AskedK,
    cluster: Annotated[int, Path(ge=0, le=2**31 - 1, description="Its number; 0 is the largest."), DIGITS],
    offset: Annotated[int, Query(ge=0, le=2**31 - 1, description="How many to pass over."), DIGITS] = 0,
) -> Json:
    """Return some of a cluster's items, the nearest to its middle first."""
    n = len(served.run.clusters)
    if cluster >= n:
        raise HTTPException(404, f"clusters are numbered from 0 to {n - 1}, got {cluster}." if n else "no clusters.")
    ordered = served.once(f"cluster {cluster}", lambda: central_first(served.run, cluster))
    chosen = ordered[offset : offset + k]
    return Json({"total": len(ordered), "items": item_documents(served.run.items, chosen, with_ids=True)})
