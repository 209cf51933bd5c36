"""Counting how ranks in the vectors and on a map disagree: whole numbers, from which every figure is a fraction.

This is the part of :mod:`firth.maps.quality` that works in pieces and threads. It knows nothing of defaults or samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from firth import _kernel
from firth.arrays import Float32, Int32, Int64
from firth.errors import DataError, OptionError
from firth.progress import Progress, SilentProgress
from firth.threads import n_threads
from firth.vectors.neighbors import as_matrix, check_finite, normalised_rows

Metric = Literal["cosine", "euclidean"]

_TASK = 64  # items that the kernel judges in one piece
_PRODUCTS = 1 << 35  # between two moments at which Ctrl-C is heard: about half a second on two processors
_RANKS = 1 << 24  # kept at a time


@dataclass(frozen=True, eq=False)
class Counts:
    """What was counted, one whole number for each of ``ks``.

    Parameters
    ----------
    n_items
        All items.
    ks
        The numbers of neighbours.
    intruding
        (n_ks,) int64: by how much the ranks in the vectors of the neighbours on the map exceed ``k``, in all.
    missing
        (n_ks,) int64: by how much the ranks on the map of the neighbours in the vectors exceed ``k``, in all.
    kept
        (n_ks,) int64: how many neighbours in the vectors are neighbours on the map.
    kept_by_item
        (n_judged,) int32: the same for the first ``k``, by item.
    """

    n_items: int
    ks: tuple[int, ...]
    intruding: Int64
    missing: Int64
    kept: Int64
    kept_by_item: Int32

    def per_k(self, excess: Int64) -> dict[int, float]:
        """Return 1 less the excess as a share of the largest possible, by ``k``."""
        n, judged = self.n_items, len(self.kept_by_item)
        return {
            k: 1.0 - 2 * int(cost) / (judged * k * (2 * n - 3 * k - 1)) for k, cost in zip(self.ks, excess, strict=True)
        }

    def kept_shares(self) -> dict[int, float]:
        """Return the share of neighbours kept, by ``k``."""
        judged = len(self.kept_by_item)
        return {k: int(kept) / (judged * k) for k, kept in zip(self.ks, self.kept, strict=True)}

    def torn(self) -> Float32:
        """Return the share of neighbours not kept, by item: (n_judged,) float32."""
        return (1.0 - self.kept_by_item / self.ks[0]).astype(np.float32)


def count(
    rows: Float32,
    places: Float32,
    judged: Int32,
    ks: tuple[int, ...],
    metric: Metric,
    n_jobs: int | Literal["auto"],
    progress: Progress | None,
    *,
    with_continuity: bool,
) -> Counts:
    """Return the counts for the items ``judged``, in pieces between which Python hears Ctrl-C.

    A neighbour is kept if its rank in the vectors, of equally near ones by id, is at most k. So only what is missing on
    the map asks for the neighbours in the vectors, and those are found in the same pass as the ranks.
    """
    threads, most = n_threads(n_jobs), max(ks)
    intruding, missing, kept = (np.zeros(len(ks), dtype=np.int64) for _ in range(3))
    kept_by_item = np.zeros(len(judged), dtype=np.int32)
    step = _step(len(rows), rows.shape[1], most, threads)
    with (progress or SilentProgress()).task("judging the map", total=len(judged), unit="items") as task:
        for start in range(0, len(judged), step):
            these = judged[start : start + step]
            none = np.empty((len(these), 0), dtype=np.int32)
            _, _, shown = _kernel.rank_rows(places, these, none, most, True, threads)
            ranks, ties, true = _kernel.rank_rows(
                rows, these, shown, most if with_continuity else 0, metric == "euclidean", threads
            )
            shared = ranks - ties
            for i, k in enumerate(ks):
                intruding[i] += _excess(shared[:, :k], k)
                here = np.count_nonzero(ranks[:, :k] <= k, axis=1)
                kept[i] += here.sum()
                if i == 0:
                    kept_by_item[start : start + step] = here
            if with_continuity:
                ranks, ties, _ = _kernel.rank_rows(places, these, true, 0, True, threads)
                shared = ranks - ties
                for i, k in enumerate(ks):
                    missing[i] += _excess(shared[:, :k], k)
            task.update(start + len(these))
    return Counts(len(rows), ks, intruding, missing, kept, kept_by_item)


def _excess(ranks: Int32, k: int) -> int:
    return int(np.maximum(ranks - k, 0).sum(dtype=np.int64))


def _step(n: int, size: int, k: int, threads: int) -> int:
    """Return how many items to judge at a time: about half a second's work, and the same for each thread."""
    share = _TASK * threads
    wanted = min(_PRODUCTS // (n * (size + 16)), _RANKS // k)
    return max(1, wanted // share) * share


def checked(matrix: npt.ArrayLike, xy: npt.ArrayLike, metric: str) -> tuple[Float32, Float32]:
    """Return rows and places as the kernel compares them."""
    if metric not in ("cosine", "euclidean"):
        raise OptionError(f"metric must be 'cosine' or 'euclidean', got {metric!r}.")
    rows, places = as_matrix(matrix, name="matrix"), as_matrix(xy, name="xy")
    if places.shape != (len(rows), 2):
        raise DataError(f"xy must have one row of two numbers per item, ({len(rows)}, 2), got {places.shape}.")
    check_finite(rows, name="matrix")
    check_finite(places, name="xy")
    return normalised_rows(rows) if metric == "cosine" else _within_range(rows), _within_range(places)


def _within_range(rows: Float32) -> Float32:
    """Return the rows times a power of two, by which squared distances neither overflow nor vanish."""
    largest = max(float(rows.max(initial=0.0)), -float(rows.min(initial=0.0)))
    exponent = int(np.frexp(largest)[1])
    if largest == 0 or -20 <= exponent <= 40:
        return rows
    return np.ldexp(rows, np.int32(-exponent)).astype(np.float32, copy=False)
