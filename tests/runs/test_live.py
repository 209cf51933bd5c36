"""What a run writes while it is made: it can be watched from its folder, and is none the different for it."""

import errno
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import firth
from firth.errors import DivergenceError, SourceNotFoundError
from firth.runs import claiming, live
from firth.runs import folder as files
from watched_runs import STAGES, TRAIN, planted_table, recipe


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Items of three groups whose keys hold a comma."""
    return planted_table(tmp_path_factory.mktemp("planted"))


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is heard of is written at once."""
    monkeypatch.setattr(live, "EVERY_S", 0.0)
    monkeypatch.setattr(live, "_SHARE", float("inf"))
    monkeypatch.setattr(live, "_BLOCKED", float("inf"))


class Onlooker:
    """What another process would have read between two steps, each time that something was heard of."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.seen, self.frames = folder, [], []

    @property
    def progress(self) -> firth.CallbackProgress:
        return firth.CallbackProgress(self.look)

    def look(self, *_: object) -> None:
        found, frame = live.watched(self.folder), live.forming(self.folder)
        if found is not None:
            self.seen.append(found)
        if frame is not None and (not self.frames or self.frames[-1][0] != frame[0]):
            self.frames.append(frame)


@pytest.mark.usefixtures("always")
def test_a_run_can_be_watched_from_its_folder(table: Path, tmp_path: Path):
    onlooker = Onlooker(tmp_path / "run")
    run = firth.run_recipe(recipe(table), out=tmp_path / "run", progress=onlooker.progress)
    assert all(seen.plan == STAGES and seen.is_alive for seen in onlooker.seen)
    heard = [seen.stage for seen in onlooker.seen]
    assert list(dict.fromkeys(heard)) == [name for name in STAGES if name in heard]
    assert {"train", "map"} < set(heard)
    last = onlooker.seen[-1]
    assert [stage["name"] for stage in last.stages] == STAGES[: len(last.stages)]
    assert all(stage["seconds"] >= 0 for stage in last.stages[:-1])
    assert last.stages[-1]["seconds"] is None
    assert list((tmp_path / "run").glob("*live*")) == []
    assert run.status == "complete"


@pytest.mark.usefixtures("always")
def test_the_history_grows_to_the_one_that_is_kept(table: Path, tmp_path: Path):
    onlooker = Onlooker(tmp_path / "run")
    run = firth.run_recipe(recipe(table), out=tmp_path / "run", progress=onlooker.progress)
    lengths = [len(seen.history) for seen in onlooker.seen]
    assert lengths == sorted(lengths)
    assert len(set(lengths)) > 10
    rows = onlooker.seen[-1].history
    assert [{**row, "probes": None} for row in rows] == [{**row, "probes": None} for row in run.history.to_dicts()]
    assert {"heldout_loss_group", "loss_score"} < rows[0].keys()
    lines = [f"{probe['key']} -> {', '.join(probe['neighbors'])}" for row in rows for probe in row["probes"]]
    assert lines == run.history["probes"].explode().to_list()
    assert all(key in run.vectors for key in rows[-1]["probes"][0]["neighbors"])


@pytest.mark.usefixtures("always")
def test_the_map_is_seen_as_it_forms_and_ends_as_it_is_kept(table: Path, tmp_path: Path):
    onlooker = Onlooker(tmp_path / "run")
    run = firth.run_recipe(recipe(table), out=tmp_path / "run", progress=onlooker.progress)
    steps = [step for step, _ in onlooker.frames]
    assert steps[0] < 10
    assert steps == sorted(steps)
    assert len(steps) > 3
    last_step, last = onlooker.frames[-1]
    assert last_step == run.metrics["map"]["n_iter"] == 300
    assert last.dtype == np.float32
    assert last.tobytes() == run.items.select("x", "y").to_numpy().tobytes()
    figures = onlooker.seen[-1].map
    assert [row["iteration"] for row in figures] == [50, 100, 150, 200, 250, 300]
    assert figures[-1]["kl"] == pytest.approx(run.metrics["map"]["kl"], rel=1e-6)


def test_a_run_has_the_same_bytes_whether_it_can_be_watched_or_not(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def content(folder: Path) -> tuple[bytes, ...]:
        return tuple((folder / name).read_bytes() for name in (files.ARRAYS, files.ITEMS))

    written = []
    original = live._replace
    with monkeypatch.context() as patch:
        patch.setattr(live, "EVERY_S", 0.0)
        patch.setattr(live, "_SHARE", float("inf"))
        patch.setattr(live, "_BLOCKED", float("inf"))
        patch.setattr(live, "_replace", lambda path, content: (written.append(path.name), original(path, content)))
        firth.run_recipe(recipe(table), out=tmp_path / "watched")
    assert {files.LIVE, files.LIVE_MAP} == set(written)
    monkeypatch.setattr(live.Live, "over", lambda _, progress: progress)
    monkeypatch.setattr(live.Live, "_write", lambda *_: None)
    firth.run_recipe(recipe(table), out=tmp_path / "unwatched")
    assert content(tmp_path / "watched") == content(tmp_path / "unwatched")


def test_a_training_step_by_step_can_be_watched(table: Path, tmp_path: Path):
    corpus = firth.read_table(table, contexts=recipe(table).contexts)
    onlooker = Onlooker(tmp_path / "run")
    firth.train(corpus, out=tmp_path / "run", progress=onlooker.progress, **TRAIN)
    assert {(seen.stage, tuple(seen.plan)) for seen in onlooker.seen} == {("train", ("train",))}
    assert not (tmp_path / "run" / files.LIVE).exists()
    assert firth.train(corpus, progress=onlooker.progress, **TRAIN).folder is None


_KILLED = """
import os, signal, sys
import firth
from firth.runs import live
live.EVERY_S, live._SHARE, live._BLOCKED = 0.0, float("inf"), float("inf")
sys.path.insert(0, sys.argv[3])
from watched_runs import recipe
from pathlib import Path
original = Path.replace
def killed(path, target):
    found = live.watched(Path(sys.argv[2]))
    if path.name.startswith(".live.json") and found is not None and len(found.history) == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return original(path, target)
Path.replace = killed
firth.run_recipe(recipe(Path(sys.argv[1])), out=sys.argv[2], checkpoint_s=0)
"""


def test_killed_while_it_was_written_a_run_keeps_its_losses_and_goes_on(table: Path, tmp_path: Path):
    folder = tmp_path / "run"
    words = [sys.executable, "-c", _KILLED, str(table), str(folder), str(Path(__file__).parent.parent)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert any(files.is_partial(path.name) for path in folder.iterdir())
    left = live.watched(folder)
    assert left is not None
    assert len(left.history) == 5
    assert not left.is_alive
    resumed = firth.run_recipe(recipe(table), out=folder, resume=True)
    whole = firth.run_recipe(recipe(table), out=tmp_path / "whole")
    assert resumed.vectors.matrix.tobytes() == whole.vectors.matrix.tobytes()
    names = {path.name for path in (tmp_path / "whole").iterdir()}
    assert {path.name for path in folder.iterdir()} == names


@pytest.mark.usefixtures("always")
def test_a_resumed_training_tells_of_its_rows_from_before(table: Path, tmp_path: Path):
    corpus = firth.read_table(table, contexts=recipe(table).contexts)
    calls = []

    def interrupt(_name: str, completed: float, total: float | None, _text: str) -> None:
        calls.append(completed)
        if total and completed > total / 2:
            raise KeyboardInterrupt

    firth.train(corpus, out=tmp_path / "run", progress=firth.CallbackProgress(interrupt), **TRAIN)
    before = live.watched(tmp_path / "run")
    assert before is not None
    assert not before.is_alive
    onlooker = Onlooker(tmp_path / "run")
    run = firth.train(corpus, out=tmp_path / "run", resume=True, progress=onlooker.progress, **TRAIN)
    after = onlooker.seen[-1].history
    assert after[: len(before.history)] == before.history
    assert len(before.history) < len(after) >= len(run.history) - 1  # the onlooker came before the last


def test_a_training_that_diverged_leaves_its_losses(table: Path, tmp_path: Path):
    wrong = recipe(table, train={**TRAIN, "learning_rate": 30.0, "pairs": 600_000})
    with pytest.raises(DivergenceError):
        firth.run_recipe(wrong, out=tmp_path / "run")
    left = live.watched(tmp_path / "run")
    assert left is None or not left.is_alive
    assert files.state(files.read_document(tmp_path / "run")) == "failed"
    assert firth.run_recipe(recipe(table), out=tmp_path / "run", replace=True).status == "complete"


def test_a_run_that_failed_before_it_trained_leaves_nothing(tmp_path: Path):
    with pytest.raises(SourceNotFoundError):
        firth.run_recipe(recipe(tmp_path / "none.parquet"), out=tmp_path / "run")
    assert {path.name for path in (tmp_path / "run").iterdir()} == {files.DOCUMENT}


def test_live_files_of_a_run_that_was_stopped_are_no_hindrance(tmp_path: Path):
    for replace in (False, True):
        files.write_document(tmp_path, {"format": 1, "status": "failed"})
        for name in (files.LIVE, files.LIVE_MAP, f".{files.LIVE}.17.partial"):
            (tmp_path / name).write_text("{}", encoding="utf-8")
        claiming.claim(tmp_path, replace=replace)


@pytest.mark.usefixtures("always")
def test_a_disk_that_is_full_is_no_reason_to_fail(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(path: Path, _: bytes) -> None:
        assert path.name.startswith(".live")
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(Path, "write_bytes", full)
    assert firth.run_recipe(recipe(table), out=tmp_path / "run").status == "complete"


@pytest.mark.usefixtures("always")
def test_a_map_that_is_made_again_can_be_watched(table: Path, tmp_path: Path):
    run = firth.run_recipe(recipe(table), out=tmp_path / "run")
    onlooker = Onlooker(tmp_path / "run")
    with live.watched_stage("map", run.folder, onlooker.progress) as progress:
        made = run.map(n_iter=120, progress=progress).save()
    assert {seen.stage for seen in onlooker.seen} == {"map"}
    assert onlooker.frames[-1][1].tobytes() == made.items.select("x", "y").to_numpy().tobytes()
    with pytest.raises(ValueError, match="no luck"), live.watched_stage("map", run.folder, onlooker.progress):
        raise ValueError("no luck")
    assert list((tmp_path / "run").glob("*live*")) == []


@pytest.mark.usefixtures("always")
def test_a_map_is_not_told_of_over_a_run_that_is_being_made(tmp_path: Path):
    made = live.Live(tmp_path)
    made.plan(["read"])
    with made.stage("read"):
        before = (tmp_path / files.LIVE).read_bytes()
        with live.watched_stage("map", tmp_path, firth.CallbackProgress(lambda *_: None)):
            assert (tmp_path / files.LIVE).read_bytes() == before
        assert (tmp_path / files.LIVE).read_bytes() == before


def test_no_more_is_written_than_the_pace_allows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    now = [100.0]
    monkeypatch.setattr(live.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(live.time, "thread_time", lambda: now[0])
    writes = []

    def slow(path: Path, _: bytes) -> None:
        writes.append(path.name)
        now[0] += 0.01

    monkeypatch.setattr(live, "_replace", slow)
    made = live.Live(tmp_path)
    progress = made.over(None)
    with made.stage("map"), progress.task("map", total=1000) as task:
        writes.clear()
        for step in range(1000):
            task.show(step, lambda: np.zeros((3, 2), np.float32))
            task.update(step)
            now[0] += 0.02
    n_pictures = writes.count(files.LIVE_MAP)
    # Something over 20 s: a picture with its text takes 20 ms, so that the next may follow after 4 s; and the last one.
    assert n_pictures == 6
    assert writes.count(files.LIVE) == n_pictures


def test_other_trainings_within_a_later_stage_are_not_told(tmp_path: Path):
    made = live.Live(tmp_path)
    for stage, loss in (("train", 2.5), ("confidence", 9.0), ("map", 1.0)):
        with made.stage(stage), made.over(None).task("training", total=3) as task:
            task.note({"loss": loss})
    made.begin("", total=None)
    told = live.watched(tmp_path)
    assert told is not None
    assert (told.history, told.map) == ([{"loss": 2.5}], [{"loss": 1.0}])


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"unknown": 1}', b"\xff\x00"])
def test_what_cannot_be_read_is_as_if_it_were_not_there(tmp_path: Path, content: bytes):
    for name in (files.LIVE, files.LIVE_MAP):
        (tmp_path / name).write_bytes(content)
    assert live.watched(tmp_path) is None
    assert live.forming(tmp_path) is None


def test_who_has_gone_is_not_alive():
    mine = files.owner()
    assert live.Watched(process=mine).is_alive
    assert not live.Watched(process={**mine, "began": "1"}).is_alive
    elsewhere = {**mine, "host": "elsewhere"}
    assert live.Watched(process=elsewhere, written=live.time.time() - 5).is_alive
    assert not live.Watched(process=elsewhere, written=live.time.time() - 5_000).is_alive
    assert not live.Watched().is_alive
