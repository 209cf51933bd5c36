"""Many small trainings over workers: what one process gives, whoever makes them, dies or fails."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import firth
from firth.cluster.connection import Cluster, connect
from firth.cluster.trials import Trials, pack, unpack
from firth.errors import ClusterError, DataError, UnknownItemError
from firth.progress import Task
from firth.runs.mapper import Here, Mapper, Place
from firth.runs.tuning import bench as benches
from firth.runs.tuning import tune as tuning
from firth.runs.tuning.result import Tuning
from firth.runs.twins import train_twins
from firth.sources.planted import playlists

PLAYS = playlists(n_items=90, n_playlists=150, spread=4.0, seed=3)
TRAIN: dict[str, Any] = {"vector_size": 16, "epochs": 3, "sample": 0, "lane_size": 64}
SECTIONS: dict[str, Any] = {
    "contexts": {"listened": {"kind": "sequences", "sequence": "playlist", "order": "position"}},
    "train": TRAIN,
    "map": {"enabled": False},
}


class Heard(Task):
    def __init__(self) -> None:
        self.heard: list[tuple[float, str]] = []

    def update(self, completed: float, *, text: str = "") -> None:
        self.heard.append((completed, text))


@pytest.fixture(scope="module")
def cluster(ray_cluster: object) -> Iterator[Cluster]:  # noqa: ARG001
    import ray

    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers do not know the folder of the tests
    with connect() as found:
        yield found
    ray.cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plays") / "plays.parquet"
    PLAYS.write_parquet(path)
    return path


def recipe(table: Path, **sections: Any) -> firth.Recipe:
    return firth.Recipe.from_dict({"source": {"path": str(table)}, **SECTIONS, **sections}, name="plays")


@pytest.fixture(scope="module")
def made(table: Path, tmp_path_factory: pytest.TempPathFactory) -> firth.Run:
    return firth.run_recipe(recipe(table), out=tmp_path_factory.mktemp("made") / "run")


def waited(shared: float, item: float, _place: Place) -> tuple[float, int]:
    time.sleep(item)
    return shared + item, os.getpid()


def killed_once(marker: Path, item: int, _place: Place) -> int:
    mine = marker / str(item)
    if item == 1 and not mine.exists():
        mine.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return 10 * item


def always_killed(_shared: None, _item: int, _place: Place) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def failing(error: str, item: int, _place: Place) -> int:
    if item == 1:
        raise {"data": DataError("no pair."), "item": UnknownItemError("beatels", ["beatles"])}.get(
            error, ZeroDivisionError("of mine")
        )
    return item


def summed(shared: dict[str, np.ndarray], item: str, place: Place) -> tuple[int, bool, int]:
    return int(shared[item].sum()), shared[item].flags.writeable, place.n_jobs


@pytest.mark.parametrize("is_here", [True, False])
def test_results_come_in_the_order_of_the_items(cluster: Cluster, is_here: bool):
    mapper: Mapper = Here() if is_here else Trials(cluster)
    heard = Heard()
    found = list(mapper.map(waited, 2.0, [0.5, 0.0, 0.25, 0.0], what="wait", task=heard))
    assert [value for value, _ in found] == [2.5, 2.0, 2.25, 2.0]
    assert os.getpid() not in {pid for _, pid in found} or is_here
    assert heard.heard[-1][0] >= 3
    assert list(mapper.map(waited, 2.0, [], what="wait")) == []


def test_both_machines_work(cluster: Cluster):
    assert len({pid for _, pid in Trials(cluster).map(waited, 0.0, [0.2] * 4, what="wait")}) >= 2


def test_a_call_whose_worker_is_killed_is_made_again(cluster: Cluster, tmp_path: Path):
    assert list(Trials(cluster).map(killed_once, tmp_path, [0, 1, 2], what="call")) == [0, 10, 20]
    assert (tmp_path / "1").exists()


def test_a_call_that_always_dies_is_named(cluster: Cluster):
    calls = Trials(cluster, n_retries=1).map(always_killed, None, [7], what="training")
    with pytest.raises(ClusterError, match="training 1 of 1 was lost with its worker"):
        next(calls)


@pytest.mark.parametrize(
    ("error", "kind", "expected"),
    [
        ("data", DataError, r"call 2 of 3, on node .*: no pair\."),
        ("item", UnknownItemError, r"call 2 of 3, on node .*: unknown item 'beatels'\. Closest: 'beatles'\."),
        ("other", ClusterError, r"call 2 of 3 failed on a worker: ZeroDivisionError: of mine"),
    ],
)
def test_a_call_that_fails_is_named_with_its_machine(
    cluster: Cluster, error: str, kind: type[Exception], expected: str
):
    calls = Trials(cluster).map(failing, error, [0, 1, 2], what="call")
    assert next(calls) == 0
    with pytest.raises(kind, match=expected) as raised:
        next(calls)
    assert type(raised.value) is kind


def test_arrays_are_shared_and_not_copied(cluster: Cluster, tmp_path: Path):
    np.arange(17, dtype=np.int32).tofile(tmp_path / "mapped")
    mapped = np.memmap(tmp_path / "mapped", dtype=np.int32, mode="r")
    shared = {"mapped": mapped, "plain": np.ones((3, 5)), "empty": np.empty(0)}
    packed = pack(shared)
    assert sorted(len(part) for part in packed[1:]) == [0, 17 * 4, 15 * 8]
    again = unpack(packed)
    assert {name: type(value) for name, value in again.items()} == dict.fromkeys(shared, np.ndarray)
    found = Trials(cluster).map(summed, shared, ["mapped", "plain", "empty"], what="sum")
    assert list(found) == [(136, False, 1), (15, False, 1), (0, False, 1)]


@pytest.mark.parametrize("by", ["seed", "bootstrap"])
def test_confidence_has_the_same_bytes(made: firth.Run, cluster: Cluster, by: str):
    here, there = (made.confidence(members=3, by=by, mapper=mapper) for mapper in (None, Trials(cluster)))
    assert there.neighbor_confidence.equals(here.neighbor_confidence)
    assert there.items.equals(here.items)
    abouts = [{**each.metrics["confidence"], "seconds": 0} for each in (here, there)]
    assert abouts[0] == abouts[1]
    assert 0 < abouts[0]["mean"] < 1


def test_confidence_of_a_run_that_goes_on_has_the_same_bytes(
    made: firth.Run, table: Path, cluster: Cluster, tmp_path: Path
):
    run = firth.run_recipe(recipe(table, start={"run": str(made.folder)}), out=tmp_path / "on")
    here, there = (run.confidence(members=2, mapper=mapper) for mapper in (None, Trials(cluster)))
    assert there.neighbor_confidence.equals(here.neighbor_confidence)


def test_a_recipe_that_asks_for_confidence_has_it_made_there(
    made: firth.Run, table: Path, cluster: Cluster, tmp_path: Path
):
    asked = recipe(table, confidence={"members": 2})
    run = firth.run_recipe(asked, out=tmp_path / "run", mapper=Trials(cluster))
    assert run.neighbor_confidence.equals(made.confidence(members=2).neighbor_confidence)


def test_twins_have_the_same_bytes(made: firth.Run, cluster: Cluster):
    here, there = (train_twins(made, 2, mapper=mapper) for mapper in (None, Trials(cluster)))
    assert [each.seed for each in there] == [each.seed for each in here]
    for one, other in zip(here, there, strict=True):
        assert one.vectors.matrix.tobytes() == other.vectors.matrix.tobytes()
        assert one.items.equals(other.items)


def outcomes(found: Tuning) -> pl.DataFrame:
    return found.trials.drop("seconds", "minutes")


@pytest.mark.parametrize("options", [{"trials": 7}, {"budget_s": None, "grid": {"train.window": [1, 2, 4]}}])
def test_a_tuning_is_the_same_whoever_makes_its_trials(
    table: Path, cluster: Cluster, tmp_path: Path, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(benches, "_SAMPLE_TOKENS", 150)  # so that trials are tried on a sample first
    monkeypatch.setattr(tuning, "N_SEEDS", 2)
    asked = recipe(table, holdout={"validation": 0.25, "test": 0.25})
    options = {"budget_s": None, "n_at_once": 3, **options}
    here, there = (
        firth.tune(asked, out=tmp_path / name, mapper=mapper, **options)
        for name, mapper in (("here", None), ("there", Trials(cluster)))
    )
    assert outcomes(there).equals(outcomes(here))
    compared = [{**found.comparison.to_dict(), "baselines": None} for found in (here, there)]  # these are timed
    assert compared[0] == compared[1]
    assert there.best == here.best
