"""Affinities against a bisection by hand in float64, and what must hold for any of them."""

import numpy as np
import pytest
from map_oracle import bisected, conditional_by_hand, dense, joint_by_hand, perplexity_of, planted

from firth import _kernel
from firth.errors import DataError, OptionError
from firth.maps.affinities import affinities, usable_perplexities
from firth.maps.options import MapOptions

SIZES = pytest.mark.parametrize("n", [2, 3, 4, 17, 100])
METRICS = pytest.mark.parametrize("metric", ["cosine", "euclidean"])


def made(matrix, *, n_jobs=2, **options):
    return affinities(matrix, MapOptions(**options), n_jobs=n_jobs)


def conditional(near_squares, perplexities, *, n_points=None, n_jobs=1):
    near_squares = np.float32(near_squares)
    n, k = near_squares.shape
    ids = np.int32([np.arange(k)] * n)
    return _kernel.conditional_affinities(
        ids, near_squares, n_points=n_points or k, perplexities=perplexities, n_jobs=n_jobs
    )


@METRICS
@SIZES
def test_all_affinities_add_up_to_one(n, metric):
    given = made(planted(n)[0], perplexity=10, metric=metric)
    assert given.values.astype(np.float64).sum() == pytest.approx(1, abs=1e-6)
    assert (given.values > 0).all()


@SIZES
def test_affinities_are_exactly_symmetric(n):
    p = dense(made(planted(n)[0], perplexity=10))
    assert np.array_equal(p, p.T)
    assert not p.diagonal().any()


@SIZES
def test_columns_ascend_in_every_row(n):
    given = made(planted(n)[0], perplexity=10)
    assert given.starts[0] == 0
    assert given.starts[-1] == len(given.columns) == len(given.values)
    for i in range(n):
        row = given.columns[given.starts[i] : given.starts[i + 1]]
        assert (np.diff(row) > 0).all()
        assert 0 <= row[0] <= row[-1] < n


@pytest.mark.parametrize("perplexity", [1.5, 5.0, 30.0])
def test_every_rows_perplexity_is_what_was_asked_for(perplexity):
    near_squares = np.sort(np.random.default_rng(2).gamma(3, size=(40, 90)), axis=1)
    for row in conditional(near_squares, (perplexity,)).astype(np.float64):
        assert row.sum() == pytest.approx(1, abs=1e-6)
        assert perplexity_of(row) == pytest.approx(perplexity, rel=1e-4)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
@pytest.mark.parametrize("k", [1, 3, 15, 17, 33])
def test_a_row_is_what_bisection_by_hand_gives(k, scale):
    near_squares = np.random.default_rng(k).gamma(2, size=(5, k)) * scale
    perplexity = max(1.0, k / 3)
    found = conditional(near_squares, (perplexity,))
    expected = [bisected(row / scale, perplexity) for row in np.float32(near_squares).astype(np.float64)]
    assert np.abs(found - expected).max() < 1e-4


@METRICS
@pytest.mark.parametrize("perplexity", [(5.0,), (3.0, 20.0), (2.0, 9.0, 30.0)])
def test_affinities_are_those_by_hand(perplexity, metric):
    matrix = planted(100)[0]
    given = made(matrix, perplexity=perplexity, metric=metric)
    assert given.perplexity == perplexity
    assert np.abs(dense(given) - joint_by_hand(matrix, perplexity, metric=metric)).max() < 1e-6


def test_affinities_are_scikit_learns():
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    from sklearn.manifold._t_sne import _joint_probabilities_nn
    from sklearn.neighbors import NearestNeighbors

    matrix = planted(120)[0].astype(np.float32)
    graph = NearestNeighbors(n_neighbors=30).fit(matrix).kneighbors_graph(mode="distance")
    graph.data **= 2
    expected = _joint_probabilities_nn(graph, 10.0, 0).toarray()
    assert np.abs(dense(made(matrix, perplexity=10, metric="euclidean")) - expected).max() < 1e-6


def test_several_perplexities_are_averaged():
    near_squares = np.random.default_rng(4).gamma(2, size=(7, 60))
    both = conditional(near_squares, (4.0, 20.0))
    apart = [conditional(near_squares, (perplexity,)) for perplexity in (4.0, 20.0)]
    assert np.abs(both - np.mean(apart, axis=0)).max() < 1e-7


@pytest.mark.parametrize("distance", [0.0, 0.25, 1e6])
@pytest.mark.parametrize("n_tied", [6, 16, 17])
def test_more_equal_neighbours_than_the_perplexity_share_equally(n_tied, distance):
    near_squares = np.concatenate([np.full(n_tied, distance), distance + np.arange(1, 40)])
    row = conditional([near_squares], (5.0,))[0]
    assert np.abs(row[:n_tied] - 1 / n_tied).max() < 1e-6
    assert row[n_tied:].max() < 1e-6


@SIZES
def test_of_few_items_each_is_a_neighbour_of_all(n):
    given = made(planted(n)[0], perplexity=200.0)
    assert given.perplexity == (max(1.0, (n - 1) / 3),)
    assert np.diff(given.starts).max() <= n - 1


@pytest.mark.parametrize(
    ("asked", "n", "used"),
    [
        ((30.0,), 1000, (30.0,)),
        ((30.0,), 31, (10.0,)),
        ((30.0,), 2, (1.0,)),
        ((50.0, 10.0), 1000, (10.0, 50.0)),
        ((50.0, 30.0, 2.0), 31, (2.0, 10.0)),
    ],
)
def test_perplexities_that_the_items_do_not_allow_are_lowered(asked, n, used):
    assert usable_perplexities(MapOptions(perplexity=asked), n) == used


@pytest.mark.parametrize("n", [2, 17, 2500])
def test_any_number_of_threads_gives_the_same_affinities(n):
    matrix = planted(n, 5, n_groups=7)[0]
    one = made(matrix, n_jobs=1, perplexity=12)
    for n_jobs in (2, 3, 8):
        other = made(matrix, n_jobs=n_jobs, perplexity=12)
        for name in ("starts", "columns", "values"):
            assert getattr(other, name).tobytes() == getattr(one, name).tobytes(), (name, n_jobs)


@METRICS
def test_items_in_another_order_have_the_same_affinities(metric):
    matrix = planted(101)[0]
    order = np.random.default_rng(8).permutation(101)
    p, shuffled = dense(made(matrix, metric=metric)), dense(made(matrix[order], metric=metric))
    assert np.abs(shuffled - p[np.ix_(order, order)]).max() < 1e-6


def test_the_entropy_part_is_the_sum_of_p_log_p():
    given = made(planted(100)[0])
    values = given.values.astype(np.float64)
    assert given.entropy_part == pytest.approx((values * np.log(values)).sum(), abs=1e-12)


def test_a_row_without_neighbours_in_common_has_affinities_too():
    matrix = np.vstack([planted(60)[0], 1e4 * np.eye(1, 8)])
    p = conditional_by_hand(matrix, (5.0,), metric="euclidean")
    given = dense(made(matrix, perplexity=5, metric="euclidean"))
    assert given[60].sum() == pytest.approx((p[60].sum() + p[:, 60].sum()) / (2 * 61), abs=1e-6)
    assert given[60].sum() >= 1 / (2 * 61) - 1e-7


@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_items_have_no_affinities(n):
    with pytest.raises(DataError, match=f"need two items or more, got {n}"):
        affinities(planted(5)[0][:n])


def test_a_row_that_is_not_finite_is_named():
    matrix = planted(20)[0]
    matrix[7, 2] = np.nan
    with pytest.raises(DataError, match="row 7"):
        affinities(matrix)


@pytest.mark.parametrize(
    "wrong",
    [
        {"perplexity": 0.5},
        {"perplexity": float("nan")},
        {"perplexity": ()},
        {"perplexity": (30.0, 0.0)},
        {"n_neighbors": 1},
        {"n_iter": -1},
        {"early_iter": -1},
        {"early_exaggeration": 0.5},
        {"learning_rate": 0.0},
        {"learning_rate": float("inf")},
        {"theta": -0.1},
        {"theta": 1.5},
        {"patience": 30},
        {"patience": -50},
        {"method": "magic"},
        {"metric": "manhattan"},
        {"neighbors": "some"},
    ],
    ids=str,
)
def test_an_option_out_of_range_is_refused(wrong):
    with pytest.raises(OptionError, match=f"{next(iter(wrong))} must be"):
        MapOptions(**wrong)


def test_scikit_learn_is_not_asked_for_fewer_steps_than_it_takes():
    with pytest.raises(OptionError, match="n_iter must be >= 250 for method 'sklearn', got 249"):
        MapOptions(method="sklearn", n_iter=249)


WRONG_NEIGHBOURS = {
    "a neighbor must be the number of a point": (np.int32([[3], [0]]), np.float32([[1], [1]])),
    "squares must be finite": (np.int32([[1], [0]]), np.float32([[1], [np.nan]])),
    "differ in shape": (np.int32([[1], [0]]), np.float32([[1, 2], [1, 2]])),
    "each row needs a neighbor": (np.empty((2, 0), np.int32), np.empty((2, 0), np.float32)),
}


@pytest.mark.parametrize("rule", WRONG_NEIGHBOURS)
def test_the_kernel_refuses_neighbours_that_are_none(rule):
    ids, near_squares = WRONG_NEIGHBOURS[rule]
    with pytest.raises(ValueError, match=rule):
        _kernel.affinities(ids, near_squares, perplexities=(1.0,), n_jobs=1)
