"""Whoever answers "what comes next?": the vectors, by the functions that answer users, and what they must beat.

Every ranker orders all items of one vocabulary, equal scores by the lower id, which is the more frequent item.

References
----------
Deshpande & Karypis (2004). Item-based top-N recommendation algorithms. TOIS 22(1). (cosine, conditional probability)
Steck (2019). Embarrassingly shallow autoencoders for sparse data. WWW '19. (EASE)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

import numpy as np

from firth.arrays import Float64, Int32, Int64
from firth.corpus.cooccurrence import Counts, kept_tokens, sequence_counts, windowed_counts
from firth.corpus.corpus import Corpus
from firth.corpus.sequences import SequenceContext
from firth.errors import OptionError
from firth.randomness import Purpose, generator
from firth.vectors.blend import best_places
from firth.vectors.recommender import Recommender
from firth.vectors.vectors import Vectors

EASE_UP_TO = 10_000  # items: it inverts a dense matrix of items by items
EASE_L2 = 500.0  # its regularisation; 100 and 500 were tried on playlists, and Steck's own values are 200 to 1,000
_BLOCK = 1 << 24  # scores held at once
Ranking = Literal["recommend", "neighbors"]


class Ranker(Protocol):
    """Something that answers questions with items of one vocabulary."""

    @property
    def name(self) -> str:
        """What it is called in a table."""
        ...

    def rank(self, queries: Sequence[Int64], *, k: int, exclude_query: bool, n_jobs: int | Literal["auto"]) -> Int32:
        """Return the answers to each query, best first: (n_queries, k) int32, -1 where there are fewer."""
        ...


class VectorRanker:
    """Vectors, asked by the functions that the command line asks: ``recommend_ids`` or ``similar_ids``."""

    def __init__(self, vectors: Vectors, ranking: Ranking, *, name: str | None = None) -> None:
        self.name = ranking if name is None else name
        self._vectors, self._ranking = vectors, ranking

    def rank(self, queries: Sequence[Int64], *, k: int, exclude_query: bool, n_jobs: int | Literal["auto"]) -> Int32:
        """Return the answers; see :class:`Ranker`."""
        ask = self._vectors.recommend_ids if self._ranking == "recommend" else self._vectors.similar_ids
        return _wide(ask(queries, k=k, exclude_query=exclude_query, n_jobs=n_jobs).ids, k)


class RecommenderRanker:
    """A recommender, asked by the method that the command line asks."""

    def __init__(self, recommender: Recommender, *, name: str = "recommend") -> None:
        self.name = name
        self._recommender = recommender

    def rank(self, queries: Sequence[Int64], *, k: int, exclude_query: bool, n_jobs: int | Literal["auto"]) -> Int32:
        """Return the answers; see :class:`Ranker`."""
        found = self._recommender.recommend_ids(queries, k=k, exclude_query=exclude_query, n_jobs=n_jobs)
        return _wide(found.ids, k)


class ColdRanker:
    """A recommender's answers to unknown items; a query is the place of its stand-ins.

    Parameters
    ----------
    recommender
        Its ``cold`` says how; named after it.
    stand_ins
        For each question the known items that stand for its unknown ones; none: what is popular is the answer.
    """

    def __init__(self, recommender: Recommender, stand_ins: Sequence[Int64]) -> None:
        self.name = recommender.options.cold
        self._recommender, self._stand_ins = recommender, stand_ins

    def rank(
        self,
        queries: Sequence[Int64],
        *,
        k: int,
        exclude_query: bool,  # noqa: ARG002 (no item of the query is known)
        n_jobs: int | Literal["auto"],  # noqa: ARG002 (protocol)
    ) -> Int32:
        """Return the answers; see :class:`Ranker`."""
        members = [self._stand_ins[int(query[0])] for query in queries]
        return _wide(self._recommender.cold_ids(members, k=k).ids, k)


class RandomRanker:
    """Items drawn by lot, anew for each query: the level of chance."""

    name = "random"

    def __init__(self, n_items: int, *, seed: int) -> None:
        self._n_items, self._seed = n_items, seed

    def rank(
        self,
        queries: Sequence[Int64],
        *,
        k: int,
        exclude_query: bool,
        n_jobs: int | Literal["auto"],  # noqa: ARG002 (protocol)
    ) -> Int32:
        """Return the answers; see :class:`Ranker`."""
        random = generator(self._seed, Purpose.CHANCE)
        ids = np.full((len(queries), k), -1, dtype=np.int32)
        for row, query in enumerate(queries):
            skip = query if exclude_query else query[:0]
            some = np.empty(0, dtype=np.int64)
            while len(some) < min(k, self._n_items - len(np.unique(skip))):
                drawn = np.concatenate([some, random.integers(self._n_items, size=2 * k)])
                _, firsts = np.unique(drawn, return_index=True)
                some = drawn[np.sort(firsts)]
                some = some[~np.isin(some, skip)]
            ids[row, : len(some[:k])] = some[:k]
        return ids


class ScoreRanker:
    """Items ordered by a score that is computed for some queries at a time."""

    def __init__(self, name: str, score: Callable[[list[Int64]], Float64], *, n_items: int) -> None:
        self.name = name
        self._score, self._n_items = score, n_items

    def rank(
        self,
        queries: Sequence[Int64],
        *,
        k: int,
        exclude_query: bool,
        n_jobs: int | Literal["auto"],  # noqa: ARG002 (protocol)
    ) -> Int32:
        """Return the answers; see :class:`Ranker`."""
        ids = np.full((len(queries), k), -1, dtype=np.int32)
        at_once = max(1, _BLOCK // max(1, self._n_items))
        for first in range(0, len(queries), at_once):
            some = list(queries[first : first + at_once])
            scores = self._score(some)
            for row, query in enumerate(some):
                if exclude_query:
                    scores[row, query] = -np.inf
                best = best_places(scores[row], k)
                ids[first + row, : len(best)] = best
        return ids


def baselines(
    corpus: Corpus, context: SequenceContext, *, window: int, seed: int = 1, ease_up_to: int | None = None
) -> list[Ranker]:
    """Return what vectors are compared with, made from the data that they were trained on.

    Parameters
    ----------
    corpus
        What was trained.
    context
        Its ordered context that the questions are from.
    window
        Places to either side that the windowed counts look at.
    seed
        Of the random one.
    ease_up_to
        Items up to which EASE is among them, as its time grows with their cube; None: :data:`EASE_UP_TO`.

    Returns
    -------
    list[Ranker]
        random, popularity, two item-kNN, windowed counts, and EASE up to ``ease_up_to`` items.
    """
    n_items, most = len(corpus), EASE_UP_TO if ease_up_to is None else ease_up_to
    together = sequence_counts(context, n_items)
    return [
        RandomRanker(n_items, seed=seed),
        ScoreRanker("popularity", _popularity(context, n_items), n_items=n_items),
        ScoreRanker("item-kNN, cosine", _knn(together, is_cosine=True), n_items=n_items),
        ScoreRanker("item-kNN, conditional", _knn(together, is_cosine=False), n_items=n_items),
        windowed_ranker(corpus, context, window=window),
        *([ScoreRanker("EASE", _ease(together), n_items=n_items)] if n_items <= most else []),
    ]


def windowed_ranker(corpus: Corpus, context: SequenceContext, *, window: int) -> ScoreRanker:
    """Return the counts of neighbours within a window, weighted 1 / distance and divided by the query's count."""
    if window < 1:
        raise OptionError(f"window must be >= 1, got {window}.")
    counts = windowed_counts(context, len(corpus), window=window)
    items, _ = kept_tokens(context, len(corpus))
    occurrences = np.maximum(np.bincount(items, minlength=len(corpus)), 1)

    def score(queries: list[Int64]) -> Float64:
        return counts.sums(queries, [1.0 / occurrences[query] for query in queries])

    return ScoreRanker(f"counts within {window}", score, n_items=len(corpus))


def _popularity(context: SequenceContext, n_items: int) -> Callable[[list[Int64]], Float64]:
    items, _ = kept_tokens(context, n_items)
    occurrences = np.bincount(items, minlength=n_items).astype(np.float64)
    return lambda queries: np.tile(occurrences, (len(queries), 1))


def _knn(together: Counts, *, is_cosine: bool) -> Callable[[list[Int64]], Float64]:
    """Return the score of item-kNN: the sum over the query of n_ij / n_i, or of n_ij / sqrt(n_i n_j)."""
    rows = np.repeat(np.arange(together.n_items), np.diff(together.starts))
    own = np.zeros(together.n_items)
    on_diagonal = rows == together.columns
    own[rows[on_diagonal]] = together.values[on_diagonal]
    values = np.where(on_diagonal, 0.0, together.values)
    values /= np.sqrt(own[rows] * own[together.columns]) if is_cosine else own[rows]
    table = Counts(together.starts, together.columns, values)
    return lambda queries: table.sums(queries, [np.ones(len(query)) for query in queries])


def _ease(together: Counts) -> Callable[[list[Int64]], Float64]:
    """Return the score of EASE: B = I - P / diag(P), P = inverse(X'X + L2 I), summed over the query's rows."""
    n_items = together.n_items
    gram = np.zeros((n_items, n_items))
    gram[np.repeat(np.arange(n_items), np.diff(together.starts)), together.columns] = together.values
    gram[np.diag_indices(n_items)] += EASE_L2
    inverse = np.linalg.inv(gram)
    # Rounded, so that items which are alike in all counts score alike: the inverse differs in its last bits.
    weights = (-inverse / np.diag(inverse)).astype(np.float32)
    weights[np.diag_indices(n_items)] = 0.0
    return lambda queries: np.stack([weights[query].sum(axis=0, dtype=np.float64) for query in queries])


def _wide(ids: Int32, k: int) -> Int32:
    """Return answers filled up to ``k`` columns."""
    return np.pad(ids, ((0, 0), (0, k - ids.shape[1])), constant_values=-1)
