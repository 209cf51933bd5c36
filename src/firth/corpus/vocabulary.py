"""Keys and ids: the one place where a user's name of a thing becomes a row number and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count

import numpy as np

from firth.arrays import Int32
from firth.errors import DataError, UnknownItemError

_N_SUGGESTIONS = 3
_N_CANDIDATES = 64
_MAX_QUERY = 64
_LARGE, _N_SCANS = 1 << 20, 8  # from so many items on, so many single keys are found without a table


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
    _n_scans: Iterator[int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        keys = list(self.keys)
        if len(set(keys)) != len(keys):
            last = {key: i for i, key in enumerate(keys)}
            twice = next(key for i, key in enumerate(keys) if last[key] != i)
            raise DataError(f"keys must be distinct, got {twice[:80]!r} twice.")
        object.__setattr__(self, "keys", keys)
        object.__setattr__(self, "_n_scans", count())

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {key: i for i, key in enumerate(self.keys)}

    def _find(self, key: str) -> int:
        """Return the id of a key, or -1.

        The table of ids takes 65 bytes an item, and longer to make than a few keys to be found among all: of twenty
        million 1.3 GB and 6 s against 0.3 s a key.
        """
        if len(self.keys) >= _LARGE and "_ids" not in self.__dict__ and next(self._n_scans) < _N_SCANS:
            try:
                return self.keys.index(key)
            except ValueError:
                return -1
        return self._ids.get(key, -1)

    def __len__(self) -> int:
        return len(self.keys)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._find(key) >= 0

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
        found = self._find(key) if isinstance(key, str) else -1  # type: ignore[redundant-expr]  # a caller may be wrong
        if found < 0:
            raise UnknownItemError(key, self.closest(str(key)))
        return found

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
