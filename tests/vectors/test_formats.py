"""Every format: what is written comes back whatever the keys, and a key that could not come back is refused by name."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firth.errors import DataError, SourceError, SourceNotFoundError
from firth.vectors.formats import gensim, numpy, parquet, projector, word2vec
from firth.vectors.vectors import Vectors

AWKWARD = [
    " ",
    "\t",
    "\n",
    "\r\n",
    "\\",
    '"',
    "'",
    "a b",
    "\u2028",
    "\xa0",
    "\x00",
    "\x0b",
    "#",
    ":",
    "0.5",
    "2 2",
    "nan",
]
KEYS = st.lists(
    st.one_of(st.sampled_from([*AWKWARD, "\ufeff", "😀", "björk"]), st.text(st.characters(exclude_categories=["Cs"]))),
    unique=True,
    min_size=1,
    max_size=6,
)
FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)


def _write_parquet(path: Path, vectors: Vectors) -> None:
    columns = {"key": vectors.keys, "count": vectors.counts, "vector": vectors.matrix}
    pl.DataFrame(columns).write_parquet(path)


FORMATS: dict[str, tuple[Callable[[Path, Vectors], None], Callable[[Path], Vectors]]] = {
    "word2vec": (word2vec.write, word2vec.read),
    "word2vec-binary": (
        lambda path, vectors: word2vec.write(path, vectors, binary=True),
        lambda path: word2vec.read(path, binary=True),
    ),
    "glove": (lambda path, vectors: word2vec.write(path, vectors, header=False), word2vec.read),
    "gensim": (gensim.write, word2vec.read),
    "npy": (numpy.write, numpy.read),
    "parquet": (_write_parquet, lambda path: parquet.read(path)[0]),
}


def _refusal(write: Callable[[Path, Vectors], None], path: Path, vectors: Vectors) -> str:
    try:
        write(path, vectors)
    except DataError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", FORMATS)
@settings(deadline=None, max_examples=60)
@given(data=st.data(), keys=KEYS, size=st.sampled_from([1, 2, 7]))
def test_what_is_written_comes_back_or_is_refused_by_name(name, data, keys, size):
    row = st.lists(FLOATS, min_size=size, max_size=size)
    rows = data.draw(st.lists(row, min_size=len(keys), max_size=len(keys)))
    vectors = Vectors(keys, np.array(rows, dtype=np.float32), counts=np.arange(len(keys)) * 7)
    write, read = FORMATS[name]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vectors.x"
        refusal = _refusal(write, path, vectors)
        if refusal:
            assert any(repr(key[:80]) in refusal for key in keys) or ("" in keys and "empty key" in refusal)
            assert [one.name for one in Path(folder).iterdir()] == []
            return
        again = read(path)
        if name == "gensim":
            assert gensim.read_counts(gensim.counts_path(path), keys).tolist() == vectors.counts.tolist()
    assert again.keys == keys
    assert again.matrix.tobytes() == vectors.matrix.tobytes()


@pytest.mark.parametrize("name", ["npy", "parquet"])
@pytest.mark.parametrize("key", ["", "a␣b", "x\ty", "\u3000", '"', "\\n"])
def test_tables_hold_any_key(tmp_path: Path, name: str, key: str):
    write, read = FORMATS[name]
    write(tmp_path / "v.x", Vectors([key, "b"], [[0.1], [2.0]], counts=[3, 1]))
    assert read(tmp_path / "v.x").keys == [key, "b"]


@pytest.mark.parametrize("key", ["", "a␣b", "no\u3000break", "a\xa0b", "\x1c"])
def test_gensims_counts_refuse_what_gensim_would_split(tmp_path: Path, key: str):
    with pytest.raises(DataError, match="cannot hold the"):
        gensim.write(tmp_path / "v", Vectors(["a", key], np.eye(2), counts=[2, 1]))
    assert list(tmp_path.iterdir()) == []


def test_glove_is_word2vec_without_its_first_line(tmp_path: Path):
    vectors = Vectors(["elder ones", "coil"], [[0.5, -2.0], [1e-8, 0.1]])
    word2vec.write(tmp_path / "a", vectors)
    word2vec.write(tmp_path / "b", vectors, header=False)
    assert (tmp_path / "b").read_bytes() == (tmp_path / "a").read_bytes().split(b"\n", 1)[1]


def test_glove_needs_an_item(tmp_path: Path):
    with pytest.raises(DataError, match="at least one item"):
        word2vec.write(tmp_path / "a", Vectors([], np.zeros((0, 3))), header=False)


@pytest.mark.parametrize("text", ["a 1\nb\n", "a x\nb 2\n", "a 1\n", "\nb 2\n"])
def test_counts_that_do_not_fit_are_refused(tmp_path: Path, text: str):
    (tmp_path / "v.vocab").write_text(text)
    with pytest.raises(SourceError, match=r"v\.vocab"):
        gensim.read_counts(tmp_path / "v.vocab", ["a", "b"])


@pytest.mark.parametrize(
    ("matrix", "keys", "error", "message"),
    [
        (np.eye(2), None, SourceNotFoundError, "JSON list of texts in v.npy.keys.json"),
        (None, ["a"], SourceNotFoundError, "no file at"),
        (np.eye(2), ["a"], SourceError, "2 rows but there are 1 keys"),
        (np.eye(2), ["a", 1], SourceError, "must hold a JSON list of texts"),
        (np.eye(2), {"a": 1}, SourceError, "must hold a JSON list of texts"),
        (np.eye(2), ["a", "a"], SourceError, "distinct"),
        (np.ones(2), ["a", "b"], SourceError, "two dimensions"),
        (np.array(["a", "b"]), ["a", "b"], SourceError, "two dimensions"),
        (np.array([[None], [1]], dtype=object), ["a", "b"], SourceError, "allow_pickle=False"),
    ],
)
def test_a_matrix_that_does_not_fit_its_keys_is_refused(tmp_path: Path, matrix, keys, error, message):
    if matrix is not None:
        np.save(tmp_path / "v.npy", matrix, allow_pickle=matrix.dtype == object)
    if keys is not None:
        (tmp_path / "v.npy.keys.json").write_text(json.dumps(keys))
    with pytest.raises(error, match=message):
        numpy.read(tmp_path / "v.npy")


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY\x01\x00", b"nonsense"])
def test_a_damaged_matrix_is_refused(tmp_path: Path, content: bytes):
    (tmp_path / "v.npy").write_bytes(content)
    (tmp_path / "v.npy.keys.json").write_text("[]")
    with pytest.raises(SourceError, match="damaged"):
        numpy.read(tmp_path / "v.npy")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"key": ["a"]}, "column key of text and vector"),
        ({"key": [1], "vector": [[1.0]]}, "column key of text and vector"),
        ({"key": ["a"], "vector": [1.0]}, "column key of text and vector"),
        ({"key": ["a", None], "vector": [[1.0], [2.0]]}, "every row needs a key"),
        ({"key": ["a", "b"], "vector": [[1.0], [2.0, 3.0]]}, "v.parquet"),
        ({"key": ["a", "a"], "vector": [[1.0], [2.0]]}, "distinct"),
        ({"key": ["a"], "vector": [[float("nan")]]}, "finite"),
        ({"key": ["a"], "vector": [[None]]}, "v.parquet"),
    ],
)
def test_a_table_without_vectors_is_refused(tmp_path: Path, columns, message):
    pl.DataFrame(columns, strict=False).write_parquet(tmp_path / "v.parquet")
    with pytest.raises(SourceError, match=message):
        parquet.read(tmp_path / "v.parquet")


def test_another_tools_table_is_read(tmp_path: Path):
    table = pl.DataFrame({"key": ["a", "b"], "vector": [[1, 2], [3, 4]], "kind": ["x", None]})
    table.write_parquet(tmp_path / "v.parquet")
    vectors, others = parquet.read(tmp_path / "v.parquet")
    assert vectors.matrix.tolist() == [[1, 2], [3, 4]]
    assert vectors.counts is None
    assert others.equals(table.drop("vector"))


def test_a_table_of_no_items_has_no_vectors(tmp_path: Path):
    schema = {"key": pl.String, "vector": pl.List(pl.Float32)}
    pl.DataFrame(schema=schema).write_parquet(tmp_path / "v.parquet")
    assert len(parquet.read(tmp_path / "v.parquet")[0]) == 0


def test_the_projector_gets_a_line_per_item_in_both_tables(tmp_path: Path):
    matrix = np.random.default_rng(1).standard_normal((3, 4)).astype(np.float32)
    about = pl.DataFrame({"key": ["a\tb", "c\r\nd", '"e"'], "count": [3, None, 1], "genre": [["x", "y"], [], None]})
    projector.write(tmp_path / "new" / "p", Vectors(about["key"].to_list(), matrix), about)
    rows = [line.split("\t") for line in (tmp_path / "new/p/tensors.tsv").read_text().splitlines()]
    assert np.array_equal(np.array(rows, dtype=np.float32), matrix)
    lines = [line.split("\t") for line in (tmp_path / "new/p/metadata.tsv").read_text().split("\n")[:-1]]
    assert lines == [["key", "count", "genre"], ["a␉b", "3", "x · y"], ["c␍␊d", "", ""], ['"e"', "1", ""]]
    config = (tmp_path / "new/p/projector_config.pbtxt").read_text()
    assert 'tensor_path: "tensors.tsv"' in config
    assert 'metadata_path: "metadata.tsv"' in config
