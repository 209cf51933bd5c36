"""The service says what the command line says: the same keys, the same numbers, from the same functions."""

import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from fastapi.testclient import TestClient
from planted_run import planted_run
from service_run import HOSTILE
from typer.testing import CliRunner

import firth
from firth.cli.app import app
from firth.explorer.app import create_app
from firth.explorer.options import ServeOptions
from firth.runs.why import why

KEY, OTHER = "item 41", HOSTILE[0]


def client_of(*folders: Path, **options: Any) -> TestClient:
    return TestClient(create_app(folders, options=ServeOptions(**options)), base_url="http://127.0.0.1")


@pytest.fixture(scope="module")
def client(service_run: Path) -> TestClient:
    return client_of(service_run)


@pytest.fixture(scope="module")
def run(service_run: Path) -> firth.Run:
    return firth.load_run(service_run)


def by_command(run: Path, command: str, *arguments: str) -> Any:
    done = CliRunner().invoke(app, [command, str(run), *arguments, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def without_what_a_page_needs(answer: Any, run: firth.Run) -> Any:
    """Return a service's answer as the command says it: without ids, which are right, and with the run's folder."""
    answer["run"] = str(run.folder)
    for name in ("neighbors", "recommendations"):
        for item in answer.get(name, []):
            assert run.vectors.keys[item.pop("id")] == item["key"]
    return answer


@pytest.mark.parametrize(
    ("command", "arguments", "method", "path", "question"),
    [
        ("neighbors", (KEY, "-k", "7", "--confidence"), "GET", "neighbors", {"key": KEY, "k": 7}),
        ("recommend", (KEY, OTHER, "-k", "4"), "POST", "recommend", {"keys": [KEY, OTHER], "k": 4}),
        (
            "arithmetic",
            ("--plus", KEY, OTHER, "--minus", "item 20"),
            "POST",
            "arithmetic",
            {"plus": [KEY, OTHER], "minus": ["item 20"]},
        ),
        ("clusters", (), "GET", "clusters", {}),
    ],
)
def test_the_service_says_what_the_command_says(
    client: TestClient, run: firth.Run, command: str, arguments: tuple[str, ...], method: str, path: str, question: Any
):
    given = {"params": question} if method == "GET" else {"json": question}
    answer = client.request(method, f"/api/runs/0/{path}", **given)
    said = by_command(run.folder, command, *arguments)
    assert answer.status_code == 200
    assert without_what_a_page_needs(answer.json(), run) == said
    assert list(answer.json()) == list(said)


def test_the_evaluation_is_the_commands_with_the_agreement(client: TestClient, run: firth.Run):
    answer = client.get("/api/runs/0/evaluation").json()
    agreement = answer.pop("agreement")
    assert without_what_a_page_needs(answer, run) == by_command(run.folder, "evaluate")
    assert agreement == [one.to_dict() for one in run.agreement()]


def test_the_agreement_is_computed_where_none_is_stored(service_run: Path, tmp_path: Path):
    folder = Path(shutil.copytree(service_run, tmp_path / "plays"))
    document = json.loads((folder / "run.json").read_text())
    stored = document["metrics"].pop("agreement")
    (folder / "run.json").write_text(json.dumps(document))
    assert client_of(folder).get("/api/runs/0/evaluation").json()["agreement"] == stored


def test_ranking_is_the_function_that_evaluations_ask(
    service_run: Path, monkeypatch: pytest.MonkeyPatch, run: firth.Run
):
    asked = []
    similar = firth.Vectors.similar_ids
    monkeypatch.setattr(
        firth.Vectors, "similar_ids", lambda self, *a, **b: asked.append("similar") or similar(self, *a, **b)
    )
    client = client_of(service_run)
    client.get("/api/runs/0/neighbors", params={"key": KEY})
    assert asked == ["similar"]
    recommender = type(run.recommender)
    recommend = recommender.recommend_ids
    monkeypatch.setattr(
        recommender, "recommend_ids", lambda self, *a, **b: asked.append("recommend") or recommend(self, *a, **b)
    )
    client.post("/api/runs/0/recommend", json={"keys": [KEY]})
    assert asked == ["similar", "recommend"]


def test_why_says_what_two_items_have_in_common(client: TestClient, run: firth.Run):
    other = "item 42"
    answer = client.get("/api/runs/0/why", params={"a": KEY, "b": other}).json()
    assert (answer["a"], answer["b"]) == (KEY, other)
    assert answer["cosine"] == round(run.vectors.similarity(KEY, other), 6)
    assert answer["shared"] == {"tag": ["tag 2"]}
    assert answer["numbers"] == {"year": [1996.0, 1990.0]}
    table = pl.read_parquet(run.folder.parent / "plays.parquet").sort("playlist", "position")
    together = 0.0
    for (_,), plays in table.group_by("playlist"):
        keys = plays["item"].to_list()
        pairs = [(i, j) for i, a in enumerate(keys) for j, b in enumerate(keys) if (a, b) == (KEY, other)]
        together += sum(1 / abs(i - j) for i, j in pairs if abs(i - j) <= 3)
    assert together > 0
    assert answer["together"] == pytest.approx(together, rel=1e-6)
    found = run.recommender.recommend([KEY, other], k=5).found
    assert answer["company"] == [{"key": key, "prediction": round(value, 6)} for key, value in found]


def test_why_of_items_without_company_says_so(tmp_path: Path):
    columns = {"tags": [["a", "b"], ["b", "c", "a"], None], "mood": ["calm", "calm", "wild"], "size": [1.0, None, None]}
    run = planted_run(tmp_path / "run", ["one", "two", "three"], columns=columns)
    first, second = why(run, "one", "two"), why(run, "two", "three")
    assert (first.shared, first.numbers) == ({"tags": ["a", "b"], "mood": ["calm"]}, {"size": (1.0, None)})
    assert (second.shared, second.numbers) == ({}, {})
    assert (first.together, first.company) == (None, [])


def test_items_are_told_by_id_and_by_key(client: TestClient, run: firth.Run):
    ids = [run.vectors.vocabulary.id(key) for key in (OTHER, KEY)]
    assert client.post("/api/runs/0/keys", json={"ids": [*ids, ids[0]]}).json() == {"keys": [OTHER, KEY, OTHER]}
    assert client.post("/api/runs/0/keys", json={"ids": []}).json() == {"keys": []}
    assert client.post("/api/runs/0/keys", json={"ids": [len(run.items)]}).status_code == 404
    items = client.post("/api/runs/0/items", json={"keys": [KEY, "nobody", OTHER, KEY]}).json()["items"]
    assert [(item["id"], item["key"]) for item in items] == [(ids[1], KEY), (ids[0], OTHER), (ids[1], KEY)]
    assert items[0]["tag"] == ["tag 2"]
    assert items[0]["cluster"] == run.items["cluster"][ids[1]]


def test_members_of_a_cluster_come_from_its_middle_outwards(client: TestClient, run: firth.Run):
    cluster = run.clusters[1]
    found = []
    for offset in range(0, cluster.size + 3, 4):
        answer = client.get("/api/runs/0/clusters/1", params={"offset": offset, "k": 4}).json()
        assert answer["total"] == cluster.size
        found += [item["key"] for item in answer["items"]]
    assert found[: len(cluster.examples)] == list(cluster.examples)
    members = [key for key, number in zip(run.vectors.keys, run.items["cluster"], strict=True) if number == 1]
    assert sorted(found) == sorted(members)
    assert client.get("/api/runs/0/clusters/4").status_code == 404


def test_two_runs_are_told_apart(service_run: Path, tmp_path: Path):
    planted_run(tmp_path / "other", ["one", "two", "three"])
    client = client_of(service_run, tmp_path / "other")
    assert [about["name"] for about in client.get("/api/about").json()["runs"]] == ["plays", "other"]
    assert client.get("/api/runs/1/neighbors", params={"key": "one"}).json()["run"] == "other"
    assert client.get("/api/runs/0/neighbors", params={"key": "one"}).status_code == 404
    assert client.get("/api/runs/2/neighbors", params={"key": "one"}).status_code == 422
    assert client.get("/api/runs/1/clusters").json() == {"run": "other", "clusters": []}
    assert client.get("/api/runs/1/clusters/0").status_code == 404


def test_a_run_that_cannot_recommend_says_why(tmp_path: Path):
    planted_run(tmp_path / "other", ["one", "two", "three"])
    answer = client_of(tmp_path / "other").post("/api/runs/0/recommend", json={"keys": ["one"]})
    assert answer.status_code == 400
    assert "recommending needs the model's own prediction" in answer.json()["detail"]


def test_numbers_that_are_none_are_null(tmp_path: Path):
    columns = {"score": [math.nan, math.inf, -math.inf], "scores": [[1.0, math.nan], [], None]}
    planted_run(tmp_path / "run", ["one", "two", "three"], columns=columns)
    client = client_of(tmp_path / "run")
    answer = client.post("/api/runs/0/items", json={"keys": ["one", "two"]})
    assert [item["score"] for item in answer.json()["items"]] == [None, None]
    assert answer.json()["items"][0]["scores"] == [1.0, None]
    for path in ("neighbors?key=three", "why?a=one&b=two"):
        answer = client.get(f"/api/runs/0/{path}")
        assert answer.status_code == 200
        assert b"NaN" not in answer.content
        assert b"Infinity" not in answer.content


def test_an_attribute_called_id_does_not_hide_the_id(tmp_path: Path):
    planted_run(tmp_path / "run", ["one", "two", "three"], columns={"id": ["x", "y", "z"], "cosine": [7, 8, 9]})
    answer = client_of(tmp_path / "run").get("/api/runs/0/neighbors?key=one&k=2").json()
    assert sorted(item["id"] for item in answer["neighbors"]) == [1, 2]


def test_limits_are_the_services_own(service_run: Path):
    client = client_of(service_run, max_k=5)
    assert client.get("/api/about").json()["limits"] == {"k": 5}
    for k, status in ((5, 200), (6, 422)):
        assert client.get("/api/runs/0/neighbors", params={"key": KEY, "k": k}).status_code == status
        assert client.post("/api/runs/0/arithmetic", json={"plus": [KEY], "k": k}).status_code == status
        assert client.post("/api/runs/0/recommend", json={"keys": [KEY], "k": k}).status_code == status


def test_a_few_items_are_served(tmp_path: Path):
    for n in (1, 3, 17):
        keys = [f"key {i}" for i in range(n)]
        planted_run(tmp_path / str(n), keys)
        answer = client_of(tmp_path / str(n)).get("/api/runs/0/neighbors", params={"key": "key 0", "k": 20}).json()
        assert sorted(item["key"] for item in answer["neighbors"]) == sorted(keys[1:])


def test_a_failure_of_ours_tells_nothing_and_is_logged(
    service_run: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr("firth.explorer.routes.questions.why_near", lambda *_: 1 / 0)
    client = client_of(service_run)
    answer = client.get("/api/runs/0/why", params={"a": KEY, "b": OTHER})
    assert (answer.status_code, answer.json()) == (
        500,
        {"detail": "the service failed at this request; its log says why."},
    )
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "ZeroDivisionError" in caplog.text


def test_what_is_counted_is_told_by_route_and_never_by_key(service_run: Path):
    client = client_of(service_run)
    for key in (KEY, OTHER, "nobody"):
        client.get("/api/runs/0/neighbors", params={"key": key})
    client.get("/nothing-here")
    text = client.get("/metrics").text
    route = 'route="/api/runs/{run}/neighbors"'
    assert f'firth_requests_total{{method="GET",{route},status="200"}} 2.0' in text
    assert f'firth_requests_total{{method="GET",{route},status="404"}} 1.0' in text
    assert f"firth_request_seconds_count{{{route}}} 3.0" in text
    assert "firth_batch_questions_count 2.0" in text
    assert "firth_reloads 0.0" in text
    assert 'firth_items{generation="' in text
    assert "nothing-here" not in text
    assert "item 41" not in text


def test_counts_of_pairs_are_read_one_by_one(run: firth.Run):
    counts = run.recommender.counts
    n = counts.n_items
    dense = counts.sums([np.array([i]) for i in range(n)], [np.ones(1)] * n)
    assert [[counts.value(i, j) for j in range(n)] for i in range(n)] == dense.tolist()
    assert counts.value(n, 0) == 0.0
