"""What is served: the runs, what they hold, and the limits."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from fastapi import APIRouter

from firth.errors import FirthError
from firth.explorer.dependencies import Options, ServedShelf
from firth.explorer.shelf import Served, Shelf
from firth.runs import folder as files
from firth.runs.clusters import telling_attributes

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
    return describe(served)


def describe(served: Served) -> dict[str, Any]:
    """Return what a page needs to know of a run before it asks anything."""
    run = served.run
    columns = run.items.columns
    telling = telling_attributes(run.items)
    attributes = [
        {
            "name": name,
            "kind": "number" if run.items.schema[name].is_numeric() else "category",
            "is_telling": name in telling,
        }
        for name in run.attributes.columns
    ]
    described: dict[str, Any] = files.plain(
        {
            "index": served.index,
            "name": run.name,
            "status": run.status,
            "is_ready": True,
            "generation": served.generation,
            "n_items": len(run.vectors),
            "vector_size": run.vectors.size,
            "objective": files.objective(run.document),
            "attributes": attributes,
            "has": {
                "map": "x" in columns,
                "distortion": "distortion" in columns,
                "clusters": "cluster" in columns,
                "counts": run.vectors.counts is not None,
                "confidence": run.neighbor_confidence is not None,
                "recommend": run.vectors.outputs is not None or run.vectors.noise is not None,
                "history": len(run.history) > 0,
            },
            "clusters": [cluster.to_dict() for cluster in run.clusters],
            "metrics": run.metrics,
        }
    )
    return described
