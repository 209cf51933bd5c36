"""Which keys become items: those that occur often enough, at most so many, and what becomes of the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firth.arrays import Int64
from firth.errors import DataError, OptionError


@dataclass(frozen=True, kw_only=True)
class VocabularyOptions:
    """Which keys become items. Counts are added up over all contexts.

    Parameters
    ----------
    min_count
        Keys that occur less often are dropped.
    max_items
        Only the most frequent keys are kept, so that there are at most so many items, the unknown one included. Of
        equally frequent keys the first in the alphabet are kept. None: all.
    unknown
        Key of one more item that stands for every dropped one in a sequence, such as ``"<unk>"``. It exists if a
        sequence holds a dropped item, and has the last id. None: dropped items are skipped, and a window closes over
        them.

    Raises
    ------
    OptionError
        If a value is outside its range.
    """

    min_count: int = 1
    max_items: int | None = None
    unknown: str | None = None

    def __post_init__(self) -> None:
        if type(self.min_count) is not int or self.min_count < 1:
            raise OptionError(f"min_count must be a whole number >= 1, got {self.min_count!r}.")
        if self.max_items is not None and (type(self.max_items) is not int or self.max_items < 2):
            raise OptionError(f"max_items must be a whole number >= 2, or None, got {self.max_items!r}.")
        if self.unknown is not None and (type(self.unknown) is not str or not self.unknown):
            raise OptionError(f"unknown must be a text that is not empty, or None, got {self.unknown!r}.")


@dataclass(frozen=True, eq=False)
class Chosen:
    """The keys that become items, and what was dropped.

    Parameters
    ----------
    keys
        Of the items, by id; without the unknown item.
    counts
        (n_keys,) int64.
    n_dropped
        How many distinct keys were dropped.
    occurrences_dropped
        How often those occur.
    """

    keys: list[str]
    counts: Int64
    n_dropped: int
    occurrences_dropped: int


def choose(keys: list[str], counts: Int64, options: VocabularyOptions) -> Chosen:
    """Return which keys become items.

    Parameters
    ----------
    keys
        Distinct, by count descending, then by key.
    counts
        (n_keys,) int64. How often each occurs.
    options
        Which are kept. A key that is spelled as the unknown item is one of the dropped.

    Raises
    ------
    DataError
        If there are keys, and none is left.
    """
    n_given, n_occurrences = len(keys), int(counts.sum())
    if options.unknown in keys:
        place = keys.index(options.unknown)
        keys, counts = keys[:place] + keys[place + 1 :], np.delete(counts, place)
    n_kept = int(np.searchsorted(-counts, -options.min_count, side="right"))
    if keys and not n_kept:
        raise DataError(
            f"no item occurs min_count={options.min_count} times: the most frequent, {keys[0][:80]!r}, occurs "
            f"{int(counts[0]):,} times. Lower min_count."
        )
    if options.max_items is not None:
        drops = options.unknown is not None and min(n_kept, options.max_items) < n_given
        n_kept = min(n_kept, options.max_items - drops)
    kept = counts[:n_kept]
    return Chosen(keys[:n_kept], kept, n_given - n_kept, n_occurrences - int(kept.sum()))
