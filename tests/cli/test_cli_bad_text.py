"""firth run on texts and playlists that are not what they should be: it works, or says rule, what came and way out."""

import gzip
import random
import re
from pathlib import Path

import pytest
from cli_calls import call

import firth

QUICK = ("map.enabled=false", "clusters.n=0", "train.epochs=1", "train.vector_size=8")
TEXT = ("word " * 3 + "other words in a row\n") * 60


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "300")


def run(recipe: str, path: Path, *settings: str) -> tuple[int, str]:
    words = [word for setting in (f"source.path={path}", *QUICK, *settings) for word in ("--set", setting)]
    result = call("run", recipe, "--out", path.parent / "run", *words)
    assert "Traceback" not in result.output
    return result.exit_code, " ".join(result.stderr.split())


def written(folder: Path, name: str, content: bytes) -> Path:
    (folder / name).write_bytes(content)
    return folder / name


@pytest.mark.parametrize("pattern", ["", r"\w+"])
@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.txt", b"", "is empty; give a text with words"),
        ("t.txt", b"\n \n\n", "a text needs a token, got 3 lines without one in .* Give a text with words"),
        ("t.txt", random.Random(1).randbytes(100_000), "looks binary: byte .* is NUL. Give a text in UTF-8"),
        ("t.txt.gz", gzip.compress(random.Random(2).randbytes(90_000).hex().encode())[:-50_000], "is cut short"),
        ("t.txt", b"each word is here but once", "no item occurs min_count=5 times: .* Lower min_count"),
    ],
    ids=["empty", "blank", "binary", "truncated", "rare"],
)
def test_a_text_that_cannot_be_trained_is_refused(
    tmp_path: Path, name: str, content: bytes, message: str, pattern: str
):
    status, said = run("words", written(tmp_path, name, content), f"vocabulary.token_pattern={pattern}")
    assert status == 1
    assert re.search(message, said.split("error: ")[1]), said


def test_bytes_that_are_not_utf8_are_counted_or_refused(tmp_path: Path):
    path = written(tmp_path, "t.txt", TEXT.encode() + b"caf\xe9 \xff\n")
    assert run("words", path)[0] == 0
    report = firth.load_run(tmp_path / "run").document["corpus"]["report"]
    assert report["contexts"]["text"]["invalid_bytes"] == 2
    (tmp_path / "strict").mkdir()
    strict = written(tmp_path / "strict", "t.txt", path.read_bytes())
    status, said = run("words", strict, "source.strict=true")
    assert status == 1
    assert "line 61: " in said
    assert "is not UTF-8. Convert the text" in said


@pytest.mark.parametrize(
    "settings",
    [
        ("train.window=60000",),
        ("train.vector_size=1",),
        ("train.window=[0, 1]",),
        ("train.sample=0", "train.tied=true"),
    ],
    ids=str,
)
def test_odd_options_train(tmp_path: Path, settings: tuple[str, ...]):
    status, said = run("words", written(tmp_path, "t.txt", TEXT.encode()), *settings)
    assert status == 0, said


def test_one_endless_line_is_one_sequence(tmp_path: Path):
    path = written(tmp_path, "t.txt", TEXT.replace("\n", " ").encode() * 200)
    assert run("words", path)[0] == 0
    context = firth.load_run(tmp_path / "run").document["corpus"]["report"]["contexts"]["text"]
    assert (context["sequences"], context["longest_sequence"]) == (1, 8 * 60 * 200)


@pytest.mark.parametrize(
    ("settings", "status", "message"),
    [
        (("train.probes=['wordz']",), 1, "unknown item 'wordz'. Closest: 'word'"),
        (("start.run=nowhere",), 1, "no run 'nowhere'"),
        (("start.freeze=true",), 2, "[start] lacks one of: run"),
        (
            ("train.window=0",),
            2,
            "window must be a whole number >= 1, or (before, after), both >= 0 and one of them above 0, got 0",
        ),
        (("train.patience=0",), 2, "patience must be >= 1, got 0"),
    ],
    ids=str,
)
def test_options_that_do_not_fit_are_refused(tmp_path: Path, settings: tuple[str, ...], status: int, message: str):
    got, said = run("words", written(tmp_path, "t.txt", TEXT.encode()), *settings)
    assert (got, message in said) == (status, True), said


@pytest.mark.parametrize(
    ("settings", "status", "message"),
    [
        ((), 1, "no two items share a sequence, so there is nothing to learn from"),
        (("contexts.listened.weight=-1",), 2, "weight must be a finite number >= 0, got -1"),
    ],
)
def test_playlists_of_one_song_teach_nothing(tmp_path: Path, settings: tuple[str, ...], status: int, message: str):
    rows = "".join(f"p{i},0,a{i % 5},t{i % 7}\n" for i in range(50))
    path = written(tmp_path, "p.csv", f"playlist,position,artist,track\n{rows}".encode())
    got, said = run("playlists", path, *settings)
    assert (got, message in said) == (status, True), said
