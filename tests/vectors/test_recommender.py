"""Who answers what goes with some items: predictions joined with counts, weights by place, unknown items."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from firth.corpus.cooccurrence import Counts, windowed_counts
from firth.corpus.sequences import SequenceContext
from firth.errors import OptionError, UnknownItemError
from firth.vectors import blend as module
from firth.vectors.recommend_options import RecommendOptions
from firth.vectors.recommender import ItemGroups, Recommender
from firth.vectors.vectors import Vectors

N, SIZE = 17, 5


def vectors(n: int = N) -> Vectors:
    draws = np.random.default_rng(7)
    noise = draws.random(n) + 0.1
    return Vectors(
        [f"item {i}" for i in range(n)],
        draws.standard_normal((n, SIZE)).astype(np.float32),
        outputs=draws.standard_normal((n, SIZE)).astype(np.float32),
        noise=(noise / noise.sum()).astype(np.float32),
        counts=np.arange(n, 0, -1) * 3,
    )


def dense(table: np.ndarray) -> Counts:
    rows, columns = np.nonzero(table)
    starts = np.searchsorted(rows, np.arange(len(table) + 1))
    return Counts(starts.astype(np.int64), columns.astype(np.int32), table[rows, columns].astype(np.float64))


def counted() -> np.ndarray:
    table = np.random.default_rng(3).integers(0, 4, (N, N)).astype(float)
    table[5] = 0.0  # one that stands beside nothing
    return table


def expected(query: list[int], *, blend: float, decay: float) -> np.ndarray:
    """The formula, item by item."""
    given, table = vectors(), counted()
    assert given.outputs is not None
    assert given.noise is not None
    scores = np.zeros(N)
    weights = [d**-decay for d in range(len(query), 0, -1)]
    for item, weight in zip(query, weights, strict=True):
        logits = given.matrix[item].astype(float) @ given.outputs.T.astype(float) + np.log(given.noise.astype(float))
        model = np.exp(logits) / np.exp(logits).sum()
        share = blend if table[item].sum() else 0.0
        counts = table[item] / max(table[item].sum(), 1.0)
        scores += weight / sum(weights) * np.log(np.maximum((1 - share) * model + share * counts, 1e-12))
    return scores


@pytest.mark.parametrize(("blend", "decay"), [(0.5, 0.0), (0.5, 0.7), (1.0, 0.0), (0.0, 1.5), (0.2, 2.0)])
@pytest.mark.parametrize("query", [[3], [3, 11, 0], [5], [5, 5, 2], [16, 1, 4, 8, 2]])
def test_the_formula_is_what_is_computed(query: list[int], blend: float, decay: float):
    options = RecommendOptions(blend=blend, decay=decay)
    recommender = Recommender(vectors(), options, counts=dense(counted()) if blend else None)
    found = recommender.recommend_ids([query], k=N, exclude_query=False)
    scores = expected(query, blend=blend, decay=decay)
    np.testing.assert_allclose(found.predictions[0], scores[found.ids[0]], rtol=2e-5)
    assert (np.diff(found.predictions[0]) <= 0).all()
    assert sorted(found.ids[0].tolist()) == list(range(N))


def test_without_counts_and_weights_it_is_the_models_own_prediction():
    given = vectors()
    plain, own = Recommender(given).recommend_ids([[3, 4]], k=6), given.recommend_ids([[3, 4]], k=6)
    assert plain.ids.tolist() == own.ids.tolist()
    assert plain.predictions.tobytes() == own.predictions.tobytes()
    even = Recommender(given, RecommendOptions(decay=1e-12)).recommend_ids([[3, 4]], k=6)
    assert even.ids.tolist() == own.ids.tolist()  # the mean of logarithms ranks as the mean of the vectors does


@pytest.mark.parametrize("rows", [1, 40, 10_000])
def test_a_query_gets_the_same_answer_alone_and_among_others(rows: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "_ROWS", rows)
    recommender = Recommender(vectors(), RecommendOptions(blend=0.5, decay=0.5), counts=dense(counted()))
    queries = [[3], [5, 2], [0, 1, 2, 3], [16], [2, 2]]
    together = recommender.recommend_ids(queries, k=4)
    for row, query in enumerate(queries):
        alone = recommender.recommend_ids([query], k=4)
        assert alone.ids[0].tolist() == together.ids[row].tolist()
        assert alone.predictions[0].tobytes() == together.predictions[row].tobytes()
        assert not set(query) & set(together.ids[row].tolist())


def test_items_that_are_never_predicted_are_no_answer_however_often_they_were_counted():
    draws = vectors()
    noise = np.array(draws.noise)
    noise[4] = 0.0
    given = Vectors(draws.keys, draws.matrix, outputs=draws.outputs, noise=noise)
    table = counted()
    table[3, 4] = 1000.0
    found = Recommender(given, RecommendOptions(blend=0.9), counts=dense(table)).recommend_ids([[3]], k=N)
    assert 4 not in found.ids[0].tolist()
    assert (found.ids[0] == -1).sum() == 2  # the query itself, and that one


def test_counts_of_fewer_items_leave_the_others_to_the_model():
    table = counted()[:10, :10]
    options = RecommendOptions(blend=0.5)
    narrow = Recommender(vectors(), options, counts=dense(table)).recommend_ids([[12]], k=N)
    alone = Recommender(vectors(), RecommendOptions(decay=1.0)).recommend_ids([[12]], k=N)
    assert narrow.ids.tolist() == alone.ids.tolist()


def cold(policy: str) -> Recommender:
    groups = ItemGroups(
        {"rock": np.array([2, 6, 9]), "jazz": np.array([1])}, {"new song": ["rock", "polka"], "odd song": ["polka"]}
    )
    options = RecommendOptions(cold=policy, group="genre" if policy == "group" else None)  # type: ignore[arg-type]
    return Recommender(vectors(), options, groups=groups)


def test_an_unknown_item_is_refused_by_default():
    with pytest.raises(UnknownItemError, match="'new song'"):
        cold("refuse").recommend(["item 1", "new song"])


def test_an_unknown_item_is_answered_from_its_group():
    answer = cold("group").recommend(["new song"], k=4)
    assert (answer.by, answer.groups, answer.unknown) == ("group", ("rock",), ("new song",))
    members = ["item 2", "item 6", "item 9"]
    assert answer.found == vectors().recommend(members, k=4, exclude_query=False)


@pytest.mark.parametrize(
    ("policy", "key"), [("popularity", "new song"), ("group", "odd song"), ("group", "never heard")]
)
def test_without_a_group_the_most_frequent_is_the_answer(policy: str, key: str):
    answer = cold(policy).recommend([key], k=3)
    assert (answer.by, answer.groups) == ("popularity", ())
    assert [found for found, _ in answer.found] == ["item 0", "item 1", "item 2"]
    shares = np.arange(N, 0, -1) / np.arange(N, 0, -1).sum()
    np.testing.assert_allclose([value for _, value in answer.found], np.log(shares[:3]), rtol=1e-6)


def test_known_items_speak_for_the_query_and_unknown_ones_are_passed_over():
    answer = cold("popularity").recommend(["new song", "item 3", "new song"], k=4)
    assert (answer.by, answer.unknown) == ("items", ("new song",))
    assert answer.found == vectors().recommend(["item 3"], k=4)


@pytest.mark.parametrize("policy", ["refuse", "popularity", "group"])
def test_a_query_needs_a_key(policy: str):
    with pytest.raises(OptionError, match="at least one key"):
        cold(policy).recommend([])
    with pytest.raises(OptionError, match="list of keys"):
        cold(policy).recommend("item 1")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"blend": 1.1}, "blend must be a number from 0 to 1, got 1.1"),
        ({"blend": True}, "blend must be a number"),
        ({"blend": float("nan")}, "blend must be a number"),
        ({"decay": -1}, "decay must be a number from 0 to 10, got -1"),
        ({"window": 0}, "window must be a whole number >= 1, got 0"),
        ({"cold": "ignore"}, "cold must be one of 'refuse', 'popularity', 'group', got 'ignore'"),
        ({"cold": "group"}, "go together"),
        ({"group": "artist"}, "go together"),
    ],
)
def test_options_outside_their_range_are_refused(options: dict[str, object], message: str):
    with pytest.raises(OptionError, match=message):
        RecommendOptions(**options)  # type: ignore[arg-type]


def test_windowed_counts_are_those_of_every_pair():
    draws = np.random.default_rng(2)
    lengths = [1, 7, 2, 12, 3]
    tokens = draws.integers(0, 9, sum(lengths)).astype(np.int32)
    offsets = np.cumsum([0, *lengths]).astype(np.int64)
    context = SequenceContext("s", 1.0, None, tokens, offsets, -1, np.zeros(7, dtype=np.int64), {})
    expected = np.zeros((7, 7))  # 7 and 8 were dropped, and a window closes over them
    for first, last in itertools.pairwise(offsets):
        kept = [token for token in tokens[first:last].tolist() if token < 7]
        for i, j in itertools.permutations(range(len(kept)), 2):
            if abs(i - j) <= 3:
                expected[kept[i], kept[j]] += 1 / abs(i - j)
    found = windowed_counts(context, 7, window=3)
    items = [np.array([i]) for i in range(7)]
    np.testing.assert_allclose(found.sums(items, [np.ones(1)] * 7), expected, rtol=1e-12)
