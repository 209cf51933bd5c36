"""Other trainings of a run: the same bytes for any threads, what is kept, what is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import firth
from firth.corpus.reading import table_intake
from firth.errors import OptionError, RunError, UnknownItemError
from firth.evaluation.stability import calibration, recurrence
from firth.progress import CallbackProgress
from firth.runs import confidence as module
from firth.runs import folder as files
from firth.runs.confidence import bootstrap, member_seeds, neighbor_rates, with_confidence
from firth.sources.planted import playlists

CONTEXTS = {"listened": firth.Sequences("playlist", order="position", item="item")}
TRAIN: dict[str, Any] = {"vector_size": 16, "epochs": 5, "sample": 0, "lane_size": 64}
PLAYS = playlists(n_items=90, n_playlists=150, spread=4.0, seed=3)


def recipe(table: Path, **sections: Any) -> firth.Recipe:
    tables = {
        "source": {"path": str(table)},
        "contexts": {"listened": {"kind": "sequences", "sequence": "playlist", "order": "position"}},
        "train": TRAIN,
        "map": {"enabled": False},
    }
    return firth.Recipe.from_dict({**tables, **sections}, name="plays")


@pytest.fixture(scope="module")
def corpus() -> firth.Corpus:
    return firth.read_table(PLAYS, contexts=CONTEXTS)


@pytest.fixture(scope="module")
def run(corpus: firth.Corpus) -> firth.Run:
    return firth.train(corpus, **TRAIN)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plays") / "plays.parquet"
    PLAYS.write_parquet(path)
    return path


@pytest.fixture(scope="module")
def made(table: Path, tmp_path_factory: pytest.TempPathFactory) -> firth.Run:
    return firth.run_recipe(recipe(table), out=tmp_path_factory.mktemp("made") / "run")


def rates(run: firth.Run) -> np.ndarray:
    return np.array(run.neighbor_confidence["rates"].to_list(), dtype=np.float64)


def test_seeds_are_distinct_and_never_the_runs():
    first = member_seeds(1, 20)
    assert len({1, *first}) == 21
    assert member_seeds(1, 7) == first[:7]
    assert set(member_seeds(2, 20)).isdisjoint(first)
    taken = member_seeds(first[0], 20)
    assert first[0] not in taken
    assert max(taken) < 2**53


def test_a_seed_that_is_the_runs_is_passed_over(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "words", lambda _seed, _purpose, index, _n: np.array([index // 2, 0], dtype=np.uint32))
    assert member_seeds(1, 3) == [0, 2, 3]


def test_rates_are_of_the_runs_own_neighbours(run: firth.Run, corpus: firth.Corpus):
    found = run.confidence(members=2, k=4, corpus=corpus)
    table = found.neighbor_confidence
    assert table.schema == {"key": pl.String, "neighbors": pl.List(pl.Int32), "rates": pl.List(pl.Float32)}
    assert table["key"].to_list() == run.vectors.keys
    assert np.array_equal(np.array(table["neighbors"].to_list()), run.vectors.neighbors(k=4).ids)
    assert found.items["confidence"].to_numpy() == pytest.approx(rates(found).mean(axis=1), abs=1e-6)
    about = found.metrics["confidence"]
    assert (about["members"], about["by"], about["k"], about["n_unknown"]) == (2, "seed", 4, 0)
    assert about["mean"] == pytest.approx(rates(found).mean(), abs=1e-6)
    assert about["unstable"] == pytest.approx((rates(found).mean(axis=1) < 0.5).mean())
    assert about["seeds"] == member_seeds(1, 2)
    assert "confidence" not in run.items.columns
    assert run.neighbor_confidence is None


def test_counts_are_those_of_trainings_by_hand(run: firth.Run, corpus: firth.Corpus, monkeypatch: pytest.MonkeyPatch):
    seen = {}
    real = module.recurrence_rates
    monkeypatch.setattr(module, "recurrence_rates", lambda c, t: seen.update(counts=c, trials=t) or real(c, t))
    run.confidence(members=3, k=5, corpus=corpus)
    near = run.vectors.neighbors(k=5).ids
    others = [firth.train(corpus, **{**TRAIN, "seed": seed}) for seed in member_seeds(1, 3)]
    expected = sum(recurrence(near, other.vectors.neighbors(k=5).ids).astype(int) for other in others)
    assert np.array_equal(seen["counts"], expected)
    assert 0 < expected.mean() < 3
    assert seen["trials"].tolist() == [3] * 90


@pytest.mark.parametrize("by", ["seed", "bootstrap"])
def test_the_bytes_are_the_same_for_any_threads(made: firth.Run, by: str):
    found = [made.confidence(members=2, by=by, n_jobs=n_jobs) for n_jobs in (1, 2, 3)]
    assert {rates(each).tobytes() for each in found} == {rates(found[0]).tobytes()}
    assert all(each.neighbor_confidence.equals(found[0].neighbor_confidence) for each in found)
    assert all(each.items.equals(found[0].items) for each in found)


def test_both_kinds_differ(made: firth.Run):
    by_seed, by_bootstrap = (made.confidence(members=3, by=by) for by in ("seed", "bootstrap"))
    # Fewer distinct plays, and others: less recurs.
    assert by_bootstrap.metrics["confidence"]["mean"] < by_seed.metrics["confidence"]["mean"]


def test_what_is_stated_is_what_fresh_seeds_show(corpus: firth.Corpus, run: firth.Run):
    found = run.confidence(members=5, corpus=corpus)
    near = run.vectors.neighbors(k=10).ids
    hits = np.zeros(near.shape, dtype=int)
    for seed in range(100, 110):
        hits += recurrence(near, firth.train(corpus, **{**TRAIN, "seed": seed}).vectors.neighbors(k=10).ids)
    assert 0.5 < hits.mean() / 10 < 0.9
    # The worst of 50 seeds: 0.030, of 900 pairs.
    assert calibration(rates(found), hits, 10).error < 0.045


def test_a_sample_has_as_many_sequences_drawn_with_replacement():
    intake = table_intake(PLAYS, contexts=CONTEXTS)
    whole, sample = intake.encoded["listened"], bootstrap(intake, seed=1, member=0).encoded["listened"]
    assert sample.n_sequences == whole.n_sequences == 150
    rows = {tuple(sample.tokens[a:b]) for a, b in zip(sample.offsets[:-1], sample.offsets[1:], strict=True)}
    assert 75 < len(rows) < 115  # 1 - 1/e of 150 is 95
    other = bootstrap(intake, seed=1, member=1).encoded["listened"]
    assert other.fingerprint != sample.fingerprint
    assert bootstrap(intake, seed=1, member=0).encoded["listened"].fingerprint == sample.fingerprint


def test_counts_of_samples_are_those_by_keys(made: firth.Run, monkeypatch: pytest.MonkeyPatch):
    seen = {}
    real = module.recurrence_rates
    monkeypatch.setattr(module, "recurrence_rates", lambda c, t: seen.update(counts=c) or real(c, t))
    made.confidence(members=2, by="bootstrap", k=4)
    intake, expected = table_intake(PLAYS, contexts=CONTEXTS), np.zeros((90, 4), dtype=int)
    for member, seed in enumerate(member_seeds(1, 2)):
        other = firth.train(bootstrap(intake, seed=1, member=member).corpus(), **{**TRAIN, "seed": seed}).vectors
        assert other.keys != made.vectors.keys
        for row, key in enumerate(made.vectors.keys):
            theirs = {name for name, _ in other.most_similar(key, k=4)}
            expected[row] += [name in theirs for name, _ in made.vectors.most_similar(key, k=4)]
    assert np.array_equal(seen["counts"], expected)


def test_items_that_a_sample_lacks_do_not_count_there(tmp_path: Path):
    rare = pl.DataFrame({"playlist": [900] * 4, "position": [0, 1, 2, 3], "item": ["rare a", "rare b"] * 2})
    pl.concat([PLAYS, rare]).write_parquet(tmp_path / "plays.parquet")
    run = firth.run_recipe(recipe(tmp_path / "plays.parquet"), out=tmp_path / "run")
    # The one playlist of the two is in about 2 of 3 samples.
    without = next(s for s in range(99) if _n_with(run, "rare a", s, 2) == 0)
    run = firth.run_recipe(recipe(tmp_path / "plays.parquet", train={**TRAIN, "seed": without}), out=tmp_path / "other")
    found = run.confidence(members=2, by="bootstrap")
    row = found.vectors.vocabulary.id("rare a")
    assert found.items["confidence"][row] is None
    assert found.neighbor_confidence["rates"][row].null_count() == 10
    assert found.metrics["confidence"]["n_unknown"] == 2
    found.save()
    assert neighbor_rates(firth.load_run(found.folder), "rare a", ["rare b"]) == [None]


def _n_with(run: firth.Run, key: str, seed: int, members: int) -> int:
    intake = module.trained_intake(firth.Recipe.from_dict(run.document["recipe"], name="plays"), None)
    corpora = [bootstrap(intake, seed=seed, member=member).corpus() for member in range(members)]
    return sum(key in corpus.vocabulary for corpus in corpora)


@pytest.mark.parametrize("n_items", [2, 3])
def test_few_items_recur_always(n_items: int):
    names = [f"item {i}" for i in range(n_items)]
    plays = pl.DataFrame({"playlist": np.arange(20 * n_items) // n_items, "item": names * 20})
    corpus = firth.read_table(plays, contexts={"listened": firth.Sequences("playlist", item="item")})
    found = firth.train(corpus, vector_size=4, epochs=2, sample=0, heldout=0).confidence(members=2, corpus=corpus)
    assert rates(found).shape == (n_items, n_items - 1)
    assert rates(found).min() > 0.8


def test_a_run_keeps_it(made: firth.Run, tmp_path: Path):
    folder = tmp_path / "kept"
    made.confidence(members=2, k=3).save(folder)
    loaded = firth.load_run(folder)
    assert len(loaded.neighbor_confidence) == 90
    assert neighbor_rates(loaded, loaded.vectors.keys[5], loaded.vectors.keys[:5]).count(None) >= 2
    assert "confidence" not in loaded.attributes.columns
    again = loaded.confidence(members=3, k=2).cluster(3).save()
    assert firth.load_run(folder).neighbor_confidence.equals(again.neighbor_confidence)
    (folder / files.CONFIDENCE).unlink()
    with pytest.raises(RunError, match=r"has no confidence\.parquet"):
        firth.load_run(folder)


def test_a_run_that_has_it_can_be_replaced(table: Path, tmp_path: Path):
    asked = recipe(table, confidence={"members": 2})
    assert (firth.run_recipe(asked, out=tmp_path / "run").folder / files.CONFIDENCE).exists()
    firth.run_recipe(recipe(table), out=tmp_path / "run", replace=True)
    assert not (tmp_path / "run" / files.CONFIDENCE).exists()


def test_a_recipe_asks_for_what_the_method_gives(table: Path, made: firth.Run, tmp_path: Path):
    asked = recipe(table, confidence={"members": 2, "by": "bootstrap", "k": 4})
    run = firth.run_recipe(asked, out=tmp_path / "run")
    assert run.status == "complete"
    assert "confidence" in run.document["timings_s"]
    assert run.neighbor_confidence.equals(made.confidence(members=2, by="bootstrap", k=4).neighbor_confidence)
    assert firth.load_run(run.folder).neighbor_confidence.equals(run.neighbor_confidence)


def test_what_was_measured_before_a_failure_is_not_measured_again(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asked = recipe(table, confidence={"members": 2})
    with monkeypatch.context() as patch:
        patch.setattr("firth.runs.execute.draw_all", _fail)
        with pytest.raises(RunError, match="the disk is full"):
            firth.run_recipe(asked, out=tmp_path / "run")
    kept = (tmp_path / "run" / files.CONFIDENCE).read_bytes()
    monkeypatch.setattr("firth.runs.execute.with_confidence", _fail)
    run = firth.run_recipe(asked, out=tmp_path / "run", resume=True)
    assert (run.status, run.metrics["confidence"]["members"]) == ("complete", 2)
    assert (tmp_path / "run" / files.CONFIDENCE).read_bytes() == kept
    assert "confidence" in run.items.columns


def test_a_run_that_failed_while_measuring_resumes_to_the_same(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asked = recipe(table, confidence={"members": 2})
    whole = firth.run_recipe(asked, out=tmp_path / "whole")
    with monkeypatch.context() as patch:
        patch.setattr("firth.runs.confidence.recurrence_rates", _fail)
        with pytest.raises(RunError, match="the disk is full"):
            firth.run_recipe(asked, out=tmp_path / "run")
    assert not (tmp_path / "run" / files.CONFIDENCE).exists()
    run = firth.run_recipe(asked, out=tmp_path / "run", resume=True)
    assert run.neighbor_confidence.equals(whole.neighbor_confidence)
    assert run.items.equals(whole.items)


def _fail(*_: object, **__: object) -> None:
    raise RunError("the disk is full")


def test_ctrl_c_leaves_a_run_without_it(table: Path, tmp_path: Path):
    def press(description: str, completed: float, *_: object) -> None:
        if description == "confidence" and completed > 1:
            raise KeyboardInterrupt

    run = firth.run_recipe(
        recipe(table, confidence={"members": 3}), out=tmp_path / "run", progress=CallbackProgress(press)
    )
    assert run.status == "interrupted"
    assert "'confidence'" in run.document["error"]
    assert (run.neighbor_confidence, "confidence" in run.metrics) == (None, False)
    assert (
        firth.run_recipe(recipe(table, confidence={"members": 3}), out=tmp_path / "run", resume=True).status
        == "complete"
    )


def test_one_task_is_told_of_all_members(run: firth.Run, corpus: firth.Corpus):
    heard: list[tuple[str, float, float | None]] = []
    progress = CallbackProgress(lambda name, done, total, _: heard.append((name, done, total)))
    run.confidence(members=3, corpus=corpus, progress=progress)
    done = [completed for name, completed, _ in heard if name == "confidence"]
    assert {(name, total) for name, _, total in heard} == {("confidence", 3)}
    assert done == sorted(done)
    assert done[-1] == 3


def test_members_go_on_from_the_run_that_it_went_on_from(tmp_path: Path, run: firth.Run):
    before = run.save(tmp_path / "before")
    more = firth.read_table(playlists(n_items=120, n_playlists=100, spread=4.0, seed=8), contexts=CONTEXTS)
    after = firth.train(more, start=before, freeze=True, **TRAIN)
    found = after.confidence(members=2, corpus=more)
    assert len(found.neighbor_confidence) == len(after.vectors)
    # What is frozen never moves, so among frozen items all that is near stays near but for new ones in between.
    frozen = found.items["key"].is_in(before.items["key"].to_list())
    assert found.items["confidence"].filter(frozen).mean() > found.items["confidence"].filter(~frozen).mean()
    files.write_arrays(before.folder, {"vectors": before.vectors.matrix * 2})
    with pytest.raises(RunError, match="is not what it was"):
        after.confidence(members=2, corpus=more)


def test_other_data_is_refused(made: firth.Run, tmp_path: Path):
    other = firth.read_table(PLAYS.head(900), contexts=CONTEXTS)
    with pytest.raises(RunError, match="was trained on other data: its fingerprint was"):
        made.confidence(members=2, corpus=other)
    own = tmp_path / "plays.parquet"
    PLAYS.write_parquet(own)
    run = firth.run_recipe(recipe(own), out=tmp_path / "run")
    PLAYS.head(1200).write_parquet(own)
    with pytest.raises(RunError, match="was trained on other data"):
        run.confidence(members=2)


def test_what_cannot_be_trained_again_is_refused(made: firth.Run, run: firth.Run, corpus: firth.Corpus):
    imported = made._with(items=made.items, training=None, corpus=None)
    with pytest.raises(RunError, match="was not trained here"):
        imported.confidence()
    cut = made._with(items=made.items, training={**made.document["training"], "status": "interrupted"})
    with pytest.raises(RunError, match="not trained to its end"):
        cut.confidence()
    with pytest.raises(RunError, match="was not made from a recipe"):
        run.confidence()
    with pytest.raises(OptionError, match="a corpus has no sequences"):
        run.confidence(by="bootstrap", corpus=corpus)
    hidden = json.loads(json.dumps(made.document["recipe"]))
    hidden["source"] = {"uri": "postgresql://reader:***@host/db", "query": "select 1"}
    with pytest.raises(RunError, match="holds a password"):
        made._with(items=made.items, recipe=hidden).confidence()
    with pytest.raises(RunError, match=r"measure it first \(firth confidence"):
        neighbor_rates(made, made.vectors.keys[0], [])


def test_what_is_held_out_is_in_no_member(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    run = firth.run_recipe(recipe(table, holdout={"validation": 0.2, "test": 0.2}), out=tmp_path / "run")
    sizes, fit = [], module.fit
    monkeypatch.setattr(
        module, "fit", lambda corpus, *a, **b: sizes.append(corpus.counts.sum()) or fit(corpus, *a, **b)
    )
    for by in ("seed", "bootstrap"):
        assert 0 < run.confidence(members=2, by=by).metrics["confidence"]["mean"] < 1
    # Every sequence has 12 plays, so a sample has as many plays as there were.
    assert sizes == [run.items["count"].sum()] * 4
    assert sizes[0] < 0.7 * PLAYS.height


def test_groups_are_not_drawn_anew(tmp_path: Path):
    PLAYS.write_parquet(tmp_path / "plays.parquet")
    grouped = recipe(tmp_path / "plays.parquet", contexts={"playlist": {"column": "position"}}, train={"pairs": 9000})
    run = firth.run_recipe(grouped, out=tmp_path / "run")
    with pytest.raises(OptionError, match="bootstrap draws sequences, and this run was trained on none"):
        run.confidence(members=2, by="bootstrap")
    assert run.confidence(members=2).metrics["confidence"]["mean"] > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"members": 0}, "members must be >= 2, got 0"),
        ({"members": 1}, "members must be 0 .* or >= 2, got 1"),
        ({"members": 2.5}, "got 2.5"),
        ({"by": "data"}, "by must be 'seed' or 'bootstrap', got 'data'"),
        ({"k": 0}, "k must be >= 1, got 0"),
        ({"k": True}, "k must be >= 1, got True"),
        ({"n_jobs": 0}, "n_jobs must be"),
    ],
)
def test_wrong_options_are_refused(run: firth.Run, corpus: firth.Corpus, options: dict[str, Any], message: str):
    with pytest.raises(OptionError, match=message):
        with_confidence(run, corpus=corpus, **options)


def test_an_unknown_neighbour_is_an_error(run: firth.Run, corpus: firth.Corpus):
    found = run.confidence(members=2, corpus=corpus)
    with pytest.raises(UnknownItemError):
        neighbor_rates(found, "nothing", [])
