"""One context's rows become groups of ids: values are aggregated, rounded, and items that share one are put together.

Works on flat, sorted arrays. Whatever is added up is sorted first, so the order of the rows cannot be seen in a result.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from firth.arrays import Bool, Float64, Int32, Int64
from firth.corpus import columns
from firth.corpus.contexts import Aggregate, Groups
from firth.corpus.corpus import GroupContext
from firth.errors import DataError


@dataclass(frozen=True)
class Rows:
    """One context's rows before ids: keys, and each row's number or category.

    ``values`` are NaN, and ``categories`` null, where a row says nothing; one of the two is None. ``not_numeric`` tells
    where a text should be a number and is none.
    """

    keys: pl.Series
    values: Float64 | None
    categories: pl.Series | None
    weights: Float64 | None
    not_numeric: Bool

    def filter(self, mask: Bool) -> Rows:
        """Return the rows for which ``mask``, (n_rows,) bool, is true."""
        chosen = pl.Series(mask)
        return Rows(
            self.keys.filter(chosen),
            None if self.values is None else self.values[mask],
            None if self.categories is None else self.categories.filter(chosen),
            None if self.weights is None else self.weights[mask],
            self.not_numeric[mask],
        )

    def present(self) -> Bool:
        """Return whether each row says something: (n_rows,) bool."""
        if self.values is not None:
            return ~np.isnan(self.values)
        assert self.categories is not None  # one of the two is there
        return self.categories.is_not_null().to_numpy()


def read_rows(name: str, frame: pl.DataFrame, declared: Groups) -> Rows:
    """Return a context's rows, with its columns turned into texts and numbers.

    Raises
    ------
    DataError
        If a column has an unusable type, or a member weight is negative.
    """
    keys = columns.keys(name, frame, declared.items)
    has_key = keys.is_not_null()
    column = frame[declared.column]
    what = f"context {name!r}: column {declared.column!r}"
    values, categories, not_numeric = None, None, np.zeros(frame.height, dtype=bool)
    if declared.aggregate == "count":
        present = columns.texts(what, column).is_not_null()
        values = np.where(present.to_numpy(), 1.0, np.nan)
    elif declared.aggregate is not None or declared.round is not None:
        values, not_numeric = columns.numbers(what, column, mask=has_key)
    else:
        categories = columns.texts(what, column)
    weights = None
    if declared.member_weight is True:
        weights = np.ones(frame.height)
    elif declared.member_weight:
        what = f"context {name!r}: member weight {declared.member_weight!r}"
        weights, _ = columns.numbers(what, frame[declared.member_weight], mask=has_key)
        weights = np.where(np.isnan(weights), 0.0, weights)
        if weights.size and weights.min() < 0:
            raise DataError(f"{what} must be >= 0, got {weights.min():g}.")
    return Rows(keys, values, categories, weights, not_numeric)


@dataclass(frozen=True)
class _Members:
    """Distinct (group, item) pairs, ascending: how many rows say so, and the sum of their weights."""

    group: Int64
    item: Int32
    n_rows: Int64
    weight: Float64 | None


def build_context(name: str, declared: Groups, rows: Rows, ids: pl.DataFrame) -> tuple[GroupContext, pl.Series]:
    """Return a built context and its column of the attributes.

    Parameters
    ----------
    name, declared, rows
        The context.
    ids
        Columns ``key`` and ``id`` of all items.
    """
    n_items = ids.height
    item = rows.keys.to_frame("key").join(ids, on="key", how="left", maintain_order="left")["id"]
    has_key = item.is_not_null().to_numpy()
    given: Bool = has_key & rows.present()
    item_ids: Int32 = item.filter(pl.Series(given)).to_numpy()
    weights = None if rows.weights is None else rows.weights[given]
    attribute: pl.Series | None = None
    if rows.values is not None:
        value = rows.values[given]
        if declared.aggregate is not None:
            value, weights, item_ids = _aggregate(item_ids, value, weights, declared.aggregate)
            attribute = _numeric_attribute(name, item_ids, value, n_items)
        group, labels = _number_groups(value, declared.round)
    else:
        assert rows.categories is not None  # one of the two is there
        group, labels = _category_groups(rows.categories.filter(pl.Series(given)))
    members = _members(item_ids, group, weights)
    if attribute is None:
        attribute = _list_attribute(name, members, labels, n_items)
    n_given, n_not_numeric = int(given.sum()), int((has_key & rows.not_numeric).sum())
    n_without_key = rows.keys.null_count()
    n_dropped = len(rows.keys) - int(has_key.sum()) - n_without_key
    counts = {
        "rows_read": len(rows.keys),
        "rows_without_key": n_without_key,
        **({"rows_dropped": n_dropped} if n_dropped else {}),
        "rows_missing": int(has_key.sum()) - n_given - n_not_numeric,
        "rows_not_numeric": n_not_numeric,
        "n_items_without_group": n_items - len(np.unique(item_ids)),
    }
    return _keep(name, declared, members, labels, counts), attribute


def _aggregate(
    item: Int32, value: Float64, weights: Float64 | None, how: Aggregate
) -> tuple[Float64, Float64 | None, Int32]:
    """Return each item's one value, its weights' sum, and the items, ascending."""
    order = np.lexsort((value, item))
    item_sorted, value = item[order], value[order]
    each, first, n = np.unique(item_sorted, return_index=True, return_counts=True)
    last = first + n - 1
    if how == "min":
        result = value[first]
    elif how == "max":
        result = value[last]
    elif how == "median":
        result = value[first + (n - 1) // 2] / 2 + value[first + n // 2] / 2
    elif how == "count":
        result = n.astype(np.float64)
    else:
        result = np.add.reduceat(value, first) / n if len(first) else value
    summed = None
    if weights is not None:
        summed = _sums(weights[np.lexsort((weights, item))], first)
    return result + 0.0, summed, each


def _sums(sorted_values: Float64, first: Int64) -> Float64:
    return np.add.reduceat(sorted_values, first) if len(first) else np.zeros(0)


def _number_groups(value: Float64, decimals: int | None) -> tuple[Int64, list[str]]:
    """Return each row's group, numbered by ascending value, and the groups' labels."""
    if decimals is not None:
        value = np.round(value, decimals)
    distinct, group = np.unique(value + 0.0, return_inverse=True)  # adding 0 makes -0.0 and 0.0 one spelling
    return group, columns.texts("label", pl.Series(distinct)).to_list()


def _category_groups(category: pl.Series) -> tuple[Int64, list[str]]:
    """Return each row's group, numbered by the labels' order, and the labels."""
    distinct = category.unique().sort()
    codes = distinct.to_frame("label").with_columns(code=pl.int_range(pl.len(), dtype=pl.Int64))
    joined = category.to_frame("label").join(codes, on="label", how="left", maintain_order="left")
    return joined["code"].to_numpy(), distinct.to_list()


def _members(item: Int32, group: Int64, weights: Float64 | None) -> _Members:
    keys = (item, group) if weights is None else (weights, item, group)
    order = np.lexsort(keys)
    item, group = item[order], group[order]
    changes = np.ones(len(item), dtype=bool)
    changes[1:] = (item[1:] != item[:-1]) | (group[1:] != group[:-1])
    first = np.flatnonzero(changes)
    n_rows = np.diff(np.append(first, len(item)))
    return _Members(group[first], item[first], n_rows, None if weights is None else _sums(weights[order], first))


def _keep(name: str, declared: Groups, members: _Members, labels: list[str], counts: dict[str, int]) -> GroupContext:
    """Return the groups of two or more items of a weight above 0."""
    weighty: Bool = np.ones(len(members.item), dtype=bool) if members.weight is None else members.weight > 0
    sizes = np.bincount(members.group[weighty], minlength=len(labels))
    chosen = np.flatnonzero(sizes >= 2)
    kept = weighty & (sizes >= 2)[members.group] if len(labels) else weighty
    sizes_kept = sizes[chosen].astype(np.int64)
    counts |= {
        "n_groups": len(chosen),
        "n_single_member_groups": int((sizes == 1).sum()),
        "n_memberships": int(sizes_kept.sum()),
        "n_without_weight": int((~weighty).sum()),
        "n_pairs": int((sizes_kept * (sizes_kept - 1) // 2).sum()),
        "largest_group": int(sizes_kept.max()) if len(chosen) else 0,
    }
    return GroupContext(
        name=name,
        weight=float(declared.weight),
        choice=declared.choice,
        labels=[labels[g] for g in chosen.tolist()],
        offsets=np.concatenate([[0], np.cumsum(sizes_kept)]).astype(np.int64),
        members=np.ascontiguousarray(members.item[kept], dtype=np.int32),
        member_weights=None if members.weight is None else np.ascontiguousarray(members.weight[kept]),
        report=counts,
    )


def _numeric_attribute(name: str, item: Int32, value: Float64, n_items: int) -> pl.Series:
    column = np.full(n_items, np.nan)
    column[item] = value
    return pl.Series(name, column).fill_nan(None)


def _list_attribute(name: str, members: _Members, labels: list[str], n_items: int) -> pl.Series:
    order = np.lexsort((members.group, -members.n_rows, members.item))
    texts = pl.Series(labels, dtype=pl.String).gather(members.group[order])
    lists = (
        pl.DataFrame({"id": members.item[order], "value": texts})
        .group_by("id", maintain_order=True)
        .agg(pl.col("value"))
    )
    every = pl.DataFrame({"id": np.arange(n_items, dtype=np.int32)}).join(
        lists, on="id", how="left", maintain_order="left"
    )
    empty = pl.lit([], dtype=pl.List(pl.String))
    return every.select(pl.col("value").fill_null(empty).alias(name)).to_series()
