"""What a method gives: each item's place on a plane, and how it came about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from firth.arrays import Float32

Ending = Literal["finished", "converged", "interrupted"]


@dataclass(frozen=True, eq=False)
class Map:
    """Where each item lies on a plane.

    Parameters
    ----------
    xy
        (n_items, 2) float32, in no particular unit; only nearness means something.
    engine
        What made it, with its version: ``firth 0.1.0``, ``umap-learn 0.5.12``. ``principal components`` where there is
        nothing to do: up to three points, or all alike.
    kl
        The Kullback-Leibler divergence that t-SNE minimises, at the end; NaN for other methods.
    perplexity
        The perplexities used; less than asked for where there are too few items. Empty for other methods.
    n_iter
        Steps taken.
    ending
        ``finished``: all steps were taken; ``converged``: the divergence no longer fell; ``interrupted``: by Ctrl-C.
    neighbors
        How nearest neighbours were searched, ``exact`` or ``approximate``; empty where the library does not say.
    recall
        Of an approximate search, the share of true neighbours it found; None otherwise.
    seconds
        Wall time, of which ``affinity_seconds`` for neighbours and affinities.
    """

    xy: Float32
    engine: str
    kl: float
    perplexity: tuple[float, ...]
    n_iter: int
    ending: Ending
    neighbors: str
    recall: float | None
    seconds: float
    affinity_seconds: float
