"""Files that runs have in common, kept once by hard links."""

import os
import shutil
from pathlib import Path

import pytest

from firth.runs import sharing
from firth.runs.sharing import SHARED, remove_unshared, share
from firth.runs.sizes import freed_bytes, size_bytes


def write(root: Path, run: str, content: bytes) -> Path:
    (root / run).mkdir(exist_ok=True)
    path = root / run / "counts.safetensors"
    path.write_bytes(content)
    return path


@pytest.fixture
def three(tmp_path: Path) -> list[Path]:
    paths = [write(tmp_path, f"a-{number}", b"equal" * 1000) for number in range(3)]
    for path in paths:
        share(path, tmp_path)
    return paths


def on_disk(root: Path) -> int:
    """Return the bytes of the distinct files below a folder."""
    return sum({state.st_ino: state.st_size for state in map(Path.stat, root.rglob("*.safetensors"))}.values())


def test_equal_files_are_one(tmp_path: Path, three: list[Path]):
    other = write(tmp_path, "b-1", b"other" * 1000)
    share(other, tmp_path)
    assert len({path.stat().st_ino for path in three}) == 1
    assert all(path.read_bytes() == b"equal" * 1000 for path in three)
    assert other.read_bytes() == b"other" * 1000
    assert on_disk(tmp_path) == 10_000
    assert len(list((tmp_path / SHARED).iterdir())) == 2
    assert not list(tmp_path.rglob("*.partial"))


def test_sharing_twice_changes_nothing(tmp_path: Path, three: list[Path]):
    share(three[0], tmp_path)
    assert three[0].stat().st_nlink == 4
    assert [path.name for path in three[0].parent.iterdir()] == ["counts.safetensors"]


def test_a_shared_file_cannot_be_written_in_place(three: list[Path]):
    assert three[0].stat().st_mode & 0o222 == 0


def test_small_files_stay_as_they_are(tmp_path: Path):
    share(write(tmp_path, "a-1", b"small"), tmp_path)
    assert not (tmp_path / SHARED).exists()


def test_a_removed_run_leaves_the_others_theirs(tmp_path: Path, three: list[Path]):
    assert remove_unshared(tmp_path) == 0
    for path in three[:2]:
        shutil.rmtree(path.parent)
    assert remove_unshared(tmp_path) == 0
    assert three[2].read_bytes() == b"equal" * 1000
    shutil.rmtree(three[2].parent)
    assert remove_unshared(tmp_path) == 5_000
    assert list(tmp_path.iterdir()) == []


def test_what_becomes_free_is_counted_by_links(three: list[Path]):
    runs = [path.parent for path in three]
    kept = frozenset({three[0].stat().st_ino})
    assert size_bytes(runs[0]) == 5_000
    assert freed_bytes(runs[:2], kept_for_others=kept) == 0
    assert freed_bytes(runs, kept_for_others=kept) == 5_000
    assert freed_bytes(runs) == 0  # .shared would keep it


def test_a_run_that_is_copied_elsewhere_is_complete(tmp_path: Path, three: list[Path]):
    there = tmp_path / "elsewhere"
    shutil.copytree(three[0].parent, there)
    shutil.rmtree(tmp_path / SHARED)
    assert (there / "counts.safetensors").read_bytes() == b"equal" * 1000
    assert three[0].read_bytes() == b"equal" * 1000


@pytest.mark.usefixtures("three")
def test_a_kept_file_that_was_changed_is_not_taken(tmp_path: Path):
    (kept,) = (tmp_path / SHARED).iterdir()
    kept.chmod(0o644)
    kept.write_bytes(b"wrong" * 1000)
    path = write(tmp_path, "b-1", b"equal" * 1000)
    share(path, tmp_path)
    assert path.read_bytes() == b"equal" * 1000
    assert (tmp_path / SHARED / kept.name).read_bytes() == b"equal" * 1000


@pytest.mark.parametrize(
    "error", [OSError(1, "not permitted"), OSError(31, "too many links"), OSError(18, "other device")]
)
def test_without_links_the_file_stays_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError):
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(sharing.os, "link", refuse)
    path = write(tmp_path, "a-1", b"equal" * 1000)
    share(path, tmp_path)
    assert path.read_bytes() == b"equal" * 1000
    assert [each.name for each in path.parent.iterdir()] == ["counts.safetensors"]


def test_a_kept_file_that_is_removed_meanwhile_is_no_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    first = write(tmp_path, "a-1", b"equal" * 1000)
    share(first, tmp_path)
    shutil.rmtree(first.parent)
    second = write(tmp_path, "a-2", b"equal" * 1000)
    link = os.link

    def late(source: Path, target: Path) -> None:
        if SHARED in Path(source).parts:
            remove_unshared(tmp_path)
        link(source, target)

    monkeypatch.setattr(sharing.os, "link", late)
    share(second, tmp_path)
    assert second.read_bytes() == b"equal" * 1000
    assert [each.name for each in second.parent.iterdir()] == ["counts.safetensors"]
