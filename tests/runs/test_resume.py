"""Runs whose process is killed, for real, and that are then resumed: their bytes are those of an undisturbed run."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import firth
from firth.errors import OptionError, RunError, SourceNotFoundError
from firth.runs import folder as files
from firth.runs.resuming import newest_unfinished, recorded_recipe

TRAIN = {"vector_size": 16, "negative": 3, "epochs": 40, "lane_size": 32, "heldout": 0.05, "probes": ["word 0"]}
LISTENED = {"kind": "sequences", "sequence": "list", "order": "place", "item": "item", "weight": 3}
CHANGES: dict[str, dict[str, Any]] = {
    "sgns": {"contexts": {"listened": LISTENED}},
    "cbow": {"contexts": {"listened": LISTENED}, "train": {**TRAIN, "objective": "cbow"}},
    "mixed": {
        "contexts": {"listened": LISTENED, "topic": {"column": "topic", "weight": 1}},
        "train": {**TRAIN, "objective": "nce", "epochs": 10},
    },
}


def recipe(table: Path, kind: str = "sgns", **train: object) -> firth.Recipe:
    tables = {"source": {"path": str(table)}, "train": TRAIN, "clusters": {"n": 3}, "map": {"enabled": False}}
    tables |= CHANGES[kind]
    tables["train"] = {**tables["train"], **train}
    return firth.Recipe.from_dict(tables, name="songs")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lists of words of one topic each: word i is of topic i % 3."""
    draws = np.random.default_rng(7)
    topics = draws.integers(0, 3, 300)
    words = [topic + 3 * int(draws.integers(0, 40)) for topic in topics for _ in range(12)]
    path = tmp_path_factory.mktemp("songs") / "songs.parquet"
    pl.DataFrame(
        {
            "list": np.repeat(np.arange(300), 12),
            "place": np.tile(np.arange(12), 300),
            "item": [f"word {word}" for word in words],
            "topic": [f"topic {word % 3}" for word in words],
        }
    ).write_parquet(path)
    return path


@pytest.fixture(scope="module", params=["sgns", "cbow", "mixed"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def undisturbed(table: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[object, ...]]:
    folder = tmp_path_factory.mktemp("undisturbed")
    for name in CHANGES:
        firth.run_recipe(recipe(table, name), out=folder / name)
    return {name: content(folder / name) for name in CHANGES}


def content(folder: Path) -> tuple[object, ...]:
    """Return what must be the same, however often a run was killed."""
    document = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    history = pl.read_parquet(folder / "history.parquet").drop("seconds", "items_per_s")
    arrays, items = (folder / "vectors.safetensors").read_bytes(), (folder / "items.parquet").read_bytes()
    paces = ("train_s", "pairs_per_s", "tokens_per_s")
    metrics = {name: value for name, value in document["metrics"].items() if name not in paces}
    assert document["status"] == "complete"
    assert {path.name for path in folder.iterdir()} == {
        *("run.json", "vectors.safetensors", "items.parquet", "history.parquet", "plots")
    }
    return arrays, items, history.to_dicts(), metrics, document["clusters"], document["plots"]


_KILLED = """
import importlib, os, signal, sys
import firth
module, owner, name, nth, table, folder, kind = sys.argv[1:8]
sys.path.insert(0, sys.argv[8])
from test_resume import recipe
from pathlib import Path
from firth.training import checkpoint
checkpoint._SHARE = float("inf")  # one after every call of the kernel, however long it takes
place = importlib.import_module(module)
place = getattr(place, owner) if owner else place
original, calls = getattr(place, name), []
def killed(*arguments, **options):
    calls.append(name)
    if len(calls) == int(nth):
        os.kill(os.getpid(), signal.SIGKILL)
    return original(*arguments, **options)
setattr(place, name, killed)
firth.run_recipe(recipe(Path(table), kind, n_jobs=1), out=folder, checkpoint_s=0)
"""


def kill_at(moment: tuple[str, str, str, int], table: Path, folder: Path, kind: str) -> None:
    """Run a recipe in a process of its own, which is killed when it calls a function for the n-th time."""
    words = [*map(str, moment), str(table), str(folder), kind, str(Path(__file__).parent)]
    done = subprocess.run([sys.executable, "-c", _KILLED, *words], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr


MOMENTS = {
    "while reading": ("firth.runs.execute", "", "build_corpus", 1),
    "before the first step": ("firth.training.watch", "Watch", "run", 1),
    "while the first checkpoint is written": ("firth.training.checkpoint", "", "write_tensors", 1),
    "while a later checkpoint is written": ("firth.training.checkpoint", "", "write_tensors", 3),
    "when a checkpoint is whole but the one before is still there": ("shutil", "", "rmtree", 2),
    "when training has ended": ("firth.runs.folder", "", "write_arrays", 1),
    "when the vectors are there but run.json does not know": ("firth.runs.run", "Run", "write_rest", 1),
    "when run.json knows": ("firth.runs.folder", "", "remove_checkpoint", 1),
    "while clustering": ("firth.runs.execute", "", "with_clusters", 1),
    "while drawing": ("firth.runs.execute", "", "draw_all", 1),
    "before the end is written": ("firth.runs.execute", "", "ended", 1),
}


@pytest.mark.parametrize("moment", list(MOMENTS.values()), ids=list(MOMENTS))
def test_killed_at_any_moment_and_resumed_gives_the_same_bytes(
    table: Path, tmp_path: Path, undisturbed: dict[str, tuple[object, ...]], moment: tuple[str, str, str, int]
):
    kill_at(moment, table, tmp_path / "run", "sgns")
    assert files.state(files.read_document(tmp_path / "run")) == "stopped"
    resumed = firth.run_recipe(recipe(table, n_jobs=2), out=tmp_path / "run", resume=True)
    assert content(tmp_path / "run") == undisturbed["sgns"]
    assert len(resumed.document["resumed"]) == 1


def test_killed_twice_with_other_numbers_of_threads_gives_the_same_bytes(
    table: Path, tmp_path: Path, undisturbed: dict[str, tuple[object, ...]], kind: str
):
    kill_at(("firth.training.checkpoint", "", "write_tensors", 2), table, tmp_path / "run", kind)
    (before,) = (tmp_path / "run" / "checkpoint").glob("step-*")
    run = firth.run_recipe(recipe(table, kind, n_jobs=2), out=tmp_path / "run", resume=True)
    assert int(before.name.removeprefix("step-")) > 0
    assert content(tmp_path / "run") == undisturbed[kind]
    assert run.options["n_jobs"] == 2


@pytest.mark.parametrize("moment", ["when run.json knows", "while clustering", "while drawing"])
def test_what_was_trained_is_not_trained_again(table: Path, tmp_path: Path, moment: str):
    kill_at(MOMENTS[moment], table, tmp_path / "run", "sgns")
    heard: list[str] = []
    progress = firth.CallbackProgress(lambda _name, _done, _total, text: heard.append(text))
    firth.run_recipe(recipe(table), out=tmp_path / "run", resume=True, progress=progress)
    assert heard[0] == "training was complete: what comes after it is made"
    assert not any("loss " in text for text in heard)


def _start(table: Path, folder: Path, *more: str) -> subprocess.Popen[str]:
    toml = folder.with_suffix(".toml")
    toml.write_text(
        f'[source]\npath = "{table}"\n[contexts.listened]\nkind = "sequences"\nsequence = "list"\norder = "place"\n'
        "[train]\nvector_size = 100\nepochs = 1500\n[map]\nenabled = false\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "firth", "run", str(toml), "--out", str(folder), "--checkpoint-s", "0", *more]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Tests that were started in the background ignore Ctrl-C, and so would what they start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def _wait_for_checkpoints(process: subprocess.Popen[str], folder: Path, n: int) -> None:
    seen: set[str] = set()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        seen |= {path.name for path in (folder / "checkpoint").glob("step-*")}
        if len(seen) >= n:
            return
        time.sleep(0.002)
    process.kill()
    raise AssertionError(process.communicate())


def test_killed_three_times_from_outside_the_command_line_resumes_to_the_same_bytes(table: Path, tmp_path: Path):
    folder = tmp_path / "run"
    for jobs, n_checkpoints in (("1", 2), ("2", 4), ("1", 3)):
        process = _start(table, folder, "--n-jobs", jobs, *(["--resume"] if folder.exists() else []))
        _wait_for_checkpoints(process, folder, n_checkpoints)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
    process = _start(table, folder, "--resume")
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert "goes on at step" in errors
    whole = firth.run_recipe(folder.with_suffix(".toml"), out=tmp_path / "whole")
    assert content(folder) == content(tmp_path / "whole")
    assert whole.document["resumed"] == []


def test_ctrl_c_leaves_a_checkpoint_and_says_how_to_go_on(table: Path, tmp_path: Path):
    folder = tmp_path / "run"
    process = _start(table, folder, "--set", "train.epochs=1000000")
    _wait_for_checkpoints(process, folder, 1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert f"Go on with: firth run --resume --out {folder}" in " ".join(errors.split())
    run = firth.load_run(folder)
    assert run.status == "interrupted"
    (state,) = (folder / "checkpoint").glob("step-*/state.json")
    assert json.loads(state.read_text(encoding="utf-8"))["n_pairs"] == run.metrics["n_pairs"]


@pytest.fixture
def stopped(table: Path, tmp_path: Path) -> Path:
    """A run that was killed while it trained."""
    kill_at(MOMENTS["while a later checkpoint is written"], table, tmp_path / "run", "sgns")
    return tmp_path / "run"


def test_what_was_half_written_is_removed(table: Path, stopped: Path):
    (stopped / ".items.parquet.0123456789abcdef.partial").write_bytes(b"half")
    firth.run_recipe(recipe(table), out=stopped, resume=True)
    assert not any(path.name.startswith(".") for path in stopped.rglob("*"))


def test_a_stopped_run_is_replaced_when_asked(table: Path, stopped: Path):
    with pytest.raises(RunError, match="add --replace, or go on with it: --resume"):
        firth.run_recipe(recipe(table), out=stopped)
    run = firth.run_recipe(recipe(table, epochs=1), out=stopped, replace=True)
    assert run.status == "complete"
    assert not (stopped / "checkpoint").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"window": 3}, "train.window was 5, now it is 3"),
        ({"probes": [], "seed": 4}, r"train.probes was \['word 0'\], now it is \[\]; train.seed was 1, now it is 4"),
    ],
)
def test_another_recipe_is_refused(table: Path, stopped: Path, change: dict[str, object], message: str):
    before = (stopped / "run.json").read_bytes()
    with pytest.raises(RunError, match=message):
        firth.run_recipe(recipe(table, **change), out=stopped, resume=True)
    assert (stopped / "run.json").read_bytes() == before


def test_other_data_is_refused(table: Path, tmp_path: Path):
    own = tmp_path / "own.parquet"
    pl.read_parquet(table).write_parquet(own)
    kill_at(MOMENTS["while a later checkpoint is written"], own, tmp_path / "run", "sgns")
    pl.read_parquet(table)[:-1].write_parquet(own)
    with pytest.raises(RunError, match="was begun with other data: its fingerprint was"):
        firth.run_recipe(recipe(own), out=tmp_path / "run", resume=True)
    pl.read_parquet(table).write_parquet(own)
    assert firth.run_recipe(recipe(own), out=tmp_path / "run", resume=True).status == "complete"


def test_a_complete_run_is_left_as_it_is(table: Path, tmp_path: Path):
    firth.run_recipe(recipe(table, epochs=1), out=tmp_path / "run")
    before = (tmp_path / "run" / "run.json").read_bytes()
    heard: list[str] = []
    progress = firth.CallbackProgress(lambda _name, _done, _total, text: heard.append(text))
    run = firth.run_recipe(recipe(table, epochs=1), out=tmp_path / "run", resume=True, progress=progress)
    assert run.status == "complete"
    assert heard == [f"{tmp_path / 'run'} is complete: there is nothing to do"]
    assert (tmp_path / "run" / "run.json").read_bytes() == before


def test_a_run_that_is_being_made_is_not_resumed(table: Path, stopped: Path):
    files.write_document(stopped, {**files.read_document(stopped), "process": files.owner()})
    with pytest.raises(RunError, match="is still being made, by process"):
        firth.run_recipe(recipe(table), out=stopped, resume=True)


def test_a_process_number_that_was_given_again_is_another_process():
    owner = files.owner()
    assert files.state({"status": "running", "process": owner}) == "running"
    assert files.state({"status": "running", "process": {**owner, "began": "1"}}) == "stopped"


@pytest.mark.parametrize("is_there", [False, True])
def test_resuming_where_nothing_was_begun_begins(table: Path, tmp_path: Path, is_there: bool):
    if is_there:
        (tmp_path / "run").mkdir()
    assert firth.run_recipe(recipe(table, epochs=1), out=tmp_path / "run", resume=True).status == "complete"


def test_something_else_is_not_resumed(table: Path, tmp_path: Path):
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(RunError, match="is not a run"):
        firth.run_recipe(recipe(table), out=tmp_path, resume=True)


def test_a_run_that_failed_goes_on(table: Path, tmp_path: Path):
    own = tmp_path / "own.parquet"
    with pytest.raises(SourceNotFoundError):
        firth.run_recipe(recipe(own, epochs=1), out=tmp_path / "run")
    pl.read_parquet(table).write_parquet(own)
    assert firth.run_recipe(recipe(own, epochs=1), out=tmp_path / "run", resume=True).document["error"] is None


def test_the_newest_unfinished_run_is_found(tmp_path: Path):
    for number, status in ((2, "failed"), (10, "interrupted"), (11, "complete")):
        (tmp_path / f"songs-{number}").mkdir()
        files.write_document(tmp_path / f"songs-{number}", {"format": 1, "status": status})
    assert newest_unfinished("songs", root=tmp_path) == tmp_path / "songs-10"
    with pytest.raises(RunError, match="no unfinished run of 'song' in"):
        newest_unfinished("song", root=tmp_path)


def test_a_recipe_is_had_from_its_run_unless_it_held_a_password(table: Path, tmp_path: Path):
    made = recipe(table, epochs=1)
    firth.run_recipe(made, out=tmp_path / "run")
    assert recorded_recipe(tmp_path / "run", {"train.n_jobs": 3}).train.n_jobs == 3
    assert recorded_recipe(tmp_path / "run", {}).to_dict() == made.to_dict()
    document = files.read_document(tmp_path / "run")
    document["recipe"]["source"]["uri"] = "postgresql://ann:***@host/db"
    files.write_document(tmp_path / "run", document)
    with pytest.raises(OptionError, match=r"holds a password, which run.json does not keep. Give the RECIPE again"):
        recorded_recipe(tmp_path / "run", {})


def test_a_training_step_by_step_is_resumed(table: Path, tmp_path: Path):
    contexts = recipe(table).contexts
    corpus = firth.read_table(table, contexts=contexts)
    options = {**TRAIN, "epochs": 20}

    def interrupt(_name: str, completed: float, _total: float | None, _text: str) -> None:
        if completed > 50:
            raise KeyboardInterrupt

    first = firth.train(corpus, out=tmp_path / "run", progress=firth.CallbackProgress(interrupt), **options)
    assert first.status == "interrupted"
    with pytest.raises(RunError, match=r"train.epochs was 20, now it is 21"):
        firth.train(corpus, out=tmp_path / "run", resume=True, **{**options, "epochs": 21})
    with pytest.raises(RunError, match="was not made from a recipe"):
        firth.run_recipe(recipe(table), out=tmp_path / "run", resume=True)
    resumed = firth.train(corpus, out=tmp_path / "run", resume=True, n_jobs=1, **options)
    whole = firth.train(corpus, **options)
    assert resumed.status == "complete"
    assert resumed.vectors.matrix.tobytes() == whole.vectors.matrix.tobytes()
    assert resumed.vectors.outputs.tobytes() == whole.vectors.outputs.tobytes()
    again = firth.train(corpus, out=tmp_path / "run", resume=True, **options)
    assert again.document == resumed.document


def test_resuming_step_by_step_needs_a_folder(table: Path):
    corpus = firth.read_table(table, contexts=recipe(table).contexts)
    with pytest.raises(OptionError, match="resume needs out"):
        firth.train(corpus, resume=True)
