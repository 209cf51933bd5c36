"""word2vec's text and binary files, which most tools read; GloVe's and fastText's text files are its kin.

Text: a line ``n_items size``, then one line per item: key, numbers, separated by single spaces. fastText's is the
same, GloVe's has no first line. Binary: the same first line, then per item the key, a space and ``size`` little-endian
float32; a line feed between items is accepted and not written (as gensim does).

A space ends a key, so these formats cannot hold keys with spaces, tabs or line breaks as they are. They are written
with the visible symbols ``␣ ␉ ␊ ␍`` in their place, and read back as what they stand for; keys that hold such a symbol
themselves are refused, and so is the empty key. Nothing else is changed. In a text file of another tool a key may hold
spaces: the last ``size`` fields are the numbers, all before them is the key.

References
----------
Mikolov et al. (2013), word2vec.c. gensim, ``KeyedVectors.save_word2vec_format``.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from firth.arrays import Float32
from firth.errors import DataError, SourceError, SourceNotFoundError
from firth.files import atomic_path
from firth.vectors.vectors import Vectors

_ESCAPES = {" ": "␣", "\t": "␉", "\n": "␊", "\r": "␍"}
_TO_FILE = str.maketrans(_ESCAPES)
_FROM_FILE = str.maketrans({symbol: letter for letter, symbol in _ESCAPES.items()})
_BLOCK_NUMBERS = 1 << 18
_LONGEST_KEY = 1 << 16  # bytes; what goes on for longer is no key
_CONTROLS = frozenset(range(32)) - frozenset(b"\t\n\r\x0b\x0c\x1b")


def write(path: str | Path, vectors: Vectors, *, binary: bool = False, header: bool = True) -> None:
    """Write vectors for word2vec, GloVe, fastText, gensim and what reads their files.

    Parameters
    ----------
    path
        The file; one that exists is replaced, at once and whole.
    vectors
        Items in the order of their ids, which for a trained run is by descending count, as gensim expects.
    binary
        Little-endian float32 instead of text. Text holds the shortest digits that give the same float32 again.
    header
        Whether the first line says ``n_items size``; GloVe's files, which are text, have none.

    Raises
    ------
    DataError
        If a key is empty, holds one of ``␣ ␉ ␊ ␍``, or is no valid Unicode; or if there is no item to tell the size of
        vectors in a file without a header.
    RunError
        If the file cannot be written.
    """
    keys = [key_to_file(key) for key in vectors.keys]
    if not (header or keys):
        raise DataError("a GloVe file needs at least one item, got none; export as word2vec instead.")
    with atomic_path(Path(path)) as temporary, temporary.open("wb") as file:
        if header:
            file.write(f"{len(vectors)} {vectors.size}\n".encode())
        if binary:
            for key, row in zip(keys, vectors.matrix.astype("<f4", copy=False), strict=True):
                file.write(key + b" " + row.tobytes())
        else:
            for key, numbers in zip(keys, rows_as_text(vectors.matrix), strict=True):
                file.write(key + b" " + numbers + b"\n")


def read(path: str | Path, *, binary: bool | None = None) -> Vectors:
    """Return the vectors in a word2vec, GloVe or fastText file.

    Parameters
    ----------
    path
        The file.
    binary
        Whether the numbers are binary; None: seen from the first item.

    Raises
    ------
    SourceNotFoundError
        If there is no such file.
    SourceError
        If the file is not in one of these formats, cut off, or holds a key twice; the message names the line, or the
        item and the byte.

    Notes
    -----
    A first line of exactly two whole numbers is ``n_items size``, even where it could be an item of size 1.
    """
    source = Path(path)
    try:
        with source.open("rb") as file:
            return _read(file, source, binary)
    except FileNotFoundError:
        raise SourceNotFoundError(
            f"no file at {source}; give the path of a word2vec, GloVe or fastText file."
        ) from None
    except OSError as error:
        raise SourceError(f"cannot read {source}: {error.strerror or error}.") from error


def key_to_file(key: str) -> bytes:
    """Return a key as these files hold it, or refuse one that could not come back."""
    if not key:
        raise DataError("word2vec files cannot hold the empty key; export as parquet instead.")
    for symbol in _ESCAPES.values():
        if symbol in key:
            raise DataError(
                f"word2vec files cannot hold the key {key[:80]!r}: {symbol!r} stands for white space there; "
                "export as parquet instead."
            )
    try:
        return key.translate(_TO_FILE).encode()
    except UnicodeEncodeError:
        raise DataError(f"the key {key[:80]!r} is no valid Unicode; export as npy instead.") from None


def rows_as_text(matrix: Float32, separator: str = " ") -> Iterator[bytes]:
    """Yield each row's numbers, in the shortest digits that give the same float32 again."""
    import polars as pl

    size = matrix.shape[1]
    step = max(1, _BLOCK_NUMBERS // max(1, size))
    for start in range(0, len(matrix), step):
        rows = matrix[start : start + step]
        texts = pl.Series(rows.reshape(-1)).cast(pl.String).to_list()
        for i in range(len(rows)):
            yield separator.join(texts[i * size : (i + 1) * size]).encode()


def _read(file: BinaryIO, path: Path, binary: bool | None) -> Vectors:
    size_bytes = path.stat().st_size
    first = file.readline()
    header = _header(first)
    if header is None:
        if binary:
            raise SourceError(f"{path}, line 1: expected 'n_items size', found {_shown(first)}.")
        file.seek(0)
        return _read_text(file, path, None, _size_of(first, path), first_line=1)
    n_items, size = header
    if size < 1 and n_items > 0:
        raise SourceError(f"{path}, line 1: a vector needs at least 1 number, the first line says {size}.")
    if binary is None:
        binary = n_items > 0 and _looks_binary(file, size)
    if n_items * (size * (4 if binary else 2) + 1) > size_bytes:
        raise SourceError(
            f"{path} is cut off: its first line says {n_items} items of {size} numbers, but the file has only "
            f"{size_bytes} bytes. Fetch it again."
        )
    if binary:
        return _read_binary(file, path, n_items, size)
    return _read_text(file, path, n_items, size, first_line=2)


def _header(line: bytes) -> tuple[int, int] | None:
    fields = line.split()
    if len(fields) == 2 and all(field.isdigit() and len(field) <= 18 for field in fields):
        return int(fields[0]), int(fields[1])
    return None


def _size_of(line: bytes, path: Path) -> int:
    """Return how many numbers the first line of a file without a header ends with; the key comes before them."""
    fields = _stripped(line).split(_separator(line))
    size = 0
    while size < len(fields) - 1 and _is_number(fields[-1 - size]):
        size += 1
    if size == 0:
        raise SourceError(f"{path}, line 1: expected 'n_items size' or a key and numbers, found {_shown(line)}.")
    return size


def _looks_binary(file: BinaryIO, size: int) -> bool:
    """Tell whether what follows is binary, and go back."""
    place = file.tell()
    wanted = max(1 << 12, 64 * size)
    start = file.read(wanted)
    file.seek(place)
    line = _stripped(start.split(b"\n", 1)[0])
    fields = line.split(_separator(line))
    if len(fields) > size and all(_is_number(field) for field in fields[-size:]):
        return False
    return any(byte in _CONTROLS for byte in start) or not _is_text(start, is_cut=len(start) == wanted)


def _read_text(file: BinaryIO, path: Path, n_items: int | None, size: int, *, first_line: int) -> Vectors:
    keys: dict[str, int] = {}
    rows: list[Float32] = []
    blank = 0
    for number, line in enumerate(file, start=first_line):
        content = _stripped(line)
        if not content:
            blank = blank or number
            continue
        if blank:
            raise SourceError(f"{path}, line {blank}: expected a key and {size} numbers, found an empty line.")
        if len(rows) == n_items:
            raise SourceError(f"{path}, line {number}: the first line says {n_items} items, but there are more.")
        fields = content.rsplit(_separator(content), size)
        if len(fields) != size + 1:
            raise SourceError(f"{path}, line {number}: expected a key and {size} numbers, found {_shown(line)}.")
        try:
            row = np.array(fields[1:], dtype=np.bytes_).astype(np.float32)
        except ValueError:
            bad = next(field for field in fields[1:] if not _is_number(field))
            raise SourceError(f"{path}, line {number}: expected {size} numbers, found {_shown(bad)}.") from None
        if not np.isfinite(row).all():
            raise SourceError(f"{path}, line {number}: numbers must be finite; remove the line.")
        key = key_from_file(fields[0], f"{path}, line {number}")
        if key in keys:
            earlier = keys[key] + first_line
            raise SourceError(
                f"{path}, line {number}: the key {key[:80]!r} stood in line {earlier} already; remove one."
            )
        keys[key] = len(rows)
        rows.append(row)
    if n_items is not None and len(rows) != n_items:
        raise SourceError(f"{path} is cut off after line {len(rows) + 1}: its first line says {n_items} items.")
    return Vectors(list(keys), np.stack(rows) if rows else np.zeros((0, size), dtype=np.float32))


def _read_binary(file: BinaryIO, path: Path, n_items: int, size: int) -> Vectors:
    matrix = np.empty((n_items, size), dtype=np.float32)
    keys: dict[str, int] = {}
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        place = file.tell()
        for item in range(n_items):
            while data[place : place + 1] == b"\n":
                place += 1
            where = f"{path}, item {item + 1} of {n_items} (byte {place})"
            stop = data.find(b" ", place, place + _LONGEST_KEY)
            if stop < 0 or stop + 1 + 4 * size > len(data):
                if len(data) - place > _LONGEST_KEY:
                    raise SourceError(f"{where}: expected a key and a space; is the file in another format?")
                raise SourceError(f"{where}: the file is cut off here. Fetch it again.")
            key = key_from_file(data[place:stop], where)
            if key in keys:
                raise SourceError(f"{where}: the key {key[:80]!r} was item {keys[key] + 1} already.")
            keys[key] = item
            place = stop + 1 + 4 * size
            matrix[item] = np.frombuffer(data[stop + 1 : place], dtype="<f4")
            if not np.isfinite(matrix[item]).all():
                raise SourceError(f"{where}: numbers must be finite; is the file in another format?")
        if data[place:].strip():
            raise SourceError(f"{path}: {len(data) - place} bytes follow the last of {n_items} items; is it damaged?")
    return Vectors(list(keys), matrix)


def key_from_file(key: bytes, where: str) -> str:
    """Return the key that stands in a file, or refuse one that is empty or no UTF-8."""
    if not key:
        raise SourceError(f"{where}: the key is empty.")
    try:
        return key.decode().translate(_FROM_FILE)
    except UnicodeDecodeError:
        raise SourceError(f"{where}: the key {_shown(key)} is no UTF-8; convert the file first.") from None


def _stripped(line: bytes) -> bytes:
    return line.rstrip(b" \t\r\n")


def _separator(line: bytes) -> bytes:
    return b" " if b" " in line.rstrip(b" \r\n") else b"\t"


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return b"_" not in field


def _is_text(start: bytes, *, is_cut: bool) -> bool:
    try:
        start.decode()
    except UnicodeDecodeError as error:
        return is_cut and error.start >= len(start) - 4  # in the middle of a letter
    return True


def _shown(content: bytes) -> str:
    text = _stripped(content).decode(errors="replace")
    return repr(text if len(text) <= 60 else text[:57] + "...")
