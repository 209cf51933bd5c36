"""Graphs on the command line: a run of one's own edges, and what is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_calls import call

EDGES = "# who knows whom\nann bob 2\nbob cy\nbob cy 1\ncy dan 0\ncy ann 3\ndan dan 1\nx y 1\nx z 4\n"
QUICK = tuple(
    part
    for setting in ("train.epochs=1", "train.vector_size=4", "map.enabled=false", "clusters.n=0", "plots.color_by=[]")
    for part in ("--set", setting)
)


def said(*arguments: object) -> str:
    result = call(*arguments)
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def test_a_run_of_edges_tells_what_became_of_them(tmp_path: Path):
    path = tmp_path / "friends.edges"
    path.write_text(EDGES)
    text = said("run", "graph", "--set", f"source.path={path}", *QUICK, "--out", tmp_path / "run")
    assert "graph: weight 1, 5 weighted edges between 6 nodes, 2 neighbours at most" in text
    assert "2 parts, 3 nodes in the largest" in text
    assert "1 nodes without an edge left out, 1 self-loops, 1 edges of weight 0" in text
    assert "1 rows could not be read, such as line 3 has 2 fields instead of 3: 'bob cy'" in text
    assert "window 5, sample 0.001" in text
    assert "bob" in said("neighbors", tmp_path / "run", "ann", "-k", 3)


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ("a b -1\n", "x.edges", "edge weights must be finite numbers >= 0, got -1 at line 1 of"),
        ("", "x.edges", "holds no edges"),
        ("a a\n", "x.edges", "a graph needs an edge between two nodes, got 1 rows, 1 self-loops"),
        ("a b\n", "x.txt", "is read as a text, as its name ends in .txt; name an edge list .edges or .edgelist"),
    ],
)
def test_a_file_that_is_no_graph_is_refused_in_a_sentence(tmp_path: Path, content: str, name: str, message: str):
    (tmp_path / name).write_text(content)
    result = call("run", "graph", "--set", f"source.path={tmp_path / name}", "--out", tmp_path / "run")
    assert result.exit_code == (2 if name.endswith(".txt") else 1)  # the file, or how it is asked for
    assert message in " ".join(result.stderr.replace("│", " ").split())
    assert "Traceback" not in result.output
