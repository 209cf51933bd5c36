"""The descent: same bytes whoever computes it, falling, and data at the edge of what there is."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from map_oracle import dense, descended, filmed, kl_by_hand, planted, squares

from firth import _kernel
from firth.errors import DataError, DivergenceError, FirthError
from firth.maps.affinities import affinities, kl_divergence
from firth.maps.options import MapOptions
from firth.maps.tsne import tsne
from firth.progress import CallbackProgress

QUICK = MapOptions(n_iter=120, early_iter=40)


def ring(n, *, far=0.0):
    """Return a kernel's descent of n points, each drawn to six others, from random places, one of them far off."""
    columns = np.sort((np.arange(n)[:, None] + [-5, -3, -1, 1, 3, 5]) % n, axis=1).astype(np.int32)
    xy = 20 * np.random.default_rng(1).standard_normal((n, 2)).astype(np.float32)
    xy[n // 2] += np.float32(far)
    return _kernel.Descent(
        np.arange(n + 1) * 6, columns.ravel(), np.full(6 * n, 1 / (6 * n), np.float32), xy.astype(np.float32), 0.5
    )


def stepped(descent, *sizes, n_jobs=1):
    for size in sizes:
        assert descent.step(size, exaggeration=4.0, momentum=0.5, learning_rate=1000.0, n_jobs=n_jobs)
    return descent.places().tobytes()


@pytest.mark.parametrize("n", [4, 5, 17, 33, 300])
def test_any_number_of_threads_gives_the_same_map(n):
    matrix = planted(n)[0]
    one = tsne(matrix, QUICK, n_jobs=1)
    for n_jobs in (2, 3, 8):
        other = tsne(matrix, QUICK, n_jobs=n_jobs)
        assert other.xy.tobytes() == one.xy.tobytes()
        assert other.kl == one.kl


@pytest.mark.parametrize("n", [2**15 - 1, 2**15 + 1000])  # below 2**15 one thread builds the tree
def test_any_number_of_threads_gives_the_same_steps_of_many_points(n):
    one = ring(n)
    expected, divergence = stepped(one, 18), one.divergence(1)
    for n_jobs in (2, 3, 8):
        descent = ring(n)
        assert stepped(descent, 18, n_jobs=n_jobs) == expected
        assert descent.divergence(n_jobs) == divergence


@pytest.mark.parametrize("n", [4, 17, 40])
@pytest.mark.parametrize(("n_iter", "early_iter"), [(1, 1), (1, 0), (10, 10), (10, 0), (12, 5)])
def test_steps_are_those_by_hand(n, n_iter, early_iter):
    matrix, _ = planted(n)
    options = MapOptions(theta=0.0, n_iter=n_iter, early_iter=early_iter, early_exaggeration=4.0, learning_rate=2.0)
    start = np.random.default_rng(6).standard_normal((n, 2)).astype(np.float32)
    expected = descended(dense(affinities(matrix, options)), start, options, 2.0)
    found = tsne(matrix, options, start=start).xy
    assert np.linalg.norm(found - expected) < 1e-4 * np.linalg.norm(expected - start)


@pytest.mark.parametrize("sizes", [(1,) * 40, (17, 16, 7), (15, 1, 1, 23)])
@pytest.mark.parametrize("far", [0.0, 1e6])  # then all others have one place on the curve that orders them
def test_steps_may_be_taken_in_any_portions(sizes, far):
    assert stepped(ring(500, far=far), *sizes) == stepped(ring(500, far=far), 40)


@pytest.mark.parametrize("frame_every", [1, 7, 1000])
def test_who_looks_on_changes_nothing(frame_every):
    matrix = planted(100)[0]
    heard = []
    progress = CallbackProgress(lambda name, done, _total, text: heard.append((name, done, text)))
    alone = tsne(matrix, QUICK)
    assert filmed(matrix, QUICK, frame_every=frame_every)[0].xy.tobytes() == alone.xy.tobytes()
    assert tsne(matrix, QUICK, progress=progress).xy.tobytes() == alone.xy.tobytes()
    assert ("map", 120) in {(name, done) for name, done, _ in heard}
    assert any(text.startswith("KL ") for _, _, text in heard)


@pytest.mark.skipif(_kernel.variant() != "x86-64-v4", reason="this processor has no AVX-512")
def test_avx2_and_avx512_give_the_same_map():
    matrix = planted(300)[0]
    wide = tsne(matrix)
    _kernel.choose_variant("x86-64-v3")
    try:
        narrow = tsne(matrix)
    finally:
        _kernel.choose_variant("x86-64-v4")
    assert narrow.xy.tobytes() == wide.xy.tobytes()
    assert narrow.engine.endswith("kernel x86-64-v3")


@pytest.mark.parametrize("variant", _kernel.available_variants())
def test_every_instruction_set_keeps_planted_groups_together(variant):
    matrix, labels = planted(90)
    best = _kernel.variant()
    _kernel.choose_variant(variant)
    try:
        assert_grouped(tsne(matrix, MapOptions(perplexity=10)).xy, labels)
    finally:
        _kernel.choose_variant(best)


def assert_grouped(xy, labels):
    found = squares(xy)
    np.fill_diagonal(found, np.inf)
    assert (labels[found.argmin(axis=1)] == labels).all()


@pytest.mark.parametrize("options", [{}, {"metric": "euclidean"}, {"perplexity": (5.0, 20.0)}, {"theta": 0.0}], ids=str)
def test_planted_groups_stay_together(options):
    matrix, labels = planted(120, n_groups=4)
    made = tsne(matrix, MapOptions(**{"perplexity": 10, **options}))
    assert_grouped(made.xy, labels)
    assert made.engine.startswith("firth ")
    assert (made.neighbors, made.recall) == ("exact", None)
    assert made.seconds >= made.affinity_seconds >= 0


def test_the_divergence_falls_once_affinities_are_no_longer_exaggerated():
    _, frames = filmed(planted(200)[0], MapOptions(perplexity=15), frame_every=50)
    after = [frame.kl for frame in frames if frame.iteration >= 250]
    assert len(after) > 5
    assert after[-1] < frames[0].kl / 2
    assert all(later < earlier * 1.02 for earlier, later in pairwise(after))


def test_the_divergence_reported_is_that_of_the_places():
    matrix = planted(150)[0]
    options = MapOptions(perplexity=15)
    made = tsne(matrix, options)
    given = affinities(matrix, options)
    assert made.kl == pytest.approx(kl_divergence(given, made.xy, theta=0.5), abs=1e-6)
    assert made.kl == pytest.approx(kl_by_hand(dense(given), made.xy), abs=2e-3)


def test_far_groups_taken_as_one_lead_to_a_map_as_good():
    # Over 50 seeds of the data the two differ by 0.035 at most: other local minima, not worse ones.
    matrix = planted(300)[0]
    exact, made = tsne(matrix, MapOptions(theta=0.0)), tsne(matrix)
    assert abs(made.kl - exact.kl) < 0.05


@pytest.mark.parametrize("n", [0, 1, 2, 3])
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_too_few_items_are_placed_by_principal_components(n, metric):
    made = tsne(planted(5)[0][:n], MapOptions(metric=metric))
    assert made.xy.shape == (n, 2)
    assert made.xy.dtype == np.float32
    assert np.isfinite(made.xy).all()
    assert (made.engine, made.n_iter, made.perplexity) == ("principal components", 0, ())
    assert np.isnan(made.kl)


def test_three_items_keep_their_distances():
    matrix = np.array([[0.0, 0, 0], [3, 0, 0], [3, 4, 0]])
    xy = tsne(matrix, MapOptions(metric="euclidean")).xy
    assert np.allclose(squares(xy), squares(matrix), atol=1e-4)


@pytest.mark.parametrize("n", [4, 5, 17, 33])
@pytest.mark.parametrize("theta", [0.0, 0.5])
def test_few_items_have_a_map(n, theta):
    made = tsne(planted(n)[0], MapOptions(theta=theta))
    assert np.isfinite(made.xy).all()
    assert len(np.unique(made.xy, axis=0)) == n
    assert made.perplexity == (max(1.0, (n - 1) / 3),)


@pytest.mark.parametrize("value", [0.0, 1.0, -3.5])
def test_items_that_are_all_alike_lie_in_one_place(value):
    made = tsne(np.full((20, 5), value))
    assert made.xy.tolist() == [[0.0, 0.0]] * 20


def test_duplicates_lie_beside_each_other():
    matrix = np.random.default_rng(2).standard_normal((60, 8))
    xy = tsne(np.repeat(matrix, 5, axis=0), MapOptions(perplexity=8)).xy
    assert np.isfinite(xy).all()
    assert_grouped(xy, np.repeat(np.arange(60), 5))


def test_items_on_one_line_do_not_lie_on_one():
    # The second principal component is 0; without a little noise at the start nothing could leave the axis.
    line = np.linspace(0, 1, 200)[:, None] ** 1.5 * [1, 2, -0.5]
    made = tsne(line, MapOptions(metric="euclidean"))
    assert np.linalg.svd(made.xy - made.xy.mean(axis=0), compute_uv=False)[1] > 0.5
    assert made.kl < 0.2


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_rows_of_zeros_have_places(metric):
    matrix, _ = planted(40)
    matrix[5:20] = 0
    assert np.isfinite(tsne(matrix, MapOptions(metric=metric)).xy).all()


def test_length_does_not_matter_to_the_cosine():
    matrix, _ = planted(90)
    scales = 2.0 ** np.random.default_rng(0).integers(-3, 4, (90, 1))
    assert tsne(matrix * scales, QUICK).xy.tobytes() == tsne(matrix, QUICK).xy.tobytes()


def test_another_seed_makes_another_map():
    matrix, _ = planted(90)
    assert tsne(matrix, QUICK, seed=2).xy.tobytes() != tsne(matrix, QUICK, seed=1).xy.tobytes()


def test_without_steps_the_start_is_the_map():
    matrix, _ = planted(50)
    start = np.random.default_rng(1).standard_normal((50, 2)).astype(np.float32)
    options = MapOptions(n_iter=0)
    made, frames = filmed(matrix, options, start=start)
    assert made.xy.tobytes() == start.tobytes()
    assert (made.n_iter, made.ending, [frame.iteration for frame in frames]) == (0, "finished", [0])
    assert tsne(matrix, options).xy[:, 0].std() == pytest.approx(1e-4, rel=0.05)


def test_a_start_is_where_the_map_begins():
    matrix, labels = planted(120)
    corners = np.float32([[0, 0], [60, 0], [0, 90]])
    start = corners[labels] + np.random.default_rng(4).standard_normal((120, 2)).astype(np.float32)
    made = tsne(matrix, MapOptions(early_iter=0, perplexity=10), start=start)
    middles = np.array([made.xy[labels == group].mean(axis=0) for group in range(3)])
    assert squares(made.xy, middles).argmin(axis=1).tolist() == labels.tolist()
    assert (middles[1] - middles[0])[0] > abs((middles[1] - middles[0])[1])
    assert (middles[2] - middles[0])[1] > abs((middles[2] - middles[0])[0])


@pytest.mark.parametrize(("n", "rate"), [(50, 1e10), (300, 1e20), (300, 1e38)])
def test_a_learning_rate_far_too_large_is_refused_with_a_way_out(n, rate):
    with pytest.raises(DivergenceError, match=r"step \d+ at the learning rate .* give a smaller learning_rate"):
        tsne(planted(n)[0], MapOptions(learning_rate=rate))


def test_a_step_that_leaves_the_range_of_numbers_is_the_last():
    with pytest.raises(DivergenceError, match="left the range of numbers before step 5 at the learning rate 1e\\+38"):
        tsne(planted(50)[0], MapOptions(learning_rate=1e38, n_iter=5))


def test_items_beyond_each_others_reach_have_no_divergence():
    start = 1e12 * np.random.default_rng(1).standard_normal((50, 2))
    with pytest.raises(DivergenceError, match="lie too far apart for it after step 0"):
        tsne(planted(50)[0], MapOptions(n_iter=0), start=start)


def test_rows_that_are_not_finite_are_named():
    matrix, _ = planted(20)
    matrix[7, 2] = np.inf
    with pytest.raises(DataError, match="row 7"):
        tsne(matrix)


@pytest.mark.parametrize("start", [np.zeros((19, 2)), np.zeros((20, 3)), np.full((20, 2), np.nan)])
def test_a_start_that_does_not_fit_is_refused(start):
    with pytest.raises(DataError, match="start"):
        tsne(planted(20)[0], start=start)


SHAPES = st.tuples(st.integers(0, 12), st.integers(1, 4))
FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)


@settings(deadline=None, max_examples=60)
@given(
    matrix=arrays.arrays(np.float32, SHAPES, elements=FINITE | st.sampled_from([0.0, 1.0, -1.0])),
    metric=st.sampled_from(["cosine", "euclidean"]),
    perplexity=st.sampled_from([1.0, 2.5, 40.0, (1.0, 3.0)]),
)
def test_any_small_matrix_has_a_map_or_a_reason(matrix, metric, perplexity):
    options = MapOptions(metric=metric, perplexity=perplexity, n_iter=60, early_iter=20)
    try:
        xy = tsne(matrix, options, n_jobs=1).xy
    except FirthError:
        assert metric == "euclidean"
        assert np.abs(matrix).max() > 1e15  # squares of differences leave the range of float32
    else:
        assert xy.shape == (len(matrix), 2)
        assert np.isfinite(xy).all()
