"""What goes with these: items ranked by the model's own prediction, not by likeness.

Neighbours answer "what is like X"; this answers "what comes together with X", and those are different items. Skip-gram
with negative sampling ends at ``u . v = log p(item | query) - log(K * q(item))``, q being the noise its negatives are
drawn from, so adding ``log q(item)`` ranks by p(item | query). Noise-contrastive estimation takes the noise out while
training: there ``u . v + bias`` is an estimate of log p itself. Nothing here falls back on cosines: vectors that cannot
predict are refused.

References
----------
Levy & Goldberg (2014). Neural word embedding as implicit matrix factorization. NIPS 27.
Mnih & Teh (2012). A fast and simple algorithm for training neural probabilistic language models. ICML '12.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from firth.arrays import Float32, Float64, Int32, Int64
from firth.corpus.vocabulary import Vocabulary
from firth.errors import DataError, OptionError, UnknownItemError
from firth.vectors.neighbors import top_k
from firth.vectors.queries import checked_query, in_blocks, row_sums

if TYPE_CHECKING:
    from firth.vectors.vectors import Vectors

_MAX_NAMED = 3  # unknown keys that a message names


@dataclass(frozen=True, eq=False)
class Recommendations:
    """What goes with each of several queries.

    Parameters
    ----------
    ids
        (n_queries, k) int32, best first, equal predictions by the lower id; -1 where a query has fewer answers.
    predictions
        (n_queries, k) float32, log p(item | query) up to a constant of the query; -inf beside an id of -1.
    """

    ids: Int32
    predictions: Float32


class Predictor:
    """The model's prediction, as one matrix product.

    Each candidate's row is its output vector with its constant (log noise, or bias) as one more column; a query is the
    mean of its items' vectors with a 1 beside it.

    Parameters
    ----------
    vectors
        Vectors with ``noise``, or with ``outputs`` and ``biases``.

    Raises
    ------
    DataError
        If the vectors do not hold what predicting takes.
    """

    def __init__(self, vectors: Vectors) -> None:
        constants = prediction_constants(vectors)
        is_candidate = np.isfinite(constants)
        outputs = vectors.matrix if vectors.outputs is None else vectors.outputs
        self._inputs = vectors.matrix
        self._candidates: Int32 = np.flatnonzero(is_candidate).astype(np.int32)
        self._rows = np.hstack([outputs[is_candidate], constants[is_candidate, None]])
        self._places: Int32 = np.full(len(vectors), -1, dtype=np.int32)
        self._places[self._candidates] = np.arange(len(self._candidates), dtype=np.int32)

    @property
    def n_items(self) -> int:
        """How many items there are, those included that are never an answer."""
        return len(self._inputs)

    def logits(self, items: Int64) -> Float64:
        """Return the predictions of every item for each of some: (n, n_items) float64, -inf for what is never one.

        Notes
        -----
        Each is summed over the dimensions in order, on one thread, so that the same query gets the same bytes anywhere.
        """
        found = np.full((len(items), self.n_items), -np.inf)
        queries = np.hstack([self._inputs[items], np.ones((len(items), 1), dtype=np.float32)]).astype(np.float64)
        found[:, self._candidates] = np.einsum("ij,kj->ik", queries, self._rows.astype(np.float64), optimize=False)
        return found

    def recommend(
        self,
        queries: Sequence[npt.ArrayLike],
        *,
        k: int = 10,
        exclude_query: bool = True,
        n_jobs: int | Literal["auto"] = "auto",
    ) -> Recommendations:
        """Return what goes with each query; see :meth:`firth.Vectors.recommend_ids`."""
        if k < 0:
            raise OptionError(f"k must be >= 0, got {k}.")
        asked = [checked_query(query, n_items=len(self._inputs)) for query in queries]
        skips = [self._skipped(query) if exclude_query else query[:0] for query in asked]
        n_skips = np.array([len(skip) for skip in skips], dtype=np.int64)
        ids = np.full((len(asked), min(k, len(self._candidates))), -1, dtype=np.int32)
        predictions = np.full(ids.shape, -np.inf, dtype=np.float32)
        for members in in_blocks([len(query) for query in asked], n_skips, size=self._inputs.shape[1]):
            exclude = np.stack([skips[member] for member in members])
            means = self._means([asked[member] for member in members])
            found, scores = top_k(means, self._rows, k=k, exclude=exclude, is_finite=True, n_jobs=n_jobs)
            ids[members, : found.shape[1]] = self._candidates[found]
            predictions[members, : found.shape[1]] = scores
        return Recommendations(ids, predictions)

    def _skipped(self, query: Int64) -> Int64:
        """Return the candidates' places of a query's items, each once."""
        places = np.unique(self._places[query])
        return places[places >= 0].astype(np.int64)

    def _means(self, asked: list[Int64]) -> Float32:
        """Return the queries' rows: the mean of the items' vectors, and a 1 for the constant."""
        lengths = np.array([len(query) for query in asked])
        means = row_sums(self._inputs, asked) / lengths[:, None]
        return np.hstack([means, np.ones((len(asked), 1))]).astype(np.float32)


def known_ids(vocabulary: Vocabulary, keys: Sequence[str]) -> Int32:
    """Return the ids of a query's keys: (n_keys,) int32.

    Raises
    ------
    OptionError
        If there is no key, or one text came instead of a list.
    UnknownItemError
        If keys are not in the vocabulary; the message names all of them, up to three, with the closest of each.
    """
    if isinstance(keys, str):
        raise OptionError(f"keys must be a list of keys, got the text {keys!r}; write [{keys!r}].")
    if len(keys) == 0:
        raise OptionError("recommend needs at least one key, got none.")
    missing = [key for key in dict.fromkeys(keys) if key not in vocabulary]
    if len(missing) > 1:
        raise UnknownItemError.several(
            [(key, vocabulary.closest(str(key), k=1)) for key in missing[:_MAX_NAMED]], len(missing)
        )
    return vocabulary.ids(keys)


def prediction_constants(vectors: Vectors) -> Float32:
    """Return what each item's prediction starts from: (n_items,) float32, -inf for items that are never predicted."""
    if vectors.noise is not None:
        never = vectors.noise <= 0
        with np.errstate(divide="ignore"):
            log_noise = np.log(vectors.noise, dtype=np.float64)
        constants = log_noise if vectors.biases is None else np.where(never, -np.inf, vectors.biases)
        return constants.astype(np.float32)
    if vectors.biases is not None and vectors.outputs is not None:
        return vectors.biases
    missing = "output vectors and noise distribution" if vectors.outputs is None else "noise distribution"
    raise DataError(
        f"recommending needs the model's own prediction, but these vectors came without their {missing} (imported, or "
        "trained by an earlier version). Train them with Firth; neighbors answers what is like an item without them."
    )
