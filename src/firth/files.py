"""Files that are either there whole or not at all.

Everything Firth writes goes through :func:`atomic_path`: written beside its final place, flushed to the disk, renamed.
A full disk, a crash or a second writer leaves the old file or the new one, never half of one.
"""

from __future__ import annotations

import os
import tempfile
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
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
        _sync_folder(path.parent)
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


def _umask() -> int:
    # The only way to read it is to set it; mkstemp made the file private, its reader expects ordinary permissions.
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
