import numpy as np
import polars as pl
import pytest

from firth.errors import DataError, OptionError
from firth.vectors.clusters import cluster
from firth.vectors.lift import name_clusters


@pytest.fixture(scope="module")
def planted():
    random = np.random.default_rng(5)
    groups = random.permutation(np.repeat([0, 1, 2, 3], [90, 60, 40, 10]))
    return random.standard_normal((4, 16))[groups] * 3 + random.standard_normal((200, 16)), groups


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_planted_groups_are_found_the_largest_first(planted, seed):
    matrix, groups = planted
    found = cluster(matrix, 4, seed=seed)
    assert found.sizes.tolist() == [90, 60, 40, 10]
    assert found.labels.tolist() == groups.tolist()


@pytest.mark.parametrize("n_jobs", [2, 3, 8])
def test_clusters_have_the_same_bytes_for_any_threads(planted, n_jobs):
    one, many = cluster(planted[0], 7, n_jobs=1), cluster(planted[0], 7, n_jobs=n_jobs)
    assert one.labels.tobytes() == many.labels.tobytes()
    assert one.centroids.tobytes() == many.centroids.tobytes()


def test_length_does_not_matter(planted):
    scales = np.random.default_rng(0).uniform(0.1, 10.0, (200, 1))
    assert cluster(planted[0] * scales, 4).labels.tolist() == cluster(planted[0], 4).labels.tolist()


@pytest.mark.parametrize("matrix", [np.ones((5, 3)), np.zeros((5, 3)), np.eye(5)])
def test_no_cluster_is_empty_even_where_items_are_alike(matrix):
    found = cluster(matrix, 5)
    assert found.sizes.tolist() == [1] * 5


def test_one_cluster_holds_all(planted):
    assert cluster(planted[0], 1).sizes.tolist() == [200]


@pytest.mark.parametrize("n_clusters", [0, 201])
def test_a_number_of_clusters_out_of_range_is_refused(planted, n_clusters):
    with pytest.raises(OptionError, match="n_clusters"):
        cluster(planted[0], n_clusters)


def test_names_go_by_lift_and_not_by_frequency():
    # "rock" is everywhere, so it names no cluster, though it is the most frequent value of both.
    values = [["rock", "metal"]] * 4 + [["rock"]] * 2 + [["rock"]] * 5 + [["rock", "rap"]] * 5
    names = name_clusters([0] * 6 + [1] * 10, pl.DataFrame({"genre": values}))
    assert [each.name for each in names] == ["metal", "rap"]
    (metal,) = names[0].values
    assert (metal.count, metal.share, metal.overall, metal.lift) == (4, 4 / 6, 4 / 16, pytest.approx(8 / 3))


def test_an_accident_names_no_cluster():
    values = [["odd"]] + [["rock"]] * 19 + [["rock"]] * 20
    assert name_clusters([0] * 20 + [1] * 20, pl.DataFrame({"genre": values}))[0].name == "mixed"


def test_items_without_a_value_can_name_a_cluster():
    names = name_clusters([0] * 4 + [1] * 4, pl.DataFrame({"genre": [["rap"]] * 4 + [[], [], None, []]}))
    assert [each.name for each in names] == ["rap", "no genre"]


def test_names_that_are_alike_get_a_number_and_are_distinct():
    frame = pl.DataFrame({"genre": [["rap"]] * 6 + [["pop"]] * 3, "score": [1.0, 2, 1, 9, 8, 9, 5, 5, 5]})
    assert [each.name for each in name_clusters([0, 0, 0, 1, 1, 1, 2, 2, 2], frame)] == [
        "rap · score 1.33",
        "rap · score 8.67",
        "pop",
    ]


def test_numbers_are_compared_with_the_whole():
    (first, _) = name_clusters([0, 0, 1], pl.DataFrame({"score": [1.0, None, 4.0]}))
    (score,) = first.numbers
    assert (score.mean, score.difference) == (1.0, -1.5)


def test_labels_must_match_the_rows():
    with pytest.raises(DataError, match="per row, 2"):
        name_clusters([0], pl.DataFrame({"a": [["x"], ["y"]]}))
