"""Where data came from: which files, in which state, or which queries to which database, and what they answered.

Noted when a source is read, so that a run can say later whether it is still the same. Files are not hashed then:
whoever writes an origin down does that (``FileRead.sha256``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from firth.errors import SourceError
from firth.sources.remote import Location, RemoteFile
from firth.sources.streams import file_state

if TYPE_CHECKING:
    import polars as pl

_BLOCK = 1 << 18  # rows hashed at once


@dataclass(frozen=True)
class FileRead:
    """A file in the state in which it was read.

    Parameters
    ----------
    path
        Absolute.
    size_bytes
        Its size.
    modified_ns
        When it was changed last, in nanoseconds since 1970; None where a server does not say.
    stamp
        Of a remote file: its checksum, or what else changes whenever it does.
    """

    path: Location
    size_bytes: int
    modified_ns: int | None
    stamp: str = ""

    @classmethod
    def of(cls, path: Location) -> Self:
        """Return a file in its present state.

        Raises
        ------
        SourceError
            If there is no such file, or it is no ordinary one.
        """
        size, changed = file_state(path)
        if isinstance(path, RemoteFile):
            return cls(path, size, path.modified_ns(), str(changed))
        return cls(path.absolute(), size, int(changed))

    def sha256(self) -> str | None:
        """Return the SHA-256 of the file, 64 hexadecimal digits; None if it is not what was read any more, or remote.

        Notes
        -----
        O(bytes) time. A change that keeps size and time of the file goes unnoticed. A remote file would come over the
        network once more: its stamp says whether it is the same.
        """
        if isinstance(self.path, RemoteFile):
            return None
        with suppress(OSError):
            if FileRead.of(self.path) == self:
                with self.path.open("rb") as file:
                    found = hashlib.file_digest(file, "sha256").hexdigest()
                if FileRead.of(self.path) == self:
                    return found
        return None


@dataclass(frozen=True)
class QueryRead:
    """A query, and what it answered: how many rows, which columns, and the SHA-256 of the rows in their order."""

    query: str
    n_rows: int
    columns: tuple[str, ...]
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where data came from.

    Parameters
    ----------
    files
        The files that were read, in their order; of a database file, its state alone is looked at.
    uri
        Of a database, without a password.
    server
        What a database server says of itself; empty for a file.
    queries
        What was asked of a database.
    merges
        Tables of duplicates that were merged in what was read.
    is_known
        False for what lay in memory already: then nothing is known of where it came from.
    """

    files: tuple[FileRead, ...] = ()
    uri: str | None = None
    server: str = ""
    queries: tuple[QueryRead, ...] = ()
    merges: tuple[FileRead, ...] = ()
    is_known: bool = True


IN_MEMORY = Origin(is_known=False)


def origin_of_files(paths: Iterable[Location]) -> Origin:
    """Return the origin of data that is about to be read from files.

    Raises
    ------
    SourceError
        If one is missing, or is no ordinary file.
    """
    return Origin(files=tuple(FileRead.of(path) for path in paths))


def database_file(uri: str) -> tuple[FileRead, ...]:
    """Return the file that a URI of SQLite or DuckDB names, in its present state; nothing for a server."""
    scheme, _, rest = uri.partition("://")
    with suppress(SourceError):
        if scheme in ("sqlite", "duckdb") and rest[1:]:
            return (FileRead.of(Path(rest[1:])),)
    return ()


def query_read(query: str, frame: pl.DataFrame) -> QueryRead:
    """Return what is noted of a query and its answer; see :func:`digest_of_columns` for the cost."""
    return QueryRead(query, frame.height, tuple(frame.columns), digest_of_columns(frame.get_columns()))


def digest_of_columns(columns: Sequence[pl.Series]) -> str:
    """Return the SHA-256 of columns: their names, types and values in their order, as 64 hexadecimal digits.

    Notes
    -----
    O(bytes) time; a quarter of a million values at once in memory. How polars holds the values in its chunks, and its
    version, have no part in it.

    Examples
    --------
    >>> import polars as pl
    >>> columns = [pl.Series("a", ["x", None, "yz"]), pl.Series("b", [1.5, 2.0, None])]
    >>> digest_of_columns(columns)[:16]
    'af8802e0eda5ed6e'
    """
    digest = hashlib.sha256(b"firth columns 1")
    for column in columns:
        digest.update(f"\0{column.name}\0{column.dtype}\0{len(column)}\0".encode())
        for start in range(0, len(column), _BLOCK):
            for part in _bytes_of(column.slice(start, _BLOCK)):
                digest.update(part)
    return digest.hexdigest()


def _bytes_of(values: pl.Series) -> Iterable[bytes]:
    """Yield a column's values as bytes from which they could be read again."""
    import polars as pl

    yield np.packbits(values.is_null().to_numpy()).tobytes()
    present = values.drop_nulls()
    if isinstance(present.dtype, pl.List):
        yield present.list.len().cast(pl.UInt32).to_numpy().tobytes()
        yield from _bytes_of(present.list.explode())
    elif present.dtype == pl.String:
        yield present.str.len_bytes().to_numpy().tobytes()
        yield str(present.str.join("").item() or "").encode()
    elif present.dtype == pl.Boolean:
        yield np.packbits(present.to_numpy()).tobytes()
    elif present.dtype.is_numeric() and not present.dtype.is_decimal():
        yield np.ascontiguousarray(present.to_numpy()).tobytes()
    elif present.dtype.is_temporal():
        yield present.to_physical().to_numpy().tobytes()
    else:
        yield "\0".join(map(repr, present.to_list())).encode("utf-8", "surrogatepass")
