"""Texts as pieces of some megabytes, each ending where a token or a line ends, so that pieces can be read in parallel.

What is no text is refused by its beginning. A token that is longer than any word (a file of another kind, an image in a
line) is passed over and counted, so that one endless token cannot fill the memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from firth.errors import SourceError
from firth.sources.remote import Location

HEAD = 1 << 16  # bytes that are looked at to know a text
_BOM = b"\xef\xbb\xbf"
SPACES = (b" ", b"\t", b"\r", b"\n", b"\v", b"\f")
_TAIL = 1 << 12  # where a piece's last white space is looked for first


class _Bytes(Protocol):
    @property
    def path(self) -> Location: ...

    def read(self, n: int, /) -> bytes: ...


class TextPieces:
    """A text's bytes, without the byte order mark, in pieces that end at ASCII white space or at the text's end.

    Parameters
    ----------
    stream
        The text.
    size
        Bytes read at once; a piece is that long, plus what was left of the piece before.
    max_token
        Bytes of the longest token; longer ones may be left out here, and are counted.
    by_line
        Whether pieces end at a line's end, so that a line is held whole, however long it is.
    is_first
        Whether the bytes begin a text, and so are looked at to know that it is one.

    Raises
    ------
    SourceError
        While iterating: if the text looks binary, or cannot be read.
    """

    def __init__(self, stream: _Bytes, *, size: int, max_token: int, by_line: bool, is_first: bool = True) -> None:
        self._stream, self._size, self._max_token, self._by_line = stream, size, max_token, by_line
        self._is_first = is_first
        self.n_rejected = 0
        self.is_empty = True
        self.ends_line = True

    def __iter__(self) -> Iterator[bytes]:
        held: list[bytes] = []  # the beginning of a token, or of a line
        n_held = 0
        is_rejecting = False
        for read in self._blocks():
            block = read
            if is_rejecting:
                places = [place for space in SPACES if (place := block.find(space)) >= 0]
                if not places:
                    continue
                block, is_rejecting = block[min(places) :], False
            cut = block.rfind(b"\n") + 1 if self._by_line else _after_last_space(block)
            if cut:
                yield b"".join((*held, block[:cut]))
                held, n_held = [], 0
            held.append(block[cut:])
            n_held += len(block) - cut
            if n_held > self._max_token and not self._by_line:
                self.n_rejected += 1
                held, n_held, is_rejecting = [], 0, True
        if n_held:
            yield b"".join(held)

    def _blocks(self) -> Iterator[bytes]:
        head = b""
        while self._is_first and len(head) < HEAD and (more := self._stream.read(HEAD - len(head))):
            head += more
        check_head(self._stream.path, head)
        head = head.removeprefix(_BOM)
        for start in range(0, len(head), self._size):
            yield self._seen(head[start : start + self._size])
        while block := self._stream.read(self._size):
            yield self._seen(block)

    def _seen(self, block: bytes) -> bytes:
        self.is_empty = False
        self.ends_line = block.endswith(b"\n")
        return block


def check_head(path: Location, head: bytes) -> None:
    """Raise SourceError if what a file begins with is no text."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SourceError(f"{path} is UTF-16. Convert it first: iconv -f utf-16 -t utf-8.")
    if (place := head.find(b"\0")) >= 0:
        raise SourceError(f"{path} looks binary: byte {place + 1:,} is NUL. Give a text in UTF-8.")


def _after_last_space(block: bytes) -> int:
    near = max(0, len(block) - _TAIL)
    last = max(block.rfind(space, near) for space in SPACES)
    if last < 0:
        last = max(block.rfind(space, 0, near) for space in SPACES)
    return last + 1
