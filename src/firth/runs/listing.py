"""Which runs there are, and which one is meant."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firth.errors import RunError, closest
from firth.runs.folder import DOCUMENT, TAGS, read_document, state

if TYPE_CHECKING:
    from firth.runs.run import Run


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One folder that has a ``run.json``; its document is None where that is damaged.

    Attributes
    ----------
    folder
        Where the run lies.
    state
        ``complete``, ``running``, ``interrupted``, ``failed``, ``stopped`` or ``damaged``.
    document
        The content of ``run.json``.
    tags
        What somebody called it, sorted.
    """

    folder: Path
    state: str
    document: Mapping[str, Any] | None
    tags: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the run is called: its folder's name."""
        return self.folder.name

    @property
    def recipe(self) -> str:
        """What its recipe is called; where ``run.json`` does not say, the folder's name without its number."""
        named = (self.document or {}).get("recipe_name")
        return str(named) if named else re.sub(r"-\d+$", "", self.name)

    @property
    def started(self) -> str:
        """When it was begun, as ISO 8601 in UTC; an empty text where that is not known."""
        return str((self.document or {}).get("started") or "")

    @property
    def is_successful(self) -> bool:
        """Whether it has ended with everything its recipe asks for."""
        return self.state == "complete"

    @property
    def age_key(self) -> tuple[str, int, str]:
        """What runs are ordered by, the oldest first: when they were begun, then their number."""
        number = re.search(r"-(\d+)$", self.name)
        return self.started, int(number[1]) if number else 0, self.name

    def load(self) -> Run:
        """Return the run itself.

        Raises
        ------
        RunError
            If it has no vectors yet, is damaged, or was removed meanwhile.
        """
        from firth.runs.run import Run

        return Run.load(self.folder)


def list_runs(root: Path = Path("runs")) -> list[Listed]:
    """Return the runs below a folder, by name; damaged ones too, with the state ``damaged``."""
    if not root.is_dir():
        return []
    found = (listed(path.parent) for path in sorted(root.glob(f"*/{DOCUMENT}")) if path.parent.name[0] != ".")
    return [each for each in found if each is not None]


def find(run: str | Path, *, root: Path = Path("runs")) -> Path:
    """Return the folder of a run: the path itself, or the one of that name below ``root``.

    Raises
    ------
    RunError
        If there is neither; the message names the closest.
    """
    for folder in (Path(run), root / run):
        if (folder / DOCUMENT).is_file():
            return folder
    if Path(run).is_dir():
        raise RunError(f"{run} is not a run: it has no {DOCUMENT}.")
    names = [listed.folder.name for listed in list_runs(root)]
    near = closest(str(run), names, n=3)
    if near:
        hint = "Closest: " + ", ".join(repr(name) for name in near) + "."
    else:
        hint = f"There are {len(names)} runs in {root}." if names else f"There are no runs in {root}."
    raise RunError(f"no run {str(run)!r}. {hint}")


def listed(folder: Path) -> Listed | None:
    """Return what a list says of a run's folder; None if it was removed meanwhile."""
    try:
        document = read_document(folder)
    except RunError:
        return Listed(folder=folder, state="damaged", document=None) if (folder / DOCUMENT).exists() else None
    return Listed(folder=folder, state=state(document), document=document, tags=read_tags(folder))


def read_tags(folder: Path) -> tuple[str, ...]:
    """Return what somebody called a run, sorted; nothing where the file is missing or damaged."""
    try:
        tags = json.loads((folder / TAGS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    return tuple(sorted({tag for tag in tags if isinstance(tag, str)})) if isinstance(tags, list) else ()
