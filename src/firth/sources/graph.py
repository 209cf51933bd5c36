"""Graphs: edge lists in text files, graphs of NetworkX, and sparse matrices of SciPy.

An edge list has a line per edge: two nodes, and a weight if edges have one, divided by tabs, commas or white space. It
needs no header. Text is divided by polars, piece by piece, so that ten million edges make no ten million objects.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from firth.arrays import Float64, Int32
from firth.errors import DataError, SourceError
from firth.sources.endings import EDGE_LISTS
from firth.sources.remote import Location
from firth.sources.tables import N_EXAMPLES, Table
from firth.sources.text import is_plain, pieces

TEXTS = (*EDGE_LISTS, ".txt", ".csv", ".tsv")  # of files that may be one
COMMENTS = "#%"
LINE = "line of the file"  # a column, beside those of the edges
_HEADERS = {
    *("source", "target", "from", "to", "src", "dst", "origin", "destination", "node1", "node2", "node_1", "node_2"),
    *("id1", "id2", "id_1", "id_2", "source_id", "target_id", "from_id", "to_id", "fromnodeid", "tonodeid"),
}
_COLUMNS = ("source", "target", "weight")


@dataclass
class Account:
    """What of an edge list was no edge.

    Parameters
    ----------
    lines
        ``lines_header``, ``lines_comment``: how many lines were one.
    """

    lines: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, eq=False)
class NumberedEdges:
    """The edges of a graph that was in memory.

    Parameters
    ----------
    keys
        Of all nodes.
    sources, targets
        (n_edges,) int32, places in ``keys``.
    weights
        (n_edges,) float64, or None.
    directed
        Whether edges lead one way.
    """

    keys: list[str]
    sources: Int32
    targets: Int32
    weights: Float64 | None
    directed: bool


def edge_batches(path: Location, *, comments: str = COMMENTS, account: Account | None = None) -> Iterator[Table]:
    """Yield an edge list in batches, at least one: texts ``source``, ``target``, maybe ``weight``; lines.

    The first line that is no comment decides what divides the fields (a tab, else a comma, else white space), and
    whether there are two or three. It is left out if it names columns: if its first two fields are words such as
    ``source`` and ``target``, if its third is no number, or if those of the next line are numbers and its own are none.
    A line with another number of fields is set aside and counted.

    Parameters
    ----------
    path
        File, UTF-8; .gz, .xz and .zst are decompressed.
    comments
        Signs, each of which makes the line that begins with it a comment.
    account
        Where lines that are no edges are counted.

    Raises
    ------
    SourceError
        If the file is empty, cannot be read, is not UTF-8, or its first line has fewer than two fields or more than
        three.

    Notes
    -----
    About 8 MB of text are held at a time. Lines that need a closer look (quotes, several blanks, comments among them)
    take about ten times as long as others.
    """
    account = account or Account()
    form: _Form | None = None
    for content, first_line in pieces(path):
        lines = content.replace("\r\n", "\n") if "\r" in content else content
        if form is None:
            form = _form(path, lines, comments)
            if form is None:  # nothing but comments so far
                account.lines["lines_comment"] += sum(bool(line.strip()) for line in lines.split("\n"))
                continue
        yield _batch(path, lines, first_line, form, account)
    if form is None:
        raise SourceError(
            f"{path} holds no edges; an edge list has a line per edge: two nodes, and a weight if need be."
        )


@dataclass
class _Form:
    """How an edge list is written."""

    separator: str
    n_fields: int
    comments: str
    header: str | None  # the line that names the columns, until it was met


def _form(path: Location, content: str, comments: str) -> _Form | None:
    """Return how an edge list is written, by its first lines; None where all are comments."""
    found: list[str] = []
    for each in content.split("\n"):
        line = each.strip()
        if line and line[0] not in comments:
            found.append(line)
            if len(found) == 2:
                break
    if not found:
        return None
    separator = "\t" if "\t" in found[0] else "," if "," in found[0] else " "
    first, *rest = (_fields(line, separator) for line in found)
    if not 2 <= len(first) <= 3:
        what = {"\t": "divided by tabs", ",": "divided by commas", " ": "divided by white space"}[separator]
        raise SourceError(
            f"{path}: a line of an edge list has two or three fields (source, target, weight), got {len(first)} "
            f"{what}: {found[0][:80]!r}. Give a table whose first line names the columns, and name them: "
            "source=, target=, edge_weight=."
        )
    is_header = {each.lower() for each in first[:2]} <= _HEADERS or (len(first) == 3 and not _is_number(first[2]))
    if rest and len(first) == 2 == len(rest[0]):
        is_header |= not any(map(_is_number, first)) and all(map(_is_number, rest[0]))
    return _Form(separator, len(first), comments, found[0] if is_header else None)


def _fields(line: str, separator: str) -> list[str]:
    if separator == " ":
        return line.split()
    return [each.strip() for each in next(csv.reader([line], delimiter=separator))]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _batch(path: Location, content: str, first_line: int, form: _Form, account: Account) -> Table:
    names = _COLUMNS[: form.n_fields]
    if form.header is None and _is_simple(content, form):
        schema = dict.fromkeys(names, pl.String)
        frame = pl.read_csv(
            content.encode(), has_header=False, separator=form.separator, schema=schema, quote_char=None
        )
        numbers = pl.Series(LINE, np.arange(first_line, first_line + frame.height))
        return Table(frame.with_columns(numbers), source=str(path))
    every = pl.DataFrame({"text": pl.Series([content]).str.split("\n").explode()})
    lines = every.with_row_index("line", offset=first_line).with_columns(pl.col("text").str.strip_chars())
    lines = lines.filter(pl.col("text") != "")
    if form.header is not None:
        place = (lines["text"] == form.header).arg_true()[0]
        lines = pl.concat([lines[:place], lines[place + 1 :]])
        account.lines["lines_header"] += 1
        form.header = None
    is_comment = pl.lit(value=False)
    for sign in form.comments:
        is_comment |= pl.col("text").str.starts_with(sign)
    edges = lines.filter(~is_comment)
    account.lines["lines_comment"] += lines.height - edges.height
    return _divided(path, edges, form)


def _divided(path: Location, lines: pl.DataFrame, form: _Form) -> Table:
    """Return lines, without comments and empty ones, divided into fields."""
    names = _COLUMNS[: form.n_fields]
    text = pl.col("text")
    if form.separator == " ":
        parts = text.str.replace_all(r"\s+", " ").str.split(" ")
    else:
        parts = text.str.split(form.separator).list.eval(pl.element().str.strip_chars())
    fields = lines.select("line", "text", parts=parts)
    if form.separator != " " and lines["text"].str.contains('"', literal=True).any():
        # Quotes follow their own rules, which the csv module knows.
        by_hand = [_fields(each, form.separator) if '"' in each else None for each in lines["text"].to_list()]
        fields = fields.with_columns(pl.coalesce(pl.Series(by_hand, dtype=pl.List(pl.String)), "parts").alias("parts"))
    fits = pl.col("parts").list.len() == form.n_fields
    bad = fields.filter(~fits)
    examples = tuple(
        f"line {line} has {len(found)} field{'s' * (len(found) != 1)} instead of {form.n_fields}: {text[:60]!r}"
        for line, text, found in bad.head(N_EXAMPLES).iter_rows()
    )
    frame = fields.filter(fits).select(
        *(pl.col("parts").list.get(i).alias(name) for i, name in enumerate(names)),
        pl.col("line").cast(pl.Int64).alias(LINE),
    )
    return Table(frame, bad.height, examples, str(path))


def _is_simple(content: str, form: _Form) -> bool:
    """Return whether each line has its fields, one sign between them, and nothing else."""
    data = content.encode()
    if b"\n\n" in data or data.startswith(b"\n") or (form.separator != " " and b" " in data):
        return False
    if any(data.startswith(sign.encode()) or b"\n" + sign.encode() in data for sign in form.comments):
        return False
    if any(sign in data for sign in (b"\r", b"\v", b"\f") + ((b"\t",) if form.separator == " " else ())):
        return False
    sign = form.separator.encode()
    if data.startswith(sign) or b"\n" + sign in data or sign + b"\n" in data or sign * 2 in data or data.endswith(sign):
        return False
    return is_plain(data, form.n_fields, form.separator)


def edges_in_memory(
    graph: object, *, directed: bool | None, weight: str | None, keys: Sequence[object] | None = None
) -> NumberedEdges | None:
    """Return the edges of a graph of NetworkX or a sparse matrix of SciPy; None where ``graph`` is neither.

    Parameters
    ----------
    graph
        The graph. Nodes of NetworkX may be anything that can be hashed; their texts are their keys.
    directed
        Whether edges lead one way. None: as NetworkX says; as a matrix that is not its own transpose.
    weight
        The attribute of edges that is their weight, 1 where one has none; None: all are alike. Of a matrix the entries
        are the weights, unless it is None.
    keys
        Of the rows of a matrix; None: their numbers.

    Raises
    ------
    DataError
        If two nodes have the same text, or one has none; if edges that have no direction should have one; if a matrix
        is not square, its entries are no numbers, or there are not as many keys as rows.

    Notes
    -----
    NetworkX keeps an object per edge, so reading takes about a second per million.
    """
    if hasattr(graph, "is_directed") and hasattr(graph, "nodes") and hasattr(graph, "edges"):
        if keys is not None:
            raise DataError("keys are of the rows of a matrix; the nodes of this graph have their own.")
        return _from_networkx(graph, directed, weight)
    if type(graph).__module__.split(".")[:2] == ["scipy", "sparse"]:
        return _from_scipy(graph, directed, weight, keys)
    return None


def _from_networkx(graph: Any, directed: bool | None, weight: str | None) -> NumberedEdges:  # noqa: ANN401
    if directed and not graph.is_directed():
        raise DataError("the edges of this graph have no direction; leave directed out, or give graph.to_directed().")
    nodes = list(graph.nodes)
    numbers = {node: number for number, node in enumerate(nodes)}
    texts = _texts(nodes, "nodes")
    found = list(graph.edges(data=weight, default=1)) if weight else [(a, b, 1) for a, b in graph.edges()]
    n = len(found)
    weights = None
    if any(each[2] != 1 for each in found):
        try:
            weights = np.array([each[2] for each in found], dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise DataError(f"the attribute {weight!r} of edges must be a number ({error}); name another.") from error
    return NumberedEdges(
        texts,
        np.fromiter((numbers[each[0]] for each in found), dtype=np.int32, count=n),
        np.fromiter((numbers[each[1]] for each in found), dtype=np.int32, count=n),
        weights,
        bool(graph.is_directed()) and directed is not False,
    )


def _from_scipy(matrix: Any, directed: bool | None, weight: str | None, keys: Sequence[object] | None) -> NumberedEdges:  # noqa: ANN401
    if len(matrix.shape) != 2 or matrix.shape[0] != matrix.shape[1]:
        raise DataError(f"a graph's matrix must be square, got the shape {matrix.shape}: one row and column per node.")
    if matrix.dtype.kind not in "biuf":
        raise DataError(f"a graph's matrix must hold numbers, got {matrix.dtype}.")
    n = matrix.shape[0]
    if keys is not None and len(keys) != n:
        raise DataError(f"a matrix of {n} rows needs as many keys, got {len(keys)}.")
    texts = _texts(range(n) if keys is None else keys, "keys")
    entries = matrix.tocoo()
    rows, columns = entries.row.astype(np.int32), entries.col.astype(np.int32)
    weights = entries.data.astype(np.float64)
    is_symmetric = _is_symmetric(matrix)
    is_directed = not is_symmetric if directed is None else directed
    if is_symmetric and not is_directed:
        once = rows <= columns  # each edge stands twice
        rows, columns, weights = rows[once], columns[once], weights[once]
    return NumberedEdges(texts, rows, columns, weights if weight or not np.all(weights) else None, is_directed)


def _is_symmetric(matrix: Any) -> bool:  # noqa: ANN401
    difference = (matrix != matrix.T).tocsr()
    difference.eliminate_zeros()
    return not difference.nnz


def _texts(nodes: Sequence[object] | range, what: str) -> list[str]:
    """Return the nodes' texts, which are distinct and not empty."""
    texts = [str(node) for node in nodes]
    if "" in texts:
        raise DataError(f"{what} must have a text that is not empty, got {nodes[texts.index('')]!r}.")
    if len(set(texts)) < len(texts):
        twice = next(text for text, n in Counter(texts).items() if n > 1)
        a, b = [node for node, text in zip(nodes, texts, strict=True) if text == twice][:2]
        raise DataError(
            f"{what} must have distinct texts, got {a!r} and {b!r}. Rename one: networkx.relabel_nodes(graph, {{...}})."
        )
    return texts
