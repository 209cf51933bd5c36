"""Edge lists as they are found in the wild, graphs of NetworkX, matrices of SciPy."""

from __future__ import annotations

import gzip
import lzma
from pathlib import Path

import networkx
import numpy as np
import pytest
import scipy.sparse

from firth.errors import DataError, SourceError, SourceNotFoundError
from firth.sources import graph as module
from firth.sources import text
from firth.sources.graph import LINE, Account, edge_batches, edges_in_memory


def _read(tmp_path: Path, content: str | bytes, name: str = "x.edges", **options: str):
    """Return the rows of an edge list, its account and its last batch."""
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    account = Account()
    found = list(edge_batches(path, account=account, **options))
    rows = [row for batch in found for row in batch.frame.drop(LINE).rows()]
    return rows, account, found[-1]


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("a\tb\nb\tc\n", [("a", "b"), ("b", "c")]),
        ("a b\nb c", [("a", "b"), ("b", "c")]),
        ("a,b,2\nb,c,0.5\n", [("a", "b", "2"), ("b", "c", "0.5")]),
        ("  a   b  2 \n\n\nb\tc 1\n", [("a", "b", "2"), ("b", "c", "1")]),
        ("a b\r\nb c\r\n", [("a", "b"), ("b", "c")]),
        ("\ufeffa b\nb c\n", [("a", "b"), ("b", "c")]),
        ("New York\tSan José\nSan José\tBonn\n", [("New York", "San José"), ("San José", "Bonn")]),
        ("a, b\nb ,c\n", [("a", "b"), ("b", "c")]),
        ('"Smith, J.",b,1\n"say ""hi""",c,2\n', [("Smith, J.", "b", "1"), ('say "hi"', "c", "2")]),
        ("# a comment\n% another\na b\n#x y\nb c\n", [("a", "b"), ("b", "c")]),
        ("007 7\n7 07\n", [("007", "7"), ("7", "07")]),
        ("a b\n", [("a", "b")]),
    ],
)
def test_edges_are_read_however_they_are_divided(tmp_path: Path, content: str, rows: list[tuple[str, ...]]):
    assert _read(tmp_path, content)[0] == rows


@pytest.mark.parametrize("content", ["a b\nb c 3\nd\ne f\n", "a\tb\n\nb\tc\t3\nd\ne\tf\n"])
def test_lines_of_another_number_of_fields_are_set_aside(tmp_path: Path, content: str):
    rows, _, batch = _read(tmp_path, content)
    assert rows == [("a", "b"), ("e", "f")]
    assert batch.n_rejected == 2
    line = 3 if "\n\n" in content else 2
    assert batch.examples[0].startswith(f"line {line} has 3 fields instead of 2")
    assert batch.examples[1] == f"line {line + 1} has 1 field instead of 2: 'd'"


@pytest.mark.parametrize(
    ("content", "header"),
    [
        ("source,target\na,b\n", 1),
        ("From\tTo\tcount\na\tb\t2\n", 1),
        ("x y weight\na b 2\n", 1),
        ("person friend\n1 2\n", 1),
        ("# head\nperson friend\n1 2\n", 1),
        ("ann bob\ncy dan\n", 0),
        ("1 2\n3 4\n", 0),
        ("a b 2\nb c 3\n", 0),
    ],
)
def test_a_line_that_names_the_columns_is_no_edge(tmp_path: Path, content: str, header: int):
    rows, account, _ = _read(tmp_path, content)
    assert account.lines["lines_header"] == header
    assert len(rows) + header + content.startswith("#") == content.count("\n")


def test_lines_keep_their_numbers(tmp_path: Path):
    path = tmp_path / "x.edges"
    path.write_text("# one\n\na b\n% four\nb c\n")
    account = Account()
    (batch,) = edge_batches(path, account=account)
    assert batch.frame[LINE].to_list() == [3, 5]
    assert account.lines["lines_comment"] == 2


def test_a_sign_may_begin_a_node(tmp_path: Path):
    assert _read(tmp_path, "#tag #other\n", comments="")[0] == [("#tag", "#other")]


@pytest.mark.parametrize("form", ["{a} {b}\n", "{a}\t{b}\t{w}\n", "{a},{b},{w}\n"])
@pytest.mark.parametrize("disturbance", ["", "# comment\n", "\n"])
def test_the_quick_way_and_the_careful_way_read_the_same(tmp_path: Path, monkeypatch, form: str, disturbance: str):
    random = np.random.default_rng(3)
    lines = [form.format(a=a, b=f"n{b}", w=w / 7) for a, b, w in random.integers(1, 999, (5000, 3)).tolist()]
    lines.insert(2500, disturbance)
    monkeypatch.setattr(text, "_CHUNK", 10_000)  # so that some pieces are disturbed and others are not
    quick = _read(tmp_path, "".join(lines))[0]
    monkeypatch.setattr(module, "_is_simple", lambda *_given: False)
    assert _read(tmp_path, "".join(lines))[0] == quick
    assert len(quick) == 5000


@pytest.mark.parametrize(("suffix", "packed"), [(".gz", gzip.compress), (".xz", lzma.compress)])
def test_compressed_edge_lists_are_read(tmp_path: Path, suffix: str, packed):
    assert _read(tmp_path, packed(b"a b\nb c\n"), f"x.edges{suffix}")[0] == [("a", "b"), ("b", "c")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no edges"),
        (b"\n\n", "holds no edges"),
        (b"# only\n% comments\n", "holds no edges"),
        (b"a\nb\n", "two or three fields .* got 1 divided by white space: 'a'"),
        (b"a b 1 2009\n", "got 4 divided by white space"),
        ("é b\n".encode("latin-1"), "not UTF-8 at line 1.*iconv"),
        ("a b\nb ü\n".encode("latin-1"), "not UTF-8 at line 2"),
        ("a b\n".encode("utf-16"), "not UTF-8 at line 1"),
    ],
)
def test_what_is_no_edge_list_is_refused(tmp_path: Path, content: bytes, message: str):
    with pytest.raises(SourceError, match=message):
        _read(tmp_path, content)


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(SourceNotFoundError, match=r"there is no file .*x\.edges"):
        list(edge_batches(tmp_path / "x.edges"))


def _rows(found) -> set[tuple[str, str, float]]:
    weights = [1.0] * len(found.sources) if found.weights is None else found.weights.tolist()
    return {
        (found.keys[a], found.keys[b], weight)
        for a, b, weight in zip(found.sources, found.targets, weights, strict=True)
    }


def test_nodes_of_networkx_may_be_anything_with_a_text():
    graph = networkx.Graph([(1, ("x", 2)), (("x", 2), 3.5)])
    graph.add_node(frozenset())
    found = edges_in_memory(graph, directed=None, weight="weight")
    assert found.keys == ["1", "('x', 2)", "3.5", "frozenset()"]
    assert _rows(found) == {("1", "('x', 2)", 1.0), ("('x', 2)", "3.5", 1.0)}
    assert found.weights is None
    assert not found.directed


def test_attributes_of_edges_are_weights_if_asked():
    graph = networkx.DiGraph([("a", "b", {"weight": 3, "trust": 0.5}), ("b", "a", {"trust": 2})])
    assert _rows(edges_in_memory(graph, directed=None, weight="weight")) == {("a", "b", 3.0), ("b", "a", 1.0)}
    assert _rows(edges_in_memory(graph, directed=None, weight="trust")) == {("a", "b", 0.5), ("b", "a", 2.0)}
    assert _rows(edges_in_memory(graph, directed=None, weight=None)) == {("a", "b", 1.0), ("b", "a", 1.0)}
    assert edges_in_memory(graph, directed=None, weight=None).directed
    assert not edges_in_memory(graph, directed=False, weight=None).directed


def test_edges_side_by_side_all_come():
    found = edges_in_memory(networkx.MultiGraph([("a", "b"), ("b", "a")]), directed=None, weight="weight")
    assert len(found.sources) == 2


@pytest.mark.parametrize(
    ("graph", "options", "message"),
    [
        (networkx.Graph([(1, "1")]), {}, "distinct texts, got 1 and '1'"),
        (networkx.Graph([("", "a")]), {}, "a text that is not empty, got ''"),
        (networkx.Graph([("a", "b", {"weight": "much"})]), {}, "'weight' of edges must be a number"),
        (networkx.Graph([("a", "b")]), {"directed": True}, "have no direction"),
        (networkx.Graph([("a", "b")]), {"keys": ["x", "y"]}, "keys are of the rows of a matrix"),
        (scipy.sparse.coo_array((2, 3)), {}, r"must be square, got the shape \(2, 3\)"),
        (scipy.sparse.coo_array((2, 2), dtype=complex), {}, "must hold numbers, got complex128"),
        (scipy.sparse.coo_array((2, 2)), {"keys": ["x"]}, "2 rows needs as many keys, got 1"),
        (scipy.sparse.coo_array((2, 2)), {"keys": ["x", "x"]}, "distinct texts, got 'x' and 'x'"),
    ],
)
def test_what_is_no_graph_is_refused(graph: object, options: dict[str, object], message: str):
    with pytest.raises(DataError, match=message):
        edges_in_memory(graph, **{"directed": None, "weight": "weight", **options})


@pytest.mark.parametrize("kind", ["csr_array", "coo_matrix", "lil_matrix", "csc_array"])
def test_a_matrix_that_is_its_transpose_has_each_edge_once(kind: str):
    dense = np.array([[0, 2, 0], [2, 0, 0.5], [0, 0.5, 0]])
    found = edges_in_memory(getattr(scipy.sparse, kind)(dense), directed=None, weight="weight", keys=["x", "y", "z"])
    assert _rows(found) == {("x", "y", 2.0), ("y", "z", 0.5)}
    assert not found.directed


def test_another_matrix_is_directed_unless_it_is_said_not_to_be():
    matrix = scipy.sparse.csr_array(np.array([[0, 2, 0], [1, 0, 0], [0, 4, 0]]))
    found = edges_in_memory(matrix, directed=None, weight="weight")
    assert found.directed
    assert _rows(found) == {("0", "1", 2.0), ("1", "0", 1.0), ("2", "1", 4.0)}
    assert not edges_in_memory(matrix, directed=False, weight="weight").directed
    symmetric = scipy.sparse.csr_array(np.array([[0, 1], [1, 0]]))
    assert len(edges_in_memory(symmetric, directed=True, weight="weight").sources) == 2


def test_other_things_are_no_graphs():
    assert edges_in_memory(np.eye(3), directed=None, weight="weight") is None
