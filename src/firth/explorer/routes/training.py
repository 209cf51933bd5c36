"""A run while it is made: how far it is, and its map as it forms; answered before there are vectors."""

from __future__ import annotations

import io
import time
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Response

from firth.errors import FirthError
from firth.explorer.columns import MEDIA_TYPE
from firth.explorer.dependencies import ServedShelf
from firth.explorer.errors import without_folders
from firth.explorer.schemas import DIGITS
from firth.explorer.training import Training
from firth.explorer.training import training as described
from firth.runs.live import forming, watched

router = APIRouter(tags=["training"])

Index = Annotated[int, Path(ge=0, le=1, description="0: the run; 1: the second."), DIGITS]


@router.get("/runs/{run}/training", response_model=Training)
def training(shelf: ServedShelf, run: Index) -> Training:
    """Return how far a run is, and what was measured of it so far."""
    _check(shelf.folders, run)
    try:
        served = shelf.served(run)
    except FirthError:
        served = None  # it has no vectors yet, which is no reason not to tell of it
    about = described(shelf.folders[run], served, now=time.time())
    if about.error is not None:
        about.error = without_folders(about.error, shelf)
    return about


@router.get(
    "/runs/{run}/training/frame",
    response_class=Response,
    responses={
        200: {
            "content": {MEDIA_TYPE: {}},
            "description": "An Arrow IPC stream of `x` and `y`, one row per item, by id; the header `firth-step` says "
            "after how many steps.",
        },
        204: {"description": "No map is forming, or it has not moved on."},
    },
)
def frame(
    shelf: ServedShelf,
    run: Index,
    after: Annotated[int | None, Query(ge=0, description="The step that is known already.")] = None,
) -> Response:
    """Return where the items of a map that forms are, as an Arrow stream."""
    import polars as pl

    _check(shelf.folders, run)
    folder = shelf.folders[run]
    live = watched(folder)
    found = forming(folder) if live is not None and live.is_alive and live.frame is not None else None
    if found is None or found[0] == after:
        return Response(status_code=204)
    step, xy = found
    stream = io.BytesIO()
    pl.DataFrame({"x": xy[:, 0], "y": xy[:, 1]}).write_ipc_stream(stream, compat_level=pl.CompatLevel.oldest())
    return Response(stream.getvalue(), media_type=MEDIA_TYPE, headers={"firth-step": str(step)})


def _check(folders: tuple[object, ...], run: int) -> None:
    if run >= len(folders):
        raise HTTPException(404, "only one run is served, so there is no run 1; ask for run 0.")
