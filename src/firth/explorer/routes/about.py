"""What is served: the runs, what they hold, and the limits."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from fastapi import APIRouter

from firth.errors import FirthError
from firth.explorer.dependencies import Options, ServedShelf
from firth.explorer.description import describe
from firth.explorer.shelf import Shelf
from firth.runs import folder as files

router = APIRouter(tags=["about"])


@router.get("/about")
def about(shelf: ServedShelf, options: Options) -> dict[str, Any]:
    """Return the runs that are served, what each holds, and the limits."""
    runs = [_about(shelf, index) for index in range(len(shelf.folders))]
    return {"version": version("firth"), "limits": {"k": options.max_k}, "runs": runs}


def _about(shelf: Shelf, index: int) -> dict[str, Any]:
    try:
        served = shelf.served(index)
    except FirthError as error:
        document = files.read_document(shelf.folders[index])
        named = {"index": index, "name": document["name"], "status": files.state(document)}
        return {**named, "is_ready": False, "detail": str(error)}
    return describe(served.run, index=served.index, generation=served.generation)
