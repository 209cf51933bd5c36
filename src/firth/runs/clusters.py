"""The stage of a run that clusters its items and names each cluster after what it holds more than others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

import numpy as np

from firth.arrays import Float32, Float64, Int32, Int64
from firth.errors import RunError
from firth.evaluation.clusters import silhouettes
from firth.runs.folder import OWN_COLUMNS
from firth.runs.items import with_columns
from firth.runs.sections import ClusterOptions
from firth.vectors.clusters import cluster
from firth.vectors.hdbscan import hdbscan
from firth.vectors.lift import LiftedValue, NumberSummary, name_clusters
from firth.vectors.vectors import Vectors

if TYPE_CHECKING:
    import polars as pl

    from firth.runs.run import Run

RunT = TypeVar("RunT", bound="Run")

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
    silhouette
        The mean of its items' silhouettes, -1 to 1; None where it is the only cluster, or was not measured.
    """

    cluster: int
    name: str
    size: int
    similarity: float
    examples: tuple[str, ...]
    values: tuple[LiftedValue, ...]
    numbers: tuple[NumberSummary, ...]
    silhouette: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the cluster as plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the cluster that plain values describe."""
        lifted = tuple(LiftedValue(**value) for value in values["values"])
        numbers = tuple(NumberSummary(**_with_nan(summary)) for summary in values["numbers"])
        return cls(**{**values, "examples": tuple(values["examples"]), "values": lifted, "numbers": numbers})


def with_clusters(
    run: RunT, options: ClusterOptions, *, seed: int | None = None, n_jobs: int | Literal["auto"] = "auto"
) -> RunT:
    """Return the run with its items in clusters, and how they were made and how far apart they lie in its metrics.

    Raises
    ------
    OptionError
        If there are fewer items than clusters.
    MissingExtraError
        If HDBSCAN is asked for and scikit-learn is not installed.
    """
    seed = run.seed if seed is None else seed
    labels = labelled(run.vectors, options, seed=seed, n_jobs=n_jobs)
    values = silhouettes(run.vectors, labels)
    clusters = [asdict(cluster) for cluster in _described(run.vectors, run.attributes, labels, values)]
    about = {
        **asdict(options),
        "n": len(clusters),
        "seed": seed,
        "n_noise": int((labels < 0).sum()),
        "silhouette": _mean(values[labels >= 0]),
    }
    items = with_columns(run.items, {"cluster": labels})
    metrics = {**run.metrics, "clusters": about}
    return replace(run, items=items, document={**run.document, "clusters": clusters, "metrics": metrics})


def labelled(vectors: Vectors | Float32, options: ClusterOptions, *, seed: int, n_jobs: int | Literal["auto"]) -> Int32:
    """Return each item's cluster, (n_items,) int32, 0 being the largest; -1: none."""
    if options.method == "kmeans":
        return cluster(vectors, options.n, seed=seed, n_jobs=n_jobs).labels
    return hdbscan(vectors, min_cluster_size=options.min_cluster_size, n_components=options.n_components, n_jobs=n_jobs)


def central_first(run: Run, number: int) -> Int64:
    """Return the ids of a cluster's items, the nearest to its middle first: (n,) int64; empty where there is none.

    Raises
    ------
    RunError
        If the run has no clusters.

    Notes
    -----
    In the order of the cluster's ``examples``. O(n_items + n * size) time.
    """
    if "cluster" not in run.items.columns:
        raise RunError(f"{run.name} has no clusters: make them first (run.cluster(), or [clusters] in a recipe).")
    return _central_first(run.vectors.normalised, np.flatnonzero(run.items["cluster"].to_numpy() == number))[0]


def _central_first(unit: Float32, members: Int64) -> tuple[Int64, Float32]:
    """Return members by their cosine with the direction of their mean, and these cosines in the members' order."""
    similarities = _to_centroid(unit[members])
    return members[np.argsort(-similarities, kind="stable")], similarities


def _described(vectors: Vectors, attributes: pl.DataFrame, labels: Int32, values: Float64) -> list[Cluster]:
    """Return what the clusters are, by number.

    Where no attribute tells anything, as in a text, a cluster is named after the two items nearest to its centroid.
    """
    telling = telling_attributes(attributes)
    names = name_clusters(labels, attributes.select(telling)) if telling else []
    keys, unit = vectors.keys, vectors.normalised
    clusters = []
    for number in range(int(labels.max(initial=-1)) + 1):
        members = np.flatnonzero(labels == number)
        ordered, similarities = _central_first(unit, members)
        nearest = ordered[:_N_EXAMPLES]
        clusters.append(
            Cluster(
                cluster=number,
                name=names[number].name if names else " · ".join(keys[item] for item in nearest[:2]),
                size=len(members),
                similarity=float(similarities.mean(dtype=np.float64)),
                examples=tuple(keys[item] for item in nearest),
                values=names[number].values[:_N_VALUES] if names else (),
                numbers=names[number].numbers if names else (),
                silhouette=_mean(values[members]),
            )
        )
    return clusters


def _to_centroid(rows: Float32) -> Float32:
    """Return each row's cosine with the direction of the rows' mean; 0 for a row of zeros."""
    total = rows.sum(axis=0, dtype=np.float64)
    length = float(np.sqrt((total * total).sum()))
    direction = (total / length if length > 0 else total).astype(np.float32)
    cosines: Float64 = np.einsum("ij,j->i", rows, direction, dtype=np.float64)
    return cosines.astype(np.float32)


def _mean(values: Float64) -> float | None:
    """Return a mean, None where a value is not known or there is none."""
    return float(values.mean()) if len(values) and np.isfinite(values).all() else None


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
