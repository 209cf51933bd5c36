"""Keys as one readable line: no line breaks, no glyph that the font lacks, no endless length.

Keys are data and are never changed anywhere else; this is only how a picture shows them.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import cache

from firth.plots import canvas

_ELLIPSIS = "…"
_UNKNOWN = "□"
# Joiners, marks of direction, variation selectors and skin tones: they shape neighbours and have no glyph of their own.
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Mn", "Me"}


def one_line(key: str, *, max_length: int) -> str:
    """Return a key as a picture shows it.

    Parameters
    ----------
    key
        Any text.
    max_length
        Characters to show, >= 2; a longer key ends in an ellipsis.

    Returns
    -------
    str
        White space runs are one space each. A character the font lacks becomes its compatible form (a fullwidth letter
        the ordinary one) or else a box; up to three boxes in a row say that there was more. A key of nothing visible is
        one box.
    """
    short = " ".join(key.split())
    composed = unicodedata.normalize("NFC", short[: 8 * max_length])
    shown = "".join(_shown(character) for character in composed)
    while _UNKNOWN * 4 in shown:
        shown = shown.replace(_UNKNOWN * 4, _UNKNOWN * 3)
    shown = " ".join(shown.split()) or _UNKNOWN
    return shown if len(shown) <= max_length else shown[: max_length - 1].rstrip() + _ELLIPSIS


def distinct(keys: Sequence[str], *, max_length: int) -> list[str]:
    """Return keys as :func:`one_line` shows them; those that would look alike are shortened in their middle instead."""
    shown = [one_line(key, max_length=max_length) for key in keys]
    times = Counter(shown)
    return [
        _middle_out(key, max_length) if times[short] > 1 and short.endswith(_ELLIPSIS) else short
        for key, short in zip(keys, shown, strict=True)
    ]


def _middle_out(key: str, max_length: int) -> str:
    whole = one_line(key, max_length=len(key) + 1)
    n_last = (max_length - 1) // 2
    if len(whole) <= max_length:
        return whole
    return whole[: max_length - 1 - n_last].rstrip() + _ELLIPSIS + whole[len(whole) - n_last :].lstrip()


def is_right_to_left(text: str) -> bool:
    """Return whether a text has letters that are written from right to left."""
    return any(unicodedata.bidirectional(character) in ("R", "AL") for character in text)


def _shown(character: str) -> str:
    known = _characters()
    category = unicodedata.category(character)
    if category in _INVISIBLE or "\U0001f3fb" <= character <= "\U0001f3ff":
        # Accents stay where the font can draw them.
        return character if category == "Mn" and ord(character) in known and character < "\ufe00" else ""
    if ord(character) in known:
        return character
    compatible = unicodedata.normalize("NFKC", character)
    return compatible if all(ord(part) in known for part in compatible) else _UNKNOWN


@cache
def _characters() -> frozenset[int]:
    return canvas.characters()
