"""From a graph to a corpus in one call: ``firth.read_graph``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from os import PathLike

import numpy as np
import polars as pl

from firth.corpus.assemble import Rejected, check_contexts
from firth.corpus.build import take_in
from firth.corpus.contexts import WEIGHT, Context, Walks
from firth.corpus.corpus import Corpus
from firth.corpus.edges import Edges, check_weights, edges_of, encode_edges
from firth.corpus.intake import Intake
from firth.corpus.reading import built, table_intake
from firth.corpus.vocabulary_options import VocabularyOptions
from firth.errors import OptionError, SourceError
from firth.progress import Progress, SilentProgress, Task
from firth.sources import tables
from firth.sources.endings import ending
from firth.sources.graph import COMMENTS, TEXTS, Account, NumberedEdges, edge_batches, edges_in_memory
from firth.sources.origin import origin_of_files
from firth.sources.remote import Location, RemoteFile, locate
from firth.sources.tables import N_EXAMPLES, Table


def read_graph(
    graph: object,
    *,
    directed: bool | None = None,
    edge_weight: bool | str = True,
    source: str | None = None,
    target: str | None = None,
    keys: Sequence[object] | None = None,
    walks_per_node: int = 10,
    walk_length: int = 80,
    p: float = 1.0,
    q: float = 1.0,
    window: int | tuple[int, int] | None = None,
    name: str = "graph",
    min_count: int = 1,
    max_items: int | None = None,
    strict: bool = False,
    progress: Progress | None = None,
) -> Corpus:
    """Return the corpus of a graph: its nodes are the items, and training walks on its edges.

    Parameters
    ----------
    graph
        An edge list (.edges, .edgelist, .txt, .csv, .tsv; also .gz, .xz, .zst): a line per edge, two nodes and maybe a
        weight, divided by tabs, commas or white space; lines that begin with # or % are comments. Or a table with a
        column for each end (.parquet, .jsonl; a frame of polars, pandas or Arrow). Or a graph of NetworkX, or a sparse
        matrix or array of SciPy.
    directed
        Whether edges lead from source to target only. None: as a graph of NetworkX says of itself; a matrix that is not
        its own transpose is; else not.
    edge_weight
        Whether weights count: True, the third field of an edge list, the column or attribute ``weight``, the entries
        of a matrix; another column's or attribute's name; False, all edges are alike.
    source, target
        Columns of the two ends. None: ``source`` and ``target`` of a table; an edge list needs no names. With a name a
        .csv or .tsv is a table, whose first line names its columns.
    keys
        Of a matrix's rows; None: their numbers.
    walks_per_node, walk_length, p, q, window
        How the graph is walked; see :class:`firth.Walks`.
    name
        Of the context.
    min_count
        Nodes that fewer edges touch are dropped, and their edges with them.
    max_items
        At most so many nodes are kept, those of most edges; None: all.
    strict
        Whether a line that cannot be read is an error; otherwise such lines are counted in the corpus's report.
    progress
        Hears of the reading and the building.

    Raises
    ------
    OptionError
        If an option is outside its range.
    SourceError
        If the file is missing (``SourceNotFoundError``), empty, not UTF-8 or no edge list, or ``graph`` is no graph.
    DataError
        If no edge joins two nodes; if a weight is negative or no finite number; if two nodes have the same text.

    Notes
    -----
    Nodes without an edge to another are no items: no walk would tell anything of them. They are counted in the report,
    as are self-loops and edges of weight 0, which are left out, and edges that came again, whose weights are added up.
    While reading 8 bytes per edge are held, 16 with weights; then 4 bytes for each neighbour of each node, or 12.

    Examples
    --------
    >>> import firth, networkx
    >>> corpus = firth.read_graph(networkx.les_miserables_graph(), p=0.5, q=2)
    >>> corpus
    Corpus(77 items; graph (254 edges))
    >>> run = firth.train(corpus, vector_size=32, window=5, epochs=5)  # doctest: +SKIP
    """
    vocabulary = VocabularyOptions(min_count=min_count, max_items=max_items)
    declared = Walks(
        source=source or "source",
        target=target or "target",
        edge_weight=edge_weight,
        directed=bool(directed),
        walks_per_node=walks_per_node,
        walk_length=walk_length,
        p=p,
        q=q,
        window=window,
    )
    progress = progress or SilentProgress()
    contexts: dict[str, Context] = {name: declared}
    check_contexts(contexts)
    attribute = edge_weight if isinstance(edge_weight, str) else WEIGHT if edge_weight else None
    in_memory = edges_in_memory(graph, directed=directed, weight=attribute, keys=keys)
    if keys is not None and in_memory is None:
        raise OptionError("keys are of the rows of a matrix; other graphs have their own.")
    if in_memory is not None:
        walked: dict[str, Context] = {name: replace(declared, directed=in_memory.directed)}
        intake = Intake(walked, edges={name: _edges(in_memory)})
    elif isinstance(graph, (str, PathLike, RemoteFile)):
        is_table = source is not None or target is not None or isinstance(edge_weight, str)
        intake = graph_intake(locate(graph), contexts, is_table=is_table, strict=strict, progress=progress)
    else:
        intake = take_in({name: _frame(graph)}, contexts)
    return built(intake, vocabulary, progress)


def graph_intake(
    path: Location,
    contexts: Mapping[str, Context],
    *,
    is_table: bool = False,
    comments: str = COMMENTS,
    strict: bool = False,
    progress: Progress | None = None,
) -> Intake:
    """Return what a file of edges holds, before it is decided which nodes become items.

    Parameters
    ----------
    path
        An edge list or a table.
    contexts
        One graph, by name.
    is_table
        Whether a delimited file's first line names its columns.
    comments
        Signs that begin a comment in an edge list.
    strict
        Whether a line that cannot be read is an error.
    progress
        Hears of the reading.
    """
    if ending(path) not in TEXTS or (is_table and ending(path) in (".csv", ".tsv")):
        return table_intake(path, contexts=contexts, strict=strict, progress=progress)
    if is_table:
        raise OptionError(f"an edge list has no names of columns, and {path.name} is one: leave source and target out.")
    ((name, declared),) = contexts.items()
    assert isinstance(declared, Walks)  # checked by whoever calls
    origin = origin_of_files([path])
    account, rejected = Account(), _Rejected()
    with (progress or SilentProgress()).task("reading") as task:
        batches = _counted(edge_batches(path, comments=comments, account=account), rejected, strict, task)
        edges = encode_edges(name, declared, batches)
    edges = replace(edges, report={**edges.report, **account.lines})
    lost = Rejected(rejected.n, rejected.examples)
    return Intake(dict(contexts), rejected=lost, origin=origin, edges={name: edges})


class _Rejected:
    """Lines that are no edges."""

    n = 0
    examples: tuple[str, ...] = ()


def _counted(batches: Iterator[Table], rejected: _Rejected, strict: bool, task: Task) -> Iterator[Table]:
    n_rows = 0
    for batch in batches:
        if strict:
            batch.check()
        rejected.n += batch.n_rejected
        rejected.examples = (*rejected.examples, *batch.examples)[:N_EXAMPLES]
        n_rows += batch.frame.height
        task.update(n_rows, text=f"{n_rows:,} edges")
        yield batch


def _edges(found: NumberedEdges) -> Edges:
    """Return edges that were in memory."""
    sources, targets, weights = found.sources, found.targets, found.weights
    report = {"rows_read": len(sources), "rows_of_weight_0": 0}
    if weights is not None:
        check_weights(weights, _Names(found))
        is_positive = weights > 0
        report["rows_of_weight_0"] = len(weights) - int(np.count_nonzero(is_positive))
        sources, targets, weights = sources[is_positive], targets[is_positive], weights[is_positive]
    return edges_of(found.keys, sources, targets, weights, report=report)


class _Names(dict[int, str]):
    """What edges are called, by their places."""

    def __init__(self, found: NumberedEdges) -> None:
        self._found = found

    def __missing__(self, place: int) -> str:
        keys, sources, targets = self._found.keys, self._found.sources, self._found.targets
        return f"the edge from {keys[sources[place]][:60]!r} to {keys[targets[place]][:60]!r}"


def _frame(graph: object) -> pl.DataFrame:
    try:
        return tables.read(graph).frame
    except SourceError as error:
        raise SourceError(
            "a graph must be a path, a data frame (polars, pandas, Arrow), a graph of NetworkX or a sparse matrix of "
            f"SciPy, got {type(graph).__name__}."
        ) from error
