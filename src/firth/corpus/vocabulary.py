"""Keys and ids: the one place where a user's name of a thing becomes a row number and back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from firth.arrays import Int32
from firth.errors import DataError, UnknownItemError

_N_SUGGESTIONS = 3
_N_CANDIDATES = 64
_MAX_QUERY = 64


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The keys of all items; a key's position is its id.

    Parameters
    ----------
    keys
        One distinct text per item.

    Raises
    ------
    DataError
        If a key occurs twice.

    Examples
    --------
    >>> vocabulary = Vocabulary(["radiohead", "coil", "swans"])
    >>> vocabulary.id("coil"), len(vocabulary), "low" in vocabulary
    (1, 3, False)
    """

    keys: list[str]
    _ids: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        keys = list(self.keys)
        ids = {key: i for i, key in enumerate(keys)}
        if len(ids) != len(keys):
            twice = next(key for i, key in enumerate(keys) if ids[key] != i)
            raise DataError(f"keys must be distinct, got {twice[:80]!r} twice.")
        object.__setattr__(self, "keys", keys)
        object.__setattr__(self, "_ids", ids)

    def __len__(self) -> int:
        return len(self.keys)

    def __contains__(self, key: object) -> bool:
        return key in self._ids

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and self.keys == other.keys

    def __hash__(self) -> int:
        return hash(tuple(self.keys))

    def __repr__(self) -> str:
        shown = ", ".join(repr(key[:40]) for key in self.keys[:3])
        return f"Vocabulary({len(self)} keys: {shown}{', ...' if len(self) > 3 else ''})"

    def id(self, key: str) -> int:
        """Return the id of ``key``.

        Raises
        ------
        UnknownItemError
            If ``key`` is not in the vocabulary; the message names the three closest that are.
        """
        try:
            return self._ids[key]
        except (KeyError, TypeError):
            raise UnknownItemError(key, self.closest(str(key))) from None

    def ids(self, keys: Iterable[str]) -> Int32:
        """Return the ids of ``keys``: (n_keys,) int32, in their order.

        Raises
        ------
        UnknownItemError
            If one of them is not in the vocabulary.
        """
        return np.array([self.id(key) for key in keys], dtype=np.int32)

    def find(self, keys: Iterable[str]) -> Int32:
        """Return the ids of ``keys``, -1 for each that is not in the vocabulary: (n_keys,) int32."""
        return np.array([self._ids.get(key, -1) for key in keys], dtype=np.int32)

    def closest(self, key: str, *, k: int = _N_SUGGESTIONS) -> list[str]:
        """Return up to ``k`` keys that are spelled like ``key``, the closest first, letter case aside.

        Notes
        -----
        The 64 keys that share the largest part of their letter pairs with ``key`` (Dice's coefficient) are compared by
        ``difflib``'s ratio, and those above one half are named. About 0.1 s for 100,000 keys.
        """
        import difflib

        import polars as pl

        wanted = key.lower()[:_MAX_QUERY]
        if not wanted or not self.keys:
            return []
        pairs = sorted({wanted[i : i + 2] for i in range(max(1, len(wanted) - 1))})
        lowered = pl.col("key").str.to_lowercase()
        shared = pl.sum_horizontal([lowered.str.contains(pair, literal=True).cast(pl.Int32) for pair in pairs])
        likeness = 2 * shared / (pl.col("key").str.len_chars() + len(pairs))
        candidates = (
            pl.DataFrame({"key": self.keys}, schema={"key": pl.String})
            .with_row_index("id")
            .with_columns(likeness=likeness)
            .filter(pl.col("likeness") > 0)
            .sort(["likeness", "id"], descending=[True, False])
            .head(_N_CANDIDATES)["key"]
            .to_list()
        )
        ratios = [difflib.SequenceMatcher(None, name.lower()[: 2 * _MAX_QUERY], wanted).ratio() for name in candidates]
        order = sorted(range(len(candidates)), key=lambda i: (-ratios[i], i))
        return [candidates[i] for i in order if ratios[i] > 0.5][:k]
