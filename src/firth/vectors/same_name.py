"""Names against names: how similar two are, in what they differ, and whether they say that they are two things."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Literal

import numpy as np

from firth.arrays import Float32, Int64
from firth.errors import MissingExtraError
from firth.threads import n_threads
from firth.vectors.names import Name

_BLOCK = 1 << 18  # pairs compared in one piece
_MOST_SIMILAR_GUESTS = 90.0  # asked of guests that are neither equal nor a part of the others


class Comparison:
    """The names of all items, ready to be compared.

    Parameters
    ----------
    names
        One per item.
    min_similarity
        From what similarity on, 0 to 100, two names count as one.
    versions
        Whether live recordings, remixes and the like count as the song they are of.

    Raises
    ------
    MissingExtraError
        If rapidfuzz is not installed.
    """

    def __init__(self, names: Sequence[Name], *, min_similarity: float, versions: bool) -> None:
        try:
            from rapidfuzz import fuzz, process
        except ImportError as error:
            raise MissingExtraError("finding duplicates", "rapidfuzz", "duplicates") from error
        self.min_similarity = min_similarity
        self._names, self._versions = names, versions
        self._ratio, self._ratios = fuzz.ratio, process.cpdist
        self._makers = [_squashed(name.maker) for name in names]
        self._titles = [_squashed(name.title) for name in names]
        self._fulls = [_squashed(name.full) for name in names]

    def similarities(self, a: Int64, b: Int64, *, n_jobs: int | Literal["auto"]) -> Float32:
        """Return how similar the names of pairs of items are.

        Parameters
        ----------
        a, b
            (n_pairs,) int64, ids.
        n_jobs
            Threads.

        Returns
        -------
        similarities
            (n_pairs,) float32, 0 to 100: of the makers or of the titles, whichever is less. Titles are compared with
            what else stands in brackets where both have something there, else with and without, whichever is more.
        """
        found = np.empty(len(a), dtype=np.float32)
        for start in range(0, len(a), _BLOCK):
            chosen = slice(start, start + _BLOCK)
            found[chosen] = self._similarities(a[chosen].tolist(), b[chosen].tolist(), n_threads(n_jobs))
        return found

    def _similarities(self, one: list[int], other: list[int], workers: int) -> Float32:
        title, full, maker = (
            self._ratios(
                [texts[i] for i in one],
                [texts[i] for i in other],
                scorer=self._ratio,
                dtype=np.float32,
                workers=workers,
            )
            for texts in (self._titles, self._fulls, self._makers)
        )
        names = self._names
        both = np.array([bool(names[i].asides and names[j].asides) for i, j in zip(one, other, strict=True)])
        similarities: Float32 = np.minimum(np.where(both, full, np.maximum(title, full)), maker)
        return similarities

    def contradict(self, a: int, b: int) -> bool:
        """Return whether two names differ in a number, in a version, or in who their guests are."""
        one, other = self._names[a], self._names[b]
        if one.numbers != other.numbers or (one.versions != other.versions and not self._versions):
            return True
        guests, others = set(one.guests.split()), set(other.guests.split())
        if guests <= others or others <= guests:
            return False
        return float(self._ratio(one.guests, other.guests)) < _MOST_SIMILAR_GUESTS

    def differs(self, a: int, b: int) -> tuple[str, ...]:
        """Return the parts in which two names differ; "form" where it is only letter case, accents, punctuation."""
        one, other = self._names[a], self._names[b]
        parts = {
            "maker": self._makers[a] != self._makers[b],
            "spelling": self._titles[a] != self._titles[b] and self._fulls[a] != self._fulls[b],
            "guests": one.guests != other.guests,
            "edition": one.editions != other.editions,
            "version": one.versions != other.versions,
            "brackets": one.asides != other.asides,
        }
        return tuple(part for part, is_other in parts.items() if is_other) or ("form",)

    def namesakes(self) -> list[tuple[int, int]]:
        """Return the pairs of items, a < b, whose makers and titles agree to the letter, with brackets or without.

        Notes
        -----
        O(n_items) time and memory, and a pair for any two that agree.
        """
        blocks: dict[tuple[str, str], list[int]] = {}
        for place in range(len(self._names)):
            for text in {self._titles[place], self._fulls[place]}:
                blocks.setdefault((self._makers[place], text), []).append(place)
        return sorted({pair for block in blocks.values() for pair in combinations(block, 2)})


def _squashed(text: str) -> str:
    return text.replace(" ", "")
