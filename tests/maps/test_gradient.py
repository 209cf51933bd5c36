"""The gradient and the divergence against sums over all pairs in float64, and how far theta leads away from them."""

import numpy as np
import pytest
from map_oracle import dense, gradient_by_hand, kl_by_hand, planted

from firth import _kernel
from firth.errors import DataError
from firth.maps.affinities import affinities, gradient, kl_divergence
from firth.maps.options import MapOptions

SIZES = pytest.mark.parametrize("n", [2, 3, 17, 33, 100])
LENGTHS = [1e-3, 0.1, 1.0, 10.0, 100.0, 1000.0]
EXTENTS = pytest.mark.parametrize("extent", LENGTHS)
# A point meets itself with 1 in float32, so Z is not better than 1e-7 a point: few points must not lie too far apart.
SIZES_AND_EXTENTS = pytest.mark.parametrize(
    ("n", "extent"), [(n, extent) for n in (2, 3, 17, 33, 100) for extent in LENGTHS if extent <= n**1.5]
)


def example(n=100, *, seed=1, extent=10.0):
    given = affinities(planted(n)[0], MapOptions(perplexity=8), n_jobs=1)
    return given, (extent * np.random.default_rng(seed).standard_normal((n, 2))).astype(np.float32)


def relative(found, expected):
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


@SIZES_AND_EXTENTS
def test_exact_forces_are_the_gradient_by_hand(n, extent):
    given, xy = example(n, extent=extent)
    expected = gradient_by_hand(dense(given), xy)
    if n == 2:  # p = q, whatever the places
        assert np.abs(gradient(given, xy)).max() < 1e-6 * min(1, extent)
    else:
        assert relative(gradient(given, xy), expected) < 1e-4


@SIZES_AND_EXTENTS
def test_the_exact_divergence_is_that_by_hand(n, extent):
    given, xy = example(n, extent=extent)
    assert kl_divergence(given, xy) == pytest.approx(kl_by_hand(dense(given), xy), rel=1e-5, abs=2e-6)


@pytest.mark.parametrize("n", [3, 17, 40])
def test_the_gradient_by_hand_is_the_slope_of_the_divergence(n):
    given, xy = example(n, extent=2.0)
    p, places, h = dense(given), xy.astype(np.float64), 1e-5
    p /= p.sum()
    by_hand = gradient_by_hand(p, places)
    for i, axis in ((0, 0), (n - 1, 1), (n // 2, 0)):
        step = np.zeros_like(places)
        step[i, axis] = h
        slope = (kl_by_hand(p, places + step) - kl_by_hand(p, places - step)) / (2 * h)
        assert by_hand[i, axis] == pytest.approx(slope, rel=1e-5, abs=1e-9)


def test_forces_are_the_slope_of_the_divergence_that_is_reported():
    given, xy = example(100, extent=5.0)
    direction = np.random.default_rng(3).standard_normal(xy.shape).astype(np.float32)
    h = 0.01
    slope = (kl_divergence(given, xy + h * direction) - kl_divergence(given, xy - h * direction)) / (2 * h)
    assert slope == pytest.approx((gradient(given, xy) * direction).sum(), rel=0.02)


def points(kind, extent, seed, n=3000):
    random = np.random.default_rng(seed)
    if kind == "uniform":
        xy = random.random((n, 2)) - 0.5
    elif kind == "clustered":
        xy = (random.random((12, 2)) - 0.5)[random.integers(0, 12, n)] + 0.02 * random.standard_normal((n, 2))
    elif kind == "collinear":
        xy = (random.random((n, 1)) - 0.5) * np.array([[1.0, 0.37]])
    else:
        xy = (random.random((37, 2)) - 0.5)[random.integers(0, 37, n)]
    return (xy * extent).astype(np.float32)


def repulsion(xy, theta, *, n_jobs=2):
    """Return the part of the gradient that repels, by 4, and Z: those of affinities of 0."""
    nothing = np.zeros(len(xy) + 1, np.int64), np.empty(0, np.int32), np.empty(0, np.float32)
    found, z = _kernel.Descent(*nothing, xy, theta).forces(n_jobs)
    return found.astype(np.float64), z


KINDS = pytest.mark.parametrize("kind", ["uniform", "clustered", "collinear", "duplicates"])
# The worst of 50 seeds over all kinds and extents at theta = 0.5: 0.0232 of the force (collinear, 100), 0.0018 of Z
# (clustered, 10); at 0.25: 0.0033 and 0.00014; at 1: 0.36 (collinear, 100) and 0.029 (clustered, 100).
FORCE_BOUND, Z_BOUND = {0.25: 0.005, 0.5: 0.035, 1.0: 0.5}, {0.25: 0.0003, 0.5: 0.003, 1.0: 0.045}


@KINDS
@EXTENTS
@pytest.mark.parametrize("theta", [0.25, 0.5, 1.0])
def test_far_groups_taken_as_one_change_the_repulsion_little(kind, extent, theta):
    for seed in (1, 2):
        xy = points(kind, extent, seed)
        (exact, exact_z), (found, z) = repulsion(xy, 0.0), repulsion(xy, theta)
        assert relative(found, exact) < FORCE_BOUND[theta]
        assert abs(z / exact_z - 1) < Z_BOUND[theta]


@KINDS
@pytest.mark.parametrize("extent", [10.0, 100.0])
def test_a_smaller_theta_is_nearer_to_the_exact_forces(kind, extent):
    xy = points(kind, extent, 3)
    exact, _ = repulsion(xy, 0.0)
    errors = [relative(repulsion(xy, theta)[0], exact) for theta in (0.2, 0.4, 0.7, 1.0)]
    assert errors == sorted(errors)
    assert errors[0] < errors[-1] / 10


def test_a_node_of_equal_points_does_not_push_them():
    # Sums of 81 equal places round; their mean must not lie beside them (an error of 17 of the force at theta 0.5).
    xy = points("duplicates", 1000.0, 1)
    exact, _ = repulsion(xy, 0.0)
    assert relative(repulsion(xy, 0.25)[0], exact) < 1e-3


@pytest.mark.parametrize("theta", [0.0, 0.5])
def test_repulsion_is_that_by_hand(theta):
    xy = points("clustered", 30.0, 1, n=401)
    expected = gradient_by_hand(np.zeros((401, 401)), xy) / 4
    assert relative(repulsion(xy, theta)[0], expected) < (1e-5 if theta == 0 else FORCE_BOUND[0.5])


@SIZES
@pytest.mark.parametrize("theta", [0.0, 0.5])
def test_forces_on_points_in_another_order_are_the_same(n, theta):
    given, xy = example(n)
    order = np.random.default_rng(5).permutation(n)
    back = np.argsort(order)
    p = dense(given)[np.ix_(order, order)]
    rows, columns = np.nonzero(p)
    starts = np.searchsorted(rows, np.arange(n + 1))
    descent = _kernel.Descent(starts, columns.astype(np.int32), p[rows, columns].astype(np.float32), xy[order], theta)
    found = 4.0 * descent.forces(1)[0].astype(np.float64)[back]
    expected = gradient(given, xy, theta=theta)
    assert np.abs(found - expected).max() <= 1e-4 * np.abs(expected).max() + 1e-7


@pytest.mark.parametrize("shift", [(100.0, -30.0), (-3.0, 0.25)])
def test_forces_do_not_depend_on_where_the_map_lies(shift):
    given, xy = example(100)
    expected = gradient(given, xy)
    assert relative(gradient(given, xy + np.float32(shift)), expected) < 1e-4
    assert relative(gradient(given, xy + np.float32(shift), theta=0.5), expected) < FORCE_BOUND[0.5]


@pytest.mark.parametrize(("theta", "bound"), [(0.0, 1e-6), (0.5, 1e-2)])
def test_forces_cancel_over_all_points(theta, bound):
    given, xy = example(100)
    found = gradient(given, xy, theta=theta)
    assert np.abs(found.sum(axis=0)).max() < bound * np.abs(found).sum()


@pytest.mark.parametrize("theta", [0.0, 0.5])
@pytest.mark.parametrize("n", [17, 3000])
def test_any_number_of_threads_gives_the_same_forces(n, theta):
    xy = points("clustered", 40.0, 1, n=n)
    one, one_z = repulsion(xy, theta, n_jobs=1)
    for n_jobs in (2, 3, 8):
        found, z = repulsion(xy, theta, n_jobs=n_jobs)
        assert found.tobytes() == one.tobytes()
        assert z == one_z


def test_forces_on_points_in_one_place_are_nothing():
    found, z = repulsion(np.full((100, 2), 3.25, np.float32), 0.5)
    assert not found.any()
    assert z == 100 * 99


@pytest.mark.parametrize("xy", [np.zeros((9, 2)), np.zeros((10, 3)), np.full((10, 2), np.nan), np.zeros(10)])
@pytest.mark.parametrize("ask", [gradient, kl_divergence])
def test_places_that_do_not_fit_are_refused(ask, xy):
    given, _ = example(10)
    with pytest.raises(DataError, match="xy"):
        ask(given, xy)


def wrong_descents():
    ok = {
        "starts": np.int64([0, 1, 2]),
        "columns": np.int32([1, 0]),
        "values": np.float32([0.5, 0.5]),
        "xy": np.zeros((2, 2), np.float32),
        "theta": 0.5,
    }
    yield {**ok, "starts": np.int64([0, 2])}, "one entry per point and one more"
    yield {**ok, "starts": np.int64([0, 3, 2])}, "starts must not fall"
    yield {**ok, "starts": np.int64([0, 1, 1])}, "from 0 to the number of values"
    yield {**ok, "columns": np.int32([2, 0])}, "number of a point"
    yield {**ok, "columns": np.int32([1])}, "same length"
    yield {**ok, "xy": np.zeros((2, 3), np.float32)}, "two columns"
    yield {**ok, "xy": np.zeros((0, 2), np.float32)}, "from 1 to"
    yield {**ok, "theta": -1.0}, "theta must be >= 0"


@pytest.mark.parametrize(("arguments", "rule"), list(wrong_descents()))
def test_the_kernel_refuses_affinities_that_are_none(arguments, rule):
    with pytest.raises(ValueError, match=rule):
        _kernel.Descent(*arguments.values())


def test_a_map_without_a_divergence_is_refused():
    given, xy = example(100)
    with pytest.raises(DataError, match="too far apart"):
        kl_divergence(given, xy * np.float32(1e15))
