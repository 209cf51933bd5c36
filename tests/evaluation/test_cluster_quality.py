"""Silhouette and adjusted Rand index against scikit-learn, stability by hand, planted clusters and none."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, silhouette_samples

from firth.errors import DataError
from firth.evaluation import adjusted_rand_index, cluster_quality, silhouettes
from firth.evaluation.clusters import Reclustering
from firth.evaluation.partitions import best_jaccards
from firth.vectors.clusters import cluster


@pytest.mark.parametrize(("n", "size", "n_clusters"), [(3, 1, 2), (17, 3, 4), (200, 16, 7), (90, 2, 30)])
@pytest.mark.parametrize("block", [5, 8192])
def test_silhouettes_are_scikit_learns(
    n: int, size: int, n_clusters: int, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("firth.evaluation.clusters._BLOCK", block)
    random = np.random.default_rng(n)
    matrix = random.standard_normal((n, size)) * random.uniform(0.1, 9, (n, 1)) + 1
    labels = random.permutation(np.arange(n) % n_clusters)
    expected = silhouette_samples(matrix, labels, metric="cosine")
    assert silhouettes(matrix, labels) == pytest.approx(expected, abs=2e-6)  # rows are float32


def test_a_row_of_zeros_is_at_distance_one() -> None:
    matrix = np.array([[1.0, 0.2], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [-0.3, 1.0]])
    labels = [0, 0, 1, 0, 1]
    assert silhouettes(matrix, labels) == pytest.approx(silhouette_samples(matrix, labels, metric="cosine"), abs=1e-6)


def test_a_hand_worked_silhouette() -> None:
    # Item 0: own cluster (item 1, at 60 degrees) at distance 0.5, the other (item 2, opposite) at 2.
    matrix = [[1.0, 0.0], [0.5, np.sqrt(0.75)], [-1.0, 0.0]]
    values = silhouettes(matrix, [0, 0, 1])
    assert values == pytest.approx([(2 - 0.5) / 2, (1.5 - 0.5) / 1.5, 0.0], abs=1e-6)


def test_items_in_no_cluster_have_no_part() -> None:
    random = np.random.default_rng(3)
    matrix, labels = random.standard_normal((40, 4)), random.integers(-1, 3, 40)
    values, inside = silhouettes(matrix, labels), labels >= 0
    assert np.isnan(values[~inside]).all()
    assert values[inside].tobytes() == silhouettes(matrix[inside], labels[inside]).tobytes()


@pytest.mark.parametrize("labels", [[0, 0, 0], [-1, -1, -1], [2, -1, 2]])
def test_one_cluster_or_none_has_no_silhouette(labels: list[int]) -> None:
    assert np.isnan(silhouettes(np.eye(3), labels)).all()


def test_copies_of_one_item_are_no_nearer_to_any_cluster() -> None:
    assert silhouettes(np.full((7, 3), 0.1), [0, 0, 0, 1, 1, 1, 1]).tolist() == [0.0] * 7


@pytest.mark.parametrize("seed", range(6))
def test_the_rand_index_is_scikit_learns(seed: int) -> None:
    random = np.random.default_rng(seed)
    n = int(random.integers(2, 60))
    a, b = random.integers(0, seed + 2, n), random.integers(0, 4, n)
    assert adjusted_rand_index(a, b) == pytest.approx(adjusted_rand_score(a, b))
    assert adjusted_rand_index(a, b) == adjusted_rand_index(b, a) == adjusted_rand_index(a * 7, b)


@pytest.mark.parametrize(("a", "b"), [([], []), ([0], [3]), ([0, 0, 0], [1, 1, 1]), ([0, 1, 2], [2, 1, 0])])
def test_clusterings_that_cannot_differ_are_the_same(a: list[int], b: list[int]) -> None:
    assert adjusted_rand_index(np.array(a, dtype=int), np.array(b, dtype=int)) == 1.0


def test_items_in_no_cluster_are_alone() -> None:
    assert adjusted_rand_index([0, 0, -1, -1, 1, 1], [0, 0, 2, 3, 1, 1]) == 1.0
    assert adjusted_rand_index([0, 0, -1, -1], [0, 0, 1, 1]) < 1.0


def test_the_rand_index_of_random_clusters_is_at_chance() -> None:
    random = np.random.default_rng(1)
    found = [adjusted_rand_index(random.integers(0, 5, 400), random.integers(0, 9, 400)) for _ in range(50)]
    assert abs(np.mean(found)) < 0.002  # the largest of 50 such means was 0.0014, of all values 0.016
    assert max(map(abs, found)) < 0.03


def test_many_items_overflow_nothing() -> None:
    labels = np.zeros(300_000, dtype=np.int64)
    labels[:7] = 1
    assert adjusted_rand_index(labels, labels[::-1]) == pytest.approx(0.0, abs=1e-4)  # products of pairs reach 2e21
    assert adjusted_rand_index(labels, labels) == 1.0


def test_jaccards_of_a_hand_worked_case() -> None:
    # 0 holds items 0-3; of the others 5 holds 0-2 and 6: 3 of 5. 1 holds 4-6; 7 holds 4 and 5: 2 of 3. 2 is in none.
    found = best_jaccards([0, 0, 0, 0, 1, 1, 1, 2], [5, 5, 5, -1, 7, 7, 5, -1], 4)
    assert found[:3].tolist() == [3 / 5, 2 / 3, 0.0]
    assert np.isnan(found[3])


def planted(spread: float) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(5)
    groups = random.permutation(np.repeat([0, 1, 2, 3], [90, 60, 40, 10]))
    return random.standard_normal((4, 16))[groups] * 3 + spread * random.standard_normal((200, 16)), groups


def again(matrix: np.ndarray, n: int) -> list[Reclustering]:
    everything = np.arange(len(matrix))
    return [Reclustering(everything, cluster(matrix, n, seed=seed).labels) for seed in (2, 3, 4)]


def test_planted_clusters_are_good_and_come_out_again() -> None:
    matrix, groups = planted(1.0)
    found = cluster_quality(matrix, groups, again(matrix, 4))
    assert found.adjusted_rand == 1.0
    assert found.silhouette > 0.6
    assert [one.size for one in found.clusters] == [90, 60, 40, 10]
    assert [one.stability for one in found.clusters] == [1.0] * 4
    assert not any(one.is_weak for one in found.clusters)


def test_clusters_of_noise_are_weak() -> None:
    matrix = np.random.default_rng(8).standard_normal((300, 30))
    found = cluster_quality(matrix, cluster(matrix, 6).labels, again(matrix, 6))
    assert found.adjusted_rand < 0.3
    assert all(one.is_weak for one in found.clusters)


def test_a_subset_is_compared_on_its_own_items() -> None:
    matrix, groups = planted(1.0)
    some = np.flatnonzero(np.arange(200) % 3)
    found = cluster_quality(matrix, groups, [Reclustering(some, 3 - groups[some])])
    assert found.adjusted_rand == 1.0
    assert [one.stability for one in found.clusters] == [1.0] * 4


def test_without_other_tries_there_is_no_stability() -> None:
    matrix, groups = planted(1.0)
    found = cluster_quality(matrix, groups)
    assert np.isnan(found.adjusted_rand)
    assert all(np.isnan(one.stability) for one in found.clusters)
    assert not any(one.is_weak for one in found.clusters)


@pytest.mark.parametrize(
    ("labels", "message"),
    [([0, 1], "one whole number per item, 3, got 2"), ([0.0, 1.0, 1.0], "whole number"), ([-2, 0, 1], ">= -1, got -2")],
)
def test_bad_labels_are_refused(labels: list[float], message: str) -> None:
    with pytest.raises(DataError, match=message):
        cluster_quality(np.eye(3), labels)


def test_clusterings_of_other_items_are_refused() -> None:
    with pytest.raises(DataError, match="same items, got 2 and 3"):
        adjusted_rand_index([0, 1], [0, 1, 1])
    with pytest.raises(DataError, match="same items"):
        best_jaccards([0, 1], [0, 1, 1], 2)
