"""Vectors in files answer with the bytes of vectors in memory, without a copy of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import firth
from firth import tensors
from firth.corpus import vocabulary as vocabularies
from firth.corpus.vocabulary import Vocabulary
from firth.errors import DataError, UnknownItemError
from firth.mapped import is_mapped
from firth.sources import planted
from firth.vectors import neighbors, unit_rows
from firth.vectors.vectors import Vectors

KEYS = [f"item{i}" for i in range(53)]


def matrix(size: int = 7) -> np.ndarray:
    """Return rows of which some are equal, some opposite, one is zero, and lengths differ."""
    rows = np.random.default_rng(5).normal(size=(53, size)).astype(np.float32)
    rows[11:14], rows[30], rows[41] = rows[3], -2 * rows[3], 0
    return rows * np.linspace(0.01, 100, 53, dtype=np.float32)[:, None]


def in_file(folder: Path) -> Vectors:
    tensors.write_tensors(folder / "vectors", {"vectors": matrix()})
    return Vectors(KEYS, tensors.read_tensors(folder / "vectors", is_mapped=True)["vectors"])


@pytest.fixture(params=[7 * 53, 7 * 20, 7, 1])
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Search in blocks of 53, 20 and 1 rows."""
    monkeypatch.setattr(unit_rows, "_BLOCK", request.param)
    return int(request.param)


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize("k", [0, 1, 10, 52, 100])
@pytest.mark.parametrize("exclude_query", [True, False])
def test_answers_are_those_of_vectors_in_memory(tmp_path: Path, k: int, exclude_query: bool) -> None:
    queries = [[3], [0], [41], [52, 11, 11], [12, 13]]
    plain = Vectors(KEYS, matrix()).similar_ids(queries, k=k, exclude_query=exclude_query)
    mapped = in_file(tmp_path)
    found = mapped.similar_ids(queries, k=k, exclude_query=exclude_query)
    assert "normalised" not in mapped.__dict__
    np.testing.assert_array_equal(found.ids, plain.ids)
    assert found.similarities.tobytes() == plain.similarities.tobytes()


@pytest.mark.usefixtures("block")
def test_sums_and_the_second_question_are_the_same(tmp_path: Path) -> None:
    plain, mapped = Vectors(KEYS, matrix()), in_file(tmp_path)
    for _ in range(2):
        assert mapped.most_similar("item3", k=5) == plain.most_similar("item3", k=5)
        assert mapped.most_similar(plus=["item1"], minus=["item2"]) == plain.most_similar(
            plus=["item1"], minus=["item2"]
        )
    assert "normalised" in mapped.__dict__


@pytest.mark.parametrize("available", [0, None, 1 << 40])
def test_the_normalised_rows_go_where_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, available: int | None
) -> None:
    monkeypatch.setattr(neighbors, "available_bytes", lambda: available)
    mapped = in_file(tmp_path)
    np.testing.assert_array_equal(mapped.normalised, Vectors(KEYS, matrix()).normalised)
    assert is_mapped(mapped.matrix)
    assert is_mapped(mapped.normalised) == (available == 0)


def test_a_mapped_matrix_that_is_not_finite_is_refused(tmp_path: Path) -> None:
    rows = matrix()
    rows[17, 2] = np.nan
    tensors.write_tensors(tmp_path / "vectors", {"vectors": rows})
    with pytest.raises(DataError, match="item17"):
        Vectors(KEYS, tensors.read_tensors(tmp_path / "vectors", is_mapped=True)["vectors"])


def test_a_large_run_is_mapped_and_answers_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = firth.read_table(planted.groups(n_items=60), contexts={"group": firth.Groups("group")})
    firth.train(corpus, vector_size=8, pairs=20_000, out=tmp_path / "run")
    small = firth.Run.load(tmp_path / "run")
    monkeypatch.setattr(tensors, "LARGE_BYTES", 1000)
    large = firth.Run.load(tmp_path / "run")
    assert is_mapped(large.vectors.matrix)
    assert not is_mapped(small.vectors.matrix)
    key = small.vectors.keys[7]
    assert large.vectors.most_similar(key) == small.vectors.most_similar(key)
    assert large.vectors.recommend([key]) == small.vectors.recommend([key])


@pytest.mark.parametrize("n_scans", [0, 1, 100])
def test_large_vocabularies_find_a_few_keys_without_a_table(monkeypatch: pytest.MonkeyPatch, n_scans: int) -> None:
    monkeypatch.setattr(vocabularies, "_LARGE", 10)
    monkeypatch.setattr(vocabularies, "_N_SCANS", n_scans)
    vocabulary = Vocabulary(KEYS)
    assert vocabulary.id("item17") == 17
    assert ("item52" in vocabulary, "item53" in vocabulary, 17 in vocabulary) == (True, False, False)
    assert ("_ids" in vocabulary.__dict__) == (n_scans < 3)
    with pytest.raises(UnknownItemError, match="item53"):
        vocabulary.id("item53")
    assert vocabulary.find(["item1", "nobody"]).tolist() == [1, -1]


def test_vectors_share_a_vocabulary() -> None:
    vocabulary = Vocabulary(KEYS)
    assert Vectors(vocabulary, matrix()).vocabulary is vocabulary
