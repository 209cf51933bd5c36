"""Which runs there are, and which one is meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firth.errors import RunError, closest
from firth.runs.folder import DOCUMENT, read_document, state


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One folder that has a ``run.json``; its document is None where that is damaged."""

    folder: Path
    state: str
    document: Mapping[str, Any] | None


def list_runs(root: Path = Path("runs")) -> list[Listed]:
    """Return the runs below a folder, by name; damaged ones too, with the state ``damaged``."""
    if not root.is_dir():
        return []
    return [_listed(path.parent) for path in sorted(root.glob(f"*/{DOCUMENT}"))]


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


def _listed(folder: Path) -> Listed:
    try:
        document = read_document(folder)
    except RunError:
        return Listed(folder=folder, state="damaged", document=None)
    return Listed(folder=folder, state=state(document), document=document)
