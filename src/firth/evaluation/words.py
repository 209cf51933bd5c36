"""Do vectors find alike what people find alike? Pairs of words, with every pair accounted for.

A pair with a word that the vectors do not have is counted and reported beside the result, and has no part in it.

References
----------
Spearman (1904). The proof and measurement of association between two things. American Journal of Psychology 15.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from firth.arrays import Float64, Int64
from firth.evaluation.questions import WordPairs
from firth.vectors.vectors import Vectors

_DECIMALS = 6  # of cosines; what float32 vectors hold beyond is rounding, and must not order equal pairs


@dataclass(frozen=True, kw_only=True)
class SimilarityResult:
    """How the vectors' likeness of pairs agrees with people's.

    Parameters
    ----------
    name
        The set of pairs.
    spearman
        Rank correlation of cosines and scores over the pairs with two known words, -1 to 1, ties at their average
        rank; NaN where fewer than two are left or one side does not vary.
    n_pairs
        Pairs of the set.
    n_oov
        Of these, pairs with a word that the vectors do not have.
    n_bad_lines
        Lines of the file that could not be read.
    """

    name: str
    spearman: float
    n_pairs: int
    n_oov: int
    n_bad_lines: int

    @property
    def coverage(self) -> float:
        """Return the share of the pairs that the correlation is over."""
        return share(self.n_pairs - self.n_oov, self.n_pairs)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, and the coverage."""
        return {**asdict(self), "coverage": self.coverage}


def similarity(vectors: Vectors, pairs: WordPairs, *, case_insensitive: bool = True) -> SimilarityResult:
    """Return how the cosines of pairs of words agree with people's scores.

    Parameters
    ----------
    vectors
        The words.
    pairs
        The pairs, as :meth:`WordPairs.read` returns them.
    case_insensitive
        Whether a word that is not a key is looked for in lower case too.

    Examples
    --------
    >>> vectors = Vectors(["cat", "tiger", "sea"], [[2.0, 0.1], [1.0, 0.3], [0.1, 3.0]])
    >>> pairs = WordPairs("zoo", (("cat", "Tiger", 9.0), ("cat", "sea", 0.5), ("cat", "lynx", 9.5)))
    >>> result = similarity(vectors, pairs)
    >>> result.spearman, result.n_oov
    (1.0, 1)
    """
    look_up = look_up_among(vectors, np.arange(len(vectors)), case_insensitive=case_insensitive)
    ids = np.array([[look_up(a), look_up(b)] for a, b, _ in pairs.pairs], dtype=np.int64).reshape(-1, 2)
    scores = np.array([score for *_, score in pairs.pairs], dtype=np.float64)
    known = (ids >= 0).all(axis=1)
    a, b = vectors.normalised[ids[known, 0]], vectors.normalised[ids[known, 1]]
    cosines = np.einsum("ij,ij->i", a, b, dtype=np.float64).round(_DECIMALS)
    return SimilarityResult(
        name=pairs.name,
        spearman=_correlation(average_ranks(cosines), average_ranks(scores[known])),
        n_pairs=len(pairs.pairs),
        n_oov=int((~known).sum()),
        n_bad_lines=len(pairs.bad_lines),
    )


def average_ranks(numbers: npt.ArrayLike) -> Float64:
    """Return the rank of each number, from 1; equal numbers share the mean of the ranks they take.

    Examples
    --------
    >>> average_ranks([0.5, 0.1, 0.5]).tolist()
    [2.5, 1.0, 2.5]
    """
    _, inverse, counts = np.unique(np.asarray(numbers), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: Float64 = (last - (counts - 1) / 2)[inverse]
    return ranks


def _correlation(a: Float64, b: Float64) -> float:
    if len(a) < 2 or a.min() == a.max() or b.min() == b.max():
        return float("nan")
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))


def look_up_among(vectors: Vectors, chosen: Int64, *, case_insensitive: bool) -> Callable[[str], int]:
    """Return what gives a word's place among the chosen items: as it is written, then in lower case, else -1."""
    keys = vectors.vocabulary.keys
    places = {keys[i]: place for place, i in enumerate(chosen.tolist())}

    def look_up(word: str) -> int:
        place = places.get(word, -1)
        return places.get(word.lower(), -1) if place < 0 and case_insensitive else place

    return look_up


def share(part: int, whole: int) -> float:
    """Return a part of a whole, NaN of nothing."""
    return part / whole if whole else float("nan")
