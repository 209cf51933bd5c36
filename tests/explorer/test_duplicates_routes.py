"""Duplicates over HTTP: found once, decided on, and what is decided is the table that the command merges."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from copied_run import COPIES, NAMESAKE, copied_run
from fastapi.testclient import TestClient
from planted_run import planted_run

import firth
from firth.errors import OptionError
from firth.explorer import shelf, works
from firth.explorer.app import create_app
from firth.explorer.options import ServeOptions
from firth.explorer.routes import duplicates as routes
from firth.runs.duplicates import duplicates_document, duplicates_of
from firth.runs.merging import retrain_merged
from firth.vectors.merge_table import read_merges

pytest.importorskip("rapidfuzz")

SONG, COPY, GUESTS = "Ann - Anchor", *COPIES["Ann - Anchor"]
OTHER, OTHER_COPY = "Bob - Bridge", *COPIES["Bob - Bridge"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> firth.Run:
    return copied_run(tmp_path_factory.mktemp("copied"))


@pytest.fixture
def folder(made: firth.Run, tmp_path: Path) -> Path:
    """A copy that a test may write into."""
    return Path(shutil.copytree(made.folder, tmp_path / "songs"))


@pytest.fixture
def client(folder: Path) -> TestClient:
    return TestClient(create_app([folder]), base_url="http://127.0.0.1")


def group(keep: str, *others: str, apart: tuple[str, ...] = (), merge: bool | None = True) -> dict[str, object]:
    return {"keep": keep, "keys": [keep, *others], "apart": list(apart), "merge": merge}


def decide(client: TestClient, *groups: dict[str, object]):
    return client.post("/api/runs/0/merges", json={"groups": groups})


def test_duplicates_are_the_document_of_the_command(client: TestClient, folder: Path):
    run = firth.Run.load(folder)
    document = client.get("/api/runs/0/duplicates").json()
    assert document == json.loads(json.dumps(duplicates_document(run.name, duplicates_of(run))))
    assert {item["key"] for item in document["groups"][0]["items"]} == {SONG, COPY, GUESTS}
    assert [{item["key"] for item in each["items"]} for each in document["namesakes"]] == [set(NAMESAKE)]
    strict = client.get("/api/runs/0/duplicates", params={"min_cosine": 1}).json()
    assert strict["groups"] == []
    assert len(strict["namesakes"]) == 4


def test_they_are_computed_once_and_anew_for_a_run_that_was_made_anew(
    client: TestClient, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    calls = []
    monkeypatch.setattr(
        routes, "duplicates_of", lambda run, **given: calls.append(given) or duplicates_of(run, **given)
    )
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: client.get("/api/runs/0/duplicates").content, range(4)))
    assert len(set(answers)) == 1
    assert len(calls) == 1
    client.get("/api/runs/0/duplicates", params={"versions": True})
    assert [given["versions"] for given in calls] == [False, True]
    monkeypatch.setattr(shelf, "LOOK_EVERY_S", 0)
    firth.Run.load(folder).save()
    client.get("/api/runs/0/duplicates")
    assert len(calls) == 3


def test_who_does_not_wait_is_told_that_it_works(client: TestClient, monkeypatch: pytest.MonkeyPatch):
    may_end = Event()

    def slow(run: firth.Run, **_: object):
        assert may_end.wait(20)
        return duplicates_of(run)

    monkeypatch.setattr(routes, "duplicates_of", slow)
    said = client.get("/api/runs/0/duplicates", params={"wait": 0})
    assert (said.status_code, said.json()["state"], said.headers["retry-after"]) == (202, "working", "1")
    others = [client.get("/api/runs/0/duplicates", params={"wait": 0, "min_cosine": c / 10}) for c in range(4)]
    assert [each.status_code for each in others] == [202, 202, 202, 429]
    assert "at most 4 long computations wait at a time" in others[-1].json()["detail"]
    may_end.set()
    assert len(client.get("/api/runs/0/duplicates").json()["groups"]) == 3


def test_what_fails_is_told_and_tried_again(client: TestClient, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object, **__: object):
        raise OptionError("it must not fail, got a failure.")

    monkeypatch.setattr(routes, "duplicates_of", fail)
    for _ in range(2):
        said = client.get("/api/runs/0/duplicates")
        assert (said.status_code, said.json()["detail"]) == (400, "it must not fail, got a failure.")
    monkeypatch.undo()
    assert client.get("/api/runs/0/duplicates").status_code == 200


def test_answers_that_were_not_asked_for_lately_are_forgotten():
    kept = works.Works(max_kept=2)
    for name in ((1, "a"), (1, "b"), (1, "a"), (2, "c")):
        assert kept.ask(name, lambda _, name=name: name).future.result(timeout=10) == name
    assert kept.kept(1) == [(1, "a")]
    assert kept.kept() == [(2, "c"), (1, "a")]


@pytest.mark.parametrize("asked", ["min_cosine=1.01", "min_similarity=-1", "min_cosine=nan", "wait=inf", "versions=x"])
def test_options_outside_their_range_are_refused(client: TestClient, asked: str):
    assert client.get(f"/api/runs/0/duplicates?{asked}").status_code == 422


def test_decisions_are_read_back_with_the_command_that_merges(client: TestClient, folder: Path):
    before = client.get("/api/runs/0/merges").json()
    assert before["groups"] == []
    assert before["cannot_merge"] is None
    assert before["command"] == f"firth duplicates {folder} --merge {folder}/merge.csv"
    accepted, rejected = group(COPY, SONG, apart=(GUESTS,)), group(OTHER, OTHER_COPY, merge=False)
    assert decide(client, accepted).json()["n_groups"] == 1
    said = decide(client, rejected).json()
    assert said == {"table": f"{folder}/merge.csv", "n_groups": 2, "n_merged": 1, "n_apart": 1}
    assert client.get("/api/runs/0/merges").json()["groups"] == [accepted, rejected]
    fresh = TestClient(create_app([folder]), base_url="http://127.0.0.1")
    assert fresh.get("/api/runs/0/merges").json()["groups"] == [accepted, rejected]
    assert decide(client, group(COPY, SONG, GUESTS, merge=None)).json()["n_groups"] == 1
    assert client.get("/api/runs/0/merges").json()["groups"] == [rejected]


def test_elsewhere_nobody_is_told_where_a_run_lies(folder: Path):
    options = ServeOptions(host="0.0.0.0", token="a" * 20)
    app = create_app([folder], options=options)
    client = TestClient(app, base_url="http://127.0.0.1", headers={"authorization": f"Bearer {'a' * 20}"})
    assert client.get("/api/runs/0/merges").json()["command"] == "firth duplicates songs --merge songs/merge.csv"
    assert decide(client, group(OTHER, OTHER_COPY)).json()["table"] == "songs/merge.csv"
    assert str(folder.parent) not in decide(client, group(OTHER)).text


def test_the_table_shows_counts_and_what_was_found(client: TestClient, folder: Path):
    found = client.get("/api/runs/0/duplicates").json()["groups"]
    (pair,) = next(each["pairs"] for each in found if each["keep"] == OTHER)
    decide(client, group(OTHER, OTHER_COPY))
    counts = {item["key"]: item["count"] for each in found for item in each["items"]}
    line = (folder / "merge.csv").read_text(encoding="utf-8").splitlines()[2]
    assert line == f"1,{OTHER},{OTHER_COPY},{counts[OTHER_COPY]},{pair['cosine']:.3f},100.0,yes"


def test_from_decisions_to_a_merged_run(client: TestClient, folder: Path, tmp_path: Path):
    decide(client, group(COPY, SONG, apart=(GUESTS,)), group(OTHER, OTHER_COPY, merge=False), group(*NAMESAKE))
    before = firth.Run.load(folder)
    made = retrain_merged(before, [folder / "merge.csv"], out=tmp_path / "merged")
    assert set(before.vectors.keys) - set(made.vectors.keys) == {SONG, NAMESAKE[1]}
    counts = [dict(zip(run.vectors.keys, run.vectors.counts.tolist(), strict=True)) for run in (before, made)]
    assert counts[1][COPY] == counts[0][COPY] + counts[0][SONG]
    assert counts[1][GUESTS] == counts[0][GUESTS]


def test_a_table_in_the_folder_that_is_replaced_is_refused(client: TestClient, folder: Path):
    decide(client, group(OTHER, OTHER_COPY))
    with pytest.raises(OptionError, match="which would be replaced: copy it out, or choose another folder"):
        retrain_merged(firth.Run.load(folder), [folder / "merge.csv"], out=folder, replace=True)
    assert read_merges(folder / "merge.csv").names == {OTHER_COPY: OTHER}
    again = retrain_merged(firth.Run.load(folder), [], out=folder, replace=True)  # the folder is still known as a run's
    assert len(again.vectors) == 45


BAD = [
    ({"groups": []}, 422, "at least 1"),
    ({"groups": [{"keep": "x", "keys": []}]}, 422, "merge"),
    ({"groups": [{**group(SONG, COPY), "merge": "yes"}]}, 422, "bool"),
    ({"groups": [{**group(SONG, COPY), "kept": True}]}, 422, "kept"),
    ({"groups": [group(SONG, "Ann - Ancor")]}, 404, "unknown item 'Ann - Ancor'. Closest: 'Ann - Anchor'"),
    ({"groups": [group(SONG, COPY, apart=("nobody",))]}, 404, "unknown item 'nobody'"),
    (
        {"groups": [{**group(SONG, COPY), "keep": OTHER}]},
        400,
        "keep must be one of the group's keys, got 'Bob - Bridge'",
    ),
    ({"groups": [group(SONG)]}, 400, "two keys at least are merged, got 1"),
    (
        {"groups": [group(SONG, COPY), group(SONG, GUESTS)]},
        400,
        "a key belongs to one group, got 'Ann - Anchor' in two",
    ),
]


@pytest.mark.parametrize(("body", "status", "message"), BAD, ids=[message for *_, message in BAD])
def test_decisions_that_are_refused_write_nothing(
    client: TestClient, folder: Path, body: object, status: int, message: str
):
    said = client.post("/api/runs/0/merges", json=body)
    assert said.status_code == status
    assert message in json.dumps(said.json(), ensure_ascii=False)
    assert not (folder / "merge.csv").exists()


def test_a_table_broken_by_hand_is_reported_and_stays(client: TestClient, folder: Path):
    broken = f"group,keep,key,merge\n1,{SONG},{COPY},perhaps\n"
    (folder / "merge.csv").write_text(broken, encoding="utf-8")
    for said in (client.get("/api/runs/0/merges"), decide(client, group(OTHER, OTHER_COPY))):
        assert said.status_code == 400
        assert "line 2: merge must be yes or no, got 'perhaps'" in said.json()["detail"]
    assert (folder / "merge.csv").read_text(encoding="utf-8") == broken


def test_decisions_of_hands_on_keys_that_the_run_has_not(client: TestClient, folder: Path):
    (folder / "merge.csv").write_text(f"group,keep,key,merge\n1,{SONG},gone,yes\n", encoding="utf-8")
    assert client.get("/api/runs/0/merges").json()["groups"] == [
        {"keep": SONG, "keys": ["gone"], "apart": [], "merge": True}
    ]
    assert decide(client, group(SONG, COPY, "gone")).status_code == 200
    assert read_merges(folder / "merge.csv").names == {COPY: SONG, "gone": SONG}


def test_clients_at_the_same_time_lose_nothing(client: TestClient, folder: Path):
    keys = list(firth.Run.load(folder).vectors.keys)
    pairs = [keys[place : place + 2] for place in range(0, 40, 2)]
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda pair: decide(client, group(*pair)).status_code, pairs))
    assert statuses == [200] * 20
    assert read_merges(folder / "merge.csv").names == {other: keep for keep, other in pairs}


def test_keys_of_any_letters_come_back(tmp_path: Path):
    keys = ['a,"b"', "a\r\nb", "<script>alert(1)</script>", "\u202eabc", "=1+1", "x\0y", "é" * 3000]
    folder = planted_run(tmp_path / "odd", keys).folder
    client = TestClient(create_app([folder]), base_url="http://127.0.0.1")
    assert decide(client, group(*keys)).status_code == 200
    assert client.get("/api/runs/0/merges").json()["groups"] == [group(*keys)]
    assert "was not made from a recipe" in client.get("/api/runs/0/merges").json()["cannot_merge"]
