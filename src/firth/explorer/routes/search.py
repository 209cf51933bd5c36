"""Items by what somebody types."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query

from firth.errors import OptionError
from firth.explorer.dependencies import AskedRun, Options

router = APIRouter(tags=["search"])


@router.get("/runs/{run}/search")
def search(
    served: AskedRun,
    options: Options,
    q: Annotated[str, Query(description="What was typed.")] = "",
    k: Annotated[int, Query(ge=0, description="How many matches at most.")] = 10,
) -> dict[str, Any]:
    """Return the items whose keys begin with a text, hold it, or are nearly it, the best first."""
    if k > options.max_k:
        raise OptionError(f"k must be at most {options.max_k}, got {k}.")
    counts = served.run.vectors.counts
    matches = [
        {**asdict(match), "count": None if counts is None else int(counts[match.id])}
        for match in served.search.find(q, k=k)
    ]
    return {"query": q, "matches": matches}
