"""What clusters are about: what each holds more of than the whole does, not what is merely frequent.

The lift of a value in a cluster is p(value | cluster) / p(value). A value that everything has says nothing about a
cluster (lift 1); a rare one that gathers there does. Lift alone would name clusters after accidents, so a value must
also be held by a fair share of the members.

References
----------
Brin, Motwani, Ullman & Tsur (1997). Dynamic itemset counting and implication rules. SIGMOD '97.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from firth.arrays import Float64, Int32
from firth.errors import DataError

if TYPE_CHECKING:
    import polars as pl

_MIN_SHARE = 0.25  # of the members that a value in the name must reach
_MIN_LIFT = 1.2
_MIN_COUNT = 3  # members, or all of a smaller cluster
_NEAR_THE_BEST = 0.5  # a second value is named if its lift is at least this part of the first's
_NOTABLE_DIFFERENCE = 0.5  # of the overall standard deviation


@dataclass(frozen=True, kw_only=True)
class LiftedValue:
    """A value that a cluster holds more of than the whole does.

    Parameters
    ----------
    attribute
        The attribute it is a value of.
    value
        The value; "" stands for items that have none.
    count
        Members that have it.
    share
        p(value | cluster), of all members.
    overall
        p(value), of all items.
    lift
        share / overall.
    """

    attribute: str
    value: str
    count: int
    share: float
    overall: float
    lift: float


@dataclass(frozen=True, kw_only=True)
class NumberSummary:
    """A numeric attribute in a cluster.

    Parameters
    ----------
    attribute
        Its name.
    mean
        The members' mean; NaN where none has a number.
    difference
        That mean less the mean of all items.
    deviations
        The difference in overall standard deviations; 0 where the attribute does not vary.
    """

    attribute: str
    mean: float
    difference: float
    deviations: float


@dataclass(frozen=True, kw_only=True)
class ClusterName:
    """A cluster's name, and what it rests on.

    Parameters
    ----------
    cluster
        Its number.
    name
        Short, for people, distinct among the clusters: ``metal``, ``rap · pop/r&b``, ``rock · score 8.1``; ``mixed``
        where nothing stands out.
    size
        Members.
    values
        Values in order of lift, those that passed the bounds.
    numbers
        One per numeric attribute.
    """

    cluster: int
    name: str
    size: int
    values: tuple[LiftedValue, ...]
    numbers: tuple[NumberSummary, ...]


def name_clusters(labels: npt.ArrayLike, attributes: pl.DataFrame, *, n_values: int = 2) -> list[ClusterName]:
    """Return what each cluster holds more of than the whole does, and a name made of it.

    Parameters
    ----------
    labels
        (n_items,) integers, the cluster of each item from 0; -1: in none, which counts among all items only.
    attributes
        One row per item. A column of lists of text or of text is a category, one of numbers is summarised by its mean;
        others are left aside.
    n_values
        How many values a name holds at most.

    Returns
    -------
    list[ClusterName]
        One per cluster number, 0 to the largest.

    Raises
    ------
    DataError
        If there is not one label per row, or a label is below -1.

    Notes
    -----
    A value counts if at least a quarter of the members have it (3 of them, or all of a smaller cluster) and its lift is
    at least 1.2. O(n_items) time per attribute.
    """
    import polars as pl

    chosen = np.asarray(labels)
    if chosen.ndim != 1 or (chosen.size and chosen.dtype.kind not in "iu") or len(chosen) != len(attributes):
        raise DataError(f"labels must hold one whole number per row, {len(attributes)}, got the shape {chosen.shape}.")
    if chosen.size and chosen.min() < -1:
        raise DataError(f"labels must be >= -1, got {chosen.min()}.")
    chosen = chosen.astype(np.int32)
    sizes = np.bincount(chosen[chosen >= 0])
    values: list[list[LiftedValue]] = [[] for _ in sizes]
    numbers: list[list[NumberSummary]] = [[] for _ in sizes]
    for column in attributes.get_columns():
        if column.dtype == pl.List(pl.String) or column.dtype == pl.String:
            for cluster, one in _lifted(column, chosen, sizes):
                values[cluster].append(one)
        elif column.dtype.is_numeric():
            for cluster, summary in enumerate(_summaries(column, chosen, len(sizes))):
                numbers[cluster].append(summary)
    for each in values:
        each.sort(key=lambda one: (-one.lift, -one.count, one.attribute, one.value))
    names = _distinct([_base_name(each, n_values) for each in values], numbers)
    return [
        ClusterName(cluster=i, name=names[i], size=int(size), values=tuple(values[i]), numbers=tuple(numbers[i]))
        for i, size in enumerate(sizes)
    ]


def _lifted(column: pl.Series, labels: Int32, sizes: npt.NDArray[np.intp]) -> list[tuple[int, LiftedValue]]:
    """Return the values of one attribute that pass the bounds, with their clusters."""
    import polars as pl

    frame = pl.DataFrame({"item": np.arange(len(column)), "cluster": labels, "value": column.rename("value")})
    if column.dtype != pl.String:
        frame = frame.explode("value", empty_as_null=True)
    frame = frame.unique(["item", "value"]).with_columns(pl.col("value").fill_null(""))
    has_value = frame.group_by("item").agg(some=(pl.col("value") != "").any())
    frame = frame.join(has_value, on="item").filter((pl.col("value") != "") | ~pl.col("some"))
    counts = (
        frame.group_by("cluster", "value")
        .agg(count=pl.len())
        .with_columns(total=pl.col("count").sum().over("value"))
        .filter(pl.col("cluster") >= 0)
        .sort("cluster", "value")
    )
    found = []
    for cluster, value, count, total in counts.iter_rows():
        size = int(sizes[cluster])
        share, overall = count / size, total / len(labels)
        if share >= _MIN_SHARE and share >= _MIN_LIFT * overall and count >= min(_MIN_COUNT, size):
            one = LiftedValue(
                attribute=column.name, value=value, count=count, share=share, overall=overall, lift=share / overall
            )
            found.append((cluster, one))
    return found


def _summaries(column: pl.Series, labels: Int32, n_clusters: int) -> list[NumberSummary]:
    """Return one summary of a numeric attribute per cluster."""
    import polars as pl

    numbers: Float64 = column.cast(pl.Float64).to_numpy()
    known = np.isfinite(numbers)
    inside = known & (labels >= 0)
    n_known = np.bincount(labels[inside], minlength=n_clusters)
    sums = np.bincount(labels[inside], weights=numbers[inside], minlength=n_clusters)
    overall = float(numbers[known].mean()) if known.any() else float("nan")
    deviation = float(numbers[known].std()) if known.any() else 0.0
    summaries = []
    for total, n in zip(sums.tolist(), n_known.tolist(), strict=True):
        mean = total / n if n else float("nan")
        deviations = (mean - overall) / deviation if n and deviation > 0 else 0.0
        summaries.append(
            NumberSummary(attribute=column.name, mean=mean, difference=mean - overall, deviations=deviations)
        )
    return summaries


def _base_name(values: list[LiftedValue], n_values: int) -> str:
    named = (one.value or f"no {one.attribute}" for one in values if one.lift >= _NEAR_THE_BEST * values[0].lift)
    distinct: dict[str, str] = {}  # several attributes may say the same
    for name in named:
        distinct.setdefault(name.casefold(), name)
    return " · ".join([*distinct.values()][:n_values])


def _distinct(names: list[str], numbers: list[list[NumberSummary]]) -> list[str]:
    """Return names that differ: with a number that stands out where two are alike or empty, else numbered."""
    shared = Counter(names)
    longer = []
    for name, summaries in zip(names, numbers, strict=True):
        notable = [one for one in summaries if abs(one.deviations) >= _NOTABLE_DIFFERENCE]
        if notable and (not name or shared[name] > 1):
            most = max(notable, key=lambda one: abs(one.deviations))
            name = " · ".join(part for part in (name, f"{most.attribute} {most.mean:.3g}") if part)
        longer.append(name or "mixed")
    seen: Counter[str] = Counter()
    taken = set(longer)
    distinct = []
    for name in longer:
        seen[name] += 1
        unique = name
        while seen[name] > 1 and unique in taken:
            unique = f"{name} ({seen[name]})"
            seen[name] += unique in taken
        taken.add(unique)
        distinct.append(unique)
    return distinct
