"""Questions made of held-out sequences: what comes last, given what stood before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firth.arrays import Bool, Int64
from firth.corpus.encoded import Encoded
from firth.corpus.vocabulary import Vocabulary
from firth.errors import OptionError


@dataclass(frozen=True, eq=False)
class Lasts:
    """The last items of some sequences, each with the items before it.

    Parameters
    ----------
    keys
        Every key of the source; its position is its code.
    queries
        Codes of the items before the target, the nearest last; at least one.
    targets
        (n,) int64, codes of the last items.
    """

    keys: list[str]
    queries: tuple[Int64, ...]
    targets: Int64

    def __len__(self) -> int:
        return len(self.targets)

    def part(self, places: Int64) -> Lasts:
        """Return some of the questions."""
        return Lasts(self.keys, tuple(self.queries[place] for place in places.tolist()), self.targets[places])

    def asked_of(self, vocabulary: Vocabulary) -> Asked:
        """Return the questions in the ids of a vocabulary."""
        ids = vocabulary.find(self.keys).astype(np.int64)
        queries = []
        for query in self.queries:
            known = ids[query]
            queries.append(known[known >= 0])
        return Asked(tuple(queries), ids[self.targets])


@dataclass(frozen=True, eq=False)
class Asked:
    """Questions in the ids of one vocabulary.

    Parameters
    ----------
    queries
        The ids of each query's known items, in their order; empty for a cold query.
    targets
        (n,) int64, the item wanted; -1 for a cold target.
    """

    queries: tuple[Int64, ...]
    targets: Int64

    @property
    def is_cold_query(self) -> Bool:
        """Whether none of a query's items is known: (n,) bool."""
        return np.array([len(query) == 0 for query in self.queries], dtype=bool)

    @property
    def is_cold_target(self) -> Bool:
        """Whether the item wanted is not known, so that nobody can find it: (n,) bool."""
        return self.targets < 0


def last_items(source: Encoded, sequences: Int64, *, n_before: int = 3) -> Lasts:
    """Return what comes last in some sequences, and the ``n_before`` items before it.

    Parameters
    ----------
    source
        The sequences.
    sequences
        (n,) int64, which of them; each of at least two items.
    n_before
        Items of a query at most, >= 1; fewer where the sequence has fewer.

    Raises
    ------
    OptionError
        If ``n_before`` < 1.
    """
    if n_before < 1:
        raise OptionError(f"the query must have at least one item, got {n_before}.")
    starts, ends = source.offsets[sequences], source.offsets[sequences + 1]
    firsts = np.maximum(starts, ends - 1 - n_before)
    queries = tuple(
        source.tokens[a:b].astype(np.int64) for a, b in zip(firsts.tolist(), (ends - 1).tolist(), strict=True)
    )
    return Lasts(source.keys, queries, source.tokens[ends - 1].astype(np.int64))
