"""Training on walks that are made when they are read: the bytes of training on the same walks, written down."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import networkx
import numpy as np
import polars as pl
import pytest

import firth
from firth.corpus.build import build
from firth.corpus.contexts import Groups, Sequences, Walks
from firth.corpus.corpus import Corpus
from firth.corpus.sequences import SequenceContext
from firth.progress import CallbackProgress
from firth.training import TrainOptions, fit
from firth.training.heldout import samples
from firth.training.setup import prepare


def _graph(n: int = 120, *, directed: bool = False) -> networkx.Graph:
    graph = networkx.gnp_random_graph(n, 5 / n, seed=4, directed=directed)
    for number, (a, b) in enumerate(graph.edges):
        graph[a][b]["weight"] = 1 + number % 5
    return graph


def _written_down(corpus: Corpus, *, seed: int) -> Corpus:
    """Return the same corpus with the walks of its first epoch as sequences."""
    (graph,) = corpus.graphs
    walked = graph.kernel(1).walk(seed, 0, 0, 0, graph.n_walks, 1)
    walked[walked < 0] = len(corpus)  # a dropped item, over which windows close
    sequences = SequenceContext(
        name=graph.name,
        weight=graph.weight,
        window=graph.window,
        tokens=np.ascontiguousarray(walked.reshape(-1)),
        offsets=np.arange(0, walked.size + 1, graph.walk_length, dtype=np.int64),
        unknown=-1,
        counts=np.bincount(walked[walked < len(corpus)], minlength=len(corpus)).astype(np.int64),
        report={},
    )
    return replace(corpus, contexts=(sequences,))


@pytest.mark.parametrize("objective", ["sgns", "nce", "cbow"])
@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize(("lane_size", "heldout"), [(130, 0.0), (26, 0.1), (5, 0.3)])
def test_walks_train_as_the_same_walks_written_down(objective: str, directed: bool, lane_size: int, heldout: float):
    corpus = firth.read_graph(_graph(directed=directed), walks_per_node=3, walk_length=13, p=0.5, q=2)
    options = TrainOptions(
        objective=objective,
        vector_size=10,
        window=(2, 5),
        sample=1e-2,
        epochs=1,
        lane_size=lane_size,
        pool_size=20,
        heldout=heldout,
        seed=3,
        n_jobs=1,
    )
    found = fit(corpus, options)
    whole = replace(options, lane_size=max(1, lane_size // 13) * 13)  # a lane reads whole walks
    wanted = fit(_written_down(corpus, seed=3), whole)
    assert found.n_pairs == wanted.n_pairs > 1000
    assert found.vectors.tobytes() == wanted.vectors.tobytes()
    assert found.outputs.tobytes() == wanted.outputs.tobytes()
    assert found.noise.tobytes() == wanted.noise.tobytes()
    assert found.history["heldout_loss"].to_list() == wanted.history["heldout_loss"].to_list()


@pytest.mark.parametrize("n_jobs", [2, 3, 8])
def test_threads_have_no_part_in_the_vectors(n_jobs: int):
    corpus = firth.read_graph(_graph(), walks_per_node=2, walk_length=20, q=0.25)
    alone = fit(corpus, TrainOptions(vector_size=8, epochs=2, n_jobs=1))
    assert (
        fit(corpus, TrainOptions(vector_size=8, epochs=2, n_jobs=n_jobs)).vectors.tobytes() == alone.vectors.tobytes()
    )


def test_each_epoch_has_walks_of_its_own():
    corpus = firth.read_graph(_graph(), walks_per_node=1, walk_length=9)
    setup = prepare(corpus, TrainOptions(vector_size=8, n_jobs=1))
    (kernel,) = setup.kernel_sequences()
    first, second = (kernel.positions(epoch, 0, kernel.n_chunks, False, 10_000) for epoch in (0, 1))
    assert first[0].tolist() != second[0].tolist()
    assert kernel.count_pairs(0, 1) == len(first[2])


def test_whole_walks_are_held_out():
    corpus = firth.read_graph(_graph(), walks_per_node=5, walk_length=30)
    setup = prepare(
        corpus, TrainOptions(vector_size=8, heldout=0.1, sample=0, shrink_windows=False, window=1, n_jobs=1)
    )
    (kernel,) = setup.kernel_sequences()
    trained, held = (kernel.positions(0, 0, kernel.n_chunks, want, 10**6) for want in (False, True))
    n_walks = corpus.graphs[0].n_walks
    # Windows of one place to either side: a walk of 30 has 58 pairs.
    assert len(trained[2]) + len(held[2]) == 58 * n_walks
    assert len(held[2]) % 58 == 0
    assert 0.05 * n_walks < len(held[2]) // 58 < 0.15 * n_walks
    assert [sample.is_heldout for sample in samples(setup)] == [True]


def test_a_graph_may_train_beside_groups_and_sequences():
    frames = {
        "friends": pl.DataFrame(
            {"source": [f"n{i}" for i in range(40)], "target": [f"n{i * 7 % 40}" for i in range(40)]}
        ),
        "team": pl.DataFrame({"item": [f"n{i}" for i in range(60)], "value": [str(i % 4) for i in range(60)]}),
        "played": pl.DataFrame(
            {"sequence": [str(i // 9) for i in range(90)], "item": [f"n{i * i % 31}" for i in range(90)]}
        ),
    }
    contexts = {"friends": Walks(weight=2, walk_length=11), "team": Groups(), "played": Sequences()}
    made = [
        fit(build(frames, contexts), TrainOptions(vector_size=8, pairs=300_000, lane_size=40, n_jobs=n_jobs))
        for n_jobs in (1, 3)
    ]
    assert made[0].vectors.tobytes() == made[1].vectors.tobytes()
    assert made[0].options["lane_size"] == 40
    assert {"loss_friends", "loss_team", "loss_played"} <= set(made[0].history.columns)


def test_a_training_that_stopped_goes_on_with_the_same_walks(tmp_path: Path):
    corpus = firth.read_graph(_graph(), walks_per_node=4, walk_length=20)
    options = TrainOptions(vector_size=8, epochs=2, n_jobs=2)
    n_updates = 0

    def stop(*_args: object) -> None:
        nonlocal n_updates
        n_updates += 1
        if n_updates == 7:
            raise KeyboardInterrupt

    first = fit(corpus, options, checkpoint=tmp_path / "c", progress=CallbackProgress(stop))
    assert first.status == "interrupted"
    assert 0 < first.share < 1
    resumed = fit(corpus, options, checkpoint=tmp_path / "c", resume=True)
    assert resumed.vectors.tobytes() == fit(corpus, options).vectors.tobytes()


def test_communities_are_found():
    graph = networkx.planted_partition_graph(4, 25, 0.3, 0.03, seed=2)
    run = firth.train(firth.read_graph(graph), vector_size=16, window=5, epochs=3, learning_rate=0.025)
    found = {int(key): [int(other) for other, _ in run.vectors.most_similar(key, k=5)] for key in run.vectors.keys}
    own = [other // 25 == key // 25 for key, others in found.items() for other in others]
    assert len(own) == 500
    # The least of 50 seeds was 0.952; by chance it is 0.24.
    assert np.mean(own) > 0.92


def test_a_graph_of_two_nodes_trains():
    run = firth.train(firth.read_graph(pl.DataFrame({"source": ["a"], "target": ["b"]})), vector_size=3, epochs=1)
    assert np.isfinite(run.vectors.matrix).all()
