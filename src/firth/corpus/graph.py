"""A built graph: who is whose neighbour, as compressed rows, and the walks on it, made when they are asked for.

Memory is 4 bytes for each neighbour of each node, and 20 while training where edges have weights (8 for the weight, 8
for the table that neighbours are drawn from); an undirected edge makes two neighbours. It does not grow with the walks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from firth import _kernel
from firth.arrays import Float64, Int32, Int64
from firth.corpus.contexts import Walks
from firth.errors import DataError, OptionError, closest
from firth.threads import n_threads

if TYPE_CHECKING:
    from firth.corpus.corpus import Corpus
    from firth.corpus.edges import Edges

_BLOCK = 1 << 20  # places of walks that are made at once


@dataclass(frozen=True, eq=False)
class WalkContext:
    """One graph, built: which item is whose neighbour, and how it is walked.

    Parameters
    ----------
    name
        The user's name of the context.
    weight
        Share of the training pairs, relative to the other contexts'.
    window
        How far apart two items of a pair may be: places to either side, or (before, after). None: as training's own
        option says.
    offsets
        (n_items + 1,) int64. The neighbours of item i are ``neighbours[offsets[i]:offsets[i + 1]]``; of an undirected
        graph, i is among the neighbours of each of them.
    neighbours
        (n_entries,) int32. Item ids, distinct and ascending within an item, which is never its own neighbour.
    edge_weights
        (n_entries,) float64, finite and > 0, or None where all edges are alike.
    starts
        (n_starts,) int32, the items that walks begin at: those with a neighbour. None: all.
    directed, walks_per_node, walk_length, p, q
        As declared; see :class:`firth.Walks`.
    report
        Counts of what became of the rows; ``CorpusReport`` explains each.
    """

    name: str
    weight: float
    window: int | tuple[int, int] | None
    offsets: Int64
    neighbours: Int32
    edge_weights: Float64 | None
    starts: Int32 | None
    directed: bool
    walks_per_node: int
    walk_length: int
    p: float
    q: float
    report: Mapping[str, int]

    @property
    def n_edges(self) -> int:
        """How many edges there are; an undirected one is one."""
        return len(self.neighbours) // (1 if self.directed else 2)

    @property
    def n_walks(self) -> int:
        """How many walks an epoch has."""
        return (len(self.offsets) - 1 if self.starts is None else len(self.starts)) * self.walks_per_node

    @property
    def n_tokens(self) -> int:
        """How many places the walks of an epoch have together, if none ends early."""
        return self.n_walks * self.walk_length

    def kernel(self, n_jobs: int) -> _kernel.Walks:
        """Return the kernel's maker of walks; O(entries) time where edges have weights."""
        return _kernel.Walks(
            offsets=self.offsets,
            neighbours=self.neighbours,
            weights=self.edge_weights,
            starts=self.starts,
            per_node=self.walks_per_node,
            length=self.walk_length,
            p=float(self.p),
            q=float(self.q),
            n_jobs=n_jobs,
        )


def build_walks(name: str, declared: Walks, edges: Edges, ids: Int32, *, n_items: int) -> WalkContext:
    """Return a built graph.

    Parameters
    ----------
    name, declared
        The context.
    edges
        Its edges, in codes of their own.
    ids
        (n_keys,) int32. The item that each code stands for; -1 where it was dropped, and its edges with it.
    n_items
        Size of the vocabulary.

    Raises
    ------
    DataError
        If the weights of a node's edges add up to no finite number.

    Notes
    -----
    O(n log d) time for n edges of nodes with d neighbours at most; weights of one edge are added up in the order of
    their size, so that the order of the rows has no influence.
    """
    sources, targets, weights = edges.sources, edges.targets, edges.weights
    if not np.array_equal(ids, np.arange(len(ids), dtype=np.int32)):
        sources, targets = ids[sources], ids[targets]
        kept = (sources >= 0) & (targets >= 0)
        sources, targets = sources[kept], targets[kept]
        weights = None if weights is None else weights[kept]
    offsets, neighbours, summed, n_merged = _kernel.adjacency(
        sources, targets, weights, n_items, declared.directed, n_threads("auto")
    )
    if declared.edge_weight is False:
        summed = None
    with np.errstate(over="ignore"):
        is_finite = summed is None or bool(np.isfinite(summed.sum()))
    if not is_finite:
        raise DataError("the weights of all edges together must be a finite number: divide them by a common factor.")
    degrees = np.diff(offsets)
    n_components, largest = _kernel.components(offsets, neighbours)
    is_reached = np.zeros(n_items, dtype=np.bool_)
    is_reached[neighbours] = True
    has_edge = is_reached | (degrees > 0)
    report = {
        **edges.report,
        "edges_merged": n_merged,
        "edges_dropped": len(edges.sources) - len(sources),
        "nodes": int(has_edge.sum()),
        "edges": len(neighbours) // (1 if declared.directed else 2),
        "largest_degree": int(degrees.max()),
        "dead_ends": int((has_edge & (degrees == 0)).sum()),
        "components": n_components,
        "largest_component": largest,
        "is_weighted": int(summed is not None),
    }
    return WalkContext(
        name=name,
        weight=float(declared.weight),
        window=declared.window,
        offsets=offsets,
        neighbours=neighbours,
        edge_weights=summed,
        starts=None if np.all(degrees > 0) else np.flatnonzero(degrees > 0).astype(np.int32),
        directed=declared.directed,
        walks_per_node=declared.walks_per_node,
        walk_length=declared.walk_length,
        p=float(declared.p),
        q=float(declared.q),
        report=report,
    )


def walks(
    corpus: Corpus,
    *,
    context: str | None = None,
    seed: int = 1,
    epoch: int = 0,
    n_jobs: int | str = "auto",
) -> Iterator[tuple[Int32, Int64]]:
    """Yield the walks of one epoch in blocks, exactly as a training of that seed sees them.

    Parameters
    ----------
    corpus
        A corpus with a graph, as :func:`firth.read_graph` returns it.
    context
        The graph's context; None: the first.
    seed
        The training's.
    epoch
        Which epoch of it, >= 0.
    n_jobs
        Threads; they have no part in the walks.

    Yields
    ------
    tuple of (n_tokens,) int32 and (n_walks + 1,) int64
        Item ids, walk after walk, and where each begins: walk w is ``tokens[offsets[w]:offsets[w + 1]]``. About a
        million tokens at a time.

    Raises
    ------
    OptionError
        If the corpus has no such graph, or a value is outside its range.

    Notes
    -----
    O(1) time a step; where ``p`` and ``q`` are not 1, O(log d) for nodes of d neighbours. Training leaves out what it
    holds out, and what subsampling drops.

    Examples
    --------
    >>> import firth, polars as pl
    >>> corpus = firth.read_graph(pl.DataFrame({"source": ["a", "b"], "target": ["b", "c"]}), walks_per_node=1)
    >>> tokens, offsets = next(firth.walks(corpus))
    >>> len(offsets) - 1, [corpus.vocabulary.keys[i] for i in tokens[:2]]  # doctest: +SKIP
    (3, ['c', 'b'])
    """
    found = {each.name: (number, each) for number, each in enumerate(corpus.contexts) if isinstance(each, WalkContext)}
    if not found:
        raise OptionError("this corpus has no graph, so there are no walks. Read one with firth.read_graph.")
    if context is not None and context not in found:
        near = closest(context, found) or list(found)
        raise OptionError(f"unknown graph {context!r}. Closest: {', '.join(map(repr, near))}.")
    if type(seed) is not int or not 0 <= seed < 2**64:
        raise OptionError(f"seed must be a whole number from 0 to 2**64 - 1, got {seed!r}.")
    if type(epoch) is not int or not 0 <= epoch < 2**40:
        raise OptionError(f"epoch must be a whole number from 0 to 2**40 - 1, got {epoch!r}.")
    number, graph = found[next(iter(found)) if context is None else context]
    return _blocks(graph, number, seed, epoch, n_threads(n_jobs))


def _blocks(graph: WalkContext, number: int, seed: int, epoch: int, n_jobs: int) -> Iterator[tuple[Int32, Int64]]:
    kernel = graph.kernel(n_jobs)
    at_once = max(1, _BLOCK // graph.walk_length)
    for first in range(0, graph.n_walks, at_once):
        made = kernel.walk(seed, number, epoch, first, min(first + at_once, graph.n_walks), n_jobs)
        lengths = (made >= 0).sum(axis=1)
        yield made[made >= 0], np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
