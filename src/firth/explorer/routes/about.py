"""What is served: the runs, what they hold, and the limits."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from fastapi import APIRouter

from firth.errors import FirthError, RunError
from firth.explorer.answering import Json
from firth.explorer.dependencies import Options, ServedShelf
from firth.explorer.description import describe
from firth.explorer.errors import without_folders
from firth.explorer.schemas import AboutAnswer
from firth.explorer.shelf import Served, Shelf
from firth.runs import folder as files

router = APIRouter(tags=["about"])


@router.get("/about", summary="What is served", response_model=AboutAnswer)
def about(shelf: ServedShelf, options: Options) -> Json:
    """Return the runs that are served, what each holds, and the limits."""
    runs = [_about(shelf, index) for index in range(len(shelf.folders))]
    return Json({"version": version("firth"), "limits": {"k": options.max_k}, "runs": runs})


def _about(shelf: Shelf, index: int) -> dict[str, Any]:
    try:
        served = shelf.served(index)
    except FirthError as error:
        told = {"is_ready": False, "detail": without_folders(str(error), shelf)}
        return {"index": index, **_named(shelf, index), **told}
    # What is counted over all items is counted once for each state; how far the run is changes without a new one.
    return {**served.once("about", lambda: _described(served)), "status": served.run.status}


def _described(served: Served) -> dict[str, Any]:
    return describe(served.run, index=served.index, generation=served.generation)


def _named(shelf: Shelf, index: int) -> dict[str, Any]:
    """Return the name and the state of a run that cannot be asked, which may be gone altogether."""
    try:
        document = files.read_document(shelf.folders[index])
    except RunError:
        return {"name": shelf.folders[index].name, "status": "damaged"}
    return {"name": document["name"], "status": files.state(document)}
