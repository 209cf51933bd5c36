"""A sequence source as numbers on disk: codes of its keys, ordered by count, and where each sequence begins.

Five files in a folder: the codes and the sequences' offsets, which are memory-mapped; the keys, their counts, and an
account of what was read. ``encoded_writer.py`` makes them. Nothing is decided here about which items are kept: codes
are ordered by count, so options such as ``min_count`` only compare a code with a number, later.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from firth.arrays import Int32, Int64
from firth.errors import DataError

FORMAT = 1  # of the files; a folder of another format is not read
TOKENS, OFFSETS, COUNTS, KEYS, ABOUT = "tokens.i32", "offsets.i64", "counts.i64", "keys.json", "encoded.json"


@dataclass(frozen=True, eq=False)
class Encoded:
    r"""A sequence source, encoded, before it is joined with others.

    Parameters
    ----------
    keys
        Every distinct key of the source, by count descending, then by key; its position is its code.
    counts
        (n_keys,) int64. Occurrences of each key, >= 1.
    tokens
        (n_tokens,) int32, read-only. Codes in their order; a memory map, or an ordinary array for a source that was in
        memory.
    offsets
        (n_sequences + 1,) int64, read-only. Sequence s is ``tokens[offsets[s]:offsets[s + 1]]``; none is empty.
    report
        Counts of what was read and what became of it; ``sequences_empty`` and ``sequences`` are always there.
    fingerprint
        SHA-256 (64 hexadecimal digits) of keys, tokens and offsets.
    examples
        A few of the things that could not be read as they are, with their line numbers.
    names
        The name of each sequence, its parts joined by ``\x1f``; empty where they have none, as the lines of a text.
    """

    keys: list[str]
    counts: Int64
    tokens: Int32
    offsets: Int64
    report: Mapping[str, int]
    fingerprint: str
    examples: tuple[str, ...] = field(default=())
    names: tuple[str, ...] = field(default=(), repr=False)

    @property
    def n_sequences(self) -> int:
        """How many sequences there are, none of them empty."""
        return len(self.offsets) - 1

    @property
    def n_tokens(self) -> int:
        """How many tokens the sequences hold together."""
        return len(self.tokens)

    def __repr__(self) -> str:
        return f"Encoded({len(self.keys):,} keys, {self.n_tokens:,} tokens in {self.n_sequences:,} sequences)"


def load_encoded(folder: Path, *, keys: list[str] | None = None) -> Encoded:
    """Return the :class:`Encoded` whose files lie in ``folder``, its arrays memory-mapped.

    Parameters
    ----------
    folder
        What :meth:`EncodedWriter.finish` left.
    keys
        The keys, if they are known already.

    Raises
    ------
    DataError
        If a file is damaged, or of another format.
    OSError
        If one cannot be read.
    """
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        if about["format"] != FORMAT:
            raise DataError(f"{folder} has format {about['format']}, and {FORMAT} is read; encode the source again.")
        if keys is None:
            keys = json.loads((folder / KEYS).read_text(encoding="utf-8"))
        encoded = Encoded(
            keys=keys,
            counts=np.fromfile(folder / COUNTS, dtype="<i8").astype(np.int64, copy=False),
            tokens=_map(folder / TOKENS, np.int32, about["n_tokens"]),
            offsets=_map(folder / OFFSETS, np.int64, about["n_sequences"] + 1),
            report=about["report"],
            fingerprint=about["fingerprint"],
            examples=tuple(about["examples"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{folder} is damaged ({error}); remove it and encode the source again.") from error
    if not len(encoded.keys) == len(encoded.counts) == about["n_keys"]:
        raise DataError(f"{folder} is damaged (its keys); remove it and encode the source again.")
    return encoded


def _map(path: Path, kind: npt.DTypeLike, n: int) -> npt.NDArray[Any]:
    if path.stat().st_size != n * np.dtype(kind).itemsize:
        raise DataError(f"{path.parent} is damaged ({path.name} is cut short); remove it and encode the source again.")
    if n == 0:
        empty = np.empty(0, dtype=kind)
        empty.flags.writeable = False
        return empty
    return np.memmap(path, dtype=kind, mode="r", shape=(n,))
