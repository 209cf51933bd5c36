"""Where a run comes from: its source's fingerprint, the code that made it, and the digests of what it made.

All of it stands under ``lineage`` in ``run.json``. It decides nothing: a run without a lineage, of an earlier version,
is a run. ``reproducing.py`` compares two of them.
"""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import numpy as np

import firth
from firth.sources.origin import FileRead, Origin, digest_of_columns
from firth.sources.remote import Location

if TYPE_CHECKING:
    import polars as pl

    from firth.runs.run import Run

MAX_LISTED = 100  # files of one source, by name; all of them are in its fingerprint
TIMED = frozenset({"seconds", "items_per_s"})
"""Columns of the history that differ from one run to the next, as time does."""
_GIT_TIMEOUT_S = 10


class SourceHash:
    """A source that is being hashed while something else is done.

    Parameters
    ----------
    origin
        What was read.

    Notes
    -----
    One thread, which lets go of the interpreter while it hashes.
    """

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._hashes: dict[Location, str | None] = {}
        self._thread = Thread(target=self._hash, name="firth-source", daemon=True)
        self._thread.start()

    def result(self) -> dict[str, Any]:
        """Return what is written down of the source, when all is hashed."""
        self._thread.join()
        return about_origin(self._origin, self._hashes)

    def _hash(self) -> None:
        read = self._origin.files if self._origin.uri is None else ()  # of a database the rows are hashed
        for file in (*read, *self._origin.merges):
            self._hashes[file.path] = file.sha256()


def about_origin(origin: Origin, hashes: Mapping[Location, str | None]) -> dict[str, Any]:
    """Return where data came from as plain values, with the fingerprint of all of it; None where it is not known."""
    about = _about_data(origin, hashes)
    return {**about, "merges": _about_files(origin.merges, hashes)} if origin.merges else about


def _about_data(origin: Origin, hashes: Mapping[Location, str | None]) -> dict[str, Any]:
    if not origin.is_known:
        return {"kind": "memory", "fingerprint": None}
    if origin.uri is None:
        return {"kind": "files", **_about_files(origin.files, hashes)}
    queries = [
        {"query": each.query, "rows": each.n_rows, "columns": list(each.columns), "sha256": each.sha256}
        for each in origin.queries
    ]
    return {
        "kind": "database",
        "uri": origin.uri,
        "server": origin.server or None,
        "file": _about_file(origin.files[0], {}) if origin.files else None,
        "queries": queries,
        "fingerprint": _joined([each.sha256 for each in origin.queries]),
    }


@cache
def about_code() -> dict[str, Any]:
    """Return which code runs: Firth's version, its commit where it is a checkout, and the SHA-256 of its kernel.

    ``is_modified`` says whether a checkout's code differs from its commit; None where that is not known.
    """
    from firth import _kernel

    commit, is_modified = _checkout(Path(firth.__file__).parent)
    try:
        named = version("firth")
    except PackageNotFoundError:
        named = "unknown"
    kernel = hashlib.sha256(Path(_kernel.__file__).read_bytes()).hexdigest()
    return {"firth": named, "commit": commit, "is_modified": is_modified, "kernel": kernel}


def about_made(run: Run) -> dict[str, dict[str, str]]:
    """Return the SHA-256 of each array and each column that a run was made with: ``vectors``, ``items``, ``history``.

    What is made of the run later, such as another map, leaves them as they are, so that they say what training, and
    what came right after it, gave.
    """
    return {
        "vectors": {name: digest_of_array(array) for name, array in run.arrays.items()},
        "items": {column.name: digest_of_columns([column]) for column in run.items.get_columns()},
        "history": {
            column.name: digest_of_columns([column]) for column in run.history.get_columns() if column.name not in TIMED
        },
        "confidence": _digests(run.neighbor_confidence),
    }


def digest_of_array(array: np.ndarray[Any, Any]) -> str:
    """Return the SHA-256 of an array's type, shape and values."""
    digest = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode())
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def source_changes(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Yield which files and which queries' answers are not what they were, by two runs' documents."""
    old, new = about_source_of(then), about_source_of(now)
    for kind, key, digest in (("files", "path", "sha256"), ("queries", "query", "sha256")):
        for was, found in zip(old.get(kind, []), new.get(kind, []), strict=False):
            if was.get(digest) and found.get(digest) and was[digest] != found[digest]:
                sizes = [each.get("rows", each.get("size_bytes")) for each in (was, found)]
                what = "rows" if kind == "queries" else "bytes"
                yield f"{' '.join(str(was[key]).split())[:100]}: {sizes[1]:,} {what}, it had {sizes[0]:,}"
        if len(old.get(kind, [])) != len(new.get(kind, [])):
            yield f"{len(new.get(kind, []))} {kind}, there were {len(old.get(kind, []))}"
    merges = [(each.get("merges") or {}).get("fingerprint") for each in (old, new)]
    if merges[0] != merges[1] and None not in merges:
        yield "the tables of duplicates are not what they were"


def reasons(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is not as it was when a run was made, which may be why its bytes differ, by two runs' documents."""
    found = list(_reasons(then, now))
    yield from found
    if not found:
        yield "nothing that is written down is different; this should not be, please report it"


def _reasons(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    old, new = ((each.get("corpus") or {}).get("fingerprint") for each in (then, now))
    if old != new:
        yield "the source changed: training read another corpus"
    starts = [(each.get("start") or {}).get("digest") for each in (then, now)]
    if starts[0] != starts[1]:
        yield f"the run that it began with, {(then.get('start') or {}).get('run')}, is not what it was"
    for name, key in (("instruction set", "instruction_set"), ("seed", "seed")):
        if then.get(key) != now.get(key):
            yield f"{name} {now.get(key)}, it was {then.get(key)}"
    versions = [each.get("versions") or {} for each in (then, now)]
    for package in sorted({*versions[0], *versions[1]}):
        old, new = versions[0].get(package), versions[1].get(package)
        if old != new:
            yield f"{package} {new or 'is missing'}, it was {old or 'not there'}"
    codes = [(each.get("lineage") or {}).get("code") or {} for each in (then, now)]
    for key, name in (("commit", "commit"), ("kernel", "kernel")):
        old, new = codes[0].get(key), codes[1].get(key)
        if codes[0] and old != new:
            yield f"{name} {str(new)[:12]}, it was {str(old)[:12]}"
    if any(code.get("is_modified") for code in codes):
        yield "the code was changed by hand since its commit"


def about_source_of(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a run's document says of its source; nothing where an earlier version wrote it."""
    return (document.get("lineage") or {}).get("source") or {}


def _digests(table: pl.DataFrame | None) -> dict[str, str]:
    return {} if table is None else {column.name: digest_of_columns([column]) for column in table.get_columns()}


def _about_files(files: Sequence[FileRead], hashes: Mapping[Location, str | None]) -> dict[str, Any]:
    found = [hashes.get(file.path) for file in files]
    return {
        "files": [_about_file(file, hashes) for file in files[:MAX_LISTED]],
        "n_files": len(files),
        "size_bytes": sum(file.size_bytes for file in files),
        "fingerprint": _joined(found),
    }


def _about_file(file: FileRead, hashes: Mapping[Location, str | None]) -> dict[str, Any]:
    modified = None
    if file.modified_ns is not None:
        modified = datetime.fromtimestamp(file.modified_ns / 1e9, UTC).isoformat(timespec="microseconds")
    about = {"path": str(file.path), "size_bytes": file.size_bytes, "modified": modified}
    if file.stamp:
        about["stamp"] = file.stamp
    return {**about, "sha256": hashes[file.path]} if file.path in hashes else about


def _joined(hashes: Sequence[str | None]) -> str | None:
    """Return one digest of several; the digest itself of one, so that it is what ``sha256sum`` says of a file."""
    if not hashes or None in hashes:
        return None
    if len(hashes) == 1:
        return hashes[0]
    return hashlib.sha256("".join(each or "" for each in hashes).encode()).hexdigest()


def _checkout(package: Path) -> tuple[str | None, bool | None]:
    """Return the commit of a package that lies in a checkout as ``src/firth``, and whether its code was changed."""
    top = package.parent.parent
    if not ((top / ".git").exists() and (top / "pyproject.toml").is_file() and package.parent.name == "src"):
        return None, None
    commit = _git(top, "rev-parse", "HEAD")
    changes = _git(top, "status", "--porcelain", "--untracked-files=no", "--", "src", "native")
    return commit or None, None if changes is None else bool(changes)


def _git(top: Path, *words: str) -> str | None:
    with suppress(OSError, subprocess.SubprocessError):
        command = ["git", "-C", str(top), *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_GIT_TIMEOUT_S, check=False)
        if done.returncode == 0:
            return done.stdout.strip()
    return None
