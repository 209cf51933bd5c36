"""Cells of similar rows, and how far into which of them a query must look: the plan of the approximate search.

A cell is what one centre of k-means attracts. The scores of its rows (``query . row + bias``) have a mean, the score of
the cell's mean row, and a spread that is in proportion to the cell's size. A query reads a cell where the mean plus
``reach`` spreads is above the query's k-th best score so far; ``reach`` is measured on a sample of queries whose
nearest rows are known exactly. Choosing by the query's own scores rather than by its cell's reads a quarter of the rows
for the same recall.

References
----------
Lloyd (1982). Least squares quantization in PCM. IEEE Transactions on Information Theory 28.
Jegou, Douze & Schmid (2011). Product quantization for nearest neighbor search. IEEE TPAMI 33 (the inverted file).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firth import _kernel
from firth.arrays import Float32, Float64, Int32, Int64
from firth.randomness import Purpose, generator

_ROWS_PER_CELL = 40  # of the sample that the centres are found on
_ROUNDS = 4
_SAMPLE, _PLAN, _CHECK = 0, 1, 2  # streams of Purpose.NEAREST
_N_PLANNED = 500  # queries that the reach is measured on
_SMALLEST_SPREAD = 1e-3  # of the mean spread: copies of one row have none


@dataclass(frozen=True, eq=False)
class Cells:
    """Rows in cells.

    Parameters
    ----------
    order
        (n_rows,) int32, the rows cell by cell, ascending within a cell.
    offsets
        (n_cells + 1,) int64, where each cell starts in ``order``, and n_rows. No cell is empty.
    """

    order: Int32
    offsets: Int64


def with_column(matrix: Float32, column: Float32 | float) -> Float32:
    """Return the matrix with one more column: (n, size + 1) float32."""
    wide = np.empty((len(matrix), matrix.shape[1] + 1), dtype=np.float32)
    wide[:, :-1] = matrix
    wide[:, -1] = column
    return wide


def half_squares(matrix: Float32) -> Float32:
    """Return minus half the squared length of each row, (n,) float32: what makes products order by distance."""
    squares: Float64 = np.einsum("ij,ij->i", matrix, matrix, dtype=np.float64)
    return (-0.5 * squares).astype(np.float32)


def build_cells(matrix: Float32, *, seed: int, n_jobs: int) -> Cells:
    """Return the rows in about ``2 * sqrt(n_rows)`` cells by k-means on a sample.

    Parameters
    ----------
    matrix
        (n_rows, size) float32, finite, at least one row.
    seed
        0 <= seed < 2**64.
    n_jobs
        Threads.

    Notes
    -----
    O(n_rows ** 1.5 * size) time, twice ``80 * sqrt(n_rows)`` rows more memory. Same bytes for any ``n_jobs``.
    """
    n = len(matrix)
    n_cells = max(1, min(n, round(2 * n**0.5)))
    random = generator(seed, Purpose.NEAREST, _SAMPLE)
    sample = matrix[np.sort(random.choice(n, min(n, n_cells * _ROWS_PER_CELL), replace=False))]
    centres = sample[np.sort(random.choice(len(sample), n_cells, replace=False))]
    for _ in range(_ROUNDS):
        labels = _nearest_centre(sample, centres, n_jobs=n_jobs)
        order, offsets = _by_label(labels, len(centres))
        centres = _means(sample[order], offsets).astype(np.float32)  # a centre without rows is left out
    labels = _nearest_centre(matrix, centres, n_jobs=n_jobs)
    return Cells(*_by_label(labels, len(centres)))


def _nearest_centre(matrix: Float32, centres: Float32, *, n_jobs: int) -> Int32:
    columns = with_column(centres, half_squares(centres))
    none = np.empty((0, 0), dtype=np.int32)
    labels = np.empty(len(matrix), dtype=np.int32)
    step = 1 << 16  # interruptible between pieces, and no second copy of the matrix
    for start in range(0, len(matrix), step):
        queries = with_column(matrix[start : start + step], 1.0)
        found, _ = _kernel.top_k(queries, columns, np.resize(none, (len(queries), 0)), 1, n_jobs)
        labels[start : start + step] = found[:, 0]
    return labels


def _by_label(labels: Int32, n_labels: int) -> tuple[Int32, Int64]:
    """Return the rows label by label, and where each label that has any starts."""
    sizes = np.bincount(labels, minlength=n_labels)
    offsets = np.concatenate([[0], np.cumsum(sizes[sizes > 0])]).astype(np.int64)
    return np.argsort(labels, kind="stable").astype(np.int32), offsets


def _means(ordered: Float32, offsets: Int64) -> Float64:
    sums: Float64 = np.add.reduceat(ordered, offsets[:-1], axis=0, dtype=np.float64)
    return sums / np.diff(offsets)[:, None]


@dataclass(frozen=True, eq=False)
class Plan:
    """What the kernel needs to know about the cells.

    Parameters
    ----------
    means
        (n_cells, size + 1) float32: the mean of each cell's rows.
    bounds
        (n_cells, size + 1) float32: a cell is read where ``query . bounds`` is above the k-th best score so far.
    share
        The share of all pairs that will be scored, as estimated from a sample.
    """

    means: Float32
    bounds: Float32
    share: float


def draw(n: int, size: int, *, seed: int, check: bool) -> Int32:
    """Return row numbers, ascending and without repetition: those a plan is made by, or others to check it with."""
    random = generator(seed, Purpose.NEAREST, _CHECK if check else _PLAN)
    return np.sort(random.choice(n, min(n, size), replace=False)).astype(np.int32)


def plan(queries: Float32, rows: Float32, offsets: Int64, *, k: int, recall: float, seed: int, n_jobs: int) -> Plan:
    """Return how far to look for a share ``recall`` of the true nearest, measured on a sample of queries.

    Parameters
    ----------
    queries, rows
        (n_rows, size + 1) float32, sorted by cell; a score is the product of a query, with 1 as its last column, and
        a row.
    offsets
        (n_cells + 1,) int64.
    k
        From 1 to n_rows - 1.
    recall
        0 < recall < 1.
    seed
        0 <= seed < 2**64.
    n_jobs
        Threads.
    """
    means = _means(rows, offsets)
    spreads = _spreads(queries[:, :-1], means[:, :-1].astype(np.float32), offsets)
    own = draw(len(rows), _N_PLANNED, seed=seed, check=False)
    chosen = queries[own]
    found, scores = _kernel.top_k(chosen, rows, own[:, None].copy(), k, n_jobs)
    thresholds = scores[:, -1].astype(np.float64)
    cells = np.searchsorted(offsets, found, side="right") - 1
    own_cells = np.searchsorted(offsets, own, side="right") - 1
    expected = np.einsum("id,cd->ic", chosen, means)  # not a matrix product: its bytes depend on threads
    needed = (thresholds[:, None] - np.take_along_axis(expected, cells, axis=1)) / spreads[cells]
    needed[cells == own_cells[:, None]] = -np.inf  # the query's own cell is read in any case
    reach = float(np.quantile(needed, recall, method="higher"))
    reach = max(reach, float(needed[np.isfinite(needed)].min(initial=0.0)))
    bounds = means.copy()
    bounds[:, -1] += reach * spreads
    is_read = expected + reach * spreads > thresholds[:, None]
    share = float((is_read * np.diff(offsets)).sum() / (len(own) * len(rows)))
    return Plan(means=means.astype(np.float32), bounds=bounds.astype(np.float32), share=share)


def _spreads(coordinates: Float32, centres: Float32, offsets: Int64) -> Float64:
    """Return the root mean squared distance of each cell's rows to their mean, and a little for cells of copies."""
    sizes = np.diff(offsets)
    squares = np.empty(len(coordinates), dtype=np.float64)
    step = 1 << 16
    labels = np.repeat(np.arange(len(sizes)), sizes)
    for start in range(0, len(coordinates), step):
        apart = coordinates[start : start + step] - centres[labels[start : start + step]]
        squares[start : start + step] = np.einsum("ij,ij->i", apart, apart, dtype=np.float64)
    spreads: Float64 = np.sqrt(np.add.reduceat(squares, offsets[:-1]) / sizes)
    return np.maximum(spreads, max(_SMALLEST_SPREAD * float(spreads.mean()), 1e-12))
