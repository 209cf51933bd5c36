"""Several files of a run and its ``run.json``, changed together at one moment.

Each table is written whole beside its place, as ``NAME.next``, and ``run.json`` says which content it belongs to
(``files``). Replacing ``run.json`` is the moment: before it the tables of before are the run's, after it the new ones,
wherever the process dies. Only then are the new ones renamed; whoever reads between the two takes them from where they
lie, and whoever writes next completes the renaming.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firth.errors import RunError
from firth.files import locked, sync_folder
from firth.runs.folder import (
    DOCUMENT,
    NEXT,
    TABLES,
    damaged,
    frame_of,
    read_document,
    write_document,
    write_frame,
)
from firth.runs.sharing import digest_of

if TYPE_CHECKING:
    import polars as pl


def commit(folder: Path, tables: Mapping[str, pl.DataFrame], document: Mapping[str, Any]) -> None:
    """Replace tables of a run and its ``run.json``: all of them, or none.

    Raises
    ------
    RunError
        If the folder cannot be written; the run is then as it was.
    """
    with locked(folder):
        settle(folder)
        told = {}
        try:
            for name, table in tables.items():
                write_frame(folder, name + NEXT, table)
                told[name] = {"sha256": digest_of(folder / (name + NEXT))}
            write_document(folder, {**document, "files": told})
        except BaseException:
            for name in tables:
                with suppress(OSError):
                    (folder / (name + NEXT)).unlink(missing_ok=True)
            raise
        for name in tables:
            (folder / (name + NEXT)).replace(folder / name)
        sync_folder(folder)


def settle(folder: Path) -> None:
    """Complete a change that was cut short after its moment, and forget one that was cut short before it."""
    for name in TABLES:
        new = folder / (name + NEXT)
        with suppress(OSError):  # a run that cannot be written can still be read
            if new.exists():
                if _told(read_document(folder), name) == digest_of(new):
                    new.replace(folder / name)
                else:
                    new.unlink()


def read_table(folder: Path, name: str, document: Mapping[str, Any]) -> pl.DataFrame:
    """Return a table of a run in the state that its ``run.json`` speaks of.

    Raises
    ------
    RunError
        If it is missing, damaged, or belongs to another state of the run.
    """
    told = _told(document, name)
    is_there = False
    for path in (folder / name, folder / (name + NEXT)):
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise RunError(f"cannot read {path}: {error.strerror or error}.") from error
        is_there = True
        if told in (None, hashlib.sha256(content).hexdigest()):
            return frame_of(path, io.BytesIO(content))
    if is_there:
        raise damaged(
            folder / name, f"it is not the one that {DOCUMENT} speaks of; if it should be, delete 'files' there"
        )
    raise RunError(f"{folder} is incomplete: it has no {name}.")


def has_table(folder: Path, name: str) -> bool:
    """Return whether a run has a table, in its place or about to be put there."""
    return (folder / name).exists() or (folder / (name + NEXT)).exists()


def _told(document: Mapping[str, Any], name: str) -> str | None:
    """Return the SHA-256 of the table that a run's document speaks of; None where an earlier version wrote it."""
    found: str | None = ((document.get("files") or {}).get(name) or {}).get("sha256")
    return found
