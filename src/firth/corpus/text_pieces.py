"""Parts of texts, tokenised by themselves: on another machine, in any order, joined in theirs to what one pass gives.

A text is cut at bytes that are multiples of any size. The part that begins at such a place begins after the first white
space (for a pattern, the first line's end) from there on, and ends where the next begins; so no token is cut, and a
part can be found without the others. A compressed text cannot be entered in its midst: it is one part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from typing import Protocol

from firth import _kernel
from firth.arrays import Int32, Int64
from firth.corpus.text_files import TextFile
from firth.corpus.text_options import TextOptions
from firth.corpus.text_tokens import MAX_TOKEN, Tokens, tokenizer
from firth.errors import SourceError
from firth.sources.remote import Location, RemoteFile, RemoteReader
from firth.sources.streams import Stream, open_stream
from firth.sources.texts import HEAD, SPACES, TextPieces, check_head

BLOCK = 1 << 22  # bytes tokenised at once


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a text: from the first token or line that begins at ``start`` or later to that of ``end``."""

    file: TextFile
    number: int = 0
    start: int = 0
    end: int | None = None


@dataclass(frozen=True, kw_only=True)
class Block:
    """The tokens of some bytes.

    Parameters
    ----------
    codes
        (n,) int32, the tokens.
    lengths
        (n_lines,) int64, tokens of each line; the last goes on in the next block if ``is_open``.
    is_open
        Whether it does.
    n_line_ends, n_rejected, n_invalid_bytes
        How many line's ends there are, tokens that are too long, bytes that are no UTF-8.
    invalid
        A few tokens with such bytes: line's ends before, text.
    """

    codes: Int32
    lengths: Int64
    is_open: bool
    n_line_ends: int = 0
    n_rejected: int = 0
    n_invalid_bytes: int = 0
    invalid: Sequence[tuple[int, str]] = ()

    @classmethod
    def of(cls, tokens: Tokens, table: _kernel.TextTable) -> Block:
        """Return tokens with the codes of a table, to which their keys are added."""
        is_open, n_rejected = tokens.chunk.is_open, tokens.chunk.n_rejected
        codes, lengths = table.merge(tokens.chunk)
        return cls(
            codes=codes,
            lengths=lengths,
            is_open=is_open,
            n_line_ends=tokens.n_line_ends,
            n_rejected=n_rejected,
            n_invalid_bytes=tokens.n_invalid_bytes,
            invalid=tokens.invalid,
        )


@dataclass(frozen=True, kw_only=True)
class TextPiece:
    """What was read of a part: all of it, or of a compressed text the next some megabytes.

    Parameters
    ----------
    number
        Of its text.
    position
        Bytes of the file that were read for it and what is before it.
    keys
        Its distinct tokens, in the order in which they come first.
    blocks
        Codes are places in ``keys``.
    n_rejected
        Tokens that were too long to be held.
    is_empty
        Whether there was no byte in it.
    ends_line
        Whether its last byte ends a line.
    is_first, is_last
        Whether its text begins with it, and ends.
    """

    number: int
    position: int
    keys: list[str]
    blocks: Sequence[Block]
    n_rejected: int = 0
    is_empty: bool = False
    ends_line: bool = True
    is_first: bool = True
    is_last: bool = True


class TextReader(Protocol):
    """Something that has the parts of texts read elsewhere."""

    def pieces(self, files: Sequence[TextFile], options: TextOptions) -> Iterator[TextPiece]:
        """Yield the pieces of all texts in their order."""
        ...


def parts_of(file: TextFile, number: int, size: int) -> Iterator[Part]:
    """Yield the parts of a text, each of about ``size`` bytes; a compressed one, or one of no known size, is one."""
    if file.is_compressed or file.size_bytes <= size:
        yield Part(file=file, number=number)
        return
    for start in range(0, file.size_bytes, size):
        end = start + size
        yield Part(file=file, number=number, start=start, end=end if end < file.size_bytes else None)


def read_part(part: Part, options: TextOptions, *, most: int | None = None, block: int = BLOCK) -> Iterator[TextPiece]:
    """Yield what a part holds, in pieces of about ``most`` bytes of text; None: as one piece.

    Parameters
    ----------
    part
        Which.
    options
        How the text becomes tokens; how these become sequences is decided where pieces are joined.
    most
        Bytes of text of a piece.
    block
        Bytes read at once.

    Raises
    ------
    SourceError
        If the file is not the one that is meant, cannot be read, or is binary.
    """
    part.file.check()
    by_line = options.token_pattern is not None
    tokenize, table = tokenizer(options), _kernel.TextTable()
    blocks: list[Block] = []
    n_bytes = n_rejected = 0
    is_first = part.start == 0
    with _opened(part, by_line=by_line) as stream:
        pieces = TextPieces(stream, size=block, max_token=MAX_TOKEN, by_line=by_line, is_first=is_first)

        def piece(*, is_last: bool) -> TextPiece:
            return TextPiece(
                number=part.number,
                position=stream.position,
                keys=table.keys(),
                blocks=blocks,
                n_rejected=pieces.n_rejected - n_rejected,
                is_empty=pieces.is_empty,
                ends_line=pieces.ends_line,
                is_first=is_first,
                is_last=is_last,
            )

        for data in pieces:
            blocks.append(Block.of(tokenize(data), table))
            n_bytes += len(data)
            if most is not None and n_bytes >= most:
                yield piece(is_last=False)
                table, blocks, n_bytes, n_rejected, is_first = _kernel.TextTable(), [], 0, pieces.n_rejected, False
        yield piece(is_last=part.end is None)
    part.file.check()


@contextmanager
def _opened(part: Part, *, by_line: bool) -> Iterator[Stream | _PartStream]:
    """Return a context that gives the bytes of a part."""
    path = part.file.path
    if part.start == 0 and part.end is None:
        with open_stream(path) as stream:
            yield stream
        return
    if part.start == 0 and part.end is not None and part.end < HEAD:
        with _raw(path, 0) as raw:
            check_head(path, raw.read(HEAD))
    with _raw(path, max(0, part.start - 1)) as raw:
        yield _PartStream(part, raw, (b"\n",) if by_line else SPACES)


def _raw(path: Location, position: int) -> FileIO | RemoteReader:
    if isinstance(path, RemoteFile):
        return path.open(position, reads_ahead=False)
    try:
        raw = FileIO(path)
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}. Check its permissions.") from error
    raw.seek(position)
    return raw


class _PartStream:
    """The bytes of a part, from after one separator to the end of another.

    The part of [start, end) begins after the first separator at ``start - 1`` or later and ends with the first at
    ``end - 1`` or later, so that the next begins where it ends.
    """

    def __init__(self, part: Part, raw: FileIO | RemoteReader, separators: Sequence[bytes]) -> None:
        self.path = part.file.path
        self._raw, self._separators = raw, separators
        self._last = None if part.end is None else part.end - 1
        self._has_begun, self._has_ended = part.start == 0, False
        self.position = max(0, part.start - 1)

    def read(self, n: int) -> bytes:
        """Return the next bytes, at most ``n``; none at the end.

        Raises
        ------
        SourceError
            If they cannot be read.
        """
        while not self._has_ended:
            try:
                block = self._raw.read(n)
            except OSError as error:
                raise SourceError(f"cannot read {self.path}: {error}. Fetch it again.") from error
            if not block:
                self._has_ended = True
                break
            if found := self._within(block):
                return found
        return b""

    def _within(self, block: bytes) -> bytes:
        """Return what of a block belongs to the part."""
        offset, self.position = self.position, self.position + len(block)
        begin = 0
        if not self._has_begun:
            begin = self._after(block, 0)
            self._has_begun = begin > 0
            if not begin:  # past the end there is nothing to begin: a token before it goes on to here
                self._has_ended = self._last is not None and self.position > self._last
                return b""
        if self._last is None or offset + len(block) <= self._last:
            return block[begin:]
        cut = self._after(block, max(0, self._last - offset))
        self._has_ended = cut > 0
        return block[begin : cut or None]

    def _after(self, block: bytes, start: int) -> int:
        """Return the place after the first separator from ``start`` on; 0 if there is none."""
        places = [place for separator in self._separators if (place := block.find(separator, start)) >= 0]
        return min(places) + 1 if places else 0
