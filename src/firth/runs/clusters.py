"""The stage of a run that clusters its items and names each cluster after what it holds more than others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from firth.arrays import Int32
from firth.vectors.clusters import cluster
from firth.vectors.lift import name_clusters
from firth.vectors.vectors import Vectors

if TYPE_CHECKING:
    import polars as pl

_N_EXAMPLES = 8


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """One cluster of a run's items.

    Attributes
    ----------
    cluster
        Its number, as in the items' column ``cluster``; 0 is the largest.
    name
        What it holds more than others, in a word or two.
    size
        How many items it holds.
    similarity
        The mean cosine of its items with its centroid.
    examples
        Keys of the items nearest to the centroid, the nearest first.
    """

    cluster: int
    name: str
    size: int
    similarity: float
    examples: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the cluster as plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the cluster that plain values describe."""
        return cls(**{**values, "examples": tuple(values["examples"])})


def make_clusters(
    vectors: Vectors, attributes: pl.DataFrame, *, n_clusters: int, seed: int, n_jobs: int | Literal["auto"]
) -> tuple[Int32, list[Cluster]]:
    """Return each item's cluster, (n_items,) int32, and what the clusters are, the largest first."""
    found = cluster(vectors, n_clusters, seed=seed, n_jobs=n_jobs)
    names = name_clusters(found.labels, attributes)
    keys = vectors.keys
    clusters = []
    for number in range(n_clusters):
        members = np.flatnonzero(found.labels == number)
        nearest = members[np.argsort(-found.similarities[members], kind="stable")[:_N_EXAMPLES]]
        clusters.append(
            Cluster(
                cluster=number,
                name=names[number].name,
                size=len(members),
                similarity=float(found.similarities[members].mean(dtype=np.float64)),
                examples=tuple(keys[item] for item in nearest),
            )
        )
    return found.labels, clusters
