import numpy as np
import pytest

import firth.vectors.nearest as module
from firth import _kernel
from firth.errors import DataError, OptionError
from firth.progress import CallbackProgress
from firth.vectors.cells import build_cells
from firth.vectors.nearest import nearest


def brute_force(matrix, k, metric):
    rows = matrix.astype(np.float64)
    if metric == "cosine":
        lengths = np.sqrt((rows * rows).sum(axis=1, keepdims=True))
        unit = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
        squared = 2 - 2 * unit @ unit.T
    else:
        squared = ((rows[:, None] - rows[None]) ** 2).sum(axis=2)
    np.fill_diagonal(squared, np.inf)
    ids = np.argsort(squared, axis=1, kind="stable")[:, :k]
    return ids, np.take_along_axis(squared, ids, axis=1)


def planted(n, size, n_groups, seed=1):
    random = np.random.default_rng(seed)
    centres = random.standard_normal((n_groups, size))
    # Groups of unequal sizes, off the origin.
    groups = (n_groups * random.random(n) ** 2).astype(int)
    return (3 + centres[groups] + 0.4 * random.standard_normal((n, size))).astype(np.float32)


def bytes_of(found):
    return found.ids.tobytes(), found.squared_distances.tobytes(), found.recall


@pytest.fixture(params=_kernel.available_variants())
def variant(request):
    before = _kernel.variant()
    _kernel.choose_variant(request.param)
    yield request.param
    _kernel.choose_variant(before)


@pytest.mark.usefixtures("variant")
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("size", [1, 3, 16, 17, 40])
@pytest.mark.parametrize("n", [2, 3, 17, 150])
def test_exact_is_brute_force(n, size, metric):
    matrix = planted(n, size, 5)
    if metric == "cosine" and size == 1:
        matrix[::2] *= -1
    found = nearest(matrix, k=9, metric=metric)
    ids, squared = brute_force(matrix, min(9, n - 1), metric)
    assert found.method == "exact"
    assert found.recall is None
    assert np.abs(found.squared_distances - squared).max() < 1e-5
    if size > 1:  # on a line the cosines are all ties, rounded differently
        assert (found.ids == ids).mean() > 0.999


@pytest.mark.parametrize("method", ["exact", "approximate"])
def test_equal_distances_come_by_the_lower_row(method):
    matrix = np.repeat(np.array([[0, 0], [5, 1], [9, 9]], np.float32), [4, 3, 1], axis=0)[[0, 4, 1, 7, 5, 2, 6, 3]]
    found = nearest(matrix, k=7, metric="euclidean", method=method)
    ids, squared = brute_force(matrix, 7, "euclidean")
    assert found.ids.tolist() == ids.tolist()
    assert found.squared_distances.tolist() == squared.tolist()


@pytest.mark.parametrize("method", ["exact", "approximate"])
def test_a_row_of_zeros_has_the_cosine_zero_with_every_row(method):
    matrix = np.array([[2, 0], [0, 0], [1, 1], [-1, 0], [0, 0]], np.float32)
    found = nearest(matrix, k=4, method=method)
    assert found.ids.tolist() == [[2, 1, 4, 3], [0, 2, 3, 4], [0, 1, 4, 3], [1, 4, 2, 0], [0, 1, 2, 3]]
    assert found.squared_distances[1].tolist() == [2, 2, 2, 2]
    assert found.squared_distances[3].tolist() == pytest.approx([2, 2, 2 + 2**0.5, 4])


@pytest.mark.parametrize("method", ["exact", "approximate"])
def test_near_rows_far_from_the_others_keep_their_digits(method):
    matrix = np.array([[0.001, 0], [0.0022, 0], [0.0045, 0], [-30000, 3]], np.float32)
    found = nearest(matrix, k=1, metric="euclidean", method=method)
    true = (matrix[0].astype(np.float64) - matrix[1]) ** 2
    assert found.squared_distances[0, 0] == pytest.approx(true.sum(), rel=1e-6)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_approximate_finds_what_it_says(metric):
    matrix = planted(6000, 12, 40)
    found = nearest(matrix, k=30, metric=metric, method="approximate")
    true = nearest(matrix, k=30, metric=metric, method="exact")
    share = (found.squared_distances <= true.squared_distances[:, -1:]).mean()
    assert found.method == "approximate"
    assert share > 0.96  # the worst of 50 seeds: 0.973
    assert found.recall == pytest.approx(share, abs=0.008)  # the worst of 50 seeds: 0.004
    assert share < 1  # it did leave something out, else nothing is tested
    matching = found.ids == true.ids
    assert np.array_equal(found.squared_distances[matching], true.squared_distances[matching])


@pytest.mark.parametrize("method", ["exact", "approximate"])
def test_a_row_is_never_its_own_neighbour_nor_one_twice(method):
    matrix = planted(900, 5, 7)
    ids = nearest(matrix, k=40, metric="euclidean", method=method).ids
    assert (np.diff(np.sort(ids, axis=1), axis=1) > 0).all()
    assert not (ids == np.arange(900)[:, None]).any()
    assert ids.dtype == np.int32


@pytest.mark.parametrize("n_jobs", [2, 3, 8])
@pytest.mark.parametrize("method", ["exact", "approximate"])
def test_the_same_bytes_for_any_threads(method, n_jobs):
    matrix = planted(5000, 9, 30)
    one = nearest(matrix, k=20, method=method, n_jobs=1)
    many = nearest(matrix, k=20, method=method, n_jobs=n_jobs)
    assert bytes_of(one) == bytes_of(many)


@pytest.mark.skipif(len(_kernel.available_variants()) < 3, reason="needs AVX-512")
@pytest.mark.parametrize("method", ["exact", "approximate"])
def test_two_widths_of_registers_give_the_same_bytes(method):
    matrix, before, results = planted(3000, 19, 30), _kernel.variant(), []
    for name in _kernel.available_variants()[1:]:
        _kernel.choose_variant(name)
        results.append(bytes_of(nearest(matrix, k=20, metric="euclidean", method=method)))
    _kernel.choose_variant(before)
    assert results[0] == results[1]


def test_another_seed_is_another_sample():
    matrix = planted(3000, 9, 30)
    assert bytes_of(nearest(matrix, k=20, method="approximate")) != bytes_of(
        nearest(matrix, k=20, method="approximate", seed=2)
    )


def test_auto_approximates_where_it_pays(monkeypatch):
    matrix = planted(3000, 9, 30)
    assert nearest(matrix, k=5).method == "exact"
    monkeypatch.setattr(module, "_LARGE", 3000 * 3000 * 9)
    assert nearest(matrix, k=5).method == "approximate"
    noise = np.random.default_rng(1).random((3000, 90)).astype(np.float32)
    assert nearest(noise, k=50).method == "exact"  # most pairs would be scored anyway


@pytest.mark.parametrize("method", ["exact", "approximate"])
@pytest.mark.parametrize(("n", "k", "expected"), [(0, 3, 0), (1, 3, 0), (2, 3, 1), (4, 9, 3), (4, 0, 0)])
def test_k_beyond_the_rows_gives_all_other_rows(n, k, expected, method):
    found = nearest(np.ones((n, 3), np.float32), k=k, method=method)
    assert found.ids.shape == found.squared_distances.shape == (n, expected)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_copies_of_few_rows_are_found(metric):
    matrix = np.repeat(planted(3, 4, 3), [500, 30, 2], axis=0)
    found = nearest(matrix, k=20, metric=metric, method="approximate")
    assert (found.squared_distances[:500] == 0).all()
    assert found.ids[0].tolist() == list(range(1, 21))


def test_cells_hold_each_row_once():
    matrix = planted(1000, 6, 20)
    cells = build_cells(matrix, seed=1, n_jobs=2)
    assert np.sort(cells.order).tolist() == list(range(1000))
    assert (np.diff(cells.offsets) > 0).all()
    assert (cells.offsets[0], cells.offsets[-1]) == (0, 1000)


@pytest.mark.parametrize("method", ["exact", "approximate"])
def test_long_searches_say_how_far_they_are(monkeypatch, method):
    monkeypatch.setattr(module, "_LONG", 0.0)
    monkeypatch.setattr(module, "_PIECE", 1.0)
    heard = []
    progress = CallbackProgress(lambda what, done, total, _: heard.append((what, done, total)))
    nearest(planted(9000 if method == "approximate" else 300, 3, 4), k=2, method=method, n_jobs=1, progress=progress)
    done = [each[1] for each in heard]
    assert len(done) > 1
    assert done == sorted(done)
    assert done[-1] == heard[-1][2]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_row_that_is_not_finite_is_named(bad):
    matrix = np.ones((6, 2), np.float32)
    matrix[4, 1] = bad
    with pytest.raises(DataError, match="row 4"):
        nearest(matrix, k=1)


def test_distances_that_overflow_are_refused():
    with pytest.raises(DataError, match="scale"):
        nearest(np.array([[3e38, 0], [-3e38, 0], [0, 3e38]], np.float32), k=1, metric="euclidean")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"k": -1}, "k must be >= 0"),
        ({"k": 1, "metric": "manhattan"}, "metric"),
        ({"k": 1, "method": "fast"}, "method"),
        ({"k": 1, "seed": -1}, "seed"),
        ({"k": 1, "n_jobs": 0}, "n_jobs"),
    ],
)
def test_options_outside_their_range_are_refused(options, message):
    with pytest.raises(OptionError, match=message):
        nearest(np.ones((3, 2), np.float32), **options)
