"""Arrays that lie in files: what of them is wanted in memory, and what may go.

The operating system keeps what it has room for. What is said here changes when it reads and what it forgets first,
never what an array holds. Arrays that are no memory maps are left alone, and so are systems that take no advice.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from firth.errors import RunError

_PAGE = mmap.PAGESIZE
_ASKED = 1 << 17  # bytes of one request: Linux reads no more of a longer one than its read-ahead, 128 KiB by default
_GROUPS = (  # where Linux tells the limits of control groups, of both versions
    ("/sys/fs/cgroup", "0::", "memory.max", "anon"),
    ("/sys/fs/cgroup/memory", ":memory:", "memory.limit_in_bytes", "total_rss"),
)
_SHARED = ("r", "r+", "w+")  # modes of maps whose pages are the file's: forgetting one loses nothing


def is_mapped(array: npt.NDArray[Any]) -> bool:
    """Return whether an array lies in a file that is mapped into memory."""
    return _file_map(array) is not None


def will_need(array: npt.NDArray[Any], first: int, last: int) -> None:
    """Ask for the elements ``first`` to ``last - 1`` to be read from the disk, without waiting for them."""
    step = max(1, _ASKED // array.itemsize)
    for begin in range(first, last, step):
        _advise(array, begin, min(begin + step, last), getattr(mmap, "MADV_WILLNEED", None))


def let_go(array: npt.NDArray[Any], first: int = 0, last: int | None = None) -> None:
    """Let this process forget the elements ``first`` to ``last - 1``; touching one brings it back.

    They stay in the system's cache of files for as long as it has room.
    """
    _advise(array, first, array.size if last is None else last, getattr(mmap, "MADV_DONTNEED", None))


def scratch(shape: tuple[int, ...], kind: npt.DTypeLike, *, folder: Path | None = None) -> npt.NDArray[Any]:
    """Return zeros in a file that is gone with the array.

    Parameters
    ----------
    shape, kind
        Of the array; it holds at least one element.
    folder
        Where the file lies, without a name; None: where temporary files do.

    Raises
    ------
    RunError
        If there is no room for it.
    """
    size = int(np.prod(shape, dtype=np.int64)) * np.dtype(kind).itemsize
    place = str(folder or tempfile.gettempdir())
    try:
        with tempfile.TemporaryFile(prefix="firth-", dir=place) as file:
            _reserve(file.fileno(), size)
            return np.memmap(file, dtype=kind, mode="r+", shape=shape)
    except OSError as error:
        raise RunError(
            f"cannot write {size:,} bytes to {place}: {error.strerror or error}. Free some space, or choose another "
            "folder with the environment variable TMPDIR."
        ) from error


def available_bytes() -> int | None:
    """Return how much memory this process may still take, as Linux tells; None where that is not known."""
    found = []
    with suppress(OSError, ValueError, IndexError):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        found += [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    for root, line, limit, taken in _GROUPS:
        with suppress(OSError, ValueError, KeyError, StopIteration):
            lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
            group = Path(root) / next(each.split(line, 1)[1] for each in lines if line in each).lstrip("/")
            # In a container the group of the process is what is mounted.
            group = group if group.exists() else Path(root)
            statistics = dict(each.split() for each in (group / "memory.stat").read_text(encoding="ascii").splitlines())
            found.append(int((group / limit).read_text(encoding="ascii")) - int(statistics[taken]))
    return max(0, min(found)) if found else None


def _reserve(handle: int, size: int) -> None:
    """Take the room now: a full disk met later, on writing to a map, kills the process."""
    os.truncate(handle, size)
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(handle, 0, size)


def _file_map(array: npt.NDArray[Any]) -> mmap.mmap | None:
    base: object = array
    mode = None
    while isinstance(base, np.ndarray):
        mode = base.mode if isinstance(base, np.memmap) else mode
        base = base.base
    return base if isinstance(base, mmap.mmap) and mode in _SHARED else None


def _advise(array: npt.NDArray[Any], first: int, last: int, advice: int | None) -> None:
    found = _file_map(array)
    if found is None or advice is None or first >= last:
        return
    start = array.ctypes.data - np.frombuffer(found, dtype=np.uint8).ctypes.data
    begin = (start + first * array.itemsize) // _PAGE * _PAGE
    end = start + last * array.itemsize
    with suppress(OSError, ValueError):
        found.madvise(advice, begin, end - begin)
