"""Texts made comparable for somebody who types: letter case, accents, punctuation and invisible marks do not count.

The same function folds a million keys and what is typed, so that the two can never differ. It keeps every script; only
marks that are no part of a letter (accents of Latin, Greek and Cyrillic, points of Hebrew and Arabic) are taken off.
Unlike :func:`firth.vectors.names.plain_words`, which decides what is the same thing, it keeps Hangul and kana taken
apart, so that a syllable is found by its first half, and it never leaves a text empty that can be seen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

MAX_LENGTH = 256  # letters of a folded text; what comes after does not tell keys apart
_MAX_RAW = 1024  # letters that are looked at
_MARKS = (
    r"[\u{300}-\u{36F}\u{483}-\u{489}\u{591}-\u{5BD}\u{5BF}\u{5C1}\u{5C2}\u{5C4}\u{5C5}\u{5C7}\u{610}-\u{61A}\u{640}"
    r"\u{64B}-\u{65F}\u{670}\u{6D6}-\u{6DC}\u{6DF}-\u{6E8}\u{1AB0}-\u{1AFF}\u{1DC0}-\u{1DFF}\u{20D0}-\u{20FF}"
    r"\u{FE00}-\u{FE0F}\u{FE20}-\u{FE2F}\p{Cf}]"
)
_SPELLED = "ß ss  ø o  ł l  đ d  æ ae  œ oe  þ th  ð d  ı i  ħ h  ŧ t  ŋ n  ƒ f  ɓ b  ɗ d  ɨ i  ə e  ς σ"
_LETTERS = {"&": " and ", **dict(pair.split() for pair in _SPELLED.split("  "))}
_APOSTROPHES = "['’‘ʻʼ`´]"
_INITIALS = r"\b(\p{L})\."
_BETWEEN = r"[\s\p{Z}\p{C}\p{Sk}<>=~|\p{P}--#]+"
_BLANKS = r"[\s\p{Z}\p{C}]+"
# The same for ASCII in Python itself, 20 us a text instead of 1 ms.
_ASCII_INITIALS = re.compile(r"\b([a-z])\.", re.ASCII)
_ASCII_BETWEEN = re.compile(r"[^a-z0-9#$+]+")
_ASCII_BLANKS = re.compile(r"[\x00-\x20\x7f]+")


def fold(texts: Sequence[str]) -> pl.Series:
    r"""Return each text in lower case, without accents and punctuation, its words one space apart.

    Parameters
    ----------
    texts
        Any texts. What UTF-8 cannot say, half of a surrogate pair, becomes a question mark.

    Returns
    -------
    polars.Series
        One text each, at most 256 letters in their decomposed form. One of nothing but punctuation keeps it; one of
        blanks and control characters is empty.

    Notes
    -----
    O(letters); about 2 s for a million keys, outside Python's lock.

    Examples
    --------
    >>> fold(["Beyoncé & JAY-Z: Don't!", "Łódź\x00(Straße)", "R.E.M.", "!!!", " \t"]).to_list()
    ['beyonce and jay z dont', 'lodz strasse', 'rem', '!!!', '']
    """
    import polars as pl

    try:
        column = pl.Series("text", texts, dtype=pl.String)
    except UnicodeEncodeError:
        column = pl.Series("text", [text.encode("utf-8", "replace").decode() for text in texts], dtype=pl.String)
    letters = pl.col("text").str.head(_MAX_RAW).str.normalize("NFKD").str.to_lowercase().str.normalize("NFKD")
    letters = letters.str.replace_all(_MARKS, "").str.replace_many(_LETTERS)
    words = letters.str.replace_all(_APOSTROPHES, "").str.replace_all(_INITIALS, "$1").str.replace_all(_BETWEEN, " ")
    seen = letters.str.replace_all(_BLANKS, " ").str.strip_chars(" ").alias("seen")
    frame = pl.DataFrame([column]).select(words.str.strip_chars(" ").alias("words"), seen)
    chosen = pl.when(pl.col("words") == "").then("seen").otherwise("words")
    return frame.select(chosen.str.head(MAX_LENGTH).str.strip_chars_end(" ").alias("text"))["text"]


def fold_one(text: str) -> str:
    """Return what :func:`fold` makes of one text; fast where it is ASCII."""
    if not text.isascii():
        return str(fold([text])[0])
    letters = text[:_MAX_RAW].lower().replace("&", " and ")
    words = _ASCII_INITIALS.sub(r"\1", letters.replace("'", "").replace("`", ""))
    words = _ASCII_BETWEEN.sub(" ", words).strip(" ") or _ASCII_BLANKS.sub(" ", letters).strip(" ")
    return words[:MAX_LENGTH].rstrip(" ")
