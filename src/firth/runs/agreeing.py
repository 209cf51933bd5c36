"""Whether two runs are the same, array by array and column by column, and where they begin to differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from firth.errors import RunError
from firth.runs import folder as files
from firth.runs.lineage import about_made, digest_of_array
from firth.sources.origin import digest_of_columns

if TYPE_CHECKING:
    import polars as pl

    from firth.runs.run import Run

_AFTERWARDS = frozenset({"cluster", "x", "y", "distortion", "confidence"})
"""Columns of items that are made, and made again, of vectors that stay."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One array or column of a run that was made twice.

    Attributes
    ----------
    name
        ``vectors.outputs``, ``items.cluster``, ``history.loss`` and so on.
    is_equal
        Whether it is byte for byte what the run was made with.
    is_remade
        Whether the run has another one now, which was made of it later.
    detail
        Where two that are not equal begin to differ, and by how much.
    """

    name: str
    is_equal: bool
    is_remade: bool = False
    detail: str = ""


def compare_parts(run: Run, again: Run) -> list[Part]:
    """Return what of a run is the same in another one that should be the same run, the vectors first.

    Parameters
    ----------
    run
        Saved; with the digests of what it was made with, if its version wrote them. Without them what it is now is
        taken for that, except for what is often made again of the vectors.
    again
        The other.

    Notes
    -----
    Times, and what depends on them, are left out; pictures too. O(bytes) time.
    """
    now, new = _digests(run), _digests(again)
    values, new_values = _values(run), _values(again)
    made = _made(run, now, new)
    parts = []
    for name in dict.fromkeys([*made, *new]):
        is_equal = made.get(name) == new.get(name)
        detail = "" if is_equal else _difference(values.get(name), new_values.get(name))
        is_remade = is_equal and now.get(name) != made[name]
        parts.append(Part(name=name, is_equal=is_equal, is_remade=is_remade, detail=detail))
    return parts


def _made(run: Run, now: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """Return the digests of what a run was made with; what was made of it later is not among them."""
    told = _flat((run.document.get("lineage") or {}).get("made") or {})
    if told:
        return told | {name: digest for name, digest in now.items() if name.startswith(("counts.", "cold."))}
    return {name: digest for name, digest in now.items() if name in new or not _is_late(name)}


def _is_late(name: str) -> bool:
    return name.removeprefix("items.") in _AFTERWARDS or name.startswith("confidence.")


def _digests(run: Run) -> dict[str, str]:
    return {
        **_flat(about_made(run)),
        **{name: digest_of_array(array) for name, array in _counts(run).items()},
        **{name: digest_of_columns([column]) for name, column in _cold(run).items()},
    }


def _flat(made: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return {f"{section}.{name}": digest for section, digests in made.items() for name, digest in digests.items()}


def _values(run: Run) -> dict[str, Any]:
    """Return every array and column of a run, by the name of its part."""
    tables = {"items": run.items, "history": run.history}
    if run.neighbor_confidence is not None:
        tables["confidence"] = run.neighbor_confidence
    columns = {f"{section}.{each.name}": each for section, table in tables.items() for each in table.get_columns()}
    arrays = {f"vectors.{name}": array for name, array in run.arrays.items()}
    return {**arrays, **columns, **_counts(run), **_cold(run)}


def _counts(run: Run) -> dict[str, Any]:
    if run.folder is None or not (run.folder / files.COUNTS).exists():
        return {}
    return {f"counts.{name}": array for name, array in files.read_other_arrays(run.folder, files.COUNTS).items()}


def _cold(run: Run) -> dict[str, pl.Series]:
    if run.folder is None or not (run.folder / files.COLD).exists():
        return {}
    return {f"cold.{each.name}": each for each in files.read_frame(run.folder, files.COLD).get_columns()}


def _difference(old: Any, new: Any) -> str:  # noqa: ANN401 (arrays and columns)
    """Return where two arrays or columns begin to differ, and by how much."""
    if old is None or new is None:
        return "only in the run" if new is None else "only in the new one"
    if isinstance(old, np.ndarray):
        return _numbers(old, new)
    if len(old) != len(new):
        return f"{len(new):,} rows, it had {len(old):,}"
    if old.dtype != new.dtype:
        return f"{new.dtype}, it was {old.dtype}"
    if old.dtype.is_numeric():
        return _numbers(old.to_numpy(), new.to_numpy())
    pairs = zip(old.to_list(), new.to_list(), strict=True)
    differing = [(row, *pair) for row, pair in enumerate(pairs) if pair[0] != pair[1]]
    if not differing:
        return "changed since the run was made, and not equal to what it was made with"
    row, was, now = differing[0]
    return f"{len(differing):,} of {len(old):,} rows, the first {row}: {str(now)[:60]!r}, it was {str(was)[:60]!r}"


def _numbers(old: np.ndarray[Any, Any], new: np.ndarray[Any, Any]) -> str:
    if old.shape != new.shape or old.dtype != new.dtype:
        return f"{new.dtype} {new.shape}, it was {old.dtype} {old.shape}"
    differs = (old != new) & ~((old != old) & (new != new))  # a NaN is equal to a NaN here
    if not differs.any():
        return "changed since the run was made, and not equal to what it was made with"
    place = tuple(int(each) for each in np.argwhere(differs)[0])
    apart = np.abs(old[differs].astype(np.float64) - new[differs].astype(np.float64))
    finite = apart[np.isfinite(apart)]
    at = ", ".join(map(str, place))
    return f"{differs.mean():.2%} of the values, the first at [{at}]: {new[place]:g}, it was {old[place]:g}" + (
        f"; largest difference {finite.max():.3g}" if len(finite) else ""
    )


def check_comparable(run: Run) -> None:
    """Raise RunError unless a run is complete, and was trained."""
    if run.status != "complete":
        raise RunError(f"{run.name} is {run.status}; only a complete run can be made again and compared.")
    if not run.document.get("training"):
        source = (run.document.get("source") or {}).get("path")
        raise RunError(
            f"{run.name} was imported from {source}, not trained here, so it cannot be made again. Its vectors can be "
            "imported again: firth import."
        )
