"""Files that runs have in common, kept once: hard links to ``.shared/SHA256`` beside the runs' folders.

A run folder stays complete in itself: each name in it is the file. Copying a run elsewhere copies its files, removing
one leaves the others theirs, and removing ``.shared`` loses nothing but the saving. There is no count of references
but the file system's own, so two processes can share, remove and clean up at once: the worst that can happen is a file
that is kept twice.
"""

from __future__ import annotations

import filecmp
import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

SHARED = ".shared"
LEAST_BYTES = 4096
"""Smaller files are not shared: each takes a block of the disk anyway."""
_BLOB = re.compile(r"[0-9a-f]{64}")


def share(path: Path, root: Path) -> None:
    """Let a file of a run be one with all files of the same content in the store.

    Parameters
    ----------
    path
        A file that is whole, and is never written again but by putting another in its place. It becomes read-only.
    root
        The folder that holds the runs' folders, on the same file system.

    Notes
    -----
    O(bytes) to hash it, and once more to compare it with what is there: a kept file that somebody changed is not
    taken for what it was. Where the file system has no hard links, or no more of them, the file stays by itself.
    """
    with suppress(OSError):
        state = path.stat()
        if state.st_size < LEAST_BYTES:
            return
        blob = root / SHARED / digest_of(path)
        blob.parent.mkdir(exist_ok=True)
        path.chmod(state.st_mode & 0o555)
        with suppress(FileExistsError):
            os.link(path, blob)
            return
        if blob.samefile(path):
            return
        if filecmp.cmp(path, blob, shallow=False):
            _replace_by_link(blob, path)
        else:
            _replace_by_link(path, blob)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file: 64 hexadecimal digits.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def blobs(root: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield what is kept for all runs of a store, and the state of each."""
    for path in (root / SHARED).glob("*"):
        with suppress(OSError):
            if _BLOB.fullmatch(path.name):
                yield path, path.stat()


def remove_unshared(root: Path) -> int:
    """Return how many bytes became free by removing what no run refers to."""
    freed = 0
    for path, state in blobs(root):
        # A run that takes the file between the two steps keeps it: what goes is a name.
        if state.st_nlink == 1:
            with suppress(OSError):
                path.unlink()
                freed += state.st_size
    with suppress(OSError):
        (root / SHARED).rmdir()
    return freed


def _replace_by_link(source: Path, target: Path) -> None:
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(8)}.partial")
    try:
        os.link(source, temporary)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
