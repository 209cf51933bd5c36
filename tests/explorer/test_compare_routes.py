"""Two runs over HTTP: the document of the command, each item's change, and columns by the ids of either run."""

import json
import os
from pathlib import Path
from threading import Event

import numpy as np
import pyarrow as pa
import pytest
from compared_runs import GONE, KEYS, NEW, SWAPPED, compared_runs
from fastapi.testclient import TestClient

import firth
from firth.explorer import shelf
from firth.explorer.app import create_app
from firth.explorer.routes import compare as routes
from firth.runs.comparison import Comparison


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return compared_runs(tmp_path_factory.mktemp("compared"))


@pytest.fixture(scope="module")
def client(folders: tuple[Path, Path]) -> TestClient:
    return TestClient(create_app(folders), base_url="http://127.0.0.1")


@pytest.fixture(scope="module")
def found(folders: tuple[Path, Path]) -> Comparison:
    return firth.compare_runs(*(firth.Run.load(folder) for folder in folders), k=4)


def columns(client: TestClient, run: int) -> dict[str, list]:
    answer = client.get("/api/compare/items", params={"run": run, "k": 4})
    assert answer.headers["content-type"] == "application/vnd.apache.arrow.stream"
    table = pa.ipc.open_stream(answer.content).read_all()
    assert [str(column.type) for column in table.columns] == ["float", "int32", "int32"]
    return table.to_pydict()


def test_the_document_is_that_of_the_command(client: TestClient, found: Comparison):
    document = client.get("/api/compare", params={"k": 4, "top": 7}).json()
    counts = {"n_departed": 2, "n_arrived": 3, "csv": None}
    assert document == {**json.loads(json.dumps(found.to_dict(n_items=7))), **counts}
    assert document["departed"] == list(GONE)
    assert set(document["arrived"]) == set(NEW)
    assert document["chance"] is None
    assert {row["key"] for row in document["items"][:2]} == set(SWAPPED)
    short = client.get("/api/compare", params={"k": 4, "top": 0, "named": 1}).json()
    assert (short["items"], short["departed"], short["n_departed"]) == ([], [GONE[0]], 2)


@pytest.mark.parametrize("run", [0, 1])
def test_columns_follow_the_ids_of_their_run(
    client: TestClient, folders: tuple[Path, Path], found: Comparison, run: int
):
    own, others = (firth.Run.load(folders[i]).vectors.keys for i in (run, 1 - run))
    table = columns(client, run)
    rows = {row["key"]: row for row in found.items.iter_rows(named=True)}
    assert len(table["moved"]) == len(own)
    for key, moved, kept, other in zip(own, table["moved"], table["kept"], table["other"], strict=True):
        if key in rows:
            assert (moved, kept, others[other]) == (rows[key]["moved"], rows[key]["kept"], key)
        else:
            assert np.isnan(moved)
            assert (kept, other) == (-1, -1)
    assert {key for key, other in zip(own, table["other"], strict=True) if other < 0} == {*(GONE, NEW)[run]}


def test_changes_are_found_by_a_part_of_their_keys(client: TestClient, found: Comparison):
    def keys(**asked: object) -> list[str]:
        answer = client.get("/api/compare/changes", params={"k": 4, **asked}).json()
        assert answer["total"] >= len(answer["items"])
        return [row["key"] for row in answer["items"]]

    assert keys(top=1000) == found.items["key"].to_list()
    assert keys(top=3, offset=5) == found.items["key"].to_list()[5:8]
    assert keys(q="  LÓ ") == ["Łódź"]
    assert keys(q="odz") == ["Łódź"]
    assert keys(q="<b>bo") == ["<b>bold</b>"]
    assert keys(q="m 1") == [key for key in found.items["key"] if key.startswith("item 1")]
    assert keys(q=".*") == []
    assert keys(key="item 05") == ["item 05"]
    kept = found.items.sort("kept", maintain_order=True)
    assert keys(by="kept", top=9) == kept["key"].to_list()[:9]


def test_an_item_has_its_neighbours_in_both_runs(client: TestClient):
    (row,) = client.get("/api/compare/changes", params={"k": 2, "key": SWAPPED[0]}).json()["items"]
    place = KEYS.index(SWAPPED[0])
    assert set(row["neighbors_a"]) == {KEYS[place - 1], KEYS[place + 1]}
    place = KEYS.index(SWAPPED[1])
    assert set(row["neighbors_b"]) == {KEYS[place - 1], KEYS[place + 1]}
    assert row["kept"] == 0


def test_what_only_one_run_has_is_no_change(client: TestClient):
    for key in (GONE[0], NEW[0], "nobody"):
        assert client.get("/api/compare/changes", params={"key": key}).status_code == 404


def test_one_run_is_not_compared(folders: tuple[Path, Path]):
    alone = TestClient(create_app(folders[:1]), base_url="http://127.0.0.1")
    for path in ("compare", "compare/changes", "compare/items"):
        said = alone.get(f"/api/{path}")
        assert (said.status_code, said.json()["detail"]) == (
            404,
            "two runs are compared, and one is served: firth serve A B.",
        )


@pytest.mark.parametrize("asked", ["?k=0", "?k=100000", "?top=-1", "/items?run=2", "/changes?by=name"])
def test_questions_outside_their_range_are_refused(client: TestClient, asked: str):
    assert client.get(f"/api/compare{asked}").status_code == 422


def test_runs_are_compared_once_and_again_when_one_was_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folders = compared_runs(tmp_path)
    client = TestClient(create_app(folders), base_url="http://127.0.0.1")
    calls, may_end = [], Event()
    compare_runs = routes.compare_runs

    def slow(*runs: firth.Run, **given: object):
        calls.append(given["k"])
        compared = compare_runs(*runs, **given)
        assert may_end.wait(20)
        return compared

    monkeypatch.setattr(routes, "compare_runs", slow)
    said = client.get("/api/compare/items", params={"wait": 0.5})
    assert (said.status_code, said.json()["state"], said.json()["total"]) == (202, "working", 3)
    may_end.set()
    for path in ("", "/items", "/changes"):
        assert client.get(f"/api/compare{path}").status_code == 200
    assert calls == [10]
    monkeypatch.setattr(shelf, "LOOK_EVERY_S", 0)
    document = folders[1] / "run.json"
    os.utime(document, ns=(1, 1))
    assert client.get("/api/compare").status_code == 200
    assert calls == [10, 10]
