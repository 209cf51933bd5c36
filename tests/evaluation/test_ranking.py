"""Measures of ranked answers, by hand and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import label_ranking_average_precision_score, ndcg_score, top_k_accuracy_score

from firth.errors import DataError
from firth.evaluation.ranking import hits, ndcg, per_question, ranks_of, reciprocal_ranks, spread_of


def answers(rows: list[list[int]]) -> np.ndarray:
    return np.array(rows, dtype=np.int32).reshape(len(rows), -1)


def test_ranks_count_from_one_and_zero_is_not_found():
    ids = answers([[7, 3, 5], [3, 7, 5], [5, 3, 7], [1, 2, -1]])
    assert ranks_of(ids, np.array([7, 7, 7, 7])).tolist() == [1, 2, 3, 0]


def test_a_cold_target_is_never_found_not_even_where_answers_are_missing():
    assert ranks_of(answers([[4, -1, -1], [-1, -1, -1]]), np.array([-1, -1])).tolist() == [0, 0]


@pytest.mark.parametrize(("n", "k"), [(0, 0), (0, 3), (1, 0), (3, 0)])
def test_ranks_of_nothing(n: int, k: int):
    assert ranks_of(np.empty((n, k), dtype=np.int32), np.zeros(n, dtype=np.int64)).tolist() == [0] * n


@pytest.mark.parametrize("shape", [(2, 3), (4,), (0, 3)])
def test_each_target_needs_its_own_answers(shape: tuple[int, ...]):
    with pytest.raises(DataError, match="one row per target, 3, got the shape"):
        ranks_of(np.zeros(shape, dtype=np.int32), np.arange(3))


def test_measures_of_a_hand_worked_case():
    ranks = np.array([1, 3, 0, 4, 10])
    assert hits(ranks, 3).tolist() == [1, 1, 0, 0, 0]
    assert hits(ranks, 10).tolist() == [1, 1, 0, 1, 1]
    assert reciprocal_ranks(ranks, 4).tolist() == pytest.approx([1, 1 / 3, 0, 1 / 4, 0])
    assert ndcg(ranks, 4).tolist() == pytest.approx([1, 1 / 2, 0, 1 / np.log2(5), 0])
    assert ndcg(np.array([7]), 7).tolist() == pytest.approx([1 / 3])


def test_every_measure_is_named_with_its_cut():
    measures = per_question(np.array([2, 0, 30]), [10, 100])
    means = {name: each.mean() for name, each in measures.items()}
    assert means == pytest.approx(
        {
            "HR@10": 1 / 3,
            "HR@100": 2 / 3,
            "NDCG@10": 1 / np.log2(3) / 3,
            "NDCG@100": (1 / np.log2(3) + 1 / np.log2(31)) / 3,
            "MRR@100": (1 / 2 + 1 / 30) / 3,
        }
    )


def orders(n: int, n_items: int, seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores without ties, the items in their order, and a target per question that leans towards good scores."""
    draws = np.random.default_rng(seed)
    scores = draws.permuted(np.tile(np.arange(n_items, dtype=float), (n, 1)), axis=1)
    ids = np.argsort(-scores, axis=1).astype(np.int32)
    return scores, ids, ids[np.arange(n), draws.integers(n_items, size=n) // 2].astype(np.int64)


@pytest.mark.parametrize("n_items", [3, 17])
@pytest.mark.parametrize("k", [1, 2, 5, 17])
def test_measures_equal_those_of_scikit_learn(n_items: int, k: int):
    scores, ids, targets = orders(41, n_items)
    k = min(k, n_items)
    is_right = np.eye(n_items)[targets]
    ranks = ranks_of(ids[:, :k], targets)
    assert ndcg(ranks, k).mean() == pytest.approx(ndcg_score(is_right, scores, k=k), abs=1e-12)
    if k < n_items:  # scikit-learn warns where every answer counts
        expected = top_k_accuracy_score(targets, scores, k=k, labels=np.arange(n_items))
        assert hits(ranks, k).mean() == pytest.approx(expected, abs=1e-12)
    full = ranks_of(ids, targets)
    expected = label_ranking_average_precision_score(is_right, scores)
    assert reciprocal_ranks(full, n_items).mean() == pytest.approx(expected, abs=1e-12)


def test_coverage_and_popularity_of_a_hand_worked_case():
    counts = np.array([40, 20, 10, 4, 1])
    ids = answers([[0, 1, 4], [1, 0, 4], [0, -1, -1]])
    spread = spread_of(ids, np.array([1, 3, -1]), counts, k=2)
    assert spread.coverage == pytest.approx(2 / 5)  # item 4 comes third
    assert spread.popularity == pytest.approx(((40 + 20 + 20 + 40 + 40) / 5) / ((20 + 4) / 2))


def test_answers_as_popular_as_what_was_wanted_have_popularity_one():
    counts = np.array([9, 5, 2])
    assert spread_of(answers([[0], [2]]), np.array([0, 2]), counts, k=1).popularity == pytest.approx(1)


@pytest.mark.parametrize(
    ("rows", "targets"), [([[-1, -1]], [0]), ([[0, 1]], [-1]), ([], [])], ids=["no answer", "cold", "no question"]
)
def test_popularity_of_nothing_is_not_a_number(rows: list[list[int]], targets: list[int]):
    ids = np.array(rows, dtype=np.int32).reshape(len(rows), 2)
    assert np.isnan(spread_of(ids, np.array(targets, dtype=np.int64), np.array([3, 1]), k=2).popularity)
