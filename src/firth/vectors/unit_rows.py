"""Rows scaled to length 1 as they are asked for: a matrix in a file is searched once without a copy of it."""

from __future__ import annotations

from typing import Literal

import numpy as np

from firth.arrays import Float32, Int32, Int64
from firth.mapped import let_go
from firth.vectors.neighbors import normalised_rows, top_k

_BLOCK = 1 << 25  # numbers that are scaled at once


class UnitRows:
    """A matrix read as its rows scaled to length 1.

    Parameters
    ----------
    matrix
        (n_rows, size) float32, finite.
    """

    def __init__(self, matrix: Float32) -> None:
        self._matrix = matrix
        self.shape = matrix.shape

    def __len__(self) -> int:
        return len(self._matrix)

    def __getitem__(self, ids: Int64) -> Float32:
        """Return some rows: (n, size) float32."""
        return normalised_rows(np.ascontiguousarray(self._matrix[ids]))

    def top_k(
        self, queries: Float32, *, k: int, exclude: Int64, n_jobs: int | Literal["auto"] = "auto"
    ) -> tuple[Int32, Float32]:
        """Return what :func:`firth.vectors.neighbors.top_k` finds among all rows, with the same bytes.

        Parameters
        ----------
        queries
            (n_queries, size) float32, finite.
        k
            How many rows, >= 0.
        exclude
            (n_queries, n_exclude) distinct rows that are no answer to each query.
        n_jobs
            Threads.

        Notes
        -----
        One pass over the matrix, a block in memory. Every block's best are kept, those that are no answer too, and the
        best of all blocks are the best.
        """
        n_wanted = max(0, min(k, len(self) - exclude.shape[1]))
        ids = np.empty((len(queries), 0), dtype=np.int32)
        scores = np.empty((len(queries), 0), dtype=np.float32)
        step = max(1, _BLOCK // max(1, self.shape[1]))
        for first in range(0, len(self) if n_wanted else 0, step):
            unit = normalised_rows(np.ascontiguousarray(self._matrix[first : first + step]))
            found, products = top_k(queries, unit, k=n_wanted + exclude.shape[1], is_finite=True, n_jobs=n_jobs)
            let_go(self._matrix[first : first + step])
            ids = np.hstack([ids, found + np.int32(first)])
            scores = np.hstack([scores, products])
            scores[(ids[:, :, None] == exclude[:, None, :]).any(axis=2)] = -np.inf
            # Blocks come in their order, so that a stable sort leaves equal products by the lower row.
            best = np.argsort(-scores, axis=1, kind="stable")[:, :n_wanted]
            ids, scores = np.take_along_axis(ids, best, axis=1), np.take_along_axis(scores, best, axis=1)
        return ids, scores
