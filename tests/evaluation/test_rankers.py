"""What vectors must beat, against slow and plain counterparts, and the vectors themselves as users ask them."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize

from firth.corpus.build import build
from firth.corpus.contexts import Groups, Sequences
from firth.corpus.corpus import Corpus
from firth.corpus.vocabulary_options import VocabularyOptions
from firth.errors import OptionError
from firth.evaluation import rankers as module
from firth.evaluation.rankers import EASE_L2, RandomRanker, Ranker, ScoreRanker, VectorRanker, baselines
from firth.vectors.vectors import Vectors

KEYS = "abcdefghijkl"
QUERIES = [[0], [3, 1], [5, 5, 2], [7, 0, 4], [1]]


def lists(n: int = 60, seed: int = 4) -> list[list[str]]:
    """Return lists of letters, early ones more often, with repeats, some of one letter only."""
    draws = np.random.default_rng(seed)
    places = [np.minimum(draws.geometric(0.2, size=draws.integers(1, 9)) - 1, 11) for _ in range(n)]
    return [[KEYS[place] for place in each] for each in places]


def corpus_of(some: list[list[str]], *, min_count: int = 1, has_groups: bool = False) -> Corpus:
    rows = pl.DataFrame(
        [
            {"list": f"{number:03d}", "place": place, "song": song, "tag": "abc".find(song)}
            for number, each in enumerate(some)
            for place, song in enumerate(each)
        ]
    )
    contexts = {"played": Sequences("list", order="place", item="song")}
    frames = {"played": rows}
    if has_groups:
        contexts, frames = {"tag": Groups("tag", item="song"), **contexts}, {"tag": rows, "played": rows}
    return build(frames, contexts, vocabulary=VocabularyOptions(min_count=min_count))


def rankers_of(corpus: Corpus, *, window: int = 2) -> dict[str, Ranker]:
    return {each.name: each for each in baselines(corpus, corpus.sequences[0], window=window, seed=5)}


def ask(ranker: Ranker, queries: list[list[int]], *, k: int = 5, exclude_query: bool = True) -> list[list[int]]:
    asked = [np.array(query, dtype=np.int64) for query in queries]
    return ranker.rank(asked, k=k, exclude_query=exclude_query, n_jobs=1).tolist()


def by_hand(scores: np.ndarray, query: list[int], k: int, *, exclude_query: bool) -> list[int]:
    """Return the best by score, then by id, -1 where there are fewer; scores that differ by rounding are equal."""
    left = [i for i in range(len(scores)) if not (exclude_query and i in query)]
    best = sorted(left, key=lambda i: (-round(float(scores[i]), 9), i))[:k]
    return best + [-1] * (k - len(best))


def scores_by_hand(name: str, some: list[list[str]], keys: list[str], query: list[int], window: int) -> np.ndarray:
    known = [[keys.index(song) for song in each if song in keys] for each in some]
    n = len(keys)
    occurrences = np.array([sum(each.count(i) for each in known) for i in range(n)])
    together = np.array([[sum(i in each and j in each for each in known) for j in range(n)] for i in range(n)])
    scores = np.zeros(n)
    if name == "popularity":
        return occurrences
    for i in query:
        for j in range(n):
            if name.startswith("counts"):
                near = (
                    1 / abs(a - b)
                    for each in known
                    for a in range(len(each))
                    for b in range(len(each))
                    if a != b and abs(a - b) <= window and (each[a], each[b]) == (i, j)
                )
                scores[j] += sum(near) / occurrences[i]
            elif i != j:
                norm = together[i, i] if name == "item-kNN, conditional" else np.sqrt(together[i, i] * together[j, j])
                scores[j] += together[i, j] / norm
    return scores


@pytest.mark.parametrize("min_count", [1, 12])
@pytest.mark.parametrize("exclude_query", [True, False])
@pytest.mark.parametrize("name", ["popularity", "item-kNN, cosine", "item-kNN, conditional", "counts within 2"])
def test_counts_rank_as_loops_over_all_sequences_do(name: str, exclude_query: bool, min_count: int):
    some = lists()
    corpus = corpus_of(some, min_count=min_count)
    keys = corpus.vocabulary.keys
    assert (len(keys) < len({song for each in some for song in each})) == (min_count > 1)
    queries = [[i for i in query if i < len(keys)] or [0] for query in QUERIES]
    found = ask(rankers_of(corpus)[name], queries, exclude_query=exclude_query)
    assert found == [
        by_hand(scores_by_hand(name, some, keys, query, 2), query, 5, exclude_query=exclude_query) for query in queries
    ]


def test_counts_of_groups_do_not_make_an_item_popular():
    some = lists()
    alone, beside = (ask(rankers_of(corpus_of(some, has_groups=each))["popularity"], [[0]]) for each in (False, True))
    assert corpus_of(some, has_groups=True).counts.sum() > corpus_of(some).counts.sum()
    keys = [corpus_of(some, has_groups=each).vocabulary.keys for each in (False, True)]
    assert [keys[0][i] for i in alone[0]] == [keys[1][i] for i in beside[0]]


def ease_by_hand(some: list[list[str]], keys: list[str]) -> np.ndarray:
    """Return the weights that predict each item from all others by regularised least squares, each solved alone."""
    held = np.array([[key in each for key in keys] for each in some], dtype=float)
    weights = np.zeros((len(keys), len(keys)))
    for j in range(len(keys)):
        others = np.delete(held, j, axis=1)

        def loss(
            w: np.ndarray, others: np.ndarray = others, wanted: np.ndarray = held[:, j]
        ) -> tuple[float, np.ndarray]:
            off = others @ w - wanted
            return (off**2).sum() + EASE_L2 * (w**2).sum(), 2 * (others.T @ off + EASE_L2 * w)

        found = minimize(loss, np.zeros(len(keys) - 1), jac=True, method="BFGS", options={"gtol": 1e-9})
        weights[np.arange(len(keys)) != j, j] = found.x
    return weights


def test_ease_solves_its_least_squares():
    some = lists(200)
    corpus = corpus_of(some)
    weights = ease_by_hand(some, corpus.vocabulary.keys)
    ranker = rankers_of(corpus)["EASE"]
    expected = [by_hand(weights[query].sum(axis=0), query, 12, exclude_query=True) for query in QUERIES]
    assert ask(ranker, QUERIES, k=12) == expected


def test_ease_leaves_the_diagonal_out():
    corpus = corpus_of(lists(200))
    assert all(0 not in row for row in ask(rankers_of(corpus)["EASE"], [[0]], k=4, exclude_query=False))


@pytest.mark.parametrize("name", ["popularity", "item-kNN, cosine", "item-kNN, conditional", "counts within 2", "EASE"])
def test_equal_scores_go_by_the_lower_id(name: str):
    # Beside a, all others come once each and alike, so that none is better than another.
    corpus = corpus_of([["a", other] for other in "bcdefghijkl"])
    assert ask(rankers_of(corpus)[name], [[0]], k=11) == [list(range(1, 12))]


@pytest.mark.parametrize("block", [1, 12, 24, 37])
@pytest.mark.parametrize("name", ["popularity", "item-kNN, cosine", "counts within 2", "EASE"])
def test_the_size_of_a_block_is_not_seen(name: str, block: int, monkeypatch: pytest.MonkeyPatch):
    ranker = rankers_of(corpus_of(lists()))[name]
    whole = ask(ranker, QUERIES)
    monkeypatch.setattr(module, "_BLOCK", block)
    assert ask(ranker, QUERIES) == whole


@pytest.mark.parametrize("k", [0, 1, 3, 12, 17])
@pytest.mark.parametrize("exclude_query", [True, False])
def test_answers_are_filled_up_where_there_are_fewer(k: int, exclude_query: bool):
    corpus = corpus_of(lists())
    outputs = np.random.default_rng(1).standard_normal((12, 3))
    vectors = Vectors(corpus.vocabulary.keys, outputs[::-1], outputs=outputs, noise=np.full(12, 1 / 12))
    every = [*rankers_of(corpus).values(), VectorRanker(vectors, "recommend"), VectorRanker(vectors, "neighbors")]
    assert len(every) == 8
    for ranker in every:
        for query, row in zip(QUERIES, ask(ranker, QUERIES, k=k, exclude_query=exclude_query), strict=True):
            n = min(k, 12 - len(set(query)) * exclude_query)
            assert len(row) == k
            assert row[n:] == [-1] * (k - n)
            assert len(set(row[:n]) - {-1} - (set(query) if exclude_query else set())) == n


def test_chance_is_the_same_for_the_same_seed_and_not_for_another():
    answers = {seed: ask(RandomRanker(50, seed=seed), [[0]] * 3, k=9) for seed in (1, 2)}
    assert answers[1] != answers[2]
    assert answers[1] == ask(RandomRanker(50, seed=1), [[0]] * 3, k=9)
    assert len({tuple(row) for row in answers[1]}) == 3  # drawn anew for each query


@pytest.mark.parametrize("k", [1, 4])
def test_chance_prefers_no_item_at_any_rank(k: int):
    n_queries = 6_000
    rows = np.array(ask(RandomRanker(9, seed=3), [[2, 6]] * n_queries, k=k))
    for rank in range(k):
        times = np.bincount(rows[:, rank], minlength=9)
        assert times[[2, 6]].sum() == 0
        expected = n_queries / 7
        # Chi-square of 6 degrees of freedom; above 28 with a probability of 1 in 10,000.
        assert ((np.delete(times, [2, 6]) - expected) ** 2 / expected).sum() < 28


def test_a_window_reaches_one_place_at_least():
    corpus = corpus_of(lists())
    with pytest.raises(OptionError, match="window must be >= 1, got 0"):
        baselines(corpus, corpus.sequences[0], window=0)


def test_ease_is_left_out_where_its_matrix_would_be_too_large(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "EASE_UP_TO", 11)
    assert list(rankers_of(corpus_of(lists()))) == [
        "random",
        "popularity",
        "item-kNN, cosine",
        "item-kNN, conditional",
        "counts within 2",
    ]


def test_a_score_ranker_does_not_answer_what_has_no_score():
    ranker = ScoreRanker("some", lambda queries: np.tile([0.5, -np.inf, 2.0, 0.5], (len(queries), 1)), n_items=4)
    assert ask(ranker, [[3], [2]], k=3) == [[2, 0, -1], [0, 3, -1]]


def model(n: int = 23, size: int = 7, seed: int = 6) -> Vectors:
    draws = np.random.default_rng(seed)
    noise = draws.random(n)
    noise[4] = 0.0  # never predicted
    return Vectors(
        [f"song {i}" for i in range(n)],
        draws.standard_normal((n, size)),
        outputs=draws.standard_normal((n, size)),
        noise=noise / noise.sum(),
    )


ASKED = [[i] for i in range(23)] + [[i, (5 * i + 2) % 23, (i * i) % 23] for i in range(23)] + [[3, 3, 8], [4]]


@pytest.mark.parametrize("k", [1, 10, 23])
def test_vectors_are_asked_by_the_function_that_recommends_to_users(k: int):
    vectors = model()
    found = ask(VectorRanker(vectors, "recommend"), ASKED, k=k)
    for query, row in zip(ASKED, found, strict=True):
        told = [key for key, _ in vectors.recommend([vectors.keys[i] for i in query], k=k)]
        assert [vectors.keys[i] for i in row if i >= 0] == told


@pytest.mark.parametrize("k", [1, 10, 23])
def test_vectors_are_asked_by_the_function_that_finds_what_is_like_several_items(k: int):
    vectors = model()
    found = ask(VectorRanker(vectors, "neighbors"), ASKED, k=k)
    for query, row in zip(ASKED, found, strict=True):
        told = [key for key, _ in vectors.most_similar(plus=[vectors.keys[i] for i in query], k=k)]
        assert [vectors.keys[i] for i in row if i >= 0] == told


@pytest.mark.parametrize("ranking", ["recommend", "neighbors"])
def test_every_number_of_threads_gives_the_same_answers(ranking: str):
    ranker = VectorRanker(model(), ranking)  # type: ignore[arg-type]
    asked = [np.array(query) for query in ASKED]
    answers = {n: ranker.rank(asked, k=9, exclude_query=True, n_jobs=n).tobytes() for n in (1, 2, 3, 8)}
    assert len(set(answers.values())) == 1
