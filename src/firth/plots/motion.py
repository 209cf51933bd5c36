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

_REACH = 1  # states before and after that a window is smoothed over


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
        xy = (1 - share) * self._states[before].xy.astype(np.float64) + share * self._states[after].xy
        low, high = ((1 - share) * ends[before] + share * ends[after] for ends in (self._low, self._high))
        return Moment(state.iteration, float(state.kl), xy, low, high)


def _windows(states: Sequence[State]) -> tuple[Float64, Float64]:
    """Return (n, 2) lower and (n, 2) upper ends of what each state's picture shows, smoothed in time.

    The widest of a state and its neighbours, then the mean over them: no window is narrower than its state.
    """
    empty = np.zeros((1, 2))
    low = np.array([(state.xy if len(state.xy) else empty).min(axis=0) for state in states], dtype=np.float64)
    high = np.array([(state.xy if len(state.xy) else empty).max(axis=0) for state in states], dtype=np.float64)
    widest = np.stack([_neighbours(low).min(axis=0), _neighbours(high).max(axis=0)])
    smooth = np.stack([_neighbours(ends).mean(axis=0) for ends in widest])
    # The last picture is the map as it is drawn elsewhere.
    smooth[:, -1] = low[-1], high[-1]
    return smooth[0], smooth[1]


def _neighbours(values: Float64) -> Float64:
    """Return (2 * _REACH + 1, n, 2) each row beside those before and after it; the ends repeat."""
    rows = np.arange(len(values))
    return np.stack([values[np.clip(rows + step, 0, len(values) - 1)] for step in range(-_REACH, _REACH + 1)])
