"""Answers as documents: what ``--json`` prints and what the service says, made in one place so that they are the same.

A document holds plain values only. The service adds each item's ``id``, which a page needs and a person does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from firth.runs.folder import OWN_COLUMNS

if TYPE_CHECKING:
    import numpy.typing as npt
    import polars as pl

    from firth.runs.clusters import Cluster
    from firth.runs.run import Run
    from firth.vectors.recommender import Answer, Recommender

Document = dict[str, Any]


def item_documents(
    items: pl.DataFrame, ids: npt.ArrayLike, *, with_ids: bool = False, whole: bool = False
) -> list[Document]:
    """Return items as JSON says them: key, count, every attribute.

    Parameters
    ----------
    items
        The items' table of a run.
    ids
        (n,) integers, rows of it; one may come twice.
    with_ids
        Whether each says its ``id``, too, instead of an attribute of that name.
    whole
        Whether each says everything that is known of it: its cluster and its place on the map, too.

    Notes
    -----
    O(n) time, whatever the number of items.
    """
    import numpy as np

    chosen = np.asarray(ids, dtype=np.int64).reshape(-1)
    names = items.columns if whole else ["key", "count", *(each for each in items.columns if each not in OWN_COLUMNS)]
    rows = items.select(names)[chosen].to_dicts()
    if not with_ids:
        return rows
    return [{"id": id_, **row} | {"id": id_} for id_, row in zip(chosen.tolist(), rows, strict=True)]


def found_documents(
    rows: Iterable[Mapping[str, Any]], values: Iterable[float], *, measure: str = "cosine"
) -> list[Document]:
    """Return items that a question found, as :func:`item_documents` gives them, each with the measure that ranks it."""
    return [
        {**{name: row[name] for name in ("id", "key") if name in row}, measure: round(float(value), 6), **row}
        for row, value in zip(rows, values, strict=True)
    ]


def neighbors_document(
    run: object,
    query: Mapping[str, Any],
    neighbors: list[Document],
    *,
    confidence: NeighborConfidence | None = None,
) -> Document:
    """Return the answer to what is like an item or a sum of items.

    Parameters
    ----------
    run
        What the run is called: its folder on the command line, its name in the service.
    query
        What was asked.
    neighbors
        Of :func:`found_documents`.
    confidence
        How sure the run is of them, where that is known and was asked for.
    """
    document = {"run": run, "ranking": "cosine", "query": dict(query), "neighbors": neighbors}
    if confidence is not None:
        for neighbor, rate in zip(neighbors, confidence.rates, strict=True):
            neighbor["recurs"] = rate
        document["confidence"] = confidence.to_dict()
    return document


def recommend_document(
    run: object, keys: Sequence[str], recommender: Recommender, answer: Answer, found: list[Document]
) -> Document:
    """Return the answer to what goes with some items."""
    options = recommender.options
    return {
        "run": run,
        "ranking": "prediction",
        "blend": options.blend,
        "decay": options.decay,
        "query": {"keys": list(keys)},
        "answered": {"by": answer.by, "groups": list(answer.groups), "unknown": list(answer.unknown)},
        "recommendations": found,
    }


def clusters_document(run: object, clusters: Sequence[Cluster]) -> Document:
    """Return a run's clusters, in their order."""
    return {"run": run, "clusters": [cluster.to_dict() for cluster in clusters]}


def evaluation_document(
    run: object,
    metrics: Mapping[str, Any],
    *,
    similarity: Iterable[Judged] = (),
    analogies: Iterable[Judged] = (),
    tags: Iterable[Judged] = (),
) -> Document:
    """Return how good a run is: what was measured when it was made, and what was asked of it since.

    Parameters
    ----------
    run
        What the run is called.
    metrics
        Of the run.
    similarity, analogies, tags
        What evaluations gave.
    """
    asked = {"similarity": similarity, "analogies": analogies, "tags": tags}
    found = {name: [result.to_dict() for result in results] for name, results in asked.items()}
    return {"run": run, "metrics": metrics, **found}


class Judged(Protocol):
    """What an evaluation gives."""

    def to_dict(self) -> Document:
        """Return it as plain values."""
        ...


@dataclass(frozen=True)
class NeighborConfidence:
    """How sure a run is of one item's neighbours.

    Parameters
    ----------
    rates
        The rate at which each neighbour recurs in another training, None where it is not known.
    about
        How that was measured.
    item
        The mean of the item's k nearest, None where it is not known.
    is_unstable
        Whether fewer than half of them are expected to recur.
    """

    rates: list[float | None]
    about: Mapping[str, Any]
    item: float | None
    is_unstable: bool

    @classmethod
    def of(cls, run: Run, key: str, found: Sequence[str]) -> NeighborConfidence:
        """Return what a run knows of an item's neighbours.

        Raises
        ------
        RunError
            If none of it was measured.
        """
        from firth.evaluation.stability import is_unstable
        from firth.runs.confidence import neighbor_rates

        rates = [None if rate is None else round(rate, 6) for rate in neighbor_rates(run, key, found)]
        item: float | None = run.items["confidence"][run.vectors.vocabulary.id(key)]
        return cls(rates, run.metrics["confidence"], item, item is not None and bool(is_unstable(item)))

    def to_dict(self) -> Document:
        """Return what is known of the item, as plain values."""
        about = {name: self.about[name] for name in ("members", "by", "k")}
        return {**about, "item": self.item, "is_unstable": self.is_unstable}
