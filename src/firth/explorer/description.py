"""What a page is told of a run before it asks anything, by the service and by a page that carries its data."""

from __future__ import annotations

from typing import Any

from firth.runs import folder as files
from firth.runs.clusters import telling_attributes
from firth.runs.run import Run


def describe(run: Run, *, index: int, generation: str) -> dict[str, Any]:
    """Return what a page needs to know of a run before it asks anything.

    Parameters
    ----------
    run
        The run.
    index
        Its place among those on the page, 0 or 1.
    generation
        What tells this state of the run from others.
    """
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
            "index": index,
            "name": run.name,
            "status": run.status,
            "is_ready": True,
            "generation": generation,
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
