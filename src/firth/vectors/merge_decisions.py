"""Decisions on duplicates, group by group, written into the table of duplicates beside those that it holds already.

A table that cannot be read is never written over: somebody edited it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from firth.errors import DataError, SourceNotFoundError
from firth.files import locked_folder, write_text
from firth.vectors.duplicates import DuplicateGroup
from firth.vectors.merge_table import Line, as_text, evidence_of, read_lines, with_evidence


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What was decided on a group of keys.

    Parameters
    ----------
    keep
        The name under which the item is read, one of ``keys``; in a table that was edited by hand it may be a new one.
    keys
        The keys that are one thing, or, where they are not, all keys of the group.
    apart
        Keys of the group that are another thing.
    merge
        Whether ``keys`` are merged; None takes back what was decided on them.
    """

    keep: str
    keys: tuple[str, ...]
    apart: tuple[str, ...] = ()
    merge: bool | None

    def check(self) -> None:
        """Raise if this cannot be written as lines of the table.

        Raises
        ------
        DataError
            If a key is blank or named twice, ``keep`` is not among the keys, or a single key is to be merged.
        """
        every = self.every
        if any(not key.strip() for key in every):
            raise DataError("a key of a group must not be blank, got one that is; leave the group undecided.")
        if len(set(every)) < len(every):
            twice = next(key for key in every if every.count(key) > 1)
            raise DataError(f"a key belongs to a group once, got {twice[:80]!r} twice.")
        if self.keep not in self.keys and self.merge is not None:
            raise DataError(
                f"keep must be one of the group's keys, got {self.keep[:80]!r}; to merge under a new name, edit keep "
                "in the table."
            )
        if self.merge and len(self.keys) < 2:
            raise DataError(f"two keys at least are merged, got {len(self.keys)}; say merge = false to leave it alone.")

    @property
    def every(self) -> tuple[str, ...]:
        """The keys that this decides on."""
        return (*self.keys, *self.apart)


def read_decisions(path: Path) -> list[Decision]:
    """Return what a table decides, one decision per group in the order of the table; none where there is no table.

    Raises
    ------
    SourceError, DataError
        If the table is broken: what :func:`firth.vectors.merge_table.read_merges` raises.
    """
    return _decisions(_present(path))


def write_decisions(
    path: Path,
    decisions: Sequence[Decision],
    *,
    counts: Mapping[str, int] | None = None,
    found: Iterable[DuplicateGroup] = (),
) -> list[Decision]:
    """Write decisions into a table, beside those on other keys that it holds, and return what it decides now.

    Parameters
    ----------
    path
        The table; made where there is none.
    decisions
        What was decided, each key in one of them.
    counts
        How often keys occur, for the table's evidence.
    found
        The groups that were found, for the table's evidence.

    Raises
    ------
    DataError
        If the decisions contradict each other, or what the table holds of other keys.
    SourceError, DataError
        If the table is broken; it stays as it is.
    RunError
        If it cannot be written.

    Notes
    -----
    Several may write at once: each reads what the others wrote. O(lines of the table) time.
    """
    known: dict[str, list[DuplicateGroup]] = {}
    for group in found:
        for key in group.keys:
            known.setdefault(key, []).append(group)
    _check(decisions)
    with locked_folder(path.parent):
        lines = _present(path)
        _check_others(path, lines, decisions)
        decided = _merged(lines, decisions, counts or {}, known)
        write_text(path, as_text(decided))
    return _decisions(decided)


def _present(path: Path) -> list[Line]:
    try:
        return read_lines(path)
    except SourceNotFoundError:
        return []


def _decisions(lines: Sequence[Line]) -> list[Decision]:
    groups: dict[str, list[Line]] = {}
    for line in lines:
        groups.setdefault(line.group, []).append(line)
    made = []
    for group in groups.values():
        merged = tuple(line.key for line in group if line.is_merged)
        apart = tuple(line.key for line in group if not line.is_merged)
        if merged:
            keep = next(line.keep for line in group if line.is_merged)
            # One name alone, and that its own, is no merge; an only key that is read under a new name is.
            is_merge = set(merged) != {keep}
            made.append(Decision(keep=keep, keys=merged, apart=apart, merge=is_merge))
        else:
            keep = group[0].keep if group[0].keep in apart else apart[0]
            made.append(Decision(keep=keep, keys=apart, merge=False))
    return made


def _check(decisions: Sequence[Decision]) -> None:
    seen: set[str] = set()
    for decision in decisions:
        decision.check()
        again = seen.intersection(decision.every)
        if again:
            raise DataError(f"a key belongs to one group, got {min(again)[:80]!r} in two; decide on it in one of them.")
        seen.update(decision.every)


def _check_others(path: Path, lines: Sequence[Line], decisions: Sequence[Decision]) -> None:
    """Raise if a key that is not decided on now is merged into one that would be no name to keep any more."""
    decided = {key: decision for decision in decisions for key in decision.every}
    for line in lines:
        decision = decided.get(line.keep)
        if not line.is_merged or line.key in decided or decision is None or decision.merge is None:
            continue
        if not (decision.merge and decision.keep == line.keep):
            raise DataError(
                f"{path}, line {line.number} merges {line.key[:80]!r} into {line.keep[:80]!r}, which would not be kept "
                "now; decide on both in one group, or change that line."
            )


def _merged(
    lines: Sequence[Line],
    decisions: Sequence[Decision],
    counts: Mapping[str, int],
    known: Mapping[str, Sequence[DuplicateGroup]],
) -> list[Line]:
    """Return the table's lines with those of the decisions in the places of the lines that they replace."""
    by_key = {line.key: line for line in lines}
    group_of = {key: number for number, decision in enumerate(decisions) for key in decision.every}
    stays = {line.group for line in lines if line.key not in group_of}
    free = max((int(line.group) for line in lines if line.group.isascii() and line.group.isdigit()), default=0) + 1
    new: list[list[Line]] = []
    for decision in decisions:
        own = [by_key[key].group for key in decision.every if key in by_key]
        name = next((group for group in own if group not in stays), None)
        if name is None:
            name, free = str(free), free + 1
        stays.add(name)
        new.append(_lines(decision, name, by_key, counts, known))
    table: list[Line] = []
    placed: set[int] = set()
    for line in lines:
        number = group_of.get(line.key)
        if number is None:
            table.append(line)
        elif number not in placed:
            placed.add(number)
            table += new[number]
    return [*table, *(line for number, each in enumerate(new) if number not in placed for line in each)]


def _lines(
    decision: Decision,
    group: str,
    before: Mapping[str, Line],
    counts: Mapping[str, int],
    known: Mapping[str, Sequence[DuplicateGroup]],
) -> list[Line]:
    if decision.merge is None:
        return []
    keep = decision.keep
    return [
        _line(key, keep, group, decision.merge and key in decision.keys, before.get(key), counts, known)
        for key in (keep, *(key for key in decision.every if key != keep))
    ]


def _line(
    key: str,
    keep: str,
    group: str,
    is_merged: bool,
    before: Line | None,
    counts: Mapping[str, int],
    known: Mapping[str, Sequence[DuplicateGroup]],
) -> Line:
    count = str(counts[key]) if key in counts else "" if before is None else before.count
    line = Line(0, group, keep, key, is_merged, count)
    if key == keep:
        return line
    groups = sorted(known.get(key, ()), key=lambda each: keep not in each.keys)
    if groups:
        return with_evidence(line, evidence_of(groups[0], key, keep))
    if before is not None and before.keep == keep:
        return replace(line, cosine=before.cosine, similarity=before.similarity)
    return line
