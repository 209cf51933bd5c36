"""Numbers for ranked answers to questions that have one right item.

With one right item per question, recall at k is the hit rate at k; the two names are kept, as both are asked for.

References
----------
Järvelin & Kekäläinen (2002). Cumulated gain-based evaluation of IR techniques. TOIS 20(4).
Abdollahpouri, Burke & Mobasher (2019). Managing popularity bias in recommender systems with personalized re-ranking.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from firth.arrays import Float64, Int32, Int64
from firth.errors import DataError


def ranks_of(ids: Int32, targets: Int64) -> Int64:
    """Return at which rank each target stands among its answers: (n,) int64, 1 the best, 0 where it is not there.

    Parameters
    ----------
    ids
        (n, k) int32, the answers to each question, best first; -1 where there are fewer.
    targets
        (n,) int64, the right item; one below 0 is never found.

    Raises
    ------
    DataError
        If there is not one row of answers per target.
    """
    if ids.ndim != 2 or len(ids) != len(targets):
        raise DataError(f"answers must have one row per target, {len(targets)}, got the shape {ids.shape}.")
    found = (ids == targets[:, None]) & (targets >= 0)[:, None]
    if not ids.shape[1]:
        return np.zeros(len(targets), dtype=np.int64)
    return np.where(found.any(axis=1), found.argmax(axis=1) + 1, 0).astype(np.int64)


def hits(ranks: Int64, k: int) -> Float64:
    """Return 1 where the target is among the first k, else 0: (n,) float64. Its mean is the hit rate, and recall."""
    return ((ranks > 0) & (ranks <= k)).astype(np.float64)


def reciprocal_ranks(ranks: Int64, k: int) -> Float64:
    """Return 1 / rank where the target is among the first k, else 0: (n,) float64. Its mean is the MRR."""
    return hits(ranks, k) / np.maximum(ranks, 1)


def ndcg(ranks: Int64, k: int) -> Float64:
    """Return 1 / log2(1 + rank) where the target is among the first k, else 0: (n,) float64.

    That is the discounted cumulated gain of one right item, whose best possible value is 1.
    """
    return hits(ranks, k) / np.log2(1.0 + np.maximum(ranks, 1))


def per_question(ranks: Int64, ks: Sequence[int]) -> dict[str, Float64]:
    """Return every measure for each question, by its name: HR@k, NDCG@k for each k, MRR at the largest."""
    measures = {f"HR@{k}": hits(ranks, k) for k in ks}
    measures |= {f"NDCG@{k}": ndcg(ranks, k) for k in ks}
    measures[f"MRR@{max(ks)}"] = reciprocal_ranks(ranks, max(ks))
    return measures


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Which items are answered, over all questions.

    Parameters
    ----------
    coverage
        Share of all items that are among the first k of at least one question.
    popularity
        How much more often the answers occur than the items wanted: mean count of the first k over mean count of the
        targets. 1 is unbiased; above 1, what is popular is favoured.
    """

    coverage: float
    popularity: float


def spread_of(ids: Int32, targets: Int64, counts: Int64, *, k: int) -> Spread:
    """Return which items the first ``k`` answers hold.

    Parameters
    ----------
    ids
        (n, m) int32, answers, -1 for none.
    targets
        (n,) int64, -1 for cold ones, which have no count.
    counts
        (n_items,) int64, how often each item occurs in what was trained.
    """
    given = ids[:, :k][ids[:, :k] >= 0]
    wanted = counts[targets[targets >= 0]]
    n_items = len(counts)
    return Spread(
        coverage=len(np.unique(given)) / n_items if n_items else float("nan"),
        popularity=float(counts[given].mean() / wanted.mean()) if len(given) and wanted.sum() else float("nan"),
    )
