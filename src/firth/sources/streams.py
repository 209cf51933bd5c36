"""Files as streams of bytes: decompressed by their suffix, never held whole, never taken for whole when they are not.

A file that is cut short or damaged, or that changes while it is read, is an error: half a source would train quietly.
"""

from __future__ import annotations

import lzma
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Protocol, cast

from firth.errors import SourceError, SourceNotFoundError

COMPRESSED = (".gz", ".xz", ".zst")


class _Readable(Protocol):
    def read(self, n: int, /) -> bytes: ...


class Stream:
    """A file's bytes, from its beginning to its end.

    Parameters
    ----------
    path
        The file, for messages.
    raw
        The file itself.
    decoded
        What it holds, decompressed.
    """

    def __init__(self, path: Path, raw: FileIO, decoded: _Readable) -> None:
        self.path = path
        self._raw = raw
        self._decoded = decoded
        self._state = file_state(path, raw)

    @property
    def size(self) -> int:
        """Bytes of the file as it lies on the disk."""
        return self._state[0]

    @property
    def position(self) -> int:
        """How many of these were read."""
        return self._raw.tell()

    def read(self, n: int) -> bytes:
        """Return the next bytes, at most ``n``; none at the end.

        Raises
        ------
        SourceError
            If the file is cut short or damaged, or changed since it was opened, which is looked at in the end.
        """
        try:
            data = self._decoded.read(n)
        except EOFError as error:
            raise SourceError(f"{self.path} is cut short: its compressed data has no end. Fetch it again.") from error
        except (OSError, lzma.LZMAError, zlib.error) as error:
            raise SourceError(f"cannot read {self.path}: {error}. It may be damaged; fetch it again.") from error
        if not data:
            self._check_unchanged()
        return data

    def _check_unchanged(self) -> None:
        try:
            now = file_state(self.path)
        except SourceError:
            now = (-1, -1)
        if now == self._state and self.position < self.size:
            raise SourceError(f"{self.path} goes on after the end of its compressed data. Fetch it again.")
        if now != self._state:
            raise SourceError(
                f"{self.path} changed while it was read ({self._state[0]:,} bytes before, "
                f"{max(now[0], 0):,} after). Read it again when nobody writes to it."
            )


@contextmanager
def open_stream(path: Path) -> Iterator[Stream]:
    """Return a context that gives a file's bytes, decompressed if its name ends in .gz, .xz or .zst.

    Parameters
    ----------
    path
        File; several compressed streams one after another are one.

    Raises
    ------
    SourceNotFoundError
        If there is no such file.
    SourceError
        If it is a folder, or cannot be opened.
    """
    file_state(path)
    try:
        raw = FileIO(path)
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}. Check its permissions.") from error
    with raw:
        yield Stream(path, raw, _decoded(raw, path.suffix.lower()))


def file_state(path: Path, raw: FileIO | None = None) -> tuple[int, int]:
    """Return a file's size in bytes and the time of its last change in nanoseconds.

    Raises
    ------
    SourceNotFoundError
        If there is no such file.
    SourceError
        If it is a folder, or no ordinary file.
    """
    try:
        found = path.stat() if raw is None else os.fstat(raw.fileno())
    except FileNotFoundError as error:
        raise SourceNotFoundError(f"there is no file {path}. Check the path.") from error
    except (OSError, ValueError) as error:
        raise SourceError(f"cannot read {path}: {error}. Check the path.") from error
    if path.is_dir():
        raise SourceError(f"{path} is a folder; give a file, or a list of files.")
    if not path.is_file():
        raise SourceError(f"{path} is no ordinary file, which is needed as it may be read twice. Save it first.")
    return found.st_size, found.st_mtime_ns


def _decoded(raw: FileIO, suffix: str) -> _Readable:
    if suffix == ".gz":
        import gzip

        return cast(_Readable, gzip.GzipFile(fileobj=raw, mode="rb"))
    if suffix == ".xz":
        return cast(_Readable, lzma.LZMAFile(raw))
    if suffix == ".zst":
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
        return cast(_Readable, _ZstdFile(zstd.ZstdFile(raw), zstd.ZstdError))
    return raw


class _ZstdFile:
    """A zstd file whose errors are those of the standard library, so that its package is loaded only when needed."""

    def __init__(self, file: _Readable, error: type[Exception]) -> None:
        self._file, self._error = file, error

    def read(self, n: int, /) -> bytes:
        try:
            return self._file.read(n)
        except self._error as error:
            raise OSError(str(error)) from error
