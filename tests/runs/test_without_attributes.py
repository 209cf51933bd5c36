"""A run of sequences alone: its items have no attributes, and every stage does without."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

import firth


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> firth.Run:
    rows = pl.DataFrame({"item": [f"i{i % 40}" for i in range(400)], "value": [i % 8 for i in range(400)]})
    corpus = firth.read_table(rows, contexts={"c": firth.Groups()})
    made = firth.train(
        replace(corpus, attributes=pl.DataFrame()),
        vector_size=6,
        pairs=20_000,
        out=tmp_path_factory.mktemp("runs") / "plain",
    )
    made.save()
    return made


def test_clusters_are_named_after_their_nearest_items(run: firth.Run):
    clusters = run.cluster(4).clusters
    assert [cluster.name for cluster in clusters] == [" · ".join(cluster.examples[:2]) for cluster in clusters]
    assert len({cluster.name for cluster in clusters}) == 4


def test_there_is_nothing_to_agree_in(run: firth.Run):
    assert run.agreement() == []


def test_it_is_saved_and_drawn_by_cluster(run: firth.Run, tmp_path: Path):
    assert firth.load_run(run.folder).items.columns == ["key", "count"]
    drawn = run.cluster(4).map(perplexity=5, n_iter=250)
    drawn.plot(path=tmp_path / "plain.png")
    drawn.plot(color_by="cluster", path=tmp_path / "clusters.png")
    assert (tmp_path / "plain.png").stat().st_size > 1000
    assert (tmp_path / "clusters.png").stat().st_size > 1000
