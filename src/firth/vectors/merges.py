"""Keys that are read under other names, so that what was several items becomes one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from firth.corpus.intake import Intake
from firth.vectors.duplicates import DuplicateGroup

_N_EXAMPLES = 3


@dataclass(frozen=True)
class Merges:
    """Which keys are read under another name.

    Parameters
    ----------
    names
        The new name of each old one; no new name is an old one.
    origins
        Where each old name stands, for messages: ``"merge.csv, line 3"``.
    """

    names: Mapping[str, str]
    origins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class MergeReport:
    """What became of some merges in a source.

    Parameters
    ----------
    n_merged
        Keys that occur and were read under another name.
    n_kept
        How many names they got.
    occurrences
        How often the merged keys occur.
    n_unknown
        Keys that should have been merged but do not occur.
    n_new
        Names that no key of the source had.
    examples
        A few of those, with their lines.
    """

    n_merged: int
    n_kept: int
    occurrences: int
    n_unknown: int
    n_new: int
    examples: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {**asdict(self), "examples": list(self.examples)}


def merges_of(groups: Sequence[DuplicateGroup]) -> Merges:
    """Return the merges that groups propose, without a table in between."""
    return Merges({key: group.keys[0] for group in groups for key in group.keys[1:]})


def merged_intake(intake: Intake, merges: Merges) -> Intake:
    """Return what was read, with merged keys as one item; see :meth:`firth.corpus.intake.Intake.renamed`."""
    return intake.renamed(merges.names)


def merge_report(intake: Intake, merges: Merges) -> MergeReport:
    """Return what merges find in a source that was read and not merged yet.

    Notes
    -----
    O(keys + rows) time.
    """
    asked = {*merges.names, *merges.names.values()}
    counts: dict[str, int] = {}
    for source in intake.encoded.values():
        for key, count in zip(source.keys, source.counts.tolist(), strict=True):
            if key in asked:
                counts[key] = counts.get(key, 0) + count
    for graph in intake.edges.values():
        for key, count in zip(graph.keys, graph.counts.tolist(), strict=True):
            if key in asked:
                counts[key] = counts.get(key, 0) + count
    for some in intake.rows.values():
        table = some.keys.drop_nulls().value_counts()
        for key, count in table.iter_rows():
            if key in asked:
                counts[key] = counts.get(key, 0) + count
    found = [key for key in merges.names if key in counts]
    unknown = [key for key in merges.names if key not in counts]
    new = sorted({merges.names[key] for key in found} - counts.keys())
    examples = [f"{key!r} ({merges.origins[key]})" if key in merges.origins else repr(key) for key in unknown]
    return MergeReport(
        n_merged=len(found),
        n_kept=len({merges.names[key] for key in found}),
        occurrences=sum(counts[key] for key in found),
        n_unknown=len(unknown),
        n_new=len(new),
        examples=(*examples[:_N_EXAMPLES], *(f"new name {key!r}" for key in new[:_N_EXAMPLES])),
    )
