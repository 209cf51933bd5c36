"""Walks in plain Python, a draw at a time, from the same words as the kernel's; and what their steps should follow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firth import _kernel
from firth.arrays import Float64, Int32, Int64
from firth.randomness import Purpose
from firth.training.reference_draws import WordStream, permuted, split_mix

MAX_TRIES = 64


@dataclass(frozen=True)
class Graph:
    """Compressed rows, each ascending; weights may be None."""

    offsets: Int64
    neighbours: Int32
    weights: Float64 | None = None

    @classmethod
    def of(cls, edges: list[tuple[int, int, float]], n_nodes: int, *, directed: bool = False) -> Graph:
        """Return the graph of some edges, by a dictionary per node."""
        rows: list[dict[int, float]] = [{} for _ in range(n_nodes)]
        for a, b, weight in edges:
            for source, target in ((a, b),) if directed else ((a, b), (b, a)):
                rows[source][target] = rows[source].get(target, 0.0) + weight
        offsets = np.cumsum([0, *(len(row) for row in rows)]).astype(np.int64)
        neighbours = np.array([x for row in rows for x in sorted(row)], dtype=np.int32)
        weights = np.array([row[x] for row in rows for x in sorted(row)], dtype=np.float64)
        return cls(offsets, neighbours, None if len(set(weights.tolist())) < 2 else weights)

    @property
    def n_nodes(self) -> int:
        return len(self.offsets) - 1

    def row(self, v: int) -> tuple[list[int], list[float]]:
        """Return a node's neighbours, and their weights."""
        part = slice(self.offsets[v], self.offsets[v + 1])
        found = self.neighbours[part].tolist()
        return found, [1.0] * len(found) if self.weights is None else self.weights[part].tolist()

    def kernel(
        self, *, per_node: int = 2, length: int = 7, p: float = 1.0, q: float = 1.0, starts: Int32 | None = None
    ) -> _kernel.Walks:
        """Return the kernel's walks."""
        return _kernel.Walks(
            offsets=self.offsets,
            neighbours=self.neighbours,
            weights=self.weights,
            starts=starts,
            per_node=per_node,
            length=length,
            p=p,
            q=q,
            n_jobs=1,
        )

    def probability(self, u: int, v: int, *, p: float, q: float) -> dict[int, float]:
        """Return how likely each neighbour of v is, for a walk that came from u; -1: from nowhere."""
        near = set(self.row(u)[0]) if u >= 0 else set()
        share = {}
        for x, weight in zip(*self.row(v), strict=True):
            bias = 1.0 if u < 0 else 1 / p if x == u else 1.0 if x in near else 1 / q
            share[x] = weight * bias
        total = sum(share.values())
        return {x: each / total for x, each in share.items()}


class Oracle:
    """The walks of one epoch."""

    def __init__(
        self,
        graph: Graph,
        *,
        seed: int,
        context: int = 0,
        epoch: int = 0,
        length: int = 7,
        p: float = 1.0,
        q: float = 1.0,
    ) -> None:
        stream = WordStream(seed, Purpose.WALKS, context << 40 | epoch)
        self._salt = stream.next() | stream.next() << 32
        self._graph, self._length, self._p, self._q = graph, length, p, q
        rest = max(1.0, 1 / q)
        self._back, self._near, self._far = min(1 / p, rest) / rest, 1 / rest, 1 / q / rest
        self._excess = max(0.0, 1 / p - rest) / rest

    def walk(self, number: int, starts: list[int]) -> list[int]:
        """Return one walk, -1 where it has ended."""
        round_, place = divmod(number, len(starts))
        at = starts[permuted(len(starts), split_mix(self._salt, 2 * round_ + 1), place)]
        walk, self._walk_salt, self._n_words = [at], split_mix(self._salt, 2 * number), 0
        while len(walk) < self._length and self._graph.row(walk[-1])[0]:
            walk.append(self._step(walk[-2] if len(walk) > 1 else -1, walk[-1]))
        return walk + [-1] * (self._length - len(walk))

    def _word(self) -> int:
        self._n_words += 1
        return split_mix(self._walk_salt, self._n_words - 1)

    def _unit(self) -> float:
        return (self._word() >> 11) * 2.0**-53

    def _drawn(self, v: int) -> int:
        """Return a neighbour by weight alone."""
        neighbours, weights = self._graph.row(v)
        word = self._word()
        column = (word >> 32) * len(neighbours) >> 32
        if self._graph.weights is not None:
            threshold, alias = _kernel.build_alias(np.array(weights), np.array([0, len(weights)], dtype=np.int64))
            if word & 0xFFFFFFFF > int(threshold[column]):
                column = int(alias[column])
        return neighbours[column]

    def _step(self, u: int, v: int) -> int:
        drawn = self._drawn(v)
        if u < 0 or self._p == self._q == 1:
            return drawn
        neighbours, weights = self._graph.row(v)
        is_plain = self._graph.weights is None
        way_back = dict(zip(neighbours, weights, strict=True)).get(u, 1.0 if is_plain else 0.0)
        back = way_back / float(np.cumsum(weights)[-1]) * self._excess
        for tries in range(MAX_TRIES):
            if tries:
                drawn = self._drawn(v)
            if back > 0 and self._unit() * (1 + back) >= 1:
                if u in neighbours:
                    return u
                continue
            if self._unit() < self._bias(u, drawn):
                return drawn
        shares = [
            weight * (self._back + self._excess if x == u else self._bias(u, x))
            for x, weight in zip(neighbours, weights, strict=True)
        ]
        ends = np.cumsum(shares)
        return neighbours[min(int(np.searchsorted(ends, self._unit() * ends[-1], side="right")), len(ends) - 1)]

    def _bias(self, u: int, x: int) -> float:
        if x == u:
            return self._back
        return self._near if x in self._graph.row(u)[0] else self._far
