"""Files of word evaluation: what is read, what is counted, what is refused."""

from pathlib import Path

import pytest

from firth.errors import DataError, SourceError, SourceNotFoundError
from firth.evaluation import AnalogyQuestions, WordPairs


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("tiger cat 7.35\nbook  paper\t\n", [("tiger", "cat", 7.35)]),
        ("tiger\tcat\t7.35\nNew York\tcity\t6\n", [("tiger", "cat", 7.35), ("New York", "city", 6.0)]),
        ("Word 1,Word 2,Human (mean)\r\ntiger,cat,7.35\r\n", [("tiger", "cat", 7.35)]),
        ("\ufefftiger cat 7.35 1 2 3\n\n# people\n", [("tiger", "cat", 7.35)]),
        ("tiger cat nan\ntiger cat inf\ntiger cat 1e1\n", [("tiger", "cat", 10.0)]),
    ],
)
def test_pairs_are_read_whatever_separates_them(tmp_path: Path, text: str, pairs: list[tuple[str, str, float]]):
    (tmp_path / "zoo.txt").write_text(text, encoding="utf-8", newline="")
    read = WordPairs.read(tmp_path / "zoo.txt")
    assert read.name == "zoo"
    assert list(read.pairs) == pairs


def test_lines_that_are_no_pairs_are_counted_with_their_numbers(tmp_path: Path):
    (tmp_path / "a").write_text("# people\na b 1\na b\na b c\n\n\tb\t3\n", encoding="utf-8")
    assert WordPairs.read(tmp_path / "a").bad_lines == (3, 4, 6)


def test_questions_are_read_by_section(tmp_path: Path):
    text = "a b c d\n: capitals \n# note\nOslo Norway Rome Italy\n\n: gram1\nNew York\tU\tx y\tz\n:capitals\ne f g h\n"
    (tmp_path / "q.txt").write_text(text, encoding="utf-8")
    read = AnalogyQuestions.read(tmp_path / "q.txt")
    assert read.sections == {
        "": (("a", "b", "c", "d"),),
        "capitals": (("Oslo", "Norway", "Rome", "Italy"), ("e", "f", "g", "h")),
        "gram1": (("New York", "U", "x y", "z"),),
    }


def test_lines_that_are_no_questions_are_counted_with_their_numbers(tmp_path: Path):
    (tmp_path / "q").write_text(": s\na b c d\na b c\na b c d e\n", encoding="utf-8")
    assert AnalogyQuestions.read(tmp_path / "q").bad_lines == (3, 4)


@pytest.mark.parametrize("kind", [WordPairs, AnalogyQuestions])
@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (b"", DataError, "it is empty"),
        (b"# only\n\n", DataError, "it is empty"),
        (b": s\nx\ny y\n", DataError, r"found none in lines (1, )?2, 3"),
        (b"x\n" * 9, DataError, r"lines 1, 2, 3, 4, 5, \.\.\."),
        (b"\xff\xfe1 2 3", SourceError, "no UTF-8"),
    ],
)
def test_a_file_without_a_good_line_is_refused(
    tmp_path: Path, kind: type, content: bytes, error: type[Exception], message: str
):
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(error, match=message):
        kind.read(tmp_path / "a.txt")


@pytest.mark.parametrize("kind", [WordPairs, AnalogyQuestions])
def test_a_file_that_cannot_be_read_says_so(tmp_path: Path, kind: type):
    with pytest.raises(SourceNotFoundError, match="no file at"):
        kind.read(tmp_path / "none.txt")
    with pytest.raises(SourceError, match="cannot read"):
        kind.read(tmp_path)
