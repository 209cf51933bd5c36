"""The stage of a run that clusters its items and names each cluster after what it holds more than others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from firth.arrays import Int32
from firth.runs.folder import OWN_COLUMNS
from firth.vectors.clusters import cluster
from firth.vectors.lift import LiftedValue, NumberSummary, name_clusters
from firth.vectors.vectors import Vectors

if TYPE_CHECKING:
    import polars as pl

_N_EXAMPLES = 8
_N_VALUES = 5  # that are kept of what a cluster's name rests on
_MAX_VALUES = 500  # of an attribute that tells a person something


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
    values
        What the name rests on: values it holds more of than the whole does, in order of lift.
    numbers
        Its mean of each numeric attribute; NaN where no item has a number.
    """

    cluster: int
    name: str
    size: int
    similarity: float
    examples: tuple[str, ...]
    values: tuple[LiftedValue, ...]
    numbers: tuple[NumberSummary, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the cluster as plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the cluster that plain values describe."""
        lifted = tuple(LiftedValue(**value) for value in values["values"])
        numbers = tuple(NumberSummary(**_with_nan(summary)) for summary in values["numbers"])
        return cls(**{**values, "examples": tuple(values["examples"]), "values": lifted, "numbers": numbers})


def make_clusters(
    vectors: Vectors, attributes: pl.DataFrame, *, n_clusters: int, seed: int, n_jobs: int | Literal["auto"]
) -> tuple[Int32, list[Cluster]]:
    """Return each item's cluster, (n_items,) int32, and what the clusters are, the largest first.

    Where no attribute tells anything, as in a text, a cluster is named after the two items nearest to its centroid.
    """
    found = cluster(vectors, n_clusters, seed=seed, n_jobs=n_jobs)
    telling = telling_attributes(attributes)
    names = name_clusters(found.labels, attributes.select(telling)) if telling else []
    keys = vectors.keys
    clusters = []
    for number in range(n_clusters):
        members = np.flatnonzero(found.labels == number)
        nearest = members[np.argsort(-found.similarities[members], kind="stable")[:_N_EXAMPLES]]
        clusters.append(
            Cluster(
                cluster=number,
                name=names[number].name if names else " · ".join(keys[item] for item in nearest[:2]),
                size=len(members),
                similarity=float(found.similarities[members].mean(dtype=np.float64)),
                examples=tuple(keys[item] for item in nearest),
                values=names[number].values[:_N_VALUES] if names else (),
                numbers=names[number].numbers if names else (),
            )
        )
    return found.labels, clusters


def telling_attributes(items: pl.DataFrame) -> list[str]:
    """Return the attributes that tell a person something: numbers, and categories of not too many values.

    A context of references, such as the numbers of baskets, makes items belong together but says nothing of one.
    """
    return [name for name in items.columns if name not in OWN_COLUMNS and _is_telling(items[name])]


def _is_telling(column: pl.Series) -> bool:
    return column.dtype.is_numeric() or column.explode(empty_as_null=True).n_unique() <= _MAX_VALUES


def _with_nan(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values in which null, as JSON has no NaN, is NaN again."""
    return {key: float("nan") if value is None else value for key, value in values.items()}
