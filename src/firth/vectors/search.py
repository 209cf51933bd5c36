"""Items by what somebody types: keys that begin with it, hold it, or are nearly it.

Letter case, accents and punctuation do not count (:mod:`firth.vectors.folding`). Keys that begin with it are a range of
a sorted order; those that hold it come from an index of trigrams (:mod:`firth.vectors.trigrams`) and are looked at
before they are an answer; typing errors are counted against the keys that share most trigrams
(:mod:`firth.vectors.typos`). Nothing here knows of the vectors.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from firth.arrays import Int32, Int64
from firth.errors import OptionError
from firth.vectors.folding import fold, fold_one
from firth.vectors.trigrams import Span, Trigrams, spans
from firth.vectors.typos import nearly

if TYPE_CHECKING:
    import polars as pl

_LARGEST = (1 << 16) - 1  # letter of the index; where there are more distinct ones, the last share it
_CHUNK = 1 << 16  # keys whose letters are taken apart together
_END, _SPACE = "\0", " "
_MAX_LOOKS = 50_000  # keys that are looked at in one step; only made-up keys hold all trigrams and not the text
_MAX_TOKENS = 16

Letters = npt.NDArray[np.unsignedinteger]  # uint8, or big-endian uint16 that sort as bytes do
How = Literal["exact", "prefix", "word", "inside", "typo"]


@dataclass(frozen=True)
class Match:
    """An item that was found.

    Parameters
    ----------
    id
        Its row.
    key
        Its key.
    how
        What it has in common with what was typed: ``"exact"``, it is the key; ``"prefix"``, the key begins with it;
        ``"word"``, a word of the key does, or each word that was typed begins some word of the key; ``"inside"``, it
        stands somewhere in the key; ``"typo"``, nearly.
    """

    id: int
    key: str
    how: How


class KeySearch:
    """Keys, made ready to be found by what is typed.

    Parameters
    ----------
    keys
        By id; among equally good matches the lower id, which occurs more often, comes first.

    Notes
    -----
    About 5 s for a million keys, most of it outside Python's lock; per key about two bytes a letter for its trigrams,
    one or two for its text, and 12. Never changes once made, so threads may share it.

    Examples
    --------
    >>> search = KeySearch(["the beatles", "Beyoncé", "beat happening"])
    >>> [(match.key, match.how) for match in search.find("beat")]
    [('beat happening', 'prefix'), ('the beatles', 'word')]
    >>> [(match.key, match.how) for match in search.find("beoynce")]
    [('Beyoncé', 'typo')]
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = list(keys)
        folded = fold(self._keys)
        self._order = _sorted(folded)
        lengths = folded.str.len_chars().to_numpy().astype(np.int64) + 2  # a blank before it, an end after it
        self._offsets: Int64 = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        self._alphabet, letters = _letters(folded, self._offsets)
        self._letters = letters
        self._bytes = letters.tobytes()
        self._trigrams = Trigrams(letters, self._offsets)

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def size_bytes(self) -> int:
        """What the index takes in memory, without the keys."""
        return len(self._bytes) + self._order.nbytes + self._offsets.nbytes + self._trigrams.size_bytes

    def find(self, text: str, *, k: int = 10) -> list[Match]:
        """Return at most ``k`` items, the best first; none for a text of blanks.

        Parameters
        ----------
        text
            What was typed. Letters after the 256th do not count.
        k
            How many, >= 0.

        Raises
        ------
        OptionError
            If ``k`` < 0.

        Notes
        -----
        In the order of :class:`Match`'s kinds; within a kind the key that is spelled exactly like the text first, then
        by id; typing errors: fewest first, then whole keys, then keys' beginnings, then by id. Texts of up to 2 letters
        have no errors, of up to 5 one, longer ones two; two letters swapped are one.
        """
        if k < 0:
            raise OptionError(f"k must be >= 0, got {k}.")
        found: dict[int, How] = {}
        for id_, how in self._matches(text, k):
            found.setdefault(id_, how)
            if len(found) >= k:
                break
        return [Match(id_, self._keys[id_], how) for id_, how in islice(found.items(), k)]

    def _matches(self, text: str, k: int) -> Iterator[tuple[int, How]]:
        """Yield matches, the best first, some of them again as a worse kind; at most ``k`` of them are new ones."""
        typed = fold_one(text)
        if not typed or not k:
            return
        letters = [self._alphabet.get(letter, -1) for letter in typed]
        if -1 not in letters:
            yield from self._beginning(text, letters, k)
            blank = self._alphabet[_SPACE]
            yield from ((id_, "word") for id_ in self._holding([[blank, *letters]]))
            if blank in letters:
                yield from ((id_, "word") for id_ in self._holding(_words(letters, blank)))
            yield from ((id_, "inside") for id_ in self._holding([letters]))
        wanted = np.array([self._alphabet[_SPACE], *letters])
        for id_ in nearly(wanted, self._letters, self._offsets, self._trigrams, k=2 * k):
            yield id_, "typo"

    def _beginning(self, text: str, letters: list[int], k: int) -> Iterator[tuple[int, How]]:
        """Yield the keys that are the text, and then those that begin with it."""
        needle = self._as_bytes([self._alphabet[_SPACE], *letters])
        low, high = self._range(needle)
        same = bisect_right(
            self._order, needle + self._as_bytes([0]), lo=low, hi=high, key=self._prefix(len(letters) + 2)
        )
        exact = self._order[low:same].tolist()  # a range of equal texts is in the order of ids
        yield from ((id_, "exact") for id_ in exact if self._keys[id_] == text)
        yield from ((id_, "exact") for id_ in exact)
        others = self._order[same:high]
        if len(others) > k:
            others = np.partition(others, k - 1)[:k]
        yield from ((id_, "prefix") for id_ in sorted(others.tolist()))

    def _range(self, needle: bytes) -> tuple[int, int]:
        """Return where in the order the texts that begin with a needle start and end."""
        begin = self._prefix(len(needle) // self._letters.itemsize)
        low = bisect_left(self._order, needle, key=begin)
        return low, bisect_right(self._order, needle, lo=low, key=begin)

    def _prefix(self, n_letters: int) -> Callable[[int], bytes]:
        width = self._letters.itemsize

        def begin(id_: int) -> bytes:
            start, end = self._offsets[id_], self._offsets[id_ + 1]
            return self._bytes[start * width : min(start + n_letters, end) * width]

        return begin

    def _holding(self, needles: list[list[int]]) -> Iterator[int]:
        """Yield, ascending, the ids of the keys that hold all needles; one that begins others as often as it does."""
        needed: list[Span] = list(dict.fromkeys(span for needle in needles[:_MAX_TOKENS] for span in spans(needle)))
        texts = [self._as_bytes(needle) for needle in needles]
        times = {text: sum(other.startswith(text) for other in texts) for text in texts}
        width, n_looks = self._letters.itemsize, 0
        for ids in self._trigrams.holding(needed):
            starts, ends = self._offsets[ids] * width, self._offsets[ids + 1] * width
            for id_, start, end in zip(ids.tolist(), starts.tolist(), ends.tolist(), strict=True):
                if all(_holds(self._bytes, text, start, end, width, n) for text, n in times.items()):
                    yield id_
                n_looks += 1
                if n_looks == _MAX_LOOKS:
                    return

    def _as_bytes(self, letters: list[int]) -> bytes:
        return np.array(letters, dtype=self._letters.dtype).tobytes()


def _holds(texts: bytes, needle: bytes, start: int, end: int, width: int, times: int) -> bool:
    """Return whether a needle stands so often between two places of the texts, each time where a letter begins."""
    place = texts.find(needle, start, end)
    while place >= 0:
        times -= place % width == 0
        if times == 0:
            return True
        place = texts.find(needle, place + 1, end)
    return False


def _words(letters: list[int], blank: int) -> list[list[int]]:
    """Return the words that were typed, each with the blank before it.

    A word of a key may answer for one of them only. Those that it could answer for begin each other, so it is enough
    that each finds as many words as there are typed ones that begin with it.
    """
    words: list[list[int]] = [[blank]]
    for letter in letters:
        if letter == blank:
            words.append([blank])
        else:
            words[-1].append(letter)
    return words


def _sorted(folded: pl.Series) -> Int32:
    """Return the ids in the order of the texts, equal ones by id: (n_keys,) int32."""
    frame = folded.to_frame().with_row_index("id")
    order: Int32 = frame.sort("text", "id")["id"].to_numpy().astype(np.int32)
    return order


def _letters(folded: pl.Series, offsets: Int64) -> tuple[dict[str, int], Letters]:
    """Return the number of each letter, 1 for the blank and then in the order of texts, and all texts in numbers.

    Each text has a blank before it, and a 0 after it.
    """
    counts = np.zeros(0x110000, dtype=bool)
    counts[[0, ord(_SPACE)]] = True
    for points, _ in _chunks(folded, offsets):
        counts[points] = True
    known = np.flatnonzero(counts)
    numbers = np.minimum(np.cumsum(counts) - 1, _LARGEST)
    letters = np.zeros(int(offsets[-1]), dtype=np.uint8 if len(known) <= 256 else np.dtype(">u2"))
    for points, start in _chunks(folded, offsets):
        letters[start : start + len(points)] = numbers[points]
    alphabet = dict(zip(map(chr, known.tolist()), numbers[known].tolist(), strict=True))
    return alphabet, letters


def _chunks(folded: pl.Series, offsets: Int64) -> Iterator[tuple[npt.NDArray[np.uint32], int]]:
    """Yield the code points of some texts at a time, with blanks and ends, and where they begin."""
    for first in range(0, len(folded), _CHUNK):
        joined = "".join(f"{_SPACE}{text}{_END}" for text in folded[first : first + _CHUNK])
        yield np.frombuffer(joined.encode("utf-32-le"), dtype=np.uint32), int(offsets[first])
