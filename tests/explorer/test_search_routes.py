"""Items by what somebody types, over HTTP."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from planted_run import planted_run

from firth.explorer.app import create_app
from firth.explorer.options import ServeOptions

KEYS = ["radiohead", "Radio Dept.", "Beyoncé", "the radio", "<script>alert(1)</script>", "雨"]


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    run = planted_run(tmp_path / "run", KEYS, columns={"tags": [["rock"], ["pop"], None, [], ["a"], ["b"]]})
    assert run.folder is not None
    return TestClient(create_app([run.folder], options=ServeOptions(max_k=20)), base_url="http://127.0.0.1")


def test_what_is_typed_finds_items_with_their_counts(client: TestClient):
    answer = client.get("/api/runs/0/search", params={"q": "radio", "k": 2})
    assert answer.status_code == 200
    assert answer.json() == {
        "query": "radio",
        "matches": [
            {"id": 0, "key": "radiohead", "how": "prefix", "count": 18},
            {"id": 1, "key": "Radio Dept.", "how": "prefix", "count": 17},
        ],
    }


@pytest.mark.parametrize("text", ["", "   ", "\0", "zzzzzzzz"])
def test_nothing_is_found_for_nothing(client: TestClient, text: str):
    assert client.get("/api/runs/0/search", params={"q": text}).json() == {"query": text, "matches": []}


def test_more_than_the_limit_is_refused(client: TestClient):
    answer = client.get("/api/runs/0/search", params={"q": "radio", "k": 21})
    assert (answer.status_code, answer.json()) == (400, {"detail": "k must be at most 20, got 21."})
    assert client.get("/api/runs/0/search", params={"q": "radio", "k": -1}).status_code == 422


def test_a_run_that_is_not_served_is_told(client: TestClient):
    assert client.get("/api/runs/1/search", params={"q": "radio"}).status_code == 404


def test_keys_by_id_and_items_by_key(client: TestClient):
    assert client.post("/api/runs/0/keys", json={"ids": [5, 0]}).json() == {"keys": ["雨", "radiohead"]}
    assert client.post("/api/runs/0/keys", json={"ids": [6]}).status_code == 404
    answer = client.post("/api/runs/0/items", json={"keys": ["Beyoncé", "nobody", "radiohead"]}).json()
    assert answer == {
        "items": [
            {"id": 2, "key": "Beyoncé", "count": 16, "tags": None},
            {"id": 0, "key": "radiohead", "count": 18, "tags": ["rock"]},
        ]
    }
