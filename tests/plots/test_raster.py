"""Points become pixels: counted exactly, mixed by their shares, denser is more opaque."""

import numpy as np
import pytest

from firth.plots import raster
from firth.plots.raster import Look, disc, paint, splat

FLAT = Look(disc_px=3.0, opacity=0.5, smooth=False)
SHADED = Look(disc_px=3.0, opacity=0.5)
RED, BLUE = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)


def as_it_is(means):
    return means.astype(np.float64)


def painted(places, colors, look=SHADED, shape=(40, 30)):
    return paint(np.array(places, float).reshape(-1, 2), np.array(colors, float), as_it_is, look=look, shape=shape)


@pytest.mark.parametrize("n", [0, 1, 3, 17])
def test_a_grid_holds_the_weights_of_all_points(n: int):
    random = np.random.default_rng(n)
    places, weights = random.uniform(1, 8, (n, 2)), random.random(n)
    assert splat(places, weights, (10, 9)).sum() == pytest.approx(weights.sum(), abs=1e-5)


def test_a_point_is_divided_among_the_pixels_around_it():
    grid = splat(np.array([[3.25, 1.5]]), None, (4, 6))
    assert grid[1:3, 3:5].tolist() == [[0.375, 0.125], [0.375, 0.125]]
    assert grid.sum() == 1


def test_what_lies_outside_is_left_out():
    grid = splat(np.array([[-5.0, 2.0], [50.0, 2.0], [2.0, -1.0], [2.0, 900.0], [2.0, 2.0]]), None, (5, 6))
    assert grid.sum() == grid[2, 2] == 1


@pytest.mark.parametrize("diameter", [0.4, 1.0, 1.6, 3.04, 8.0])
def test_a_disc_has_its_area_and_is_symmetric(diameter: float):
    stamp = disc(diameter)
    assert stamp.shape[0] == stamp.shape[1]
    assert len(stamp) % 2 == 1
    assert stamp.sum() == pytest.approx(np.pi * diameter**2 / 4, rel=0.06)
    assert (stamp == stamp[::-1]).all()
    assert (stamp == stamp.T).all()


@pytest.mark.parametrize("n_points", [5, 2000], ids=["few pixels", "most pixels"])
def test_a_stamped_grid_is_the_sum_of_the_stamps(n_points: int):
    random = np.random.default_rng(1)
    grid = splat(random.uniform(-0.5, 20, (n_points, 2)), None, (21, 20))
    stamp = disc(4.3)
    reach = len(stamp) // 2
    expected = np.zeros((21 + 2 * reach, 20 + 2 * reach))
    for row, column in np.argwhere(grid):
        expected[row : row + len(stamp), column : column + len(stamp)] += grid[row, column] * stamp
    np.testing.assert_allclose(raster._stamped(grid, stamp), expected[reach:-reach, reach:-reach], atol=1e-4)


@pytest.mark.parametrize("look", [FLAT, SHADED], ids=["discs", "shaded"])
def test_a_lone_point_is_a_disc_of_its_colour_and_opacity(look: Look):
    image = painted([[12, 20]], [RED], look)
    assert image[20, 12].tolist() == [255, 0, 0, 128]
    assert image[20, 15, 3] == 0
    assert image[..., 3].sum() / 128 == pytest.approx(np.pi * 1.5**2, rel=0.06)


@pytest.mark.parametrize("look", [FLAT, SHADED], ids=["discs", "shaded"])
def test_colours_are_mixed_by_their_shares(look: Look):
    image = painted([[12, 20]] * 4, [RED, RED, RED, BLUE], look)
    assert image[20, 12, :3].tolist() == [191, 0, 64]


def test_denser_is_more_opaque():
    random = np.random.default_rng(2)
    crowds = [random.normal((column, 20), 1.5, (n, 2)) for column, n in ((8, 60), (30, 300), (52, 1500))]
    image = painted(np.vstack(crowds), [RED] * 1860, shape=(40, 60))
    middle = [int(image[20, column, 3]) for column in (8, 30, 52)]
    assert 128 < middle[0] < middle[1] < middle[2]


def test_a_crowd_is_smooth_where_its_discs_are_not():
    counts = splat(np.random.default_rng(4).uniform(0, 60, (6000, 2)), None, (60, 60))
    fine = raster._stamped(counts, disc(3.0))
    smooth = raster._Smoothing(counts, disc(3.0), SHADED).blend(counts, fine)
    inner = slice(15, 45), slice(15, 45)
    assert np.abs(np.diff(smooth[inner])).mean() < 0.4 * np.abs(np.diff(fine[inner])).mean()
    assert smooth[inner].mean() == pytest.approx(fine[inner].mean(), rel=0.01)


def test_sparse_points_are_not_smoothed():
    counts = splat(np.random.default_rng(4).uniform(0, 200, (200, 2)), None, (200, 200))
    fine = raster._stamped(counts, disc(3.0))
    assert (raster._Smoothing(counts, disc(3.0), SHADED).blend(counts, fine) == fine).mean() > 0.99


def test_nothing_is_painted_of_no_points():
    assert not painted([], np.zeros((0, 3))).any()


def test_the_same_points_give_the_same_pixels():
    random = np.random.default_rng(5)
    places, colors = random.uniform(0, 30, (500, 2)), random.random((500, 3))
    assert painted(places, colors).tobytes() == painted(places.copy(), colors.copy()).tobytes()
