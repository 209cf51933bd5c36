"""firth map: every option, runs that grow or are placed on another's map, films, Ctrl-C, and [map] of a recipe."""

import json
import math
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from cli_calls import call

from firth.maps.options import MapOptions
from firth.maps.placing import start_from
from firth.maps.similarity import recognisable
from firth.maps.tsne import tsne
from firth.runs.record import Record
from firth.runs.run import Run
from firth.vectors.vectors import Vectors

QUICK = ("--n-iter", 60)


def mapped(*arguments: object) -> dict[str, object]:
    """Return what ``firth map ... --json`` says of the map."""
    result = call("map", *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["map"]


def places(folder: Path) -> np.ndarray:
    return Run.load(folder).items.select("x", "y").to_numpy()


def test_a_new_map_is_stored(own_run: Path):
    old = Run.load(own_run)
    result = call("map", own_run, "--perplexity", 5, "--n-iter", 250, "--seed", 3)
    assert result.exit_code == 0, result.output
    assert "trustworthiness" in result.stdout
    assert f"stored in {own_run}" in result.stdout
    new = Run.load(own_run)
    assert new.metrics["map"]["perplexity"] == 5
    assert new.items.drop("x", "y", "distortion").equals(old.items.drop("x", "y", "distortion"))
    assert not np.array_equal(new.items["x"], old.items["x"])


def test_json_says_how_the_map_was_made_and_how_far_to_trust_it(own_run: Path):
    document = json.loads(call("map", own_run, *QUICK, "--seed", 4, "--json").stdout)
    assert document.keys() == {"run", "map", "film"}
    assert (document["run"], document["film"]) == (str(own_run), None)
    about = document["map"]
    assert about.keys() == {
        *("method", "engine", "metric", "perplexity", "n_iter", "ending", "seed", "kl", "neighbors", "recall"),
        *("seconds", "affinity_seconds", "grown_from", "placed_on", "likeness"),
        *("k", "trustworthiness", "neighbor_preservation", "n_judged", "quality"),
    }
    assert re.fullmatch(r"firth \S+, kernel \S+", about["engine"])
    assert (about["method"], about["metric"], about["neighbors"]) == ("tsne", "cosine", "exact")
    assert (about["perplexity"], about["n_iter"], about["ending"], about["seed"]) == (30, 60, "finished", 4)
    assert 0 < about["kl"] < 10
    assert 0.5 < about["trustworthiness"] <= 1
    assert about["n_judged"] == 91
    assert about == Run.load(own_run).metrics["map"]


@pytest.mark.parametrize(
    ("options", "name", "value"),
    [
        (["--perplexity", 7.5], "perplexity", 7.5),
        (["--perplexity", 5, "--perplexity", 20], "perplexity", [5, 20]),
        (["--metric", "euclidean"], "metric", "euclidean"),
        (["--n-iter", 0], "n_iter", 0),
        (["--neighbors", "exact"], "neighbors", "exact"),
        (["--neighbors", "approximate"], "neighbors", "approximate"),
        (["--method", "sklearn", "--n-iter", 250], "method", "sklearn"),
    ],
    ids=str,
)
def test_an_option_is_recorded(own_run: Path, options: list[object], name: str, value: object):
    if "sklearn" in options:
        pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    assert mapped(own_run, *QUICK, *options)[name] == value


@pytest.mark.parametrize("options", [["--theta", 0], ["--learning-rate", 10], ["--metric", "euclidean"]], ids=str)
def test_an_option_makes_another_map(own_run: Path, options: list[object]):
    mapped(own_run, *QUICK)
    before = places(own_run)
    mapped(own_run, *QUICK, *options)
    assert not np.array_equal(places(own_run), before)


def test_patience_ends_a_map_and_the_report_says_so(own_run: Path):
    result = call("map", own_run, "--n-iter", 20_000, "--patience", 50)
    about = Run.load(own_run).metrics["map"]
    assert (result.exit_code, about["ending"]) == (0, "converged")
    assert f"no gain after {about['n_iter']} steps" in " ".join(result.stdout.split())


@pytest.mark.parametrize("n_jobs", [1, 3, 8])
def test_any_number_of_threads_stores_the_same_bytes(own_run: Path, n_jobs: int, tmp_path: Path):
    shutil.copytree(own_run, tmp_path / "other")
    mapped(own_run, *QUICK, "--n-jobs", 2)
    mapped(tmp_path / "other", *QUICK, "--n-jobs", n_jobs)
    assert (own_run / "items.parquet").read_bytes() == (tmp_path / "other" / "items.parquet").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--perplexity", "0"], 2, "--perplexity"),
        (["--n-iter", "-1"], 2, "--n-iter"),
        (["--theta", "1.5"], 2, "--theta"),
        (["--n-neighbors", "1"], 2, "--n-neighbors"),
        (["--patience", "-50"], 2, "--patience"),
        (["--patience", "30"], 2, "patience must be a multiple of 50, or 0 for never, got 30"),
        (["--learning-rate", "-1"], 2, "--learning-rate"),
        (["--learning-rate", "1e38"], 1, "give a smaller learning_rate"),
        (["--method", "magic"], 2, "--method"),
        (["--metric", "manhattan"], 2, "--metric"),
        (["--neighbors", "few"], 2, "--neighbors"),
        (["--method", "sklearn", "--n-iter", "249"], 2, "n_iter must be >= 250 for method 'sklearn', got 249"),
        (["--grow-from", "no-such-run"], 1, "no run 'no-such-run'"),
        (["--place-on", "no-such-run"], 1, "no run 'no-such-run'"),
        (["--grow-from", "{run}", "--place-on", "{run}"], 2, "give one of them"),
        (["--learning-rate", "0"], 2, "learning_rate must be 'auto' or > 0, got 0"),
        (["--grow-from", "{run}", "--method", "umap"], 2, "goes with method tsne only, got umap"),
        (["--place-on", "{run}", "--method", "pacmap"], 2, "goes with method tsne only, got pacmap"),
        (["--animate", "{run}/a.png"], 1, "must end in .gif or .mp4, got 'a.png'"),
        (["--animate", "{run}/a.gif", "--method", "umap"], 2, "only Firth's own t-SNE shows a map forming"),
        (["--animate", "{run}/a.gif", "--place-on", "{run}"], 2, "only Firth's own t-SNE shows a map forming"),
        (["--animate", "{run}/a.gif", "--color-by", "gnre"], 1, "Closest: 'genre'"),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(
    finished: Path, arguments: list[str], status: int, message: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "300")
    before = {path: path.read_bytes() for path in finished.rglob("*") if path.is_file()}
    result = call("map", finished, *(argument.replace("{run}", str(finished)) for argument in arguments))
    assert result.exit_code == status, result.output
    assert message in " ".join(result.stderr.split())
    assert "Traceback" not in result.output
    assert {path: path.read_bytes() for path in finished.rglob("*") if path.is_file()} == before


def test_a_missing_library_is_named(finished: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("firth.maps.libraries.find_spec", lambda _name: None)
    result = call("map", finished, "--method", "umap")
    assert result.exit_code == 1
    assert "the map by umap needs umap-learn: pip install 'firth[maps]'" in " ".join(result.stderr.split())


@pytest.fixture
def smaller(finished: Path, tmp_path: Path) -> Path:
    """A run of the first 70 items, with a map."""
    run = Run.load(finished)
    vectors = Vectors(run.vectors.keys[:70], run.vectors.matrix[:70])
    items = run.items.head(70).drop("x", "y", "distortion")
    Run(vectors, items, run.history, Record("smaller", folder=None).document).save(tmp_path / "smaller")
    mapped(tmp_path / "smaller", "--perplexity", 10)
    return tmp_path / "smaller"


def without_map(folder: Path) -> None:
    run = Run.load(folder)
    replace(run, items=run.items.drop("x", "y", "distortion")).save()


def test_a_map_grows_from_another_runs(own_run: Path, smaller: Path):
    result = call("map", own_run, "--grow-from", smaller, "--perplexity", 10)
    assert result.exit_code == 0, result.output
    about = Run.load(own_run).metrics["map"]
    assert (about["grown_from"], about["placed_on"]) == ("smaller", None)
    matrix, known = Run.load(own_run).vectors.matrix, np.full((91, 2), np.nan, np.float32)
    known[:70] = places(smaller)
    options = MapOptions(perplexity=10, early_iter=0)
    assert np.array_equal(tsne(matrix, options, start=start_from(matrix, known)).xy, places(own_run))
    # 70 of 91 items were there: 0.954 is the least of 20 seeds of training and map, 0.982 the median.
    assert about["likeness"] > 0.9
    assert about["likeness"] == pytest.approx(recognisable(places(smaller), places(own_run)[:70]), abs=1e-6)
    assert f"{about['likeness']:.0%} like the map of smaller that it grew from" in " ".join(result.stdout.split())


def test_items_are_placed_on_another_runs_map_which_stays(own_run: Path, smaller: Path):
    without_map(own_run)
    about = mapped(own_run, "--place-on", smaller)
    assert (about["placed_on"], about["grown_from"], about["n_iter"]) == ("smaller", None, 0)
    assert about["engine"].startswith("firth ")
    assert about["perplexity"] is None
    assert about["kl"] is None
    assert np.array_equal(places(own_run)[:70], places(smaller))
    items = Run.load(own_run).items
    near = np.linalg.norm(places(own_run)[70:, None] - places(smaller)[None], axis=2).argmin(axis=1)
    genres = items["genre"].list.first().to_list()
    agree = [genres[70 + i] == genres[old] for i, old in enumerate(near) if genres[70 + i]]
    assert np.mean(agree) >= 0.95


def test_a_run_without_a_map_is_no_ground_for_another(own_run: Path, smaller: Path):
    without_map(smaller)
    for option in ("--grow-from", "--place-on"):
        result = call("map", own_run, option, smaller)
        assert result.exit_code == 1
        assert "smaller has no map: make one first" in " ".join(result.stderr.split())


def test_runs_without_an_item_in_common_are_refused(own_run: Path, tmp_path: Path):
    other, run = tmp_path / "other", Run.load(own_run)
    replace(run, items=run.items.with_columns(key=pl.col("key") + "!")).save(other)
    for option in ("--grow-from", "--place-on"):
        result = call("map", own_run, option, other)
        assert result.exit_code == 1
        assert "have no item in common" in " ".join(result.stderr.split())


def test_a_film_shows_the_map_forming(own_run: Path, tmp_path: Path):
    from PIL import Image

    film = tmp_path / "forming.gif"
    quick = ("--n-iter", 8)
    document = json.loads(call("map", own_run, *quick, "--animate", film, "--color-by", "genre", "--json").stdout)
    assert document["film"] == str(film)
    with Image.open(film) as pictures:
        assert pictures.n_frames > 5
    filmed = places(own_run)
    mapped(own_run, *quick)
    assert np.array_equal(places(own_run), filmed)


# Says how far it is in lines, so that Ctrl-C can be sent when the map is forming.
_TELLING = """
import sys
from firth import progress
def tell(name, done, _total, _text):
    print(name, int(done), file=sys.stderr, flush=True)
progress.BarProgress = lambda: progress.CallbackProgress(tell)
from firth.cli import main
main(sys.argv[1:])
"""


def interrupted(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Return how a command ended to which Ctrl-C was sent when its map was forming."""
    process = subprocess.Popen(
        [sys.executable, "-c", _TELLING, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Tests that were started in the background ignore Ctrl-C, and so would what they start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stderr is not None
    heard = []
    for line in process.stderr:
        heard.append(line)
        if re.match(r"map [1-9]", line):
            process.send_signal(signal.SIGINT)
            break
    try:
        output, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    return subprocess.CompletedProcess(arguments, process.returncode, output, "".join(heard) + errors)


ENDLESS = 1_000_000_000


def test_ctrl_c_keeps_the_map_as_far_as_it_came(own_run: Path):
    before = places(own_run)
    done = interrupted("map", own_run, "--n-iter", ENDLESS, "--patience", 0)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    about = Run.load(own_run).metrics["map"]
    assert f"interrupted after {about['n_iter']} steps; the map as far as it came is stored" in done.stderr
    assert about["ending"] == "interrupted"
    assert 0 < about["n_iter"] < ENDLESS
    assert (about["trustworthiness"], about["n_judged"], about["quality"]) == (None, 0, [])
    assert math.isfinite(about["kl"])
    items = Run.load(own_run).items
    assert "distortion" not in items.columns
    assert np.isfinite(places(own_run)).all()
    assert not np.array_equal(places(own_run), before)
    assert call("runs", "show", own_run).exit_code == 0


def test_ctrl_c_in_the_midst_of_a_runs_map_keeps_it(recipe_path: Path, tmp_path: Path):
    folder = tmp_path / "run"
    endless = ["--set", f"map.n_iter={ENDLESS}", "--set", "map.patience=0"]
    done = interrupted("run", recipe_path, "--out", folder, *endless)
    assert done.returncode == 1
    assert "interrupted after training, at the stage 'map'" in done.stderr
    run = Run.load(folder)
    assert (run.status, run.metrics["map"]["ending"]) == ("interrupted", "interrupted")
    assert np.isfinite(places(folder)).all()
    assert call("plot", folder, "-o", tmp_path / "a.png").exit_code == 0


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (["map.perplexity=[10,20]"], {"perplexity": [10, 20]}),
        (["map.perplexity=12"], {"perplexity": 12}),
        (["map.metric=euclidean", "map.neighbors=approximate"], {"metric": "euclidean", "neighbors": "approximate"}),
        (["map.n_iter=70", "map.early_iter=20", "map.early_exaggeration=4", "map.theta=0.3"], {"n_iter": 70}),
        (["map.learning_rate=80", "map.n_iter=3000", "map.patience=50"], {"ending": "converged"}),
    ],
    ids=str,
)
def test_a_recipe_says_how_its_map_is_made(
    recipe_path: Path, tmp_path: Path, settings: list[str], expected: dict[str, object]
):
    words = [word for setting in settings for word in ("--set", setting)]
    result = call("run", recipe_path, "--out", tmp_path / "run", "--set", "train.pairs=5_000", *words)
    assert result.exit_code == 0, result.output
    about = Run.load(tmp_path / "run").metrics["map"]
    assert {name: about[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("map.perplexity=[10,0.5]", "perplexity must be >= 1, got 0.5"),
        ("map.perplexity=[]", "perplexity must be a number or several, got none"),
        ("map.method=tnse", "map.method must be 'tsne'"),
        ("map.patience=30", "patience must be a multiple of 50, or 0 for never, got 30"),
        ("map.perplexit=3", "Closest: 'map.perplexity'"),
    ],
)
def test_a_setting_that_no_map_can_have_is_wrong_usage(
    recipe_path: Path, tmp_path: Path, setting: str, message: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "300")
    result = call("run", recipe_path, "--out", tmp_path / "run", "--set", setting)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
    assert not (tmp_path / "run").exists()


def test_a_library_that_a_recipe_needs_is_missed_before_training(
    recipe_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("firth.maps.libraries.find_spec", lambda _name: None)
    result = call("run", recipe_path, "--out", tmp_path / "run", "--set", "map.method=pacmap")
    assert result.exit_code == 1
    assert "pip install 'firth[maps]'" in result.stderr
    assert not (tmp_path / "run" / "vectors.safetensors").exists()
