import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firth.errors import DataError, SourceError, SourceNotFoundError
from firth.vectors.formats import word2vec
from firth.vectors.vectors import Vectors

KEYS = st.lists(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="␣␉␊␍"), min_size=1), unique=True, max_size=5
)
FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize("binary", [False, True])
@given(data=st.data(), keys=KEYS, size=st.sampled_from([1, 2, 7]))
def test_a_round_trip_keeps_every_key_and_every_bit(binary, data, keys, size, tmp_path_factory):
    path = tmp_path_factory.mktemp("w") / "vectors"
    rows = data.draw(st.lists(st.lists(FLOATS, min_size=size, max_size=size), min_size=len(keys), max_size=len(keys)))
    vectors = Vectors(keys, np.array(rows, dtype=np.float32).reshape(len(keys), size))
    word2vec.write(path, vectors, binary=binary)
    again = word2vec.read(path, binary=binary)
    assert again.keys == keys
    assert again.matrix.tobytes() == vectors.matrix.tobytes()


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_kind_of_file_is_seen_from_its_content(tmp_path, binary, size):
    matrix = np.random.default_rng(size).standard_normal((3, size)).astype(np.float32)
    vectors = Vectors(["elder ones", "😀 a\tb\n", "björk"], matrix)
    word2vec.write(tmp_path / "v", vectors, binary=binary)
    again = word2vec.read(tmp_path / "v")
    assert (again.keys, again.matrix.tobytes()) == (vectors.keys, matrix.tobytes())


def test_a_binary_file_that_ends_like_a_letter_cut_in_two_is_no_text(tmp_path):
    word2vec.write(tmp_path / "v", Vectors(["a"], [[121921.0]]), binary=True)
    assert word2vec.read(tmp_path / "v").matrix.tolist() == [[121921.0]]


def test_the_text_layout_is_gensims(tmp_path):
    word2vec.write(tmp_path / "v", Vectors(["elder ones", "coil"], [[0.5, -2.0], [1e-8, 0.1]]))
    first, *lines = (tmp_path / "v").read_text().splitlines()
    assert first == "2 2"
    assert [line.split(" ")[0] for line in lines] == ["elder␣ones", "coil"]
    assert [[float(field) for field in line.split(" ")[1:]] for line in lines] == [[0.5, -2.0], [1e-8, 0.1]]


def test_the_binary_layout_is_gensims(tmp_path):
    word2vec.write(tmp_path / "v", Vectors(["a", "b c"], [[0.5, -2.0], [3.0, 4.0]]), binary=True)
    expected = b"2 2\na " + struct.pack("<2f", 0.5, -2.0) + "b␣c ".encode() + struct.pack("<2f", 3.0, 4.0)
    assert (tmp_path / "v").read_bytes() == expected


def test_line_feeds_between_binary_items_are_accepted(tmp_path):
    pack = struct.Struct("<2f").pack
    (tmp_path / "v").write_bytes(b"2 2\na " + pack(1, 2) + b"\nb " + pack(3, 4) + b"\n")
    assert word2vec.read(tmp_path / "v").matrix.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("the 0.1 0.2\nof 0.3 0.4\n", ["the", "of"]),  # GloVe
        ("the 0.1 0.2\n. . . 0.3 0.4\n", ["the", ". . ."]),  # GloVe's 840B has such keys
        ("2 2\nthe 0.1 0.2 \nof 0.3 0.4 \n", ["the", "of"]),  # fastText ends lines with a space
        ("2 2\r\nthe 0.1 0.2\r\nof 0.3 0.4", ["the", "of"]),
        ("1990 0.1 0.2\nof 0.3 0.4\n", ["1990", "of"]),
        ("the\t0.1\t0.2\nof\t0.3\t0.4\n\n", ["the", "of"]),
    ],
)
def test_other_tools_text_is_read(tmp_path, text, keys):
    (tmp_path / "v").write_bytes(text.encode())
    vectors = word2vec.read(tmp_path / "v")
    assert vectors.keys == keys
    assert vectors.matrix.tolist() == np.array([[0.1, 0.2], [0.3, 0.4]], np.float32).tolist()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1"),
        ("hello\n", "line 1"),
        ("2 2\na 1 2\nb 3\n", "line 3: expected a key and 2 numbers"),
        ("2 2\na 1 2\nb 3 x\n", "line 3: expected 2 numbers, found 'x'"),
        ("2 2\na 1 2\nb 3 nan\n", "line 3: numbers must be finite"),
        ("2 2\na 1 2\na 3 4\n", "line 3: the key 'a' stood in line 2"),
        ("2 2\na 1 2\n\nb 3 4\n", "line 3: expected a key and 2 numbers, found an empty line"),
        ("1 2\na 1 2\nb 3 4\n", "line 3: the first line says 1 items"),
        ("3 2\na 1 22\nb 3 44\n", "cut off after line 3"),
        ("9999999999 300\na 1 2\n", "cut off"),
        ("a 1 2\nb 3\n", "line 2"),
    ],
)
def test_a_malformed_text_names_the_line(tmp_path, text, message):
    (tmp_path / "v").write_text(text)
    with pytest.raises(SourceError, match=message):
        word2vec.read(tmp_path / "v")


def test_a_key_that_is_no_utf8_names_the_line(tmp_path):
    (tmp_path / "v").write_bytes(b"2 2\na 1 2\n\xff 3 4\n")
    with pytest.raises(SourceError, match="line 3: the key"):
        word2vec.read(tmp_path / "v")


@pytest.mark.parametrize("n_lost", [1, 5, 9, 12])
def test_a_binary_file_that_is_cut_off_is_refused(tmp_path, n_lost):
    word2vec.write(tmp_path / "v", Vectors(["a", "bc"], [[0.5, -2.0], [3.1, 4.1]]), binary=True)
    (tmp_path / "v").write_bytes((tmp_path / "v").read_bytes()[:-n_lost])
    with pytest.raises(SourceError, match="cut off"):
        word2vec.read(tmp_path / "v", binary=True)


def test_bytes_after_the_last_item_are_refused(tmp_path):
    word2vec.write(tmp_path / "v", Vectors(["a"], [[0.5]]), binary=True)
    with (tmp_path / "v").open("ab") as file:
        file.write(b"xyz")
    with pytest.raises(SourceError, match="3 bytes follow"):
        word2vec.read(tmp_path / "v", binary=True)


@pytest.mark.parametrize("key", ["", "a␣b", "␊"])
def test_a_key_that_cannot_come_back_is_refused_and_nothing_is_written(tmp_path, key):
    with pytest.raises(DataError, match="cannot hold"):
        word2vec.write(tmp_path / "v", Vectors([key], [[1.0]]))
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(SourceNotFoundError, match="no file"):
        word2vec.read(tmp_path / "v")
