"""How bytes become tokens: between white space in the kernel, without Python's lock; by a pattern here, with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from firth import _kernel
from firth.corpus.text_options import TextOptions, compiled

MAX_TOKEN = 1 << 20  # bytes; what is longer is no word


@dataclass(frozen=True)
class Tokens:
    """The tokens of a piece, and what was found besides."""

    chunk: _kernel.TextChunk
    n_line_ends: int
    n_invalid_bytes: int
    invalid: list[tuple[int, str]]


def tokenizer(options: TextOptions) -> Callable[[bytes], Tokens]:
    """Return what makes tokens of bytes that end at white space, or for a pattern at a line's end."""

    def between_spaces(data: bytes) -> Tokens:
        chunk = _kernel.tokenize(data, lowercase=options.lowercase, max_token=MAX_TOKEN)
        return Tokens(chunk, chunk.n_line_ends, chunk.n_invalid_bytes, chunk.invalid)

    if options.token_pattern is None:
        return between_spaces
    pattern = compiled(options.token_pattern)

    def of_pattern(data: bytes) -> Tokens:
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
        return Tokens(chunk, data.count(b"\n"), n_invalid_bytes, invalid)

    return of_pattern
