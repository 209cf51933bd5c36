"""How good are the answers to "what comes next?": every ranker asked the same questions, with intervals.

Questions that cannot be answered (no known item in the query) or hit (an unknown target) are counted, as misses.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from firth.arrays import Float64, Int32, Int64
from firth.errors import DataError, OptionError
from firth.evaluation.bootstrap import Estimate, differences, intervals
from firth.evaluation.lasts import Asked
from firth.evaluation.rankers import Ranker
from firth.evaluation.ranking import Spread, per_question, ranks_of, spread_of
from firth.progress import Progress, SilentProgress

KS = (10, 100)


@dataclass(frozen=True, kw_only=True, eq=False)
class RankerScore:
    """How good one ranker is.

    Parameters
    ----------
    name
        The ranker.
    ranks
        (n_questions,) int64, the target's rank, 0 where it is not among the answers.
    measures
        Name of a measure (``HR@10``, ``NDCG@10``, ``MRR@100``): its mean over all questions, with a 95 % interval.
    spread
        Which items it answers with, at the smallest k.
    seconds
        For all questions.
    """

    name: str
    ranks: Int64
    measures: Mapping[str, Estimate]
    spread: Spread
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, without the ranks."""
        return {
            "name": self.name,
            "measures": {name: estimate.to_dict() for name, estimate in self.measures.items()},
            "coverage": self.spread.coverage,
            "popularity": self.spread.popularity,
            "seconds": self.seconds,
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class ItemEvaluation:
    """How good several rankers are at the same questions.

    Parameters
    ----------
    n_questions
        All of them.
    n_cold_queries
        Of these, questions with no known item to ask by.
    n_cold_targets
        Of these, questions whose answer is an unknown item.
    ks
        Cut-offs.
    exclude_query
        Whether a query's own items could be an answer.
    scores
        One per ranker.
    """

    n_questions: int
    n_cold_queries: int
    n_cold_targets: int
    ks: tuple[int, ...]
    exclude_query: bool
    scores: tuple[RankerScore, ...]

    def __getitem__(self, name: str) -> RankerScore:
        for score in self.scores:
            if score.name == name:
                return score
        raise KeyError(name)

    def compared(self, name: str, other: str, *, seed: int = 1) -> dict[str, Estimate]:
        """Return how much better one ranker is than another, measure by measure, with paired 95 % intervals."""
        return compared(self[name].ranks, self[other].ranks, ks=self.ks, seed=seed)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return {
            "n_questions": self.n_questions,
            "n_cold_queries": self.n_cold_queries,
            "n_cold_targets": self.n_cold_targets,
            "ks": list(self.ks),
            "exclude_query": self.exclude_query,
            "scores": [score.to_dict() for score in self.scores],
        }


def evaluate_items(
    rankers: Sequence[Ranker],
    asked: Asked,
    counts: Int64,
    *,
    ks: Sequence[int] = KS,
    exclude_query: bool = True,
    seed: int = 1,
    n_jobs: int | Literal["auto"] = "auto",
    progress: Progress | None = None,
) -> ItemEvaluation:
    """Return how good rankers are at questions whose answer is known.

    Parameters
    ----------
    rankers
        All of one vocabulary.
    asked
        The questions, in the ids of that vocabulary.
    counts
        (n_items,) int64, how often each item occurs in what was trained.
    ks
        Cut-offs, >= 1.
    exclude_query
        Whether a query's own items are left out of the answers, as ``firth recommend`` leaves them out.
    seed
        Of the bootstrap.
    n_jobs
        Threads.
    progress
        Hears of each ranker.

    Raises
    ------
    OptionError
        If a cut-off is below 1.
    DataError
        If there is no question.
    """
    cuts = check_ks(ks)
    if not len(asked.targets):
        raise DataError("there is no question to ask: no sequence was held out. Raise the share, or lower min_length.")
    warm = np.flatnonzero(~asked.is_cold_query)
    scores = []
    with (progress or SilentProgress()).task("asking", total=len(rankers)) as task:
        for number, ranker in enumerate(rankers):
            task.update(number, text=ranker.name)
            started = time.perf_counter()
            ids: Int32 = np.full((len(asked.targets), cuts[-1]), -1, dtype=np.int32)
            if len(warm):
                queries = [asked.queries[place] for place in warm.tolist()]
                ids[warm] = ranker.rank(queries, k=cuts[-1], exclude_query=exclude_query, n_jobs=n_jobs)
            seconds = time.perf_counter() - started
            ranks = ranks_of(ids, asked.targets)
            scores.append(
                RankerScore(
                    name=ranker.name,
                    ranks=ranks,
                    measures=intervals(per_question(ranks, cuts), seed=seed),
                    spread=spread_of(ids, asked.targets, counts, k=cuts[0]),
                    seconds=seconds,
                )
            )
        task.update(len(rankers))
    return ItemEvaluation(
        n_questions=len(asked.targets),
        n_cold_queries=int(asked.is_cold_query.sum()),
        n_cold_targets=int(asked.is_cold_target.sum()),
        ks=cuts,
        exclude_query=exclude_query,
        scores=tuple(scores),
    )


def compared(ranks: Int64, others: Int64, *, ks: Sequence[int] = KS, seed: int = 1) -> dict[str, Estimate]:
    """Return how much better ranks are than others at the same questions, with paired 95 % intervals.

    Raises
    ------
    DataError
        If there are not equally many.
    """
    if len(ranks) != len(others):
        raise DataError(f"both must have answered the same questions, got {len(ranks)} and {len(others)}.")
    measures: dict[str, Float64] = per_question(ranks, ks)
    return differences(measures, per_question(others, ks), seed=seed)


def check_ks(ks: Sequence[int]) -> tuple[int, ...]:
    """Return cut-offs, ascending, each once.

    Raises
    ------
    OptionError
        If there is none, or one is below 1.
    """
    if not ks or min(ks) < 1:
        raise OptionError(f"ks must be cut-offs >= 1, at least one, got {tuple(ks)!r}.")
    return tuple(sorted(set(ks)))
