"""Rows become a corpus. The order of the rows has no influence on anything that comes out.

Numbers are sorted before they are added up, so that a mean does not differ in its last bit, and an item not fall into
another group, because a database returned its rows in another order. No row is looped over in Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from firth.corpus.columns import check_columns
from firth.corpus.contexts import Groups
from firth.corpus.corpus import Corpus, CorpusReport, fingerprint
from firth.corpus.grouping import Rows, build_context, read_rows
from firth.corpus.vocabulary import Vocabulary
from firth.errors import DataError, OptionError


@dataclass(frozen=True)
class Rejected:
    """Rows that a source could not read: how many, and a few of them with line numbers."""

    n: int = 0
    examples: tuple[str, ...] = ()


def build(
    frames: Mapping[str, pl.DataFrame], contexts: Mapping[str, Groups], *, rejected: Rejected | None = None
) -> Corpus:
    """Return the corpus of some contexts, each with its own rows.

    Parameters
    ----------
    frames
        For each context, by name, its rows in long form: one row per (item, value). Contexts may share a frame.
    contexts
        For each context, by name, which columns say what. Their order is kept.
    rejected
        Rows lost before, for the report.

    Returns
    -------
    Corpus
        Every item with a key is in it, also those in no group.

    Raises
    ------
    OptionError
        If there is no context, all weights are 0, or a context has no frame.
    SourceError
        If a frame lacks a column.
    DataError
        If a column has an unusable type, there are fewer than two items, or no two items share a group.

    Notes
    -----
    O(n log n) in the number of rows; a few copies of the columns that are named. An item that is in one context only is
    counted there only; an item's rows are counted once per context, also where contexts share a frame.
    """
    _check(frames, contexts)
    rows = {name: read_rows(name, frames[name], declared) for name, declared in contexts.items()}
    ordered = (
        pl.concat([row.keys.drop_nulls().to_frame("key") for row in rows.values()])
        .group_by("key")
        .agg(count=pl.len().cast(pl.Int64))
        .sort(["count", "key"], descending=[True, False])
    )
    if ordered.height < 2:
        raise DataError(_too_few_items(ordered, rows))
    ids = ordered.select("key", id=pl.int_range(pl.len(), dtype=pl.Int32))
    built = {name: build_context(name, contexts[name], rows[name], ids) for name in contexts}
    trained = tuple(context for context, _ in built.values() if context.weight > 0 and context.n_groups)
    report = CorpusReport(
        ordered.height,
        {name: context.report for name, (context, _) in built.items()},
        rejected.n if rejected else 0,
        rejected.examples if rejected else (),
    )
    if not trained:
        raise DataError(f"no two items share a group, so there is nothing to learn from. What was read: {report}")
    keys, counts = ordered["key"].to_list(), ordered["count"].to_numpy()
    return Corpus(
        vocabulary=Vocabulary(keys),
        counts=counts,
        contexts=trained,
        attributes=pl.DataFrame({name: attribute for name, (_, attribute) in built.items()}),
        report=report,
        fingerprint=fingerprint(keys, counts, trained),
    )


def check_contexts(contexts: Mapping[str, Groups]) -> None:
    """Raise OptionError if there is no context, one is no Groups or has no name, or all weights are 0."""
    if not contexts:
        raise OptionError("contexts must name at least one context, got none.")
    for name, declared in contexts.items():
        if not name:
            raise OptionError("a context's name must be a text, got ''.")
        if not isinstance(declared, Groups):
            raise OptionError(f"context {name!r} must be Groups(...), got {type(declared).__name__}.")
    if not any(declared.weight > 0 for declared in contexts.values()):
        raise OptionError("at least one context must have a weight above 0, got none.")


def _check(frames: Mapping[str, pl.DataFrame], contexts: Mapping[str, Groups]) -> None:
    check_contexts(contexts)
    for name, declared in contexts.items():
        if name not in frames:
            raise OptionError(f"context {name!r} has no rows; give frames one entry per context.")
        check_columns(name, frames[name], declared)


def _too_few_items(ordered: pl.DataFrame, rows: Mapping[str, Rows]) -> str:
    n_read = sum(len(row.keys) for row in rows.values())
    if n_read == 0:
        return "a corpus needs at least two items, got no rows: the query or table is empty."
    if ordered.height == 0:
        return f"a corpus needs at least two items, got {n_read:,} rows and every key in them is NULL, NaN or empty."
    key = ordered["key"][0]
    return f"a corpus needs at least two items, got one, {key[:80]!r}, in {n_read:,} rows."
