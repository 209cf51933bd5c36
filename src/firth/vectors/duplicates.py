"""Which items are one thing under several keys: names that are nearly equal, and contexts that are.

Neither is enough alone. Names alone take two songs called "Forever" for one; contexts alone take any two songs of one
album for one. What is found is a proposal to read (:mod:`firth.vectors.merge_table`); nothing is merged here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from firth.arrays import Float32, Int64
from firth.errors import OptionError
from firth.vectors.names import parse_names
from firth.vectors.neighbors import top_k
from firth.vectors.same_name import Comparison
from firth.vectors.vectors import Vectors

_BLOCK = 1 << 22  # scores held at once
_MOST_CANDIDATES = 30_000_000  # items times k that "auto" goes up to: half a gigabyte


@dataclass(frozen=True)
class DuplicatePair:
    """Two keys, and what speaks for their being one thing.

    Parameters
    ----------
    a, b
        The keys; ``a`` has the lower id.
    cosine
        Of their vectors.
    rank_a, rank_b
        The place of ``b`` among the nearest of ``a``, and of ``a`` among those of ``b``, 1 being the very first.
    similarity
        Of their names, 0 to 100: of makers or of titles, whichever is less.
    differs
        The parts of the names that differ: "maker", "spelling", "guests", "edition", "version", "brackets"; "form"
        where nothing does but letter case, accents and punctuation.
    together
        Sequences that hold both; None where none were looked at.
    expected
        How many would if each stood where it stands regardless of the other.
    """

    a: str
    b: str
    cosine: float
    rank_a: int
    rank_b: int
    similarity: float
    differs: tuple[str, ...]
    together: int | None = None
    expected: float | None = None


@dataclass(frozen=True)
class DuplicateGroup:
    """Keys that are one thing.

    Parameters
    ----------
    keys
        The most frequent first, of equals the lower id.
    counts
        How often each occurs, where that is known.
    pairs
        The evidence: the pairs that made the group, the most similar first.
    is_near
        Whether their contexts are near-equal too; False for keys of one name in other company.
    """

    keys: tuple[str, ...]
    counts: tuple[int | None, ...]
    pairs: tuple[DuplicatePair, ...]
    is_near: bool = True


class _Pairs(NamedTuple):
    """Pairs of ids, a < b: each (n_pairs,)."""

    a: Int64
    b: Int64
    rank_a: Int64
    rank_b: Int64
    cosine: Float32


def find_duplicates(
    vectors: Vectors,
    *,
    k: int | Literal["auto"] = "auto",
    min_similarity: float = 90.0,
    min_cosine: float = 0.5,
    versions: bool = False,
    n_jobs: int | Literal["auto"] = "auto",
) -> list[DuplicateGroup]:
    """Return groups of items whose names and contexts are nearly equal, the most frequent group first.

    Parameters
    ----------
    vectors
        The items.
    k
        Two items are candidates where each is among the other's ``k`` nearest, >= 1. "auto": a tenth of the items, from
        10 to 300, less where there are more than 100,000 of them.
    min_similarity
        0 to 100, of the names, by rapidfuzz's ratio of makers and of titles without spaces.
    min_cosine
        -1 to 1, of the vectors.
    versions
        Whether live recordings, remixes and the like are the same item as the song they are of.
    n_jobs
        Threads.

    Raises
    ------
    OptionError
        If an option is outside its range.
    MissingExtraError
        If rapidfuzz is not installed.

    Notes
    -----
    However similar, names that differ in a number, in their guests, or (but for ``versions``) in a version name two
    things; see :mod:`firth.vectors.names`. Copies are seldom each other's very nearest: of 1,000
    songs split in two, in 176,000 plays of 3,153 songs, half are among each other's nearest 50, and nine of ten among
    the nearest 300.

    Groups are connected components, except that no two names that contradict each other come into one: the most similar
    pairs join first. O(n_items ** 2 * size) time, O(n_items * k) memory. Same bytes for any ``n_jobs``.
    """
    _check(k=k, min_similarity=min_similarity, min_cosine=min_cosine)
    width = _width(len(vectors)) if k == "auto" else k
    names = parse_names(vectors.keys)
    comparison = Comparison(names, min_similarity=min_similarity, versions=versions)
    candidates = _mutual(vectors, k=width, min_cosine=min_cosine, n_jobs=n_jobs)
    return _grouped(vectors, comparison, candidates, is_near=True, n_jobs=n_jobs)


def find_namesakes(
    vectors: Vectors,
    *,
    known: Iterable[DuplicateGroup] = (),
    versions: bool = False,
    n_jobs: int | Literal["auto"] = "auto",
) -> list[DuplicateGroup]:
    """Return groups of items of the same name, wherever their vectors lie, the most frequent group first.

    Parameters
    ----------
    vectors
        The items.
    known
        What :func:`find_duplicates` found: pairs within one of its groups are left out.
    versions
        As there.
    n_jobs
        Threads.

    Raises
    ------
    MissingExtraError
        If rapidfuzz is not installed.

    Notes
    -----
    Rare items have no context to speak of, and what two stations play has none in common. Names count as the same where
    maker and title agree to the letter, but for case, accents, punctuation and spaces. O(n_items) time, and
    O(n_items * size) for each pair's ranks.
    """
    keys = vectors.keys
    comparison = Comparison(parse_names(keys), min_similarity=100.0, versions=versions)
    group_of = {key: number for number, group in enumerate(known) for key in group.keys}
    numbers = [group_of.get(key, -1 - place) for place, key in enumerate(keys)]
    pairs = [(a, b) for a, b in comparison.namesakes() if numbers[a] != numbers[b] and not comparison.contradict(a, b)]
    return _grouped(vectors, comparison, _measured(vectors, pairs, n_jobs=n_jobs), is_near=False, n_jobs=n_jobs)


def _width(n: int) -> int:
    return max(10, min(n // 10, 300, _MOST_CANDIDATES // max(1, n)))


def _check(*, k: int | Literal["auto"], min_similarity: float, min_cosine: float) -> None:
    if k != "auto" and k < 1:
        raise OptionError(f"k must be 'auto' or >= 1, got {k!r}.")
    if not 0 <= min_similarity <= 100:
        raise OptionError(f"min_similarity must be from 0 to 100, got {min_similarity}.")
    if not -1 <= min_cosine <= 1:
        raise OptionError(f"min_cosine must be from -1 to 1, got {min_cosine}.")


def _mutual(vectors: Vectors, *, k: int, min_cosine: float, n_jobs: int | Literal["auto"]) -> _Pairs:
    """Return the pairs of items that are each among the other's k nearest and whose cosine is large enough."""
    near = vectors.neighbors(k=k, n_jobs=n_jobs)
    n, width = near.ids.shape
    row, rank = np.divmod(np.flatnonzero(near.similarities.ravel() >= np.float32(min_cosine)), max(1, width))
    other = near.ids[row, rank].astype(np.int64)
    code, back = row * n + other, other * n + row
    order = np.argsort(code)
    place = np.searchsorted(code, back, sorter=order).clip(max=max(0, len(code) - 1))
    match = order[place] if len(code) else place
    kept = np.flatnonzero((row < other) & (code[match] == back)) if len(code) else place
    partner = match[kept]
    return _Pairs(
        a=row[kept],
        b=other[kept],
        rank_a=rank[kept] + 1,
        rank_b=rank[partner] + 1,
        cosine=near.similarities[row[kept], rank[kept]],
    )


def _measured(vectors: Vectors, pairs: Sequence[tuple[int, int]], *, n_jobs: int | Literal["auto"]) -> _Pairs:
    """Return pairs with their cosines and each one's rank among all items, as a search for all would give them."""
    a, b = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    rank_a, rank_b = np.zeros(len(a), dtype=np.int64), np.zeros(len(a), dtype=np.int64)
    cosine = np.zeros(len(a), dtype=np.float32)
    asked = np.unique(np.concatenate([a, b]))
    step = max(1, _BLOCK // max(1, len(vectors)))
    for start in range(0, len(asked), step):
        own = asked[start : start + step]
        ids, scores = top_k(vectors.normalised[own], vectors.normalised, k=len(vectors), exclude=own, n_jobs=n_jobs)
        for one, other, ranks in ((a, b, rank_a), (b, a, rank_b)):
            for place in np.flatnonzero(np.isin(one, own)).tolist():
                row = int(np.searchsorted(own, one[place]))
                found = int(np.flatnonzero(ids[row] == other[place])[0])
                ranks[place], cosine[place] = found + 1, scores[row, found]
    return _Pairs(a, b, rank_a, rank_b, cosine)


def _grouped(
    vectors: Vectors, comparison: Comparison, pairs: _Pairs, *, is_near: bool, n_jobs: int | Literal["auto"]
) -> list[DuplicateGroup]:
    """Return the groups that pairs make, the most similar first; a pair that would join a contradiction is dropped."""
    scores = comparison.similarities(pairs.a, pairs.b, n_jobs=n_jobs)
    kept = [
        place
        for place in np.lexsort((pairs.b, pairs.a, -pairs.cosine, -scores)).tolist()
        if scores[place] >= comparison.min_similarity and not comparison.contradict(pairs.a[place], pairs.b[place])
    ]
    members: dict[int, list[int]] = {}  # of each item that is in a group, one list for all of it
    evidence: list[tuple[int, DuplicatePair]] = []
    keys = vectors.keys
    for place in kept:
        a, b = int(pairs.a[place]), int(pairs.b[place])
        one, other = members.get(a, [a]), members.get(b, [b])
        if one is not other:
            if any(comparison.contradict(i, j) for i in one for j in other):
                continue
            joined = sorted([*one, *other])
            members.update(dict.fromkeys(joined, joined))
        pair = DuplicatePair(
            a=keys[a],
            b=keys[b],
            cosine=float(pairs.cosine[place]),
            rank_a=int(pairs.rank_a[place]),
            rank_b=int(pairs.rank_b[place]),
            similarity=float(scores[place]),
            differs=comparison.differs(a, b),
        )
        evidence.append((a, pair))
    return _ordered(vectors, members, evidence, is_near=is_near)


def _ordered(
    vectors: Vectors, members: dict[int, list[int]], evidence: list[tuple[int, DuplicatePair]], *, is_near: bool
) -> list[DuplicateGroup]:
    keys, counts = vectors.keys, vectors.counts
    pairs_of: dict[int, list[DuplicatePair]] = {}
    for a, pair in evidence:
        pairs_of.setdefault(members[a][0], []).append(pair)

    def count(item: int) -> int:
        return 0 if counts is None else int(counts[item])

    groups = [
        sorted(each, key=lambda item: (-count(item), item)) for first, each in members.items() if first == each[0]
    ]
    groups.sort(key=lambda each: (-sum(map(count, each)), each[0]))
    return [
        DuplicateGroup(
            keys=tuple(keys[item] for item in each),
            counts=tuple(None if counts is None else count(item) for item in each),
            pairs=tuple(pairs_of[min(each)]),
            is_near=is_near,
        )
        for each in groups
    ]
