"""Does a text speak of something? Keywords as whole words, whatever their case, in any script that parts its words.

Both sides are brought to one spelling first: Unicode's compatibility forms (full-width, styled and ligature letters are
letters) and case folding; white space, hyphens, dashes and underscores are one gap, since people write "hip-hop",
"Hip Hop" and "hip_hop" alike. A keyword is found where no letter, digit or mark touches it on either side: "rap" is in
"rap/r&b" and "trap & rap", not in "therapy". A script without gaps between words has none to find: there a keyword
stands for a whole text or a part set off by signs. Accents count; give both spellings where people leave them out.

References
----------
The Unicode Standard, 3.13 (default caseless matching) and Standard Annex 15 (normalization forms).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

_GAPS = re.compile(r"[\s_\-\u2010-\u2015\u2212]+")
_OF_WORDS = "LNM"  # letters, numbers and marks: the first letters of their Unicode categories


def spelled(text: str) -> str:
    """Return a text in the one spelling that texts and keywords are compared in.

    Examples
    --------
    >>> spelled(" Hip-Hop_CLASSICS ")
    'hip hop classics'
    """
    if text.isascii():
        text = text.casefold()
    else:
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return _GAPS.sub(" ", text).strip()


class Keywords:
    """Tags and the words that stand for them.

    Parameters
    ----------
    words
        For each tag its words or phrases.

    Examples
    --------
    >>> keywords = Keywords({"rap": ["rap", "hip hop"], "rock": ["rock"]})
    >>> keywords.tags("90s Hip-Hop & Rock"), keywords.tags("therapy")
    ([0, 1], [])
    """

    def __init__(self, words: Mapping[str, Sequence[str]]) -> None:
        self.names = tuple(words)
        self._words = [list(dict.fromkeys(spelled(word) for word in some)) for some in words.values()]

    def tags(self, text: str) -> list[int]:
        """Return which tags a text speaks of, by their place in ``names``, ascending."""
        text = spelled(text)
        return [tag for tag, words in enumerate(self._words) if any(_stands_in(word, text) for word in words)]


def _stands_in(word: str, text: str) -> bool:
    """Return whether a word stands somewhere in a text by itself."""
    start = text.find(word)
    while start >= 0:
        end = start + len(word)
        if not (_is_of_word(text[start - 1 : start]) or _is_of_word(text[end : end + 1])):
            return True
        start = text.find(word, start + 1)
    return False


def _is_of_word(letter: str) -> bool:
    return bool(letter) and unicodedata.category(letter)[0] in _OF_WORDS
