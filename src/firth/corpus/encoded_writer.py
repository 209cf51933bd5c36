"""How sequences become an :class:`~firth.corpus.encoded.Encoded`: appended batch by batch, renumbered at the end.

Whoever reads sequences (text, tables, playlists) numbers its keys as they come, 0, 1, 2, ..., and gives the numbers in
batches, which are appended to files, so that memory grows with the keys and not with the source:

    with EncodedWriter() as writer:  # or EncodedWriter(folder), to keep the files
        for codes, lengths in batches:  # whole sequences, one after another, and their lengths
            writer.write(codes, lengths)
        encoded = writer.finish(keys, report={"rows_read": n})  # keys[code] is the key that code stood for

``is_open=True`` says that the last sequence of a batch goes on in the next, so a sequence of any length is written
piece by piece. At the end the codes are renumbered by count descending, then by key, which makes the result independent
of the order in which keys were met. Sources that lie in memory use :func:`encode_arrays`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from firth import _kernel
from firth.arrays import Int32, Int64
from firth.corpus.encoded import ABOUT, COUNTS, FORMAT, KEYS, OFFSETS, TOKENS, Encoded, load_encoded
from firth.errors import DataError, RunError

_BLOCK = 1 << 20  # codes renumbered and hashed at once


class EncodedWriter(AbstractContextManager["EncodedWriter"]):
    """Files that sequences of codes are appended to, until :meth:`finish` makes an :class:`Encoded` of them.

    Parameters
    ----------
    folder
        Folder to create for the files, which stay; None for a temporary one: its files are deleted at once and live
        on for as long as the arrays do.

    Raises
    ------
    RunError
        If the folder exists or cannot be written.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._is_temporary = folder is None
        self.folder = Path(tempfile.mkdtemp(prefix="firth-")) if folder is None else folder
        try:
            if folder is not None:
                folder.mkdir(parents=True)
            self._tokens = FileIO(self.folder / TOKENS, "w+")
            self._offsets = FileIO(self.folder / OFFSETS, "w+")
            _write_all(self._offsets, np.zeros(1, dtype=np.int64))
        except OSError as error:
            raise _cannot_write(self.folder, error) from error
        self.n_tokens = 0
        self.n_sequences = 0
        self.n_empty = 0
        self._last_end = 0
        self._is_open = False
        self._n_codes = 0

    def write(self, codes: Int32, lengths: npt.ArrayLike, *, is_open: bool = False) -> None:
        """Append sequences.

        Parameters
        ----------
        codes
            (n,) int32, >= 0. The sequences, one after another.
        lengths
            (n_sequences,) whole numbers >= 0 that add up to n. Sequences of length 0 are counted and left out. If
            the batch before was open, the first length is the rest of its last sequence.
        is_open
            Whether the last sequence goes on in the next batch.

        Raises
        ------
        DataError
            If ``lengths`` do not add up to the number of codes, or a number is negative.
        RunError
            If the disk is full.
        """
        lengths = np.asarray(lengths, dtype=np.int64)
        codes = np.ascontiguousarray(codes, dtype=np.int32)
        if int(lengths.sum()) != len(codes) or (len(lengths) and int(lengths.min()) < 0):
            raise DataError(f"lengths must be >= 0 and add up to {len(codes)} codes, got a sum of {lengths.sum()}.")
        if len(codes):
            if int(codes.min()) < 0:
                raise DataError(f"codes must be >= 0, got {codes.min()}.")
            self._n_codes = max(self._n_codes, int(codes.max()) + 1)
        ends = self.n_tokens + np.cumsum(lengths)
        self.n_tokens += len(codes)
        self._is_open = (is_open and len(lengths) > 0) or (self._is_open and len(lengths) == 0)
        if is_open:
            ends = ends[:-1]
        kept = ends[np.diff(ends, prepend=self._last_end) > 0]
        self.n_empty += len(ends) - len(kept)
        self.n_sequences += len(kept)
        if len(kept):
            self._last_end = int(kept[-1])
        try:
            _write_all(self._tokens, codes)
            _write_all(self._offsets, kept)
        except OSError as error:
            raise _cannot_write(self.folder, error) from error

    def close_sequence(self) -> None:
        """End the sequence that the last batch left open, if it did."""
        if self._is_open:
            self.write(np.empty(0, dtype=np.int32), [0])

    def batches(self, n_tokens: int = _BLOCK) -> Iterator[tuple[Int32, Int64, bool]]:
        """Yield what was written as (codes, lengths, is_open), at most ``n_tokens`` codes at once.

        The counterpart of :meth:`write`: feeding the batches to another writer copies the sequences.
        """
        self.close_sequence()
        n_done = 0  # sequences that were begun and ended
        for start in range(0, self.n_tokens, n_tokens):
            codes = _read_block(self._tokens, start, min(n_tokens, self.n_tokens - start), np.int32)
            end = start + len(codes)
            # A block of n tokens ends at most n sequences, for none is empty.
            ends = _read_block(self._offsets, n_done + 1, min(len(codes), self.n_sequences - n_done), np.int64)
            ends = ends[: np.searchsorted(ends, end, side="right")]
            n_done += len(ends)
            is_open = len(ends) == 0 or int(ends[-1]) < end
            bounds = [np.array([start]), ends] + ([np.array([end])] if is_open else [])
            yield codes, np.diff(np.concatenate(bounds)), is_open

    def finish(
        self,
        keys: Sequence[str],
        *,
        report: Mapping[str, int],
        examples: Sequence[str] = (),
        aliases: Int32 | None = None,
        order: Callable[[Int64], Int64] | None = None,
    ) -> Encoded:
        """Return the sequences with their codes renumbered by count descending, then by key.

        Parameters
        ----------
        keys
            ``keys[code]`` is the key of a code that was written; keys that never occur are left out.
        report
            Counts to keep; ``sequences``, ``sequences_empty`` and ``tokens`` are added.
        examples
            A few texts for the reader.
        aliases
            (n_keys,) int32. The code that each code is read as, where two stand for one key; None: itself.
        order
            Given how often each code occurs, returns the codes by count descending, then by key, if that can be known
            faster than from the keys.

        Raises
        ------
        DataError
            If a code has no key, or two codes that occur have the same key.
        RunError
            If the disk is full.

        Notes
        -----
        O(n_tokens + n_keys log n_keys) time, memory for the keys and one block of codes.
        """
        self.close_sequence()
        if self._n_codes > len(keys):
            raise DataError(f"every code needs a key, got code {self._n_codes - 1} with {len(keys)} keys.")
        try:
            counts = self.counts(len(keys), aliases)
            ordered = code_order(keys, counts) if order is None else order(counts)
            rank = np.empty(len(keys), dtype=np.int32)
            rank[ordered] = np.arange(len(keys), dtype=np.int32)
            ordered = ordered[: int(np.count_nonzero(counts))]
            kept = [keys[code] for code in ordered.tolist()]
            if len(set(kept)) != len(kept):
                raise DataError("keys must be distinct; two codes that occur have the same key.")
            counts, keys_json = counts[ordered], json.dumps(kept).encode()
            tokens_digest = self._recode(rank if aliases is None else rank[aliases])
            about = {
                "format": FORMAT,
                "n_keys": len(kept),
                "n_tokens": self.n_tokens,
                "n_sequences": self.n_sequences,
                "report": {
                    **report,
                    "tokens": self.n_tokens,
                    "sequences": self.n_sequences,
                    "sequences_empty": self.n_empty,
                },
                "examples": list(examples),
                "fingerprint": hashlib.sha256(
                    b"firth encoded 1" + tokens_digest + self._offsets_digest() + keys_json
                ).hexdigest(),
            }
            counts.astype("<i8").tofile(self.folder / COUNTS)
            (self.folder / KEYS).write_bytes(keys_json)
            (self.folder / ABOUT).write_text(json.dumps(about), encoding="utf-8")
            self._close()
            encoded = load_encoded(self.folder, keys=kept)
        except OSError as error:
            raise _cannot_write(self.folder, error) from error
        return encoded

    def counts(self, n_keys: int, aliases: Int32 | None = None) -> Int64:
        """Return how often each code was written: (n_keys,) int64, after ``aliases`` if there are any."""
        counts = np.zeros(n_keys, dtype=np.int64)
        for start in range(0, self.n_tokens, _BLOCK):
            block = _read_block(self._tokens, start, min(_BLOCK, self.n_tokens - start), np.int32)
            _kernel.count_codes(block, counts)
        if aliases is not None:
            moved = np.zeros(n_keys, dtype=np.int64)
            np.add.at(moved, aliases, counts)
            return moved
        return counts

    def _recode(self, rank: Int32) -> bytes:
        digest = hashlib.sha256()
        for start in range(0, self.n_tokens, _BLOCK):
            block = _read_block(self._tokens, start, min(_BLOCK, self.n_tokens - start), np.int32)
            _kernel.recode(block, rank)
            digest.update(block.data)
            self._tokens.seek(start * 4)
            _write_all(self._tokens, block)
        return digest.digest()

    def _offsets_digest(self) -> bytes:
        digest = hashlib.sha256()
        for start in range(0, self.n_sequences + 1, _BLOCK):
            n = min(_BLOCK, self.n_sequences + 1 - start)
            digest.update(_read_block(self._offsets, start, n, np.int64).data)
        return digest.digest()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._is_temporary or kind is not None:
            self.discard()
        self._close()

    def discard(self) -> None:
        """Close and remove the files."""
        self._close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _close(self) -> None:
        self._tokens.close()
        self._offsets.close()


def encode_arrays(
    keys: Sequence[str],
    codes: Int32,
    lengths: npt.ArrayLike,
    *,
    report: Mapping[str, int],
    examples: Sequence[str] = (),
) -> Encoded:
    """Return the :class:`Encoded` of sequences that lie in memory, as :class:`EncodedWriter` would make it."""
    with EncodedWriter() as writer:
        writer.write(codes, lengths)
        return writer.finish(keys, report=report, examples=examples)


def code_order(keys: Sequence[str], counts: Int64) -> Int64:
    """Return the codes by count descending, then by key (as UTF-8 bytes): (n_keys,) int64."""
    by_key = np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.int64)
    return by_key[np.argsort(-counts[by_key], kind="stable")]


def _read_block(file: FileIO, start: int, n: int, kind: npt.DTypeLike) -> npt.NDArray[Any]:
    block = np.empty(n, dtype=kind)
    file.seek(start * block.itemsize)
    view, done = block.view(np.uint8), 0
    while done < len(view):
        n_read = file.readinto(view[done:].data)
        if not n_read:
            raise OSError("somebody else cut it short")
        done += n_read
    file.seek(0, 2)
    return block


def _write_all(file: FileIO, array: npt.NDArray[Any]) -> None:
    view, done = array.view(np.uint8), 0
    while done < len(view):
        done += file.write(view[done:].data)


def _cannot_write(folder: Path, error: OSError) -> RunError:
    return RunError(
        f"cannot write the encoded corpus to {folder}: {error.strerror or error}. Free some space, or choose another "
        "folder with cache= or the environment variable TMPDIR."
    )
