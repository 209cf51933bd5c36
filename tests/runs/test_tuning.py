"""Real studies of planted sequences, in seconds: better options are found, the same ones however it was done."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tuning_data import TRAIN, recipe, write_lists

import firth
from firth.errors import DataError, OptionError, RunError
from firth.progress import CallbackProgress
from firth.runs.tuning import bench as benches
from firth.runs.tuning import tune as tuning
from firth.runs.tuning.search import Search
from firth.runs.tuning.study import Study, Trial

FILES = {"report.json", "best.toml", "trials.parquet", "study.sqlite", "plots"}
ONLY = ("train.window", "train.epochs", "train.learning_rate")
SAME = ["trial", "outcome", "value", "sample", "note", *ONLY]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lists(tmp_path_factory.mktemp("lists") / "lists.parquet")


@pytest.fixture(autouse=True)
def _small_samples(monkeypatch: pytest.MonkeyPatch):
    """Let so little data have a sample of a third, as large data have."""
    monkeypatch.setattr(benches, "_SAMPLE_TOKENS", 150)


@pytest.fixture(scope="module")
def tuned(table: Path, tmp_path_factory: pytest.TempPathFactory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(benches, "_SAMPLE_TOKENS", 150)
        out = tmp_path_factory.mktemp("tuned") / "lists"
        return firth.tune(recipe(table), budget_s=None, trials=20, only=ONLY, out=out)


def test_better_options_are_found_and_compared_on_the_test_part(tuned):
    own, best = tuned.document["own"], tuned.document["best"]
    assert best["validation"] > own["validation"]
    assert best["trial"] > 0
    gain = tuned.comparison.gain
    assert gain.is_above_zero
    assert f"{gain.mean:+.4f}" in tuned.sentence
    assert "better than the recipe's own beyond chance" in tuned.sentence
    assert tuned.comparison.baselines.n_questions == tuned.document["data"]["n_test"] == 40


def test_the_first_trial_is_the_recipes_own_options_on_everything(tuned):
    first = tuned.trials.row(0, named=True)
    assert first["outcome"] == "complete"
    assert (first["train.window"], first["train.epochs"]) == ("2", 4)
    assert tuned.document["own"]["settings"] == {"train.window": 2, "train.epochs": 4, "train.learning_rate": 0.05}


def test_most_trials_end_on_the_sample_and_the_best_was_trained_on_everything(tuned):
    assert tuned.document["data"]["shares"] == pytest.approx([1 / 3, 1])
    counts = tuned.document["n_trials"]
    assert counts["all"] == 20 == counts["complete"] + counts["pruned"] + counts["failed"]
    assert counts["pruned"] >= 5
    pruned = tuned.trials.filter(pl.col("outcome") == "pruned")
    assert pruned["value"].null_count() == len(pruned)
    assert pruned["sample"].null_count() == 0
    best = tuned.trials.row(tuned.document["best"]["trial"], named=True)
    assert best["value"] == tuned.trials["value"].max()


def test_both_are_trained_with_three_seeds_for_the_test_part(tuned):
    test = tuned.document["test"]
    assert len(test["own_seeds"]) == len(test["best_seeds"]) == 3
    assert len(set(test["own_seeds"])) == 3  # the best are so good that two of theirs may be equal
    for name in ("own", "best"):
        assert np.mean(test[f"{name}_seeds"]) == pytest.approx(test[name]["NDCG@10"]["mean"])
    gain = test["best"]["NDCG@10"]["mean"] - test["own"]["NDCG@10"]["mean"]
    assert gain == pytest.approx(tuned.comparison.gain.mean)


def test_baselines_stand_beside(tuned):
    names = {score["name"] for score in tuned.document["test"]["baselines"]}
    assert {"random", "popularity", "item-kNN, cosine", "counts within 2"} <= names
    strongest = tuned.document["test"]["strongest"]
    values = {score["name"]: score["measures"]["NDCG@10"]["mean"] for score in tuned.document["test"]["baselines"]}
    assert values[strongest] == max(values.values())


def test_the_folder_holds_what_was_returned_and_nothing_half_written(tuned):
    assert {path.name for path in tuned.folder.iterdir()} == FILES
    assert {path.name for path in (tuned.folder / "plots").iterdir()} == {"trials.png", "importance.png"}
    written = json.loads((tuned.folder / "report.json").read_text(encoding="utf-8"))
    assert written["status"] == "complete"
    assert written["sentence"] == tuned.sentence
    assert pl.read_parquet(tuned.folder / "trials.parquet").equals(tuned.trials)


def test_the_best_recipe_can_be_run(tuned, tmp_path: Path):
    best = firth.Recipe.load(tuned.folder / "best.toml")
    assert best.to_dict() == tuned.best.to_dict()
    assert best.train.heldout == 0
    run = firth.run_recipe(best, out=tmp_path / "run")
    assert run.options["epochs"] == tuned.document["best"]["settings"]["train.epochs"]


def test_importance_is_shared_out_among_what_was_searched(tuned):
    assert set(tuned.importance) == {*ONLY, "direction of window"}
    assert sum(tuned.importance.values()) == pytest.approx(1)
    assert list(tuned.importance.values()) == sorted(tuned.importance.values(), reverse=True)


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_the_same_trials_come_of_the_same_seed_for_any_number_of_threads(tuned, table: Path, tmp_path: Path, n_jobs):
    again = firth.tune(recipe(table), budget_s=None, trials=8, only=ONLY, n_jobs=n_jobs, out=tmp_path / "a")
    assert again.trials.select(SAME).equals(tuned.trials.select(SAME).head(8))


def test_another_seed_makes_other_trials(tuned, table: Path, tmp_path: Path):
    other = firth.tune(recipe(table), budget_s=None, trials=3, only=ONLY, seed=2, out=tmp_path / "a")
    assert not other.trials.select(ONLY).equals(tuned.trials.select(ONLY).head(3))
    assert other.trials.row(0, named=True)["value"] == tuned.trials.row(0, named=True)["value"]


SCRIPT = """
import sys
sys.path.insert(0, {tests!r})
from firth.runs.tuning import bench
bench._SAMPLE_TOKENS = 150
from tuning_data import recipe
import firth
from pathlib import Path
firth.tune(recipe(Path({table!r})), budget_s=None, trials=20, only={only!r}, out={out!r})
"""


def _n_trials(study: Path, state: str = "%") -> int:
    try:
        with sqlite3.connect(f"file:{study}?mode=ro", uri=True) as connection:
            (found,) = connection.execute("select count(*) from trials where state like ?", [state]).fetchone()
        connection.close()
    except sqlite3.OperationalError:
        return 0
    return int(found)


def test_a_search_that_was_killed_goes_on_to_the_same_trials(tuned, table: Path, tmp_path: Path):
    out = tmp_path / "killed"
    script = SCRIPT.format(tests=str(Path(__file__).parent), table=str(table), only=ONLY, out=str(out))
    process = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE)
    while _n_trials(out / "study.sqlite") < 5 or not _n_trials(out / "study.sqlite", "RUNNING"):
        assert process.poll() is None, process.communicate()[1].decode()
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    document = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert document["status"] == "running"
    was_cut_short = _n_trials(out / "study.sqlite", "RUNNING")
    resumed = firth.tune(recipe(table), budget_s=None, trials=20, only=ONLY, out=out)
    assert resumed.trials.select(SAME).equals(tuned.trials.select(SAME))
    assert resumed.sentence == tuned.sentence
    assert resumed.importance == tuned.importance
    assert _n_trials(out / "study.sqlite", "RUNNING") == 0
    assert _n_trials(out / "study.sqlite", "FAIL") == was_cut_short


ROUNDS = {"budget_s": None, "trials": 14, "only": ONLY, "n_at_once": 6}


@pytest.fixture(scope="module")
def tuned_in_rounds(table: Path, tmp_path_factory: pytest.TempPathFactory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(benches, "_SAMPLE_TOKENS", 150)
        patch.setattr(tuning, "N_SEEDS", 1)
        return firth.tune(recipe(table), out=tmp_path_factory.mktemp("rounds") / "lists", **ROUNDS)


def test_trials_of_a_round_do_not_know_each_other(tuned, tuned_in_rounds):
    alone, found = tuned.trials.select(ONLY).head(14), tuned_in_rounds.trials
    # The first ten are drawn at random, number by number; those after them know what was told before their round.
    assert found.select(ONLY).head(10).equals(alone.head(10))
    assert not found.select(ONLY).equals(alone)
    assert tuned_in_rounds.document["n_at_once"] == 6


def test_the_better_third_of_a_round_and_of_those_before_goes_on(tuned_in_rounds):
    samples = tuned_in_rounds.trials["sample"].to_list()
    for first in (0, 6, 12):
        reached = samples[: first + 6]
        for number in range(max(first, 1), len(reached)):
            others = reached[:number] + reached[number + 1 :]
            goes_on = sum(other >= samples[number] for other in others) < -(-len(reached) // 3)
            assert (tuned_in_rounds.trials["outcome"][number] == "complete") == goes_on


@pytest.mark.parametrize(("kills_at", "n_kept"), [(1, 0), (10, 9), (14, 13)])
def test_a_round_that_was_killed_is_made_again_to_the_same_trials(
    tuned_in_rounds, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kills_at: int, n_kept: int
):
    monkeypatch.setattr(tuning, "N_SEEDS", 1)
    real, told = Study._tell, []

    def tell(self: Study, begun: object, trial: Trial) -> None:
        told.append(trial.number)
        if len(told) == kills_at:
            raise ZeroDivisionError("killed")
        real(self, begun, trial)

    with monkeypatch.context() as patch:
        patch.setattr(Study, "_tell", tell)
        with pytest.raises(ZeroDivisionError):
            firth.tune(recipe(table), out=tmp_path / "killed", **ROUNDS)
    n_begun = min(6, 14 - n_kept // 6 * 6) - n_kept % 6
    assert _n_trials(tmp_path / "killed" / "study.sqlite", "RUNNING") == n_begun
    resumed = firth.tune(recipe(table), out=tmp_path / "killed", **ROUNDS)
    assert resumed.trials.select(SAME).equals(tuned_in_rounds.trials.select(SAME))
    assert _n_trials(tmp_path / "killed" / "study.sqlite", "FAIL") == (0 if n_kept % 6 else n_begun)


def test_another_number_at_once_is_another_search(table: Path, tmp_path: Path):
    firth.tune(recipe(table), budget_s=None, trials=2, only=ONLY, out=tmp_path / "a")
    with pytest.raises(RunError, match="other n_at_once"):
        firth.tune(recipe(table), budget_s=None, trials=4, only=ONLY, n_at_once=2, out=tmp_path / "a")


def test_a_search_that_was_complete_goes_on_where_it_ended(tuned, table: Path, tmp_path: Path):
    out = tmp_path / "a"
    first = firth.tune(recipe(table), budget_s=None, trials=3, only=ONLY, out=out)
    assert len(first.trials) == 3
    more = firth.tune(recipe(table), budget_s=None, trials=6, only=ONLY, out=out)
    assert more.trials.select(SAME).equals(tuned.trials.select(SAME).head(6))
    same = firth.tune(recipe(table), budget_s=None, trials=6, only=ONLY, out=out)
    assert same.trials.equals(more.trials)


def test_ctrl_c_ends_with_what_was_found(table: Path, tmp_path: Path):
    def press(description: str, completed: float, total: float | None, text: str) -> None:  # noqa: ARG001
        if description == "tuning" and completed == 4:
            raise KeyboardInterrupt

    options = {"budget_s": None, "trials": 50, "only": ONLY, "out": tmp_path / "a"}
    found = firth.tune(recipe(table), progress=CallbackProgress(press), **options)
    assert found.document["status"] == "interrupted"
    assert len(found.trials) == 4
    assert found.comparison is not None
    assert (found.folder / "best.toml").exists()


def test_ctrl_c_in_the_midst_of_a_trial_does_not_count_it(
    tuned, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    whole = benches.Bench.answers

    def interrupted(self, recipe, stage):
        if recipe.train.epochs == tuned.trials["train.epochs"][5]:
            raise KeyboardInterrupt
        return whole(self, recipe, stage)

    options = {"budget_s": None, "trials": 8, "only": ONLY, "out": tmp_path / "a"}
    with monkeypatch.context() as patch:
        patch.setattr(benches.Bench, "answers", interrupted)
        found = firth.tune(recipe(table), **options)
    assert found.trials["trial"].to_list() == [0, 1, 2, 3, 4]
    assert firth.tune(recipe(table), **options).trials.select(SAME).equals(tuned.trials.select(SAME).head(8))


def test_a_grid_tries_every_combination_on_everything(table: Path, tmp_path: Path):
    grid = {"train.window": [1, [3, 0]], "train.objective": ["sgns", "nce"], "vocabulary.min_count": [1]}
    found = firth.tune(recipe(table), budget_s=None, grid=grid, out=tmp_path / "a")
    tried = found.trials.select("train.window", "train.objective").rows()
    assert tried == [("2", "sgns"), ("1", "sgns"), ("1", "nce"), ("[3, 0]", "sgns"), ("[3, 0]", "nce")]
    assert set(found.trials["outcome"]) == {"complete"}
    assert found.document["best"]["validation"] == found.trials["value"].max()


def test_a_combination_that_is_the_recipes_own_is_not_trained_again(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    trained = []
    whole = benches.Bench.answers

    def noted(self, recipe, stage):
        trained.append((recipe.train.epochs, recipe.train.seed, stage))
        return whole(self, recipe, stage)

    monkeypatch.setattr(benches.Bench, "answers", noted)
    found = firth.tune(recipe(table), budget_s=None, grid={"train.epochs": [4, 5]}, out=tmp_path / "a")
    assert found.trials["value"][0] == found.trials["value"][1]
    assert {(4, 1, 1), (5, 1, 1), (4, 3, 1)} <= set(trained)
    assert len(trained) == len(set(trained))


def test_what_diverges_counts_as_nothing_and_says_why(table: Path, tmp_path: Path):
    grid = {"vocabulary.min_count": [10_000]}
    found = firth.tune(recipe(table), budget_s=None, grid=grid, out=tmp_path / "a")
    assert found.trials["outcome"].to_list() == ["complete", "failed"]
    assert "Lower min_count" in found.trials["note"][1]
    assert found.document["best"]["trial"] == 0
    assert "No trial was better" in found.sentence


def test_a_context_s_own_window_is_what_is_tuned(table: Path, tmp_path: Path):
    listened = {"kind": "sequences", "sequence": "list", "order": "place", "item": "item", "window": 1}
    own = recipe(table, contexts={"listened": listened})
    found = firth.tune(own, budget_s=None, trials=4, only=["train.window"], out=tmp_path / "a")
    assert found.trials["contexts.listened.window"][0] == "1"
    assert found.trials["value"].n_unique() > 1 or found.trials["sample"].n_unique() > 1


def test_the_budget_ends_a_search_and_dear_trials_are_not_begun(table: Path, tmp_path: Path):
    found = firth.tune(recipe(table), budget_s=1.5, only=["train.epochs"], out=tmp_path / "a")
    assert len(found.trials) >= 1
    assert set(found.trials["outcome"]) <= {"complete", "pruned", "too long"}


def test_a_trial_that_is_expected_to_outlast_the_budget_is_passed_over(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Search, "_expected_s", lambda _, recipe: 0.0 if recipe.train.epochs < 20 else 1e9)
    found = firth.tune(recipe(table), budget_s=300, trials=12, only=["train.epochs"], out=tmp_path / "a")
    dear = found.trials.filter(pl.col("train.epochs") >= 20)
    assert len(dear) >= 1
    assert set(dear["outcome"]) == {"too long"}
    assert "too long" not in set(found.trials.filter(pl.col("train.epochs") < 20)["outcome"])


@pytest.mark.parametrize(
    ("changes", "other"),
    [
        ({"metric": "recommend/HR@10"}, "metric"),
        ({"n_before": 2}, "n_before"),
        ({"only": ("train.window",)}, "options"),
        ({"seed": 5}, "seed"),
        ({"recipe": {"train": {**TRAIN, "negative": 7}}}, "recipe"),
        ({"recipe": {"holdout": {"validation": 0.2, "test": 0.2}}}, "data"),
    ],
)
def test_another_tuning_in_the_same_folder_is_refused(table: Path, tmp_path: Path, changes: dict, other: str):
    options = {"budget_s": None, "trials": 1, "only": ONLY, "out": tmp_path / "a"}
    firth.tune(recipe(table), **options)
    sections = changes.pop("recipe", {})
    with pytest.raises(RunError, match=rf"holds a tuning with other .*{other}"):
        firth.tune(recipe(table, **sections), **{**options, **changes})


def test_other_data_in_the_same_folder_are_refused(tmp_path: Path):
    own = write_lists(tmp_path / "lists.parquet")
    options = {"budget_s": None, "trials": 1, "only": ONLY, "out": tmp_path / "a"}
    firth.tune(recipe(own), **options)
    write_lists(own, seed=2)
    with pytest.raises(RunError, match="holds a tuning with other data"):
        firth.tune(recipe(own), **options)


def test_a_folder_of_something_else_is_left_alone(table: Path, tmp_path: Path):
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(RunError, match="something else than a tuning"):
        firth.tune(recipe(table), budget_s=None, trials=1, out=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_folder_in_which_another_process_tunes_is_left_alone(table: Path, tmp_path: Path):
    options = {"budget_s": None, "trials": 1, "only": ONLY, "out": tmp_path / "a"}
    found = firth.tune(recipe(table), **options)
    report = found.folder / "report.json"
    process = {"pid": os.getppid(), "host": os.uname().nodename, "began": None}
    report.write_text(json.dumps({**found.document, "status": "running", "process": process}), encoding="utf-8")
    with pytest.raises(RunError, match="another process tunes"):
        firth.tune(recipe(table), **options)


def test_a_damaged_study_is_refused_in_words(table: Path, tmp_path: Path):
    options = {"budget_s": None, "trials": 1, "only": ONLY, "out": tmp_path / "a"}
    found = firth.tune(recipe(table), **options)
    (found.folder / "study.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(RunError, match=r"study\.sqlite is damaged"):
        firth.tune(recipe(table), **options)


def test_a_recipe_without_sequences_is_refused_before_it_is_read(tmp_path: Path):
    tables = {"source": {"path": "nowhere.csv"}, "contexts": {"genre": {"item": "film"}}}
    with pytest.raises(OptionError, match="no ordered context"):
        firth.tune(firth.Recipe.from_dict(tables, name="films"), out=tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_a_recipe_that_goes_on_from_a_run_is_refused(table: Path, tmp_path: Path):
    with pytest.raises(OptionError, match="trains from the beginning"):
        firth.tune(recipe(table, start={"run": "runs/x"}), out=tmp_path / "a")


@pytest.mark.parametrize("part", ["validation", "test"])
def test_no_sequence_to_ask_about_is_an_error(table: Path, tmp_path: Path, part: str):
    with pytest.raises(DataError, match=f"held out for the {part}"):
        firth.tune(recipe(table, holdout={"validation": 0.2, "test": 0.2, part: 0}), out=tmp_path / "a")


def test_own_options_that_cannot_be_tried_are_an_error(table: Path, tmp_path: Path):
    own = recipe(table, vocabulary={"min_count": 100_000})
    with pytest.raises(OptionError, match="own options cannot be tried"):
        firth.tune(own, budget_s=None, trials=3, only=ONLY, out=tmp_path / "a")
    assert json.loads((tmp_path / "a" / "report.json").read_text(encoding="utf-8"))["status"] == "failed"


def test_neighbors_can_be_tuned_for_and_recommending_is_then_left_alone(table: Path, tmp_path: Path):
    options = {"budget_s": None, "trials": 2, "out": tmp_path / "a"}
    found = firth.tune(recipe(table), metric="neighbors/MRR@5", **options)
    assert not any(name.startswith("recommend.") for name in found.document["options"])
    assert found.comparison.measure == "MRR@5"
    assert np.isfinite(found.comparison.gain.mean)


def test_the_better_third_goes_on():
    class Trials:
        trials = tuple(
            Trial(number=number, settings={}, outcome="pruned", samples=(value,))
            for number, value in enumerate([0.5, 0.4, 0.3, 0.2, 0.1])
        )

    search = Search(bench=None, study=Trials(), options=None)
    assert search._goes_on([0.45])
    assert not search._goes_on([0.35])
    assert not search._goes_on([0.4])
