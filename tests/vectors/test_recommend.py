import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firth.errors import DataError, OptionError, UnknownItemError
from firth.vectors.vectors import Vectors

KEYS = ["coil", "swans", "low", "can", "neu!", "faust"]


def _optimum(joint, *, ns_exponent):
    """Vectors at which skip-gram with 1 negative has its optimum for pairs with these probabilities, full rank."""
    centre, context = joint.sum(axis=1), joint.sum(axis=0)
    noise = context**ns_exponent / (context**ns_exponent).sum()
    target = np.log(joint / centre[:, None]) - np.log(noise)
    left, lengths, right = np.linalg.svd(target)
    keys = [f"item {i}" for i in range(len(joint))]
    return Vectors(keys, left * lengths, outputs=right.T, noise=noise), joint / centre[:, None]


def _model(n=40, size=5, seed=3, **others):
    draws = np.random.default_rng(seed)
    noise = draws.random(n)
    given = {"outputs": draws.standard_normal((n, size)), "noise": noise / noise.sum()} | others
    return Vectors([f"item {i}" for i in range(n)], draws.standard_normal((n, size)), **given)


@pytest.mark.parametrize("ns_exponent", [0.75, 1.0, 0.0, -0.5])
def test_the_optimum_ranks_by_the_probability_of_the_item_given_the_query(ns_exponent):
    joint = np.random.default_rng(1).random((7, 7)) ** 4 + 0.001
    vectors, conditional = _optimum(joint / joint.sum(), ns_exponent=ns_exponent)
    found = vectors.recommend(["item 2"], k=7, exclude_query=False)
    assert [key for key, _ in found] == [f"item {i}" for i in np.argsort(-conditional[2])]
    assert [value for _, value in found] == pytest.approx(np.sort(np.log(conditional[2]))[::-1], abs=1e-4)


def test_noise_contrastive_estimation_adds_biases_and_no_noise():
    vectors = _model(biases=np.linspace(-3, 2, 40))
    scores = vectors.outputs.astype(float) @ vectors.matrix[[4, 9]].astype(float).mean(axis=0) + np.linspace(-3, 2, 40)
    scores[[4, 9]] = -np.inf
    expected = np.argsort(-scores)[:6]
    found = vectors.recommend(["item 4", "item 9"], k=6)
    assert [key for key, _ in found] == [f"item {i}" for i in expected]
    assert [value for _, value in found] == pytest.approx(scores[expected], abs=1e-5)


def test_without_outputs_the_vectors_predict_themselves():
    vectors = _model(outputs=None)
    tied = _model(outputs=vectors.matrix)
    assert vectors.recommend(["item 1"]) == tied.recommend(["item 1"])


def test_the_query_is_no_answer_unless_asked_for():
    vectors = Vectors(KEYS[:3], np.eye(3), outputs=np.eye(3), noise=[0.5, 0.3, 0.2])
    assert [key for key, _ in vectors.recommend(["coil"], k=9)] == ["swans", "low"]
    assert vectors.recommend(["coil"], k=9, exclude_query=False)[0][0] == "coil"


def test_items_that_are_never_predicted_are_left_out():
    vectors = Vectors(KEYS[:4], np.zeros((4, 1)), outputs=np.zeros((4, 1)), noise=[0.2, 0.0, 0.5, 0.3])
    assert [key for key, _ in vectors.recommend(["coil"])] == ["low", "can"]
    assert [key for key, _ in vectors.recommend(["swans"])] == ["low", "can", "coil"]


def test_biases_of_items_that_are_never_predicted_do_not_count():
    vectors = Vectors(KEYS[:3], np.zeros((3, 1)), outputs=np.zeros((3, 1)), biases=[0, 9, 1], noise=[0.5, 0.0, 0.5])
    assert [key for key, _ in vectors.recommend(["coil"])] == ["low"]


def test_an_item_named_twice_counts_twice():
    vectors = Vectors(
        KEYS[:4], [[3, 0], [0, 3], [0, 0], [0, 0]], outputs=[[0, 0], [0, 0], [1, 0], [0, 1]], noise=[1] * 4
    )
    assert [key for key, _ in vectors.recommend(["coil", "coil", "swans"])] == ["low", "can"]
    assert vectors.recommend(["coil", "coil", "swans"])[0][1] == pytest.approx(2.0)


@settings(deadline=None, max_examples=40)
@given(data=st.data(), k=st.integers(0, 45), exclude=st.booleans())
def test_a_query_alone_gets_the_bytes_it_gets_among_others(data, k, exclude):
    vectors = _model()
    ids = st.lists(st.integers(0, 39), min_size=1, max_size=42)
    queries = data.draw(st.lists(ids, min_size=1, max_size=9))
    together = vectors.recommend_ids(queries, k=k, exclude_query=exclude)
    for place, query in enumerate(queries):
        alone = vectors.recommend_ids([query], k=k, exclude_query=exclude)
        assert alone.ids.tobytes() == together.ids[place].tobytes()
        assert alone.predictions.tobytes() == together.predictions[place].tobytes()


@pytest.mark.parametrize("n_jobs", [2, 3, 8])
def test_threads_do_not_change_a_byte(n_jobs):
    vectors = _model(n=700, size=17)
    queries = [[i, (i * 7) % 700, i] for i in range(700)]
    one, many = (vectors.recommend_ids(queries, k=20, n_jobs=jobs) for jobs in (1, n_jobs))
    assert one.ids.tobytes() == many.ids.tobytes()
    assert one.predictions.tobytes() == many.predictions.tobytes()


def test_rows_are_filled_up_where_there_are_fewer_answers():
    found = _model(n=4).recommend_ids([[0], [0, 1, 2], [0, 0]], k=3)
    assert (found.ids >= 0).sum(axis=1).tolist() == [3, 1, 3]
    assert found.predictions[1, 1:].tolist() == [-np.inf, -np.inf]


def test_no_queries_have_no_answers():
    assert _model().recommend_ids([], k=5).ids.shape == (0, 5)


@pytest.mark.parametrize(
    ("keys", "error", "message"),
    [
        ([], OptionError, "at least one key"),
        ("coil", OptionError, r"write \['coil'\]"),
        (["coli"], UnknownItemError, "unknown item 'coli'. Closest: 'coil'"),
        (
            ["coli", "low", "swan", "coli"],
            UnknownItemError,
            r"items 'coli' \(closest: 'coil'\), 'swan' \(closest: 'swans'\)\.$",
        ),
        (["q1", "q2", "q3", "q4", "q5"], UnknownItemError, "unknown items 'q1', 'q2', 'q3' and 2 more"),
    ],
)
def test_a_query_that_cannot_be_asked_says_why(keys, error, message):
    with pytest.raises(error, match=message):
        Vectors(KEYS, np.eye(6), outputs=np.eye(6), noise=np.ones(6)).recommend(keys)


@pytest.mark.parametrize(
    ("others", "missing"),
    [
        ({}, "output vectors and noise distribution"),
        ({"outputs": np.eye(6)}, "their noise distribution"),
        ({"biases": np.ones(6)}, "output vectors and noise distribution"),
    ],
)
def test_vectors_that_cannot_predict_say_what_is_missing(others, missing):
    with pytest.raises(DataError, match=f"{missing}.*neighbors"):
        Vectors(KEYS, np.eye(6), **others).recommend(["coil"])


@pytest.mark.parametrize(
    ("query", "message"), [([], "at least one id"), ([6], "0 to 5"), ([-1], "0 to 5"), ([0.5], "got float64")]
)
def test_ids_that_do_not_exist_are_refused(query, message):
    with pytest.raises(DataError, match=message):
        Vectors(KEYS, np.eye(6), noise=np.ones(6)).recommend_ids([[0], query])


def test_k_below_zero_is_refused():
    with pytest.raises(OptionError, match="k must be >= 0, got -1"):
        _model().recommend(["item 1"], k=-1)


def test_noise_below_zero_names_its_item():
    with pytest.raises(DataError, match=r"noise must be >= 0.*'swans'"):
        Vectors(KEYS[:3], np.eye(3), noise=[0.5, -0.1, 0.6])
