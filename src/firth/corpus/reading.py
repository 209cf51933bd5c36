"""From a source to a corpus in one call: ``firth.read_sql`` and ``firth.read_table``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from firth.corpus.build import Rejected, build, check_contexts
from firth.corpus.contexts import Groups
from firth.corpus.corpus import Corpus
from firth.errors import OptionError
from firth.progress import Progress, SilentProgress
from firth.sources import sql, tables

if TYPE_CHECKING:
    import polars as pl


def read_sql(
    uri: str, query: str | None = None, *, contexts: Mapping[str, Groups], progress: Progress | None = None
) -> Corpus:
    """Return the corpus of what queries to a database select, in long form: one row per (item, value).

    Parameters
    ----------
    uri
        ``sqlite:///relative.db``, ``sqlite:////absolute.db``, ``postgresql://...`` or ``duckdb:///...``; opened
        read-only.
    query
        One SELECT for every context that has no ``query`` of its own.
    contexts
        What makes items belong together, by name. Equal queries run once.
    progress
        Hears of each query and of the building.

    Raises
    ------
    OptionError
        If a context has no query, or ``query`` is used by none.
    SourceError
        If the source cannot be read (``SourceNotFoundError``: no such file; ``ReadOnlyError``: a query that is not one
        plain SELECT), or an answer lacks a column.
    DataError
        If there are fewer than two items, or no two of them share a group.

    Examples
    --------
    >>> import firth
    >>> corpus = firth.read_sql(
    ...     "sqlite:///pitchfork.sqlite",
    ...     contexts={
    ...         "genre": firth.Groups(
    ...             weight=8,
    ...             query="select artist as item, genre as value from reviews join genres using (reviewid)"),
    ...         "score": firth.Groups(
    ...             weight=2, aggregate="mean", round=0, query="select artist as item, score as value from reviews")},
    ... )  # doctest: +SKIP
    """
    check_contexts(contexts)
    progress = progress or SilentProgress()
    texts: dict[str, str] = {}
    for name, declared in contexts.items():
        text = declared.query or query
        if text is None:
            raise OptionError(f"context {name!r} has no query; give it one, or give read_sql one for all contexts.")
        texts[name] = text
    if query is not None and query not in texts.values():
        raise OptionError("query is used by no context, as each has its own; leave one of them out.")
    frames: dict[str, pl.DataFrame] = {}
    distinct = list(dict.fromkeys(texts.values()))
    with progress.task("reading", total=len(distinct)) as task:
        for i, text in enumerate(distinct):
            frames[text] = sql.query(uri, text)
            task.update(i + 1, text=f"{frames[text].height:,} rows")
    return _build({name: frames[text] for name, text in texts.items()}, contexts, progress)


def read_table(
    table: object, *, contexts: Mapping[str, Groups], strict: bool = False, progress: Progress | None = None
) -> Corpus:
    """Return the corpus of a file or a data frame in long form: one row per (item, value).

    Parameters
    ----------
    table
        Path of a .csv, .tsv, .parquet, .jsonl or .ndjson file (text also as .gz, .xz, .zst), or a data frame of
        polars, pandas or anything else that speaks Arrow.
    contexts
        What makes items belong together, by name.
    strict
        Whether a row that cannot be read is an error; otherwise such rows are counted in the corpus's report.
    progress
        Hears of the reading and the building.

    Raises
    ------
    OptionError
        If a context has a query.
    SourceError
        If the table cannot be read (``SourceNotFoundError``: no such file), or lacks a column.
    DataError
        If there are fewer than two items, or no two of them share a group.
    """
    check_contexts(contexts)
    progress = progress or SilentProgress()
    for name, declared in contexts.items():
        if declared.query is not None:
            raise OptionError(f"context {name!r} has a query, but a table is read whole; leave the query out.")
    with progress.task("reading", total=1) as task:
        read = tables.read(table)
        task.update(1, text=f"{read.frame.height:,} rows")
    if strict:
        read.check()
    rejected = Rejected(read.n_rejected, read.examples)
    return _build(dict.fromkeys(contexts, read.frame), contexts, progress, rejected)


def _build(
    frames: Mapping[str, pl.DataFrame],
    contexts: Mapping[str, Groups],
    progress: Progress,
    rejected: Rejected | None = None,
) -> Corpus:
    with progress.task("building", total=1) as task:
        corpus = build(frames, contexts, rejected=rejected)
        task.update(1, text=f"{len(corpus):,} items")
    return corpus
