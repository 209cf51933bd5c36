"""Graphs become corpora: what is dropped is counted, what is bad is refused, and the order of rows has no part."""

from __future__ import annotations

import random
from pathlib import Path

import networkx
import numpy as np
import polars as pl
import pytest
import scipy.sparse
from hypothesis import assume, given
from hypothesis import strategies as st

import firth
from firth.corpus.build import build, take_in
from firth.corpus.contexts import Groups, Sequences, Walks
from firth.corpus.corpus import Corpus
from firth.corpus.graph import WalkContext
from firth.errors import DataError, OptionError, SourceError


def _frame(*edges: tuple[object, ...]) -> pl.DataFrame:
    names = ["source", "target", "weight"][: len(edges[0])]
    return pl.DataFrame([dict(zip(names, edge, strict=True)) for edge in edges], infer_schema_length=None)


def _weights(corpus: Corpus) -> dict[tuple[str, str], float]:
    """Return each entry's weight, by the keys of its ends."""
    (graph,) = corpus.graphs
    keys, rows = corpus.vocabulary.keys, np.repeat(np.arange(len(corpus)), np.diff(graph.offsets))
    weights = np.ones(len(rows)) if graph.edge_weights is None else graph.edge_weights
    return {(keys[a], keys[b]): w for a, b, w in zip(rows, graph.neighbours, weights.tolist(), strict=True)}


def _report(corpus: Corpus) -> dict[str, int]:
    return dict(corpus.report.contexts["graph"])


def test_an_undirected_edge_goes_both_ways_and_a_directed_one_does_not():
    frame = _frame(("a", "b"), ("b", "c"))
    assert set(_weights(firth.read_graph(frame))) == {("a", "b"), ("b", "a"), ("b", "c"), ("c", "b")}
    directed = firth.read_graph(frame, directed=True)
    assert set(_weights(directed)) == {("a", "b"), ("b", "c")}
    assert _report(directed)["dead_ends"] == 1
    assert [directed.vocabulary.keys[i] for i in directed.graphs[0].starts] == ["b", "a"]


def test_ids_follow_the_number_of_edges_then_the_key():
    corpus = firth.read_graph(_frame(("z", "hub"), ("b", "hub"), ("a", "hub"), ("z", "b")))
    assert corpus.vocabulary.keys == ["hub", "b", "z", "a"]
    assert corpus.counts.tolist() == [3, 2, 2, 1]


def test_edges_that_come_again_add_up():
    corpus = firth.read_graph(_frame(("a", "b", 1.0), ("b", "a", 2.5), ("b", "c", 0.5)))
    assert _weights(corpus) == {("a", "b"): 3.5, ("b", "a"): 3.5, ("b", "c"): 0.5, ("c", "b"): 0.5}
    assert _report(corpus)["edges_merged"] == 1
    counted = firth.read_graph(_frame(("a", "b"), ("a", "b"), ("b", "c")))
    assert _weights(counted)["a", "b"] == 2
    alike = firth.read_graph(_frame(("a", "b"), ("a", "b"), ("b", "c")), edge_weight=False)
    assert alike.graphs[0].edge_weights is None
    assert _report(alike)["is_weighted"] == 0


def test_weights_that_are_all_alike_are_not_kept():
    corpus = firth.read_graph(_frame(("a", "b", 7), ("b", "c", 7)))
    assert corpus.graphs[0].edge_weights is None
    assert corpus.fingerprint == firth.read_graph(_frame(("a", "b"), ("b", "c"))).fingerprint


def test_what_is_no_edge_is_left_out_and_counted():
    frame = _frame(
        *(("a", "b", 1.0), ("b", "b", 2.0), ("only itself", "only itself", 1.0), ("x", "y", 0.0), (None, "b", 1.0)),
        *(("a", "", 1.0), ("a", "c", None), ("b", "c", 3.0)),
    )
    corpus = firth.read_graph(frame)
    assert corpus.vocabulary.keys == ["b", "a", "c"]
    counts = _report(corpus)
    wanted = {"rows_read": 8, "self_loops": 2, "rows_of_weight_0": 1, "rows_without_node": 2, "rows_without_weight": 1}
    assert {key: counts[key] for key in wanted} == wanted
    assert counts["nodes_isolated"] == 3
    assert (counts["nodes"], counts["edges"]) == (3, 2)
    text = str(corpus.report)
    assert "without an edge to another node: 'only itself', 'x', 'y'" in text
    assert "2 weighted edges between 3 nodes, of up to 2 neighbours" in text
    assert "2 self-loops dropped; 3 nodes without an edge left out" in text


def test_isolated_nodes_of_graphs_in_memory_are_counted_too():
    graph = networkx.path_graph(3)
    graph.add_nodes_from(["p", "q", "r", "s"])
    corpus = firth.read_graph(graph)
    assert corpus.vocabulary.keys == ["1", "0", "2"]
    assert _report(corpus)["nodes_isolated"] == 4
    assert "'p', 'q', 'r' and 1 more" in str(corpus.report)
    matrix = scipy.sparse.csr_array(np.array([[0, 1, 0], [1, 0, 0], [0, 0, 5]]))
    assert _report(firth.read_graph(matrix))["nodes_isolated"] == 1


def test_parts_that_do_not_hang_together_are_counted():
    corpus = firth.read_graph(_frame(("a", "b"), ("b", "c"), ("x", "y")))
    assert (_report(corpus)["components"], _report(corpus)["largest_component"]) == (2, 3)
    assert "3 edges between 5 nodes in 2 parts" in str(corpus.report)


def test_one_edge_is_a_graph():
    corpus = firth.read_graph(_frame(("a", "b")), walk_length=3, walks_per_node=1)
    tokens, offsets = next(firth.walks(corpus))
    assert sorted(tokens.reshape(2, 3).tolist()) == [[0, 1, 0], [1, 0, 1]]
    assert offsets.tolist() == [0, 3, 6]


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf"), -float("inf")])
def test_a_weight_that_is_none_is_refused_with_its_place(tmp_path: Path, weight: float):
    rule = "edge weights must be finite numbers >= 0, got "
    with pytest.raises(DataError, match=rule + r".* at row 2 of the table\. .*edge_weight=False"):
        firth.read_graph(_frame(("a", "b", 1.0), ("b", "c", weight)))
    path = tmp_path / "x.edges"
    path.write_text(f"# comment\na b 1\n\nb c {weight}\n")
    with pytest.raises(DataError, match=rule + r".* at line 4 of .*x\.edges"):
        firth.read_graph(path)
    graph = networkx.Graph([("a", "b", {"weight": 2.0}), ("b", "c", {"weight": weight})])
    with pytest.raises(DataError, match=rule + r".* at the edge from 'b' to 'c'"):
        firth.read_graph(graph)
    assert len(firth.read_graph(graph, edge_weight=False)) == 3
    assert len(firth.read_graph(path, edge_weight=False)) == 3


def test_weights_too_large_to_add_up_are_refused():
    with pytest.raises(DataError, match="must be a finite number"):
        firth.read_graph(_frame(("a", "b", 1e308), ("a", "c", 1e308), ("a", "d", 1.0)))


def test_weights_that_are_no_numbers_are_rows_without_one(tmp_path: Path):
    path = tmp_path / "x.edges"
    path.write_text("a b 1\nb c much\nc d 2\n")
    corpus = firth.read_graph(path)
    assert _report(corpus)["rows_without_weight"] == 1
    assert "1 weights are no numbers in" in str(corpus.report)
    with pytest.raises(DataError, match="must hold numbers, got List"):
        firth.read_graph(pl.DataFrame({"source": ["a"], "target": ["b"], "weight": [[1]]}))


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (
            _frame(("a", "a"), ("b", "b")),
            "an edge between two nodes, got 2 rows, 2 self-loops, 2 nodes without an edge",
        ),
        (_frame(("a", "b", 0)), "got 1 rows, 1 edges of weight 0"),
        (pl.DataFrame({"source": [], "target": []}, schema={"source": pl.String, "target": pl.String}), "got 0 rows"),
    ],
)
def test_a_graph_without_an_edge_is_refused(frame: pl.DataFrame, message: str):
    with pytest.raises(DataError, match=message):
        firth.read_graph(frame)


def test_columns_may_have_other_names(tmp_path: Path):
    frame = pl.DataFrame({"who": ["ann", "ann"], "whom": ["bob", "cy"], "calls": [3, 5], "line": [9, 9]})
    path = tmp_path / "calls.parquet"
    frame.write_parquet(path)
    csv = tmp_path / "calls.csv"
    frame.write_csv(csv)
    made = [firth.read_graph(each, source="who", target="whom", edge_weight="calls") for each in (frame, path, csv)]
    assert len({each.fingerprint for each in made}) == 1
    assert _weights(made[0])["ann", "cy"] == 5
    with pytest.raises(SourceError, match="needs a column 'target'"):
        firth.read_graph(frame, source="who")
    with pytest.raises(OptionError, match="has no names of columns"):
        firth.read_graph(tmp_path / "calls.edges", source="who")


def test_all_sources_of_one_graph_give_the_same_corpus(tmp_path: Path):
    edges = [("a", "b", 2.0), ("b", "c", 0.5), ("c", "d", 2.0), ("d", "b", 1.25)]
    graph = networkx.Graph()
    graph.add_weighted_edges_from(edges)
    keys = ["a", "b", "c", "d"]
    sources: list[object] = [_frame(*edges), graph]
    for name, sign in (("x.edges", " "), ("x.csv", ","), ("x.tsv", "\t"), ("x.txt", " "), ("x.edgelist", "\t")):
        sources.append(tmp_path / name)
        sources[-1].write_text("".join(sign.join(map(str, edge)) + "\n" for edge in edges))
    _frame(*edges).write_parquet(tmp_path / "x.parquet")
    sources += [tmp_path / "x.parquet", _frame(*edges).to_arrow(), _frame(*edges).to_pandas()]
    made = [firth.read_graph(each) for each in sources]
    made.append(firth.read_graph(networkx.to_scipy_sparse_array(graph, nodelist=keys), keys=keys))
    assert len({each.fingerprint for each in made}) == 1


@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(1, 4)), min_size=1, max_size=40),
    st.randoms(),
)
def test_the_order_of_edges_has_no_part_in_the_corpus(edges: list[tuple[int, int, int]], order: random.Random):
    assume(any(a != b for a, b, _ in edges))
    shuffled = [(b, a, w / 10) if order.random() < 0.5 else (a, b, w / 10) for a, b, w in edges]
    order.shuffle(shuffled)
    first = firth.read_graph(_frame(*((a, b, w / 10) for a, b, w in edges)))
    assert firth.read_graph(_frame(*shuffled)).fingerprint == first.fingerprint


@pytest.mark.parametrize(
    "change", [{"directed": True}, {"p": 2.0}, {"q": 0.5}, {"walks_per_node": 9}, {"walk_length": 79}, {"window": 3}]
)
def test_how_a_graph_is_walked_is_in_the_fingerprint(change: dict[str, object]):
    frame = _frame(("a", "b"), ("b", "a"), ("b", "c"), ("c", "b"))
    assert firth.read_graph(frame, **change).fingerprint != firth.read_graph(frame).fingerprint


def test_rare_nodes_are_dropped_with_their_edges():
    frame = _frame(("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"))
    corpus = firth.read_graph(frame, min_count=2)
    assert corpus.vocabulary.keys == ["c", "a", "b"]
    assert _report(corpus)["edges_dropped"] == 1
    assert corpus.report.items_dropped == 1
    assert firth.read_graph(frame, max_items=2).vocabulary.keys == ["c", "a"]


def test_a_graph_stands_beside_groups_and_sequences():
    frames = {
        "friends": _frame(("a", "b"), ("b", "c")),
        "team": pl.DataFrame({"item": ["a", "d", "c"], "value": ["x", "x", "y"]}),
        "played": pl.DataFrame({"sequence": ["s"] * 3, "item": ["a", "b", "e"]}),
    }
    contexts = {"friends": Walks(), "team": Groups(), "played": Sequences()}
    corpus = build(frames, contexts)
    assert corpus.vocabulary.keys == ["a", "b", "c", "d", "e"]
    (graph,) = corpus.graphs
    assert graph.starts.tolist() == [0, 1, 2]
    assert np.diff(graph.offsets).tolist() == [1, 2, 1, 0, 0]
    assert corpus.report.contexts["friends"]["nodes_isolated"] == 0
    assert {type(each).__name__ for each in corpus.contexts} == {"WalkContext", "GroupContext", "SequenceContext"}
    assert [key for tokens, _ in firth.walks(corpus) for key in set(tokens.tolist())] == [0, 1, 2]


def test_nodes_are_renamed_and_loops_that_come_of_it_are_dropped():
    intake = take_in({"graph": _frame(("a", "A"), ("A", "b"), ("a", "b"), ("b", "c"))}, {"graph": Walks()})
    corpus = intake.renamed({"A": "a"}).corpus()
    assert corpus.vocabulary.keys == ["b", "a", "c"]
    assert _weights(corpus)["a", "b"] == 2
    assert _report(corpus)["self_loops"] == 1
    assert intake.keys == ["A", "a", "b", "c"]
    with pytest.raises(OptionError, match="walks of a graph are made when they are read"):
        intake.ordered("graph")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"source": ""}, "source must be a text"),
        ({"target": ()}, "target must name at least one column"),
        ({"edge_weight": 3}, "edge_weight must be a text"),
        ({"directed": "yes"}, "directed must be true or false"),
        ({"walks_per_node": 0}, "walks_per_node must be a whole number from 1 to 1,048,576, got 0"),
        ({"walk_length": 1}, "walk_length must be a whole number from 2 to 65,536, got 1"),
        ({"walk_length": 2.0}, "walk_length must be a whole number"),
        ({"p": 0}, "p must be a number from 1e-9 to 1e9, got 0"),
        ({"q": float("nan")}, "q must be a number"),
        ({"q": True}, "q must be a number"),
        ({"weight": -1}, "weight must be a finite number >= 0"),
        ({"window": 0}, "window must be"),
    ],
)
def test_options_outside_their_range_are_refused(options: dict[str, object], message: str):
    with pytest.raises(OptionError, match=message):
        Walks(**options)


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_walks_come_in_blocks_and_are_those_of_the_kernel(monkeypatch, n_jobs: int):
    graph = networkx.gnp_random_graph(40, 0.08, seed=3, directed=True)
    corpus = firth.read_graph(graph, walk_length=11, walks_per_node=7, p=0.5, q=2)
    monkeypatch.setattr("firth.corpus.graph._BLOCK", 500)
    blocks = list(firth.walks(corpus, seed=5, epoch=3, n_jobs=n_jobs))
    assert len(blocks) > 3
    (context,) = corpus.graphs
    wanted = context.kernel(1).walk(5, 0, 3, 0, context.n_walks, 1)
    assert np.concatenate([tokens for tokens, _ in blocks]).tolist() == wanted[wanted >= 0].tolist()
    lengths = np.concatenate([np.diff(offsets) for _, offsets in blocks])
    assert lengths.tolist() == (wanted >= 0).sum(axis=1).tolist()
    assert {2, 11} <= set(lengths.tolist()) <= set(range(2, 12))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"context": "grap"}, "unknown graph 'grap'. Closest: 'graph'"),
        ({"seed": -1}, "seed must be"),
        ({"epoch": -1}, "epoch must be"),
        ({"n_jobs": 0}, "n_jobs must be"),
    ],
)
def test_walks_that_cannot_be_are_refused(options: dict[str, object], message: str):
    corpus = firth.read_graph(_frame(("a", "b")))
    with pytest.raises(OptionError, match=message):
        firth.walks(corpus, **options)
    groups = build({"team": pl.DataFrame({"item": ["a", "b"], "value": ["x", "x"]})}, {"team": Groups()})
    with pytest.raises(OptionError, match="has no graph"):
        firth.walks(groups)


def test_other_things_are_no_graphs():
    with pytest.raises(SourceError, match=r"a graph must be a path, .* got ndarray"):
        firth.read_graph(np.eye(3))
    with pytest.raises(OptionError, match="keys are of the rows of a matrix"):
        firth.read_graph(_frame(("a", "b")), keys=["x"])


def test_a_line_that_is_no_edge_is_counted_or_an_error(tmp_path: Path):
    path = tmp_path / "x.edges"
    path.write_text("a b\nb c d\nc a\n")
    corpus = firth.read_graph(path)
    assert corpus.report.rows_rejected == 1
    assert corpus.report.rejected_examples == ("line 2 has 3 fields instead of 2: 'b c d'",)
    assert corpus.origin.files[0].path == path
    with pytest.raises(SourceError, match=r"1 rows of .* cannot be read: line 2"):
        firth.read_graph(path, strict=True)


def test_a_graph_says_what_it_is():
    corpus = firth.read_graph(_frame(("a", "b"), ("b", "c")))
    assert repr(corpus) == "Corpus(3 items; graph (2 edges))"
    (context,) = corpus.contexts
    assert isinstance(context, WalkContext)
    assert (context.n_walks, context.n_tokens) == (30, 2400)
