"""Duplicates as a table to read and edit, and an edited table as names under which keys are read.

One line per item. Whoever edits it writes yes or no into ``merge``, or another name into ``keep``; everything that this
could have broken is checked when the table is read, and a message names the line.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from firth.errors import DataError, RunError, SourceError, SourceNotFoundError, closest
from firth.files import write_text
from firth.vectors.duplicates import DuplicateGroup, DuplicatePair
from firth.vectors.merges import Merges

COLUMNS = ("group", "keep", "key", "count", "cosine", "similarity", "merge")
_NEEDED = ("group", "keep", "key", "merge")


@dataclass(frozen=True)
class Line:
    """A line of the table: an item, and whether it is read as the one that is kept.

    The evidence stands there as text, empty where there is none; ``number`` is the line in the file, 0 for a new one.
    """

    number: int
    group: str
    keep: str
    key: str
    is_merged: bool
    count: str = ""
    cosine: str = ""
    similarity: str = ""


def write_merges(
    groups: Sequence[DuplicateGroup], path: Path, *, namesakes: Sequence[DuplicateGroup] = (), replace: bool = False
) -> None:
    """Write groups as a table, one line per item; ``merge`` says yes.

    Parameters
    ----------
    groups
        What :func:`firth.vectors.duplicates.find_duplicates` found.
    path
        The file.
    namesakes
        What :func:`firth.vectors.duplicates.find_namesakes` found: their lines say no. Those that belong to one of the
        ``groups`` but for their contexts stand there.
    replace
        Whether a file that lies there is replaced.

    Raises
    ------
    RunError
        If there is such a file already, which somebody may have edited, or it cannot be written.
    """
    if path.exists() and not replace:
        raise RunError(f"{path} is there already and may have been edited. Choose another, or add --replace.")
    write_text(path, as_text(_rows(groups, namesakes)))


def as_text(lines: Iterable[Line]) -> str:
    """Return the table that holds these lines."""
    rows = (
        (line.group, line.keep, line.key, line.count, line.cosine, line.similarity, "yes" if line.is_merged else "no")
        for line in lines
    )
    return "".join(map(_as_fields, [COLUMNS, *rows]))


def read_merges(path: str | Path) -> Merges:
    """Return the merges that an edited table asks for.

    Raises
    ------
    SourceNotFoundError
        If there is no such file.
    SourceError
        If it is no such table: its bytes, its columns, the number of its fields.
    DataError
        If a line lacks its group, key or ``keep``, says neither yes nor no, or contradicts another: one key twice, two
        names to keep in one group, a name to keep that is itself merged, in a circle or not, or stays as it is.
    """
    path = Path(path)
    moved = {line.key: line for line in read_lines(path) if line.is_merged and line.key != line.keep}
    return Merges(
        {key: line.keep for key, line in moved.items()},
        {key: f"{path}, line {line.number}" for key, line in moved.items()},
    )


def read_lines(path: Path) -> list[Line]:
    """Return the lines of an edited table; raises what :func:`read_merges` does."""
    lines = list(_lines(path))
    seen: dict[str, int] = {}
    for line in lines:
        if line.key in seen:
            raise DataError(
                f"{path}, line {line.number}: {line.key[:80]!r} stands in line {seen[line.key]} already; "
                "a key belongs to one group, so leave one of the lines out."
            )
        seen[line.key] = line.number
    merged = {line.key: line for line in lines if line.is_merged}
    _check_keeps(path, merged)
    _check_ends(path, lines, merged)
    return lines


def _rows(groups: Sequence[DuplicateGroup], namesakes: Sequence[DuplicateGroup]) -> Iterator[Line]:
    place_of = {key: place for place, group in enumerate(groups) for key in group.keys}
    added: dict[int, list[tuple[str, DuplicateGroup]]] = {}
    apart = []
    for group in namesakes:
        homes = sorted({place_of[key] for key in group.keys if key in place_of})
        if homes:
            added.setdefault(homes[0], []).extend((key, group) for key in group.keys if key not in place_of)
        else:
            apart.append(group)
    for number, group in enumerate(groups, start=1):
        yield from (_row(number, group.keys[0], key, group, is_merged=True) for key in group.keys)
        for key, other in added.get(number - 1, []):
            yield _row(number, group.keys[0], key, other, is_merged=False)
    for number, group in enumerate(apart, start=len(groups) + 1):
        yield from (_row(number, group.keys[0], key, group, is_merged=False) for key in group.keys)


def _as_fields(fields: Sequence[str]) -> str:
    """Return a line of CSV; a carriage return in a key is quoted, which csv does only where its lines end on one."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(fields)
    return line.getvalue().removesuffix("\r\n") + "\n"


def _row(number: int, keep: str, key: str, group: DuplicateGroup, *, is_merged: bool) -> Line:
    count = group.counts[group.keys.index(key)]
    line = Line(0, str(number), keep, key, is_merged, "" if count is None else str(count))
    return line if key == keep else with_evidence(line, evidence_of(group, key, keep))


def with_evidence(line: Line, pair: DuplicatePair) -> Line:
    """Return a line that tells what speaks for its item's being the one that is kept."""
    return replace(line, cosine=f"{pair.cosine:.3f}", similarity=f"{pair.similarity:.1f}")


def evidence_of(group: DuplicateGroup, key: str, keep: str) -> DuplicatePair:
    """Return the pair that brought a key into a group: the one with the item that is kept, else the most similar."""
    own = [pair for pair in group.pairs if key in (pair.a, pair.b)]
    return next((pair for pair in own if keep in (pair.a, pair.b)), own[0])


def _lines(path: Path) -> Iterator[Line]:
    """Yield the lines of a table, each checked by itself."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise SourceNotFoundError(
            f"no table of merges at {path}: no such file. firth duplicates RUN --out writes one."
        ) from error
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{path} is not UTF-8 text: save it as CSV in UTF-8.") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    columns: list[str] | None = None
    start = 1
    try:
        for fields in reader:
            number, start = start, reader.line_num + 1
            if columns is None:
                columns = _columns(path, fields)
            elif any(entry.strip() for entry in fields):
                yield _line(path, number, columns, fields)
    except csv.Error as error:
        raise SourceError(
            f"{path}, line {reader.line_num}: {error}; quote a key that holds a comma or a quote."
        ) from error
    if columns is None:
        raise SourceError(f"{path} is empty; its first line must be {','.join(COLUMNS)}.")


def _columns(path: Path, fields: list[str]) -> list[str]:
    names = [name.strip() for name in fields]
    if len(names) == 1 and ";" in names[0]:
        raise SourceError(f"{path}: its columns are separated by semicolons; save it with commas.")
    for name in names:
        if name not in COLUMNS:
            near = closest(name, COLUMNS) or list(COLUMNS)
            raise SourceError(f"{path}, line 1: unknown column {name!r}. Closest: {', '.join(map(repr, near))}.")
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise SourceError(f"{path}, line 1: it needs the columns {', '.join(_NEEDED)}, and lacks {', '.join(missing)}.")
    if len(set(names)) < len(names):
        raise SourceError(f"{path}, line 1: a column stands there twice, got {','.join(names)}.")
    return names


def _line(path: Path, number: int, columns: list[str], fields: list[str]) -> Line:
    where = f"{path}, line {number}"
    if len(fields) != len(columns):
        raise SourceError(
            f"{where}: it must have {len(columns)} fields, got {len(fields)}; quote a key that holds a comma."
        )
    row = dict(zip(columns, fields, strict=True))
    answer = row["merge"].strip().casefold()
    if answer not in ("yes", "no"):
        raise DataError(f"{where}: merge must be yes or no, got {row['merge']!r}.")
    for name in ("group", "key"):
        if not row[name].strip():
            raise DataError(f"{where}: {name} must not be empty.")
    if answer == "yes" and not row["keep"].strip():
        raise DataError(f"{where}: keep must name the item to merge {row['key'][:80]!r} into, got none.")
    evidence = (row.get(name, "") for name in ("count", "cosine", "similarity"))
    return Line(number, row["group"].strip(), row["keep"], row["key"], answer == "yes", *evidence)


def _check_keeps(path: Path, merged: Mapping[str, Line]) -> None:
    """Raise if the merged lines of one group do not agree what to keep."""
    first: dict[str, Line] = {}
    for line in merged.values():
        known = first.setdefault(line.group, line)
        if known.keep != line.keep:
            raise DataError(
                f"{path}, line {line.number}: group {line.group} keeps {line.keep[:80]!r} here but "
                f"{known.keep[:80]!r} in line {known.number}; give all that are merged the same."
            )


def _check_ends(path: Path, lines: Sequence[Line], merged: Mapping[str, Line]) -> None:
    """Raise if what is kept is itself merged into another, or its own line says no."""
    by_key = {line.key: line for line in lines}
    for line in merged.values():
        kept = by_key.get(line.keep)
        if kept is None or kept.key == line.key or (kept.is_merged and kept.keep == kept.key):
            continue
        where = f"{path}, line {line.number}: {line.key[:80]!r} is merged into {line.keep[:80]!r}"
        if not kept.is_merged:
            raise DataError(
                f"{where}, whose own line {kept.number} says merge = no; say no to both, or keep another name."
            )
        if kept.keep == line.key:
            raise DataError(f"{where} and, in line {kept.number}, the other way round; keep one of them in both.")
        raise DataError(
            f"{where}, which line {kept.number} merges into {kept.keep[:80]!r}; keep {kept.keep[:80]!r} here too."
        )
