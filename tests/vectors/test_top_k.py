import numpy as np
import pytest

from firth import _kernel
from firth.errors import DataError, OptionError
from firth.threads import n_threads
from firth.vectors import neighbors
from firth.vectors.neighbors import normalised_rows, top_k
from firth.vectors.vectors import Vectors


def brute_force(queries, matrix, k, exclude):
    scores = queries.astype(np.float64) @ matrix.astype(np.float64).T
    for row, skipped in enumerate(exclude):
        scores[row, skipped] = -np.inf
    ids = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return ids, np.take_along_axis(scores, ids, axis=1)


def small_integers(n, size, seed):
    # Their products and sums are exact in float32, so the answer is one, and ties are many.
    return np.random.default_rng(seed).integers(-2, 3, (n, size)).astype(np.float32)


@pytest.fixture(params=_kernel.available_variants())
def variant(request):
    before = _kernel.variant()
    _kernel.choose_variant(request.param)
    yield request.param
    _kernel.choose_variant(before)


@pytest.mark.usefixtures("variant")
@pytest.mark.parametrize("n", [1, 2, 3, 17, 130, 1100])
@pytest.mark.parametrize("size", [1, 3, 7, 17, 64])
def test_top_k_is_brute_force_with_ties_by_id(n, size):
    matrix = small_integers(n, size, seed=n * 100 + size)
    queries = matrix[: min(n, 70)]
    k, own = min(5, n - 1), np.arange(len(queries))
    ids, scores = top_k(queries, matrix, k=5, exclude=own)
    expected_ids, expected = brute_force(queries, matrix, k, own[:, None])
    assert ids.tolist() == expected_ids.tolist()
    assert scores.tolist() == expected.tolist()


@pytest.mark.parametrize("k", [1, 15, 16, 17, 90, 150, 1099, 1100])
@pytest.mark.parametrize("order", ["drawn", "best last", "best first"])
def test_many_answers_are_brute_force_whatever_the_order_of_the_rows(k, order):
    matrix = small_integers(1100, 3, seed=k)
    queries = matrix[:19]
    if order != "drawn":
        by_first = np.argsort(matrix @ queries[0], kind="stable")
        matrix = np.ascontiguousarray(matrix[by_first if order == "best last" else by_first[::-1]])
    ids, scores = top_k(queries, matrix, k=k)
    expected_ids, expected = brute_force(queries, matrix, k, [[]] * 19)
    assert ids.tolist() == expected_ids.tolist()
    assert scores.tolist() == expected.tolist()


def test_a_negative_zero_ties_with_zero():
    matrix = np.array([[-0.0], [0.0], [-1.0], [-0.0], [1.0]], np.float32)
    ids, _ = top_k(np.ones((1, 1), np.float32), matrix, k=5)
    assert ids.tolist() == [[4, 0, 1, 3, 2]]


@pytest.mark.usefixtures("variant")
def test_top_k_of_long_vectors_is_brute_force():
    matrix = np.random.default_rng(2).standard_normal((40, 1000)).astype(np.float32)
    ids, scores = top_k(matrix[:7], matrix, k=40)
    expected_ids, expected = brute_force(matrix[:7], matrix, 40, [[]] * 7)
    assert ids.tolist() == expected_ids.tolist()
    assert np.abs(scores - expected).max() < 1e-3


@pytest.mark.parametrize("n_jobs", [2, 3, 8])
@pytest.mark.parametrize(("n_queries", "k"), [(1, 1), (1, 17), (3, 50), (65, 9)])
def test_few_queries_whose_rows_are_shared_out_have_the_same_bytes(n_queries, k, n_jobs):
    random = np.random.default_rng(5)
    rows = random.integers(-2, 3, (70_001, 3)).astype(np.float32)  # most scores are equal: the lower row is the answer
    queries = random.integers(-2, 3, (n_queries, 3)).astype(np.float32)
    skip = random.integers(0, 70_001, (n_queries, 2)).astype(np.int32)
    one, many = (top_k(queries, rows, k=k, exclude=skip, n_jobs=jobs) for jobs in (1, n_jobs))
    assert [part.tobytes() for part in one] == [part.tobytes() for part in many]
    scores = queries @ rows.T
    np.put_along_axis(scores, skip.astype(np.int64), -np.inf, axis=1)
    assert np.array_equal(one[0], np.argsort(-scores, axis=1, kind="stable")[:, :k])


@pytest.mark.parametrize("n_jobs", [2, 3, 8])
def test_top_k_gives_the_same_bytes_for_any_threads(n_jobs):
    matrix = np.random.default_rng(3).standard_normal((700, 33)).astype(np.float32)
    one = top_k(matrix, matrix, k=9, n_jobs=1)
    many = top_k(matrix, matrix, k=9, n_jobs=n_jobs)
    assert [part.tobytes() for part in many] == [part.tobytes() for part in one]


@pytest.mark.parametrize("row", [0, 5, 63, 64, 99])
def test_a_query_alone_gets_the_bytes_it_gets_among_others(row):
    matrix = np.random.default_rng(4).standard_normal((100, 19)).astype(np.float32)
    batch = top_k(matrix, matrix, k=4)
    single = top_k(matrix[row : row + 1], matrix, k=4)
    assert [part[0].tobytes() for part in single] == [part[row].tobytes() for part in batch]


@pytest.mark.parametrize(("n", "k", "expected"), [(0, 3, 0), (1, 3, 1), (4, 9, 4), (4, 0, 0)])
def test_k_beyond_the_rows_gives_all_rows(n, k, expected):
    ids, scores = top_k(np.ones((2, 3), np.float32), np.ones((n, 3), np.float32), k=k)
    assert ids.shape == scores.shape == (2, expected)


def test_several_rows_may_be_excluded_and_minus_one_excludes_none():
    matrix = np.diag([4.0, 3.0, 2.0, 1.0]).astype(np.float32)
    ids, _ = top_k(np.ones((2, 4), np.float32), matrix, k=9, exclude=[[0, 2], [-1, 3]])
    assert ids.tolist() == [[1, 3], [0, 1]]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_row_that_is_not_finite_is_named(bad):
    matrix = np.ones((6, 2), np.float32)
    matrix[4, 1] = bad
    with pytest.raises(DataError, match="row 4"):
        top_k(matrix[:2], matrix, k=1)


def test_products_that_overflow_are_refused():
    matrix = np.array([[3e38, 3e38], [3e38, -3e38]], np.float32)
    with pytest.raises(DataError, match="normalise"):
        top_k(matrix, np.array([[3e38, -3e38]], np.float32), k=1)


@pytest.mark.parametrize("exclude", [[[7]], [[-2]]])
def test_an_excluded_row_must_exist(exclude):
    with pytest.raises(DataError, match="row numbers"):
        top_k(np.ones((1, 2), np.float32), np.ones((3, 2), np.float32), k=1, exclude=exclude)


def test_columns_must_agree():
    with pytest.raises(DataError, match="2 columns"):
        top_k(np.ones((1, 2), np.float32), np.ones((3, 4), np.float32), k=1)


@pytest.mark.parametrize("n_jobs", [0, -1, 1.5, "many"])
def test_n_jobs_outside_its_range_is_refused(n_jobs):
    with pytest.raises(OptionError, match="n_jobs"):
        n_threads(n_jobs)


@pytest.mark.parametrize("scale", [1e-30, 1e-3, 1.0, 1e30])
def test_lengths_neither_overflow_nor_vanish(scale):
    unit = normalised_rows((np.array([[3.0, 4.0]]) * scale).astype(np.float32))
    assert np.abs(unit - [[0.6, 0.8]]).max() < 1e-6


def test_a_row_of_zeros_stays_zeros():
    assert normalised_rows(np.zeros((2, 3), np.float32)).tolist() == [[0.0] * 3] * 2


def test_a_matrix_that_is_known_to_be_finite_is_not_read_once_more(monkeypatch: pytest.MonkeyPatch):
    vectors = Vectors([str(i) for i in range(17)], small_integers(17, 3, seed=5))
    expected = top_k(vectors.normalised[3:4], vectors.normalised, k=4, exclude=[3])
    read = []
    monkeypatch.setattr(neighbors, "check_finite", lambda matrix, name: read.append((name, len(matrix))))
    found = vectors.similar_ids([[3]], k=4)
    assert [found.ids.tolist(), found.similarities.tolist()] == [part.tolist() for part in expected]
    vectors.neighbors([3], k=4)
    vectors.most_similar("3", k=4)
    assert read == [("queries", 1)] * 3
