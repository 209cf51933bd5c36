"""A text's file in the state in which it is read: its entry in the cache is named by it, and all readers check it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from firth.errors import SourceError
from firth.sources.remote import Location, RemoteFile
from firth.sources.streams import COMPRESSED, file_state

_SAMPLE = 1 << 16  # bytes at either end of a file


@dataclass(frozen=True, kw_only=True)
class TextFile:
    """A text in the state in which all of it must be read.

    Parameters
    ----------
    path
        Where it is.
    size_bytes
        Its size; 0 where a server does not say.
    changed
        Of a remote file, its checksum or time; of another, the time of its last change in nanoseconds.
    ends
        SHA-256 of the first and last 64 KiB; empty for a remote file.
    """

    path: Location
    size_bytes: int
    changed: int | str
    ends: str

    @classmethod
    def of(cls, path: Location) -> TextFile:
        """Return a text in its present state.

        Raises
        ------
        SourceNotFoundError
            If there is none.
        SourceError
            If it cannot be read, or is no ordinary file.
        """
        size, changed = file_state(path)
        return cls(path=path, size_bytes=size, changed=changed, ends=_ends(path, size))

    @property
    def is_compressed(self) -> bool:
        """Whether it can be read from its beginning only."""
        return self.path.suffix.lower() in COMPRESSED

    @property
    def has_state(self) -> bool:
        """Whether it would be known if it changed."""
        return self.changed != ""

    @property
    def name(self) -> list[str | int]:
        """What an entry of the cache is named by."""
        if isinstance(self.path, RemoteFile):
            return [self.path.url, self.size_bytes, self.changed]
        return [str(self.path.absolute()), self.size_bytes, self.changed, self.ends]

    def check(self) -> None:
        """Raise SourceError unless what is here is this text; a copy on another machine may have another time."""
        here = TextFile.of(self.path)
        is_same = here.size_bytes == self.size_bytes and here.ends == self.ends
        if not is_same or (isinstance(self.path, RemoteFile) and here.changed != self.changed):
            raise SourceError(
                f"{self.path} must be the same file for all who read it: it has {here.size_bytes:,} bytes here, "
                f"{self.size_bytes:,} are meant"
                + ("" if here.size_bytes != self.size_bytes else ", and others")
                + ". Put one file where all see it, and read it when nobody writes to it."
            )


def _ends(path: Location, size: int) -> str:
    if isinstance(path, RemoteFile):
        return ""
    ends = hashlib.sha256()
    try:
        with path.open("rb") as file:
            ends.update(file.read(_SAMPLE))
            file.seek(max(0, size - _SAMPLE))
            ends.update(file.read(_SAMPLE))
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}. Check its permissions.") from error
    return ends.hexdigest()
