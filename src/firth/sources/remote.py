"""Files that are not on this machine's disk: shared and object storage, and web servers, by URL, through fsspec.

A URL answers what sources ask of a path. What keeps a file from being read is told as for a local one; a connection
that is cut while reading is taken up where it was, a few times.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from os import PathLike
from pathlib import Path, PurePosixPath
from typing import Any, Self
from urllib.parse import urlsplit

from firth.errors import MissingExtraError, SourceError, SourceNotFoundError

_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+(?:://|::)")
_WEB = ("http", "https")
_BLOCK = 8 << 20  # bytes asked for at once
_TRIES = 4  # of one piece of a file
_PAUSE_S = 0.25  # before the second; twice as long before each further
_STAMPS = ("ETag", "etag", "Content-MD5", "md5Hash", "checksum", "generation", "version_id", "Last-Modified")
_TIMES = ("mtime", "LastModified", "last_modified", "Last-Modified", "updated", "modified", "created")


class RemoteFile:
    """A file or folder elsewhere.

    Parameters
    ----------
    url
        With a scheme that fsspec knows, such as ``s3://bucket/key``.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        named = next((part for part in url.split("::") if "://" in part), url)
        self.scheme = named.partition("://")[0].lower()
        inside = urlsplit(named).path if self.scheme in _WEB else named.partition("://")[2]
        self._name = PurePosixPath(inside or "/")

    @property
    def name(self) -> str:
        """The last part of the URL, without a web server's query."""
        return self._name.name

    @property
    def stem(self) -> str:
        """The name without its suffix."""
        return self._name.stem

    @property
    def suffix(self) -> str:
        """The name's ending, with its dot."""
        return self._name.suffix

    @property
    def suffixes(self) -> list[str]:
        """All of the name's endings."""
        return self._name.suffixes

    def absolute(self) -> Self:
        """Return the file: a URL is absolute."""
        return self

    def is_dir(self) -> bool:
        """Return whether it is a folder: by its last letter, ``/``, where a server has no folders that could be asked.

        Raises
        ------
        SourceError
            If it cannot be reached.
        """
        if self.scheme in _WEB or self.url.endswith("/"):
            return self.url.endswith("/")
        with self._told():
            fs, path = self._system()
            return bool(fs.isdir(path))

    def is_file(self) -> bool:
        """Return whether it is no folder."""
        return not self.is_dir()

    def iterdir(self) -> Iterator[RemoteFile]:
        """Yield the files in the folder.

        Raises
        ------
        SourceError
            If it cannot be reached.
        """
        with self._told():
            fs, path = self._system()
            names = [entry["name"] for entry in fs.ls(path, detail=True) if entry.get("type") != "directory"]
            urls = [str(fs.unstrip_protocol(name)) for name in names]
        yield from (RemoteFile(url) for url in urls)

    def state(self) -> tuple[int, str]:
        """Return the size in bytes, 0 where it is not known, and what changes whenever the file does: its checksum.

        Empty where neither a checksum nor a time is known.

        Raises
        ------
        SourceNotFoundError
            If there is no such file.
        SourceError
            If it cannot be reached, or is a folder.
        """
        info = self._info()
        stamp = next((str(info[key]) for key in (*_STAMPS, *_TIMES) if info.get(key)), "")
        return int(info.get("size") or 0), stamp

    def modified_ns(self) -> int | None:
        """Return when it was changed last, in nanoseconds since 1970, where that is known."""
        info = self._info()
        return next((found for key in _TIMES if (found := _nanoseconds(info.get(key))) is not None), None)

    def open(self, position: int = 0, *, reads_ahead: bool = True) -> RemoteReader:
        """Return its bytes from a position on; see :class:`RemoteReader`."""
        return RemoteReader(self, position, reads_ahead=reads_ahead)

    def _info(self) -> dict[str, Any]:
        with self._told():
            fs, path = self._system()
            fs.invalidate_cache()
            info: dict[str, Any] = fs.info(path)
        if info.get("type") == "directory":
            raise SourceError(f"{self} is a folder; give a file, or a list of files.")
        return info

    def _system(self) -> tuple[Any, str]:
        """Return fsspec's file system, and the path that it knows the file by."""
        try:
            import fsspec
        except ImportError as error:
            raise MissingExtraError(f"reading {self}", "fsspec", "cluster") from error
        try:
            fs, path = fsspec.core.url_to_fs(self.url)
        except ImportError as error:
            package = re.search(r"(?i)install (?:the )?[\"'`]?([\w.-]+)", str(error))
            name = package[1] if package else "another package"
            raise MissingExtraError(f"reading {self.scheme}://", name, "", install=name) from error
        except ValueError as error:
            raise SourceError(
                f"{self} has a scheme that fsspec does not know. It knows s3, gs, az, hdfs, http, memory and others; a "
                f"database is source.uri ({error})."
            ) from error
        return fs, str(path)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Return a context in which what goes wrong is told as an error of the source."""
        try:
            yield
        except (SourceError, MissingExtraError):
            raise
        except FileNotFoundError as error:
            cause = error.__cause__
            if cause is not None and getattr(cause, "status", 404) not in (404, 410):
                raise SourceError(f"cannot read {self}: {_first_line(cause)}. Check its permissions.") from error
            if cause is not None and getattr(cause, "status", None) is None:
                raise SourceError(f"cannot reach {self}: {_first_line(cause)}. Check the connection.") from error
            raise SourceNotFoundError(f"there is no file {self}. Check the URL.") from error
        except Exception as error:  # each file system has errors of its own
            raise SourceError(f"cannot read {self}: {_first_line(error)}. Check the URL and permissions.") from error

    def __str__(self) -> str:
        return re.sub(r"(://[^\s:/@]*:)[^\s/]*(?=@)", r"\1***", self.url)

    def __repr__(self) -> str:
        return f"RemoteFile({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RemoteFile) and other.url == self.url

    def __hash__(self) -> int:
        return hash(self.url)


Location = Path | RemoteFile
"""Where a file is: on this machine's file systems, or elsewhere."""


def locate(path: str | PathLike[str] | RemoteFile) -> Location:
    """Return where a path or a URL points; ``file://`` and names of files that are there point to this machine.

    Examples
    --------
    >>> locate("s3://bucket/plays.csv.gz").suffixes
    ['.csv', '.gz']
    >>> locate("file:///data/plays.csv").as_posix()
    '/data/plays.csv'
    """
    if isinstance(path, RemoteFile):
        return path
    text = path if isinstance(path, str) else ""
    if not _URL.match(text) or os.path.exists(text):  # noqa: PTH110 (Path.exists raises for a long URL)
        return Path(path)
    if text.lower().startswith("file://") and "::" not in text:
        return Path("/" + text[len("file://") :].removeprefix("localhost").lstrip("/"))
    return RemoteFile(text)


class RemoteReader:
    """A remote file's bytes, from its beginning on; what is cut is taken up where it was.

    Parameters
    ----------
    file
        Which.
    position
        Where to begin.
    reads_ahead
        Whether 8 MiB are asked for at once; otherwise what is read.

    Notes
    -----
    A block is held. Of a web server that serves no parts, the file comes as a stream, and what was read already comes
    again where the connection is cut.
    """

    def __init__(self, file: RemoteFile, position: int = 0, *, reads_ahead: bool = True) -> None:
        self._file = file
        self._position = position
        self._how = {"block_size": _BLOCK, "cache_type": "readahead" if reads_ahead else "none"}
        self._is_streamed = False
        self._raw: Any = None

    def tell(self) -> int:
        """Return how many bytes were read."""
        return self._position

    def read(self, n: int = -1, /) -> bytes:
        """Return the next bytes, at most ``n``; none at the end.

        Raises
        ------
        OSError
            If they do not come, after a few tries.
        """
        pause = _PAUSE_S
        for attempt in range(_TRIES):
            try:
                if self._raw is None:
                    self._open()
                data: bytes = self._raw.read(n)
            except Exception as error:  # each file system has errors of its own
                self.close()
                if isinstance(error, ValueError) and "range requests" in str(error):
                    self._is_streamed = True
                    continue
                is_final = isinstance(error, FileNotFoundError | PermissionError | MissingExtraError)
                if is_final or attempt == _TRIES - 1:
                    raise OSError(f"it was cut after {self._position:,} bytes: {_first_line(error)}") from error
                time.sleep(pause)
                pause *= 2
            else:
                self._position += len(data)
                return data
        raise OSError(f"it was cut after {self._position:,} bytes")

    def close(self) -> None:
        """Let go of the connection."""
        if self._raw is not None:
            with suppress(Exception):
                self._raw.close()
            self._raw = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> None:
        fs, path = self._file._system()
        self._raw = fs.open(path, "rb", **({"block_size": 0} if self._is_streamed else self._how))
        if self._position == 0:
            return
        with suppress(ValueError, OSError):  # what comes as a stream says that it could, and cannot
            self._raw.seek(self._position)
            return
        left = self._position
        while left:
            passed = len(self._raw.read(min(left, _BLOCK)))
            if not passed:
                raise OSError(f"it ends after {self._position - left:,} bytes")
            left -= passed


@contextmanager
def local_copy(path: Location) -> Iterator[Path]:
    """Return a context that gives a file on this machine: the file itself, or a copy of a remote one.

    Raises
    ------
    SourceError
        If it cannot be read, or there is no room for the copy.
    """
    if isinstance(path, Path):
        yield path
        return
    size, _ = path.state()
    with tempfile.NamedTemporaryFile(prefix="firth-", suffix=path.suffix) as copy:
        try:
            with path.open() as source:
                while block := source.read(_BLOCK):
                    copy.write(block)
                n_read = source.tell()
            copy.flush()
        except OSError as error:
            raise SourceError(f"cannot read {path}: {error}. Fetch it again.") from error
        if size and n_read != size:
            raise SourceError(f"{path} is cut short: {n_read:,} of {size:,} bytes came. Fetch it again.")
        yield Path(copy.name)


def _nanoseconds(value: object) -> int | None:
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return round(aware.timestamp() * 1e9)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return round(value * 1e9)
    with suppress(ValueError, TypeError):
        return _nanoseconds(datetime.fromisoformat(str(value)))
    with suppress(ValueError, TypeError):
        return _nanoseconds(parsedate_to_datetime(str(value)))
    return None


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__).rstrip(".")
