"""Texts read in parts: the bytes of one pass, wherever the text is cut."""

import gzip
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import fsspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from firth.corpus.encoded import Encoded
from firth.corpus.phrases import PhraseOptions
from firth.corpus.text_files import TextFile
from firth.corpus.text_options import TextOptions
from firth.corpus.text_pieces import TextPiece, parts_of, read_part
from firth.corpus.text_tokens import MAX_TOKEN
from firth.corpus.texts import encode_text
from firth.errors import DataError, SourceError
from firth.sources.remote import locate

PARTS = ["a", "B", " ", "\n", "\r\n", "\t", "Σ", "ΑΣ", "İ", "é", "\x0b", "\x85", "\u2028", "\ufeff"]
TEXTS = st.lists(
    st.one_of(st.sampled_from(PARTS), st.text(st.characters(exclude_categories=["Cs"]), max_size=4)), max_size=40
).map(lambda parts: "".join(parts).replace("\0", "").encode())
OPTIONS = [
    TextOptions(),
    TextOptions(lowercase=True),
    TextOptions(token_pattern=r"[^\W\d_]+", lowercase=True),
    TextOptions(tokens_per_sequence=3),
    TextOptions(phrases=PhraseOptions(threshold=-0.9, min_count=1, passes=2), lowercase=True),
]


class Parts:
    """Reads parts of so many bytes in this process, the last first, as if they were made elsewhere."""

    def __init__(self, size: int, *, most: int | None = None, block: int = 5) -> None:
        self.size, self.most, self.block = size, most, block

    def pieces(self, files: Sequence[TextFile], options: TextOptions) -> Iterator[TextPiece]:
        parts = [part for number, file in enumerate(files) for part in parts_of(file, number, self.size)]
        made = [list(read_part(part, options, most=self.most, block=self.block)) for part in reversed(parts)]
        for pieces in reversed(made):
            yield from pieces


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("texts")


def written(folder: Path, *contents: bytes, suffix: str = ".txt") -> list[Path]:
    paths = [folder / f"{number}{suffix}" for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return paths


def check_equal(one: Encoded, other: Encoded) -> None:
    assert other.keys == one.keys
    assert other.counts.tobytes() == one.counts.tobytes()
    assert other.tokens.tobytes() == one.tokens.tobytes()
    assert other.offsets.tobytes() == one.offsets.tobytes()
    assert other.report == one.report
    assert other.examples == one.examples
    assert other.fingerprint == one.fingerprint


def both(paths: Sequence[Path], options: TextOptions, reader: Parts) -> None:
    """Compare what is read in parts with what one pass gives, its errors included."""
    found: list[Encoded | str] = []
    for elsewhere in (None, reader):
        try:
            found.append(encode_text(paths, options, cache=False, reader=elsewhere))
        except (DataError, SourceError) as error:
            found.append(f"{type(error)} {error}")
    if isinstance(found[0], str):
        assert found[1] == found[0]
    else:
        check_equal(*found)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@given(content=TEXTS, size=st.integers(1, 30), block=st.integers(1, 12))
@example(b"ab cd\nef", 3, 2)
@example(b"one-token-only", 2, 3)
@example(b"\n\n\n", 1, 1)
@example(b"a b\n", 4, 5)
@example(b"a b c", 2, 1)
@example("\ufeffa Σ\n\ufeffb ΑΣ".encode(), 2, 3)
@example(b"a \xe2\x82 b\n\xff\xfe c\nd \x80", 3, 2)
@settings(max_examples=60)
def test_any_cut_gives_the_bytes_of_one_pass(folder: Path, options: TextOptions, content: bytes, size: int, block: int):
    both(written(folder, content), options, Parts(size, block=block))


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_several_files_are_joined_in_their_order(folder: Path, options: TextOptions):
    paths = written(folder, b"a b a\nc", b"\n\nd a b\n", b"e Strasse\xc3\x9f\n b a", b"a b")
    for size in (1, 3, 17, 1000):
        both(paths, options, Parts(size))


@pytest.mark.parametrize("size", [MAX_TOKEN // 3, MAX_TOKEN, 3 * MAX_TOKEN])
def test_a_token_longer_than_any_word_is_passed_over_once(folder: Path, size: int):
    long = b"x" * (2 * MAX_TOKEN + 5)
    paths = written(folder, b"a " + long + b" b\nc " + b"y" * MAX_TOKEN + b"\n" + long)
    both(paths, TextOptions(), Parts(size, block=1 << 16))
    found = encode_text(paths, cache=False, reader=Parts(size, block=1 << 16))
    assert found.report["tokens_rejected"] == 2


def test_invalid_bytes_are_told_with_the_lines_of_the_whole(folder: Path):
    paths = written(folder, b"".join(b"line %d\n" % n for n in range(50)) + b"bad\xff\nw\xfe\nx\xfd\ny\xfc")
    for size in (10, 64):
        both(paths, TextOptions(), Parts(size))
        both(paths, TextOptions(strict=True), Parts(size))
    found = encode_text(paths, cache=False, reader=Parts(16))
    assert found.examples == tuple(
        f"0.txt, line {n}: {t!r} is not UTF-8" for n, t in [(51, "bad�"), (52, "w�"), (53, "x�")]
    )


@pytest.mark.parametrize(
    "content", [b"", b"\xef\xbb\xbf", b" \n \n", b"\xff\xfea\0b\0", b"words\nand a \0 byte", b"a" * 99]
)
@pytest.mark.parametrize("size", [2, 7, 1000])
def test_what_is_no_text_is_refused_alike(folder: Path, content: bytes, size: int):
    both(written(folder, content), TextOptions(), Parts(size))


@pytest.mark.parametrize("most", [None, 1, 50])
def test_a_compressed_text_is_one_part_of_several_pieces(folder: Path, most: int | None):
    content = b"".join(b"a%d b\xff c" % (n % 7) + b" \n"[n % 2 :][:1] for n in range(40))
    paths = written(folder, gzip.compress(content), gzip.compress(content[::-1]), suffix=".txt.gz")
    reader = Parts(3, most=most, block=16)
    both(paths, TextOptions(), reader)
    pieces = list(reader.pieces([TextFile.of(path) for path in paths], TextOptions()))
    assert [piece.number for piece in pieces if piece.is_last] == [0, 1]
    assert (len(pieces) == 2) == (most is None)


def test_parts_cover_a_text_once(folder: Path):
    (path,) = written(folder, b"x" * 17)
    file = TextFile.of(path)
    assert [(part.start, part.end) for part in parts_of(file, 0, 5)] == [(0, 5), (5, 10), (10, 15), (15, None)]
    assert [(part.start, part.end) for part in parts_of(file, 0, 17)] == [(0, None)]


def test_a_remote_text_is_read_in_parts():
    with fsspec.open("memory://parts/text.txt", "wb") as file:
        file.write(b"a b\nc d e\n" * 30)
    both([locate("memory://parts/text.txt")], TextOptions(), Parts(37))


@pytest.mark.parametrize(
    ("content", "expected"), [(b"a b c\n", "6 bytes here, 4 are meant"), (b"a c\n", "4 are meant, and others")]
)
def test_another_file_at_the_path_is_refused(folder: Path, content: bytes, expected: str):
    (path,) = written(folder, b"a b\n")
    (part,) = parts_of(TextFile.of(path), 0, 100)
    path.write_bytes(content)
    with pytest.raises(SourceError, match=expected):
        list(read_part(part, TextOptions()))


def test_a_copy_of_another_time_is_the_same_file(folder: Path):
    (path,) = written(folder, b"a b\n")
    (part,) = parts_of(TextFile.of(path), 0, 100)
    os.utime(path, ns=(1, 1))
    assert [piece.keys for piece in read_part(part, TextOptions())] == [["a", "b"]]
