"""Runs to other tools' files and back."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import firth
from firth.errors import DataError, OptionError, SourceError
from firth.runs.exchange import export_run
from firth.vectors.formats import gensim

RATINGS = pl.DataFrame(
    {
        "item": [f"film {i}" for i in range(24)],
        "genre": ["horror", "musical", "western", None] * 6,
        "score": [float(i % 7) for i in range(24)],
    }
)
NAMES = {"npy": "a.npy", "parquet": "a.parquet"}


@pytest.fixture(scope="module")
def run() -> firth.Run:
    contexts = {"genre": firth.Groups("genre"), "score": firth.Groups("score", aggregate="mean", round=0)}
    corpus = firth.read_table(RATINGS, contexts=contexts)
    return firth.train(corpus, vector_size=5, pairs=2_000).cluster(2)


@pytest.mark.parametrize("kind", ["word2vec", "word2vec-binary", "gensim", "glove", "fasttext", "npy", "parquet"])
def test_what_is_exported_comes_back(run: firth.Run, tmp_path: Path, kind: str):
    path = tmp_path / NAMES.get(kind, "a.vec")
    export_run(run, kind, path)
    back = firth.import_vectors(path, out=tmp_path / "back")
    assert back.vectors.keys == run.vectors.keys
    assert back.vectors.matrix.tobytes() == run.vectors.matrix.tobytes()
    assert (back.vectors.counts is not None) is (kind in ("gensim", "parquet"))
    assert firth.load_run(tmp_path / "back").vectors.most_similar("film 3") == run.vectors.most_similar("film 3")


def test_counts_come_back_by_gensims_way(run: firth.Run, tmp_path: Path):
    export_run(run, "gensim", tmp_path / "a.txt")
    back = firth.import_vectors(tmp_path / "a.txt", out=tmp_path / "back")
    assert np.array_equal(back.vectors.counts, run.vectors.counts)
    assert back.items["count"].to_list() == run.items["count"].to_list()


def test_a_table_brings_its_attributes(run: firth.Run, tmp_path: Path):
    export_run(run, "parquet", tmp_path / "a.parquet")
    back = firth.import_vectors(tmp_path / "a.parquet", out=tmp_path / "back")
    assert back.items.equals(run.items.drop("cluster"))
    assert [one.name for one in back.agreement()] == ["genre", "score"]


def test_columns_that_are_no_attributes_are_left_aside(tmp_path: Path):
    table = pl.DataFrame(
        {"key": ["a", "b"], "vector": [[1.0], [2.0]], "x": [1, 2], "when": [None, None], "kind": ["p", "q"]}
    )
    table.write_parquet(tmp_path / "a.parquet")
    assert firth.import_vectors(tmp_path / "a.parquet", out=tmp_path / "r").items.columns == ["key", "count", "kind"]


def test_the_projector_knows_clusters_by_name(run: firth.Run, tmp_path: Path):
    export_run(run, "projector", tmp_path / "p")
    lines = [line.split("\t") for line in (tmp_path / "p/metadata.tsv").read_text(encoding="utf-8").splitlines()]
    assert lines[0] == ["key", "count", "genre", "score", "cluster"]
    assert [line[0] for line in lines[1:]] == run.vectors.keys
    assert {line[4] for line in lines[1:]} == {cluster.name for cluster in run.clusters}


def test_imported_vectors_cannot_recommend_and_say_so(run: firth.Run, tmp_path: Path):
    export_run(run, "word2vec", tmp_path / "a.txt")
    with pytest.raises(DataError, match="output vectors and noise"):
        firth.import_vectors(tmp_path / "a.txt", out=tmp_path / "back").vectors.recommend(["film 3"])


def test_an_unknown_format_names_the_closest(run: firth.Run, tmp_path: Path):
    with pytest.raises(OptionError, match="Closest: 'projector'"):
        export_run(run, "projecto", tmp_path / "a")


def test_a_pickle_is_never_read(tmp_path: Path):
    (tmp_path / "a.kv").write_bytes(b"\x80\x04\x95 anything")
    with pytest.raises(SourceError, match=r"is a pickle.*save_word2vec_format"):
        firth.import_vectors(tmp_path / "a.kv", out=tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_counts_that_do_not_fit_make_no_run(run: firth.Run, tmp_path: Path):
    export_run(run, "gensim", tmp_path / "a.txt")
    gensim.counts_path(tmp_path / "a.txt").write_text("film")
    with pytest.raises(SourceError, match="line 1: expected 'key count'"):
        firth.import_vectors(tmp_path / "a.txt", out=tmp_path / "back")
    assert not (tmp_path / "back").exists()
