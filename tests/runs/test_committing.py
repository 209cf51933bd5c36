"""Tables and run.json that change together: killed at every step, and read while they are written."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import firth
from firth.errors import RunError
from firth.runs import committing
from firth.runs import folder as files
from firth.runs.claiming import remove
from firth.runs.cleaning import CleanOptions
from firth.runs.store import RunStore

_COMMON = """
import importlib, os, signal, sys, time
from dataclasses import replace
from pathlib import Path
import polars as pl
import firth
def state(run, number):
    items = run.items.drop("mark", strict=False).with_columns(mark=pl.lit(number))
    rates = pl.DataFrame({"key": run.vectors.keys, "mark": [number] * len(run.vectors)})
    document = {**run.document, "mark": number, "metrics": {**run.metrics, "confidence": {"mark": number}}}
    return replace(run, items=items, document=document, neighbor_confidence=rates)
"""
_KILLED = """
place, name, ending, nth, folder, into = sys.argv[1:]
owner = Path if place == "Path" else importlib.import_module(place)
original, calls = getattr(owner, name), []
def killed(*arguments, **options):
    if any(str(each).endswith(ending) for each in arguments):
        calls.append(name)
        if len(calls) == int(nth):
            os.kill(os.getpid(), signal.SIGKILL)
    return original(*arguments, **options)
setattr(owner, name, killed)
run = state(firth.load_run(folder), 2)
run.save(into or None)
"""
_WRITER = """
run, until = firth.load_run(sys.argv[1]), time.monotonic() + 30
while not Path(sys.argv[2]).exists() and time.monotonic() < until:
    for number in (2, 3):
        state(run, number).save()
"""
# Function, what its arguments end with, the how-manieth call is the last, and which state is then the run's.
MOMENTS = {
    "before anything": ("firth.runs.committing", "write_frame", "", 1, 1),
    "between two tables": ("firth.runs.committing", "write_frame", "", 2, 1),
    "while a table is written": ("firth.files", "sync_folder", "", 1, 1),
    "before the moment": ("firth.runs.committing", "write_document", "", 1, 1),
    "while run.json is renamed": ("Path", "replace", "run.json", 1, 1),
    "after the moment": ("Path", "replace", "items.parquet", 1, 2),
    "when one table is in its place": ("Path", "replace", "confidence.parquet", 1, 2),
    "when all are": ("firth.runs.committing", "sync_folder", "", 1, 2),
}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run that says everywhere that it is in its first state."""
    path = tmp_path / "vectors.txt"
    path.write_text("3 2\na 1 0\nb 0 1\nc 1 1\n", encoding="utf-8")
    made = firth.import_vectors(path, out=tmp_path / "runs" / "a-1")
    items = made.items.with_columns(mark=pl.lit(1))
    document = {**made.document, "mark": 1, "metrics": {**made.metrics, "confidence": {"mark": 1}}}
    rates = pl.DataFrame({"key": ["a", "b", "c"], "mark": [1] * 3})
    replace(made, items=items, document=document, neighbor_confidence=rates).save()
    return tmp_path / "runs" / "a-1"


def kill(run: Path, place: str, name: str, ending: str, nth: int, *, into: Path | None = None) -> None:
    words = [place, name, ending, str(nth), str(run), str(into or "")]
    done = subprocess.run(
        [sys.executable, "-c", _COMMON + _KILLED, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def marks(run: firth.Run) -> set[int]:
    """Return which states the parts of a run are of."""
    assert run.neighbor_confidence is not None
    of_tables = {*run.items["mark"].to_list(), *run.neighbor_confidence["mark"].to_list()}
    return {run.document["mark"], run.metrics["confidence"]["mark"], *of_tables}


@pytest.mark.parametrize("moment", list(MOMENTS))
def test_killed_at_any_moment_a_run_is_what_it_was_or_what_it_was_to_be(run: Path, moment: str):
    place, name, ending, nth, expected = MOMENTS[moment]
    kill(run, place, name, ending, nth)
    assert marks(firth.load_run(run)) == {expected}
    firth.load_run(run).save()
    assert marks(firth.load_run(run)) == {expected}
    assert not list(run.glob("*.next"))
    assert marks(firth.load_run(run)) == {files.read_document(run)["mark"]}


@pytest.mark.parametrize("name", ["write_arrays", "write_frame"])
def test_a_copy_that_was_cut_short_is_never_taken_for_a_run(run: Path, name: str):
    target = run.parent / "a-2"
    kill(run, "firth.runs.folder", name, "", 1, into=target)
    store = RunStore(run.parent)
    assert store.find("a-2").state == "stopped"
    assert store.latest_successful().name == "a-1"
    with pytest.raises(RunError, match="has no vectors"):
        firth.load_run(target)
    store.clean(CleanOptions(older_than_s=0), dry_run=False)
    assert {path.name for path in run.parent.iterdir()} == {"a-1"}


def test_a_run_that_is_read_while_it_is_written_is_of_one_state(run: Path, tmp_path: Path):
    stop = tmp_path / "stop"
    command = [sys.executable, "-c", _COMMON + _WRITER, str(run), str(stop)]
    writer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    seen: set[int] = set()
    n_read = 0
    while not (seen >= {2, 3} and n_read > 100) and writer.poll() is None:
        found = marks(firth.load_run(run))
        assert len(found) == 1
        seen |= found
        n_read += 1
    stop.touch()
    _, errors = writer.communicate(timeout=60)
    assert writer.returncode == 0, errors
    assert seen >= {2, 3}


def test_a_table_of_another_state_is_refused(run: Path):
    files.write_frame(run, files.ITEMS, pl.DataFrame({"key": ["a", "b", "c"], "mark": [9] * 3}))
    with pytest.raises(RunError, match=r"items.parquet is damaged \(it is not the one that run.json speaks of;"):
        firth.load_run(run)


def test_a_change_that_cannot_be_written_leaves_the_run_as_it_was(run: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> None:
        raise RunError("cannot write: No space left on device.")

    monkeypatch.setattr(committing, "write_document", full)
    with pytest.raises(RunError, match="No space left"):
        firth.load_run(run).save()
    assert not list(run.glob("*.next"))
    assert marks(firth.load_run(run)) == {1}


def test_a_run_of_an_earlier_version_needs_no_digests(run: Path):
    document = files.read_document(run)
    del document["files"]
    files.write_document(run, document)
    assert marks(firth.load_run(run)) == {1}
    firth.load_run(run).save()
    assert set(files.read_document(run)["files"]) == {files.ITEMS, files.CONFIDENCE}


def test_vectors_whose_training_has_not_ended_are_not_read(run: Path):
    document = {**files.read_document(run), "status": "running", "training": {"status": "running"}}
    files.write_document(run, document)
    with pytest.raises(RunError, match="has no vectors"):
        firth.load_run(run)


def test_a_run_is_not_taken_away_while_the_last_of_it_is_written(run: Path, monkeypatch: pytest.MonkeyPatch):
    begun, remover = threading.Event(), threading.Thread(target=lambda: (begun.set(), remove(run)))
    write = committing.write_document

    def write_then_be_removed(folder: Path, document: Mapping[str, Any]) -> None:
        write(folder, document)  # from here on the run is complete, and may be removed
        remover.start()
        begun.wait()
        time.sleep(0.1)

    monkeypatch.setattr(committing, "write_document", write_then_be_removed)
    table = pl.DataFrame({"key": ["b"]})
    committing.commit(run, {"items.parquet": table}, {"status": "complete"})
    remover.join()
    assert not run.exists()
