"""Texts on their way to codes: pieces are tokenised by several threads and joined in their order.

The tokens between white space are found in the kernel, without Python's lock; those of a pattern here, with it. Neither
the number of threads nor the size of the pieces has a part in the result.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from firth import _kernel
from firth.arrays import Int64
from firth.corpus.encoded_writer import EncodedWriter
from firth.corpus.text_options import TextOptions
from firth.corpus.text_pieces import Block, TextPiece
from firth.corpus.text_tokens import MAX_TOKEN, Tokens, tokenizer
from firth.errors import SourceError
from firth.progress import Task
from firth.sources.remote import Location
from firth.sources.streams import open_stream
from firth.sources.texts import TextPieces

_ANY_LENGTH = 1 << 62  # of keys that were let pass already
_MAX_WORKERS = 8  # one thread joins what they read
_N_EXAMPLES = 3


@dataclass
class _File:
    """What is known of the file that is being read."""

    first_line: int = 0
    is_empty: bool = True
    ends_line: bool = True


class TextReading:
    """Files' tokens on their way to a writer, and the counts of what became of them.

    Parameters
    ----------
    writer
        Where codes go.
    options
        How the text becomes sequences.
    n_jobs
        Threads that tokenise, at most 8.
    piece
        Bytes read at once.
    """

    def __init__(self, writer: EncodedWriter, options: TextOptions, *, n_jobs: int, piece: int) -> None:
        self.table = _kernel.TextTable()
        self.examples: list[str] = []
        self.report = dict.fromkeys(("files_read", "lines_read", "tokens_read", "tokens_rejected", "invalid_bytes"), 0)
        self._writer = writer
        self._options = options
        self._n_jobs, self._piece = min(n_jobs, _MAX_WORKERS), piece
        self._tokenize = tokenizer(options)
        self._file = _File()
        self._n_filled = 0  # tokens of the sequence that is being filled, where sequences are so many tokens

    def read(self, path: Location, task: Task, *, base: int = 0) -> None:
        """Read one file to its end.

        Parameters
        ----------
        path
            The file.
        task
            Hears of the bytes read.
        base
            Bytes of the files before.

        Raises
        ------
        SourceNotFoundError
            If there is no such file.
        SourceError
            If it is empty, binary, cut short, or changes while it is read; with ``strict``, if it is not UTF-8.
        """
        self._file = _File(first_line=self.report["lines_read"])
        with open_stream(path) as stream:
            by_line = self._options.token_pattern is not None
            pieces = TextPieces(stream, size=self._piece, max_token=MAX_TOKEN, by_line=by_line)
            for tokens in _in_order(self._tokenize, pieces, self._n_jobs):
                self._append(path, Block.of(tokens, self.table))
                self._tell(task, base + stream.position)
        self._file.is_empty, self._file.ends_line = pieces.is_empty, pieces.ends_line
        self._reject(pieces.n_rejected)
        self._end(path)

    def take(self, path: Location, piece: TextPiece, task: Task, *, base: int = 0) -> None:
        """Take a piece that was read elsewhere; pieces come in the order of their files and of their places there.

        Raises
        ------
        SourceError
            If its file is empty; with ``strict``, if it is not UTF-8.
        """
        if piece.is_first:
            self._file = _File(first_line=self.report["lines_read"])
        code_of, _ = self.table.merge(_kernel.chunk_of_lines([piece.keys], max_token=_ANY_LENGTH))
        for block in piece.blocks:
            self._append(path, replace(block, codes=code_of[block.codes]))
        if not piece.is_empty:
            self._file.is_empty, self._file.ends_line = False, piece.ends_line
        self._reject(piece.n_rejected)
        self._tell(task, base + piece.position)
        if piece.is_last:
            self._end(path)

    def _tell(self, task: Task, n_bytes: int) -> None:
        task.update(n_bytes, text=f"{len(self.table):,} distinct tokens")

    def _reject(self, n_tokens: int) -> None:
        self.report["tokens_read"] += n_tokens
        self.report["tokens_rejected"] += n_tokens

    def _end(self, path: Location) -> None:
        if self._file.is_empty:
            raise SourceError(f"{path} is empty; give a text with words.")
        self.report["files_read"] += 1
        self.report["lines_read"] += not self._file.ends_line
        if self._options.tokens_per_sequence is not None:
            self._writer.close_sequence()
            self._n_filled = 0
        elif not self._file.ends_line and self._options.token_pattern is None:
            self._writer.write(np.empty(0, dtype=np.int32), [0])  # ends the last line, also if it has no token

    def _append(self, path: Location, block: Block) -> None:
        self._note_invalid(path, block, self.report["lines_read"] - self._file.first_line + 1)
        lengths, is_open = block.lengths, block.is_open
        if self._options.tokens_per_sequence is not None:
            lengths, is_open = self._filled(len(block.codes), self._options.tokens_per_sequence)
        self._writer.write(block.codes, lengths, is_open=is_open)
        self.report["lines_read"] += block.n_line_ends
        self.report["tokens_read"] += len(block.codes)
        self._reject(block.n_rejected)
        self.report["invalid_bytes"] += block.n_invalid_bytes

    def _filled(self, n_codes: int, n_each: int) -> tuple[Int64, bool]:
        """Return the lengths that ``n_codes`` more tokens make, and whether the last sequence is not full."""
        ends = np.arange(n_each, self._n_filled + n_codes + 1, n_each, dtype=np.int64)
        total, self._n_filled = self._n_filled + n_codes, (self._n_filled + n_codes) % n_each
        if self._n_filled:
            ends = np.append(ends, total)
        lengths = np.diff(ends, prepend=0)
        lengths[:1] -= total - n_codes
        return lengths, self._n_filled > 0

    def _note_invalid(self, path: Location, block: Block, line: int) -> None:
        for lines_before, token in block.invalid:
            example = f"{path.name}, line {line + lines_before:,}: {token[:60]!r}"
            if self._options.strict:
                raise SourceError(
                    f"{example} is not UTF-8. Convert the text, for example: iconv -f latin1 -t utf-8, or read it "
                    "without strict."
                )
            if len(self.examples) < _N_EXAMPLES:
                self.examples.append(example + " is not UTF-8")


def _in_order(tokenize: Callable[[bytes], Tokens], pieces: Iterable[bytes], n_jobs: int) -> Iterator[Tokens]:
    """Yield the pieces' tokens in their order, a few of them ahead."""
    if n_jobs == 1:
        yield from map(tokenize, pieces)
        return
    waiting: deque[Future[Tokens]] = deque()
    with ThreadPoolExecutor(n_jobs) as pool:
        for piece in pieces:
            waiting.append(pool.submit(tokenize, piece))
            if len(waiting) > n_jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
