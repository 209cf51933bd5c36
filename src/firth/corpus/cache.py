"""Encoded sources kept on disk, so that a source that has not changed is read once.

An entry is a folder, made beside its place and renamed, so that a process that dies leaves none, and of two that make
the same one the first wins. What an entry is named by must hold everything that its content depends on.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from firth.corpus.encoded import Encoded, load_encoded
from firth.errors import DataError

_SUFFIX = ".encoded"
_PARTIAL = ".partial"
_ABANDONED_S = 24 * 3600  # a folder that is being made is not that old


@dataclass(frozen=True)
class CacheEntry:
    """One source in the cache.

    Parameters
    ----------
    path
        Its folder.
    size_bytes
        What its files take.
    used
        When it was last used: seconds since 1970.
    """

    path: Path
    size_bytes: int
    used: float


def cache_folder() -> Path:
    """Return the folder where encoded sources are kept: ``$XDG_CACHE_HOME/firth``, or ``~/.cache/firth``."""
    root = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(root) if os.path.isabs(root) else Path.home() / ".cache") / "firth"  # noqa: PTH117 (XDG: else ignored)


def keep(name: str, make: Callable[[Path], Path], *, cache: Path | bool = True) -> Encoded:
    """Return the entry ``name`` of the cache, made if it is not there.

    Parameters
    ----------
    name
        A file name that stands for all that the content depends on.
    make
        Given a new folder, returns one below it that holds an encoded source.
    cache
        The cache's folder; True: that of the user; False: nothing is kept, the files are deleted at once and
        live on for as long as the arrays do. So it is also if the folder cannot be written.

    Raises
    ------
    Exception
        What ``make`` raises; nothing is kept then.
    """
    if cache is not False:
        folder = cache_folder() if cache is True else cache
        entry = folder / f"{name}{_SUFFIX}"
        if (found := _load(entry)) is not None:
            return found
        partial = folder / f".{name}.{secrets.token_hex(8)}{_PARTIAL}"
        try:
            _remove_abandoned(folder)
            partial.mkdir(parents=True)
        except OSError:
            pass
        else:
            try:
                return _commit(make(partial), entry)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="firth-") as temporary:
        return load_encoded(make(Path(temporary)))


def cache_entries(cache: Path | None = None) -> list[CacheEntry]:
    """Return what the cache holds, the latest used first; ``cache`` is its folder, None that of the user."""
    entries = []
    for path in (cache or cache_folder()).glob(f"*{_SUFFIX}"):
        with suppress(OSError):  # somebody else removed it just now
            files = [file.stat() for file in path.iterdir()]
            entries.append(CacheEntry(path, sum(file.st_size for file in files), path.stat().st_mtime))
    return sorted(entries, key=lambda entry: (-entry.used, entry.path.name))


def remove_cache_entries(cache: Path | None = None, *, max_bytes: int = 0) -> int:
    """Return how many entries were removed so that at most ``max_bytes`` stay: those that were used longest ago.

    A corpus whose arrays are still in use is not disturbed: its files live on until the arrays are gone.
    """
    n_bytes = n_removed = 0
    for entry in cache_entries(cache):
        n_bytes += entry.size_bytes
        if n_bytes > max_bytes:
            shutil.rmtree(entry.path, ignore_errors=True)
            n_removed += 1
    _remove_abandoned(cache or cache_folder())
    return n_removed


def _load(entry: Path) -> Encoded | None:
    try:
        found = load_encoded(entry)
    except FileNotFoundError:
        return None
    except (DataError, OSError):
        shutil.rmtree(entry, ignore_errors=True)
        return None
    with suppress(OSError):  # a cache that is only read is a cache
        os.utime(entry)
    return found


def _commit(made: Path, entry: Path) -> Encoded:
    encoded = load_encoded(made)
    for path in [*made.iterdir(), made]:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    with suppress(OSError):  # another process was first: its entry is as good, and the arrays of this one stay
        made.rename(entry)
    return encoded


def _remove_abandoned(folder: Path) -> None:
    for path in folder.glob(f".*{_PARTIAL}"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _ABANDONED_S:
                shutil.rmtree(path, ignore_errors=True)
