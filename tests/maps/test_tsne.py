import numpy as np
import pytest

from firth.errors import DataError, OptionError
from firth.maps.tsne import tsne

ENGINES = ["scikit-learn", "scikit-learn-intelex"]


def groups(n=90, size=8):
    random = np.random.default_rng(1)
    labels = np.arange(n) % 3
    return random.standard_normal((3, size))[labels] * 4 + random.standard_normal((n, size)), labels


def skip_without(engine):
    pytest.importorskip("sklearnex" if engine.endswith("intelex") else "sklearn", reason=f"{engine} is not installed")


@pytest.mark.parametrize("engine", ENGINES)
def test_planted_groups_stay_together(engine):
    skip_without(engine)
    matrix, labels = groups()
    made = tsne(matrix, engine=engine, perplexity=10)
    distances = np.linalg.norm(made.xy[:, None] - made.xy[None], axis=2) + np.diag([np.inf] * 90)
    assert (labels[distances.argmin(axis=1)] == labels).all()
    assert made.engine.startswith(f"{engine} ")
    assert made.perplexity == 10


@pytest.mark.parametrize("engine", ENGINES)
def test_the_same_seed_gives_the_same_map_for_any_threads(engine):
    skip_without(engine)
    matrix, _ = groups()
    one = tsne(matrix, engine=engine, n_jobs=1)
    assert tsne(matrix, engine=engine, n_jobs=1).xy.tobytes() == one.xy.tobytes()
    assert tsne(matrix, engine=engine, n_jobs=2).xy.tobytes() == one.xy.tobytes()


def test_length_does_not_matter():
    matrix, _ = groups()
    scales = 2.0 ** np.random.default_rng(0).integers(-3, 4, (90, 1))
    assert tsne(matrix * scales).xy.tobytes() == tsne(matrix).xy.tobytes()


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_too_few_points_are_placed_by_principal_components(n):
    made = tsne(groups()[0][:n])
    assert made.xy.shape == (n, 2)
    assert np.isfinite(made.xy).all()
    assert made.engine == "principal components"


@pytest.mark.parametrize("n", [4, 5, 20])
def test_a_perplexity_too_large_is_lowered_and_recorded(n):
    made = tsne(groups()[0][:n], perplexity=30)
    assert np.isfinite(made.xy).all()
    assert made.perplexity == max(1.0, (n - 1) / 3)


@pytest.mark.parametrize("matrix", [np.ones((20, 5)), np.zeros((20, 5))])
def test_points_that_are_alike_lie_in_one_place(matrix):
    assert tsne(matrix).xy.tolist() == [[0.0, 0.0]] * 20


@pytest.mark.parametrize(
    "options", [{"perplexity": 0.5}, {"n_iter": 249}, {"seed": -1}, {"engine": "magic"}, {"perplexity": float("nan")}]
)
def test_an_option_out_of_range_is_refused(options):
    with pytest.raises(OptionError, match=next(iter(options))):
        tsne(groups()[0], **options)


def test_a_row_that_is_not_finite_is_named():
    matrix, _ = groups()
    matrix[7, 2] = np.nan
    with pytest.raises(DataError, match="row 7"):
        tsne(matrix)
