"""Going on from a run with new data: known items begin where they were, new ones join, none is dropped."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import firth
from firth.errors import OptionError, RunError

OPTIONS = {"vector_size": 8, "negative": 3, "epochs": 20, "sample": 0, "lane_size": 16}
CONTEXTS = {
    "listened": firth.Sequences("list", item="item"),
    "genre": firth.Groups("genre", item="item"),
    "year": firth.Groups("year", item="item", aggregate="mean", round=0),
}


def played(first: int, last: int, *, seed: int = 1) -> pl.DataFrame:
    """Lists of songs number ``first`` to ``last``, with a genre and a year each."""
    songs = np.random.default_rng(seed).integers(first, last, 600)
    return pl.DataFrame(
        {
            "list": np.arange(600) // 6,
            "item": [f"song {song}" for song in songs],
            "genre": [f"genre {song % 4}" for song in songs],
            "year": [float(1990 + song % 9) for song in songs],
        }
    )


def corpus_of(first: int, last: int, **change: object) -> firth.Corpus:
    return firth.read_table(played(first, last), contexts=CONTEXTS, **change)


@pytest.fixture(scope="module", params=["sgns", "nce", "cbow"])
def before(request: pytest.FixtureRequest) -> firth.Run:
    return firth.train(corpus_of(0, 40), objective=request.param, **OPTIONS)


def rows(run: firth.Run, keys: list[str]) -> dict[str, bytes]:
    vectors, ids = run.vectors, run.vectors.vocabulary.ids(keys)
    found = {"matrix": vectors.matrix[ids].tobytes(), "outputs": vectors.outputs[ids].tobytes()}
    return found if vectors.biases is None else {**found, "biases": vectors.biases[ids].tobytes()}


def test_new_items_join_and_none_is_dropped(before: firth.Run):
    corpus = corpus_of(25, 60)
    run = firth.train(corpus, start=before, objective=before.options["objective"], **OPTIONS)
    kept = [key for key in before.vectors.keys if key not in corpus.vocabulary]
    assert run.vectors.keys == [*corpus.vocabulary.keys, *kept]
    assert rows(run, kept) == rows(before, kept)
    both = [key for key in before.vectors.keys if key in corpus.vocabulary]
    assert rows(run, both)["matrix"] != rows(before, both)["matrix"]
    start = run.document["start"]
    assert (start["n_known"], start["n_new"], start["n_kept"]) == (15, 20, 25)
    assert run.metrics["n_items"] == len(run.items) == 60


def test_frozen_items_keep_their_bytes_and_new_ones_learn(before: firth.Run):
    corpus = corpus_of(25, 60)
    run = firth.train(corpus, start=before, freeze=True, objective=before.options["objective"], **OPTIONS)
    assert rows(run, before.vectors.keys) == rows(before, before.vectors.keys)
    new = [key for key in corpus.vocabulary.keys if key not in before.vectors.vocabulary]
    untrained = firth.train(corpus, start=before, pairs=1, objective=before.options["objective"], **OPTIONS)
    assert rows(run, new)["matrix"] != rows(untrained, new)["matrix"]


def test_counts_are_added_up_and_noise_is_the_new_where_there_is_one(before: firth.Run):
    corpus = corpus_of(25, 60)
    run = firth.train(corpus, start=before, objective=before.options["objective"], **OPTIONS)
    fresh = firth.train(corpus, objective=before.options["objective"], **OPTIONS)
    counts = dict(zip(before.vectors.keys, before.vectors.counts.tolist(), strict=True))
    for place, key in enumerate(corpus.vocabulary.keys):
        assert run.vectors.counts[place] == corpus.counts[place] + counts.get(key, 0), key
    assert run.vectors.counts[35:].tolist() == [counts[key] for key in run.vectors.keys[35:]]
    assert run.vectors.noise[:35].tobytes() == fresh.vectors.noise.tobytes()
    old = before.vectors.vocabulary.ids(run.vectors.keys[35:])
    assert run.vectors.noise[35:].tolist() == before.vectors.noise[old].tolist()


def test_kept_items_keep_their_attributes(before: firth.Run):
    run = firth.train(corpus_of(25, 60), start=before, objective=before.options["objective"], **OPTIONS)
    had = before.items.filter(pl.col("key") == "song 3").row(0, named=True)
    has = run.items.filter(pl.col("key") == "song 3").row(0, named=True)
    assert has == had
    assert has["genre"] == ["genre 3"]


def test_kept_items_lack_attributes_that_are_new(before: firth.Run):
    rank = played(25, 60).with_columns(rank=pl.col("year"), kind=pl.col("genre"))
    contexts = {
        "kind": firth.Groups("kind", item="item"),
        "rank": firth.Groups("rank", item="item", aggregate="mean", round=0),
    }
    corpus = firth.read_table(rank, contexts=contexts)
    run = firth.train(corpus, start=before, objective=before.options["objective"], **OPTIONS)
    kept = run.items.filter(pl.col("key") == "song 3").row(0, named=True)
    assert (kept["kind"], kept["rank"]) == ([], None)


def test_going_on_predicts_the_old_and_the_new(before: firth.Run):
    run = firth.train(corpus_of(25, 60), start=before, objective=before.options["objective"], **OPTIONS)
    assert len(run.vectors.recommend(["song 3", "song 55"], k=58)) == 58


def test_vectors_without_outputs_begin_with_outputs_of_zero():
    bare = firth.Vectors(["song 30", "song 1"], np.eye(2, 8))
    run = firth.train(corpus_of(25, 60), start=bare, objective="nce", **OPTIONS)
    assert run.document["start"]["has_outputs"] is False
    assert run.vectors.keys[-1] == "song 1"
    assert run.vectors.matrix[-1].tolist() == [0, 1, 0, 0, 0, 0, 0, 0]
    assert not run.vectors.outputs[-1].any()
    assert run.vectors.counts[-1] == 0


def test_a_tied_model_goes_on_tied():
    tied = firth.train(corpus_of(0, 40), tied=True, **OPTIONS)
    run = firth.train(corpus_of(25, 60), start=tied, freeze=True, tied=True, **OPTIONS)
    assert run.vectors.outputs is None
    ids = run.vectors.vocabulary.ids(tied.vectors.keys)
    assert run.vectors.matrix[ids].tobytes() == tied.vectors.matrix.tobytes()


@pytest.mark.parametrize(
    ("trained", "asked", "message"),
    [
        ({}, {"objective": "nce"}, "objective must be 'sgns' or 'cbow', as the outputs .* got 'nce'"),
        ({"objective": "nce"}, {}, "objective must be 'nce', as the outputs .* got 'sgns'"),
        ({}, {"tied": True}, "tied must be false, .* got true"),
        ({}, {"vector_size": 9}, "vector_size must be that of the run to go on from, 8, got 9"),
    ],
)
def test_what_does_not_fit_is_refused(trained: dict[str, object], asked: dict[str, object], message: str):
    run = firth.train(corpus_of(0, 40), **{**OPTIONS, "epochs": 1, **trained})
    with pytest.raises(OptionError, match=message):
        firth.train(corpus_of(25, 60), start=run, **{**OPTIONS, **asked})


def test_a_recipe_goes_on_from_a_run(tmp_path: Path):
    played(0, 40).write_csv(tmp_path / "old.csv")
    played(25, 60).write_csv(tmp_path / "new.csv")
    tables = {
        "source": {"path": str(tmp_path / "old.csv")},
        "contexts": {"listened": {"kind": "sequences", "sequence": "list"}},
        "train": OPTIONS,
        "map": {"enabled": False},
    }
    old = firth.run_recipe(firth.Recipe.from_dict(tables, name="songs"), out=tmp_path / "old")
    tables |= {"source": {"path": str(tmp_path / "new.csv")}, "start": {"run": str(tmp_path / "old"), "freeze": True}}
    recipe = firth.Recipe.from_dict(tables, name="songs")
    assert firth.Recipe.from_dict(recipe.to_dict(), name="songs").start == recipe.start
    run = firth.run_recipe(recipe, out=tmp_path / "new")
    assert rows(run, old.vectors.keys) == rows(old, old.vectors.keys)
    assert run.document["start"]["run"] == str(tmp_path / "old")
    missing = firth.Recipe.from_dict({**tables, "start": {"run": str(tmp_path / "odl")}}, name="songs")
    with pytest.raises(RunError, match=r"no run .*odl"):
        firth.run_recipe(missing, out=tmp_path / "none")


def test_a_training_that_goes_on_is_resumed_to_the_same_bytes(before: firth.Run, tmp_path: Path):
    options = {**OPTIONS, "objective": before.options["objective"]}

    def interrupt(_name: str, completed: float, _total: float | None, _text: str) -> None:
        if completed > 50:
            raise KeyboardInterrupt

    corpus, whole = corpus_of(25, 60), firth.train(corpus_of(25, 60), start=before, **options)
    progress = firth.CallbackProgress(interrupt)
    firth.train(corpus, start=before, out=tmp_path / "run", progress=progress, **options)
    with pytest.raises(RunError, match=r"its start was .*, here it is"):
        firth.train(corpus, start=before, freeze=True, out=tmp_path / "run", resume=True, **options)
    resumed = firth.train(corpus, start=before, out=tmp_path / "run", resume=True, **options)
    assert resumed.vectors.matrix.tobytes() == whole.vectors.matrix.tobytes()
