"""Nearest rows, exactly: the Python face of the kernel's blocked, multi-threaded search.

Everything that asks "which rows are nearest" goes through :func:`top_k`, so that ties, exclusion and reproducibility
are settled in one place. It refuses rows that are not finite: they have no nearest.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from firth import _kernel
from firth.arrays import Float32, Int32
from firth.errors import DataError, OptionError
from firth.mapped import available_bytes, is_mapped, scratch
from firth.threads import n_threads

_BLOCK = 1 << 22  # numbers looked at in one piece
_SHARE = 0.3  # of the free memory that a copy of a matrix in a file may take


def top_k(
    queries: Float32,
    matrix: Float32,
    *,
    k: int,
    exclude: npt.ArrayLike | None = None,
    is_finite: bool = False,
    n_jobs: int | Literal["auto"] = "auto",
) -> tuple[Int32, Float32]:
    """Return, for each query, the rows of a matrix with the largest dot product, and these products.

    Parameters
    ----------
    queries
        (n_queries, size) float32, finite.
    matrix
        (n_rows, size) float32, finite. With both of unit length, dot products are cosines.
    k
        How many rows, >= 0.
    exclude
        (n_queries,) or (n_queries, n_exclude) integers: rows that are no answer to this query; -1 for none.
    is_finite
        Whether the matrix is known to be finite, so that it is not read once more to see: for one query that takes
        longer than its answer.
    n_jobs
        Threads; "auto" takes all processors that this process may use.

    Returns
    -------
    ids
        (n_queries, m) int32, best first, equal products by the lower row; m = min(k, n_rows - n_exclude), at least 0.
    scores
        (n_queries, m) float32.

    Raises
    ------
    OptionError
        If ``k`` or ``n_jobs`` is outside its range.
    DataError
        If shapes do not fit, a row number does not exist, or a number is not finite (the message names the row).

    Notes
    -----
    O(n_queries * n_rows * size) time; memory for the result and about 1 MB per thread. Same bytes for any ``n_jobs``,
    and one query alone gets the bytes it gets among others: each product is summed over the columns in order.
    """
    if k < 0:
        raise OptionError(f"k must be >= 0, got {k}.")
    queries, matrix = as_matrix(queries, name="queries"), as_matrix(matrix, name="matrix")
    if queries.shape[1] != matrix.shape[1]:
        raise DataError(f"queries have {queries.shape[1]} columns but the matrix has {matrix.shape[1]}.")
    check_finite(queries, name="queries")
    if queries is not matrix and not is_finite:
        check_finite(matrix, name="matrix")
    skip = _exclusions(exclude, n_queries=len(queries), n_rows=len(matrix))
    m = max(0, min(k, len(matrix) - skip.shape[1]))
    ids: Int32
    scores: Float32
    ids, scores = _kernel.top_k(queries, matrix, skip if m else skip[:, :0], m, n_threads(n_jobs))
    # A product that is not a number leaves -1 behind; one beyond the largest float32 is infinite.
    if ids.size and (ids.min() < 0 or not np.isfinite(scores).all()):
        raise DataError("dot products left the range of float32; normalise the rows first.")
    return ids, scores


def as_matrix(matrix: npt.ArrayLike, *, name: str) -> Float32:
    """Return a matrix as the kernel reads it: two dimensions, float32, C order. What fits already is not copied.

    Raises
    ------
    DataError
        If it has not two dimensions, or does not hold numbers.
    """
    array: npt.NDArray[Any] = np.asarray(matrix)
    if array.ndim != 2:
        raise DataError(f"{name} must have two dimensions, got {array.ndim}.")
    if array.dtype.kind not in "fiub":
        raise DataError(f"{name} must hold numbers, got {array.dtype}.")
    return np.ascontiguousarray(array, dtype=np.float32)


def first_not_finite(matrix: Float32) -> int | None:
    """Return the first row that holds NaN or an infinity, or None."""
    step = max(1, _BLOCK // max(1, matrix.shape[1]))
    for start in range(0, len(matrix), step):
        bad = ~np.isfinite(matrix[start : start + step]).all(axis=1)
        if bad.any():
            return start + int(bad.argmax())
    return None


def check_finite(matrix: Float32, *, name: str) -> None:
    """Raise if a matrix holds NaN or an infinity.

    Raises
    ------
    DataError
        With the first such row.
    """
    row = first_not_finite(matrix)
    if row is not None:
        raise DataError(f"{name} must be finite, but row {row} holds NaN or infinity; leave such rows out.")


def normalised_rows(matrix: Float32) -> Float32:
    """Return the rows scaled to length 1: (n, size) float32. A row of zeros stays zeros: its cosines are 0.

    Notes
    -----
    Rows of a matrix in a file that would take much of the memory that is free lie in a file, too.

    Lengths are taken in float64, after scaling by the largest entry, so that none overflows or vanishes.
    """
    available = available_bytes() if is_mapped(matrix) else None
    is_large = available is not None and matrix.nbytes > _SHARE * available
    unit = scratch(matrix.shape, np.float32) if is_large else np.zeros(matrix.shape, dtype=np.float32)
    step = max(1, _BLOCK // max(1, matrix.shape[1]))
    for start in range(0, len(matrix), step):
        block = matrix[start : start + step].astype(np.float64)
        largest = np.abs(block).max(axis=1, keepdims=True, initial=0.0)
        np.divide(block, largest, out=block, where=largest > 0)
        lengths = np.sqrt(np.einsum("ij,ij->i", block, block))[:, None]
        np.divide(block, lengths, out=block, where=lengths > 0)
        unit[start : start + step] = block
    return unit


def _exclusions(exclude: npt.ArrayLike | None, *, n_queries: int, n_rows: int) -> Int32:
    if exclude is None:
        return np.empty((n_queries, 0), dtype=np.int32)
    array: npt.NDArray[Any] = np.asarray(exclude)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or len(array) != n_queries:
        raise DataError(f"exclude must have one row per query, {n_queries}, got the shape {np.shape(exclude)}.")
    if array.size and array.dtype.kind not in "iu":
        raise DataError(f"exclude must hold row numbers, got {array.dtype}.")
    if array.size and (array.min() < -1 or array.max() >= n_rows):
        raise DataError(f"exclude must hold row numbers from 0 to {n_rows - 1}, or -1 for none.")
    return np.ascontiguousarray(array, dtype=np.int32)
