"""A run that is made again beneath a running service: answers are of one state, and of the new one once it is whole."""

import json
import os
import shutil
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from planted_run import planted_run

import firth
from firth.errors import RunError
from firth.explorer import shelf as module
from firth.explorer.app import create_app
from firth.explorer.shelf import Shelf

KEYS = [f"key {number}" for number in range(17)]


def client_of(folder: Path) -> TestClient:
    return TestClient(create_app([folder]), base_url="http://127.0.0.1")


def made_again(folder: Path, *, seed: int, color: str) -> None:
    """Put another run in a run's place, as ``--replace`` does: the old files go, ``run.json`` last."""
    other = folder.parent / f"{folder.name}-{seed}"
    planted_run(other, KEYS, columns={"color": [color] * len(KEYS)}, seed=seed)
    for path in sorted(folder.iterdir(), key=lambda path: path.name == "run.json"):
        path.unlink()
    document = json.loads((other / "run.json").read_text())
    write(folder / "run.json", json.dumps({**document, "status": "running", "process": firth.runs.folder.owner()}))
    for name in ("vectors.safetensors", "history.parquet", "items.parquet"):
        shutil.copy(other / name, folder / f".{name}.partial")
        (folder / f".{name}.partial").replace(folder / name)
    write(folder / "run.json", json.dumps(document))


def write(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.partial")
    part.write_text(text)
    part.replace(path)


def test_a_run_that_is_made_again_is_read_again(tmp_path: Path):
    folder = tmp_path / "run"
    planted_run(folder, KEYS, columns={"color": ["red"] * len(KEYS)})
    client = client_of(folder)
    first = client.get("/api/about").json()["runs"][0]["generation"]
    assert client.post("/api/runs/0/items", json={"keys": KEYS[:1]}).json()["items"][0]["color"] == "red"
    made_again(folder, seed=2, color="blue")
    answer = client.get("/api/runs/0/neighbors", params={"key": "key 3"}).json()["neighbors"]
    assert [one["key"] for one in answer] == [key for key, _ in firth.load_run(folder).vectors.most_similar("key 3")]
    assert {one["color"] for one in answer} == {"blue"}
    assert client.get("/api/about").json()["runs"][0]["generation"] != first
    assert "firth_reloads 1.0" in client.get("/metrics").text


def test_while_clients_ask_every_answer_is_of_one_state(tmp_path: Path):
    folder = tmp_path / "run"
    colors = ["red", "blue", "green", "pink"]
    states = {}
    for seed, color in enumerate(colors, start=1):
        states[color] = planted_run(tmp_path / f"known-{seed}", KEYS, seed=seed).vectors
    planted_run(folder, KEYS, columns={"color": ["red"] * len(KEYS)}, seed=1)
    client = client_of(folder)
    is_over, wrong, seen = threading.Event(), [], []

    def ask(number: int) -> None:
        key = KEYS[number]
        while not is_over.is_set():
            answer = client.get("/api/runs/0/neighbors", params={"key": key, "k": 5})
            if answer.status_code != 200:
                wrong.append(answer.text)
                continue
            found = answer.json()["neighbors"]
            color = found[0]["color"]
            seen.append(color)
            if [one["key"] for one in found] != [one for one, _ in states[color].most_similar(key, k=5)]:
                wrong.append(f"{color}: {found}")

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(3)]
    with client:  # one event loop for all of them, as in a server
        assert client.get("/api/about").json()["runs"][0]["is_ready"]
        for thread in threads:
            thread.start()
        for seed, color in enumerate(colors[1:], start=2):
            made_again(folder, seed=seed, color=color)
            deadline = time.monotonic() + 20
            while color not in seen[-3:] and time.monotonic() < deadline:
                time.sleep(0.005)
        is_over.set()
        for thread in threads:
            thread.join()
    assert wrong == []
    assert list(dict.fromkeys(seen)) == colors


@pytest.mark.parametrize("step", ["gone", "begun", "vectors", "damaged", "no json"])
def test_a_half_written_run_keeps_the_old_one(tmp_path: Path, step: str):
    folder = tmp_path / "run"
    planted_run(folder, KEYS, columns={"color": ["red"] * len(KEYS)})
    client = client_of(folder)
    before = client.get("/api/runs/0/neighbors", params={"key": "key 3"}).content
    document = json.loads((folder / "run.json").read_text())
    running = json.dumps({**document, "status": "running", "process": firth.runs.folder.owner()})
    if step in ("gone", "begun"):
        for path in list(folder.iterdir()):
            path.unlink()
    if step in ("begun", "vectors"):
        write(folder / "run.json", running)
    if step == "damaged":
        write(folder / "items.parquet", "no table")
        write(folder / "run.json", json.dumps(document))
    if step == "no json":
        write(folder / "run.json", "{")
    assert client.get("/api/runs/0/neighbors", params={"key": "key 3"}).content == before
    assert client.get("/api/about").json()["runs"][0]["is_ready"] is True


def test_a_run_that_is_being_made_is_told_of_and_served_once_it_has_vectors(tmp_path: Path):
    folder = tmp_path / "run"
    planted_run(tmp_path / "whole", KEYS)
    document = json.loads((tmp_path / "whole" / "run.json").read_text())
    folder.mkdir()
    write(folder / "run.json", json.dumps({**document, "status": "running", "process": firth.runs.folder.owner()}))
    client = client_of(folder)
    told = client.get("/api/about").json()["runs"][0]
    assert (told["is_ready"], told["status"]) == (False, "running")
    assert "it is still being made" in told["detail"]
    assert str(tmp_path) not in told["detail"]
    answer = client.get("/api/runs/0/neighbors", params={"key": "key 3"})
    assert answer.status_code == 400
    assert str(tmp_path) not in answer.text
    for name in ("vectors.safetensors", "history.parquet", "items.parquet"):
        shutil.copy(tmp_path / "whole" / name, folder / name)
    assert client.get("/api/about").json()["runs"][0]["status"] == "running"
    assert client.get("/api/runs/0/neighbors", params={"key": "key 3"}).status_code == 200
    write(folder / "run.json", json.dumps(document))
    assert client.get("/api/about").json()["runs"][0]["status"] == "complete"


def test_a_state_that_was_written_while_it_was_read_is_read_once_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "run"
    planted_run(folder, KEYS)
    load, calls = firth.Run.load.__func__, []

    def load_and_write(cls: type[firth.Run], path: Path) -> firth.Run:
        calls.append(path)
        run = load(cls, path)
        if len(calls) < 3:
            os.utime(folder / "items.parquet", ns=(len(calls), len(calls)))
        return run

    monkeypatch.setattr(firth.Run, "load", classmethod(load_and_write))
    assert len(Shelf([folder]).served(0).run.vectors) == len(KEYS)
    assert len(calls) == 3
    calls.clear()
    monkeypatch.setattr(module, "_N_TRIES", 2)
    with pytest.raises(RunError, match="is being written"):
        Shelf([folder]).served(0)


def test_a_folder_is_looked_at_every_half_second_at_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "run"
    planted_run(folder, KEYS)
    now = [100.0]
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.5)
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    shelf = Shelf([folder])
    assert shelf.current(0) is None
    first = shelf.served(0)
    looks = []
    generation = module._generation
    monkeypatch.setattr(module, "_generation", lambda path: looks.append(path) or generation(path))
    os.utime(folder / "run.json", ns=(1, 1))
    now[0] += 0.49
    assert shelf.current(0) is shelf.served(0) is first
    assert looks == []
    now[0] += 0.02
    assert shelf.current(0) is None
    assert shelf.served(0) is not first
    assert shelf.current(0) is shelf.served(0)


def test_who_asks_while_a_newer_run_is_read_is_answered_from_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "run"
    planted_run(folder, KEYS)
    shelf = Shelf([folder])
    first = shelf.served(0)
    begun, go = threading.Event(), threading.Event()
    read = module._read

    def slowly(path: Path, index: int) -> module.Served:
        begun.set()
        assert go.wait(20)
        return read(path, index)

    monkeypatch.setattr(module, "_read", slowly)
    os.utime(folder / "run.json", ns=(1, 1))
    reading = threading.Thread(target=shelf.served, args=(0,))
    reading.start()
    assert begun.wait(20)
    assert shelf.served(0) is first
    go.set()
    reading.join()
    assert shelf.served(0) is not first


def test_counts_are_those_of_the_state_that_answers(service_run: Path, tmp_path: Path):
    folder = Path(shutil.copytree(service_run, tmp_path / "plays"))
    client = client_of(folder)
    question = {"keys": ["item 41"], "k": 5}
    first = client.get("/api/about").status_code
    (folder / "counts.safetensors").unlink()  # the next run has none yet
    answer = client.post("/api/runs/0/recommend", json=question)
    assert (first, answer.status_code) == (200, 200)
    assert np.isfinite([one["prediction"] for one in answer.json()["recommendations"]]).all()
