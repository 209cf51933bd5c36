"""The model's prediction, joined with what was counted: a probability for every item, given each item of the query.

    score(item | query) = sum_d w_d log((1 - blend) p_model(item | q_d) + blend p_counts(item | q_d))

q_d being the d-th last item of the query, and the weights w_d proportional to d ** -decay, adding up to 1.
Interpolating a smooth estimate with the counts it smooths is how language models were made to know both (Jelinek &
Mercer 1980).

References
----------
Jelinek & Mercer (1980). Interpolated estimation of Markov source parameters from sparse data.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from firth.arrays import Float32, Float64, Int32, Int64
from firth.corpus.cooccurrence import Counts
from firth.vectors.queries import checked_query
from firth.vectors.recommend import Predictor, Recommendations

_ROWS = 1 << 24  # probabilities held at once
_LEAST = 1e-12  # so that what neither has seen has a logarithm


class Blend:
    """Predictions joined with counts.

    Parameters
    ----------
    predictor
        The model's.
    counts
        Rows of items as queries, (n_items, n_items). None where ``blend`` is 0.
    blend
        Share of the counts, from 0 to 1.
    decay
        How much less an item counts the farther back in the query it stands.
    """

    def __init__(self, predictor: Predictor, counts: Counts | None, *, blend: float, decay: float) -> None:
        self._predictor = predictor
        self._counts = None if counts is None else counts.widened(predictor.n_items)
        self._blend = blend if counts is not None else 0.0
        self._decay = decay

    def recommend(self, queries: Sequence[npt.ArrayLike], *, k: int, exclude_query: bool) -> Recommendations:
        """Return what goes with each query; see :meth:`firth.Vectors.recommend_ids`.

        Notes
        -----
        O(distinct query items * n_items * size) time. Sums run in an order that the query decides, on one thread.
        """
        n_items = self._predictor.n_items
        asked = [checked_query(query, n_items=n_items) for query in queries]
        ids: Int32 = np.full((len(asked), min(k, n_items)), -1, dtype=np.int32)
        predictions: Float32 = np.full(ids.shape, -np.inf, dtype=np.float32)
        at_once = max(1, _ROWS // max(1, n_items * 4))
        for first in range(0, len(asked), at_once):
            some = asked[first : first + at_once]
            items = np.unique(np.concatenate(some))
            rows = self._log_probabilities(items)
            for place, query in enumerate(some, start=first):
                scores = np.einsum("i,ij->j", self._weights(len(query)), rows[np.searchsorted(items, query)])
                if exclude_query:
                    scores[query] = -np.inf
                best = best_places(scores, k)
                ids[place, : len(best)] = best
                predictions[place, : len(best)] = scores[best]
        return Recommendations(ids, predictions)

    def _weights(self, n: int) -> Float64:
        weights: Float64 = np.arange(n, 0, -1, dtype=np.float64) ** -self._decay
        weights /= weights.sum()
        return weights

    def _log_probabilities(self, items: Int64) -> Float64:
        """Return log p(every item | each of these): (n, n_items) float64; -inf for what is never an answer."""
        logits = self._predictor.logits(items)
        logits -= logits.max(axis=1, keepdims=True)
        model = np.exp(logits)
        model /= model.sum(axis=1, keepdims=True)
        if self._counts is None or self._blend == 0:
            mixed = model
        else:
            counted = self._counts.sums([items[i : i + 1] for i in range(len(items))], [np.ones(1)] * len(items))
            totals = counted.sum(axis=1, keepdims=True)
            # Of an item that was never seen beside another the model speaks alone.
            share = np.where(totals > 0, self._blend, 0.0)
            mixed = (1 - share) * model + share * counted / np.where(totals > 0, totals, 1.0)
        never = np.isneginf(logits)
        found: Float64 = np.where(never, -np.inf, np.log(np.maximum(mixed, _LEAST)))
        return found


def best_places(scores: Float64, k: int) -> Int64:
    """Return the places of the ``k`` largest scores, best first, equal ones by place; -inf is no answer: (m,) int64."""
    n = min(k, len(scores))
    if n == 0:
        return np.empty(0, dtype=np.int64)
    least = np.partition(scores, len(scores) - n)[len(scores) - n]
    places = np.flatnonzero((scores >= least) & (scores > -np.inf))
    return places[np.argsort(-scores[places], kind="stable")][:n]
