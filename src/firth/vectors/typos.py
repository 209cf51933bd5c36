"""Texts that are what was typed but for an error or two.

An error is a letter too many, too few or another, or two neighbours swapped: the optimal string alignment distance [1],
taken to the nearest beginning of what stands from some word on, since what is typed is rarely finished. One such error
spoils four trigrams at most, so whatever is near enough shares the rest.

References
----------
[1] Boytsov, "Indexing methods for approximate dictionary searching: comparative analysis", ACM JEA 16, 2011, 2.2.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from firth.arrays import Int64
from firth.vectors.trigrams import Trigrams, spans

MAX_TYPED = 64  # letters that are compared
_SPOILED = 4  # trigrams by one error, at most
_COUNTED = 24  # rarest trigrams that candidates are counted by
_MOST = 6_000  # candidates that are compared, those that share most trigrams
_FAR = 100
_GIVING_UP = 4  # letters after which texts that are too far are left out; a third of the time
_SPACE = 1

Letters = npt.NDArray[np.unsignedinteger]
Distances = npt.NDArray[np.uint8]


def allowed(n_letters: int) -> int:
    """Return how many errors a text of so many letters may have."""
    return 0 if n_letters < 3 else 1 if n_letters < 6 else 2


def nearly(typed: Int64, letters: Letters, offsets: Int64, trigrams: Trigrams, *, k: int) -> list[int]:
    """Return the texts that come nearest to what was typed, within the errors that its length allows.

    Parameters
    ----------
    typed
        (n,) letters, the first a blank; -1 for one that no text has. Those after the 64th do not count.
    letters, offsets
        The texts, each with a blank before it and a 0 after it, and where they begin.
    trigrams
        The index of the texts.
    k
        How many.

    Returns
    -------
    list[int]
        Fewest errors first, then what was typed whole, then what is at the beginning of a text, then by place.

    Notes
    -----
    At most 6,000 texts are compared: those that share most trigrams with what was typed, then those as long as it.
    """
    typed = typed[: MAX_TYPED + 1]
    n_errors = allowed(len(typed) - 1)
    if not n_errors:
        return []
    candidates = _candidates(typed, offsets, trigrams, n_errors)
    if not len(candidates):
        return []
    starts, ends, owners = _word_starts(candidates, letters, offsets)
    nearest, whole = _distances(typed[1:], letters, starts, ends, n_errors)
    is_first = starts == offsets[candidates[owners]] + 1
    whole = np.where(is_first, whole, _FAR)
    rank = nearest.astype(np.int64) * 4 + np.where(whole == nearest, 0, np.where(is_first, 1, 2))
    kept = nearest <= n_errors
    order = np.lexsort((candidates[owners[kept]], rank[kept]))
    return list(dict.fromkeys(candidates[owners[kept][order]].tolist()))[:k]


def _candidates(typed: Int64, offsets: Int64, trigrams: Trigrams, n_errors: int) -> Int64:
    """Return the places of the texts to compare."""
    known = [place for place in range(len(typed) - 2) if (typed[place : place + 3] >= 0).all()]
    wanted = list(dict.fromkeys(span for place in known for span in spans(typed[place : place + 3].tolist())))
    if not wanted:
        return np.empty(0, dtype=np.int64)
    needed = max(1, len(wanted) - _SPOILED * n_errors)
    n_skipped = max(0, min(needed - 1, len(wanted) - _COUNTED))
    scores: list[Int64] = []
    for places, shared in trigrams.sharing(wanted, n_skipped=n_skipped, at_least=needed - n_skipped):
        away = np.minimum(np.abs(offsets[places + 1] - offsets[places] - len(typed) - 1), n_errors + 1)
        scores.append(((len(wanted) - shared) << 48) | (away << 40) | places)
    score = np.concatenate([np.empty(0, dtype=np.int64), *scores])
    if len(score) > _MOST:
        score = np.partition(score, _MOST - 1)[:_MOST]
    return score & ((1 << 40) - 1)


def _word_starts(candidates: Int64, letters: Letters, offsets: Int64) -> tuple[Int64, Int64, Int64]:
    """Return where each word of the candidates begins, where its text ends, and whose it is."""
    sizes = offsets[candidates + 1] - offsets[candidates]
    owners = np.repeat(np.arange(len(candidates)), sizes)
    places = np.arange(len(owners)) + np.repeat(offsets[candidates] - (np.cumsum(sizes) - sizes), sizes)
    is_blank = letters[places] == _SPACE
    owners = owners[is_blank]
    return places[is_blank] + 1, offsets[candidates + 1][owners] - 1, owners


def _distances(
    typed: Int64, letters: Letters, starts: Int64, ends: Int64, n_errors: int
) -> tuple[Distances, Distances]:
    """Return the errors between what was typed and the nearest beginning of each text, and to the text as a whole.

    With D[i, j] the distance of the first i letters typed to the first j of the text, and o = j - i from -n_errors to
    n_errors, row i holds D[i, i + o]. Texts with more than n_errors are given up on the way, and are far.
    """
    places = np.arange(len(typed) + n_errors)[:, None] + starts
    texts = letters[np.minimum(places, len(letters) - 1)]
    texts[places >= ends] = 0
    row = np.full((2 * n_errors + 1, len(starts)), _FAR, dtype=np.uint8)
    row[n_errors:] = np.arange(n_errors + 1)[:, None]
    before = np.full_like(row, _FAR)
    alive = np.arange(len(starts))
    for i in range(1, len(typed) + 1):
        before, row = row, _next_row(typed, texts, row, before, i)
        if i % _GIVING_UP == 0:
            near = row.min(axis=0) <= n_errors
            alive, texts, row, before = alive[near], texts[:, near], row[:, near], before[:, near]
    nearest, whole = np.full((2, len(starts)), _FAR, dtype=np.uint8)
    nearest[alive] = row.min(axis=0, initial=_FAR)
    lengths = (ends - starts)[alive]
    for o in range(-n_errors, n_errors + 1):
        ends_here = lengths == len(typed) + o
        whole[alive[ends_here]] = row[o + n_errors, ends_here]
    return nearest, whole


def _next_row(typed: Int64, texts: Letters, row: Distances, before: Distances, i: int) -> Distances:
    """Return D[i] of D[i - 1] and D[i - 2]."""
    n_errors = len(row) // 2
    new = np.full_like(row, _FAR)
    for b in range(len(row)):
        j = i + b - n_errors
        if j < 0:
            continue
        best = row[b + 1] + 1 if b + 1 < len(row) else new[b].copy()
        if j > 0:
            best = np.minimum(best, row[b] + (texts[j - 1] != typed[i - 1]))
        if j > 0 and b > 0:
            best = np.minimum(best, new[b - 1] + 1)
        if i > 1 and j > 1:
            swapped = (texts[j - 2] == typed[i - 1]) & (texts[j - 1] == typed[i - 2])
            best = np.where(swapped, np.minimum(best, before[b] + 1), best)
        new[b] = np.minimum(best, _FAR)
    return new
