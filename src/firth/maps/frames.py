"""A map while it forms: one state of the descent, kept for an animation.

Holds what an engine hands out and nothing else; drawing is ``plots.animation``'s.
"""

from __future__ import annotations

from dataclasses import dataclass

from firth.arrays import Float32


@dataclass(frozen=True, eq=False)
class Frame:
    """Where every item was after some iterations.

    Attributes
    ----------
    iteration
        How many iterations had been made, >= 0.
    xy
        (n_items, 2) float32, C-contiguous: the places then, one row per item in the vectors' order. A copy of its own:
        the engine does not write into it any more.
    kl
        Kullback-Leibler divergence between the affinities in the vectors and on the map, in nats, >= 0; NaN where it
        was not computed.
    """

    iteration: int
    xy: Float32
    kl: float
