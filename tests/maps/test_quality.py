import numpy as np
import pytest

from firth import _kernel
from firth.errors import DataError, OptionError
from firth.maps import counting, quality
from firth.progress import CallbackProgress
from firth.vectors.neighbors import normalised_rows, top_k


def example(n=120, size=6):
    random = np.random.default_rng(3)
    matrix = random.standard_normal((n, size)) + np.eye(1, size) * 2
    return matrix, matrix[:, 1:3] + 0.5 * random.standard_normal((n, 2))


def prepared(matrix, metric):
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True) if metric == "cosine" else matrix


def nearest_by_hand(points, k):
    """Every point's k nearest; of equal distances the lower ids."""
    distances = squares_by_hand(points)
    return np.argsort(distances, axis=1, kind="stable")[:, :k]


def squares_by_hand(points):
    squares = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    np.fill_diagonal(squares, np.inf)
    return squares


def ranks(rows, queries, others, *, k=0, is_distance=True, n_jobs=1):
    rows, queries, others = np.float32(rows), np.int32(queries), np.int32(others).reshape(len(queries), -1)
    return _kernel.rank_rows(rows, queries, others, k, is_distance, n_jobs)


METRICS = pytest.mark.parametrize("metric", ["cosine", "euclidean"])


@METRICS
@pytest.mark.parametrize("k", [1, 3, 10, 40])
def test_trustworthiness_is_scikit_learns(k, metric):
    manifold = pytest.importorskip("sklearn.manifold", reason="scikit-learn is not installed")
    matrix, xy = example()
    expected = manifold.trustworthiness(prepared(matrix, metric), xy, n_neighbors=k)
    assert quality.trustworthiness(matrix, xy, k=k, metric=metric) == pytest.approx(expected, abs=1e-9)


@METRICS
@pytest.mark.parametrize("k", [1, 3, 10, 40])
def test_continuity_is_scikit_learns_trustworthiness_with_the_map_and_the_vectors_exchanged(k, metric):
    manifold = pytest.importorskip("sklearn.manifold", reason="scikit-learn is not installed")
    matrix, xy = example()
    expected = manifold.trustworthiness(xy, prepared(matrix, metric), n_neighbors=k)
    assert quality.continuity(matrix, xy, k=k, metric=metric) == pytest.approx(expected, abs=1e-9)


@METRICS
@pytest.mark.parametrize("k", [1, 5, 30])
def test_preservation_is_brute_force(k, metric):
    matrix, xy = example()
    true = nearest_by_hand(prepared(matrix, metric), k)
    shown = nearest_by_hand(xy, k)
    kept = [len(set(a) & set(b)) / k for a, b in zip(true.tolist(), shown.tolist(), strict=True)]
    torn = quality.distortion(matrix, xy, k=k, metric=metric)
    assert quality.neighbor_preservation(matrix, xy, k=k, metric=metric) == pytest.approx(np.mean(kept))
    assert torn.tolist() == np.float32(1 - np.array(kept)).tolist()
    assert quality.preservation(torn) == pytest.approx(np.mean(kept))


@METRICS
def test_all_at_once_is_one_at_a_time(metric):
    matrix, xy = example()
    whole = quality.map_quality(matrix, xy, ks=(7, 1, 30), metric=metric)
    assert whole.ks == (7, 1, 30)
    assert (whole.n_items, whole.n_judged, whole.metric) == (120, 120, metric)
    for k in whole.ks:
        options = {"k": k, "metric": metric}
        assert whole.trustworthiness[k] == quality.trustworthiness(matrix, xy, **options)
        assert whole.continuity[k] == quality.continuity(matrix, xy, **options)
        assert whole.neighbor_preservation[k] == quality.neighbor_preservation(matrix, xy, **options)
    assert whole.distortion.tolist() == quality.distortion(matrix, xy, k=7, metric=metric).tolist()


@pytest.mark.parametrize("n_jobs", [2, 3, 8])
def test_threads_and_pieces_change_nothing(n_jobs, monkeypatch):
    matrix, xy = example(700, 17)
    xy[50:60] = xy[50]
    whole = quality.map_quality(matrix, xy, n_jobs=1)
    monkeypatch.setattr(counting, "_PRODUCTS", 1)
    pieces = quality.map_quality(matrix, xy, n_jobs=n_jobs)
    assert pieces.distortion.tobytes() == whole.distortion.tobytes()
    assert pieces.trustworthiness == whole.trustworthiness
    assert pieces.continuity == whole.continuity
    assert pieces.neighbor_preservation == whole.neighbor_preservation


def test_progress_counts_the_judged_items(monkeypatch):
    heard = []
    monkeypatch.setattr(counting, "_PRODUCTS", 1)
    progress = CallbackProgress(lambda *said: heard.append(said[1:3]))
    quality.map_quality(*example(150), sample=140, n_jobs=1, progress=progress)
    assert heard == [(64, 140), (128, 140), (140, 140)]


@METRICS
def test_a_plane_shown_as_it_is_can_be_trusted(metric):
    angles = np.linspace(0.0, 5.0, 40) ** 1.1
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    judged = quality.map_quality(circle, circle, ks=(3, 10), metric=metric)
    assert judged.trustworthiness == judged.continuity == judged.neighbor_preservation == {3: 1.0, 10: 1.0}
    assert not judged.distortion.any()


@pytest.mark.parametrize("factor", [1e-36, 1e-9, 1.0, 1e9, 1e36])
def test_the_unit_of_a_map_does_not_matter(factor):
    matrix, xy = (np.float32(array) for array in example(60))
    expected = quality.map_quality(matrix, xy, metric="euclidean")
    judged = quality.map_quality(matrix * np.float32(factor), xy * np.float32(factor), metric="euclidean")
    assert judged.trustworthiness == expected.trustworthiness
    assert judged.continuity == expected.continuity


def test_a_far_outlier_leaves_the_others_as_they_are():
    xy = example(41)[1]
    xy[40] = [1e12, -1e12]
    assert ranks(xy, range(40), np.empty((40, 0)), k=5)[2].tolist() == nearest_by_hand(xy[:40], 5).tolist()
    assert quality.distortion(xy, xy, k=5, metric="euclidean")[:40].tolist() == [0.0] * 40


# The kernel's ranks. Whole numbers make every score exact, hence equal to what NumPy makes of them.


@pytest.mark.parametrize("n", [1, 3, 17, 193, 400])
@pytest.mark.parametrize("size", [0, 1, 2, 3, 17])
@pytest.mark.parametrize("is_distance", [False, True])
def test_ranks_and_nearest_are_brute_force(n, size, is_distance):
    random = np.random.default_rng(n * 100 + size)
    rows = random.integers(-3, 6, size=(n, size)).astype(np.float64)
    queries = random.permutation(n)[: n // 2 + 1]
    others = np.array([random.permutation(np.delete(np.arange(n), q))[:40] for q in queries])
    scores = -squares_by_hand(rows)[queries] if is_distance else rows[queries] @ rows.T
    scores[np.arange(len(queries)), queries] = -np.inf
    order = np.argsort(-scores, axis=1, kind="stable")[:, : n - 1]
    place = np.argsort(np.argsort(-scores, axis=1, kind="stable"), axis=1) + 1
    better = [[int((line > line[other]).sum()) + 1 for other in of] for line, of in zip(scores, others, strict=True)]
    found, ties, nearest = ranks(rows, queries, others, k=min(25, n - 1), is_distance=is_distance)
    assert found.tolist() == np.take_along_axis(place, others.astype(int), axis=1).tolist()
    assert (found - ties).tolist() == better
    assert nearest.tolist() == order[:, :25].tolist()


@pytest.mark.parametrize("k", [1, 4, 14])
def test_equal_distances_are_ordered_by_id(k):
    places = np.array([[x % 5, x // 5] for x in range(30)], dtype=np.float64)
    places[20:] = places[20]
    assert ranks(places, range(30), np.empty((30, 0)), k=k)[2].tolist() == nearest_by_hand(places, k).tolist()


def test_points_in_one_place_have_the_lowest_ids_as_neighbours():
    nearest = ranks(np.zeros((9, 2)), range(9), np.empty((9, 0)), k=2)[2]
    assert nearest.tolist() == [[1, 2], [0, 2]] + [[0, 1]] * 7


def test_items_that_are_all_alike_share_the_first_rank():
    found, ties, _ = ranks(np.ones((500, 3)), [3, 7], [[499, 0, 7], [6, 8, 498]])
    assert found.tolist() == [[499, 1, 7], [7, 8, 498]]
    assert ties.tolist() == (found - 1).tolist()


def test_a_map_in_one_place_is_judged_by_ids():
    matrix, _ = example(50)
    judged = quality.map_quality(matrix, np.zeros((50, 2)), ks=(5,))
    assert judged.continuity == {5: 1.0}  # all share the first rank
    assert judged.neighbor_preservation[5] == pytest.approx(5 / 49, abs=0.05)


def test_of_vectors_that_are_all_alike_the_lowest_ids_are_the_nearest():
    _, xy = example(50)
    lowest = [[j for j in range(6) if j != i][:5] for i in range(50)]
    kept = [len(set(a) & set(b)) for a, b in zip(lowest, nearest_by_hand(xy, 5).tolist(), strict=True)]
    judged = quality.map_quality(np.ones((50, 3)), xy, ks=(5,))
    assert judged.trustworthiness == {5: 1.0}  # all share the first rank
    assert judged.distortion.tolist() == np.float32(1 - np.array(kept) / 5).tolist()


def test_points_on_a_line_are_found_in_both_directions():
    places = np.array([[x**1.5, 0.0] for x in range(300)])
    nearest = ranks(places, range(300), np.empty((300, 0)), k=7)[2]
    assert nearest.tolist() == nearest_by_hand(np.float32(places).astype(np.float64), 7).tolist()


def test_the_nearest_in_one_pass_are_those_of_top_k():
    unit = normalised_rows(np.float32(example(500, 17)[0]))
    expected, _ = top_k(unit, unit, k=60, exclude=np.arange(500))
    nearest = ranks(unit, range(500), np.empty((500, 0)), k=60, is_distance=False)[2]
    assert nearest.tobytes() == expected.tobytes()


@pytest.fixture
def variants():
    chosen = _kernel.variant()
    yield [name for name in _kernel.available_variants() if name != "baseline"]
    _kernel.choose_variant(chosen)


@pytest.mark.parametrize("is_distance", [False, True])
def test_avx2_and_avx_512_give_the_same_bytes(variants, is_distance):
    if len(variants) < 2:
        pytest.skip("this processor has not both")
    rows = np.float32(example(333, 17)[0])
    answers = []
    for name in variants:
        _kernel.choose_variant(name)
        found = ranks(rows, range(333), np.arange(333 * 9).reshape(333, 9) % 333, k=40, is_distance=is_distance)
        answers.append(b"".join(part.tobytes() for part in found))
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "changed",
    [
        {"others": [[0], [1]]},
        {"others": [[3]]},
        {"others": [[-1]]},
        {"queries": [3]},
        {"queries": [-1]},
        {"k": 3},
        {"k": -1},
        {"n_jobs": 0},
    ],
)
def test_the_kernel_checks_every_index(changed):
    given = {"rows": np.eye(3), "queries": [1], "others": [[2]], "k": 2, "n_jobs": 1} | changed
    given["others"] = np.int32(given["others"])
    with pytest.raises(ValueError, match=r"row|n_jobs"):
        _kernel.rank_rows(
            np.float32(given["rows"]), np.int32(given["queries"]), given["others"], given["k"], True, given["n_jobs"]
        )


# Samples, and what is refused.


def test_a_sample_is_seeded_and_judged_against_all():
    matrix, xy = example(500)
    whole = quality.map_quality(matrix, xy)
    part = quality.map_quality(matrix, xy, sample=100, seed=5)
    assert part.n_judged == 100
    assert (np.diff(part.judged) > 0).all()
    assert np.flatnonzero(~np.isnan(part.distortion)).tolist() == part.judged.tolist()
    assert part.distortion[part.judged].tolist() == whole.distortion[part.judged].tolist()
    assert part.neighbor_preservation[10] == pytest.approx(1 - part.distortion[part.judged].mean(), abs=1e-6)
    assert part.judged.tolist() == quality.map_quality(matrix, xy, sample=100, seed=5).judged.tolist()
    assert part.judged.tolist() != quality.map_quality(matrix, xy, sample=100, seed=6).judged.tolist()


def test_samples_of_all_sizes_average_to_the_whole():
    matrix, xy = example(300)
    whole = quality.map_quality(matrix, xy, ks=(10,))
    parts = [quality.map_quality(matrix, xy, ks=(10,), sample=60, seed=seed) for seed in range(30)]
    # The standard error of each mean is below 0.003.
    assert np.mean([part.trustworthiness[10] for part in parts]) == pytest.approx(whole.trustworthiness[10], abs=0.01)
    assert np.mean([part.continuity[10] for part in parts]) == pytest.approx(whole.continuity[10], abs=0.01)


def test_large_maps_are_judged_by_a_sample(monkeypatch):
    monkeypatch.setattr(quality, "_ALL_UP_TO", 100)
    monkeypatch.setattr(quality, "_SAMPLE", 30)
    assert quality.map_quality(*example(100)).n_judged == 100
    assert quality.map_quality(*example(101)).n_judged == 30
    assert quality.map_quality(*example(101), sample=101).n_judged == 101
    assert quality.map_quality(*example(101), sample=1000).n_judged == 101


@pytest.mark.parametrize(("n", "ks"), [(201, (10, 30, 100)), (200, (10, 30)), (21, (10,)), (20, (9,)), (3, (1,))])
def test_ks_that_do_not_fit_are_left_out(n, ks):
    assert quality.map_quality(*example(n)).ks == ks


@pytest.mark.parametrize("k", [0, -1, 60, 2.5, True])
@pytest.mark.parametrize("judge", [quality.trustworthiness, quality.continuity, quality.distortion])
def test_k_must_be_less_than_half_the_items(judge, k):
    with pytest.raises(OptionError, match="less than half"):
        judge(*example(), k=k)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ks": ()}, "ks must be different whole numbers"),
        ({"ks": (3, 0)}, "ks must be different whole numbers"),
        ({"ks": (3, 3)}, "ks must be different whole numbers"),
        ({"ks": (2.5,)}, "ks must be different whole numbers"),
        ({"metric": "manhattan"}, "metric must be 'cosine' or 'euclidean', got 'manhattan'"),
        ({"sample": 0}, "sample must be a whole number >= 1, or None, got 0"),
        ({"sample": 1.5}, "sample must be"),
        ({"seed": -1}, "seed must be"),
        ({"seed": 2**64}, "seed must be"),
        ({"n_jobs": 0}, "n_jobs must be"),
    ],
)
def test_options_outside_their_range_are_refused(options, message):
    with pytest.raises(OptionError, match=message):
        quality.map_quality(*example(), **options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda matrix, xy: (matrix, xy[:-1]), r"\(120, 2\), got \(119, 2\)"),
        (lambda matrix, _: (matrix, matrix[:, :3]), r"\(120, 2\), got \(120, 3\)"),
        (lambda matrix, xy: (matrix, xy[:, 0]), "xy must have two dimensions"),
        (lambda matrix, xy: (matrix[0], xy), "matrix must have two dimensions"),
        (lambda matrix, xy: (matrix.astype(str), xy), "matrix must hold numbers"),
        (lambda matrix, xy: (np.where(np.arange(120)[:, None] == 7, np.nan, matrix), xy), "matrix.*row 7 holds NaN"),
        (lambda matrix, xy: (matrix, np.where(np.arange(120)[:, None] == 9, np.inf, xy)), "xy.*row 9 holds NaN"),
        (lambda matrix, xy: (matrix[:2], xy[:2]), "fewer than 3 items"),
        (lambda matrix, xy: (matrix[:0], xy[:0]), "fewer than 3 items"),
    ],
)
def test_what_is_no_map_is_refused(change, message):
    with pytest.raises(DataError, match=message):
        quality.map_quality(*change(*example()))
