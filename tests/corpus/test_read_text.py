"""Text to codes: what Python's own splitting gives, whatever the threads and the pieces."""

import gzip
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from firth.corpus.encoded import Encoded
from firth.corpus.text_options import TextOptions
from firth.corpus.text_reading import MAX_TOKEN
from firth.corpus.texts import encode_text
from firth.errors import DataError, FirthError, OptionError, SourceError, SourceNotFoundError

PARTS = ["a", "B", " ", "\n", "\r\n", "\t", "Σ", "ΑΣ", "İ", "é", "\x0b", "\x85", "\u2028", "\ufeff"]
TEXTS = st.lists(
    st.one_of(st.sampled_from(PARTS), st.text(st.characters(exclude_categories=["Cs"]), max_size=4)), max_size=40
).map("".join)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("texts")


def encode(path: Path, content: bytes | str, *, n_jobs: int = 1, piece: int = 1 << 22, **options) -> Encoded:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return encode_text([path], TextOptions(**options), cache=False, n_jobs=n_jobs, piece=piece)


def decoded(encoded: Encoded) -> list[list[str]]:
    tokens = [encoded.keys[code] for code in encoded.tokens.tolist()]
    return [tokens[begin:end] for begin, end in pairwise(encoded.offsets.tolist())]


def split(content: bytes) -> list[list[str]]:
    """Return the oracle's tokens: lines without the byte order mark, split at the white space of ASCII."""
    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    found = [[token.decode(errors="replace") for token in line.split()] for line in lines]
    return [line for line in found if line]


def is_refused(content: bytes) -> bool:
    is_binary = b"\0" in content[: 1 << 16] or content[:2] in (b"\xff\xfe", b"\xfe\xff")
    return is_binary or not split(content)


@given(content=st.one_of(TEXTS.map(str.encode), st.binary(max_size=60)), piece=st.integers(1, 70))
@example(content=b"\xf0\x9f\x98 \xed\xa0\x80 \xc0\xaf \xe2\x82", piece=3)
@example(content=b"\xef\xbb\xbf\xef\xbb\xbfa\n\n \nb", piece=1)
def test_tokens_are_those_of_pythons_split(folder: Path, content: bytes, piece: int):
    assume(not is_refused(content))
    encoded = encode(folder / "split.txt", content, piece=piece)
    assert decoded(encoded) == split(content)
    n_lines = content.count(b"\n") + (not content.endswith(b"\n"))
    assert encoded.report["lines_read"] == n_lines == encoded.n_sequences + encoded.report["sequences_empty"]
    assert encoded.report["tokens_read"] == encoded.n_tokens == encoded.counts.sum()
    text = content.decode(errors="replace")
    assert (encoded.report["invalid_bytes"] > 0) == (text.encode() != content) == bool(encoded.examples)


@given(text=TEXTS, piece=st.integers(1, 40))
@example(text="ΑΣ ΑΣΑ Σ İI ΑΣ.", piece=2)
def test_lower_case_is_that_of_the_whole_text(folder: Path, text: str, piece: int):
    assume(not is_refused(text.encode()))
    encoded = encode(folder / "lower.txt", text, piece=piece, lowercase=True)
    assert decoded(encoded) == split(text.lower().encode())


@pytest.fixture(scope="module")
def long_text() -> bytes:
    words = [f"w{(i * i) % 701}é" if i % 7 else f"W{i % 90}" for i in range(30_000)]
    lines = [" ".join(words[i : i + i % 97]) for i in range(0, len(words), 97)]
    return "\n".join(lines).encode() + b" \xff\xfe x " + b"y" * 9000 + b"\n"


@pytest.mark.parametrize("n_jobs", [2, 3, 8])
@pytest.mark.parametrize("piece", [61, 1000, 1 << 22])
@pytest.mark.parametrize(
    "options",
    [{}, {"lowercase": True}, {"tokens_per_sequence": 1000}, {"token_pattern": r"\w+", "lowercase": True}],
    ids=["plain", "lower", "filled", "pattern"],
)
def test_threads_and_pieces_have_no_part_in_the_result(
    folder: Path, long_text: bytes, n_jobs: int, piece: int, options: dict[str, object]
):
    path = folder / "long.txt"
    one = encode(path, long_text, **options)
    other = encode(path, long_text, n_jobs=n_jobs, piece=piece, **options)
    assert one.fingerprint == other.fingerprint
    assert (one.report, one.examples) == (other.report, other.examples)


@given(text=TEXTS, n=st.integers(1, 5), piece=st.integers(1, 30))
def test_sequences_of_so_many_tokens_run_across_lines(folder: Path, text: str, n: int, piece: int):
    tokens = [token for line in split(text.encode()) for token in line]
    assume(not is_refused(text.encode()))
    encoded = encode(folder / "filled.txt", text, piece=piece, tokens_per_sequence=n)
    assert decoded(encoded) == [tokens[i : i + n] for i in range(0, len(tokens), n)]


def test_a_patterns_matches_are_the_tokens(folder: Path):
    encoded = encode(
        folder / "pattern.txt", "Don't stop, 99 TIMES\r\n\n--\nno\n", lowercase=True, token_pattern="[a-z']+"
    )
    assert decoded(encoded) == [["don't", "stop", "times"], ["no"]]
    assert encoded.report["sequences_empty"] == 2


def test_a_pattern_does_not_see_the_lines_ends(folder: Path):
    encoded = encode(folder / "pattern.txt", "a b\r\nc\r\n", token_pattern="[^ ]+")
    assert decoded(encoded) == [["a", "b"], ["c"]]


def test_a_patterns_group_is_the_token(folder: Path):
    encoded = encode(folder / "pattern.txt", "#one two #three four", token_pattern=r"#(\w*)|two")
    assert decoded(encoded) == [["one", "three"]]


def test_a_pattern_may_match_white_space_wherever_a_piece_ends(folder: Path):
    text = "new york and new york\n"
    encoded = encode(folder / "pattern.txt", text, token_pattern=r"new york|\w+", piece=3)
    assert decoded(encoded) == [["new york", "and", "new york"]]


@pytest.mark.parametrize("pattern", ["", "(", "(a)(b)", 3])
def test_a_pattern_that_is_none_is_refused(pattern: object):
    with pytest.raises(OptionError, match="token_pattern"):
        TextOptions(token_pattern=pattern)


def test_no_line_is_cut(folder: Path):
    words = " ".join(f"w{i % 1013}" for i in range(120_000))
    encoded = encode(folder / "endless.txt", words, piece=1 << 10, n_jobs=2)
    assert encoded.offsets.tolist() == [0, 120_000]


@pytest.mark.parametrize("piece", [1 << 14, 1 << 22])
@pytest.mark.parametrize("end", [b"", b"\n", b" end"])
@pytest.mark.parametrize("n_bytes", [MAX_TOKEN + 1, 5 * MAX_TOKEN // 2])
def test_a_token_longer_than_a_word_can_be_is_left_out_and_counted(folder: Path, piece: int, end: bytes, n_bytes: int):
    content = b"one " + b"x" * MAX_TOKEN + b" two\n" + b"y" * n_bytes + end
    encoded = encode(folder / "token.txt", content, piece=piece)
    last = [["end"]] if end == b" end" else []
    assert decoded(encoded) == [["one", "x" * MAX_TOKEN, "two"], *last]
    assert (encoded.report["tokens_rejected"], encoded.report["tokens_read"]) == (1, 4 + len(last))
    assert encoded.report["lines_read"] == encoded.n_sequences + encoded.report["sequences_empty"] == 2


def test_several_files_are_read_one_after_another(folder: Path):
    (folder / "one.txt").write_bytes(b"a b")
    (folder / "two.txt.gz").write_bytes(gzip.compress(b"b c\n"))
    encoded = encode_text([folder / "one.txt", folder / "two.txt.gz"], cache=False)
    assert decoded(encoded) == [["a", "b"], ["b", "c"]]
    assert encoded.report["files_read"] == 2


def test_bytes_that_are_no_utf_8_are_shown_with_their_lines(folder: Path):
    encoded = encode(folder / "latin.txt", b"one\n" * 500 + b"caf\xe9 \xff\xff\n", piece=7)
    assert encoded.report["invalid_bytes"] == 3
    assert encoded.examples == (
        "latin.txt, line 501: 'caf\ufffd' is not UTF-8",
        "latin.txt, line 501: '\ufffd\ufffd' is not UTF-8",
    )


@pytest.mark.parametrize("pattern", [None, r"\w+"])
def test_strict_refuses_bytes_that_are_no_utf_8(folder: Path, pattern: str | None):
    with pytest.raises(SourceError, match=r"line 2: 'caf�' is not UTF-8\. Convert"):
        encode(folder / "latin.txt", b"one\ncaf\xe9\n", strict=True, token_pattern=pattern)


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (b"", SourceError, "is empty"),
        (b"\xef\xbb\xbf", SourceError, "is empty"),
        (b" \n\t\n", DataError, "got 2 lines without one"),
        (b"PK\3\4\0\0word", SourceError, "looks binary: byte 5 is NUL"),
        ("word".encode("utf-16"), SourceError, "is UTF-16"),
    ],
    ids=["empty", "mark", "spaces", "binary", "utf-16"],
)
def test_what_is_no_text_is_refused(folder: Path, content: bytes, error: type[FirthError], message: str):
    with pytest.raises(error, match=message):
        encode(folder / "bad.txt", content)


def test_a_missing_text_is_not_found(folder: Path):
    with pytest.raises(SourceNotFoundError, match="there is no file"):
        encode_text([folder / "none.txt"], cache=False)


@pytest.mark.parametrize("part", [0.2, 0.99])
def test_a_text_that_is_cut_short_gives_nothing(tmp_path: Path, part: float):
    whole = gzip.compress(b"".join(b"word%d " % i for i in range(50_000)))
    path = tmp_path / "cut.txt.gz"
    path.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(SourceError, match="is cut short"):
        encode_text([path], cache=tmp_path / "cache", n_jobs=2)
    assert list((tmp_path / "cache").iterdir()) == []


@settings(max_examples=200)
@given(
    content=st.binary(max_size=200), suffix=st.sampled_from([".txt", ".gz", ".xz", ".zst"]), piece=st.integers(1, 99)
)
def test_any_bytes_are_a_text_or_an_error_of_ours(folder: Path, content: bytes, suffix: str, piece: int):
    path = folder / f"fuzz{suffix}"
    path.write_bytes(content)
    try:
        n_tokens = encode_text([path], cache=False, piece=piece).n_tokens
    except FirthError as error:
        n_tokens = len(str(error))
    assert n_tokens > 0


def test_progress_ends_at_the_files_size(folder: Path):
    from firth.progress import CallbackProgress

    path = folder / "seen.txt"
    path.write_bytes(b"a b c\n" * 1000)
    heard: list[tuple[str, float, float | None]] = []
    progress = CallbackProgress(lambda what, done, total, _: heard.append((what, done, total)))
    encode_text([path], cache=False, piece=100, progress=progress)
    assert heard[-1] == ("reading", 6000, 6000)
    assert [done for _, done, _ in heard] == sorted(done for _, done, _ in heard)
