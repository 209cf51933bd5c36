"""The items' table of a run: keys, counts, attributes, and what was made of them, one row per item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import polars as pl

    from firth.runs.clusters import Cluster


def with_columns(items: pl.DataFrame, columns: Mapping[str, np.ndarray[Any, Any]]) -> pl.DataFrame:
    """Return the items with columns added, or replaced where they were there."""
    import polars as pl

    return items.with_columns(pl.Series(name, column) for name, column in columns.items())


def blank_items(keys: Sequence[str], counts: np.ndarray[Any, Any] | None) -> pl.DataFrame:
    """Return an items' table of keys and counts (null where they are not known)."""
    import polars as pl

    count = pl.Series("count", [None] * len(keys) if counts is None else counts, dtype=pl.Int64)
    return pl.DataFrame([pl.Series("key", list(keys), dtype=pl.String), count])


NO_CLUSTER = "no cluster"


def cluster_names(column: pl.Series, clusters: Sequence[Cluster]) -> list[str | None]:
    """Return the name of each item's cluster, None for an item in none (-1)."""
    names = [*(cluster.name for cluster in clusters), None]  # the last is that of -1
    return [names[number] for number in column.to_list()]


def color_values(items: pl.DataFrame, name: str, clusters: Sequence[Cluster]) -> Any:  # noqa: ANN401 (names or numbers)
    """Return one value per item to colour by: a number, or the name of its first category or of its cluster."""
    import polars as pl

    column = items[name]
    if name == "cluster":
        return cluster_names(column, clusters)
    if isinstance(column.dtype, pl.List):
        return column.list.first().to_list()
    return column.to_numpy()
