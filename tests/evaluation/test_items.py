"""Rankers asked the same questions: what is counted, what cannot be answered, and how two of them compare."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from firth.arrays import Int32, Int64
from firth.errors import DataError, OptionError
from firth.evaluation.items import ItemEvaluation, check_ks, compared, evaluate_items
from firth.evaluation.lasts import Asked

COUNTS = np.array([50, 20, 10, 5, 1])


class Told:
    """Answers that were written down; it hears what it was asked."""

    def __init__(self, name: str, rows: dict[tuple[int, ...], list[int]]) -> None:
        self.name, self._rows = name, rows
        self.heard: list[list[int]] = []
        self.excluded: bool | None = None

    def rank(self, queries: Sequence[Int64], *, k: int, exclude_query: bool, n_jobs: object) -> Int32:  # noqa: ARG002
        self.heard, self.excluded = [query.tolist() for query in queries], exclude_query
        rows = [(self._rows[tuple(query)] + [-1] * k)[:k] for query in self.heard]
        return np.array(rows, dtype=np.int32)


def asked(queries: list[list[int]], targets: list[int]) -> Asked:
    return Asked(tuple(np.array(query, dtype=np.int64) for query in queries), np.array(targets, dtype=np.int64))


QUESTIONS = asked([[0, 1], [], [2], [3, 3], []], [2, 1, -1, 0, -1])
GOOD = {(0, 1): [2, 3, 4], (2,): [0, 1, 3], (3, 3): [1, 0]}
BAD = {(0, 1): [4, 3, 2], (2,): [0, 1, 3], (3, 3): [1, 2]}


def told(**options: object) -> ItemEvaluation:
    return evaluate_items([Told("good", GOOD), Told("bad", BAD)], QUESTIONS, COUNTS, **{"ks": (1, 3), **options})


def test_cold_queries_and_targets_are_counted_and_are_misses():
    found = told()
    assert (found.n_questions, found.n_cold_queries, found.n_cold_targets) == (5, 2, 2)
    assert found["good"].ranks.tolist() == [1, 0, 0, 2, 0]
    assert found["bad"].ranks.tolist() == [3, 0, 0, 0, 0]


def test_means_are_over_all_questions():
    good = found = told()["good"].measures
    assert {name: each.mean for name, each in good.items()} == pytest.approx(
        {
            "HR@1": 1 / 5,
            "HR@3": 2 / 5,
            "NDCG@1": 1 / 5,
            "NDCG@3": (1 + 1 / np.log2(3)) / 5,
            "MRR@3": 1.5 / 5,
        }
    )
    assert all(each.low <= each.mean <= each.high for each in found.values())


def test_only_queries_with_a_known_item_are_asked():
    ranker = Told("good", GOOD)
    evaluate_items([ranker], QUESTIONS, COUNTS, exclude_query=False)
    assert ranker.heard == [[0, 1], [2], [3, 3]]
    assert ranker.excluded is False


def test_spread_is_that_of_the_first_answers():
    spread = told(ks=(3, 1))["good"].spread
    assert spread.coverage == pytest.approx(3 / 5)  # 2, 0 and 1 come first
    assert spread.popularity == pytest.approx((80 / 3) / (80 / 3))


def test_compared_is_paired_and_keeps_its_sign():
    found = told().compared("good", "bad")
    assert found["HR@1"].mean == pytest.approx(0.2)
    assert found["MRR@3"].mean == pytest.approx((1 - 1 / 3 + 1 / 2) / 5)
    assert found == compared(np.array([1, 0, 0, 2, 0]), np.array([3, 0, 0, 0, 0]), ks=(1, 3))
    assert told().compared("bad", "good")["HR@1"].mean == pytest.approx(-0.2)


def test_all_cold_is_no_error():
    found = evaluate_items([Told("good", GOOD)], asked([[], []], [0, -1]), COUNTS)
    assert (found.n_cold_queries, found.n_cold_targets) == (2, 1)
    assert found["good"].ranks.tolist() == [0, 0]
    assert found["good"].measures["HR@10"].mean == 0


def test_what_is_written_down_holds_everything_but_the_ranks():
    document = told().to_dict()
    assert {name: document[name] for name in ("n_questions", "n_cold_queries", "n_cold_targets", "ks")} == {
        "n_questions": 5,
        "n_cold_queries": 2,
        "n_cold_targets": 2,
        "ks": [1, 3],
    }
    good, _ = document["scores"]
    assert set(good) == {"name", "measures", "coverage", "popularity", "seconds"}
    assert set(good["measures"]["HR@1"]) == {"mean", "low", "high"}


def test_an_unknown_ranker_is_a_key_error():
    with pytest.raises(KeyError, match="better"):
        told()["better"]


def test_without_a_question_there_is_nothing_to_ask():
    with pytest.raises(DataError, match="there is no question to ask"):
        evaluate_items([], asked([], []), COUNTS)


def test_others_must_have_answered_the_same_questions():
    with pytest.raises(DataError, match="the same questions, got 2 and 3"):
        compared(np.zeros(2, dtype=np.int64), np.zeros(3, dtype=np.int64))


@pytest.mark.parametrize("ks", [(), (0,), (10, -1)])
def test_cut_offs_are_at_least_one(ks: tuple[int, ...]):
    with pytest.raises(OptionError, match="ks must be cut-offs >= 1, at least one"):
        check_ks(ks)


def test_cut_offs_are_sorted_and_each_counts_once():
    assert check_ks((100, 10, 100, 1)) == (1, 10, 100)
