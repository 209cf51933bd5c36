import numpy as np
import pytest

from firth.errors import DataError, OptionError
from firth.maps import quality


def example(n=120, size=6):
    random = np.random.default_rng(3)
    matrix = random.standard_normal((n, size))
    return matrix, matrix[:, :2] + 0.5 * random.standard_normal((n, 2))


def nearest_by_hand(points, k):
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    return np.argsort(distances, axis=1, kind="stable")[:, :k]


@pytest.mark.parametrize("k", [1, 3, 10, 40])
def test_trustworthiness_is_scikit_learns(k):
    manifold = pytest.importorskip("sklearn.manifold", reason="scikit-learn is not installed")
    matrix, xy = example()
    unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    assert quality.trustworthiness(matrix, xy, k=k) == pytest.approx(
        manifold.trustworthiness(unit, xy.astype(np.float32), n_neighbors=k), abs=1e-6
    )


@pytest.mark.parametrize("k", [1, 5, 30])
def test_preservation_is_brute_force(k):
    matrix, xy = example()
    true = nearest_by_hand(matrix / np.linalg.norm(matrix, axis=1, keepdims=True), k)
    shown = nearest_by_hand(xy, k)
    kept = [len(set(a) & set(b)) / k for a, b in zip(true.tolist(), shown.tolist(), strict=True)]
    assert quality.neighbor_preservation(matrix, xy, k=k) == pytest.approx(np.mean(kept))
    assert quality.distortion(matrix, xy, k=k) == pytest.approx(1 - np.array(kept))


def test_blocks_change_nothing(monkeypatch):
    matrix, xy = example()
    xy[50:60] = xy[50]  # ties, which are searched in full
    whole = quality.trustworthiness(matrix, xy), quality.neighbor_preservation(matrix, xy)
    monkeypatch.setattr(quality, "_BLOCK_NUMBERS", 500)
    assert (quality.trustworthiness(matrix, xy), quality.neighbor_preservation(matrix, xy)) == pytest.approx(whole)


def test_a_plane_shown_as_it_is_can_be_trusted():
    angles = np.linspace(0.0, 5.0, 40) ** 1.1
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert quality.trustworthiness(circle, circle, k=3) == 1.0
    assert quality.neighbor_preservation(circle, circle, k=3) == 1.0


@pytest.mark.parametrize("k", [1, 4, 14])
def test_equal_distances_are_ordered_by_id(k):
    places = np.array([[x % 5, x // 5] for x in range(30)], dtype=np.float64)
    places[20:] = places[20]
    expected = np.sort(nearest_by_hand(places, k), axis=1)
    assert quality._nearest_places(places, k).tolist() == expected.tolist()


def test_points_in_one_place_have_the_lowest_ids_as_neighbours():
    assert quality._nearest_places(np.zeros((9, 2)), 2).tolist() == [[1, 2], [0, 2]] + [[0, 1]] * 7


@pytest.mark.parametrize("k", [0, 60])
def test_k_must_be_less_than_half_the_items(k):
    with pytest.raises(OptionError, match="less than half"):
        quality.trustworthiness(*example(), k=k)


def test_a_map_of_other_items_is_refused():
    matrix, xy = example()
    with pytest.raises(DataError, match=r"\(120, 2\)"):
        quality.distortion(matrix, xy[:-1])
