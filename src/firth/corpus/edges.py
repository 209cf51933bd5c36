"""Edges as numbers: a graph as it was read, before it is decided which nodes become items.

Of each edge two codes are held, and a weight if it has one: 8 or 16 bytes. Self-loops, edges of weight 0 and rows that
lack something are counted and left out here; a weight that is negative or no finite number is an error, since leaving
it out would change what the others mean.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from firth.arrays import Float64, Int32, Int64
from firth.corpus import columns
from firth.corpus.contexts import Walks
from firth.corpus.numbering import Numbering
from firth.errors import DataError
from firth.sources.graph import LINE
from firth.sources.tables import N_EXAMPLES, Table

REMARKS = (
    ("rows_without_node", "rows without a node"),
    ("rows_without_weight", "rows without a weight"),
    ("rows_of_weight_0", "edges of weight 0"),
    ("self_loops", "self-loops"),
    ("nodes_isolated", "nodes without an edge"),
)


@dataclass(frozen=True, eq=False)
class Edges:
    """The edges of a source.

    Parameters
    ----------
    keys
        Of the nodes that have an edge, by the number of their edges descending, then by key; a key's place is its code.
    counts
        (n_keys,) int64. Edges of each node, in either direction, as often as they come.
    sources, targets
        (n_edges,) int32, codes of the two ends, which differ.
    weights
        (n_edges,) float64, finite and > 0; None where edges have none.
    report
        Counts of what was read and what became of it; ``CorpusReport`` explains each.
    examples
        A few of the things that could not be read as they are.
    """

    keys: list[str]
    counts: Int64
    sources: Int32
    targets: Int32
    weights: Float64 | None
    report: Mapping[str, int]
    examples: tuple[str, ...] = field(default=())

    def __repr__(self) -> str:
        return f"Edges({len(self.sources):,} between {len(self.keys):,} nodes)"

    def renamed(self, names: Mapping[str, str]) -> Edges:
        """Return the edges with nodes under other names; those that get the same name become one node."""
        numbering = Numbering()
        codes = numbering.of(pl.Series(self.keys, dtype=pl.String).replace(names)).to_numpy()
        sources, targets = codes[self.sources], codes[self.targets]
        return edges_of(numbering.texts(), sources, targets, self.weights, report=self.report, examples=self.examples)


def encode_edges(name: str, declared: Walks, batches: Iterable[Table]) -> Edges:
    """Return the edges of a table.

    Parameters
    ----------
    name, declared
        The context.
    batches
        The table's rows, batch by batch. Of an edge list they come with the numbers of their lines.

    Raises
    ------
    SourceError
        If the table lacks a column.
    DataError
        If a column has an unusable type, or a weight is negative or no finite number; the message names its row.

    Notes
    -----
    O(rows) time. The texts of a batch are gone when the next one comes.
    """
    reader = _Reader(name, declared)
    for table in batches:
        reader.add(table)
    return reader.finish()


def edges_of(
    keys: list[str],
    sources: Int32,
    targets: Int32,
    weights: Float64 | None,
    *,
    report: Mapping[str, int],
    examples: tuple[str, ...] = (),
) -> Edges:
    """Return edges between numbered nodes, without self-loops, and without nodes that no edge is left of.

    Parameters
    ----------
    keys
        The nodes' distinct keys.
    sources, targets
        (n_edges,) int32, places in ``keys``.
    weights
        (n_edges,) float64, finite and > 0, or None.
    report, examples
        Of what was read so far.

    Notes
    -----
    O(n log n) in the nodes, O(n) in the edges.
    """
    counted = Counter(report)
    is_edge = sources != targets
    n_loops = len(is_edge) - int(is_edge.sum())
    if n_loops:
        sources, targets = sources[is_edge], targets[is_edge]
        weights = None if weights is None else weights[is_edge]
    counts = np.bincount(sources, minlength=len(keys)) + np.bincount(targets, minlength=len(keys))
    table = pl.DataFrame(
        {"key": keys, "count": counts, "code": np.arange(len(keys), dtype=np.int32)},
        schema={"key": pl.String, "count": pl.Int64, "code": pl.Int32},
    )
    isolated = table.filter(pl.col("count") == 0)["key"].sort()
    table = table.filter(pl.col("count") > 0).sort(["count", "key"], descending=[True, False])
    ranks = np.full(len(keys), -1, dtype=np.int32)
    ranks[table["code"].to_numpy()] = np.arange(table.height, dtype=np.int32)
    counted["self_loops"] += n_loops
    counted["nodes_isolated"] += len(isolated)
    if len(isolated):
        shown = ", ".join(repr(key[:60]) for key in isolated.head(N_EXAMPLES))
        more = f" and {len(isolated) - N_EXAMPLES:,} more" if len(isolated) > N_EXAMPLES else ""
        examples = (*examples, f"without an edge to another node: {shown}{more}")
    return Edges(
        keys=table["key"].to_list(),
        counts=table["count"].to_numpy(),
        sources=ranks[sources],
        targets=ranks[targets],
        weights=weights,
        report=dict(counted),
        examples=examples,
    )


def check_weights(weights: Float64, describe: Mapping[int, str] | None = None, where: str = "entry") -> None:
    """Raise DataError if a weight is negative or no finite number.

    Parameters
    ----------
    weights
        (n,) float64.
    describe
        What to call an entry, by its place; None: by ``where`` and its number from 1.
    """
    bad = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    if len(bad):
        place = int(bad[0])
        called = f"{where} {place + 1:,}" if describe is None else describe[place]
        raise DataError(
            f"edge weights must be finite numbers >= 0, got {weights[place]:g} at {called}. Correct it, or take all "
            "edges alike: edge_weight=False."
        )


class _Reader:
    """The edges of a table, batch by batch."""

    def __init__(self, name: str, declared: Walks) -> None:
        self._name, self._declared = name, declared
        self._nodes = Numbering()
        self._chunks: list[tuple[Int32, Int32, Float64 | None]] = []
        self._report: Counter[str] = Counter(
            {"rows_read": 0, "rows_without_node": 0, "rows_without_weight": 0, "rows_of_weight_0": 0}
        )
        self._examples: list[str] = []

    def add(self, table: Table) -> None:
        """Take up the edges of a batch."""
        frame, declared = table.frame, self._declared
        existing = table.names or frame.columns
        columns.check_columns(self._name, list(existing), declared)
        first = self._report["rows_read"]
        self._report["rows_read"] += frame.height
        rows = frame[LINE] if LINE in frame.columns else pl.Series(np.arange(first + 1, first + 1 + frame.height))
        edges = pl.DataFrame(
            {
                "source": columns.keys(self._name, frame, declared.sources),
                "target": columns.keys(self._name, frame, declared.targets),
                "row": rows,
            }
        )
        column = declared.weight_column(frame.columns)
        if column is not None:
            edges = edges.with_columns(self._weights(frame[column], table))
        kept = edges.filter(pl.col("source").is_not_null() & pl.col("target").is_not_null())
        self._report["rows_without_node"] += edges.height - kept.height
        if column is not None:
            kept = self._positive(kept, table)
        # Both columns at once: most nodes are in either.
        codes = self._nodes.of(kept["source"].append(kept["target"])).to_numpy()
        weights = None if column is None else kept["weight"].to_numpy()
        n = kept.height
        self._chunks.append((codes[:n].astype(np.int32), codes[n:].astype(np.int32), weights))

    def finish(self) -> Edges:
        """Return the edges."""
        sources, targets = (
            np.concatenate([np.empty(0, np.int32), *(each[i] for each in self._chunks)]) for i in (0, 1)
        )
        given = [each for _, _, each in self._chunks if each is not None]
        weights = np.concatenate(given) if given else None
        self._chunks = []
        return edges_of(
            self._nodes.texts(), sources, targets, weights, report=self._report, examples=tuple(self._examples)
        )

    def _weights(self, column: pl.Series, table: Table) -> pl.Series:
        """Return a column of weights as numbers, null where there is none."""
        kind = column.dtype
        if kind == pl.String:
            spelled = column.str.strip_chars()
            numbers = spelled.cast(pl.Float64, strict=False)
            unread = numbers.is_null() & spelled.is_not_null() & (spelled != "")
            if unread.any():
                self._note(f"{int(unread.sum()):,} weights are no numbers", column.filter(unread)[0], table)
        elif kind.is_numeric() or kind in (pl.Boolean, pl.Null):
            numbers = column.cast(pl.Float64)
        else:
            raise DataError(
                f"context {self._name!r}: weight column {column.name!r} must hold numbers, got {kind}. Cast it, or "
                "name another as edge_weight."
            )
        return numbers.alias("weight")

    def _positive(self, edges: pl.DataFrame, table: Table) -> pl.DataFrame:
        """Return the edges whose weight is above 0."""
        weighed = edges.filter(pl.col("weight").is_not_null())
        self._report["rows_without_weight"] += edges.height - weighed.height
        bad = weighed.filter(~(pl.col("weight").is_finite() & (pl.col("weight") >= 0))).head(1)
        if bad.height:
            what = "line" if LINE in table.frame.columns else "row"
            where = {0: f"{what} {bad['row'][0]:,} of {table.source}"}
            check_weights(bad["weight"].to_numpy().astype(np.float64), where)
        positive = weighed.filter(pl.col("weight") > 0)
        self._report["rows_of_weight_0"] += weighed.height - positive.height
        if positive.height < weighed.height:
            # A node that has such edges only is a node all the same, without an edge.
            self._nodes.of(weighed["source"].append(weighed["target"]))
        return positive

    def _note(self, what: str, example: str, table: Table) -> None:
        if len(self._examples) < N_EXAMPLES:
            self._examples.append(f"{what} in {table.source}, such as {example[:40]!r}")
