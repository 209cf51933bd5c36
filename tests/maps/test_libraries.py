"""Maps by other libraries: asked for what they know, and a message where one is missing."""

import numpy as np
import pytest
from map_oracle import planted, squares

from firth.errors import DataError, MissingExtraError
from firth.maps import libraries
from firth.maps.make import make_map
from firth.maps.options import MapOptions
from firth.maps.tsne import tsne

PACKAGES = {"umap": "umap-learn", "pacmap": "pacmap", "sklearn": "scikit-learn"}
METHODS = pytest.mark.parametrize("method", PACKAGES)


def made_by(method, matrix, **options):
    pytest.importorskip(method, reason=f"{PACKAGES[method]} is not installed", exc_type=ImportError)
    return make_map(matrix, MapOptions(method=method, n_iter=260, perplexity=10, **options), n_jobs=1)


@METHODS
def test_planted_groups_stay_together_and_the_same_seed_gives_the_same_map(method):
    matrix, labels = planted(90)
    made = made_by(method, matrix)
    found = squares(made.xy.astype(np.float64))
    np.fill_diagonal(found, np.inf)
    assert (made.xy.shape, made.xy.dtype, made.ending) == ((90, 2), np.float32, "finished")
    assert (labels[found.argmin(axis=1)] == labels).mean() > 0.95
    assert made.engine.startswith(f"{PACKAGES[method]} ")
    assert made_by(method, matrix).xy.tobytes() == made.xy.tobytes()


def test_scikit_learn_says_what_it_reached():
    made = made_by("sklearn", planted(90)[0])
    assert made.perplexity == (10.0,)
    assert 0 < made.n_iter <= 260
    assert 0 < made.kl < 5


@METHODS
@pytest.mark.parametrize("n", [0, 1, 3])
def test_too_few_items_need_no_library(method, n, monkeypatch):
    monkeypatch.setattr(libraries, "find_spec", lambda _name: None)
    made = make_map(planted(5)[0][:n], MapOptions(method=method))
    assert made.xy.shape == (n, 2)
    assert made.engine == "principal components"


@METHODS
def test_a_library_that_is_missing_is_named_with_the_way_to_it(method, monkeypatch):
    monkeypatch.setattr(libraries, "find_spec", lambda _name: None)
    message = rf"the map by {method} needs {PACKAGES[method]}: pip install 'firth\[maps\]'"
    with pytest.raises(MissingExtraError, match=message):
        make_map(planted(30)[0], MapOptions(method=method))


@METHODS
def test_places_that_are_not_finite_are_refused(method, monkeypatch):
    broken = libraries.LibraryMap(np.full((30, 2), np.nan, np.float32), "broken 1.0")
    monkeypatch.setitem(libraries._METHODS, method, lambda *_: broken)
    with pytest.raises(DataError, match=r"broken 1\.0 gave places that are not finite"):
        make_map(planted(30)[0], MapOptions(method=method))


@METHODS
def test_a_row_that_is_not_finite_is_named(method):
    matrix, _ = planted(30)
    matrix[7, 2] = np.nan
    with pytest.raises(DataError, match="row 7"):
        make_map(matrix, MapOptions(method=method))


@pytest.mark.parametrize("seed", [0, 2**32 + 5, 2**64 - 1])
def test_a_library_takes_the_lower_half_of_a_seed(seed, monkeypatch):
    seen = []

    def record(rows, start, options, seed, n_jobs):  # noqa: ARG001
        seen.append(seed)
        return libraries.LibraryMap(np.zeros((30, 2), np.float32), "x 1")

    monkeypatch.setitem(libraries._METHODS, "umap", record)
    make_map(planted(30)[0], MapOptions(method="umap"), seed=seed)
    assert seen == [seed % 2**32]


@pytest.mark.parametrize(("metric", "length"), [("cosine", True), ("euclidean", False)])
def test_a_library_gets_rows_of_unit_length_for_the_cosine_only(metric, length, monkeypatch):
    seen = []

    def record(rows, *_):
        seen.append(np.linalg.norm(rows, axis=1))
        return libraries.LibraryMap(np.zeros((30, 2), np.float32), "x 1")

    monkeypatch.setitem(libraries._METHODS, "umap", record)
    make_map(planted(30)[0], MapOptions(method="umap", metric=metric))
    assert bool(np.allclose(seen[0], 1)) is length


def test_our_own_method_is_our_own_engine():
    matrix, _ = planted(60)
    options = MapOptions(n_iter=60)
    assert make_map(matrix, options, seed=3).xy.tobytes() == tsne(matrix, options, seed=3).xy.tobytes()
