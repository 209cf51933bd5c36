"""The nearest other rows of every row of a matrix, exactly or nearly so: what a map of all items starts from.

The approximate search reads only cells of rows in which a query expects something (``cells.py``), says how much of the
truth it found, and like the exact one gives the same bytes for any number of threads, which a graph that threads build
together does not. It refuses rows that are not finite.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from firth import _kernel
from firth.arrays import Float32, Int32, UInt8
from firth.errors import DataError, OptionError
from firth.progress import Progress, SilentProgress
from firth.threads import n_threads
from firth.vectors.cells import build_cells, draw, half_squares, plan, with_column
from firth.vectors.neighbors import as_matrix, check_finite, normalised_rows

Metric = Literal["cosine", "euclidean"]

_SPARE = 8  # found beyond k, since the search's own scores are rounded differently from the distances
_RECALL = 0.945  # aimed at
_N_CHECKED = 1000
_LARGE = 2e11  # rows x rows x columns from which "auto" approximates
_DENSE = 0.3  # share of all pairs from which an approximation does not pay; at 0.18 it saves a quarter (uniform noise)
_PIECE = 1e10  # multiplications a thread does between two looks at the keyboard
_BATCH = 2048  # queries that the kernel answers together; a piece holds whole batches
_RANGE = "squared distances left the range of float32; scale the rows first."
_LARGEST = 3e38
_LONG = 5e10  # rows x rows x columns from which a bar is shown, about a second


@dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest other rows of every row.

    Parameters
    ----------
    ids
        (n, k) int32, nearest first, of equal distances the lower row first; never the row itself.
    squared_distances
        (n, k) float32, >= 0. By cosine: ``2 - 2 * cosine``, the squared distance of the normalised rows.
    metric
        "cosine" or "euclidean".
    method
        What was done: "exact" or "approximate".
    recall
        The share of the true k nearest that was found, over a sample of 1,000 rows; None where the search was exact.
    seconds
        Wall time.
    """

    ids: Int32
    squared_distances: Float32
    metric: Metric
    method: Literal["exact", "approximate"]
    recall: float | None
    seconds: float


class _Search(NamedTuple):
    """Rows as the search reads them: ``queries[i] . rows[j]`` is the larger, the nearer j is to i."""

    matrix: Float32  # what distances are taken of
    apart: UInt8
    queries: Float32
    rows: Float32
    names: Int32


def nearest(
    matrix: npt.ArrayLike,
    *,
    k: int,
    metric: Metric = "cosine",
    method: Literal["auto", "exact", "approximate"] = "auto",
    seed: int = 1,
    n_jobs: int | Literal["auto"] = "auto",
    progress: Progress | None = None,
) -> Nearest:
    """Return, for every row, the ``k`` nearest other rows.

    Parameters
    ----------
    matrix
        (n, size) finite numbers.
    k
        How many, >= 0; n - 1 where that is less.
    metric
        "cosine": of the directions; a row of zeros has the cosine 0 with every row. "euclidean": of the rows as given.
    method
        "approximate" finds about 95 % or more of the true nearest; "auto" is exact below ``rows * rows * columns`` of
        2e11 and where an approximation would have to look at more than 30 % of all pairs.
    seed
        0 <= seed < 2**64, of the samples of the approximate search.
    n_jobs
        Threads.
    progress
        Where to say how far it is; used where it takes about a second or more.

    Raises
    ------
    OptionError
        If an option is outside its range.
    DataError
        If the matrix is not finite, or squared distances leave the range of float32.

    Notes
    -----
    Exact: O(n ** 2 * size) time. Approximate: O(n ** 1.5 * size) and what the data demand. Memory O(n * (k + size)).
    Same bytes for any ``n_jobs``. Distances are taken of differences, so that near rows keep their digits, but which
    rows are looked at depends on products in float32: groups much smaller than 1/1000 of the extent of the data are
    told apart only roughly.
    """
    started = time.perf_counter()
    _check_options(k=k, metric=metric, method=method, seed=seed)
    array = as_matrix(matrix, name="matrix")
    check_finite(array, name="matrix")
    if metric == "euclidean" and 4.0 * array.shape[1] * float(np.abs(array).max(initial=0.0)) ** 2 > _LARGEST:
        raise DataError(_RANGE)
    threads = n_threads(n_jobs)
    m = max(0, min(k, len(array) - 1))
    cost = float(len(array)) ** 2 * array.shape[1]
    shown = progress if progress is not None and cost >= _LONG else SilentProgress()
    found: tuple[Int32, Float32, float | None] | None = None
    if m > 0 and (method == "approximate" or (method == "auto" and cost >= _LARGE)):
        found = _approximate(
            array,
            k=m,
            metric=metric,
            dense=_DENSE if method == "auto" else np.inf,
            seed=seed,
            jobs=threads,
            shown=shown,
        )
    if found is None:
        search = _prepare(array, metric)
        own = np.arange(len(array), dtype=np.int32)
        exact_ids, exact_distances = _exactly(search, own, k=m, jobs=threads, shown=shown)
        found = (exact_ids, exact_distances, None)
    ids, distances, recall = found
    return Nearest(
        ids=ids,
        squared_distances=distances,
        metric=metric,
        method="exact" if recall is None else "approximate",
        recall=recall,
        seconds=time.perf_counter() - started,
    )


def _check_options(*, k: int, metric: str, method: str, seed: int) -> None:
    if k < 0:
        raise OptionError(f"k must be >= 0, got {k}.")
    if metric not in ("cosine", "euclidean"):
        raise OptionError(f"metric must be 'cosine' or 'euclidean', got {metric!r}.")
    if method not in ("auto", "exact", "approximate"):
        raise OptionError(f"method must be 'auto', 'exact' or 'approximate', got {method!r}.")
    if not 0 <= seed < 2**64:
        raise OptionError(f"seed must be from 0 to 2**64 - 1, got {seed}.")


def _prepare(array: Float32, metric: Metric, order: Int32 | None = None) -> _Search:
    """Return the rows as the search reads them, sorted if an order is given."""
    matrix = normalised_rows(array) if metric == "cosine" else array
    names = np.arange(len(array), dtype=np.int32) if order is None else order
    matrix = matrix if order is None else matrix[order]
    if metric == "cosine":
        apart: UInt8 = np.asarray(~matrix.any(axis=1), dtype=np.uint8)
        return _Search(matrix, apart, matrix, matrix, names)
    centred = _centred(matrix)
    apart = np.zeros(len(array), dtype=np.uint8)
    rows = with_column(centred, half_squares(centred))
    return _Search(matrix, apart, with_column(centred, 1.0), rows, names)


def _centred(matrix: Float32) -> Float32:
    if not len(matrix):
        return matrix
    middle: Float32 = matrix.mean(axis=0, dtype=np.float64).astype(np.float32)
    return matrix - middle


def _exactly(search: _Search, own: Int32, *, k: int, jobs: int, shown: Progress) -> tuple[Int32, Float32]:
    """Return the ids and distances of the k nearest of the rows ``own``."""
    n, size = search.rows.shape
    ids, distances = np.empty((len(own), k), dtype=np.int32), np.empty((len(own), k), dtype=np.float32)
    m = min(k + _SPARE, n - 1)
    step = 64 * jobs * max(1, int(_PIECE / (64 * max(1, n * size))))
    with shown.task("nearest rows", total=len(own), unit="rows") as task:
        for start in range(0, len(own) if k else 0, step):
            chosen = own[start : start + step]
            found, _ = _kernel.top_k(search.queries[chosen], search.rows, chosen[:, None].copy(), m, jobs)
            ids[start : start + step], distances[start : start + step] = _refined(search, chosen, found, k, jobs)
            task.update(min(start + step, len(own)))
    return ids, distances


def _refined(search: _Search, own: Int32, found: Int32, k: int, jobs: int) -> tuple[Int32, Float32]:
    return _kernel.refine(search.matrix, search.names, search.apart, own, found, k, jobs)


def _approximate(
    array: Float32, *, k: int, metric: Metric, dense: float, seed: int, jobs: int, shown: Progress
) -> tuple[Int32, Float32, float | None] | None:
    """Return ids, distances and recall, or None where more than a share ``dense`` of all pairs would be scored."""
    cells = build_cells(normalised_rows(array) if metric == "cosine" else _centred(array), seed=seed, n_jobs=jobs)
    search = _prepare(array, metric, cells.order)
    if metric == "cosine":  # the plan needs a column of its own
        search = search._replace(queries=with_column(search.matrix, 1.0), rows=with_column(search.matrix, 0.0))
    n, m = len(array), min(k + _SPARE, len(array) - 1)
    planned = plan(search.queries, search.rows, cells.offsets, k=k, recall=_RECALL, seed=seed, n_jobs=jobs)
    if planned.share > dense:
        return None
    ids, distances = np.empty((n, k), dtype=np.int32), np.empty((n, k), dtype=np.float32)
    batch_cost = _BATCH * max(planned.share, 0.01) * search.rows.size
    step = _BATCH * jobs * int(np.clip(2 * _PIECE / batch_cost, 4, 32))
    tables = (cells.offsets, planned.means, planned.bounds)
    with shown.task("nearest rows", total=n, unit="rows") as task:
        for start in range(0, n, step):
            last = min(start + step, n)
            found = _kernel.probe(search.queries, search.rows, *tables, start, last, m, 4 * m, jobs)
            own = np.arange(start, last, dtype=np.int32)
            ids[cells.order[start:last]], distances[cells.order[start:last]] = _refined(search, own, found, k, jobs)
            task.update(last)
    return ids, distances, _recall(search, distances, k=k, seed=seed, jobs=jobs)


def _recall(search: _Search, distances: Float32, *, k: int, seed: int, jobs: int) -> float:
    """Return the share of found rows that are no farther than the true k-th, for rows that the plan was not made by."""
    own = draw(len(distances), _N_CHECKED, seed=seed, check=True)
    _, true = _exactly(search, own, k=k, jobs=jobs, shown=SilentProgress())
    return float((distances[search.names[own]] <= true[:, -1:]).mean())
