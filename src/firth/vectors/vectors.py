"""One vector per item, and the questions that need nothing else.

All answers are computed in the vectors, by cosine. Nothing here knows of the two-dimensional map, which distorts.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from firth.arrays import Float32, Int64
from firth.corpus.vocabulary import Vocabulary
from firth.errors import DataError, OptionError
from firth.mapped import is_mapped
from firth.vectors.neighbors import as_matrix, first_not_finite, normalised_rows, top_k
from firth.vectors.recommend import Predictor, Recommendations, known_ids
from firth.vectors.similar import Neighbors, similar
from firth.vectors.unit_rows import UnitRows

if TYPE_CHECKING:
    import keras
    import torch
    from gensim.models import KeyedVectors, Word2Vec

Array = TypeVar("Array", Float32, Int64)


class Vectors:
    """The keys of all items and a vector for each.

    Parameters
    ----------
    keys
        One distinct text per item, or a vocabulary.
    matrix
        (n_items, size) numbers, kept as float32. Row i is the vector of item id i. Not normalised.
    outputs
        (n_items, size) float32, the vectors of items as contexts, or None.
    biases
        (n_items,) float32, the outputs' biases of a model that has them (``nce``), or None.
    noise
        (n_items,) float32 >= 0, the probability of each item as a negative, or None. Given without ``outputs``, the
        model is one whose outputs are its vectors (``tied``).
    counts
        (n_items,) int64, how often each item occurs, or None.

    Raises
    ------
    DataError
        If lengths differ, a key occurs twice, a number is not finite or a probability negative (the message names the
        item).

    Examples
    --------
    >>> vectors = Vectors(["north", "up", "east"], [[0.0, 2.0], [0.1, 1.0], [3.0, 0.0]])
    >>> [key for key, _ in vectors.most_similar("north", k=2)]
    ['up', 'east']
    """

    def __init__(
        self,
        keys: Sequence[str] | Vocabulary,
        matrix: npt.ArrayLike,
        *,
        outputs: npt.ArrayLike | None = None,
        biases: npt.ArrayLike | None = None,
        noise: npt.ArrayLike | None = None,
        counts: npt.ArrayLike | None = None,
    ) -> None:
        self._vocabulary = keys if isinstance(keys, Vocabulary) else Vocabulary(list(keys))
        n = len(self._vocabulary)
        self._n_passes = count()
        self._matrix = self._checked(as_matrix(matrix, name="matrix"), name="matrix")
        self._outputs = None if outputs is None else self._checked(as_matrix(outputs, name="outputs"), name="outputs")
        if self._outputs is not None and self._outputs.shape != self._matrix.shape:
            raise DataError(f"outputs must have the matrix's shape {self._matrix.shape}, got {self._outputs.shape}.")
        self._biases = None if biases is None else self._column(biases, name="biases")
        self._noise = None if noise is None else self._column(noise, name="noise")
        if self._noise is not None and n and self._noise.min() < 0:
            key = self._vocabulary.keys[int(self._noise.argmin())][:80]
            raise DataError(f"noise must be >= 0, got {self._noise.min()} for {key!r}.")
        self._counts: Int64 | None = None
        if counts is not None:
            self._counts = _read_only(np.asarray(counts).astype(np.int64))
            if self._counts.shape != (n,):
                raise DataError(f"counts must hold one number per item, {n}, got the shape {self._counts.shape}.")

    @property
    def keys(self) -> list[str]:
        """The key of each item, by id."""
        return list(self._vocabulary.keys)

    @property
    def vocabulary(self) -> Vocabulary:
        """Keys to ids and back."""
        return self._vocabulary

    @property
    def matrix(self) -> Float32:
        """The vectors: (n_items, size) float32, read-only."""
        return self._matrix

    @property
    def outputs(self) -> Float32 | None:
        """The vectors of items as contexts: (n_items, size) float32, read-only, or None."""
        return self._outputs

    @property
    def biases(self) -> Float32 | None:
        """The output biases: (n_items,) float32, read-only, or None."""
        return self._biases

    @property
    def noise(self) -> Float32 | None:
        """The probability of each item as a negative: (n_items,) float32, read-only, or None."""
        return self._noise

    @property
    def counts(self) -> Int64 | None:
        """How often each item occurs: (n_items,) int64, read-only, or None."""
        return self._counts

    @cached_property
    def normalised(self) -> Float32:
        """The vectors scaled to length 1: (n_items, size) float32, read-only. A vector of zeros stays zeros.

        Of vectors in a file that take much of the memory that is free, it is in a file without a name, too.
        """
        return _read_only(normalised_rows(self._matrix))

    @property
    def _unit(self) -> Float32 | UnitRows:
        """The same for one pass: of a matrix in a file nothing is made the first time it is asked."""
        if "normalised" in self.__dict__ or not is_mapped(self._matrix) or next(self._n_passes) > 0:
            return self.normalised
        return UnitRows(self._matrix)

    @property
    def size(self) -> int:
        """Numbers per vector."""
        return int(self._matrix.shape[1])

    def __len__(self) -> int:
        return len(self._vocabulary)

    def __contains__(self, key: object) -> bool:
        return key in self._vocabulary

    def __getitem__(self, key: str) -> Float32:
        """Return an item's vector: (size,) float32, read-only.

        Raises
        ------
        UnknownItemError
            If the key is not in the vocabulary.
        """
        vector: Float32 = self._matrix[self._vocabulary.id(key)]
        return vector

    def __repr__(self) -> str:
        return f"Vectors({len(self)} items, {self.size} numbers each)"

    def similarity(self, a: str, b: str) -> float:
        """Return the cosine of two items' vectors, -1 to 1; 0 where one of them is all zeros.

        Raises
        ------
        UnknownItemError
            If a key is not in the vocabulary.
        """
        one, other = self._vocabulary.ids([a, b])
        # By the kernel, so that the number is the one that most_similar shows.
        _, scores = top_k(self.normalised[one : one + 1], self.normalised[other : other + 1], k=1, n_jobs=1)
        return float(scores[0, 0])

    def most_similar(
        self,
        key: str | None = None,
        *,
        plus: Sequence[str] = (),
        minus: Sequence[str] = (),
        k: int = 10,
    ) -> list[tuple[str, float]]:
        """Return the items nearest to an item, or to a sum and difference of items.

        Parameters
        ----------
        key
            An item; the same as naming it in ``plus``.
        plus
            Items to add.
        minus
            Items to subtract.
        k
            How many, >= 0; fewer are returned where there are fewer.

        Returns
        -------
        list[tuple[str, float]]
            Keys and cosines, nearest first, equal cosines by id. Items of the query are left out.

        Raises
        ------
        UnknownItemError
            If a key is not in the vocabulary.
        OptionError
            If nothing was asked for, or ``plus`` or ``minus`` is one text instead of a list of keys.

        Notes
        -----
        Each term is scaled to length 1 first, so that long vectors do not drown the others (as in gensim).
        O(n_items * size) time.
        """
        for name, keys in (("plus", plus), ("minus", minus)):
            if isinstance(keys, str):
                raise OptionError(f"{name} must be a list of keys, got the text {keys!r}; write [{keys!r}].")
        added = [*([key] if key is not None else []), *plus]
        if not added and not minus:
            raise OptionError("most_similar needs at least one key: a key, plus=[...] or minus=[...].")
        ids = self._vocabulary.ids([*added, *minus])
        signs = [1.0] * len(added) + [-1.0] * len(minus)
        found = similar(self._unit, [ids], weights=[signs], k=k, is_finite=True)
        pairs = zip(found.ids[0].tolist(), found.similarities[0].tolist(), strict=True)
        return [(self._vocabulary.keys[i], cosine) for i, cosine in pairs if i >= 0]

    def similar_ids(
        self,
        queries: Sequence[npt.ArrayLike],
        *,
        k: int = 10,
        exclude_query: bool = True,
        n_jobs: int | Literal["auto"] = "auto",
    ) -> Neighbors:
        """Return what is like each of many queries, as ``most_similar(plus=query)`` answers each.

        Parameters
        ----------
        queries
            Each a list of at least one id; its items' normalised vectors are added.
        k
            How many, >= 0; rows are filled up with -1 where there are fewer.
        exclude_query
            Whether a query's own items are left out.
        n_jobs
            Threads; "auto" takes all processors that this process may use.

        Raises
        ------
        DataError
            If an id does not exist or a query is empty.
        OptionError
            If ``k`` or ``n_jobs`` is outside its range.

        Notes
        -----
        Exact. O(n_queries * n_items * size) time. Same bytes for any ``n_jobs``, and for a query alone as among others.
        """
        return similar(self._unit, queries, k=k, exclude_query=exclude_query, is_finite=True, n_jobs=n_jobs)

    def neighbors(
        self, ids: npt.ArrayLike | None = None, *, k: int = 10, n_jobs: int | Literal["auto"] = "auto"
    ) -> Neighbors:
        """Return the ``k`` nearest other items of each item.

        Parameters
        ----------
        ids
            (n_queries,) integers, the items asked about; None: all, in order.
        k
            How many, >= 0; all others where there are fewer.
        n_jobs
            Threads; "auto" takes all processors that this process may use.

        Raises
        ------
        DataError
            If an id does not exist.
        OptionError
            If ``k`` or ``n_jobs`` is outside its range.

        Notes
        -----
        Exact. O(n_queries * n_items * size) time; memory for the result, the queries and about 1 MB per thread. Same
        bytes for any ``n_jobs``, and for an item alone as among others.
        """
        chosen = np.arange(len(self)) if ids is None else np.asarray(ids)
        if ids is not None and chosen.size == 0:
            chosen = chosen.astype(np.int32)
        if chosen.ndim != 1 or chosen.dtype.kind not in "iu":
            raise DataError(f"ids must be a list of whole numbers, got {chosen.dtype} of the shape {chosen.shape}.")
        if chosen.size and (chosen.min() < 0 or chosen.max() >= len(self)):
            raise DataError(f"ids must be from 0 to {len(self) - 1}, got {chosen.min()} to {chosen.max()}.")
        queries = self.normalised if ids is None else self.normalised[chosen]
        return Neighbors(*top_k(queries, self.normalised, k=k, exclude=chosen, is_finite=True, n_jobs=n_jobs))

    def recommend(self, keys: Sequence[str], *, k: int = 10, exclude_query: bool = True) -> list[tuple[str, float]]:
        """Return the items that go with these, as the model itself predicts them.

        Parameters
        ----------
        keys
            The query: at least one item. One that is named twice counts twice.
        k
            How many, >= 0; fewer are returned where there are fewer.
        exclude_query
            Whether the query's own items are left out.

        Returns
        -------
        list[tuple[str, float]]
            Keys and predictions, best first, equal ones by id. A prediction is log p(item | query) up to a constant of
            the query, the mean over the query's items: differences within one answer have a meaning, levels have none.

        Raises
        ------
        OptionError
            If there is no key, one text came instead of a list, or ``k`` < 0.
        UnknownItemError
            If keys are not in the vocabulary; all of them are named.
        DataError
            If the vectors came without what predicting takes.

        Notes
        -----
        ``most_similar`` answers "what is like X", this "what goes with X". O(n_items * size) time. Items that are
        never predicted (their noise is 0) are no answer. See :mod:`firth.vectors.recommend` for the formulas.
        """
        found = self.recommend_ids([known_ids(self._vocabulary, keys)], k=k, exclude_query=exclude_query)
        pairs = zip(found.ids[0].tolist(), found.predictions[0].tolist(), strict=True)
        return [(self._vocabulary.keys[i], prediction) for i, prediction in pairs if i >= 0]

    def recommend_ids(
        self,
        queries: Sequence[npt.ArrayLike],
        *,
        k: int = 10,
        exclude_query: bool = True,
        n_jobs: int | Literal["auto"] = "auto",
    ) -> Recommendations:
        """Return what goes with each of many queries.

        Parameters
        ----------
        queries
            Each a list of at least one id.
        k
            How many, >= 0; rows are filled up with -1 where there are fewer.
        exclude_query
            Whether a query's own items are left out.
        n_jobs
            Threads; "auto" takes all processors that this process may use.

        Raises
        ------
        DataError
            If an id does not exist, a query is empty, or the vectors came without what predicting takes.
        OptionError
            If ``k`` or ``n_jobs`` is outside its range.

        Notes
        -----
        Exact. O(n_queries * n_items * size) time. Same bytes for any ``n_jobs``, and for a query alone as among others.
        """
        return self._predictor.recommend(queries, k=k, exclude_query=exclude_query, n_jobs=n_jobs)

    def to_gensim(self) -> KeyedVectors:
        """Return gensim's ``KeyedVectors`` of the same keys, vectors and counts, in the same order.

        Raises
        ------
        MissingExtraError
            If gensim is not installed.
        """
        from firth.vectors.formats.gensim import to_gensim

        return to_gensim(self)

    @staticmethod
    def from_gensim(source: KeyedVectors | Word2Vec) -> Vectors:
        """Return the vectors of gensim's ``KeyedVectors``, or of a model that holds them as ``wv``.

        Raises
        ------
        DataError
            If it is neither, or holds numbers that are not finite.

        Notes
        -----
        Copied. A model trained with negative sampling brings its output vectors and noise, so that :meth:`recommend`
        works. Counts that gensim made up when it loaded a file without any (n, n - 1, ... 1) are left out.
        """
        from firth.vectors.formats.gensim import from_gensim

        return from_gensim(source)

    def to_torch(self, *, trainable: bool = False) -> torch.nn.Embedding:
        """Return a PyTorch embedding layer whose row i is item id i; frozen unless ``trainable``.

        Raises
        ------
        MissingExtraError
            If PyTorch is not installed.
        """
        from firth.vectors.formats.layers import to_torch

        return to_torch(self, trainable=trainable)

    def to_keras(self, *, trainable: bool = False) -> keras.layers.Embedding:
        """Return a Keras embedding layer whose row i is item id i; frozen unless ``trainable``.

        Raises
        ------
        MissingExtraError
            If Keras, or the backend that it is set to, is not installed.
        """
        from firth.vectors.formats.layers import to_keras

        return to_keras(self, trainable=trainable)

    @cached_property
    def _predictor(self) -> Predictor:
        return Predictor(self)

    def _column(self, numbers: npt.ArrayLike, *, name: str) -> Float32:
        column = np.asarray(numbers, dtype=np.float32)
        if column.shape != (len(self._vocabulary),):
            raise DataError(
                f"{name} must hold one number per item, {len(self._vocabulary)}, got the shape {column.shape}."
            )
        return _read_only(self._checked(column[:, None], name=name)[:, 0])

    def _checked(self, matrix: Float32, *, name: str) -> Float32:
        if len(matrix) != len(self._vocabulary):
            raise DataError(
                f"{name} has {len(matrix)} rows but there are {len(self._vocabulary)} keys; one row per key."
            )
        row = first_not_finite(matrix)
        if row is not None:
            key = self._vocabulary.keys[row][:80]
            raise DataError(f"{name} must be finite, but the row of {key!r} (id {row}) holds NaN or infinity.")
        return _read_only(matrix)


def _read_only(array: Array) -> Array:
    """Return a view that cannot be written; the caller's array stays as it was."""
    view = array.view()
    view.flags.writeable = False
    return view
