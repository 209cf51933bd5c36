"""Files as streams: whole or an error, whatever they are compressed with."""

import gzip
import lzma
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from backports import zstd

from firth.errors import SourceError, SourceNotFoundError
from firth.sources.streams import open_stream

DATA = b"".join(b"%d and more\n" % number for number in range(30_000))
COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    ".txt": bytes,
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".zst": zstd.compress,
}


def read_all(path: Path, n: int = 1 << 16) -> bytes:
    with open_stream(path) as stream:
        parts = []
        while part := stream.read(n):
            assert len(part) <= n
            parts.append(part)
        assert stream.position == stream.size
    return b"".join(parts)


@pytest.mark.parametrize("suffix", COMPRESS)
@pytest.mark.parametrize("n", [777, 1 << 20])
def test_a_file_comes_back_whole(tmp_path: Path, suffix: str, n: int):
    path = tmp_path / f"file{suffix}"
    path.write_bytes(COMPRESS[suffix](DATA))
    assert read_all(path, n) == DATA


@pytest.mark.parametrize("suffix", [".gz", ".xz", ".zst"])
def test_streams_one_after_another_are_one(tmp_path: Path, suffix: str):
    path = tmp_path / f"file{suffix}"
    path.write_bytes(COMPRESS[suffix](DATA) + COMPRESS[suffix](b"end"))
    assert read_all(path) == DATA + b"end"


@pytest.mark.parametrize("suffix", [".gz", ".xz", ".zst"])
@pytest.mark.parametrize("part", [0.01, 0.5, 0.9, 0.9999])
def test_a_file_that_is_cut_short_is_refused(tmp_path: Path, suffix: str, part: float):
    path = tmp_path / f"file{suffix}"
    whole = COMPRESS[suffix](DATA)
    path.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(SourceError, match="is cut short"):
        read_all(path)


@pytest.mark.parametrize("suffix", [".gz", ".xz", ".zst"])
def test_a_file_that_is_damaged_is_refused(tmp_path: Path, suffix: str):
    path = tmp_path / f"file{suffix}"
    path.write_bytes(b"this was never compressed" * 10)
    with pytest.raises(SourceError, match=r"damaged|cut short"):
        read_all(path)


def test_a_suffix_is_known_in_any_case(tmp_path: Path):
    path = tmp_path / "FILE.TXT.GZ"
    path.write_bytes(gzip.compress(b"words"))
    assert read_all(path) == b"words"


def test_a_missing_file_is_not_found(tmp_path: Path):
    with pytest.raises(SourceNotFoundError, match="there is no file"):
        read_all(tmp_path / "none.txt")


def test_a_folder_is_refused(tmp_path: Path):
    with pytest.raises(SourceError, match="is a folder"):
        read_all(tmp_path)


def test_a_pipe_is_refused(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(SourceError, match="no ordinary file"):
        read_all(tmp_path / "pipe.txt")


@pytest.mark.parametrize("change", [b"one line more\n", None])
def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path, change: bytes | None):
    path = tmp_path / "log.txt"
    path.write_bytes(DATA)
    with open_stream(path) as stream:
        stream.read(10)
        if change is None:
            path.unlink()
        else:
            with path.open("ab") as file:
                file.write(change)
        with pytest.raises(SourceError, match="changed while it was read"):
            list(iter(lambda: stream.read(1 << 20), b""))
