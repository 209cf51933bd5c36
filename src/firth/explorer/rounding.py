"""Vectors in fewer bits, for a page that carries them, and how far its answers are those of the full ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from firth.arrays import Float32, Int32
from firth.runs.recommending import options_of
from firth.runs.run import Run
from firth.vectors.recommender import Recommender
from firth.vectors.similar import similar
from firth.vectors.vectors import Vectors

Bits = Literal[8, 16]

_N_SUMS = 200
_N_BASKETS = 50
_K = 10


@dataclass(frozen=True, eq=False)
class Rounded:
    """Rows of numbers as whole numbers, each row on a scale of its own.

    Parameters
    ----------
    codes
        (n, size) int8 or int16.
    scales
        (n,) float32. Row i is ``codes[i] * scales[i]``, off by at most half of that scale.
    """

    codes: npt.NDArray[np.int8] | npt.NDArray[np.int16]
    scales: Float32

    @classmethod
    def of(cls, rows: Float32, bits: Bits) -> Rounded:
        """Return rows, (n, size) float32, in 8 or 16 bits a number."""
        largest = np.abs(rows).max(axis=1, initial=0.0)
        scales = (largest / (2 ** (bits - 1) - 1)).astype(np.float32)
        codes = np.rint(rows / np.where(scales > 0, scales, 1.0)[:, None])
        return cls(codes.astype(np.int8) if bits == 8 else codes.astype(np.int16), scales)

    @property
    def rows(self) -> Float32:
        """The numbers that are left: (n, size) float32."""
        return self.codes.astype(np.float32) * self.scales[:, None]


def sums_agreement(vectors: Vectors, rounded: Rounded) -> float | None:
    """Return the share of the ten nearest to sums ``a - b + c`` that rounded vectors find; None for fewer than 4 items.

    Parameters
    ----------
    vectors
        The full ones.
    rounded
        Their normalised rows, rounded.
    """
    if len(vectors) < 4:
        return None
    first = np.linspace(0, len(vectors) - 1, min(_N_SUMS, len(vectors))).astype(np.int64)
    third = len(vectors) // 3
    queries = [[a, (a + third) % len(vectors), (a + 2 * third) % len(vectors)] for a in first.tolist()]
    exact, found = (_sums(each, queries) for each in (vectors.normalised, rounded.rows))
    return _overlap(exact, found)


def baskets_agreement(run: Run, inputs: Float32, outputs: Float32 | None) -> float | None:
    """Return the share of the ten that go with pairs of items that rounded vectors find; None for fewer than 4 items.

    Parameters
    ----------
    run
        A run that can recommend.
    inputs, outputs
        (n, size) float32, what rounding left of its vectors.
    """
    vectors = run.vectors
    if len(vectors) < 4:
        return None
    first = np.linspace(0, len(vectors) - 1, min(_N_BASKETS, len(vectors))).astype(np.int64)
    queries = [[a, (a + len(vectors) // 2) % len(vectors)] for a in first.tolist()]
    recommender = run.recommender
    others = Vectors(
        vectors.keys, inputs, outputs=outputs, biases=vectors.biases, noise=vectors.noise, counts=vectors.counts
    )
    counts = recommender.counts
    found = Recommender(others, options_of(run), counts=counts, groups=recommender.groups)
    exact_ids, found_ids = (each.recommend_ids(queries, k=_K).ids for each in (recommender, found))
    return _overlap(exact_ids, found_ids)


def _sums(normalised: Float32, queries: list[list[int]]) -> Int32:
    return similar(normalised, queries, weights=[[1.0, -1.0, 1.0]] * len(queries), k=_K).ids


def _overlap(exact: Int32, found: Int32) -> float:
    """Return the share of the ids of each row, -1 being none, that are in the other's row."""
    is_there = (exact[:, :, None] == found[:, None, :]).any(axis=2) & (exact >= 0)
    return float(is_there.sum() / max(1, (exact >= 0).sum()))
