"""Comparing runs: identical ones, planted movement, items that came and went, twins, maps, bad input."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import firth
from firth.errors import OptionError, RunError
from firth.progress import CallbackProgress
from firth.runs.twins import train_twins

OPTIONS = {"vector_size": 12, "negative": 4, "epochs": 12, "sample": 0, "window": 3, "lane_size": 16}
DECLARED = {"listened": firth.Sequences("list", order="position", item="item")}
MOVERS = [f"song {number:03d}" for number in range(3, 200, 20)]


def played(*, moves: bool = False, n_items: int = 200) -> pl.DataFrame:
    """Lists of songs near each other on a ring; with ``moves``, some change places in half of the lists."""
    draws = np.random.default_rng(1)
    songs = (draws.integers(0, n_items, (4000, 1)) + np.rint(draws.normal(0, 5, (4000, 8))).astype(int)) % n_items
    frame = pl.DataFrame(
        {
            "list": np.repeat(np.arange(4000), 8),
            "position": np.tile(np.arange(8), 4000),
            "item": [f"song {song:03d}" for song in songs.ravel()],
        }
    )
    if not moves:
        return frame
    names = dict(zip(MOVERS, MOVERS[5:] + MOVERS[:5], strict=True))
    return frame.with_columns(
        item=pl.when(pl.col("list") % 2 == 0).then(pl.col("item").replace(names)).otherwise("item")
    )


@pytest.fixture(scope="module")
def corpus() -> firth.Corpus:
    return firth.read_table(played(), contexts=DECLARED)


@pytest.fixture(scope="module")
def before(corpus: firth.Corpus) -> firth.Run:
    return firth.train(corpus, seed=1, **OPTIONS)


@pytest.fixture(scope="module")
def after() -> firth.Run:
    return firth.train(firth.read_table(played(moves=True), contexts=DECLARED), seed=2, **OPTIONS)


@pytest.fixture(scope="module")
def twins(before: firth.Run, corpus: firth.Corpus) -> list[firth.Run]:
    return train_twins(before, 4, corpus=corpus)


def imported(keys: list[str], matrix: np.ndarray, folder: Path) -> firth.Run:
    np.save(folder / "some.npy", matrix.astype(np.float32))
    (folder / "some.npy.keys.json").write_text(json.dumps(keys), encoding="utf-8")
    return firth.import_vectors(folder / "some.npy", out=folder / "run")


def test_identical_runs_show_no_change_at_all(before: firth.Run):
    found = firth.compare_runs(before, before, twins=3)
    assert found.is_identical
    assert found.chance is None
    assert not found.items["moved"].to_numpy().any()
    assert (found.items["kept"] == 10).all()
    assert (found.items["jaccard"] == 1).all()
    assert (found.departed, found.arrived, found.options) == ((), (), ())


def test_the_order_of_items_does_not_matter(before: firth.Run, tmp_path: Path):
    order = np.random.default_rng(2).permutation(len(before.vectors))
    keys = [before.vectors.keys[i] for i in order]
    found = firth.compare_runs(before, imported(keys, before.vectors.matrix[order], tmp_path))
    assert found.is_identical
    assert found.is_same_data is None
    assert not found.items["moved"].to_numpy().any()


def test_a_turned_copy_did_not_move(before: firth.Run, tmp_path: Path):
    turn, _ = np.linalg.qr(np.random.default_rng(3).standard_normal((12, 12)))
    found = firth.compare_runs(before, imported(before.vectors.keys, before.vectors.matrix @ turn, tmp_path))
    assert not found.is_identical
    assert found.items["moved"].to_numpy().max() < 1e-6
    assert found.items["kept"].to_numpy().min() >= 9  # the last bits may exchange a tenth with an eleventh


def test_planted_movement_is_found(before: firth.Run, after: firth.Run, twins: list[firth.Run]):
    found = firth.compare_runs(before, after, twins=twins, fdr=0.1)
    assert set(found.moved["key"]) == set(MOVERS)
    assert set(found.items["key"].head(len(MOVERS))) == set(MOVERS)
    assert found.is_same_data is False
    assert found.items["score"].is_sorted(descending=True)


def test_another_seed_is_no_change(before: firth.Run, corpus: firth.Corpus, twins: list[firth.Run]):
    flagged = [
        len(firth.compare_runs(before, firth.train(corpus, seed=seed, **OPTIONS), twins=twins).moved)
        for seed in range(50, 58)
    ]
    assert flagged == [0] * 8  # of 20 seeds, 50 to 69, none flags anything; 1 of 20 may, at the rate of 0.05


def test_without_twins_chance_is_unknown(before: firth.Run, after: firth.Run):
    found = firth.compare_runs(before, after)
    assert found.chance is None
    assert len(found.moved) == len(found.with_new_neighbors) == 0
    assert found.items["p_moved"].null_count() == found.n_shared
    assert found.items["moved"].is_sorted(descending=True)


def test_twins_that_are_trained_are_those_that_were_named(
    before: firth.Run, after: firth.Run, corpus: firth.Corpus, twins: list[firth.Run]
):
    trained = firth.compare_runs(before, after, twins=4, corpus=corpus)
    named = firth.compare_runs(before, after, twins=twins)
    assert trained.items.equals(named.items)
    assert trained.chance.seeds == named.chance.seeds
    assert (trained.chance.is_trained, named.chance.is_trained) == (True, False)
    assert len({*trained.chance.seeds, 1, 2}) == 6


def test_seeds_to_avoid_are_avoided(before: firth.Run, corpus: firth.Corpus, twins: list[firth.Run]):
    (other,) = train_twins(before, 1, corpus=corpus, avoid={twins[0].seed})
    assert other.seed == twins[1].seed


def test_the_bytes_do_not_depend_on_the_threads(before: firth.Run, after: firth.Run, corpus: firth.Corpus):
    found = [firth.compare_runs(before, after, twins=2, corpus=corpus, n_jobs=n) for n in (1, 2, 3, 8)]
    assert all(one.items.equals(found[0].items) for one in found)


def test_every_step_is_told(before: firth.Run, after: firth.Run, twins: list[firth.Run]):
    heard = []
    progress = CallbackProgress(lambda what, done, total, _: heard.append((what, done, total)))
    firth.compare_runs(before, after, twins=twins, progress=progress)
    assert heard == [("comparing", done, 7) for done in range(1, 8)]


def test_neighbours_are_those_of_each_run_among_shared_items(before: firth.Run, after: firth.Run):
    found = firth.compare_runs(before, after, k=3)
    for row in found.items.head(5).iter_rows(named=True):
        for run, name in ((before, "neighbors_a"), (after, "neighbors_b")):
            assert row[name] == [key for key, _ in run.vectors.most_similar(row["key"], k=3)]
        assert row["kept"] == len({*row["neighbors_a"]} & {*row["neighbors_b"]})
        assert row["jaccard"] == pytest.approx(row["kept"] / (6 - row["kept"]))


def test_items_that_came_and_went_are_named(before: firth.Run, tmp_path: Path):
    keys = before.vectors.keys
    renamed = [*keys[:-2], "new song", "newer song"]
    found = firth.compare_runs(before, imported(renamed, before.vectors.matrix, tmp_path))
    assert found.departed == tuple(keys[-2:])
    assert found.arrived == ("new song", "newer song")
    assert found.n_shared == len(keys) - 2
    assert found.is_identical


@pytest.mark.parametrize("n", [1, 2, 3, 17])
def test_few_shared_items_are_compared(n: int, before: firth.Run, tmp_path: Path):
    matrix = np.random.default_rng(n).standard_normal((n, 5))
    found = firth.compare_runs(before, imported(before.vectors.keys[:n], matrix, tmp_path))
    assert (found.n_shared, found.k) == (n, min(10, n - 1))
    assert found.items["moved"].is_between(0, 2).all()
    assert [len(keys) for keys in found.items["neighbors_a"]] == [found.k] * n


def test_options_that_differ_are_told(before: firth.Run, corpus: firth.Corpus):
    other = firth.train(corpus, **{**OPTIONS, "window": 5, "n_jobs": 1, "vector_size": 9, "seed": 1})
    found = firth.compare_runs(before, other)
    assert {(option.name, option.a, option.b) for option in found.options} == {
        ("train.window", 3, 5),
        ("train.vector_size", 12, 9),
    }
    assert found.is_same_data is True
    assert {metric.name for metric in found.metrics} >= {"items", "loss"}


def test_maps_tell_how_they_go_together(before: firth.Run, after: firth.Run):
    old = before.map(n_iter=250, perplexity=10)
    own, grown, placed = (
        after.map(n_iter=250, perplexity=10, **how) for how in ({}, {"grow_from": old}, {"place_on": old})
    )
    assert not firth.compare_runs(before, own).maps.a_has_map
    assert not firth.compare_runs(old, after).maps.b_has_map
    apart, like, fixed = (firth.compare_runs(old, run).maps for run in (own, grown, placed))
    assert (apart.is_grown, like.is_grown, fixed.is_placed) == (False, True, True)
    assert apart.likeness < like.likeness < fixed.likeness
    assert fixed.n_fixed == len(before.vectors)
    assert apart.n_fixed == 0


def test_new_items_are_placed_and_the_old_map_does_not_move(before: firth.Run, tmp_path: Path):
    old = before.map(n_iter=250, perplexity=10)
    keys = [*before.vectors.keys, "new song"]
    matrix = np.vstack([before.vectors.matrix, before.vectors["song 040"] * 2])
    newer = imported(keys, matrix, tmp_path).map(place_on=old)
    found = firth.compare_runs(old, newer)
    assert found.arrived == ("new song",)
    assert found.maps.n_fixed == len(old.vectors)
    places = {row["key"]: (row["x"], row["y"]) for row in newer.items.iter_rows(named=True)}
    near = np.hypot(*np.subtract(places["new song"], places["song 040"]))
    assert near < 0.2 * np.ptp(old.items["x"].to_numpy())


def test_csv_and_plain_values_say_the_same(before: firth.Run, after: firth.Run, tmp_path: Path):
    found = firth.compare_runs(before, after, k=2)
    found.write_csv(tmp_path / "changes.csv")
    read = pl.read_csv(tmp_path / "changes.csv")
    assert read["key"].to_list() == found.items["key"].to_list()
    assert read["neighbors_b"][0] == " | ".join(found.items["neighbors_b"][0])
    document = found.to_dict(n_items=3)
    assert [item["key"] for item in document["items"]] == found.items["key"].head(3).to_list()
    json.dumps(document)
    with pytest.raises(RunError, match="cannot write"):
        found.write_csv(tmp_path / "no" / "folder.csv")


def test_runs_without_a_common_item_are_refused(before: firth.Run, tmp_path: Path):
    with pytest.raises(RunError, match="have no item in common"):
        firth.compare_runs(before, imported(["one", "other"], np.eye(2, 12), tmp_path))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"k": 0}, "k must be >= 1, got 0"),
        ({"fdr": 0.0}, "fdr must be between 0 and 1, got 0"),
        ({"fdr": float("nan")}, "fdr must be between 0 and 1, got nan"),
        ({"twins": 1}, "at least 2, as one tells no spread, got 1"),
        ({"twins": -2}, "at least 2, as one tells no spread, got -2"),
        ({"n_jobs": 0}, "n_jobs must be 'auto' or"),
    ],
)
def test_options_outside_their_range_are_refused(
    before: firth.Run, after: firth.Run, options: dict[str, object], message: str
):
    with pytest.raises(OptionError, match=message):
        firth.compare_runs(before, after, **options)


def test_what_is_no_twin_is_refused(before: firth.Run, after: firth.Run, tmp_path: Path):
    with pytest.raises(RunError, match="the vectors of run itself, so it says nothing of chance"):
        firth.compare_runs(before, after, twins=[before, after])
    fewer = imported(before.vectors.keys[:-1], before.vectors.matrix[:-1], tmp_path)
    with pytest.raises(RunError, match="is no twin of run: it lacks 1 of the shared items"):
        firth.compare_runs(before, after, twins=[fewer, fewer])


def test_a_run_that_cannot_be_trained_again_has_no_twins(before: firth.Run, after: firth.Run, tmp_path: Path):
    with pytest.raises(RunError, match="was not made from a recipe; give the corpus"):
        firth.compare_runs(before, after, twins=2)
    with pytest.raises(RunError, match="was not trained here, so it has no twins"):
        firth.compare_runs(imported(before.vectors.keys, before.vectors.matrix, tmp_path), after, twins=2)
    with pytest.raises(RunError, match="trained on other data than its source holds now"):
        train_twins(before, 2, corpus=firth.read_table(played(n_items=190), contexts=DECLARED))
