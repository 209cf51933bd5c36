"""firth runs compare: the report, JSON, CSV, twins, wrong usage."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from cli_calls import call


@pytest.fixture(scope="module")
def other(recipe_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("others") / "later"
    result = call("run", recipe_path, "--set", "train.seed=9", "--set", "train.vector_size=6", "--out", folder)
    assert result.exit_code == 0, result.output
    return folder


def test_identical_runs_are_told_in_one_sentence(finished: Path, tmp_path: Path):
    copy = shutil.copytree(finished, tmp_path / "copy")
    result = call("runs", "compare", finished, copy)
    assert result.exit_code == 0, result.output
    assert "none: the vectors are the same, so no item moved" in " ".join(result.stdout.split())
    assert "lost of" not in result.stdout


def test_the_report_tells_what_differs(finished: Path, other: Path):
    text = " ".join(call("runs", "compare", finished, other, "--top", 3, "-k", 4).stdout.split())
    assert "91 in both, 0 only in films, 0 only in later" in text or "90 in both" in text
    assert "data the same" in text
    assert "train.seed: 1 → 9" in text
    assert "train.vector_size: 8 → 6" in text
    assert "chance unknown: other seeds alone move items, too" in text
    assert "lost of 4" in text
    assert "--grow-from films makes one that stays recognisable" in text


def test_twins_are_trained_from_the_recipe(finished: Path, other: Path):
    result = call("runs", "compare", finished, other, "--twins", 2, "--json", "--top", 2)
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["chance"]["n_twins"] == 2
    assert document["chance"]["is_trained"] is True
    assert document["n_moved"] is not None
    assert len(document["items"]) == 2
    assert document["csv"] is None
    assert 0 < document["items"][0]["p_moved"] <= 1
    text = " ".join(call("runs", "compare", finished, other, "--twins", 2).stdout.split())
    assert "measured by 2 twins of films (other seeds, same data)" in text
    assert "* more than chance" in text


def test_twins_are_named(finished: Path, other: Path, recipe_path: Path, tmp_path: Path):
    names = []
    for seed in (21, 22):
        names += ["--twin", tmp_path / f"twin-{seed}"]
        call("run", recipe_path, "--set", f"train.seed={seed}", "--set", "map.enabled=false", "--out", names[-1])
    text = " ".join(call("runs", "compare", finished, other, *names).stdout.split())
    assert "measured by 2 twins of films (the runs that were named)" in text


def test_csv_holds_every_shared_item(finished: Path, other: Path, tmp_path: Path):
    path = tmp_path / "changes.csv"
    result = call("runs", "compare", finished, other, "--top", 0, "--csv", path)
    assert str(path) in result.stdout.replace("\n", "")
    assert "lost of" not in result.stdout
    assert set(pl.read_csv(path)["key"]) == set(pl.read_parquet(finished / "items.parquet")["key"])


def test_maps_that_grew_are_told(finished: Path, other: Path, tmp_path: Path):
    for how, sentence in (("--grow-from", "grew from that of films, "), ("--place-on", "lies on the map of films: ")):
        later = shutil.copytree(other, tmp_path / how.strip("-"))
        assert call("map", later, how, finished, "--n-iter", 60).exit_code == 0
        assert sentence in " ".join(call("runs", "compare", finished, later).stdout.split())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--twins", 1], "one twin tells no spread"),
        (["--twin", "x"], "one twin tells no spread"),
        (["--twins", 2, "--twin", "x", "--twin", "y"], "give one of the two"),
        (["--fdr", 1.5], "must be between 0 and 1, got 1.5"),
        (["-k", 0], "greater than or equal to 1"),
    ],
)
def test_wrong_usage_is_told(options: list[object], message: str, finished: Path):
    result = call("runs", "compare", finished, finished, *options)
    assert result.exit_code == 2
    assert message in " ".join(result.output.replace("│", " ").split())


def test_a_run_that_is_not_there_is_told(finished: Path):
    result = call("runs", "compare", finished, "nowhere")
    assert result.exit_code == 1
    assert "no run 'nowhere'" in result.output
