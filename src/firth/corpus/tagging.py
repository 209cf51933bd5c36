"""Items get tags: from what the values of an attribute say by their words, or because the values are tags already."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from firth.corpus.tag_options import TAGS, TagOptions
from firth.corpus.tag_words import Keywords
from firth.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def tag_items(values: pl.Series, options: TagOptions) -> pl.Series:
    """Return each item's tags.

    Parameters
    ----------
    values
        (n_items,) lists of texts, or texts: what is known of each item.
    options
        Which words stand for which tag, or which values are tags.

    Returns
    -------
    pl.Series
        (n_items,) list[str], named ``tags``; empty where nothing says any. With keywords the tag that most of the
        item's values speak of comes first, of equal ones the one declared first; else in the order of the values.

    Raises
    ------
    DataError
        If the values are no texts.

    Notes
    -----
    A value that an item has several times counts once. O(n) in the values; each distinct one is searched once.
    """
    if values.dtype not in (pl.String, pl.List(pl.String)):
        raise DataError(f"tags come from texts, but {values.name!r} holds {values.dtype}; name an attribute of texts.")
    frame = pl.DataFrame({"item": pl.int_range(len(values), eager=True), "value": values.rename("value")})
    if values.dtype != pl.String:
        frame = frame.explode("value", empty_as_null=True)
    frame = frame.filter(pl.col("value") != "").unique(maintain_order=True)
    found = _spoken_of(frame, options) if options.keywords else _chosen(frame, options.top)
    lists = found.group_by("item", maintain_order=True).agg(pl.col("tag"))
    everyone = pl.DataFrame({"item": pl.int_range(len(values), eager=True)})
    joined = everyone.join(lists, on="item", how="left", maintain_order="left")
    return joined.select(pl.col("tag").fill_null(pl.lit([], dtype=pl.List(pl.String)))).to_series().rename(TAGS)


def _spoken_of(frame: pl.DataFrame, options: TagOptions) -> pl.DataFrame:
    """Return the (item, tag) pairs that enough of the item's values speak of, in the order of the tags' lists."""
    said = _said(frame["value"].unique(maintain_order=True).to_list(), options.keywords)
    n_values = frame.group_by("item").agg(n=pl.len())
    counted = frame.join(said, on="value").group_by("item", "place").agg(count=pl.len()).join(n_values, on="item")
    enough = (pl.col("count") >= options.min_count) & (pl.col("count") / pl.col("n") >= options.min_share)
    names = pl.Series("tag", list(options.keywords), dtype=pl.String)
    ordered = counted.filter(enough).sort("item", "count", "place", descending=[False, True, False])
    return ordered.select("item", tag=names.gather(ordered["place"]))


def _said(values: list[str], words: Mapping[str, Sequence[str]]) -> pl.DataFrame:
    keywords = Keywords(words)
    pairs = [(value, place) for value in values for place in keywords.tags(value)]
    return pl.DataFrame(pairs, schema={"value": pl.String, "place": pl.UInt32}, orient="row")


def _chosen(frame: pl.DataFrame, top: int | None) -> pl.DataFrame:
    """Return the (item, tag) pairs of values that are tags themselves, in the order of the values."""
    if top is not None:
        counted = frame.group_by("value").agg(n=pl.len()).sort(["n", "value"], descending=[True, False])
        frame = frame.join(counted.head(top), on="value", how="semi", maintain_order="left")
    return frame.rename({"value": "tag"})
