"""How often two items stand in one sequence: what tells copies of one song from two songs of one album."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from firth.arrays import Int32, Int64
from firth.corpus.intake import Intake
from firth.vectors.duplicates import DuplicateGroup, DuplicatePair


def with_sequences(groups: Sequence[DuplicateGroup], intake: Intake) -> list[DuplicateGroup]:
    """Return the groups, each pair with the number of sequences that hold both.

    Two copies of one song stand in one list hardly ever, two songs of one album often do. Where there are several
    ordered contexts, the numbers are their sums.

    Notes
    -----
    O(tokens) time; memory for the places of the keys in question.
    """
    wanted = sorted({key for group in groups for key in group.keys})
    holding = [_sequences_of(wanted, source.keys, source.tokens, source.offsets) for source in intake.encoded.values()]
    sizes = [source.n_sequences for source in intake.encoded.values()]

    def counted(pair: DuplicatePair) -> DuplicatePair:
        if not holding:
            return pair
        both = [(found[pair.a], found[pair.b], n) for found, n in zip(holding, sizes, strict=True)]
        together = sum(len(np.intersect1d(a, b, assume_unique=True)) for a, b, _ in both)
        return replace(pair, together=together, expected=sum(len(a) * len(b) / n for a, b, n in both if n))

    return [replace(group, pairs=tuple(counted(pair) for pair in group.pairs)) for group in groups]


def _sequences_of(wanted: Sequence[str], keys: Sequence[str], tokens: Int32, offsets: Int64) -> dict[str, Int64]:
    """Return, for each key, the numbers of the sequences that hold it, in order."""
    asked = set(wanted)
    codes = {code: key for code, key in enumerate(keys) if key in asked}
    found: dict[str, Int64] = {key: np.empty(0, dtype=np.int64) for key in wanted}
    is_asked = np.zeros(len(keys), dtype=np.bool_)
    is_asked[list(codes)] = True
    places = np.flatnonzero(is_asked[tokens])
    sequences = np.searchsorted(offsets, places, side="right") - 1
    order = np.argsort(tokens[places], kind="stable")
    there, cuts = np.unique(tokens[places][order], return_index=True)
    for code, part in zip(there.tolist(), np.split(sequences[order], cuts[1:]), strict=False):
        found[codes[code]] = np.unique(part)
    return found
