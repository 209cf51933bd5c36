"""How a map moves between the states that were kept of it: when each is shown, and through which window.

Pure arithmetic; drawing is ``animation``'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from firth.arrays import Float32, Float64
from firth.errors import DataError


class State(Protocol):
    """A map at some iteration, such as :class:`firth.maps.frames.Frame`."""

    @property
    def iteration(self) -> int:
        """How many iterations had been made."""

    @property
    def xy(self) -> Float32:
        """(n_items, 2) the places then."""

    @property
    def kl(self) -> float:
        """The divergence then; NaN where it is not known."""


@dataclass(frozen=True)
class Moment:
    """One picture of the animation.

    Attributes
    ----------
    iteration, kl
        Of the state last reached.
    xy
        (n_items, 2) float64.
    low, high
        (2,) the ends of the window that the picture must show; all items are inside.
    """

    iteration: int
    kl: float
    xy: Float64
    low: Float64
    high: Float64


class Motion:
    """A map's way through its states, evenly in the number of states.

    Parameters
    ----------
    states
        At least one, all of as many items, in order.

    Raises
    ------
    DataError
        If there is none, their sizes differ, or a place is not finite.
    """

    def __init__(self, states: Sequence[State]) -> None:
        if not len(states):
            raise DataError("an animation needs at least one frame, got none.")
        for number, state in enumerate(states):
            if state.xy.ndim != 2 or state.xy.shape[1] != 2 or len(state.xy) != len(states[0].xy):
                raise DataError(
                    f"frames must all have the shape ({len(states[0].xy)}, 2), got {state.xy.shape} in frame {number}."
                )
            if not np.isfinite(state.xy).all():
                raise DataError(f"frames must be finite, got others in frame {number}, iteration {state.iteration}.")
        self._states = states
        self._low, self._high = _windows(states)

    def at(self, part: float) -> Moment:
        """Return the picture at a part of the way, 0 to 1; between two states the items move straight."""
        place = float(np.clip(part, 0, 1)) * (len(self._states) - 1)
        before = min(int(place), max(0, len(self._states) - 2))
        after = min(before + 1, len(self._states) - 1)
        share = place - before
        state = self._states[after if share >= 1 else before]
        first, second = (self._states[number].xy.astype(np.float64) for number in (before, after))
        xy = (1 - share) * first + share * second
        low, high = ((1 - share) * ends[before] + share * ends[after] for ends in (self._low, self._high))
        return Moment(state.iteration, float(state.kl), xy, low, high)


def _windows(states: Sequence[State]) -> tuple[Float64, Float64]:
    """Return (n, 2) lower and (n, 2) upper ends of what each state's picture shows: all of its items.

    Between two states the ends move straight, as the items do, so that none ever leaves the picture. Smoothing over
    more states was tried: a map that grows tenfold from one to the next then begins as a speck.
    """
    empty = np.zeros((1, 2))
    low = np.array([(state.xy if len(state.xy) else empty).min(axis=0) for state in states], dtype=np.float64)
    high = np.array([(state.xy if len(state.xy) else empty).max(axis=0) for state in states], dtype=np.float64)
    return low, high
