from __future__ import annotations

import numpy as np
import pytest

from firth.errors import DataError, MissingExtraError, OptionError
from firth.vectors import hdbscan as module
from firth.vectors.hdbscan import by_size, hdbscan


@pytest.fixture(scope="module")
def planted() -> tuple[np.ndarray, np.ndarray]:
    """Three tight groups of 70, 40 and 25, and 30 items anywhere (-1)."""
    random = np.random.default_rng(5)
    groups = random.permutation(np.repeat([0, 1, 2, -1], [70, 40, 25, 30]))
    centres = random.standard_normal((3, 12)) * 3
    matrix = random.standard_normal((len(groups), 12)) * np.where(groups < 0, 2.0, 0.3)[:, None]
    matrix[groups >= 0] += centres[groups[groups >= 0]]
    return matrix, groups


@pytest.mark.parametrize("n_components", [None, 3, 99])
def test_planted_groups_are_found_and_noise_is_in_none(planted, n_components):
    matrix, groups = planted
    labels = hdbscan(matrix, min_cluster_size=10, n_components=n_components)
    assert (labels[groups >= 0] == groups[groups >= 0]).mean() > 0.95
    if n_components != 3:  # in so few, noise comes to lie in the groups
        assert (labels[groups < 0] == -1).mean() > 0.7
    assert labels.dtype == np.int32


def test_length_does_not_matter(planted):
    scales = np.random.default_rng(0).uniform(0.1, 10.0, (len(planted[0]), 1))
    assert np.array_equal(hdbscan(planted[0] * scales, min_cluster_size=10), hdbscan(planted[0], min_cluster_size=10))


@pytest.mark.parametrize("n_jobs", [1, 2, 3, 8])
def test_the_labels_are_the_same_for_any_threads(planted, n_jobs):
    one = hdbscan(planted[0], min_cluster_size=10, n_components=4, n_jobs=1)
    assert hdbscan(planted[0], min_cluster_size=10, n_components=4, n_jobs=n_jobs).tobytes() == one.tobytes()


@pytest.mark.parametrize("n", [0, 1, 3, 17])
def test_few_items_are_no_cluster(n):
    assert hdbscan(np.ones((n, 3)), min_cluster_size=18).tolist() == [-1] * n


def test_labels_go_by_size_and_then_by_the_first_item():
    assert by_size([4, 0, 0, 4, -1, 9, 9, 9]).tolist() == [1, 2, 2, 1, -1, 0, 0, 0]
    assert by_size(np.array([], dtype=int)).tolist() == []


@pytest.mark.parametrize(
    ("options", "message"),
    [({"min_cluster_size": 1}, "min_cluster_size must be >= 2, got 1"), ({"n_components": 0}, "n_components must be")],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(OptionError, match=message):
        hdbscan(np.eye(4), **options)


def test_rows_that_are_not_finite_are_refused():
    with pytest.raises(DataError, match="row 1"):
        hdbscan([[1.0, 0.0], [np.nan, 0.0]])


def test_without_scikit_learn_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"firth\[clusters\]"):
        hdbscan(np.eye(4), min_cluster_size=2)
