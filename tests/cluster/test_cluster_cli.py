"""The cluster by the command line: status, and the trainings of other commands made there."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from ray_nodes import add_node
from typer.testing import CliRunner, Result

import firth
from firth.cli.app import app
from firth.sources.planted import playlists

SECTIONS = {
    "contexts": {"listened": {"kind": "sequences", "sequence": "playlist", "order": "position"}},
    "train": {"vector_size": 16, "epochs": 2, "sample": 0, "lane_size": 64},
    "map": {"enabled": False},
    "holdout": {"validation": 0.25, "test": 0.25},
}

HALF_INSTALLED = """
import sys
class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "firth":
            raise ImportError("half of it is missing")
sys.meta_path.insert(0, Finder)
"""


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plays") / "plays.parquet"
    playlists(n_items=60, n_playlists=80, spread=4.0, seed=5).write_parquet(path)
    return path


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def recipe(table: Path) -> firth.Recipe:
    return firth.Recipe.from_dict({"source": {"path": str(table)}, **SECTIONS}, name="plays")


@pytest.mark.usefixtures("ray_cluster")
def test_status_shows_every_machine():
    shown = call("cluster", "status", "--json")
    assert shown.exit_code == 0, shown.output
    document = json.loads(shown.stdout)
    assert [node["n_cpus"] for node in document["nodes"]] == [1, 1]
    assert document["problems"] == document["remarks"] == []
    table = call("cluster", "status")
    assert "2 CPUs on 2 machines" in table.stdout


def test_status_tells_of_a_machine_that_does_not_fit(ray_cluster: object, tmp_path: Path):
    # Python runs this file when it starts; the finder goes before that of an editable install.
    (tmp_path / "sitecustomize.py").write_text(HALF_INSTALLED, encoding="utf-8")
    added = add_node(ray_cluster, num_cpus=1, env_vars={"PYTHONPATH": str(tmp_path)})
    try:
        shown = call("cluster", "status", "--json")
    finally:
        ray_cluster.remove_node(added)
    assert shown.exit_code == 1
    assert "cannot load it (ImportError: half of it is missing)" in json.loads(shown.stdout)["problems"][0]


@pytest.mark.usefixtures("ray_cluster")
def test_confidence_over_a_cluster_is_that_of_one_process(table: Path, tmp_path: Path):
    run = firth.run_recipe(recipe(table), out=tmp_path / "run")
    here = run.confidence(members=2)
    shown = call("confidence", run.folder, "--members", 2, "--cluster", "auto", "--json")
    assert shown.exit_code == 0, shown.output
    assert firth.load_run(run.folder).neighbor_confidence.equals(here.neighbor_confidence)


@pytest.mark.usefixtures("ray_cluster")
def test_tuning_over_a_cluster_makes_as_many_trials_at_once_as_there_are_workers(table: Path, tmp_path: Path):
    (tmp_path / "plays.toml").write_text(recipe_text(table), encoding="utf-8")
    shown = call(
        "tune", tmp_path / "plays.toml", "--trials", 3, "--cluster", "auto", "--out", tmp_path / "tuned", "--json"
    )
    assert shown.exit_code == 0, shown.output
    document = json.loads(shown.stdout)
    assert (document["n_trials"]["all"], document["n_at_once"]) == (3, 2)


def recipe_text(table: Path) -> str:
    from firth.runs.toml import recipe_toml

    return recipe_toml(recipe(table))


@pytest.mark.usefixtures("ray_cluster")
def test_twins_over_a_cluster_tell_what_those_of_one_process_do(table: Path, tmp_path: Path):
    one, other = (
        firth.run_recipe(
            replace(recipe(table), train=replace(recipe(table).train, seed=seed)), out=tmp_path / str(seed)
        )
        for seed in (1, 2)
    )
    words = ("runs", "compare", one.folder, other.folder, "--twins", 2, "--json")
    here, there = (call(*words, *more) for more in ([], ["--cluster", "auto"]))
    assert there.exit_code == 0, there.output
    assert json.loads(there.stdout) == json.loads(here.stdout)


@pytest.mark.parametrize("command", [["tune", "playlists"], ["confidence", "RUN"], ["cluster", "status"]])
def test_an_address_of_another_form_is_wrong_usage(command: list[str], table: Path, tmp_path: Path):
    run = firth.run_recipe(recipe(table), out=tmp_path / "run") if "RUN" in command else None
    words = [run.folder if word == "RUN" else word for word in command]
    shown = call(*words, *(["nowhere"] if "status" in command else ["--cluster", "nowhere"]))
    assert shown.exit_code == 2
    assert "a cluster is auto, local" in " ".join(shown.stderr.replace("│", " ").split())


@pytest.mark.usefixtures("ray_cluster")
def test_a_run_on_a_cluster_is_that_of_one_process(tmp_path: Path):
    (tmp_path / "words.txt").write_text("one two three four five six seven\n" * 400, encoding="utf-8")
    (tmp_path / "words.toml").write_text(
        f'[source]\npath = "{tmp_path / "words.txt"}"\n[train]\nvector_size = 8\nmachines = 3\n'
        "lane_size = 16\nlanes = 2\nepochs = 3\nsample = 0\n[map]\nenabled = false\n[plots]\nlabel = 0\n",
        encoding="utf-8",
    )
    alone = call("run", tmp_path / "words.toml", "--out", tmp_path / "alone")
    assert alone.exit_code == 0, alone.output
    shared = call("run", tmp_path / "words.toml", "--out", tmp_path / "shared", "--cluster", "auto", "--workers", 2)
    assert shared.exit_code == 0, shared.output
    assert "rounds over 2 workers" in shared.stderr
    for name in ("vectors.safetensors", "items.parquet"):
        assert (tmp_path / "shared" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes()
    reproduced = call("runs", "reproduce", tmp_path / "shared")
    assert reproduced.exit_code == 0, reproduced.output


@pytest.mark.usefixtures("ray_cluster")
def test_a_run_without_machines_says_that_it_is_trained_here(tmp_path: Path):
    (tmp_path / "words.txt").write_text("one two three four five six seven\n" * 40, encoding="utf-8")
    (tmp_path / "words.toml").write_text(
        f'[source]\npath = "{tmp_path / "words.txt"}"\n[map]\nenabled = false\n[plots]\nlabel = 0\n', encoding="utf-8"
    )
    made = call(
        "run", tmp_path / "words.toml", "--out", tmp_path / "run", "--cluster", "auto", "--set", "train.epochs=1"
    )
    assert made.exit_code == 0, made.output
    assert "train.machines is 1, so the training itself is this process's" in made.stderr


def test_workers_without_a_cluster_are_wrong_usage():
    refused = call("run", "words", "--workers", 2)
    assert refused.exit_code == 2
    assert "goes with --cluster" in refused.stderr
