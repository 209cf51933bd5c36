"""Who may write a run folder: claimed once, begun by one process, removed as a whole or not at all.

Two processes that want the same folder are told apart under a lock of the folder that holds it; whoever takes a run
away also waits, by a lock of the run's own folder, for those who are writing the last of it. A run is removed by
renaming it first, to a name that no listing shows: what a removal that was cut short leaves is rubbish, never half a
run, and the next clean-up takes it away.
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from firth.errors import RunError
from firth.files import locked, sync_folder
from firth.runs.committing import settle
from firth.runs.folder import (
    BEFORE_TRAINING,
    DOCUMENT,
    FILES,
    PACKAGED,
    TAGS,
    is_partial,
    read_document,
    remove_partial,
    state,
    write_document,
)

UNFINISHED = ("stopped", "interrupted", "failed")
_REMOVED = re.compile(r"\..+\.[0-9a-f]{16}\.removed")


def claim(folder: Path, *, replace: bool = False, disposable: Collection[str] = ()) -> None:
    """Make a folder for a new run, or take one that is empty or holds only a run that failed before it made anything.

    Parameters
    ----------
    folder
        The folder to be.
    replace
        Whether a run that lies there, and nothing else does, is removed first. One that is still being made never is.
    disposable
        Names of further files that a run of this kind leaves.

    Raises
    ------
    RunError
        If the folder holds anything else, or cannot be made.
    """
    aside = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder.parent), locked(folder):
            entries = {entry.name for entry in folder.iterdir() if not is_partial(entry.name)}
            if _is_free(folder, entries, disposable):
                remove_partial(folder)
                (folder / TAGS).unlink(missing_ok=True)
                return
            _check_replaced(folder, entries, replace=replace, disposable=disposable)
            aside = _emptied(folder)
    except OSError as error:
        if isinstance(error, RunError):
            raise
        raise RunError(f"cannot make the folder {folder}: {error.strerror}. Choose another with --out.") from error
    if aside is not None:
        shutil.rmtree(aside, ignore_errors=True)


def claim_next(name: str, *, root: Path = Path("runs")) -> Path:
    """Return a new folder ``root/NAME-N`` with the lowest N above all that exist; two callers never get the same.

    Raises
    ------
    RunError
        If no folder can be made there.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        taken = [path.name.removeprefix(f"{name}-") for path in root.iterdir() if path.name.startswith(f"{name}-")]
        number = max((int(suffix) for suffix in taken if suffix.isascii() and suffix.isdigit()), default=0) + 1
        while True:
            folder = root / f"{name}-{number}"
            try:
                folder.mkdir()
            except FileExistsError:
                number += 1
            else:
                return folder
    except OSError as error:
        raise RunError(f"cannot make a folder in {root}: {error.strerror}. Choose another with --out.") from error


def begin(folder: Path, document: Mapping[str, Any], *, is_resumed: bool) -> None:
    """Write the first ``run.json`` of a run, or of one that goes on, unless another process was faster.

    Raises
    ------
    RunError
        If a process makes a run in the folder, the run to go on with was removed, or the folder cannot be written.
    """
    with locked(folder.parent):
        is_there = (folder / DOCUMENT).exists()
        if is_there and _state(folder) == "running":
            raise RunError(f"{folder} is being made by another process. Choose another with --out, or wait.")
        if is_resumed and not is_there:
            raise RunError(f"{folder} was removed, so there is nothing to go on with. Begin anew.")
        if is_resumed:
            settle(folder)
        write_document(folder, document)


def remove(folder: Path) -> None:
    """Remove a run, all of it at one moment.

    Parameters
    ----------
    folder
        Of a run that is not being made.

    Raises
    ------
    RunError
        If the folder is no run's, holds more than a run, is a link, or cannot be renamed; or if the run is still being
        made. Nothing is removed then.
    """
    try:
        with locked(folder.parent), locked(folder):
            check_removable(folder)
            aside = _set_aside(folder)
    except FileNotFoundError as error:
        raise RunError(f"no run {str(folder)!r}: another process removed it.") from error
    except OSError as error:
        if isinstance(error, RunError):
            raise
        raise RunError(f"cannot remove {folder}: {error.strerror}.") from error
    shutil.rmtree(aside, ignore_errors=True)


def check_removable(folder: Path) -> None:
    """Raise RunError unless a folder holds a run, nothing else, and nobody is making it; what ``remove`` raises."""
    if folder.is_symlink():
        raise RunError(f"{folder} is a link; remove the run that it leads to, {folder.resolve()}.")
    if not folder.is_dir():
        raise RunError(f"no run {str(folder)!r}: there is no such folder.")
    entries = {entry.name for entry in folder.iterdir() if not is_partial(entry.name)}
    if DOCUMENT not in entries:
        raise RunError(f"{folder} is not a run: it has no {DOCUMENT}. It is not removed.")
    others = sorted(entries - FILES - PACKAGED)
    if others:
        raise RunError(
            f"{folder} holds more than a run ({', '.join(others[:3])}), so it is not removed. Move that away first."
        )
    if _state(folder) == "running":
        process = read_document(folder).get("process") or {}
        raise RunError(
            f"{folder} is still being made, by process {process.get('pid')} on {process.get('host')}, so it is not "
            'removed. Wait for it, or end it; if it has ended, set "status" to "failed" in its run.json.'
        )


def is_removed(name: str) -> bool:
    """Return whether a folder of this name is what is left of a run that was removed."""
    return _REMOVED.fullmatch(name) is not None


def _set_aside(folder: Path) -> Path:
    """Return where a run's folder now lies: beside its place, under a name that is no run's."""
    aside = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}.removed")
    folder.rename(aside)
    sync_folder(folder.parent)
    return aside


def _emptied(folder: Path) -> Path | None:
    """Return where what lay in a folder is now, if anywhere; the folder is empty."""
    if not folder.is_symlink():
        with suppress(OSError):  # a mount point, or a parent that may not be written
            aside = _set_aside(folder.resolve())
            folder.mkdir()
            return aside
    for path in sorted(folder.iterdir(), key=lambda path: path.name == DOCUMENT):  # what is left is known as a run
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    return None


def _is_free(folder: Path, entries: set[str], disposable: Collection[str]) -> bool:
    if not entries:
        return True
    return entries <= {*BEFORE_TRAINING, *disposable} and DOCUMENT in entries and _state(folder) in UNFINISHED


def _check_replaced(folder: Path, entries: set[str], *, replace: bool, disposable: Collection[str]) -> None:
    how = _state(folder) if DOCUMENT in entries else None
    if not replace:
        others = "add --replace, or go on with it: --resume" if how in UNFINISHED else "or add --replace"
        raise RunError(f"{folder} is not empty; a run needs a folder of its own. Choose another, {others}.")
    if not (DOCUMENT in entries <= {*FILES, *disposable}):
        raise RunError(f"{folder} holds more than a run, so it is not replaced. Choose another, or empty it first.")
    if how == "running":
        raise RunError(f"{folder} is still being made, so it is not replaced. Choose another, or wait.")


def _state(folder: Path) -> str:
    try:
        return state(read_document(folder))
    except RunError:
        return "damaged"
