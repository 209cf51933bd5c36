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
from typing import Protocol, cast

from firth.errors import SourceError, SourceNotFoundError
from firth.sources.remote import Location, RemoteFile, RemoteReader

COMPRESSED = (".gz", ".xz", ".zst")


class _Readable(Protocol):
    def read(self, n: int, /) -> bytes: ...


class Stream:
    """A file's bytes, from its beginning to its end.

    Parameters
    ----------
    path
        The file, on this machine or elsewhere.
    raw
        The file itself.
    decoded
        What it holds, decompressed.
    """

    def __init__(self, path: Location, raw: FileIO | RemoteReader, decoded: _Readable) -> None:
        self.path = path
        self._raw = raw
        self._decoded = decoded
        self._state = file_state(path, raw)

    @property
    def size(self) -> int:
        """Bytes of the file as it lies there; 0 where a server does not say."""
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
            if self._decoded is self._raw:
                raise SourceError(
                    f"{self.path} is cut short: {self.position:,} of {self.size:,} bytes came. Fetch it again."
                )
            raise SourceError(f"{self.path} goes on after the end of its compressed data. Fetch it again.")
        if now != self._state:
            raise SourceError(
                f"{self.path} changed while it was read ({self._state[0]:,} bytes before, "
                f"{max(now[0], 0):,} after). Read it again when nobody writes to it."
            )


@contextmanager
def open_stream(path: Location) -> Iterator[Stream]:
    """Return a context that gives a file's bytes, decompressed if its name ends in .gz, .xz or .zst.

    Parameters
    ----------
    path
        File, on this machine or elsewhere; several compressed streams one after another are one.

    Raises
    ------
    SourceNotFoundError
        If there is no such file.
    SourceError
        If it is a folder, or cannot be opened.
    """
    file_state(path)
    try:
        raw = path.open() if isinstance(path, RemoteFile) else FileIO(path)
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}. Check its permissions.") from error
    with raw:
        yield Stream(path, raw, _decoded(raw, path.suffix.lower()))


def file_state(path: Location, raw: FileIO | RemoteReader | None = None) -> tuple[int, int | str]:
    """Return a file's size in bytes, and the time of its last change in nanoseconds, or a remote file's checksum.

    Raises
    ------
    SourceNotFoundError
        If there is no such file.
    SourceError
        If it is a folder, or no ordinary file.
    """
    if isinstance(path, RemoteFile):
        return path.state()
    try:
        found = os.fstat(raw.fileno()) if isinstance(raw, FileIO) else path.stat()
    except FileNotFoundError as error:
        raise SourceNotFoundError(f"there is no file {path}. Check the path.") from error
    except (OSError, ValueError) as error:
        raise SourceError(f"cannot read {path}: {error}. Check the path.") from error
    if path.is_dir():
        raise SourceError(f"{path} is a folder; give a file, or a list of files.")
    if not path.is_file():
        raise SourceError(f"{path} is no ordinary file, which is needed as it may be read twice. Save it first.")
    return found.st_size, found.st_mtime_ns


def _decoded(raw: FileIO | RemoteReader, suffix: str) -> _Readable:
    if suffix == ".gz":
        import gzip

        return cast(_Readable, gzip.GzipFile(fileobj=cast(FileIO, raw), mode="rb"))
    if suffix == ".xz":
        return cast(_Readable, lzma.LZMAFile(cast(FileIO, raw)))
    if suffix == ".zst":
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
        return cast(_Readable, _ZstdFile(zstd.ZstdFile(cast(FileIO, raw)), zstd.ZstdError))
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
