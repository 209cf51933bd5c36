"""A run over HTTP while it is made: what is told is what its folder holds at that moment."""

from pathlib import Path

import pyarrow as pa
import pytest
from fastapi.testclient import TestClient
from planted_run import planted_run

import firth
from firth.errors import DivergenceError
from firth.explorer.app import create_app
from firth.runs import folder as files
from firth.runs import live
from watched_runs import STAGES, TRAIN, planted_table, recipe


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Items of three groups whose keys hold a comma."""
    return planted_table(tmp_path_factory.mktemp("planted"))


class Asking:
    """One who asks a service about a run each time that the run is heard of."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.told, self.frames = folder, [], []
        self.client: TestClient | None = None

    def ask(self, *_: object) -> None:
        if self.client is None:
            self.client = TestClient(create_app([self.folder]), base_url="http://127.0.0.1")
        answer = self.client.get("/api/runs/0/training")
        assert answer.status_code == 200, answer.text
        self.told.append(answer.json())
        after = f"?after={self.frames[-1][0]}" if self.frames else ""
        frame = self.client.get(f"/api/runs/0/training/frame{after}")
        if frame.status_code == 200:
            self.frames.append((int(frame.headers["firth-step"]), pa.ipc.open_stream(frame.content).read_all()))
        else:
            assert frame.status_code == 204
            assert frame.content == b""


@pytest.fixture(scope="module")
def followed(table: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[firth.Run, Asking]:
    """A run, and what was told of it from the beginning to the end."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    asking = Asking(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("firth.explorer.shelf.LOOK_EVERY_S", 0.0)
        patch.setattr(live, "EVERY_S", 0.0)
        patch.setattr(live, "_SHARE", float("inf"))
        patch.setattr(live, "_BLOCKED", float("inf"))
        run = firth.run_recipe(recipe(table), out=folder, progress=firth.CallbackProgress(asking.ask))
        asking.ask()
    return run, asking


def test_every_stage_is_told_of_while_it_lasts(followed: tuple[firth.Run, Asking]):
    _, asking = followed
    seen = [told["stage"] for told in asking.told if told["stage"] is not None]
    assert list(dict.fromkeys(seen)) == [name for name in STAGES if name in seen]
    for told in asking.told[:-1]:
        assert told["status"] == "running"
        assert [stage["name"] for stage in told["stages"]] == STAGES
        states = [stage["state"] for stage in told["stages"]]
        assert states == sorted(states, key=["done", "running", "waiting"].index)
    assert any(0 < told["done"] < told["total"] and (told["eta_s"] or 0) > 0 for told in asking.told if told["total"])


def test_a_run_is_told_of_before_it_has_vectors_and_served_when_it_has(followed: tuple[firth.Run, Asking]):
    _, asking = followed
    generations = list(dict.fromkeys(told["generation"] for told in asking.told))
    assert generations[0] is None
    assert len(generations) == 3  # none, trained, complete
    trained = [told for told in asking.told if told["generation"] == generations[1]]
    assert trained[-1]["status"] == "running"
    assert asking.client is not None
    assert asking.client.get("/api/about").json()["runs"][0]["generation"] == generations[2]


def test_the_history_grows_and_stays_when_the_run_is_complete(followed: tuple[firth.Run, Asking]):
    run, asking = followed
    lengths = [len(told["history"]) for told in asking.told]
    assert lengths == sorted(lengths)
    assert len(set(lengths)) > 10
    last = asking.told[-1]
    assert last["status"] == "complete"
    assert last["history"] == asking.told[-2]["history"]
    assert [row["heldout_loss"] for row in last["history"]] == run.history["heldout_loss"].to_list()
    assert [row["contexts"]["score"]["loss"] for row in last["history"]] == run.history["loss_score"].to_list()
    (probe,) = last["history"][-1]["probes"]
    assert probe["key"] == "item, 03"
    assert all(key in run.vectors for key in probe["neighbors"])
    assert [stage["name"] for stage in last["stages"]] == STAGES


def test_the_map_is_told_of_as_it_forms(followed: tuple[firth.Run, Asking]):
    run, asking = followed
    steps = [step for step, _ in asking.frames]
    assert steps == sorted(set(steps))
    assert len(steps) > 3
    step, last = asking.frames[-1]
    assert step == 300
    assert last.schema.types == [pa.float32(), pa.float32()]
    assert last["y"].to_pylist() == run.items["y"].to_list()
    told = [told for told in asking.told if told["map"]][-1]
    assert told["frame"] == 300
    assert told["map"][-1] == {"iteration": 300, "kl": pytest.approx(run.metrics["map"]["kl"])}
    assert asking.told[-1]["frame"] is None


def test_a_training_that_failed_is_told_with_its_losses_and_without_its_place(table: Path, tmp_path: Path):
    wrong = recipe(table, train={**TRAIN, "learning_rate": 1000.0, "pairs": 600_000})
    with pytest.raises(DivergenceError):
        firth.run_recipe(wrong, out=tmp_path / "run")
    document = files.read_document(tmp_path / "run")
    files.write_document(tmp_path / "run", {**document, "error": f"{tmp_path}/run says no"})
    told = TestClient(create_app([tmp_path / "run"]), base_url="http://127.0.0.1").get("/api/runs/0/training").json()
    assert told["status"] == "failed"
    assert told["error"] == "run says no"
    assert told["frame"] is told["stage"] is None


def test_what_a_killed_map_left_in_a_complete_run_is_not_told(tmp_path: Path):
    run = planted_run(tmp_path / "run", ["a", "b", "c"])
    made = live.Live(run.folder)
    with made.stage("map"):
        made.show(7, lambda: run.vectors.matrix[:, :2], is_last=True)
        client = TestClient(create_app([tmp_path / "run"]), base_url="http://127.0.0.1")
        assert client.get("/api/runs/0/training").json()["frame"] == 7
        made._now.process = {**files.owner(), "began": "1"}
        made._write()
    told = client.get("/api/runs/0/training").json()
    assert (told["status"], told["frame"], told["stage"], told["history"]) == ("complete", None, None, [])
    assert client.get("/api/runs/0/training/frame").status_code == 204


def test_a_run_that_replaces_another_does_not_show_its_losses(followed: tuple[firth.Run, Asking], tmp_path: Path):
    run = followed[0].save(tmp_path / "run")
    client = TestClient(create_app([tmp_path / "run"]), base_url="http://127.0.0.1")
    assert client.get("/api/runs/0/training").json()["history"]
    files.write_document(
        tmp_path / "run", {**run.document, "status": "running", "started": "now", "process": files.owner()}
    )
    told = client.get("/api/runs/0/training").json()
    assert (told["status"], told["history"]) == ("running", [])
    assert told["generation"] is not None


@pytest.mark.parametrize("path", ["training", "training/frame", "training/frame?after=-1", "training/frame?after=x"])
def test_questions_that_make_no_sense_are_refused(tmp_path: Path, path: str):
    planted_run(tmp_path / "run", ["a", "b", "c"])
    client = TestClient(create_app([tmp_path / "run"]), base_url="http://127.0.0.1")
    assert client.get(f"/api/runs/1/{path}").status_code == (422 if "?" in path else 404)
