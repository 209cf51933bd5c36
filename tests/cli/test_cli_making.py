"""firth run: what it makes, reports and refuses."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
from cli_calls import call

import firth
from firth.errors import OptionError
from firth.runs import execute
from firth.runs.recipe import Recipe
from firth.runs.run import Run


def test_a_run_folder_is_complete(finished: Path):
    names = {str(path.relative_to(finished)) for path in finished.rglob("*") if path.is_file()}
    assert names == {
        "run.json",
        "vectors.safetensors",
        "items.parquet",
        "history.parquet",
        "plots/map-genre.png",
        "plots/map-score.png",
        "plots/loss.png",
    }


def test_run_json_says_what_made_the_run(finished: Path, recipe_path: Path):
    document = json.loads((finished / "run.json").read_text(encoding="utf-8"))
    assert document["status"] == "complete"
    assert document["error"] is None
    assert document["process"] is None
    assert document["seed"] == 1
    assert Recipe.from_dict(document["recipe"], name="films") == Recipe.load(recipe_path)
    assert document["source"]["queries"]["genre"].startswith("select film as item")
    assert document["source"]["rows"]["contexts"]["genre"]["rows_missing"] == 1
    assert len(document["corpus"]["fingerprint"]) == 64
    assert {"firth", "numpy", "polars", "python", "scikit-learn"} <= document["versions"].keys()
    assert document["instruction_set"]
    assert document["timings_s"].keys() == {"read", "train", "agreement", "clusters", "map", "plots"}
    assert document["metrics"]["n_items"] == 91
    assert document["metrics"]["n_pairs"] == pytest.approx(60_000, rel=0.05)
    assert {entry["name"] for entry in document["metrics"]["agreement"]} == {"genre", "score"}
    assert 0.5 < document["metrics"]["map"]["trustworthiness"] <= 1
    assert sum(cluster["size"] for cluster in document["clusters"]) == 91


def test_items_are_readable_without_firth(finished: Path):
    items = pl.read_parquet(finished / "items.parquet")
    assert items.columns == ["key", "count", "genre", "score", "cluster", "x", "y", "distortion"]
    lonely = items.filter(pl.col("key") == "lonely film").row(0, named=True)
    assert (lonely["genre"], lonely["score"]) == ([], None)


def test_the_report_shows_everything_at_once(recipe_path: Path, tmp_path: Path):
    result = call("run", recipe_path, "--out", tmp_path / "a", "--set", "train.pairs=70_000")
    assert result.exit_code == 0
    words = " ".join(result.stdout.split())
    assert "genre in common among the 10 nearest:" in words
    assert "(chance 0.3" in words
    assert "difference of score" in words
    assert "trustworthiness" in words
    assert "pairs/s" in words
    assert "comedy" in words


def test_json_is_one_document_on_standard_output_and_nothing_else(recipe_path: Path, tmp_path: Path):
    result = call("run", recipe_path, "--out", tmp_path / "a", "--json", "--set", "map.enabled=false", "--seed", 7)
    document = json.loads(result.stdout)
    assert document["run"] == str(tmp_path / "a")
    assert document["status"] == "complete"
    assert document["seed"] == 7


def test_any_number_of_threads_gives_the_same_bytes(recipe_path: Path, finished: Path, tmp_path: Path):
    assert call("run", recipe_path, "--out", tmp_path / "a", "--n-jobs", 1).exit_code == 0
    assert (tmp_path / "a" / "vectors.safetensors").read_bytes() == (finished / "vectors.safetensors").read_bytes()
    assert pl.read_parquet(tmp_path / "a" / "items.parquet").equals(pl.read_parquet(finished / "items.parquet"))


def test_runs_without_a_folder_are_numbered(recipe_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    quick = ["--set", "map.enabled=false", "--set", "train.pairs=1000"]
    assert call("run", recipe_path, *quick).exit_code == 0
    assert call("run", recipe_path, *quick).exit_code == 0
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["films-1", "films-2"]
    assert "films-2" in call("runs", "list").stdout
    assert call("neighbors", "films-1", "comedy film 0").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["bandz"], 1, "no recipe 'bandz'"),
        (["nowhere/films.toml"], 1, "no such file"),
        ([], 2, "Missing argument"),
        (["bands", "--set", "train.epoch=3"], 2, "Closest: 'train.epochs'"),
        (["bands", "--set", "train.epochs"], 2, "KEY=VALUE"),
        (["bands", "--set", "train.vector_size=-3"], 2, "vector_size must be >= 1, got -3"),
        (["bands", "--set", "train.vector_size=wide"], 2, "must be a whole number"),
        (["bands", "--n-jobs", "0"], 2, "--n-jobs"),
        (["bands", "--seed", "-1"], 2, "seed must be >= 0"),
        (["bands", "--resum"], 2, "No such option"),
        (["bands", "--set", "source.uri=sqlite:////nowhere/a.sqlite"], 1, "nowhere/a.sqlite"),
    ],
)
def test_what_is_wrong_is_said_and_has_its_exit_status(
    arguments: list[str], status: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")
    result = call("run", *arguments)
    assert result.exit_code == status, result.output
    assert message in " ".join(result.stderr.split())
    assert "Traceback" not in result.output
    assert result.stdout == ""


def test_a_wrong_recipe_file_is_a_failure_and_leaves_no_folder(tmp_path: Path):
    (tmp_path / "bad.toml").write_text("[trian]\nepochs = 1\n", encoding="utf-8")
    result = call("run", tmp_path / "bad.toml", "--out", tmp_path / "run")
    assert result.exit_code == 1
    assert "unknown key 'trian'" in result.stderr
    assert not (tmp_path / "run").exists()


def test_a_failure_is_written_down_and_the_folder_can_be_used_again(recipe_path: Path, tmp_path: Path):
    wrong = ["--set", "contexts.genre.query=select film as item, gnre as value from films"]
    result = call("run", recipe_path, "--out", tmp_path / "run", *wrong)
    assert result.exit_code == 1
    document = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    assert document["status"] == "failed"
    assert "gnre" in document["error"]
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["run.json"]
    assert "it failed" in call("neighbors", tmp_path / "run", "comedy film 0").stderr
    quick = ["--set", "map.enabled=false", "--set", "train.pairs=1000"]
    assert call("run", recipe_path, "--out", tmp_path / "run", *quick).exit_code == 0


def test_what_does_not_fit_the_data_is_refused_before_training(recipe_path: Path, tmp_path: Path):
    result = call("run", recipe_path, "--out", tmp_path / "run", "--set", "clusters.n=92")
    assert result.exit_code == 1
    assert "number of items, 91" in result.stderr
    assert not (tmp_path / "run" / "vectors.safetensors").exists()


def test_a_finished_run_is_not_overwritten(finished: Path, recipe_path: Path):
    before = (finished / "run.json").read_bytes()
    result = call("run", recipe_path, "--out", finished)
    assert result.exit_code == 1
    assert "is not empty" in result.stderr
    assert (finished / "run.json").read_bytes() == before


def test_a_file_in_the_folders_place_is_refused(recipe_path: Path, tmp_path: Path):
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    result = call("run", recipe_path, "--out", tmp_path / "file" / "run")
    assert result.exit_code == 1
    assert "cannot make the folder" in result.stderr
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


def _start(recipe_path: Path, folder: Path) -> subprocess.Popen[str]:
    """Start a run that would train for minutes, and wait until it trains."""
    endless = ["--set", "train.pairs=20_000_000_000"]
    command = [sys.executable, "-m", "firth", "run", recipe_path, "--out", folder, *endless]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Tests that were started in the background ignore Ctrl-C, and so would what they start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        if (folder / "run.json").exists() and json.loads((folder / "run.json").read_text(encoding="utf-8"))["corpus"]:
            time.sleep(0.7)
            return process
        time.sleep(0.05)
    process.kill()
    raise AssertionError(process.communicate())


def test_ctrl_c_while_training_keeps_what_was_reached(recipe_path: Path, tmp_path: Path):
    process = _start(recipe_path, tmp_path / "run")
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "interrupted while training" in errors
    assert "Traceback" not in errors
    assert "interrupted" in output
    run = Run.load(tmp_path / "run")
    assert run.status == "interrupted"
    assert run.metrics["n_pairs"] > 0
    assert "x" not in run.items.columns
    answer = call("neighbors", tmp_path / "run", "comedy film 0", "--json")
    assert answer.exit_code == 0
    assert "is interrupted" in answer.stderr
    assert len(json.loads(answer.stdout)["neighbors"]) == 10


def test_a_killed_run_is_recognised(recipe_path: Path, tmp_path: Path):
    process = _start(recipe_path, tmp_path / "run")
    assert "still being made" in call("neighbors", tmp_path / "run", "comedy film 0").stderr
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    result = call("neighbors", tmp_path / "run", "comedy film 0")
    assert result.exit_code == 1
    assert "it was stopped before they were written" in result.stderr
    assert "stopped" in call("runs", "list", "--root", tmp_path).stdout


_FULL = """
import resource, signal, sys
from firth.cli import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
main(sys.argv[1:])
"""


def test_a_full_disk_fails_clearly(recipe_path: Path, tmp_path: Path):
    big = ["--set", "train.vector_size=256", "--set", "train.pairs=1000"]
    command = [sys.executable, "-c", _FULL, "run", str(recipe_path), "--out", str(tmp_path / "run"), *big]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 1
    assert "cannot write" in done.stderr
    assert "Traceback" not in done.stderr
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"run.json", "live.json"}
    assert json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))["status"] == "failed"


def test_one_call_and_step_by_step_give_the_same_bytes(recipe_path: Path, finished: Path, tmp_path: Path):
    recipe = Recipe.load(recipe_path)
    corpus = firth.read_sql(recipe.source.uri, contexts=recipe.contexts)
    steps = firth.train(corpus, **dataclasses.asdict(recipe.train), out=tmp_path / "films")
    steps = steps.cluster(3).map(perplexity=10, n_iter=260).save()
    steps.plot(label=5, color_by="genre", path=tmp_path / "a.png")
    for name in ("vectors.safetensors", "items.parquet"):
        assert (tmp_path / "films" / name).read_bytes() == (finished / name).read_bytes(), name
    assert (tmp_path / "a.png").read_bytes() == (finished / "plots" / "map-genre.png").read_bytes()


def test_ctrl_c_after_training_keeps_vectors(recipe_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(execute, "with_map", interrupted)
    result = call("run", recipe_path, "--out", tmp_path / "run")
    assert result.exit_code == 1
    assert "interrupted after training, at the stage 'map'" in result.stderr
    run = Run.load(tmp_path / "run")
    assert run.status == "interrupted"
    assert len(run.clusters) == 3
    assert "x" not in run.items.columns


def test_a_failure_after_training_keeps_vectors(recipe_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def failing(*_: object, **__: object) -> None:
        raise OptionError("no room on this plane.")

    monkeypatch.setattr(execute, "with_map", failing)
    result = call("run", recipe_path, "--out", tmp_path / "run")
    assert result.exit_code == 1
    assert "no room on this plane." in result.stderr
    run = Run.load(tmp_path / "run")
    assert run.status == "failed"
    assert run.document["error"] == "no room on this plane."
    assert len(run.vectors) == 91


def test_a_run_is_replaced_when_asked(recipe_path: Path, own_run: Path):
    result = call("run", recipe_path, "--out", own_run, "--replace", "--seed", 2, "--set", "map.enabled=false")
    assert result.exit_code == 0, result.output
    assert Run.load(own_run).seed == 2
    assert "x" not in Run.load(own_run).items.columns


def test_an_unexpected_fault_asks_for_the_traceback(recipe_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    def faulty(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("firth.runs.execute.with_clusters", faulty)
    result = call("run", recipe_path, "--out", tmp_path / "run")
    assert result.exit_code == 1
    assert "unexpected ZeroDivisionError: by zero" in result.stderr
    assert "--debug" in result.stderr
