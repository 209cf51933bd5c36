"""Which texts hold which three letters in a row: an inverted index in flat arrays, small and quick to build.

Texts are taken 65,536 at a time, so that a trigram and the place of its text fit into one number of 64 bits: building
is one sort of such numbers, and a posting costs two bytes. The blocks come in the order of texts, so whoever looks for
the first few can stop early.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from firth.arrays import Int64

BLOCK = 1 << 16
_BITS = 16  # of a letter
_MASK = (1 << _BITS) - 1
_EMPTY = np.empty(0, dtype=np.uint16)

Postings = npt.NDArray[np.uint16]


class Span(NamedTuple):
    """Trigrams from one code to another, both included: one of them, or all that begin with one letter or two."""

    first: int
    last: int


class _Block(NamedTuple):
    codes: npt.NDArray[np.uint64]  # distinct, ascending
    starts: npt.NDArray[np.int32]  # of each code's postings, and the end of the last
    places: Postings


def spans(letters: Sequence[int]) -> list[Span]:
    """Return what a text must hold to hold these letters, 1 to 65,535 each, in a row; nothing for no letters."""
    if not letters:
        return []
    if len(letters) < 3:
        shift = _BITS * (3 - len(letters))
        first = _code([*letters, 0, 0][:3])
        return [Span(first, first | ((1 << shift) - 1))]
    codes = dict.fromkeys(_code(letters[i : i + 3]) for i in range(len(letters) - 2))
    return [Span(code, code) for code in codes]


def _code(letters: Sequence[int]) -> int:
    a, b, c = letters
    return (a << (2 * _BITS)) | (b << _BITS) | c


class Trigrams:
    """The trigrams of texts.

    Parameters
    ----------
    letters
        The texts one after the other: (n_letters,) unsigned, each text's letters >= 1 and then a 0.
    offsets
        (n_texts + 1,) int64, where each text begins, and the end of the last.

    Notes
    -----
    O(n_letters log n_letters) time, mostly without Python's lock. About two bytes a letter.
    """

    def __init__(self, letters: npt.NDArray[np.unsignedinteger], offsets: Int64) -> None:
        self._blocks = [
            _build(letters, offsets[start : start + BLOCK + 1]) for start in range(0, len(offsets) - 1, BLOCK)
        ]

    @property
    def size_bytes(self) -> int:
        """What the index takes in memory."""
        return sum(array.nbytes for block in self._blocks for array in block)

    def holding(self, needed: Sequence[Span]) -> Iterator[Int64]:
        """Yield, block by block, the ascending places of the texts that hold all of the ``needed`` spans."""
        for start, postings in self._each(needed):
            if any(not len(found) for found in postings):
                continue
            postings.sort(key=len)
            places = np.unique(postings[0])  # a span of several codes may name a text twice
            for other in postings[1:]:
                if len(places) < 16:
                    break  # looking at the texts is cheaper
                is_there = np.zeros(BLOCK, dtype=bool)
                is_there[other] = True
                places = places[is_there[places]]
            if len(places):
                yield places.astype(np.int64) + start

    def sharing(self, wanted: Sequence[Span], *, n_skipped: int, at_least: int) -> Iterator[tuple[Int64, Int64]]:
        """Yield, block by block, texts that hold many of the ``wanted`` trigrams, and how many.

        Parameters
        ----------
        wanted
            Spans of one code each.
        n_skipped
            In each block the so many most frequent are not counted.
        at_least
            How many of the others a text must hold.
        """
        for start, postings in self._each(wanted):
            postings.sort(key=len)
            counted = np.concatenate([_EMPTY, *postings[: len(postings) - n_skipped]])
            shared = np.bincount(counted, minlength=1)
            places = np.flatnonzero(shared >= at_least)
            if len(places):
                yield places + start, shared[places]

    def _each(self, needed: Sequence[Span]) -> Iterator[tuple[int, list[Postings]]]:
        first = np.array([span.first for span in needed], dtype=np.uint64)
        last = np.array([span.last for span in needed], dtype=np.uint64)
        for number, block in enumerate(self._blocks):
            begins = block.starts[np.searchsorted(block.codes, first, side="left")]
            ends = block.starts[np.searchsorted(block.codes, last, side="right")]
            pairs = zip(begins.tolist(), ends.tolist(), strict=True)
            yield number * BLOCK, [block.places[begin:end] for begin, end in pairs]


def _build(letters: npt.NDArray[np.unsignedinteger], offsets: Int64) -> _Block:
    """Return the index of up to 65,536 texts."""
    end = int(offsets[-1])
    own = np.zeros(end - int(offsets[0]) + 2, dtype=np.uint64)
    own[:-2] = letters[int(offsets[0]) : end]
    places = np.repeat(np.arange(len(offsets) - 1, dtype=np.uint64), np.diff(offsets))
    codes = (own[:-2] << np.uint64(3 * _BITS)) | (own[1:-1] << np.uint64(2 * _BITS))
    # A text's last letter has a 0 after it, and then whatever comes: that is made 0 too.
    codes |= np.where(own[1:-1] == 0, np.uint64(0), own[2:] << np.uint64(_BITS))
    codes = (codes | places)[own[:-2] > 0]
    codes.sort()
    is_new = np.concatenate([[True], codes[1:] != codes[:-1]])[: len(codes)]
    codes = codes[is_new]
    trigrams = codes >> np.uint64(_BITS)
    begins = np.flatnonzero(np.concatenate([[True], trigrams[1:] != trigrams[:-1]])[: len(codes)])
    starts = np.append(begins, len(codes)).astype(np.int32)
    return _Block(trigrams[begins], starts, (codes & np.uint64(_MASK)).astype(np.uint16))
