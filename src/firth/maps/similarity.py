"""How like two maps of the same items are, however one is turned, shifted and stretched."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from firth.maps.affinities import checked_places
from firth.vectors.neighbors import as_matrix


def recognisable(old: npt.ArrayLike, new: npt.ArrayLike) -> float | None:
    """Return how much of where items lie on a new map follows from where they lay on an old one, 0 to 1.

    Parameters
    ----------
    old
        (n_items, 2): places on the old map, NaN for items that it has not.
    new
        (n_items, 2) finite.

    Returns
    -------
    float or None
        The share of the new places' variance that the best turned, shifted and scaled copy of the old map explains: the
        squared Procrustes correlation. 1 is the same picture. None where fewer than three items are on both, or all of
        them lie at one place.

    References
    ----------
    Gower (1975). Generalized Procrustes analysis. Psychometrika 40.
    """
    places = as_matrix(old, name="old")
    after = checked_places(new, len(places), name="new")
    both = ~np.isnan(places).any(axis=1)
    if both.sum() < 3:
        return None
    a, b = places[both].astype(np.float64), after[both].astype(np.float64)
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    size = float((a**2).sum() * (b**2).sum())
    if size == 0:
        return None
    return float(np.linalg.svd(a.T @ b, compute_uv=False).sum() ** 2 / size)
