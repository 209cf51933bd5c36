"""Runs made again: the same bytes for any number of threads, and a reason where they are not."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import firth
from firth.errors import OptionError, RunError
from firth.runs import execute
from firth.runs import folder as files
from firth.runs.lineage import reasons
from firth.runs.reproducing import Reproduction, reproduce

SMALL: dict[str, dict[str, Any]] = {
    "bands": {"train.vector_size": 8, "train.pairs": 20_000, "clusters.n": 3, "map.n_iter": 250, "map.perplexity": 5},
    "playlists": {"train.vector_size": 8, "train.epochs": 2, "clusters.n": 3, "map.enabled": False},
    "words": {"train.vector_size": 8, "train.epochs": 2, "clusters.n": 3, "map.enabled": False},
}


def write_source(name: str, folder: Path, *, seed: int = 3) -> dict[str, str]:
    """Write a small source for a shipped recipe, and return the keys that name it."""
    draws = np.random.default_rng(seed)
    if name == "bands":
        with sqlite3.connect(folder / "reviews.sqlite") as connection:
            connection.execute("create table reviews (reviewid integer, artist text, score real)")
            connection.execute("create table genres (reviewid integer, genre text)")
            for number in range(90):
                score = round(3 + 2 * (number % 3) + draws.random(), 1)
                connection.execute("insert into reviews values (?, ?, ?)", (number, f"band {number}", score))
                connection.execute("insert into genres values (?, ?)", (number, f"genre {number % 3}"))
        connection.close()
        return {"source.uri": f"sqlite:///{folder / 'reviews.sqlite'}"}
    items = (np.repeat(np.arange(100) % 3, 10) + 3 * draws.integers(0, 20, 1000)).tolist()
    if name == "words":
        lines = [" ".join(f"word{chr(97 + item)}" for item in items[at : at + 10]) for at in range(0, 1000, 10)]
        (folder / "text.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return {"source.path": str(folder / "text.txt")}
    pl.DataFrame(
        {
            "playlist": np.repeat(np.arange(100), 10),
            "position": np.tile(np.arange(10), 100),
            "artist": [f"artist {item % 3}" for item in items],
            "track": [f"song {item}" for item in items],
        }
    ).write_csv(folder / "plays.csv")
    return {"source.path": str(folder / "plays.csv")}


@pytest.fixture(scope="module", autouse=True)
def without_pictures() -> Iterator[None]:
    """Pictures are not compared, and take longer than all the rest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(execute, "draw_all", lambda run, *_, **__: run)
        patch.setenv("XDG_CACHE_HOME", "/nonexistent")
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One run of each shipped recipe, made with one thread; the tests copy what they change."""
    folder = tmp_path_factory.mktemp("made")
    for name, small in SMALL.items():
        recipe = firth.Recipe.load(name, overrides={**small, **write_source(name, folder), "train.n_jobs": 1})
        firth.run_recipe(recipe, out=folder / "runs" / f"{name}-1")
    return {name: folder / "runs" / f"{name}-1" for name in SMALL}


def copied(run: Path, target: Path) -> Path:
    return Path(shutil.copytree(run, target / run.name))


def changed(run: Path, **document: Any) -> Path:
    files.write_document(run, {**files.read_document(run), **document})
    return run


def unequal(found: Reproduction) -> dict[str, str]:
    return {part.name: part.detail for part in found.parts if not part.is_equal}


@pytest.mark.parametrize("n_jobs", [1, 2, 3])
@pytest.mark.parametrize("name", list(SMALL))
def test_a_run_is_the_same_when_it_is_made_again(made: dict[str, Path], name: str, n_jobs: int):
    found = reproduce(made[name], n_jobs=n_jobs)
    assert found.is_equal, unequal(found)
    assert (found.source, found.corpus, found.reasons, found.folder) == ("same", "same", (), None)
    names = {part.name for part in found.parts}
    assert {
        "vectors.vectors",
        "vectors.outputs",
        "vectors.noise",
        "items.key",
        "items.cluster",
        "history.loss",
    } <= names
    assert ("items.x" in names) == (name == "bands")
    assert ("counts.values" in names) == (name == "playlists")
    assert not any("seconds" in each or "items_per_s" in each for each in names)


def test_a_runs_lineage_is_written_down(made: dict[str, Path]):
    import hashlib

    bands, words = (files.read_document(made[name])["lineage"] for name in ("bands", "words"))
    text = made["words"].parents[1] / "text.txt"
    (file,) = words["source"]["files"]
    assert file["path"] == str(text)
    assert file["size_bytes"] == text.stat().st_size
    assert file["sha256"] == words["source"]["fingerprint"] == hashlib.sha256(text.read_bytes()).hexdigest()
    assert [query["rows"] for query in bands["source"]["queries"]] == [90, 90]
    assert bands["source"]["queries"][0]["query"].startswith("select artist as item")
    assert bands["source"]["kind"] == "database"
    assert len({query["sha256"] for query in bands["source"]["queries"]}) == 2
    assert len(bands["code"]["kernel"]) == 64
    assert bands["code"]["firth"] == "0.1.0"
    assert set(bands["made"]["items"]) >= {"key", "genre", "score", "cluster", "x", "y"}


def test_a_source_that_changed_is_told(made: dict[str, Path], tmp_path: Path):
    run = copied(made["playlists"], tmp_path)
    where = write_source("playlists", tmp_path, seed=4)["source.path"]
    found = reproduce(run, source=where)
    assert (found.source, found.corpus, found.is_equal) == ("changed", "changed", False)
    assert "the source changed: training read another corpus" in found.reasons
    assert len(found.source_changes) == 1
    assert found.first_difference is not None


def test_rows_in_another_order_change_the_source_and_nothing_else(made: dict[str, Path], tmp_path: Path):
    run = copied(made["bands"], tmp_path)
    where = write_source("bands", tmp_path)["source.uri"]
    with sqlite3.connect(tmp_path / "reviews.sqlite") as connection:
        connection.execute("create table turned as select * from reviews order by reviewid desc")
        connection.execute("drop table reviews")
        connection.execute("alter table turned rename to reviews")
    connection.close()
    found = reproduce(run, source=where)
    assert found.is_equal, unequal(found)
    assert (found.source, found.corpus) == ("changed", "same")


def test_an_array_that_differs_is_found(made: dict[str, Path], tmp_path: Path):
    run = copied(made["words"], tmp_path)
    document = files.read_document(run)
    del document["lineage"]["made"]  # as an earlier version wrote it: the files are compared
    arrays = files.read_arrays(run)
    arrays["outputs"] = arrays["outputs"].copy()
    arrays["outputs"][2, 3] += 0.5
    files.write_document(run, document)
    files.write_arrays(run, arrays)
    found = reproduce(run)
    assert not found.is_equal
    assert set(unequal(found)) == {"vectors.outputs"}
    assert "the first at [2, 3]" in unequal(found)["vectors.outputs"]
    assert "largest difference 0.5" in unequal(found)["vectors.outputs"]
    assert found.reasons  # this checkout may have been changed by hand


def test_what_was_made_of_a_run_later_is_not_held_against_it(made: dict[str, Path], tmp_path: Path):
    run = copied(made["bands"], tmp_path)
    firth.load_run(run).map(perplexity=8, n_iter=250).save()
    found = reproduce(run)
    assert found.is_equal, unequal(found)
    assert {part.name for part in found.parts if part.is_remade} == {"items.x", "items.y", "items.distortion"}


def test_a_run_of_an_earlier_version_is_compared_by_its_corpus(made: dict[str, Path], tmp_path: Path):
    run = changed(copied(made["bands"], tmp_path), lineage=None, recipe_name=None)
    found = reproduce(run)
    assert found.is_equal, unequal(found)
    assert (found.source, found.corpus) == ("unknown", "same")


def test_the_new_run_can_be_kept(made: dict[str, Path], tmp_path: Path):
    run = copied(made["words"], tmp_path)
    assert reproduce(run, out=tmp_path / "there").folder == tmp_path / "there"
    found = reproduce(run, keep=True)
    assert found.folder == tmp_path / "words-1-again-1"
    assert (found.folder / files.ARRAYS).read_bytes() == (run / files.ARRAYS).read_bytes()
    with pytest.raises(OptionError, match="give one of them"):
        reproduce(run, out=tmp_path / "other", keep=True)


def test_data_that_lies_in_the_runs_folder_is_found_when_the_run_was_moved(tmp_path: Path, made: dict[str, Path]):
    run = copied(made["bands"], tmp_path)
    shutil.copy(made["bands"].parents[1] / "reviews.sqlite", run / "movielens.sqlite")
    document = files.read_document(run)
    document["recipe"]["source"]["uri"] = "sqlite:////gone/movielens.sqlite"
    document["lineage"]["source"]["file"]["path"] = "/gone/movielens.sqlite"
    files.write_document(run, document)
    assert reproduce(run).is_equal


def test_a_resumed_run_and_one_that_began_with_another_are_made_again(made: dict[str, Path], tmp_path: Path):
    words = firth.Recipe.from_dict(files.read_document(made["words"])["recipe"], name="words")
    begun = replace(words, start=execute_start(made["words"]))
    firth.run_recipe(begun, out=tmp_path / "next")
    assert reproduce(tmp_path / "next").is_equal
    changed(tmp_path / "next", start={**files.read_document(tmp_path / "next")["start"], "digest": "0"})
    assert "is not what it was" in str(list(reasons(files.read_document(tmp_path / "next"), {"versions": {}})))
    document = files.read_document(tmp_path / "next")
    document |= {"status": "failed", "training": {**document["training"], "status": "running"}}
    files.write_document(tmp_path / "next", document)
    firth.run_recipe(begun, out=tmp_path / "next", resume=True)
    assert reproduce(tmp_path / "next").is_equal


def execute_start(run: Path) -> Any:
    from firth.runs.sections import StartOptions

    return StartOptions(run=str(run))


def test_merges_are_part_of_the_source(made: dict[str, Path], tmp_path: Path):
    table = tmp_path / "merge.csv"
    table.write_text("group,keep,key,merge\n1,worda,wordb,yes\n", encoding="utf-8")
    tables = files.read_document(made["words"])["recipe"]
    recipe = firth.Recipe.from_dict({**tables, "vocabulary": {"merge": str(table)}}, name="words")
    firth.run_recipe(recipe, out=tmp_path / "run")
    merges = files.read_document(tmp_path / "run")["lineage"]["source"]["merges"]
    assert merges["files"][0]["path"] == str(table)
    assert reproduce(tmp_path / "run").is_equal
    table.write_text("group,keep,key,merge\n1,worda,wordc,yes\n", encoding="utf-8")
    found = reproduce(tmp_path / "run")
    assert (found.is_equal, found.source) == (False, "same")
    assert found.source_changes == ("the tables of duplicates are not what they were",)


def test_a_run_that_was_trained_step_by_step_needs_its_corpus(made: dict[str, Path], tmp_path: Path):
    text = made["words"].parents[1] / "text.txt"
    corpus = firth.read_text(text, cache=False)
    firth.train(corpus, vector_size=8, epochs=1, probes=["worda"], out=tmp_path / "steps")
    assert files.read_document(tmp_path / "steps")["lineage"]["source"]["files"][0]["path"] == str(text)
    with pytest.raises(RunError, match=rf"trained step by step.*It was read from {text}"):
        reproduce(tmp_path / "steps")
    found = reproduce(tmp_path / "steps", corpus=firth.read_text(text, cache=False), n_jobs=2)
    assert found.is_equal, unequal(found)
    assert found.source == "same"
    with pytest.raises(OptionError, match="leave corpus out"):
        reproduce(made["words"], corpus=corpus)


def test_a_frame_that_was_in_memory_leaves_no_trace(tmp_path: Path):
    frame = pl.DataFrame({"item": list("abcabd"), "genre": ["x", "x", "y", "y", "x", "y"]})
    corpus = firth.read_table(frame, contexts={"genre": firth.Groups("genre")})
    firth.train(corpus, vector_size=2, epochs=1, out=tmp_path / "a")
    assert files.read_document(tmp_path / "a")["lineage"]["source"] == {"kind": "memory", "fingerprint": None}
    with pytest.raises(RunError, match="Where that came from is not known"):
        reproduce(tmp_path / "a")


def test_imported_and_unfinished_runs_cannot_be_made_again(made: dict[str, Path], tmp_path: Path):
    path = tmp_path / "vectors.txt"
    path.write_text("2 2\na 1 0\nb 0 1\n", encoding="utf-8")
    firth.import_vectors(path, out=tmp_path / "imported")
    with pytest.raises(RunError, match=r"was imported from .*vectors.txt, not trained here"):
        reproduce(tmp_path / "imported")
    run = changed(copied(made["words"], tmp_path), status="interrupted")
    with pytest.raises(RunError, match="is interrupted; only a complete run"):
        reproduce(run)


def test_a_recipe_that_held_a_password_needs_its_uri(made: dict[str, Path], tmp_path: Path):
    run = copied(made["bands"], tmp_path)
    uri = files.read_document(run)["recipe"]["source"]["uri"]
    document = files.read_document(run)
    document["recipe"]["source"]["uri"] = "postgresql://ann:***@host/db"
    files.write_document(run, document)
    with pytest.raises(OptionError, match="held a password"):
        reproduce(run)
    assert reproduce(run, source=uri).is_equal


def test_reasons_name_everything_that_is_not_as_it_was():
    then = {"versions": {"numpy": "1.26", "gone": "1"}, "instruction_set": "x86-64-v3", "seed": 1}
    then["lineage"] = {"code": {"commit": "a" * 40, "kernel": "b" * 64, "is_modified": True}}
    now = {"versions": {"numpy": "2.0"}, "instruction_set": "x86-64-v4", "seed": 1, "lineage": {"code": {}}}
    assert list(reasons(then, now)) == [
        "instruction set x86-64-v4, it was x86-64-v3",
        "gone is missing, it was 1",
        "numpy 2.0, it was 1.26",
        "commit None, it was aaaaaaaaaaaa",
        "kernel None, it was bbbbbbbbbbbb",
        "the code was changed by hand since its commit",
    ]
    assert "please report it" in next(iter(reasons(json.loads("{}"), {})))
