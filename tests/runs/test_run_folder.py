"""Run folders: claimed once, never half read."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from firth.errors import RunError
from firth.runs import claiming
from firth.runs import folder as files
from firth.runs.listing import find, list_runs
from firth.runs.record import Record, without_password


def test_names_count_upwards_and_never_clash(tmp_path: Path):
    (tmp_path / "bands-7").mkdir()
    (tmp_path / "bands-x").mkdir()
    (tmp_path / "bandsaw-9").mkdir()
    assert claiming.claim_next("bands", root=tmp_path).name == "bands-8"
    assert claiming.claim_next("bands", root=tmp_path).name == "bands-9"


def test_a_folder_with_something_in_it_is_not_taken(tmp_path: Path):
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(RunError, match="is not empty"):
        claiming.claim(tmp_path)
    assert (tmp_path / "letter.txt").read_text(encoding="utf-8") == "dear"


def test_a_folder_that_holds_a_finished_run_is_not_taken(tmp_path: Path):
    files.write_document(tmp_path, {"format": 1, "status": "complete"})
    with pytest.raises(RunError, match="is not empty"):
        claiming.claim(tmp_path)


def test_a_folder_that_holds_only_a_failure_is_taken_again(tmp_path: Path):
    files.write_document(tmp_path, {"format": 1, "status": "failed"})
    claiming.claim(tmp_path)


def test_a_file_in_the_folders_place_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(RunError, match="cannot make the folder"):
        claiming.claim(tmp_path / "file" / "run")
    with pytest.raises(RunError, match="cannot make a folder"):
        claiming.claim_next("bands", root=tmp_path / "file")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is not JSON"),
        ('{"format": 1, "status": "comp', "is not JSON"),
        ("[1, 2]", "no valid status"),
        ('{"format": 1}', "no valid status"),
        ('{"format": 2, "status": "complete"}', "has format 2; this version reads format 1"),
    ],
)
def test_a_damaged_document_is_refused(tmp_path: Path, content: str, message: str):
    (tmp_path / "run.json").write_text(content, encoding="utf-8")
    with pytest.raises(RunError, match=message):
        files.read_document(tmp_path)


def test_a_document_of_other_bytes_is_refused(tmp_path: Path):
    (tmp_path / "run.json").write_bytes(b"\xff\x00\xfe")
    with pytest.raises(RunError, match="damaged"):
        files.read_document(tmp_path)


def test_arrays_come_back_as_they_were(tmp_path: Path):
    arrays = {"vectors": np.arange(6, dtype=np.float32).reshape(3, 2).T, "biases": np.array([1, 2], np.float32)}
    files.write_arrays(tmp_path, arrays)
    back = files.read_arrays(tmp_path)
    assert back.keys() == arrays.keys()
    assert np.array_equal(back["vectors"], arrays["vectors"])
    assert np.array_equal(back["biases"], arrays["biases"])


@pytest.mark.parametrize("n_bytes", [0, 5, 60, 150])
def test_truncated_arrays_are_damaged(tmp_path: Path, n_bytes: int):
    files.write_arrays(tmp_path, {"vectors": np.ones((20, 3), np.float32)})
    path = tmp_path / files.ARRAYS
    path.write_bytes(path.read_bytes()[:n_bytes])
    with pytest.raises(RunError, match="damaged"):
        files.read_arrays(tmp_path)


@pytest.mark.parametrize(
    "arrays",
    [
        {"matrix": np.ones((2, 3), np.float32)},
        {"vectors": np.ones(3, np.float32)},
        {"vectors": np.ones((2, 3), np.float32), "outputs": np.ones((3, 3), np.float32)},
        {"vectors": np.ones((2, 3), np.float32), "biases": np.ones(3, np.float32)},
        {"vectors": np.ones((2, 3), np.float32), "noise": np.ones((2, 3), np.float32)},
    ],
)
def test_arrays_that_do_not_fit_are_damaged(tmp_path: Path, arrays: dict[str, np.ndarray]):
    files.write_arrays(tmp_path, arrays)
    with pytest.raises(RunError, match="damaged"):
        files.read_arrays(tmp_path)


@pytest.mark.parametrize("n_bytes", [0, 10, 200])
def test_a_truncated_table_is_damaged(tmp_path: Path, n_bytes: int):
    files.write_frame(tmp_path, files.ITEMS, pl.DataFrame({"key": ["a", "b"], "count": [3, 1]}))
    path = tmp_path / files.ITEMS
    path.write_bytes(path.read_bytes()[:n_bytes])
    with pytest.raises(RunError, match="damaged"):
        files.read_frame(tmp_path, files.ITEMS)


_FILL = """
import resource, signal, sys
from pathlib import Path
import numpy as np, polars as pl
from firth.errors import RunError
from firth.runs import claiming
from firth.runs import folder as files
files.write_document(Path(sys.argv[1]), {"format": 1, "status": "running"})
big = np.random.default_rng(1).random((4000, 50)).astype(np.float32)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
for write in (
    lambda: files.write_arrays(Path(sys.argv[1]), {"vectors": big}),
    lambda: files.write_frame(Path(sys.argv[1]), files.ITEMS, pl.DataFrame(big)),
    lambda: files.write_document(Path(sys.argv[1]), {"text": "x" * 200_000}),
):
    try:
        write()
    except RunError as error:
        assert "cannot write" in str(error), error
    else:
        raise SystemExit("wrote more than there is room for")
"""


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path):
    done = subprocess.run([sys.executable, "-c", _FILL, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]
    assert files.read_document(tmp_path)["status"] == "running"


def test_numbers_without_a_json_form_become_null():
    values = {"a": float("nan"), "b": np.float32(0.5), "c": (np.int64(3), float("inf")), "d": Path("x/y")}
    assert files.plain(values) == {"a": None, "b": 0.5, "c": [3, None], "d": "x/y"}
    json.dumps(files.plain(values), allow_nan=False)


def _finished_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_run_whose_process_has_gone_was_stopped():
    document = {"status": "running", "process": {"pid": _finished_process(), "host": platform.node()}}
    assert files.state(document) == "stopped"


def test_a_run_whose_process_lives_is_running():
    assert files.state({"status": "running", "process": {"pid": os.getpid(), "host": platform.node()}}) == "running"


def test_a_record_of_a_failure_says_why(tmp_path: Path):
    with pytest.raises(ValueError, match="no luck"), Record("a", folder=tmp_path):
        raise ValueError("no luck with postgresql://ann:secret@host/db")
    document = files.read_document(tmp_path)
    assert document["status"] == "failed"
    assert document["error"] == "no luck with postgresql://ann:***@host/db"
    assert document["process"] is None


def test_a_record_of_an_interruption_says_so(tmp_path: Path):
    with pytest.raises(KeyboardInterrupt), Record("a", folder=tmp_path):
        raise KeyboardInterrupt
    assert files.read_document(tmp_path)["status"] == "interrupted"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgresql://ann:s3:cr@t@host/db", "postgresql://ann:***@host/db"),
        ("postgresql://ann@host/db", "postgresql://ann@host/db"),
        ("postgresql://host/db?user=ann&password=secret&x=1", "postgresql://host/db?user=ann&password=***&x=1"),
        ("sqlite:////tmp/a:b@c.sqlite", "sqlite:////tmp/a:b@c.sqlite"),
    ],
)
def test_passwords_are_never_written(text: str, expected: str):
    assert without_password(text) == expected


def test_runs_are_listed_with_their_states(tmp_path: Path):
    states = {"a": "complete", "b": "failed", "c": "interrupted"}
    for name, status in states.items():
        (tmp_path / name).mkdir()
        files.write_document(tmp_path / name, {"format": 1, "status": status})
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "run.json").write_text("{", encoding="utf-8")
    (tmp_path / "e").mkdir()
    assert {run.folder.name: run.state for run in list_runs(tmp_path)} == {**states, "d": "damaged"}


def test_a_folder_without_runs_lists_none(tmp_path: Path):
    assert list_runs(tmp_path / "nowhere") == []


def test_a_run_is_found_by_path_and_by_name(tmp_path: Path):
    (tmp_path / "bands-1").mkdir()
    files.write_document(tmp_path / "bands-1", {"format": 1, "status": "complete"})
    assert find(tmp_path / "bands-1", root=tmp_path / "else") == tmp_path / "bands-1"
    assert find("bands-1", root=tmp_path) == tmp_path / "bands-1"
    with pytest.raises(RunError, match=r"no run 'band-1'. Closest: 'bands-1'"):
        find("band-1", root=tmp_path)
    with pytest.raises(RunError, match=r"There are no runs in"):
        find("bands-1", root=tmp_path / "else")
    with pytest.raises(RunError, match=r"is not a run: it has no run.json"):
        find(tmp_path)


def test_a_run_is_replaced_only_when_asked_for(tmp_path: Path):
    files.write_document(tmp_path, {"format": 1, "status": "complete"})
    files.write_arrays(tmp_path, {"vectors": np.ones((2, 3), np.float32)})
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "loss.png").write_bytes(b"")
    claiming.claim(tmp_path, replace=True)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_more_than_a_run_is_not_replaced(tmp_path: Path):
    files.write_document(tmp_path, {"format": 1, "status": "complete"})
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(RunError, match="holds more than a run"):
        claiming.claim(tmp_path, replace=True)
    assert {path.name for path in tmp_path.iterdir()} == {"run.json", "letter.txt"}


def test_a_folder_without_a_run_is_not_replaced(tmp_path: Path):
    (tmp_path / "items.parquet").write_bytes(b"mine")
    with pytest.raises(RunError, match="holds more than a run"):
        claiming.claim(tmp_path, replace=True)
    assert (tmp_path / "items.parquet").read_bytes() == b"mine"


def test_a_run_that_is_being_made_is_not_replaced(tmp_path: Path):
    files.write_document(tmp_path, {"format": 1, "status": "running", "process": files.owner()})
    with pytest.raises(RunError, match="still being made"):
        claiming.claim(tmp_path, replace=True)
    assert (tmp_path / "run.json").exists()
