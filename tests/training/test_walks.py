"""Walks of the kernel: against an oracle that draws a step at a time, and against the probabilities of steps."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from scipy.stats import chi2
from walk_oracle import Graph, Oracle

from firth import _kernel

# A hub, a triangle, a tail, a bridge to a square with a diagonal; weights that differ by a factor of thirty.
EDGES = [
    *((0, 1, 1.0), (0, 2, 0.5), (1, 2, 4.0), (0, 3, 2.0), (3, 4, 0.2), (4, 5, 1.0)),
    *((5, 6, 3.0), (6, 7, 1.0), (7, 4, 6.0), (4, 6, 0.7), (0, 8, 1.5)),
]
PLAIN = [(a, b, 1.0) for a, b, _ in EDGES]
BIASES = [(1.0, 1.0), (0.25, 4.0), (4.0, 0.25), (0.01, 1.0), (1.0, 0.001), (100.0, 100.0), (0.5, 0.1)]


@pytest.mark.parametrize(("p", "q"), BIASES)
@pytest.mark.parametrize("is_weighted", [False, True])
@pytest.mark.parametrize("directed", [False, True])
def test_walks_are_those_of_the_oracle(p: float, q: float, is_weighted: bool, directed: bool):
    graph = Graph.of(EDGES if is_weighted else PLAIN, 9, directed=directed)
    found = graph.kernel(per_node=3, p=p, q=q).walk(7, 2, 5, 0, 27, 1)
    oracle = Oracle(graph, seed=7, context=2, epoch=5, p=p, q=q)
    assert found.tolist() == [oracle.walk(number, list(range(9))) for number in range(27)]


def test_steps_that_are_refused_again_and_again_are_drawn_exactly():
    # In a clique each neighbour is one of the node before, and 1/q is a thousand: nearly all draws are refused.
    clique = Graph.of([(a, b, 1.0 + a) for a, b in itertools.combinations(range(6), 2)], 6)
    found = clique.kernel(per_node=5, length=9, p=1e6, q=1e-3).walk(1, 0, 0, 0, 30, 1)
    oracle = Oracle(clique, seed=1, length=9, p=1e6, q=1e-3)
    assert found.tolist() == [oracle.walk(number, list(range(6))) for number in range(30)]


def test_walks_begin_at_the_nodes_that_are_named():
    graph = Graph.of(PLAIN, 9)
    starts = np.array([8, 2, 5], dtype=np.int32)
    found = graph.kernel(per_node=4, starts=starts).walk(3, 0, 0, 0, 12, 1)
    oracle = Oracle(graph, seed=3)
    assert found.tolist() == [oracle.walk(number, starts.tolist()) for number in range(12)]
    assert [sorted(row.tolist()) for row in found[:, 0].reshape(4, 3)] == [[2, 5, 8]] * 4


@pytest.mark.parametrize("n_jobs", [2, 3, 8])
def test_threads_have_no_part_in_walks(n_jobs: int):
    random = np.random.default_rng(5)
    edges = [
        (int(a), int(b), float(w))
        for a, b, w in zip(*random.integers(0, 997, (2, 4000)), random.random(4000), strict=True)
        if a != b
    ]
    walks = Graph.of(edges, 997).kernel(per_node=3, length=33, p=0.3, q=2)
    alone = walks.walk(1, 0, 0, 0, walks.n_walks, 1)
    assert np.array_equal(alone, walks.walk(1, 0, 0, 0, walks.n_walks, n_jobs))
    assert np.array_equal(alone[1000:1017], walks.walk(1, 0, 0, 1000, 1017, n_jobs))
    counted = np.bincount(alone[alone >= 0], minlength=997)
    assert np.array_equal(counted, walks.visits(1, 0, 0, n_jobs))


def _surprise(graph: Graph, walks: np.ndarray, *, p: float, q: float) -> float:
    """Return how likely it is that steps differ so much from what they should follow, by chance (chi-square)."""
    steps = Counter(
        (int(u), int(v), int(x))
        for row in walks
        for u, v, x in zip([-1, *row[:-2]], row[:-1], row[1:], strict=True)
        if x >= 0
    )
    came = Counter[tuple[int, int]]()
    for (u, v, _), n in steps.items():
        came[u, v] += n
    statistic, freedom = 0.0, 0
    for (u, v), n in came.items():
        expected = {x: n * share for x, share in graph.probability(u, v, p=p, q=q).items()}
        if len(expected) > 1 and min(expected.values()) >= 5:
            statistic += sum((steps[u, v, x] - each) ** 2 / each for x, each in expected.items())
            freedom += len(expected) - 1
    assert freedom > 20
    return float(chi2.sf(statistic, freedom))


@pytest.mark.parametrize(("p", "q"), BIASES[:-2])
@pytest.mark.parametrize("is_weighted", [False, True])
def test_steps_have_the_probabilities_of_node2vec(p: float, q: float, is_weighted: bool):
    graph = Graph.of(EDGES if is_weighted else PLAIN, 9)
    walks = graph.kernel(per_node=4000, length=12, p=p, q=q)
    # Over 50 seeds the least of each case lay between 0.0012 and 0.07, and the middle ones about 0.55.
    assert _surprise(graph, walks.walk(11, 0, 0, 0, walks.n_walks, 2), p=p, q=q) > 1e-4


def test_a_bias_that_is_left_out_would_be_seen():
    graph = Graph.of(EDGES, 9)
    walks = graph.kernel(per_node=4000, length=12, p=1, q=1)
    assert _surprise(graph, walks.walk(11, 0, 0, 0, walks.n_walks, 2), p=0.9, q=1) < 1e-12


def test_a_walk_ends_where_no_edge_leads_on():
    graph = Graph.of([(0, 1, 1.0), (1, 2, 1.0)], 3, directed=True)
    found = {tuple(row) for row in graph.kernel(per_node=1, length=4).walk(1, 0, 0, 0, 3, 1).tolist()}
    assert found == {(0, 1, 2, -1), (1, 2, -1, -1), (2, -1, -1, -1)}


def test_epochs_contexts_and_seeds_have_walks_of_their_own():
    walks = Graph.of(PLAIN, 9).kernel(per_node=5, length=20)
    made = [
        walks.walk(seed, context, epoch, 0, 45, 1) for seed, context, epoch in itertools.product((1, 2), (0, 1), (0, 1))
    ]
    assert len({each.tobytes() for each in made}) == len(made)


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("is_weighted", [False, True])
@pytest.mark.parametrize(("n_nodes", "n_edges"), [(2, 1), (3, 17), (50, 0), (2500, 9000)])
def test_edges_become_rows(n_nodes: int, n_edges: int, is_weighted: bool, directed: bool):
    random = np.random.default_rng(n_edges)
    sources = random.integers(0, n_nodes, n_edges).astype(np.int32)
    targets = ((sources + random.integers(1, n_nodes, n_edges)) % n_nodes).astype(np.int32)
    given = random.integers(1, 9, n_edges) / 8
    weights = given if is_weighted else None
    edges = list(
        zip(sources.tolist(), targets.tolist(), given.tolist() if is_weighted else [1.0] * n_edges, strict=True)
    )
    wanted = Graph.of(edges, n_nodes, directed=directed)
    for n_jobs in (1, 3):
        found = _kernel.adjacency(sources, targets, weights, n_nodes, directed, n_jobs)
        offsets, neighbours, merged, n_merged = found
        assert offsets.tolist() == wanted.offsets.tolist()
        assert neighbours.tolist() == wanted.neighbours.tolist()
        assert (merged is None) == (wanted.weights is None)
        assert merged is None or merged.tolist() == wanted.weights.tolist()
        assert n_merged == n_edges - len(wanted.neighbours) // (1 if directed else 2)


def test_the_order_of_edges_has_no_part_in_sums_of_weights():
    weights = np.array([0.1, 1e16, 0.2, -0.0 + 3.0, 1e-3, 7.7])
    order = np.array([4, 2, 0, 5, 3, 1])
    ends = np.zeros(6, dtype=np.int32), np.ones(6, dtype=np.int32)
    other = np.array([0], dtype=np.int32), np.array([2], dtype=np.int32), np.array([5.0])
    made = [
        _kernel.adjacency(
            np.append(ends[0], other[0]), np.append(ends[1], other[1]), np.append(some, other[2]), 3, False, 1
        )[2].tobytes()
        for some in (weights, weights[order], weights[::-1])
    ]
    assert len(set(made)) == 1


def test_parts_of_a_graph_are_counted():
    graph = Graph.of(
        [(0, 1, 1.0), (1, 2, 1.0), (4, 3, 1.0), (6, 5, 1.0), (7, 6, 1.0), (7, 5, 1.0), (8, 7, 1.0)], 12, directed=True
    )
    assert _kernel.components(graph.offsets, graph.neighbours) == (3, 4)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"offsets": np.array([0, 2, 1, 4])}, "must not fall"),
        ({"offsets": np.array([0, 1, 2, 3])}, "from 0 to the number of neighbours"),
        ({"neighbours": np.array([1, 0, 3, 1], dtype=np.int32)}, "below the number of nodes"),
        ({"neighbours": np.array([1, 2, 0, 1], dtype=np.int32)}, "must ascend"),
        ({"weights": np.array([1.0, 1.0, 0.0, 1.0])}, "above 0"),
        ({"weights": np.array([1.0, np.nan, 1.0, 1.0])}, "above 0"),
        ({"weights": np.array([1.0, 1e308, 1e308, 1.0])}, "finite sum"),
        ({"weights": np.ones(3)}, "one entry per neighbour"),
        ({"starts": np.array([3], dtype=np.int32)}, "begin at nodes"),
        ({"starts": np.empty(0, dtype=np.int32)}, "a node to begin at"),
        ({"per_node": 0}, "walks_per_node"),
        ({"length": 1}, "walk_length"),
        ({"p": 0.0}, "p and q"),
        ({"q": float("nan")}, "p and q"),
    ],
)
def test_what_is_no_graph_is_refused(change: dict[str, object], rule: str):
    sound = {
        "offsets": np.array([0, 1, 3, 4]),
        "neighbours": np.array([1, 0, 2, 1], dtype=np.int32),
        "weights": None,
        "starts": None,
        "per_node": 1,
        "length": 3,
        "p": 1.0,
        "q": 1.0,
        "n_jobs": 1,
    }
    _kernel.Walks(**sound)
    with pytest.raises(ValueError, match=rule):
        _kernel.Walks(**{**sound, **change})
