"""Two matrices of the same items turned onto each other: what two trainings may differ in without meaning anything.

The axes of a training are arbitrary: another seed gives another rotation of much the same vectors. Orthogonal
Procrustes finds the rotation (reflections allowed) that lays one matrix as closely as may be on the other. Rows are
scaled to length 1 first, and not centred, as Hamilton, Leskovec & Jurafsky do: a rotation about the origin leaves
every cosine of the turned matrix what it was, so what still differs afterwards is a difference of answers, and a
shift would change all of them.

Items that really moved should not bend the rotation, so it is found in a few rounds in which items that lie far off
count less (Huber's weights; Verboon & Heiser).

Nothing here uses LAPACK or BLAS, whose last bits depend on the number of threads, the processor and the build: sums
run in NumPy's own fixed order, and the singular vectors come from Jacobi's rotations, which are element-wise
arithmetic.

References
----------
Schönemann (1966). A generalized solution of the orthogonal Procrustes problem. Psychometrika 31.
Hamilton, Leskovec & Jurafsky (2016). Diachronic word embeddings reveal statistical laws of semantic change. ACL 2016.
Verboon & Heiser (1992). Resistant orthogonal Procrustes analysis. Journal of Classification 9.
Hestenes (1958). Inversion of matrices by biorthogonalization and related results. SIAM Journal 6.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firth.arrays import Float32, Float64, Int64
from firth.errors import DataError, OptionError
from firth.vectors.neighbors import as_matrix, check_finite, normalised_rows

_BLOCK = 1 << 14  # rows turned at once
_RIGHT = 1e-15  # cosine of two columns that are at right angles as far as rounding lets them
_ENOUGH = 1e-8  # cosine before a sweep that is the last: convergence is quadratic
_MAX_SWEEPS = 60  # 6 to 12 are usual
_FAR = 1e100  # beyond it a square would overflow, and the angle is 0 to the last bit
_NOTHING = 1e-13  # of the largest singular value: a direction of which the items say nothing


@dataclass(frozen=True, eq=False)
class Alignment:
    """The rotation that lays one matrix on another.

    Parameters
    ----------
    rotation
        (size, size) float64, orthogonal; size is the larger of the two matrices' sizes. A row of ``b``, filled up with
        zeros, times this lies where ``a`` has it.
    distances
        (n_items,) float32, 0 to 2: 1 - cosine of each item's row in ``a`` and its turned row in ``b``; 1 where one of
        them is all zeros, 0 where both are.
    weights
        (n_items,) float64, above 0, at most 1: how much each item counted in the last round.
    """

    rotation: Float64
    distances: Float32
    weights: Float64

    def apply(self, matrix: npt.ArrayLike) -> Float32:
        """Return rows of the space of ``b`` as they lie in the space of ``a``: (n, size) float32, lengths unchanged.

        Raises
        ------
        DataError
            If they have more columns than the rotation.
        """
        rows = as_matrix(matrix, name="matrix")
        size = len(self.rotation)
        if rows.shape[1] > size:
            raise DataError(f"matrix must have at most {size} columns, got {rows.shape[1]}.")
        return _turned(_padded(rows, size), self.rotation).astype(np.float32)


def align(a: npt.ArrayLike, b: npt.ArrayLike, *, rounds: int = 5) -> Alignment:
    """Return the rotation of ``b`` that lays it on ``a``, and how far each item still lies apart.

    Parameters
    ----------
    a, b
        (n_items, size_a) and (n_items, size_b), finite: row i of both is the same item. The smaller size is filled up
        with zeros.
    rounds
        How often the rotation is found anew after items that lie far off were given less weight; 0: the plain
        least-squares rotation.

    Raises
    ------
    DataError
        If the matrices have not the same number of rows, or hold numbers that are not finite.
    OptionError
        If ``rounds`` is negative.

    Notes
    -----
    O(rounds * (n_items * size ** 2 + size ** 3)) time. Rows are scaled to length 1, and not centred. A round gives an
    item whose distance is above the median d the weight d / distance, which is Huber's, so that the sum that is made
    small grows with distances and not with their squares. Equal rows give the identity and distances of exactly 0. With
    fewer items than dimensions some directions are not determined; they are turned in some way, always the same. The
    bytes depend on no thread, and on no library for linear algebra.
    """
    first, second = as_matrix(a, name="a"), as_matrix(b, name="b")
    if len(first) != len(second):
        raise DataError(f"a and b must have a row per item each, got {len(first)} and {len(second)} rows.")
    if rounds < 0:
        raise OptionError(f"rounds must be >= 0, got {rounds}.")
    check_finite(first, name="a")
    check_finite(second, name="b")
    size = max(first.shape[1], second.shape[1])
    target = _padded(normalised_rows(first), size)
    rows = _padded(normalised_rows(second), size)
    weights = np.ones(len(rows))
    if np.array_equal(target, rows):
        return Alignment(np.eye(size), np.zeros(len(rows), dtype=np.float32), weights)
    rotation = np.eye(size)
    for turn in range(rounds + 1):
        if turn:
            weights = _weights(target, rows, rotation)
        # From the last rotation on, so that the sweeps begin near their end.
        step = _polar(_cross(_turned(rows, rotation), target, weights))
        rotation = _product(rotation, step)
    return Alignment(rotation, _distances(target, rows, rotation), weights)


def _weights(target: Float64, rows: Float64, rotation: Float64) -> Float64:
    gaps = target - _turned(rows, rotation)
    lengths: Float64 = np.sqrt(np.einsum("ij,ij->i", gaps, gaps))
    middle = float(np.median(lengths)) if len(lengths) else 0.0
    return np.where(lengths > middle, middle / np.where(lengths > middle, lengths, 1.0), 1.0) if middle else lengths + 1


def _distances(target: Float64, rows: Float64, rotation: Float64) -> Float32:
    turned = _turned(rows, rotation)
    products = np.einsum("ij,ij->i", target, turned)
    lengths = np.einsum("ij,ij->i", target, target) * np.einsum("ij,ij->i", turned, turned)
    cosines = np.where(lengths > 0, products / np.sqrt(np.where(lengths > 0, lengths, 1.0)), 0.0)
    neither = ~target.any(axis=1) & ~rows.any(axis=1)
    return np.where(neither, 0.0, np.clip(1.0 - cosines, 0.0, 2.0)).astype(np.float32)


def _padded(rows: Float32, size: int) -> Float64:
    padded = np.zeros((len(rows), size))
    padded[:, : rows.shape[1]] = rows
    return padded


def _turned(rows: Float64, rotation: Float64) -> Float64:
    turned = np.empty_like(rows)
    for start in range(0, len(rows), _BLOCK):
        turned[start : start + _BLOCK] = _product(rows[start : start + _BLOCK], rotation)
    return turned


def _product(left: Float64, right: Float64) -> Float64:
    """Return a product of matrices in a fixed order of summation, which BLAS does not promise."""
    product: Float64 = np.einsum("ij,jk->ik", left, right, optimize=False)
    return product


def _cross(rows: Float64, target: Float64, weights: Float64) -> Float64:
    """Return the weighted sum over items of the products of their columns: (size, size)."""
    cross: Float64 = np.einsum("ij,ik->jk", rows * weights[:, None], target, optimize=False)
    return cross


def _polar(matrix: Float64) -> Float64:
    """Return the orthogonal matrix nearest to a square one: U V^T of its singular value decomposition U S V^T."""
    left, right = matrix.T.copy(), np.eye(len(matrix))  # rows: the columns of matrix V, and those of V
    schedule = _disjoint_pairs(len(matrix))
    for _ in range(_MAX_SWEEPS):
        if max((_rotate(left, right, p, q) for p, q in schedule), default=0.0) <= _ENOUGH:
            break
    lengths = np.sqrt(np.einsum("ij,ij->i", left, left))
    is_known = lengths > _NOTHING * lengths.max(initial=0.0)
    left[is_known] /= lengths[is_known, None]
    _complete(left, is_known)
    return _product(left.T.copy(), right)


def _rotate(left: Float64, right: Float64, p: Int64, q: Int64) -> float:
    """Turn pairs of rows to right angles, those of ``right`` along; return the largest cosine that there was."""
    one, other = left[p], left[q]
    alpha, beta = np.einsum("ij,ij->i", one, one), np.einsum("ij,ij->i", other, other)
    gamma = np.einsum("ij,ij->i", one, other)
    scale = np.sqrt(alpha * beta)
    # Rows of rounding errors alone have no direction to speak of.
    cosine = np.where(scale > 0, np.abs(gamma) / np.where(scale > 0, scale, 1.0), 0.0)
    does = cosine > _RIGHT
    if not does.any():
        return 0.0
    zeta = np.clip((beta - alpha) / (2.0 * np.where(does, gamma, 1.0)), -_FAR, _FAR)
    tangent = np.where(zeta < 0, -1.0, 1.0) / (np.abs(zeta) + np.sqrt(1.0 + zeta * zeta))
    tangent = np.where(does, tangent, 0.0)[:, None]
    cos = 1.0 / np.sqrt(1.0 + tangent * tangent)
    sin = cos * tangent
    left[p], left[q] = cos * one - sin * other, sin * one + cos * other
    one, other = right[p], right[q]
    right[p], right[q] = cos * one - sin * other, sin * one + cos * other
    return float(cosine.max())


def _disjoint_pairs(n: int) -> list[tuple[Int64, Int64]]:
    """Return rounds of disjoint pairs in which each two of n numbers meet once (the circle method)."""
    places = list(range(n + n % 2))
    rounds = []
    for _ in range(len(places) - 1):
        half = len(places) // 2
        pairs = [(x, y) for x, y in zip(places[:half], places[: half - 1 : -1], strict=True) if max(x, y) < n]
        rounds.append((np.array([min(pair) for pair in pairs]), np.array([max(pair) for pair in pairs])))
        places = [places[0], places[-1], *places[1:-1]]
    return [(p, q) for p, q in rounds if len(p)]


def _complete(rows: Float64, is_known: npt.NDArray[np.bool_]) -> None:
    """Fill the unknown rows so that all are at right angles and of length 1, from the axes, each the least known."""
    for place in np.flatnonzero(~is_known):
        others = rows[is_known]
        free = 1.0 - np.einsum("ij,ij->j", others, others)
        row = np.zeros(rows.shape[1])
        row[int(np.argmax(free))] = 1.0
        for _ in range(2):  # once more, for what rounding left
            row = row - np.einsum("i,ij->j", np.einsum("ij,j->i", others, row), others)
        rows[place] = row / np.sqrt(np.einsum("i,i->", row, row))
        is_known[place] = True
