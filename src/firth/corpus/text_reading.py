"""Texts on their way to codes: pieces are tokenised by several threads and joined in their order.

The tokens between white space are found in the kernel, without Python's lock; those of a pattern here, with it. Neither
the number of threads nor the size of the pieces has a part in the result.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from firth import _kernel
from firth.arrays import Int64
from firth.corpus.encoded_writer import EncodedWriter
from firth.corpus.text_options import TextOptions, compiled
from firth.errors import SourceError
from firth.progress import Task
from firth.sources.remote import Location
from firth.sources.streams import open_stream
from firth.sources.texts import TextPieces

MAX_TOKEN = 1 << 20  # bytes; what is longer is no word
_MAX_WORKERS = 8  # one thread joins what they read
_N_EXAMPLES = 3


@dataclass(frozen=True)
class _Tokens:
    """The tokens of a piece, and what was found besides."""

    chunk: _kernel.TextChunk
    n_line_ends: int
    n_invalid_bytes: int
    invalid: list[tuple[int, str]]


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
        self._tokenize = _tokenizer(options)
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
        first_line = self.report["lines_read"]
        with open_stream(path) as stream:
            by_line = self._options.token_pattern is not None
            pieces = TextPieces(stream, size=self._piece, max_token=MAX_TOKEN, by_line=by_line)
            for tokens in _in_order(self._tokenize, pieces, self._n_jobs):
                self._note_invalid(path, tokens, self.report["lines_read"] - first_line + 1)
                self._append(tokens)
                task.update(base + stream.position, text=f"{len(self.table):,} distinct tokens")
            if pieces.is_empty:
                raise SourceError(f"{path} is empty; give a text with words.")
        self.report["files_read"] += 1
        self.report["tokens_read"] += pieces.n_rejected
        self.report["tokens_rejected"] += pieces.n_rejected
        self.report["lines_read"] += not pieces.ends_line
        if self._options.tokens_per_sequence is not None:
            self._writer.close_sequence()
            self._n_filled = 0
        elif not pieces.ends_line and not by_line:
            self._writer.write(np.empty(0, dtype=np.int32), [0])  # ends the last line, also if it has no token

    def _append(self, tokens: _Tokens) -> None:
        chunk = tokens.chunk
        is_open = chunk.is_open
        codes, lengths = self.table.merge(chunk)
        if self._options.tokens_per_sequence is not None:
            lengths, is_open = self._filled(len(codes), self._options.tokens_per_sequence)
        self._writer.write(codes, lengths, is_open=is_open)
        self.report["lines_read"] += tokens.n_line_ends
        self.report["tokens_read"] += len(codes) + chunk.n_rejected
        self.report["tokens_rejected"] += chunk.n_rejected
        self.report["invalid_bytes"] += tokens.n_invalid_bytes

    def _filled(self, n_codes: int, n_each: int) -> tuple[Int64, bool]:
        """Return the lengths that ``n_codes`` more tokens make, and whether the last sequence is not full."""
        ends = np.arange(n_each, self._n_filled + n_codes + 1, n_each, dtype=np.int64)
        total, self._n_filled = self._n_filled + n_codes, (self._n_filled + n_codes) % n_each
        if self._n_filled:
            ends = np.append(ends, total)
        lengths = np.diff(ends, prepend=0)
        lengths[:1] -= total - n_codes
        return lengths, self._n_filled > 0

    def _note_invalid(self, path: Location, tokens: _Tokens, line: int) -> None:
        for lines_before, token in tokens.invalid:
            example = f"{path.name}, line {line + lines_before:,}: {token[:60]!r}"
            if self._options.strict:
                raise SourceError(
                    f"{example} is not UTF-8. Convert the text, for example: iconv -f latin1 -t utf-8, or read it "
                    "without strict."
                )
            if len(self.examples) < _N_EXAMPLES:
                self.examples.append(example + " is not UTF-8")


def _in_order(tokenize: Callable[[bytes], _Tokens], pieces: Iterable[bytes], n_jobs: int) -> Iterator[_Tokens]:
    """Yield the pieces' tokens in their order, a few of them ahead."""
    if n_jobs == 1:
        yield from map(tokenize, pieces)
        return
    waiting: deque[Future[_Tokens]] = deque()
    with ThreadPoolExecutor(n_jobs) as pool:
        for piece in pieces:
            waiting.append(pool.submit(tokenize, piece))
            if len(waiting) > n_jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _tokenizer(options: TextOptions) -> Callable[[bytes], _Tokens]:
    def between_spaces(data: bytes) -> _Tokens:
        chunk = _kernel.tokenize(data, lowercase=options.lowercase, max_token=MAX_TOKEN)
        return _Tokens(chunk, chunk.n_line_ends, chunk.n_invalid_bytes, chunk.invalid)

    if options.token_pattern is None:
        return between_spaces
    pattern = compiled(options.token_pattern)

    def of_pattern(data: bytes) -> _Tokens:
        n_invalid_bytes, invalid = 0, list[tuple[int, str]]()
        try:
            text = data.decode()
        except UnicodeDecodeError:
            checked = _kernel.tokenize(data, lowercase=False, max_token=len(data))
            n_invalid_bytes, invalid = checked.n_invalid_bytes, checked.invalid
            text = data.decode(errors="replace")
        if options.lowercase:
            text = text.lower()
        lines = text.removesuffix("\n").split("\n")
        chunk = _kernel.chunk_of_lines(
            [pattern.findall(line.removesuffix("\r")) for line in lines], max_token=MAX_TOKEN
        )
        return _Tokens(chunk, data.count(b"\n"), n_invalid_bytes, invalid)

    return of_pattern
