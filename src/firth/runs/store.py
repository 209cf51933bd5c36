"""The runs below one folder: listed, found, tagged and removed, while other processes make and remove some.

The folder is all there is: no index, no server. What is asked is answered from the run folders as they are, so a run
that was copied here, or moved away, needs no registering.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from firth.errors import OptionError, RunError
from firth.files import locked, write_text
from firth.runs import claiming
from firth.runs.cleaning import Cleaning, CleanOptions, plan_cleaning
from firth.runs.folder import DOCUMENT, STATUSES, TAGS
from firth.runs.listing import Listed, find, list_runs, listed, read_tags
from firth.runs.sharing import remove_unshared
from firth.runs.sizes import size_bytes
from firth.runs.typed import unknown

Sort = Literal["name", "started", "items", "loss", "size"]
STATES = (*STATUSES, "stopped", "damaged")
_TAG = re.compile(r"[^\s,;'\"]{1,64}")


@dataclass(frozen=True)
class RunStore:
    """The runs below a folder.

    Parameters
    ----------
    root
        The folder that holds the runs' folders; it need not exist yet.

    Notes
    -----
    Any number of processes may make, read, tag and remove runs of one store at once. A run is listed from when it was
    begun until it is removed, all of it at one moment; one that is not complete says so.

    Examples
    --------
    >>> from firth.runs.store import RunStore
    >>> RunStore("nowhere").list()
    []
    """

    root: Path = Path("runs")

    def __init__(self, root: str | Path = "runs") -> None:
        object.__setattr__(self, "root", Path(root))

    def list(
        self,
        *,
        name: str | None = None,
        tags: Collection[str] = (),
        states: Collection[str] = (),
        sort: Sort = "started",
    ) -> list[Listed]:
        """Return the runs.

        Parameters
        ----------
        name
            Only those of the recipe of this name.
        tags
            Only those that have all of these.
        states
            Only those in one of these states.
        sort
            What they are ordered by: ``name``, ``started`` (the oldest first), ``items``, ``loss`` (held-out, where
            there is one) or ``size`` on disk, ascending; what is not known comes last.

        Raises
        ------
        OptionError
            If there is no such state or order.
        """
        for state in states:
            if state not in STATES:
                raise OptionError(unknown("state", state, STATES))
        if sort not in get_args(Sort):
            raise OptionError(unknown("order", sort, get_args(Sort)))
        found = [
            run
            for run in list_runs(self.root)
            if name in (None, run.recipe) and {*tags} <= {*run.tags} and (not states or run.state in states)
        ]
        if sort == "name":
            return found
        return sorted(sorted(found, key=lambda run: run.age_key), key=lambda run: _rank(run, sort))

    def find(self, run: str | Path) -> Listed:
        """Return a run by its name in the store, or by the path of its folder.

        Raises
        ------
        RunError
            If there is none; the message names the closest.
        """
        folder = find(run, root=self.root)
        found = listed(folder)
        if found is None:
            raise RunError(f"no run {str(run)!r}: another process removed it.")
        return found

    def latest(self, name: str | None = None, *, tags: Collection[str] = ()) -> Listed:
        """Return the run that was begun last, however it ended.

        Parameters
        ----------
        name
            Of its recipe; None: any.
        tags
            What it must be called.

        Raises
        ------
        RunError
            If there is none.
        """
        return self._last(self.list(name=name, tags=tags), name, "run")

    def latest_successful(self, name: str | None = None, *, tags: Collection[str] = ()) -> Listed:
        """Return the complete run that was begun last; otherwise as :meth:`latest`."""
        return self._last(self.list(name=name, tags=tags, states=["complete"]), name, "complete run")

    def tag(self, run: str | Path, add: Iterable[str] = (), *, remove: Iterable[str] = ()) -> tuple[str, ...]:
        """Return a run's tags after some were added and others removed.

        Raises
        ------
        OptionError
            If a tag is empty, longer than 64 letters, or holds white space, a comma or a quotation mark.
        RunError
            If there is no such run, or its folder cannot be written.

        Notes
        -----
        They lie in ``tags.json``, beside ``run.json``, so that a run that is being made can be tagged.
        """
        add, remove = list(add), list(remove)
        for tag in add:
            if not _TAG.fullmatch(tag):
                raise OptionError(f"a tag must be 1 to 64 letters without spaces, commas or quotes, got {tag!r}.")
        folder = self.find(run).folder
        with locked(folder):
            if not (folder / DOCUMENT).exists():
                raise RunError(f"no run {str(run)!r}: another process removed it.")
            tags = tuple(sorted({*read_tags(folder), *add} - {*remove}))
            write_text(folder / TAGS, json.dumps(tags, ensure_ascii=False) + "\n")
        return tags

    def remove(self, *runs: str | Path) -> tuple[Path, ...]:
        """Return the folders of runs that were removed.

        Raises
        ------
        RunError
            If one is no run, holds more than a run, or is still being made: then none is removed. If another process
            makes or removes one of them meanwhile, those before it are gone.
        """
        folders = [self.find(run).folder for run in runs]
        for folder in folders:
            claiming.check_removable(folder)
        for folder in dict.fromkeys(folders):
            claiming.remove(folder)
        for root in {folder.parent for folder in folders}:
            remove_unshared(root)
        return tuple(dict.fromkeys(folders))

    def clean(self, options: CleanOptions | None = None, *, dry_run: bool = True) -> Cleaning:
        """Return what a clean-up takes away, or with ``dry_run=False`` took away; see :class:`CleanOptions`."""
        plan = plan_cleaning(self.root, self.list(), options or CleanOptions())
        return plan if dry_run else plan.carried_out()

    def _last(self, found: Sequence[Listed], name: str | None, what: str) -> Listed:
        if not found:
            of = f" of {name!r}" if name else ""
            raise RunError(
                f"there is no {what}{of} in {self.root}. Make one with firth run, or look with: firth runs list."
            )
        return found[-1]


def _rank(run: Listed, sort: Sort) -> tuple[bool, float]:
    """Return what a run is ordered by; runs of equal rank stay in the order of their age."""
    metrics = (run.document or {}).get("metrics") or {}
    values = {"items": metrics.get("n_items"), "loss": metrics.get("heldout_loss") or metrics.get("loss")}
    value = size_bytes(run.folder) if sort == "size" else values.get(sort)
    return (value is None and sort != "started", float(value or 0))
