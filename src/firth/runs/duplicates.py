"""What is said of a run's duplicates: the document of ``firth duplicates --json``, and what was decided on them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from firth.runs import folder as files
from firth.runs.merging import why_not_again

if TYPE_CHECKING:
    from firth.runs.run import Run
    from firth.vectors.duplicates import DuplicateGroup
    from firth.vectors.merge_decisions import Decision


@dataclass(frozen=True, kw_only=True)
class Duplicates:
    """Items that are one thing under several keys, and items of one name in other company.

    Attributes
    ----------
    groups
        Of near-equal names and contexts.
    namesakes
        Of the same name wherever they lie, but for what is in ``groups``.
    """

    groups: Sequence[DuplicateGroup]
    namesakes: Sequence[DuplicateGroup]

    def to_dict(self) -> dict[str, Any]:
        """Return both as plain values."""
        return {"groups": _documents(self.groups), "namesakes": _documents(self.namesakes)}


def duplicates_of(
    run: Run,
    *,
    k: int | None = None,
    min_similarity: float = 90.0,
    min_cosine: float = 0.5,
    versions: bool = False,
    n_jobs: int | Literal["auto"] = "auto",
) -> Duplicates:
    """Return a run's duplicates; the options are those of :func:`firth.vectors.duplicates.find_duplicates`.

    Raises
    ------
    OptionError
        If an option is outside its range.
    MissingExtraError
        If rapidfuzz is not installed.
    """
    from firth.vectors.duplicates import find_duplicates, find_namesakes

    groups = find_duplicates(
        run.vectors,
        k=k or "auto",
        min_similarity=min_similarity,
        min_cosine=min_cosine,
        versions=versions,
        n_jobs=n_jobs,
    )
    namesakes = find_namesakes(run.vectors, known=groups, versions=versions, n_jobs=n_jobs)
    return Duplicates(groups=groups, namesakes=namesakes)


def duplicates_document(run: str | Path | None, found: Duplicates, *, table: Path | None = None) -> dict[str, Any]:
    """Return the document of ``firth duplicates --json``; ``table`` is where they were written for editing."""
    document: dict[str, Any] = files.plain({"run": run, **found.to_dict(), "table": table})
    return document


def merges_document(run: Run, decisions: Sequence[Decision], *, folder: Path) -> dict[str, Any]:
    """Return what was decided on a run's duplicates, and the command that merges them.

    Parameters
    ----------
    run
        The run.
    decisions
        What was decided.
    folder
        The run's folder as the reader of the document may call it.

    Notes
    -----
    ``cannot_merge`` says why the run cannot be made again from its recipe; it is null where it can.
    """
    table = folder / files.MERGES
    document: dict[str, Any] = files.plain(
        {
            "table": table,
            "command": shlex.join(["firth", "duplicates", str(folder), "--merge", str(table)]),
            "cannot_merge": why_not_again(run),
            "groups": [asdict(decision) for decision in decisions],
        }
    )
    return document


def _documents(groups: Sequence[DuplicateGroup]) -> list[dict[str, Any]]:
    return [
        {
            "keep": group.keys[0],
            "items": [{"key": key, "count": count} for key, count in zip(group.keys, group.counts, strict=True)],
            "pairs": [asdict(pair) for pair in group.pairs],
        }
        for group in groups
    ]
