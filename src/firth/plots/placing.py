"""Where labels may stand: boxes beside points, over neither each other nor the points they belong to.

Knows only rectangles, in pixels; drawing is ``labels``'. Points that get no label are not avoided, else a map of many
labels would have room for none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from firth.arrays import Bool, Float64, Int64

_N_RINGS = 9  # with 24 boxes each
_AVOIDED = 2_000  # points that a label first tries not to cover although they have no label yet
_CELL_PX = 40.0
_INNER = 0.7  # of a disc's radius: half the side of the square in it
_PATIENCE = 10  # labels in a row for which one cell had no room; more are not tried there


@dataclass(frozen=True)
class Room:
    """The room for labels, in pixels.

    Parameters
    ----------
    frame
        (4,) left, bottom, right, top: the labels stay inside.
    taken
        (n, 4) boxes that are there already.
    gap
        About how far boxes are from each other and from points, >= 0.
    near, far
        The closest and the farthest that a box may be from its point, more than ``radius``.
    radius
        Of the points' discs, >= 0. No box covers more than their rims.
    """

    frame: Float64
    taken: Float64
    gap: float
    near: float
    far: float
    radius: float = 0.0


@dataclass(frozen=True)
class Place:
    """Where the label of an item stands: its row, and its box's lower left corner."""

    row: int
    corner: tuple[float, float]


class _Board:
    """The map as square cells as wide as the gap: which are taken by now."""

    def __init__(self, room: Room, points: Float64) -> None:
        self._origin, self._cell = room.frame[:2], max(1.0, room.gap)
        columns, rows = self.cells(room.frame[2:]) + 1
        self.labels = np.zeros((rows, columns), dtype=np.bool_)
        self.drawn = np.zeros((rows, columns), dtype=np.bool_)  # labels, names, marked points and lines to them
        self.wanted = np.zeros((rows, columns), dtype=np.bool_)  # points that may get a label
        half = room.radius * _INNER
        self._disc = np.array([-half, -half, half, half])
        for point in points:
            self.fill_disc(self.wanted, point)
        for box in room.taken:
            self.fill(self.drawn, box)

    def cells(self, places: Float64) -> Int64:
        """Return the columns and rows of places, (..., 2)."""
        return np.floor((places - self._origin) / self._cell).astype(np.int64)

    def fill(self, board: Bool, box: Float64) -> None:
        (left, low), (right, high) = np.maximum(self.cells(box.reshape(2, 2)), 0)
        board[low : high + 1, left : right + 1] = True

    def fill_disc(self, board: Bool, point: Float64) -> None:
        self.fill(board, np.concatenate([point, point]) + self._disc)

    def mark(self, board: Bool, places: Float64) -> None:
        columns, rows = self._inside(places).T
        board[rows, columns] = True

    def is_any(self, board: Bool, places: Float64) -> bool:
        """Return whether one of the places is taken."""
        columns, rows = self._inside(places).T
        return bool(board[rows, columns].any())

    def are_free(self, boxes: Float64, *, avoid_wanted: bool) -> Bool:
        """Return (n,) which of the boxes, all inside the frame and near each other, touch nothing that is drawn."""
        if not len(boxes):
            return np.zeros(0, dtype=np.bool_)
        corners = self.cells(boxes.reshape(-1, 2, 2))
        low, high = corners.min(axis=(0, 1)), corners.max(axis=(0, 1)) + 1
        window = (slice(low[1], high[1]), slice(low[0], high[0]))
        taken = self.drawn[window] | self.wanted[window] if avoid_wanted else self.drawn[window]
        # Sums from the window's corner: any box's sum is then four look-ups.
        sums = np.zeros((taken.shape[0] + 1, taken.shape[1] + 1), dtype=np.int32)
        np.cumsum(np.cumsum(taken, axis=0, dtype=np.int32), axis=1, out=sums[1:, 1:])
        (x0, y0), (x1, y1) = (corners[:, 0] - low).T, (corners[:, 1] - low + 1).T
        return np.asarray(sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0] == 0)

    def _inside(self, places: Float64) -> Int64:
        cells = self.cells(places)
        inside: Int64 = cells[((cells >= 0) & (cells < self.drawn.shape[::-1])).all(axis=1)]
        return inside


def place_boxes(points: Float64, size_of: Callable[[int], tuple[float, float]], room: Room) -> list[Place]:
    """Return a place for every label that has room, the first ones first.

    Parameters
    ----------
    points
        (n_labels, 2) the points to label, in pixels.
    size_of
        Width and height in pixels of a row's label; asked only where one may have room.
    room
        See :class:`Room`.

    Notes
    -----
    Twice through the labels: first no box covers any of the first points, whether labelled or not, and no line to one
    crosses a label; then those without a place look for one that covers none of what is drawn. Where several labels in
    a row found nothing, no more are tried: labels that all lie at one place cost next to nothing. 2,000 labels take
    about 1 s. Same input, same places.
    """
    board = _Board(room, points[:_AVOIDED])
    places: dict[int, Place] = {}
    for avoid_wanted in (True, False):
        failures: Counter[tuple[int, int]] = Counter()
        for row, (x, y) in enumerate(points.tolist()):
            cell = (int(x // _CELL_PX), int(y // _CELL_PX))
            if row in places or failures[cell] >= _PATIENCE:
                continue
            box = _free(points[row], size_of(row), board, room, avoid_wanted=avoid_wanted)
            failures[cell] = 0 if box is not None else failures[cell] + 1
            if box is not None:
                places[row] = Place(row, (float(box[0]), float(box[1])))
                board.fill(board.labels, box)
                board.fill(board.drawn, box)
                board.fill_disc(board.drawn, points[row])
                board.mark(board.drawn, line_to(box, points[row]))
    return [places[row] for row in sorted(places)]


def line_to(box: Float64, point: Float64) -> Float64:
    """Return (n, 2) the points from a point to the nearest place of a box, both included, at most 4 pixels apart."""
    end = np.clip(point, box[:2], box[2:])
    n_steps = 1 + int(np.ceil(np.hypot(*(end - point)) / 4))
    return point + np.linspace(0, 1, n_steps + 1)[:, None] * (end - point)


def _free(
    point: Float64, size: tuple[float, float], board: _Board, room: Room, *, avoid_wanted: bool
) -> Float64 | None:
    """Return the first candidate (4,) that meets nothing; at first also one whose line crosses no label."""
    if board.is_any(board.labels, point[None]):
        return None
    candidates = _candidates(point, *size, room)
    inside = (candidates[:, :2] >= room.frame[:2]).all(axis=1) & (candidates[:, 2:] <= room.frame[2:]).all(axis=1)
    candidates = candidates[inside]
    for row in np.flatnonzero(board.are_free(candidates, avoid_wanted=avoid_wanted)):
        if not (avoid_wanted and board.is_any(board.labels, line_to(candidates[row], point))):
            return np.asarray(candidates[row], dtype=np.float64)
    return None


def _candidates(point: Float64, width: float, height: float, room: Room) -> Float64:
    """Return (n, 4) boxes around a point, the best first: to the right, then ever farther."""
    eighths = np.array([0, 4, 1, 3, 7, 5, 2, 6])  # of a turn, from the right
    angles = np.concatenate([eighths, eighths + 1 / 3, eighths + 2 / 3]) * np.pi / 4
    radii = np.linspace(room.near, room.far, _N_RINGS)
    direction = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    # The box's centre lies in the direction of the angle, so far that its edge is at the radius.
    half = np.array([width, height]) / 2
    middle = point + np.clip(direction * 1.5, -1, 1) * half + radii[:, None, None] * direction
    return np.concatenate([middle - half, middle + half], axis=2).reshape(-1, 4)
