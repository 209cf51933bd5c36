"""Runs into stores by the command line."""

import json

import pytest
from cli_calls import call

from firth.runs.exchange import import_vectors


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stores")
    (folder / "vectors.txt").write_text("".join(f"item{i} {i % 7} {i % 5 - 2} {i % 3 + 1}\n" for i in range(40)))
    return import_vectors(folder / "vectors.txt", out=folder / "run").folder


def test_export_tells_how_far_the_store_agrees(run, tmp_path):
    pytest.importorskip("lancedb")
    done = call("export", run, "--format", "lancedb", "-o", tmp_path / "db", "--json")
    said = json.loads(done.stdout)
    assert said["recall"] == 1.0
    assert (said["store"], said["n_items"]) == ("lancedb", 40)
    assert (
        "of the exact 10 nearest of 40 items"
        in call("export", run, "--format", "lancedb", "-o", tmp_path / "db").stdout
    )


def test_a_table_s_name_goes_with_stores_only(run, tmp_path):
    done = call("export", run, "--format", "npy", "-o", tmp_path / "a.npy", "--table", "songs")
    assert done.exit_code == 2
    assert "goes with lancedb, qdrant and pgvector" in done.stderr.replace("\n", " ")
