"""Who answers what goes with some items, for a person and for an evaluation alike: one class, one way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from firth.arrays import Int64
from firth.corpus.cooccurrence import Counts
from firth.vectors.blend import Blend, best_places
from firth.vectors.recommend import Predictor, Recommendations, known_ids
from firth.vectors.recommend_options import RecommendOptions
from firth.vectors.vectors import Vectors

_MAX_MEMBERS = 50  # of a group that speak for an unknown item: the most frequent


@dataclass(frozen=True, eq=False)
class ItemGroups:
    """Which group items are in, known ones and others.

    Parameters
    ----------
    members
        For each label, (n,) int64: the ids of the known items in it, ascending, so the most frequent first.
    labels
        For each key that is no item, its labels.
    """

    members: Mapping[str, Int64] = field(default_factory=dict)
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def of(self, key: str) -> tuple[list[str], Int64]:
        """Return an unknown key's labels that have members, and these: the most frequent, at most fifty."""
        known = [label for label in self.labels.get(key, ()) if label in self.members]
        if not known:
            return [], np.empty(0, dtype=np.int64)
        return known, np.unique(np.concatenate([self.members[label] for label in known]))[:_MAX_MEMBERS]


@dataclass(frozen=True)
class Answer:
    """What goes with some keys.

    Parameters
    ----------
    found
        Keys and predictions, best first.
    unknown
        Keys of the query that are no items, and were passed over or stood for by others.
    by
        ``"items"``: from the query's own items; ``"group"``: from items of the same group; ``"popularity"``.
    groups
        The labels of the groups that stood for the query.
    """

    found: list[tuple[str, float]]
    unknown: tuple[str, ...] = ()
    by: Literal["items", "group", "popularity"] = "items"
    groups: tuple[str, ...] = ()


class Recommender:
    """Vectors that answer what goes with some items, as their run's options say.

    Parameters
    ----------
    vectors
        Vectors that can predict.
    options
        How; None: the model's own prediction, and unknown queries are refused.
    counts
        Co-occurrence, where ``options.blend`` is above 0.
    groups
        Groups of known and unknown items, where ``options.cold`` is ``"group"``.

    Raises
    ------
    DataError
        If the vectors do not hold what predicting takes.
    """

    def __init__(
        self,
        vectors: Vectors,
        options: RecommendOptions | None = None,
        *,
        counts: Counts | None = None,
        groups: ItemGroups | None = None,
    ) -> None:
        self.vectors = vectors
        self.options = options or RecommendOptions()
        self.counts = counts
        self.groups = groups or ItemGroups()
        self.counts = counts
        predictor = Predictor(vectors)
        self._predictor = predictor
        blend, decay = self.options.blend, self.options.decay
        self._blend = None if self.options.is_plain else Blend(predictor, counts, blend=blend, decay=decay)

    def recommend_ids(
        self,
        queries: Sequence[npt.ArrayLike],
        *,
        k: int = 10,
        exclude_query: bool = True,
        n_jobs: int | Literal["auto"] = "auto",
    ) -> Recommendations:
        """Return what goes with each of many queries; see :meth:`firth.Vectors.recommend_ids`."""
        if self._blend is None:
            return self._predictor.recommend(queries, k=k, exclude_query=exclude_query, n_jobs=n_jobs)
        return self._blend.recommend(queries, k=k, exclude_query=exclude_query)

    def recommend(self, keys: Sequence[str], *, k: int = 10, exclude_query: bool = True) -> Answer:
        """Return what goes with some keys.

        Parameters
        ----------
        keys
            The query, the nearest last. Where some are items, the others are passed over if ``cold`` is not
            ``"refuse"``.
        k
            How many.
        exclude_query
            Whether the query's own items are left out.

        Raises
        ------
        OptionError
            If there is no key, or one text came instead of a list.
        UnknownItemError
            If keys are no items and ``cold`` is ``"refuse"``.
        """
        if self.options.cold == "refuse" or isinstance(keys, str) or not len(keys):
            ids = known_ids(self.vectors.vocabulary, keys)
            return Answer(self._keyed(self.recommend_ids([ids], k=k, exclude_query=exclude_query)))
        known = [key for key in keys if key in self.vectors]
        unknown = tuple(dict.fromkeys(key for key in keys if key not in self.vectors))
        if known:
            ids = self.vectors.vocabulary.ids(known)
            return Answer(self._keyed(self.recommend_ids([ids], k=k, exclude_query=exclude_query)), unknown)
        labels, members = self.stand_ins(list(keys))
        found = self.cold_ids([members], k=k)
        by: Literal["group", "popularity"] = "group" if len(members) else "popularity"
        return Answer(self._keyed(found), unknown, by, tuple(labels))

    def stand_ins(self, keys: Sequence[str]) -> tuple[list[str], Int64]:
        """Return the labels of unknown keys, and the items that stand for them; none where ``cold`` is not "group"."""
        if self.options.cold != "group":
            return [], np.empty(0, dtype=np.int64)
        found = [self.groups.of(key) for key in keys]
        labels = list(dict.fromkeys(label for some, _ in found for label in some))
        return labels, np.unique(np.concatenate([members for _, members in found]))[:_MAX_MEMBERS]

    def cold_ids(self, members: Sequence[Int64], *, k: int) -> Recommendations:
        """Return the answers to unknown items, given those that stand for them; without any, what is popular.

        The mean of the stand-ins' vectors is asked, by the model alone; they may be answers themselves.
        """
        n_items = len(self.vectors)
        ids = np.full((len(members), min(k, n_items)), -1, dtype=np.int32)
        predictions = np.full(ids.shape, -np.inf, dtype=np.float32)
        asked = np.array([row for row, some in enumerate(members) if len(some)], dtype=np.int64)
        if len(asked):
            found = self._predictor.recommend([members[row] for row in asked], k=k, exclude_query=False)
            ids[asked, : found.ids.shape[1]] = found.ids
            predictions[asked, : found.ids.shape[1]] = found.predictions
        counts = self.vectors.counts
        if len(asked) < len(members) and counts is not None:
            with np.errstate(divide="ignore"):
                shares = np.log(counts / max(1, counts.sum()))
            popular = best_places(shares, k)
            rest = np.setdiff1d(np.arange(len(members)), asked)
            ids[rest[:, None], np.arange(len(popular))] = popular
            predictions[rest[:, None], np.arange(len(popular))] = shares[popular]
        return Recommendations(ids, predictions)

    def _keyed(self, found: Recommendations) -> list[tuple[str, float]]:
        keys = self.vectors.keys
        pairs = zip(found.ids[0].tolist(), found.predictions[0].tolist(), strict=True)
        return [(keys[i], prediction) for i, prediction in pairs if i >= 0]
