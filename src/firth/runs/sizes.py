"""What folders take on the disk, where one file may lie in several of them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path


def file_states(path: Path) -> Iterator[os.stat_result]:
    """Yield the state of each file of a folder, at any depth, or of one file; what vanishes is passed over."""
    with suppress(OSError):
        if not path.is_dir() or path.is_symlink():
            yield path.lstat()
            return
    for folder, _, names in os.walk(path):
        for name in names:
            with suppress(OSError):
                yield (Path(folder) / name).lstat()


def size_bytes(folder: Path) -> int:
    """Return how many bytes the files of a folder hold, shared ones counted in full."""
    return sum(state.st_size for state in file_states(folder))


def freed_bytes(removed: Iterable[Path], *, kept_for_others: frozenset[int] = frozenset()) -> int:
    """Return how many bytes become free when files and folders are removed.

    Parameters
    ----------
    removed
        What goes.
    kept_for_others
        Numbers (``st_ino``) of files of which one link goes by itself when nothing else refers to it.

    Notes
    -----
    A file that has links elsewhere, too, takes its room until the last of them goes.
    """
    links: Counter[tuple[int, int]] = Counter()
    states: dict[tuple[int, int], os.stat_result] = {}
    for path in removed:
        for state in file_states(path):
            links[state.st_dev, state.st_ino] += 1
            states[state.st_dev, state.st_ino] = state
    return sum(
        state.st_size
        for key, state in states.items()
        if links[key] + (state.st_ino in kept_for_others) >= state.st_nlink
    )
