"""Training over workers: the bytes are those of one process, however many workers there are and whichever die."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import firth
from firth.cluster import parcel as parcels
from firth.cluster.connection import Cluster, connect
from firth.cluster.training import ClusterTrainer, cluster_trainer
from firth.cluster.worker import Worker
from firth.corpus.build import build
from firth.corpus.corpus import Corpus
from firth.errors import ClusterError
from firth.progress import CallbackProgress
from firth.training import Start, Training, TrainOptions, fit
from firth.training.setup import Setup

OPTIONS = TrainOptions(
    vector_size=12, negative=3, epochs=12, lanes=3, lane_size=32, heldout=0.05, sample=0, machines=5, round_steps=4
)


@pytest.fixture(scope="module")
def cluster(ray_cluster: Any) -> Iterator[Cluster]:
    assert len(ray_cluster.list_all_nodes()) == 2
    with connect("auto") as cluster:
        yield cluster


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    import polars as pl

    draws = np.random.default_rng(2)
    codes = np.minimum(draws.geometric(0.02, 6_000) - 1, 150)
    rows = pl.DataFrame({"list": np.arange(6_000) // 9, "item": [f"song {code}" for code in codes]})
    rows = rows.with_columns(kind=pl.col("item").str.tail(1))
    contexts = {"heard": firth.Sequences("list"), "kind": firth.Groups("kind")}
    return build({"heard": rows, "kind": rows}, contexts)


def content(training: Training) -> tuple[object, ...]:
    arrays = (training.vectors, training.outputs, training.biases)
    history = training.history.drop("seconds", "items_per_s")
    return *(array.tobytes() for array in arrays), history.to_dicts(), training.n_pairs


class Watched:
    """Makes trainers over a cluster, and keeps them; ``prepared`` may change each before it trains."""

    def __init__(
        self, cluster: Cluster, n_workers: int, prepared: Callable[[ClusterTrainer], None] = lambda _: None
    ) -> None:
        self._make, self._prepared = cluster_trainer(cluster, n_workers=n_workers), prepared
        self.trainers: list[ClusterTrainer] = []

    def __call__(self, corpus: Corpus, setup: Setup, start: Start | None) -> ClusterTrainer:
        trainer = self._make(corpus, setup, start)
        assert isinstance(trainer, ClusterTrainer)
        self._prepared(trainer)
        self.trainers.append(trainer)
        return trainer


@pytest.mark.parametrize(("n_workers", "objective"), [(1, "sgns"), (2, "sgns"), (3, "nce")])
def test_any_number_of_workers_gives_the_bytes_of_one_process(
    cluster: Cluster, corpus: Corpus, objective: str, n_workers: int
) -> None:
    options = replace(OPTIONS, objective=objective, probes=("song 3",))
    make = Watched(cluster, n_workers)
    assert content(fit(corpus, options, make_trainer=make)) == content(fit(corpus, options))
    assert make.trainers[0].n_workers == n_workers
    assert make.trainers[0].traffic.n_replaced == 0
    assert (make.trainers[0].traffic.n_bytes > 0) == (n_workers > 1)


def test_each_worker_makes_the_walks_of_a_graph_that_it_trains(cluster: Cluster) -> None:
    import polars as pl

    edges = pl.DataFrame(
        {"source": np.arange(300) % 67, "target": np.arange(300) * 7 % 61, "weight": 1 + np.arange(300) % 5}
    )
    walked = firth.read_graph(edges, walks_per_node=3, walk_length=16, p=0.5, q=2)
    assert walked.graphs[0].edge_weights is not None
    make = Watched(cluster, 2)
    assert content(fit(walked, OPTIONS, make_trainer=make)) == content(fit(walked, OPTIONS))
    assert make.trainers[0].n_workers == 2


def test_no_more_workers_are_used_than_there_are_machines(cluster: Cluster, corpus: Corpus) -> None:
    make = Watched(cluster, 4)
    fit(corpus, replace(OPTIONS, machines=2, epochs=1), make_trainer=make)
    assert make.trainers[0].n_workers == 2


def kills(trainer: ClusterTrainer, numbers: list[int], *, at: float) -> Callable[..., None]:
    """Return a progress callback that kills workers' processes once, when so many lanes are done."""
    done: list[float] = []

    def callback(_description: str, completed: float, _total: float | None, _text: str) -> None:
        if completed >= at and not done:
            done.append(completed)
            for number in numbers:
                os.kill(trainer._ray.get(trainer._workers[number].pid.remote()), signal.SIGKILL)

    return callback


@pytest.mark.parametrize(
    ("numbers", "has_checkpoint"),
    [([1], False), ([0, 1], False), ([0, 1], True)],
    ids=["one", "all", "all, with checkpoint"],
)
def test_workers_that_are_killed_are_replaced_and_the_bytes_do_not_change(
    cluster: Cluster, corpus: Corpus, tmp_path: Path, numbers: list[int], has_checkpoint: bool
) -> None:
    make = Watched(cluster, 2)
    heard = []

    def callback(*seen: Any) -> None:
        heard.append(heard[0] if heard else kills(make.trainers[0], numbers, at=900))
        heard[0](*seen)

    folder = tmp_path / "c" if has_checkpoint else None
    trained = fit(
        corpus, OPTIONS, make_trainer=make, progress=CallbackProgress(callback), checkpoint=folder, checkpoint_s=0
    )
    assert make.trainers[0].traffic.n_replaced == len(numbers)
    assert content(trained) == content(fit(corpus, OPTIONS))


def end(ray: Any, actor: Any) -> None:
    """Kill an actor, and return when it is dead, which is a little later."""
    ray.kill(actor)
    try:
        while True:
            ray.get(actor.version.remote())
    except ray.exceptions.RayActorError:
        return


class Dying:
    """An actor that is killed as soon as a method of it has been called so many times."""

    def __init__(self, trainer: ClusterTrainer, number: int, name: str, at: int) -> None:
        self._actor, self._ray, self._name, self._left = trainer._workers[number], trainer._ray, name, at
        trainer._workers[number] = self  # until it is replaced

    def __getattr__(self, name: str) -> Any:
        if name == self._name:
            self._left -= 1
            if self._left == 0:
                end(self._ray, self._actor)
        return getattr(self._actor, name)


@pytest.mark.parametrize(("name", "number"), [("merge", 1), ("put", 0), ("heldout_loss", 0), ("model", 0)])
def test_a_worker_may_die_in_any_phase(cluster: Cluster, corpus: Corpus, name: str, number: int) -> None:
    make = Watched(cluster, 2, lambda trainer: Dying(trainer, number, name, 1 if name == "model" else 5))
    options = replace(OPTIONS, epochs=4)
    trained = fit(corpus, options, make_trainer=make)
    assert make.trainers[0].traffic.n_replaced == 1
    assert content(trained) == content(fit(corpus, options))


def test_a_worker_that_dies_when_the_others_have_the_round_does_not_undo_it(cluster: Cluster, corpus: Corpus) -> None:
    class Last(Dying):
        def __getattr__(self, name: str) -> Any:
            if name == self._name:
                self._left -= 1
                if self._left == 0:
                    trainer, put = make.trainers[0], self._actor.put
                    others = [each for each in trainer._workers if each is not self]

                    class Put:
                        @staticmethod
                        def remote(version: int, *rows: Any) -> Any:
                            while min(self._ray.get([each.version.remote() for each in others])) < version:
                                time.sleep(0.01)
                            end(self._ray, self._actor)
                            return put.remote(version, *rows)

                    return Put
            return getattr(self._actor, name)

    make = Watched(cluster, 2, lambda trainer: Last(trainer, 1, "put", 6))
    options = replace(OPTIONS, epochs=4)
    trained = fit(corpus, options, make_trainer=make)
    assert make.trainers[0].traffic.n_replaced == 1
    assert content(trained) == content(fit(corpus, options))


def test_workers_that_die_again_and_again_end_the_training(
    cluster: Cluster, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("firth.cluster.training._MOST_LOSSES", 2)
    monkeypatch.setattr("firth.cluster.placing.Worker", Sick)
    cloudpickle = cluster.ray.cloudpickle
    cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers cannot import this module
    try:
        with pytest.raises(ClusterError, match=r"workers died 2 times in a row.*--resume"):
            fit(corpus, OPTIONS, make_trainer=Watched(cluster, 2))
    finally:
        cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


class Unready(Worker):
    """A worker that cannot be made ready."""

    def __init__(self, *arguments: Any) -> None:
        raise MemoryError(f"{len(arguments)} arguments are too many")


def test_a_worker_that_cannot_be_made_ready_says_why(
    cluster: Cluster, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("firth.cluster.placing.Worker", Unready)
    cluster.ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    try:
        with pytest.raises(ClusterError, match="could not be made ready: MemoryError: 4 arguments are too many"):
            fit(corpus, OPTIONS, make_trainer=Watched(cluster, 2))
    finally:
        cluster.ray.cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


class Sick(Worker):
    """A worker whose process dies in its first round."""

    def train(self, machines: list[range]) -> list[Any]:
        os._exit(len(machines))


def interrupted_once(n_lanes: int) -> CallbackProgress:
    """Return a progress that behaves as Ctrl-C does, once, when so many lanes are done."""
    raised: list[float] = []

    def interrupt(_description: str, completed: float, _total: float | None, _text: str) -> None:
        if completed > n_lanes and not raised:
            raised.append(completed)
            raise KeyboardInterrupt

    return CallbackProgress(interrupt)


def test_what_was_interrupted_on_a_cluster_goes_on_in_one_process_and_the_other_way(
    cluster: Cluster, corpus: Corpus, tmp_path: Path
) -> None:
    whole = content(fit(corpus, OPTIONS))
    for number, (first, second) in enumerate(((Watched(cluster, 2), None), (None, Watched(cluster, 2)))):
        folder = tmp_path / str(number)
        begun = fit(corpus, OPTIONS, make_trainer=first, checkpoint=folder, progress=interrupted_once(700))
        assert begun.status == "interrupted"
        assert content(fit(corpus, OPTIONS, make_trainer=second, checkpoint=folder, resume=True)) == whole


def test_large_arrays_come_to_machines_as_files(
    cluster: Cluster, corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parcels, "_IN_STORE", 0)
    monkeypatch.setattr(parcels, "_BLOCK", 1 << 12)
    whole = content(fit(corpus, OPTIONS))
    assert content(fit(corpus, OPTIONS, make_trainer=Watched(cluster, 2))) == whole
    # A file that both see is mapped where it lies.
    (tmp_path / "tokens").write_bytes(corpus.contexts[0].tokens.tobytes())
    mapped = np.memmap(tmp_path / "tokens", dtype=np.int32, mode="r")
    shared = replace(corpus, contexts=(replace(corpus.contexts[0], tokens=mapped), *corpus.contexts[1:]))
    sent = []
    monkeypatch.setattr(parcels, "Files", type("Noting", (parcels.Files,), {}))
    make = Watched(cluster, 2, lambda trainer: sent.extend(trainer._placing._sent.values()))
    assert content(fit(shared, OPTIONS, make_trainer=make)) == whole
    paths = [make.trainers[0]._ray.get(each).lying[0, "tokens"].path for each, _ in sent]
    assert paths == [str(tmp_path / "tokens")] * 2


def test_going_on_from_another_model_gives_the_bytes_of_one_process(cluster: Cluster, corpus: Corpus) -> None:
    ids = np.full(len(corpus.vocabulary), -1, dtype=np.int32)
    ids[5:40] = np.arange(35)
    start = Start(ids=ids, vectors=np.random.default_rng(0).normal(size=(35, 12)).astype(np.float32), freeze=True)
    trained = fit(corpus, OPTIONS, start=start, make_trainer=Watched(cluster, 2))
    assert content(trained) == content(fit(corpus, OPTIONS, start=start))
