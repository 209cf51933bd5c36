"""Graphs in recipes and runs: read, trained, asked, reproduced; and clear about what walks cannot answer."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

import firth
from firth.errors import FirthError, OptionError, SourceError
from firth.runs.evaluating import evaluate_run
from firth.runs.recipe import Recipe
from firth.runs.reproducing import reproduce
from firth.runs.tuning.bench import prepare
from firth.runs.tuning.options import TuneOptions
from firth.runs.why import why
from firth.sources import packaged_graph as packaged
from firth.sources.packaged_graph import packaged_graph

SMALL = {"train.vector_size": 8, "train.epochs": 2, "clusters.n": 3, "map.n_iter": 250, "map.perplexity": 5}


def _edges(folder: Path, name: str = "friends.edges") -> str:
    """Write three circles of twenty that know each other a little."""
    draws = np.random.default_rng(5)
    lines = ["# who knows whom, and how well"]
    for number in range(60):
        for _ in range(4):
            circle = number // 20 if draws.random() < 0.9 else draws.integers(3)
            lines.append(f"p{number}\tp{circle * 20 + draws.integers(20)}\t{draws.integers(1, 9)}")
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(folder / name)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> firth.Run:
    """A run of the shipped recipe on three circles."""
    folder = tmp_path_factory.mktemp("graph")
    recipe = Recipe.load("graph", overrides={**SMALL, "source.path": _edges(folder)})
    return firth.run_recipe(recipe, out=folder / "run")


def test_the_shipped_recipe_walks_a_graph_of_ones_own(run: firth.Run):
    report = run.document["corpus"]["report"]["contexts"]["graph"]
    assert report["nodes"] == len(run.vectors) == 60
    assert report["is_weighted"] == 1
    assert report["lines_comment"] == 1
    assert run.metrics["tokens_per_s"] > 0
    same = [
        int(other[1:]) // 20 == int(key[1:]) // 20
        for key in run.vectors.keys
        for other, _ in run.vectors.most_similar(key, k=5)
    ]
    assert np.mean(same) > 0.8
    assert run.vectors.recommend(["p3"], k=3)
    assert (run.folder / "plots" / "map-cluster.png").exists()


def test_a_run_of_a_graph_is_made_again_byte_for_byte(run: firth.Run):
    again = reproduce(run.folder, n_jobs=3)
    assert (again.is_equal, again.source, again.corpus) == (True, "same", "same")


def test_the_step_by_step_way_gives_the_same_bytes(run: firth.Run):
    recipe = Recipe.from_dict(run.document["recipe"], name="graph")
    corpus = firth.read_graph(recipe.source.path)
    assert corpus.fingerprint == run.document["corpus"]["fingerprint"]
    options = {**run.document["training"]["asked"], "probes": ()}
    assert np.array_equal(firth.train(corpus, **options).vectors.matrix, run.vectors.matrix)


def test_why_two_nodes_are_near_is_told(run: firth.Run):
    found = why(run, "p1", "p2")
    assert -1 <= found.cosine <= 1
    assert found.together is None


def test_confidence_trains_on_walks_of_other_seeds(run: firth.Run):
    made = run.confidence(members=2, k=3)
    assert made.metrics["confidence"]["members"] == 2
    with pytest.raises(OptionError, match="bootstrap draws sequences, and this run was trained on none"):
        run.confidence(members=2, by="bootstrap", k=3)


def _recipe(**tables: object) -> dict[str, object]:
    return {"source": {"path": "x.edges"}, **tables}


@pytest.mark.parametrize("name", ["x.edges", "x.edgelist", "x.EDGES.gz", "s3://bucket/x.edges.zst"])
def test_an_edge_list_needs_no_context(name: str):
    recipe = Recipe.from_dict({"source": {"path": name}}, name="r")
    assert recipe.source.kind == "graph"
    assert recipe.declared == {"graph": firth.Walks()}
    assert Recipe.from_dict(recipe.to_dict(), name="r") == recipe


def test_every_option_of_a_graph_survives_in_a_recipe():
    table = {
        "kind": "walks",
        "source": ["a", "b"],
        "target": "c",
        "edge_weight": "n",
        "directed": True,
        "walks_per_node": 3,
        "walk_length": 9,
        "p": 0.5,
        "q": 2,
        "weight": 3,
        "window": [2, 0],
    }
    recipe = Recipe.from_dict({"source": {"path": "x.csv"}, "contexts": {"g": table}}, name="r")
    wanted = firth.Walks(
        ("a", "b"),
        "c",
        edge_weight="n",
        directed=True,
        walks_per_node=3,
        walk_length=9,
        p=0.5,
        q=2,
        weight=3,
        window=(2, 0),
    )
    assert recipe.declared == {"g": wanted}
    assert Recipe.from_dict(recipe.to_dict(), name="r").declared == recipe.declared
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict())), name="r").declared == recipe.declared


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        (_recipe(contexts={"g": {"kind": "groups"}}), 'an edge list makes one context: give one of kind = "walks"'),
        (_recipe(contexts={"g": {"kind": "walks"}, "h": {"kind": "walks"}}), "makes one context"),
        (_recipe(contexts={"g": {"kind": "walks", "source": "who"}}), "an edge list has no names of columns"),
        (_recipe(contexts={"g": {"kind": "walks", "edge_weight": "n"}}), "an edge list has no names of columns"),
        (_recipe(contexts={"g": {"kind": "walks", "walks": 3}}), "contexts.g.walks"),
        (_recipe(contexts={"g": {"kind": "walks", "p": 0}}), r"\[contexts.g\] p must be a number"),
        (_recipe(contexts={"g": {"kind": "walk"}}), "must be 'groups', 'sequences' or 'walks'"),
        (_recipe(holdout={}), "leave it out. The walks of a graph are made when they are read"),
        (_recipe(recommend={"blend": 0.5}), "no context is ordered. The walks of a graph are made when they are read"),
        (_recipe(plots={"color_by": ["graph"]}), "unknown attribute 'graph'"),
        (_recipe(vocabulary={"lowercase": True}), "go with a text"),
    ],
)  # fmt: skip
def test_a_wrong_recipe_of_a_graph_is_refused(tables: dict[str, object], message: str):
    with pytest.raises(OptionError, match=message):
        Recipe.from_dict(tables, name="r")


def test_what_asks_for_sequences_says_that_there_are_none(run: firth.Run):
    with pytest.raises(FirthError, match=r"ordered context|sequences"):
        evaluate_run(run)
    with pytest.raises(OptionError, match="no ordered context"):
        prepare(Recipe.from_dict(run.document["recipe"], name="graph"), TuneOptions())


def test_a_table_of_edges_and_one_of_groups_train_together(tmp_path: Path):
    rows = ["source,target,weight,item,value"]
    rows += [f"p{i},p{i * 3 % 31},{1 + i % 3},p{i},{'even' if i % 2 else 'odd'}" for i in range(31)]
    (tmp_path / "both.csv").write_text("\n".join(rows) + "\n")
    tables = {
        "source": {"path": str(tmp_path / "both.csv")},
        "contexts": {"knows": {"kind": "walks", "directed": True}, "parity": {"weight": 0}},
        "train": {"vector_size": 8, "epochs": 1},
        "map": {"enabled": False},
    }
    made = firth.run_recipe(Recipe.from_dict(tables, name="both"), out=tmp_path / "run")
    assert len(made.vectors) == 31
    assert made.attributes.columns == ["parity"]


AIRPORTS = 'AirportID,Name,City,IATA\n1,Big,Austin,AUS\n2,Small,Reno,RNO\n3,Far,"Kona, Hawaii",KOA\n'
ROUTES = "Airline,Source,Destination\nAA,AUS,RNO\nBB,RNO,AUS\nAA,KOA,AUS\nAA,KOA,XXX\n"


def test_a_packaged_graph_is_written_once(tmp_path: Path, monkeypatch):
    calls = []

    def files(package: str, version: str, members: tuple[str, ...], *, what: str) -> list[bytes]:
        calls.append((package, version, members, what))
        return [AIRPORTS.encode(), gzip.compress(ROUTES.encode())]

    monkeypatch.setattr(packaged, "packaged_files", files)
    path = packaged_graph("airports", tmp_path / "new")
    assert path.read_text().splitlines() == [
        "Austin (AUS)\tKona, Hawaii (KOA)\t1",
        "Austin (AUS)\tReno (RNO)\t2",
        "Kona, Hawaii (KOA)\tXXX\t1",
    ]
    assert packaged_graph("airports", tmp_path / "new") == path
    assert len(calls) == 1
    assert firth.read_graph(path).vocabulary.keys[0] == "Austin (AUS)"


@pytest.mark.parametrize("content", [b"", b"City\nx\n", b"\xff"])
def test_a_package_without_the_graph_is_told(tmp_path: Path, monkeypatch, content: bytes):
    monkeypatch.setattr(packaged, "packaged_files", lambda *_a, **_k: [content, gzip.compress(b"")])
    with pytest.raises(SourceError, match="does not hold the graph 'airports'"):
        packaged_graph("airports", tmp_path)
    assert not list(tmp_path.iterdir())
