"""What can go from a store of runs: planned first, so that it can be looked at, and then done.

Nothing that is being made goes, nothing that is not a run's, and no run that changed between the plan and the deed.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from firth.errors import OptionError, RunError
from firth.runs import claiming
from firth.runs.folder import DOCUMENT, is_partial
from firth.runs.listing import Listed, listed
from firth.runs.sharing import SHARED, blobs, remove_unshared
from firth.runs.sizes import freed_bytes, size_bytes

Kind = Literal["run", "rest", "shared"]
ABANDONED_S = 3600.0
"""No file is written for so long: one that still has its temporary name was abandoned."""
_DAY_S = 86_400.0


@dataclass(frozen=True, kw_only=True)
class CleanOptions:
    """What goes and what stays.

    Parameters
    ----------
    older_than_s
        Runs that failed, or were stopped or interrupted, go when they ended so many seconds ago, >= 0.
    keep_last
        Of the complete runs of each recipe this many stay, those that were begun last, >= 0. None: all stay.
    keep_tags
        Runs that are called any of these stay.

    Raises
    ------
    OptionError
        If a number is negative.
    """

    older_than_s: float = 7 * _DAY_S
    keep_last: int | None = None
    keep_tags: Collection[str] = ()

    def __post_init__(self) -> None:
        if not self.older_than_s >= 0:
            raise OptionError(f"older_than_s must be >= 0, got {self.older_than_s}.")
        if self.keep_last is not None and self.keep_last < 0:
            raise OptionError(f"keep_last must be >= 0, got {self.keep_last}.")


@dataclass(frozen=True)
class Removal:
    """One thing that goes.

    Attributes
    ----------
    path
        A run's folder, or a file or folder that somebody abandoned.
    kind
        ``run``; ``rest``, what is left of a removal, of writing or of a claim; ``shared``, a file that no run has.
    why
        In words.
    size_bytes
        Of its files, those that other runs have as well counted in full.
    state, started
        Of a run: what it must still be, so that another one that took its name stays.
    """

    path: Path
    kind: Kind
    why: str
    size_bytes: int
    state: str | None = None
    started: str | None = None


@dataclass(frozen=True, kw_only=True)
class Cleaning:
    """A clean-up, planned or done.

    Attributes
    ----------
    root
        The folder that holds the runs.
    removals
        What goes, or has gone.
    freed_bytes
        What becomes free; a file that several runs have counts when the last of them goes.
    kept
        What was planned and did not go, and why: only after it was carried out.
    """

    root: Path
    removals: tuple[Removal, ...]
    freed_bytes: int
    kept: tuple[str, ...] = ()

    def carried_out(self) -> Cleaning:
        """Return what was removed. What changed since the plan was made stays."""
        done, kept = [], []
        for removal in self.removals:
            try:
                _carry_out(removal)
            except OSError as error:
                kept.append(str(error))
            else:
                done.append(removal)
        remove_unshared(self.root)
        freed = self.freed_bytes - sum(removal.size_bytes for removal in self.removals if removal not in done)
        return replace(self, removals=tuple(done), freed_bytes=max(0, freed), kept=tuple(kept))


def plan_cleaning(root: Path, runs: Sequence[Listed], options: CleanOptions) -> Cleaning:
    """Return what of a store can go; nothing is removed.

    Parameters
    ----------
    root
        The folder that holds the runs.
    runs
        What lies there, the oldest first.
    options
        What goes and what stays.
    """
    found = [*_unfinished(runs, options), *_surplus(runs, options)]
    gone = {removal.path for removal in found}
    found += _abandoned(root, gone)
    found += [
        Removal(path, "shared", "no run has it", state.st_size) for path, state in blobs(root) if state.st_nlink == 1
    ]
    kept_for_others = frozenset(state.st_ino for _, state in blobs(root))
    freed = freed_bytes([removal.path for removal in found], kept_for_others=kept_for_others)
    return Cleaning(root=root, removals=tuple(found), freed_bytes=freed)


def _unfinished(runs: Sequence[Listed], options: CleanOptions) -> Iterator[Removal]:
    now = time.time()
    for run in runs:
        if run.state in claiming.UNFINISHED and not {*run.tags} & {*options.keep_tags}:
            age = now - _ended(run)
            if age >= options.older_than_s:
                yield _removal(run, f"{run.state} {_days(age)} ago")


def _surplus(runs: Sequence[Listed], options: CleanOptions) -> Iterator[Removal]:
    if options.keep_last is None:
        return
    complete: dict[str, list[Listed]] = {}
    for run in runs:
        if run.is_successful:
            complete.setdefault(run.recipe, []).append(run)
    for recipe, several in complete.items():
        for run in several[: len(several) - options.keep_last]:
            if not {*run.tags} & {*options.keep_tags}:
                yield _removal(run, f"{options.keep_last} later runs of {recipe}")


def _removal(run: Listed, why: str) -> Removal:
    return Removal(run.folder, "run", why, size_bytes(run.folder), run.state, run.started)


def _abandoned(root: Path, gone: Collection[Path]) -> Iterator[Removal]:
    """Yield what killed processes left in a store: half a removal, temporary files, folders that nobody filled."""
    with suppress(OSError):
        for path in sorted(root.iterdir()):
            if claiming.is_removed(path.name):
                yield Removal(path, "rest", "a removal that was cut short", size_bytes(path))
            elif is_partial(path.name) and _age(path) > ABANDONED_S:
                yield Removal(path, "rest", "abandoned while it was written", size_bytes(path))
            elif path.is_dir() and path not in gone and (path.name == SHARED or path.name[0] != "."):
                yield from _abandoned_in(path)


def _abandoned_in(folder: Path) -> Iterator[Removal]:
    with suppress(OSError):
        entries = list(folder.iterdir())
        if not entries and folder.name != SHARED and _age(folder) > _DAY_S:
            yield Removal(folder, "rest", "claimed, but never begun", 0)
        if DOCUMENT in {path.name for path in entries} or folder.name == SHARED:
            for path in sorted(entries):
                if is_partial(path.name) and _age(path) > ABANDONED_S:
                    yield Removal(path, "rest", "abandoned while it was written", size_bytes(path))


def _carry_out(removal: Removal) -> None:
    """Remove one thing; raise OSError where it is not what it was."""
    path = removal.path
    if removal.kind == "run":
        now = listed(path)
        if now is None:
            raise RunError(f"{path} is not there any more.")
        if now.started != removal.started:
            raise RunError(f"{path} is another run now.")
        if now.state != removal.state:
            raise RunError(f"{path} is {now.state} now.")
        claiming.remove(path)
    elif claiming.is_removed(path.name) or (is_partial(path.name) and path.is_dir()):
        shutil.rmtree(path)
    elif path.is_dir():
        path.rmdir()
    elif removal.kind == "shared":
        if path.stat().st_nlink == 1:
            path.unlink()
    else:
        path.unlink()


def _ended(run: Listed) -> float:
    """Return when a run ended, or was last heard of, in seconds since 1970."""
    finished = (run.document or {}).get("finished")
    with suppress(ValueError, TypeError):
        return datetime.fromisoformat(str(finished)).timestamp()
    with suppress(OSError):
        return max(os.stat(path).st_mtime for path in (run.folder, run.folder / DOCUMENT))  # noqa: PTH116 (both kinds)
    return time.time()


def _age(path: Path) -> float:
    return time.time() - path.stat().st_mtime


def _days(seconds: float) -> str:
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 2 * _DAY_S else f"{seconds / _DAY_S:.0f} days"
