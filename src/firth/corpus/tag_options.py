"""Which tags items get, as the user states it; giving them is ``tagging.py``. It holds no data and loads no package."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from firth.corpus.tag_words import spelled
from firth.errors import OptionError

TAGS = "tags"
"""The attribute that holds an item's tags."""


@dataclass(frozen=True, kw_only=True)
class TagOptions:
    """Where tags come from.

    Parameters
    ----------
    from_
        The attribute that tells: an unordered context's name. In a recipe ``from``, a word that Python keeps.
    keywords
        For each tag the words or phrases that stand for it in a value of the attribute, such as a playlist's name.
        Empty: the values are the tags themselves.
    top
        Without keywords: only the so many values that most items have. None: all.
    min_count
        With keywords: how many different values of an item must say so, >= 1.
    min_share
        With keywords: which share of the item's different values must say so, 0 to 1.

    Raises
    ------
    OptionError
        If a value is outside its range, or goes with the other way of tagging.
    """

    from_: str
    keywords: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    top: int | None = None
    min_count: int = 1
    min_share: float = 0.0

    def __post_init__(self) -> None:
        if not self.from_:
            raise OptionError("from must name an attribute, got ''.")
        for tag, words in self.keywords.items():
            _check_words(tag, words)
        if self.top is not None and self.top < 1:
            raise OptionError(f"top must be >= 1, got {self.top}.")
        if self.min_count < 1:
            raise OptionError(f"min_count must be >= 1, got {self.min_count}.")
        if not (math.isfinite(self.min_share) and 0 <= self.min_share <= 1):
            raise OptionError(f"min_share must be from 0 to 1, got {self.min_share}.")
        if self.keywords and self.top is not None:
            raise OptionError("top goes without keywords: it chooses among the attribute's own values.")
        if not self.keywords and (self.min_count > 1 or self.min_share > 0):
            raise OptionError("min_count and min_share go with keywords: a value says of itself but once.")


def _check_words(tag: str, words: object) -> None:
    if not tag.strip():
        raise OptionError(f"a tag must be a text that is not blank, got {tag!r}.")
    if not isinstance(words, list | tuple) or not words:
        raise OptionError(f"keywords.{tag} must be a list of at least one word or phrase, got {words!r}.")
    for word in words:
        if not isinstance(word, str) or not spelled(word):
            raise OptionError(f"keywords.{tag} must hold words or phrases, got {word!r}.")
