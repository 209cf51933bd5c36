"""t-SNE's affinities: how much each two items should be drawn together.

Each item spreads one unit over its nearest neighbours, by a Gaussian just so wide that about ``perplexity`` of them
count; the two directions are averaged. It keeps three neighbours per unit of perplexity, as is usual, and refuses
perplexities that leave nothing to choose from.

References
----------
van der Maaten & Hinton (2008). Visualizing data using t-SNE. JMLR 9.
van der Maaten (2014). Accelerating t-SNE using tree-based algorithms. JMLR 15.
Kobak & Berens (2019). The art of using t-SNE for single-cell transcriptomics. Nature Communications 10.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from firth import _kernel
from firth.arrays import Float32, Float64, Int32, Int64
from firth.errors import DataError
from firth.maps.options import MapOptions
from firth.progress import Progress
from firth.threads import n_threads
from firth.vectors.nearest import nearest
from firth.vectors.neighbors import as_matrix, check_finite

_PER_PERPLEXITY = 3  # neighbours kept, as in van der Maaten (2014)
_BLOCK = 1 << 20


@dataclass(frozen=True, eq=False)
class Affinities:
    """A symmetric, sparse matrix of affinities p, by rows as in SciPy's CSR. All its values add up to 1.

    Parameters
    ----------
    starts
        (n_items + 1,) int64: row i is ``starts[i]`` to ``starts[i + 1]`` of the other two.
    columns
        (n_values,) int32, ascending in each row.
    values
        (n_values,) float32, > 0.
    perplexity
        The perplexities used.
    neighbors
        How the neighbours were searched: ``exact`` or ``approximate``.
    recall
        Of an approximate search, the share of true neighbours it found; None otherwise.
    """

    starts: Int64
    columns: Int32
    values: Float32
    perplexity: tuple[float, ...]
    neighbors: str
    recall: float | None

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def entropy_part(self) -> float:
        """Return the sum of p log p: what the divergence has of the affinities alone."""
        total = 0.0
        for start in range(0, len(self.values), _BLOCK):
            values = self.values[start : start + _BLOCK].astype(np.float64)
            total += float((values * np.log(values)).sum())
        return total


def affinities(
    matrix: npt.ArrayLike,
    options: MapOptions | None = None,
    *,
    seed: int = 1,
    n_jobs: int | Literal["auto"] = "auto",
    progress: Progress | None = None,
) -> Affinities:
    """Return the affinities of a matrix's rows.

    Parameters
    ----------
    matrix
        (n_items, size) finite numbers, n_items >= 2.
    options
        ``perplexity``, ``metric`` and ``neighbors`` count.
    seed
        Of an approximate search, 0 <= seed < 2**64.

    Raises
    ------
    DataError
        If there are fewer than two rows, or one is not finite.

    Notes
    -----
    O(n_items**2 * size) time with the exact search, O(n_items * perplexity) memory: for each item 3 * perplexity
    neighbours, and at most twice as many affinities of 8 bytes. Same bytes for any ``n_jobs``.
    """
    options = MapOptions() if options is None else options
    rows = as_matrix(matrix, name="matrix")
    if len(rows) < 2:
        raise DataError(f"affinities need two items or more, got {len(rows)}.")
    used = usable_perplexities(options, len(rows))
    k = min(len(rows) - 1, math.ceil(_PER_PERPLEXITY * max(used)))
    found = nearest(
        rows, k=k, metric=options.metric, method=options.neighbors, seed=seed, n_jobs=n_jobs, progress=progress
    )
    starts, columns, values = _kernel.affinities(
        found.ids, found.squared_distances, perplexities=used, n_jobs=n_threads(n_jobs)
    )
    return Affinities(starts, columns, values, used, found.method, found.recall)


def usable_perplexities(options: MapOptions, n_items: int) -> tuple[float, ...]:
    """Return the perplexities that so many items allow: at most (n_items - 1) / 3, at least 1."""
    most = max(1.0, (n_items - 1) / _PER_PERPLEXITY)
    return tuple(sorted({float(min(perplexity, most)) for perplexity in options.perplexities}))


def kl_divergence(
    given: Affinities, xy: npt.ArrayLike, *, theta: float = 0.0, n_jobs: int | Literal["auto"] = "auto"
) -> float:
    """Return the Kullback-Leibler divergence of a map from affinities, >= 0: what t-SNE minimises.

    Parameters
    ----------
    given
        Of n_items.
    xy
        (n_items, 2) finite numbers: a map, whoever made it.
    theta
        0 sums over all pairs, in O(n_items**2); 0.5 differs from it by about 0.0002 and takes O(n_items log n_items).

    Raises
    ------
    DataError
        If the map is not finite, has another number of rows, or spans so much that it has no divergence in float32.
    """
    places = checked_places(xy, len(given), name="xy")
    descent = _kernel.Descent(given.starts, given.columns, given.values, places, theta)
    kl = float(descent.divergence(n_threads(n_jobs)) + given.entropy_part)
    if not math.isfinite(kl):
        raise DataError("xy must have points that feel each other, but they lie too far apart; divide it by a number.")
    return kl


def gradient(
    given: Affinities, xy: npt.ArrayLike, *, theta: float = 0.0, n_jobs: int | Literal["auto"] = "auto"
) -> Float64:
    """Return the gradient of :func:`kl_divergence` by the places: (n_items, 2).

    Notes
    -----
    dC/dy_i = 4 sum_j (p_ij - q_ij) (y_i - y_j) / (1 + |y_i - y_j|**2), van der Maaten & Hinton (2008), equation 5.
    """
    places = checked_places(xy, len(given), name="xy")
    descent = _kernel.Descent(given.starts, given.columns, given.values, places, theta)
    quarter, _ = descent.forces(n_threads(n_jobs))
    whole: Float64 = 4.0 * quarter.astype(np.float64)
    return whole


def checked_places(xy: npt.ArrayLike, n_items: int, *, name: str) -> Float32:
    """Return places as the kernel reads them: (n_items, 2) float32.

    Raises
    ------
    DataError
        If they are not finite, or have another shape.
    """
    places = as_matrix(xy, name=name)
    if places.shape != (n_items, 2):
        raise DataError(f"{name} must have one row of two numbers per item, ({n_items}, 2), got {places.shape}.")
    check_finite(places, name=name)
    return places
