"""What is like several items: against brute force, alone and among others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firth.errors import DataError, OptionError
from firth.vectors import queries as blocks
from firth.vectors.queries import checked_query, in_blocks, row_sums
from firth.vectors.similar import similar
from firth.vectors.vectors import Vectors


def vectors_of(n: int = 31, size: int = 6, seed: int = 2) -> Vectors:
    """Return items of very different lengths; two are alike, so that they tie, and one is all zeros."""
    draws = np.random.default_rng(seed)
    matrix = draws.standard_normal((n, size)) * draws.uniform(0.1, 20, (n, 1))
    if n > 9:
        matrix[7] = matrix[4]
        matrix[9] = 0
    return Vectors([f"item {i}" for i in range(n)], matrix)


def brute_force(vectors: Vectors, query: list[int], weights: list[float]) -> np.ndarray:
    """Return the cosines of all items with the weighted sum of normalised rows, in float64."""
    matrix = vectors.matrix.astype(np.float64)
    lengths = np.linalg.norm(matrix, axis=1)
    unit = np.divide(matrix, lengths[:, None], where=lengths[:, None] > 0, out=np.zeros_like(matrix))
    total = (unit[query] * np.array(weights)[:, None]).sum(axis=0)
    return unit @ total / (np.linalg.norm(total) or 1.0)


def check(
    vectors: Vectors, query: list[int], weights: list[float], ids: np.ndarray, cosines: np.ndarray, **how: object
):
    """Check one answer: its cosines are right, none better was left out, and none is missing."""
    expected = brute_force(vectors, query, weights)
    left = np.setdiff1d(np.arange(len(vectors)), query if how["exclude_query"] else [])
    answers = ids[ids >= 0]
    assert len(answers) == len(set(answers.tolist())) == min(how["k"], len(left))
    assert set(answers.tolist()) <= set(left.tolist())
    assert cosines[: len(answers)] == pytest.approx(expected[answers], abs=2e-6)
    assert cosines[: len(answers)] == pytest.approx(np.sort(expected[left])[::-1][: len(answers)], abs=2e-6)
    assert (ids[len(answers) :] == -1).all()
    assert (cosines[len(answers) :] == -np.inf).all()


@settings(max_examples=60)
@given(st.data(), st.integers(0, 35), st.booleans())
def test_answers_equal_brute_force(data: st.DataObject, k: int, exclude_query: bool):
    vectors = vectors_of()
    asked = data.draw(st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=5), max_size=6))
    found = vectors.similar_ids(asked, k=k, exclude_query=exclude_query)
    assert found.ids.shape == found.similarities.shape == (len(asked), min(k, 31))
    assert (found.ids.dtype, found.similarities.dtype) == (np.int32, np.float32)
    for row, query in enumerate(asked):
        ones = [1.0] * len(query)
        check(vectors, query, ones, found.ids[row], found.similarities[row], k=k, exclude_query=exclude_query)


@pytest.mark.parametrize("exclude_query", [True, False])
def test_weights_add_and_take_away(exclude_query: bool):
    vectors = vectors_of()
    asked, weights = [[3, 12], [5], [1, 2, 8]], [[1.0, -1.0], [-1.0], [0.5, 2.0, -0.25]]
    found = similar(vectors.normalised, asked, weights=weights, k=9, exclude_query=exclude_query)
    for row, (query, weight) in enumerate(zip(asked, weights, strict=True)):
        check(vectors, query, weight, found.ids[row], found.similarities[row], k=9, exclude_query=exclude_query)


def test_one_item_taken_away_is_farthest():
    vectors = vectors_of()
    (nearest,) = similar(vectors.normalised, [[5]], k=1).ids
    found = similar(vectors.normalised, [[5]], weights=[[-1.0]], k=30)
    assert found.ids[0, -1] == nearest[0]


@pytest.mark.parametrize("block", [1, 6, 20, 1 << 22])
@pytest.mark.parametrize("n_jobs", [1, 2, 3, 8])
def test_a_query_among_others_gets_the_bytes_that_it_gets_alone(
    block: int, n_jobs: int, monkeypatch: pytest.MonkeyPatch
):
    vectors = vectors_of()
    asked = [[3], [4, 9], [3, 3], [8, 1, 2], [0], [30, 29, 28, 27], [9]]
    alone = [vectors.similar_ids([query], k=6, n_jobs=1) for query in asked]
    monkeypatch.setattr(blocks, "_BLOCK", block)
    together = vectors.similar_ids(asked, k=6, n_jobs=n_jobs)
    assert together.ids.tobytes() == b"".join(each.ids.tobytes() for each in alone)
    assert together.similarities.tobytes() == b"".join(each.similarities.tobytes() for each in alone)


def test_items_that_are_alike_are_answered_by_the_lower_id():
    found = vectors_of().similar_ids([[4, 7], [4]], k=2, exclude_query=False)
    assert found.ids.tolist() == [[4, 7], [4, 7]]
    assert vectors_of().similar_ids([[7]], k=1).ids.tolist() == [[4]]


def test_a_query_of_nothing_but_zeros_has_every_cosine_zero():
    found = vectors_of().similar_ids([[9]], k=4)
    assert found.ids.tolist() == [[0, 1, 2, 3]]
    assert (found.similarities == 0).all()


@pytest.mark.parametrize("n", [1, 3, 17])
def test_few_items_have_few_answers(n: int):
    vectors = vectors_of(n, 4)
    found = vectors.similar_ids([[0], [n - 1, 0]], k=20)
    assert found.ids.shape == (2, n)
    assert (found.ids >= 0).sum(axis=1).tolist() == [n - 1, n - len({0, n - 1})]


def test_the_same_as_users_are_told():
    vectors = vectors_of()
    asked = [[3], [4, 9, 1], [12, 12, 5]]
    found = vectors.similar_ids(asked, k=10)
    for row, query in enumerate(asked):
        told = vectors.most_similar(plus=[vectors.keys[i] for i in query], k=10)
        assert [(vectors.keys[i], s) for i, s in zip(found.ids[row], found.similarities[row], strict=True)] == told


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ([], "a query must be a list of at least one id"),
        ([[1, 2]], "a query must be a list of at least one id, got int64 of the shape \\(1, 2\\)"),
        ([1.5], "a query must be a list of at least one id, got float64"),
        ([3, 31], "ids must be from 0 to 30, got 3 to 31"),
        ([-1], "ids must be from 0 to 30, got -1 to -1"),
    ],
)
def test_queries_that_are_none_are_refused(query: list[object], message: str):
    with pytest.raises(DataError, match=message):
        vectors_of().similar_ids([[0], query])  # type: ignore[list-item]
    with pytest.raises(DataError, match=message):
        checked_query(query, n_items=31)


def test_k_is_not_negative():
    with pytest.raises(OptionError, match="k must be >= 0, got -1"):
        vectors_of().similar_ids([[0]], k=-1)


@pytest.mark.parametrize("block", [1, 10, 64, 1 << 22])
def test_blocks_hold_every_query_once_and_equally_many_exclusions(block: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(blocks, "_BLOCK", block)
    lengths, skips = [3, 1, 1, 4, 2, 3, 1, 1, 9], np.array([2, 1, 1, 4, 2, 3, 0, 1, 4])
    found = [part.tolist() for part in in_blocks(lengths, skips, size=5)]
    assert sorted(i for part in found for i in part) == list(range(9))
    assert all(len({int(skips[i]) for i in part}) == 1 for part in found)
    assert all(len(part) == 1 or sum(lengths[i] for i in part[1:]) * 5 <= block for part in found)


def test_rows_are_added_with_their_weights():
    rows = np.arange(12, dtype=np.float32).reshape(4, 3)
    found = row_sums(rows, [np.array([1, 1]), np.array([3]), np.array([0, 2, 3])], [[1, -0.5], [2], [1, 1, 0]])
    assert found.tolist() == [[1.5, 2, 2.5], [18, 20, 22], [6, 8, 10]]
    assert row_sums(rows, [np.array([1, 3])]).tolist() == [[12, 14, 16]]
