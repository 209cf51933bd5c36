"""firth cache: what is kept of texts that were read."""

import json
from pathlib import Path

import pytest
from cli_calls import call

import firth


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def read(home: Path, name: str) -> None:
    (home / name).write_text(f"the quick brown {name} runs\n" * 50, encoding="utf-8")
    firth.read_text(home / name)


def test_an_empty_cache_says_so(home: Path):
    result = call("cache", "show")
    assert result.exit_code == 0
    assert f"nothing is kept in {home / 'cache' / 'firth'}." in " ".join(result.stdout.split())


def test_what_was_read_is_shown_with_its_size(home: Path):
    read(home, "fox.txt")
    (entry,) = json.loads(call("cache", "show", "--json").stdout)
    path = Path(entry["path"])
    assert entry["size_bytes"] == sum(file.stat().st_size for file in path.iterdir())
    assert len(entry["used"]) == len("2026-01-31 12:59")
    assert path.stem[:8] in call("cache", "show").stdout


def test_clearing_removes_what_was_used_longest_ago_until_the_rest_fits(home: Path):
    for name in ("fox.txt", "dog.txt", "cat.txt"):
        read(home, name)
    sizes = [entry["size_bytes"] for entry in json.loads(call("cache", "show", "--json").stdout)]
    assert json.loads(call("cache", "clear", "--keep", sum(sizes[:2]), "--json").stdout) == {"n_removed": 1}
    assert "removed 2." in call("cache", "clear").stdout
    assert json.loads(call("cache", "show", "--json").stdout) == []
