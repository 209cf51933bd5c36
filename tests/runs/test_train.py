"""firth.train, and runs in memory and on disk."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import firth
from firth.errors import DataError, OptionError, RunError, UnknownItemError
from firth.runs import folder as files

CONTEXTS = {
    "genre": firth.Groups("genre", item="film", weight=3),
    "score": firth.Groups("score", item="film", aggregate="mean", round=0),
}


def films(n_films: int = 40) -> pl.DataFrame:
    names = [f"film {number}" for number in range(n_films)]
    return pl.DataFrame(
        {
            "film": names,
            "genre": [("horror", "musical", "western", None)[min(number % 4, number % 5)] for number in range(n_films)],
            "score": [float(number % 7) for number in range(n_films)],
        }
    )


@pytest.fixture(scope="module")
def corpus() -> firth.Corpus:
    return firth.read_table(films(), contexts=CONTEXTS)


@pytest.fixture(scope="module")
def run(corpus: firth.Corpus) -> firth.Run:
    return firth.train(corpus, vector_size=6, pairs=20_000, learning_rate=0.05)


def test_a_run_has_a_vector_per_item_in_the_items_order(run: firth.Run, corpus: firth.Corpus):
    assert run.vectors.matrix.shape == (40, 6)
    assert run.vectors.outputs.shape == (40, 6)
    assert run.items["key"].to_list() == corpus.vocabulary.keys == run.vectors.keys
    assert run.items["count"].to_list() == corpus.counts.tolist()
    assert run.items.columns == ["key", "count", "genre", "score"]


def test_a_run_in_memory_says_how_it_was_made(run: firth.Run, corpus: firth.Corpus):
    assert run.status == "complete"
    assert run.folder is None
    assert run.options["vector_size"] == 6
    assert run.options["objective"] == "sgns"
    assert run.document["corpus"]["fingerprint"] == corpus.fingerprint
    assert run.metrics["n_items"] == 40
    assert run.metrics["loss"] == run.history["loss"][-1]
    assert run.clusters == []


def test_training_with_a_folder_gives_the_same_run(run: firth.Run, corpus: firth.Corpus, tmp_path: Path):
    saved = firth.train(corpus, vector_size=6, pairs=20_000, learning_rate=0.05, out=tmp_path / "films", n_jobs=1)
    loaded = firth.load_run(tmp_path / "films")
    assert saved.folder == loaded.folder == tmp_path / "films"
    assert loaded.name == "films"
    assert loaded.status == "complete"
    assert loaded.vectors.matrix.tobytes() == run.vectors.matrix.tobytes()
    assert loaded.vectors.outputs.tobytes() == run.vectors.outputs.tobytes()
    assert loaded.items.equals(run.items)
    assert loaded.history["loss"].equals(run.history["loss"])


def test_a_saved_run_comes_back_as_it_was(run: firth.Run, tmp_path: Path):
    saved = run.save(tmp_path / "films")
    loaded = firth.Run.load(tmp_path / "films")
    assert run.folder is None
    assert loaded.document == saved.document
    assert loaded.items.equals(run.items)
    assert loaded.history.equals(run.history)
    assert np.array_equal(loaded.vectors.matrix, run.vectors.matrix)
    assert np.array_equal(loaded.vectors.noise, run.vectors.noise)
    assert np.array_equal(loaded.vectors.counts, run.vectors.counts)
    assert loaded.vectors.recommend(["film 3"]) == run.vectors.recommend(["film 3"])
    assert loaded.vectors.most_similar("film 3") == run.vectors.most_similar("film 3")


@pytest.mark.parametrize(("objective", "has_biases"), [("nce", True), ("sgns", False)])
def test_biases_travel_with_the_objective_that_has_them(
    corpus: firth.Corpus, tmp_path: Path, objective: str, has_biases: bool
):
    run = firth.train(corpus, objective=objective, vector_size=4, pairs=500, out=tmp_path / "films")
    loaded = firth.Run.load(tmp_path / "films")
    assert (run.vectors.biases is not None, loaded.vectors.biases is not None) == (has_biases, has_biases)
    assert loaded.vectors.recommend(["film 3"]) == run.vectors.recommend(["film 3"])


def test_a_run_of_an_earlier_version_loads_and_says_what_it_lacks(run: firth.Run, tmp_path: Path):
    run.save(tmp_path / "films")
    arrays = files.read_arrays(tmp_path / "films")
    del arrays["noise"]
    files.write_arrays(tmp_path / "films", {**arrays, "biases": np.zeros(len(run.vectors), np.float32)})
    loaded = firth.Run.load(tmp_path / "films")
    assert loaded.vectors.biases is None
    with pytest.raises(DataError, match="without their noise distribution"):
        loaded.vectors.recommend(["film 3"])


def test_a_run_is_found_below_its_root(run: firth.Run, tmp_path: Path):
    run.save(tmp_path / "films")
    assert firth.load_run("films", root=tmp_path).name == "films"


def test_a_run_in_memory_needs_a_folder_to_be_saved(run: firth.Run):
    with pytest.raises(RunError, match="needs a folder"):
        run.save()


def test_a_run_is_not_saved_over_another(run: firth.Run, tmp_path: Path):
    run.save(tmp_path / "films")
    with pytest.raises(RunError, match="is not empty"):
        run.save(tmp_path / "films")


def test_an_unknown_option_names_the_closest(corpus: firth.Corpus):
    with pytest.raises(OptionError, match=r"unknown option 'vectorsize'. Closest: 'vector_size'"):
        firth.train(corpus, vectorsize=6)


def test_an_option_outside_its_range_makes_no_folder(corpus: firth.Corpus, tmp_path: Path):
    with pytest.raises(OptionError, match="vector_size must be >= 1, got 0"):
        firth.train(corpus, vector_size=0, out=tmp_path / "films")
    assert list(tmp_path.iterdir()) == []


def test_a_context_named_as_a_column_is_refused():
    corpus = firth.read_table(films(), contexts={"count": CONTEXTS["genre"]})
    with pytest.raises(OptionError, match="may not be named 'count'"):
        firth.train(corpus, vector_size=4, pairs=100)


def test_an_unknown_item_names_the_closest_three(run: firth.Run):
    with pytest.raises(UnknownItemError, match=r"unknown item 'flim 3'. Closest: ('film \d+'(, )?){3}\.$"):
        run.vectors.most_similar("flim 3")


def test_a_run_without_a_map_cannot_be_drawn(run: firth.Run):
    with pytest.raises(RunError, match="has no map: make one first"):
        run.plot()


def test_an_unknown_colour_names_the_closest(run: firth.Run):
    with pytest.raises(OptionError, match=r"unknown attribute 'gnre'. Closest: 'genre'"):
        run.plot(color_by="gnre")


@pytest.mark.parametrize("change", [{"n_items": 39}, {"n_items": 41}])
def test_items_that_do_not_fit_the_vectors_are_damage(run: firth.Run, tmp_path: Path, change: dict[str, int]):
    run.save(tmp_path / "films")
    items = pl.DataFrame({"key": [f"film {number}" for number in range(change["n_items"])]})
    items.write_parquet(tmp_path / "films" / "items.parquet")
    with pytest.raises(RunError, match=r"items.parquet is damaged \(it is not the one that run.json speaks of"):
        firth.Run.load(tmp_path / "films")
    document = files.read_document(tmp_path / "films")
    files.write_document(tmp_path / "films", {**document, "files": {}})  # as an earlier version wrote it
    with pytest.raises(RunError, match=f"is damaged: {change['n_items']} items but 40 vectors"):
        firth.Run.load(tmp_path / "films")
