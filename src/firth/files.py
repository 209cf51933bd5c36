"""Files that are either there whole or not at all.

Everything Firth writes goes through :func:`atomic_path`: written beside its final place, flushed to the disk, renamed.
A full disk, a crash or a second writer leaves the old file or the new one, never half of one.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from firth.errors import RunError


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Return a context that gives a temporary path beside ``path`` and renames it to ``path`` at the end.

    Raises
    ------
    RunError
        If the folder does not exist or cannot be written, or the disk is full; nothing is left behind.
    """
    temporary: Path | None = None
    try:
        unique = path.with_name(f".{path.name}.{secrets.token_hex(8)}.partial")
        unique.touch(exist_ok=False)
        temporary = unique
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        if isinstance(error, RunError):
            raise
        raise RunError(
            f"cannot write {path}: {error.strerror or error}. Choose a folder that can be written."
        ) from error
    finally:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Return a context in which nobody else is who asks for the same: for reading a file and writing it again.

    Notes
    -----
    The system frees the folder when its holder ends, however that happens. Nothing is left in the folder.

    Raises
    ------
    RunError
        If the folder cannot be opened.
    """
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise RunError(f"cannot open {folder}: {error.strerror or error}.") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Make what was renamed in a folder outlast a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Return a context that one process, and one thread of it, is in at a time, for each folder.

    It takes no file: the folder itself is locked, and a process that dies lets go. A folder that was moved away while
    it was waited for is not the one asked for: whatever lies there now is locked. Where the folder cannot be opened, or
    its file system locks no folders (NFS), nobody is kept out.
    """
    handle = _lock(folder)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)


def _lock(folder: Path) -> int | None:
    """Return the handle of a folder that is now locked; None where it cannot be opened."""
    while True:
        try:
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            with suppress(OSError):
                fcntl.flock(handle, fcntl.LOCK_EX)
            if os.path.samestat(os.fstat(handle), folder.stat()):
                return handle
        except FileNotFoundError:
            pass
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)
