"""``firth tune`` as it is typed."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from cli_calls import call


@pytest.fixture(scope="module")
def plays(tmp_path_factory: pytest.TempPathFactory) -> Path:
    draws = np.random.default_rng(5)
    rows = []
    for number in range(60):
        place = int(draws.integers(20))
        for position in range(5):
            place += int(draws.integers(1, 3))
            rows.append((f"list {number}", position, f"artist {number % 2}", f"song {place % 20}"))
    path = tmp_path_factory.mktemp("plays") / "plays.csv"
    pl.DataFrame(rows, schema=["playlist", "position", "artist", "track"], orient="row").write_csv(path)
    return path


@pytest.fixture(scope="module")
def common(plays: Path) -> list[object]:
    settings = (f"source.path={plays}", "train.vector_size=8", "train.epochs=2", "holdout.test=0.3", "clusters.n=0")
    return ["playlists", *(part for setting in settings for part in ("--set", setting))]


@pytest.fixture(scope="module")
def tuned(common: list[object], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    out = tmp_path_factory.mktemp("tuned") / "plays"
    result = call("tune", *common, "--trials", 9, "--only", "train.epochs", "--out", out)
    assert result.exit_code == 0, result.output
    return out, result.stdout


def test_the_report_says_what_was_tried_and_how_good_it_is(tuned: tuple[Path, str]):
    _, shown = tuned
    for part in (
        "9 trials",
        "train.epochs",
        "importance",
        "popularity",
        "item-kNN",
        "counts within 3",
        "on the test part",
    ):
        assert part in shown
    assert "Only 6 sequences to choose by" in shown


def test_the_best_recipe_is_named_and_runs(tuned: tuple[Path, str], tmp_path: Path):
    out, shown = tuned
    assert str(out / "best.toml") in shown
    result = call("run", out / "best.toml", "--set", "map.enabled=false", "--out", tmp_path / "run")
    assert result.exit_code == 0, result.output


def test_the_same_folder_goes_on(tuned: tuple[Path, str], common: list[object]):
    out, _ = tuned
    result = call("tune", *common, "--trials", 10, "--only", "train.epochs", "--out", out, "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["n_trials"]["all"] == 10
    assert document["status"] == "complete"


def test_a_grid_is_tried(common: list[object], tmp_path: Path):
    result = call("tune", *common, "--grid", "train.window=1,[2,0]", "--out", tmp_path / "a", "--json")
    assert result.exit_code == 0, result.output
    counts = json.loads(result.stdout)["n_trials"]
    assert counts == {"all": 3, "complete": 3, "pruned": 0, "too long": 0, "failed": 0}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--budget", "5 parsecs"], "a budget is a time above 0"),
        (["--only", "train.windoww"], "Closest: 'train.window'"),
        (["--grid", "train.window"], "a grid is KEY=VALUE"),
        (["--grid", "source.path=a"], "unknown section 'source.path'"),
        (["--metric", "NDCG@10"], "metric must be RANKING/MEASURE@K"),
        (["--trials", "0"], "greater than or equal to 1"),
        (["--grid", "train.window=1", "--only", "train.window"], "give one of them"),
        (["--set", "train.epochz=3"], "unknown key"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_read(arguments: list[str], message: str, tmp_path: Path):
    out = tmp_path / "a"
    result = call("tune", "playlists", "--set", "source.path=nowhere.csv", *arguments, "--out", out)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.replace("│", " ").split())
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bands"], "no ordered context"),
        (["playlists", "--set", "source.path=nowhere.csv"], "nowhere.csv"),
        (["playlists", "--grid", "train.windoww=3"], "Closest: 'train.window'"),
        (["nothing"], "no recipe 'nothing'"),
    ],
)
def test_a_failure_is_explained(arguments: list[str], message: str, tmp_path: Path):
    result = call("tune", *arguments, "--out", tmp_path / "a")
    assert result.exit_code == 1
    assert message in result.stderr.replace("\n", " ")
    assert not (tmp_path / "a").exists()
