"""A text is read once: the cache gives the same again, notices changes, and survives whatever happens to it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from firth.corpus import text_reading
from firth.corpus.cache import cache_entries, cache_folder, remove_cache_entries
from firth.corpus.encoded import Encoded
from firth.corpus.phrases import PhraseOptions
from firth.corpus.text_options import TextOptions
from firth.corpus.texts import encode_text
from firth.errors import SourceError


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text("the cat sat on the mat\nthe dog\n", encoding="utf-8")
    return path


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were opened to be read whole."""
    opened: list[Path] = []
    opening = text_reading.open_stream

    def spy(path: Path):
        opened.append(path)
        return opening(path)

    monkeypatch.setattr(text_reading, "open_stream", spy)
    return opened


def same(one: Encoded, other: Encoded) -> bool:
    return (one.keys, one.fingerprint, one.report, one.examples, one.tokens.tolist(), one.offsets.tolist()) == (
        other.keys, other.fingerprint, other.report, other.examples, other.tokens.tolist(), other.offsets.tolist()
    )  # fmt: skip


def test_a_text_is_read_once(text: Path, cache: Path, reads: list[Path]):
    first = encode_text([text], cache=cache)
    assert same(first, encode_text([text], cache=cache))
    assert len(reads) == len(cache_entries(cache)) == 1


@pytest.mark.parametrize("cached", [True, False])
def test_the_cache_gives_what_reading_gives(text: Path, cache: Path, cached: bool):
    encode_text([text], cache=cache)
    assert same(encode_text([text], cache=cache if cached else False), encode_text([text], cache=False))


@pytest.mark.parametrize(
    "options",
    [
        {"lowercase": True},
        {"token_pattern": "[a-z]+"},
        {"tokens_per_sequence": 3},
        {"strict": True},
        {"phrases": PhraseOptions(min_count=1)},
        {"phrases": PhraseOptions(min_count=1, threshold=0.9)},
    ],
)
def test_other_options_are_another_entry(text: Path, cache: Path, reads: list[Path], options: dict[str, object]):
    encode_text([text], cache=cache)
    encode_text([text], TextOptions(**options), cache=cache)
    assert len(reads) == len(cache_entries(cache)) == 2


def test_a_text_that_changed_is_read_again(text: Path, cache: Path):
    before = encode_text([text], cache=cache)
    times = text.stat()
    text.write_bytes(text.read_bytes().replace(b"dog", b"fox"))
    os.utime(text, ns=(times.st_atime_ns, times.st_mtime_ns))  # the same size, the same time
    after = encode_text([text], cache=cache)
    assert ("dog" in before.keys, "fox" in after.keys) == (True, True)


def test_a_text_that_changes_while_it_is_read_is_not_kept(text: Path, cache: Path, monkeypatch: pytest.MonkeyPatch):
    opening = text_reading.open_stream

    def late(path: Path):
        path.write_bytes(path.read_bytes() + b"more\n")  # after the entry was named, before the text is opened
        return opening(path)

    monkeypatch.setattr(text_reading, "open_stream", late)
    with pytest.raises(SourceError, match="changed while it was read"):
        encode_text([text], cache=cache)
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("damage", ["tokens.i32", "encoded.json", None])
def test_a_damaged_entry_is_made_again(text: Path, cache: Path, damage: str | None):
    encode_text([text], cache=cache)
    (entry,) = cache_entries(cache)
    if damage is None:
        (entry.path / "keys.json").unlink()
    else:
        (entry.path / damage).write_bytes(b"{}")
    assert same(encode_text([text], cache=cache), encode_text([text], cache=False))
    assert len(cache_entries(cache)) == 1


def test_a_cache_that_cannot_be_written_is_done_without(text: Path, tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")
    assert same(encode_text([text], cache=tmp_path / "file"), encode_text([text], cache=False))


def test_without_a_cache_no_file_stays(text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    encoded = encode_text([text], TextOptions(phrases=PhraseOptions(min_count=1)), cache=False)
    assert list((tmp_path / "temporary").iterdir()) == []
    assert encoded.n_tokens == encoded.counts.sum() > 0


def test_a_process_that_is_killed_leaves_nothing_that_is_used(text: Path, cache: Path):
    script = (
        "import os, sys\nfrom pathlib import Path\nfrom firth.corpus import encoded_writer\n"
        "from firth.corpus.texts import encode_text\n"
        "encoded_writer.EncodedWriter._recode = lambda *_: os.kill(os.getpid(), 9)\n"
        "encode_text([Path(sys.argv[1])], cache=Path(sys.argv[2]))\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(text), str(cache)], check=False)
    assert done.returncode == -9
    assert cache_entries(cache) == []
    (left,) = cache.iterdir()
    encode_text([text], cache=cache)
    assert left.exists()  # it might be of a process that is at work
    os.utime(left, (time.time() - 2 * 86400,) * 2)
    remove_cache_entries(cache, max_bytes=1 << 30)
    assert not left.exists()
    assert len(cache_entries(cache)) == 1


def test_of_two_processes_the_first_makes_the_entry(text: Path, cache: Path, monkeypatch: pytest.MonkeyPatch):
    opening = text_reading.open_stream

    def overtaken(path: Path):
        monkeypatch.setattr(text_reading, "open_stream", opening)
        encode_text([path], cache=cache)
        return opening(path)

    monkeypatch.setattr(text_reading, "open_stream", overtaken)
    assert same(encode_text([text], cache=cache), encode_text([text], cache=False))
    assert [path.suffix for path in cache.iterdir()] == [".encoded"]


def test_what_was_used_longest_ago_is_removed_first(tmp_path: Path, cache: Path):
    texts = [tmp_path / f"{name}.txt" for name in "abc"]
    for text in texts:
        text.write_text(text.stem, encoding="utf-8")
        encode_text([text], cache=cache)
    for age, entry in enumerate(cache_entries(cache)):
        os.utime(entry.path, (1000.0 - age, 1000.0 - age))
    used = encode_text([texts[1]], cache=cache)
    latest, *_ = entries = cache_entries(cache)
    assert remove_cache_entries(cache, max_bytes=entries[0].size_bytes) == 2
    assert cache_entries(cache) == [latest]
    assert same(used, encode_text([texts[1]], cache=cache))
    assert remove_cache_entries(cache) == 1
    assert used.tokens.tolist() == [0]  # the files are gone, the arrays are not


def test_nothing_else_in_the_folder_is_removed(cache: Path):
    cache.mkdir()
    (cache / "letter.txt").write_bytes(b"dear")
    (cache / "folder").mkdir()
    assert remove_cache_entries(cache) == 0
    assert sorted(path.name for path in cache.iterdir()) == ["folder", "letter.txt"]


@pytest.mark.parametrize(("variable", "below"), [("", ".cache/firth"), ("relative", ".cache/firth"), (None, "firth")])
def test_the_users_cache_is_where_the_desktop_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str | None, below: str
):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path) if variable is None else variable)
    assert cache_folder() == tmp_path / below
