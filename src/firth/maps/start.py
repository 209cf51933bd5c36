"""Where a map begins: at the two principal components, as small as t-SNE likes its start.

References
----------
Kobak & Berens (2019). The art of using t-SNE for single-cell transcriptomics. Nature Communications 10.
"""

from __future__ import annotations

import numpy as np

from firth.arrays import Float32, Float64
from firth.randomness import Purpose, generator

START_SD = 1e-4  # Kobak & Berens (2019)
_JITTER = 0.01  # of it; rows that are equal, or lie on one line, must be able to part
_GRID = 2.0**-12  # of it
_BLOCK = 1 << 14


def principal_components(rows: Float32) -> Float64:
    """Return the rows' coordinates along their two directions of largest variance: (n, 2).

    The sign of each direction is chosen so that its entry of largest size is positive. Rows that are all alike, up to
    rounding, give zeros.
    """
    n, size = rows.shape
    if n == 0 or size == 0:
        return np.zeros((n, 2))
    mean = rows.mean(axis=0, dtype=np.float64)
    covariance = np.zeros((size, size))
    for start in range(0, n, _BLOCK):
        block = rows[start : start + _BLOCK] - mean
        covariance += block.T @ block
    values, directions = np.linalg.eigh(covariance / n)
    if values[-1] < 1e-12 * (1.0 + float(mean @ mean)):
        return np.zeros((n, 2))
    first = directions[:, ::-1][:, :2]
    first = first * np.sign(first[np.abs(first).argmax(axis=0), np.arange(first.shape[1])])
    placed = np.zeros((n, 2))
    for start in range(0, n, _BLOCK):
        placed[start : start + _BLOCK, : first.shape[1]] = (rows[start : start + _BLOCK] - mean) @ first
    return placed


def small_start(components: Float64, *, seed: int) -> Float32:
    """Return the components as t-SNE starts from them: the first with a standard deviation of 1e-4, (n, 2).

    Notes
    -----
    They are rounded to a grid before a little noise is added, so that the last bits of a linear algebra library, which
    differ from processor to processor, do not decide where a point goes.
    """
    scaled = components / components[:, 0].std()
    noise = generator(seed, Purpose.MAP_START).standard_normal(scaled.shape, dtype=np.float32)
    start = np.round(scaled / _GRID).astype(np.float32) * np.float32(_GRID)
    placed: Float32 = (start + np.float32(_JITTER) * noise) * np.float32(START_SD)
    return placed
