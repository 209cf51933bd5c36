"""From a source to a corpus in one call: ``firth.read_sql`` and ``firth.read_table``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING

from firth.corpus.assemble import Rejected, check_contexts
from firth.corpus.build import take_in
from firth.corpus.contexts import WEIGHT, Context, Sequences, Walks
from firth.corpus.corpus import Corpus
from firth.corpus.edges import encode_edges
from firth.corpus.intake import Intake
from firth.corpus.ordering import encode_rows
from firth.corpus.vocabulary_options import VocabularyOptions
from firth.errors import OptionError, SourceError
from firth.progress import Progress, SilentProgress, Task
from firth.sources import sql, tables
from firth.sources.engines import without_password
from firth.sources.origin import IN_MEMORY, Origin, database_file, origin_of_files, query_read
from firth.sources.remote import locate

if TYPE_CHECKING:
    import polars as pl


def read_sql(
    uri: str,
    query: str | None = None,
    *,
    contexts: Mapping[str, Context],
    min_count: int = 1,
    max_items: int | None = None,
    unknown: str | None = None,
    progress: Progress | None = None,
) -> Corpus:
    """Return the corpus of what queries to a database select, in long form.

    One row per (item, value) for :class:`~firth.Groups`, one per (sequence, item) for :class:`~firth.Sequences`, one
    per edge for :class:`~firth.Walks`.

    Parameters
    ----------
    uri
        ``sqlite:///relative.db``, ``sqlite:////absolute.db``, ``postgresql://...`` or ``duckdb:///...``; opened
        read-only.
    query
        One SELECT for every context that has no ``query`` of its own.
    contexts
        What makes items belong together, by name. Equal queries run once.
    min_count
        Items that occur less often, in all contexts together, are dropped.
    max_items
        At most so many items are kept, the most frequent; None: all.
    unknown
        Key of one more item that dropped ones are read as in sequences; None: they are skipped.
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
        If there are fewer than two items, or no two of them share a group, a sequence or an edge.

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
    vocabulary = VocabularyOptions(min_count=min_count, max_items=max_items, unknown=unknown)
    return built(sql_intake(uri, query, contexts=contexts, progress=progress), vocabulary, progress)


def sql_intake(
    uri: str, query: str | None = None, *, contexts: Mapping[str, Context], progress: Progress | None = None
) -> Intake:
    """Return what queries to a database select, before it is decided which keys become items; see :func:`read_sql`."""
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
    files = database_file(uri)
    with progress.task("reading", total=len(distinct)) as task:
        for i, text in enumerate(distinct):
            frames[text] = sql.query(uri, text)
            task.update(i + 1, text=f"{frames[text].height:,} rows")
    queries = tuple(query_read(text, frame) for text, frame in frames.items())
    origin = Origin(files=files, uri=without_password(uri), server=sql.server(uri), queries=queries)
    return replace(take_in({name: frames[text] for name, text in texts.items()}, contexts), origin=origin)


def read_table(
    table: object,
    *,
    contexts: Mapping[str, Context],
    min_count: int = 1,
    max_items: int | None = None,
    unknown: str | None = None,
    strict: bool = False,
    progress: Progress | None = None,
) -> Corpus:
    """Return the corpus of a file or a data frame in long form.

    One row per (item, value) for :class:`~firth.Groups`, one per (sequence, item) for :class:`~firth.Sequences`, or one
    per sequence where the items are a column of lists; one per edge for :class:`~firth.Walks`.

    Parameters
    ----------
    table
        Path or URL (``s3://``, ``https://``, ...) of a .csv, .tsv, .parquet, .jsonl or .ndjson file (text also as .gz,
        .xz, .zst), of a .json slice of the Million Playlist Dataset or a folder of such slices; or a data frame of
        polars, pandas or anything else that speaks Arrow.
    contexts
        What makes items belong together, by name.
    min_count
        Items that occur less often, in all contexts together, are dropped.
    max_items
        At most so many items are kept, the most frequent; None: all.
    unknown
        Key of one more item that dropped ones are read as in sequences; None: they are skipped.
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
        If there are fewer than two items, or no two of them share a group, a sequence or an edge.

    Notes
    -----
    Where no context is Groups, a file is read in batches: what is held grows with the items and the sequences'
    names, and by 12 to 20 bytes per row, which are sorted a million at a time; an order of texts is held as
    well. With Groups the whole table is held.
    """
    vocabulary = VocabularyOptions(min_count=min_count, max_items=max_items, unknown=unknown)
    return built(table_intake(table, contexts=contexts, strict=strict, progress=progress), vocabulary, progress)


def table_intake(
    table: object, *, contexts: Mapping[str, Context], strict: bool = False, progress: Progress | None = None
) -> Intake:
    """Return what a table holds, before it is decided which keys become items; see :func:`read_table`."""
    check_contexts(contexts)
    progress = progress or SilentProgress()
    for name, declared in contexts.items():
        if declared.query is not None:
            raise OptionError(f"context {name!r} has a query, but a table is read whole; leave the query out.")
    origin = IN_MEMORY
    if isinstance(table, (str, PathLike)):
        with suppress(SourceError, OSError):  # reading says what is wrong
            origin = origin_of_files(tables.files(locate(table)))
    if all(isinstance(declared, Sequences | Walks) for declared in contexts.values()):
        return replace(_sequences(table, contexts, strict, progress), origin=origin)
    with progress.task("reading", total=1) as task:
        read = tables.read(table)
        task.update(1, text=f"{read.frame.height:,} rows")
    if strict:
        read.check()
    taken = take_in(dict.fromkeys(contexts, read.frame), contexts, rejected=Rejected(read.n_rejected, read.examples))
    return replace(taken, origin=origin)


def built(intake: Intake, vocabulary: VocabularyOptions, progress: Progress | None = None) -> Corpus:
    """Return the corpus of what was read, and tell ``progress`` of it."""
    with (progress or SilentProgress()).task("building", total=1) as task:
        corpus = intake.corpus(vocabulary)
        task.update(1, text=f"{len(corpus):,} items")
    return corpus


def _sequences(table: object, contexts: Mapping[str, Context], strict: bool, progress: Progress) -> Intake:
    """Return what a table holds that is of sequences and edges only, and so is read in batches."""
    declared = {name: context for name, context in contexts.items() if isinstance(context, Sequences)}
    walked = {name: context for name, context in contexts.items() if isinstance(context, Walks)}
    needed = {column for context in contexts.values() for column in context.columns}
    if any(context.edge_weight is True for context in walked.values()):
        needed.add(WEIGHT)  # if there is one
    source = table if isinstance(table, (str, PathLike)) else tables.read(table).frame
    with progress.task("reading") as task:
        reader = _Reader(source, needed, strict, task)
        encoded = encode_rows(declared, reader.batches) if declared else {}
        edges = {name: encode_edges(name, context, reader.batches()) for name, context in walked.items()}
    rejected = Rejected(reader.n_rejected, reader.examples[: tables.N_EXAMPLES])
    return Intake(dict(contexts), encoded, rejected=rejected, edges=edges)


class _Reader:
    """A table that may be read more than once, in batches; its last reading is the one that is counted."""

    def __init__(self, source: object, columns: set[str], strict: bool, task: Task) -> None:
        self._source, self._columns, self._strict, self._task = source, columns, strict, task
        self.n_rejected = 0
        self.examples: tuple[str, ...] = ()

    def batches(self) -> Iterator[tables.Table]:
        """Yield the batches, counted and told to the task."""
        self.n_rejected, self.examples, n_rows = 0, (), 0
        for batch in tables.batches(self._source, self._columns):
            if self._strict:
                batch.check()
            self.n_rejected += batch.n_rejected
            self.examples += batch.examples
            n_rows += batch.frame.height
            self._task.update(n_rows, text=f"{n_rows:,} rows")
            yield batch
