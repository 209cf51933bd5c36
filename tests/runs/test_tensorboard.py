"""Runs in TensorBoard: what is written is what a real TensorBoard shows."""

import json
import subprocess
import sys
import time
import urllib.request

import polars as pl
import pytest

from firth.progress import CallbackProgress
from firth.runs.execute import run_recipe
from firth.runs.recipe import Recipe
from firth.runs.tensorboard import TensorBoard
from firth.sources.planted import groups


def recipe(folder) -> Recipe:
    groups(n_items=60, n_groups=4, seed=2).select("item", pl.col("group").alias("kind")).write_csv(folder / "rows.csv")
    tables = {
        "source": {"path": str(folder / "rows.csv")},
        "contexts": {"kind": {"item": "item", "column": "kind"}},
        "train": {"vector_size": 8, "pairs": 20_000, "lane_size": 64},
        "map": {"enabled": True, "n_iter": 120},
    }
    return Recipe.from_dict(tables, name="board")


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    """A run, and the folder of what was written while it was made."""
    pytest.importorskip("tensorboardX")
    folder = tmp_path_factory.mktemp("board")
    heard = []
    with TensorBoard(folder / "logs", CallbackProgress(lambda name, *_: heard.append(name))) as board:
        run = run_recipe(recipe(folder), out=folder / "run", progress=board)
        board.project(run)
    assert "training" in heard, "who else listens still hears"
    return run, folder / "logs"


@pytest.fixture(scope="module")
def ask(logged, tmp_path_factory):
    """Ask a real TensorBoard: ``ask(path)``."""
    pytest.importorskip("tensorboard")
    said = tmp_path_factory.mktemp("said") / "said.txt"
    command = [
        sys.executable,
        "-m",
        "tensorboard.main",
        "--logdir",
        str(logged[1]),
        "--port",
        "0",
        "--load_fast",
        "false",
    ]
    with said.open("w") as file:
        process = subprocess.Popen([*command, "--host", "127.0.0.1"], stdout=file, stderr=subprocess.STDOUT)
    try:
        for _ in range(600):
            if "http://" in (text := said.read_text()):
                break
            assert process.poll() is None, text
            time.sleep(0.1)
        url = "http://" + text.split("http://")[1].split()[0].rstrip("/")

        def asked(path: str):
            with urllib.request.urlopen(f"{url}/data/plugin/{path}", timeout=30) as answer:
                return answer.read()

        for _ in range(300):
            if json.loads(asked("scalars/tags")):
                break
            time.sleep(0.1)
        yield asked
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_tensorboard_shows_the_losses_of_the_history(logged, ask):
    run, _ = logged
    for name in ("loss", "heldout_loss"):
        rows = json.loads(ask(f"scalars/scalars?run=.&tag=train%2F{name}"))
        wanted = run.history.select("pairs", name).drop_nulls()
        assert [row[1] for row in rows] == wanted["pairs"].to_list()
        assert [row[2] for row in rows] == pytest.approx(wanted[name].to_list(), rel=1e-6)


def test_tensorboard_shows_the_map_s_divergence(ask):
    rows = json.loads(ask("scalars/scalars?run=.&tag=map%2Fkl"))
    assert len(rows) > 1
    assert rows[-1][2] < rows[0][2]


def test_tensorboard_s_projector_has_every_item(logged, ask):
    run, _ = logged
    (name,) = json.loads(ask("projector/runs"))
    (info,) = json.loads(ask(f"projector/info?run={name}"))["embeddings"]
    assert info["tensorShape"] == [60, 8]
    metadata = ask(f"projector/metadata?run={name}&name={info['tensorName']}").decode().splitlines()
    assert [line.split("\t")[0] for line in metadata[1:]] == run.vectors.keys


def test_a_run_s_bytes_are_the_same_without(logged, tmp_path):
    run, _ = logged
    other = run_recipe(recipe(tmp_path), out=tmp_path / "run")
    assert other.vectors.matrix.tobytes() == run.vectors.matrix.tobytes()
