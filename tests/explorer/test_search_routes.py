"""Items by what somebody types, over HTTP."""

import shutil
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from planted_run import planted_run

from firth.explorer.app import create_app
from firth.explorer.options import ServeOptions
from firth.explorer.shelf import Served
from firth.runs import folder as files
from firth.vectors.search import KeySearch

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
    assert (answer.status_code, answer.json()) == (422, {"detail": "k must be from 1 to 20, got 21."})
    assert client.get("/api/runs/0/search", params={"q": "radio", "k": 0}).status_code == 422


def test_a_run_that_is_not_served_is_told(client: TestClient):
    assert client.get("/api/runs/1/search", params={"q": "radio"}).status_code == 404


@pytest.mark.parametrize(
    ("text", "key", "how"),
    [
        ("beyonce", "Beyoncé", "exact"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>", "exact"),
        ("dept", "Radio Dept.", "word"),
        ("adioh", "radiohead", "inside"),
        ("radoihead", "radiohead", "typo"),
        ("雨" + "x" * 10_000, None, None),
        ("\ud83d", None, None),
    ],
)
def test_each_kind_of_match_is_told(client: TestClient, text: str, key: str | None, how: str | None):
    answer = client.get("/api/runs/0/search?q=" + quote(text, errors="surrogatepass"))
    assert answer.status_code == 200
    first = next(iter(answer.json()["matches"]), {"key": None, "how": None})
    assert (first["key"], first["how"]) == (key, how)


def test_a_run_without_counts_says_null(tmp_path: Path):
    run = planted_run(tmp_path / "run", KEYS)
    assert run.folder is not None
    (tmp_path / "run" / "vectors.safetensors").unlink()
    files.write_arrays(run.folder, {"vectors": run.vectors.matrix})
    client = TestClient(create_app([run.folder]), base_url="http://127.0.0.1")
    assert client.get("/api/runs/0/search?q=radiohead&k=1").json()["matches"][0]["count"] is None


def test_what_a_new_state_of_the_run_holds_is_found(tmp_path: Path):
    folder = tmp_path / "run"
    planted_run(folder, KEYS)
    client = TestClient(create_app([folder]), base_url="http://127.0.0.1")
    assert client.get("/api/runs/0/search?q=newcomer").json()["matches"] == []
    shutil.rmtree(folder)
    planted_run(folder, ["newcomer", *KEYS])
    for _ in range(200):
        found = client.get("/api/runs/0/search?q=newcomer").json()["matches"]
        if found:
            break
        time.sleep(0.05)  # a folder is looked at every half second
    assert [match["key"] for match in found] == ["newcomer"]


def test_the_search_is_made_before_anybody_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    planted_run(tmp_path / "run", KEYS)
    made = threading.Event()

    class Told(KeySearch):
        def __init__(self, keys: Sequence[str]) -> None:
            super().__init__(keys)
            made.set()

    monkeypatch.setattr("firth.vectors.search.KeySearch", Told)
    with TestClient(create_app([tmp_path / "run"]), base_url="http://127.0.0.1"):
        assert made.wait(timeout=20)


def test_the_search_is_made_once_and_its_failure_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    run = planted_run(tmp_path / "run", KEYS)
    served = Served(run, 0, "1")
    assert served.begin_search() is served.begin_search()
    assert served.search is served.search

    def fail(_: Sequence[str]) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr("firth.vectors.search.KeySearch", fail)
    with pytest.raises(MemoryError, match="no room"):
        Served(run, 0, "2").search  # noqa: B018 (made when asked for)
