"""Points straight into pixels: as discs where they are few, as a shade of how crowded it is where they are many.

Matplotlib draws one disc after another, which takes long for a million and shows the last of those at one place. Here
every pixel counts the discs that would cover it. Its colour is the mean of theirs, by their shares; its opacity grows
with the logarithm and with the rank of their number. So a lone point looks as a disc does, and a crowd shows where it
is densest and what it is made of. The one place that turns points into images; it knows nothing of figures.

Notes
-----
Counts are exact sums of float64 in the order of the points: same input, same bytes.

References
----------
Silverman (1986). Density Estimation for Statistics and Data Analysis, chapter 5: the adaptive width of the smoothing.
Bednar (2016), datashader: categories mixed by their shares in each pixel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from firth.arrays import Float32, Float64, Int64, UInt8

_WIDE = 1.0  # standard deviation of the wide smoothing, in diameters of a disc
_FEW, _MANY = 6.0, 30.0  # points under the wide smoothing from which on it begins to count, and from which on alone
_LEAST_TOP = 8.0  # discs over one pixel that are never less than fully opaque
_N_LEVELS = 129
_TOP = 0.995  # quantile of the crowded pixels that is fully opaque


@dataclass(frozen=True)
class Look:
    """How points become pixels.

    Parameters
    ----------
    disc_px
        Diameter of a point in pixels, > 0.
    opacity
        Of a lone point, 0 to 1.
    smooth
        Whether crowds are smoothed into a shade; else discs stay discs.
    """

    disc_px: float
    opacity: float
    smooth: bool = True


def splat(places: Float64, weights: Float64 | None, shape: tuple[int, int]) -> Float32:
    """Return a grid onto which each point was laid, divided among the four pixels whose centres are around it.

    Parameters
    ----------
    places
        (n, 2) column and row in pixels, (0, 0) the middle of the upper left one; what lies outside is left out.
    weights
        (n,) what each point adds; None: 1.
    shape
        Rows and columns of the grid.

    Returns
    -------
    (rows, columns) float32.

    Notes
    -----
    O(n + pixels) time; four float64 grids' worth of memory at most.
    """
    rows, columns = shape
    # One pixel around the grid takes what sticks out, so that no index needs a check of its own.
    shifted = np.clip(places + 1, 0, (columns + 1, rows + 1))
    corner = shifted.astype(np.int64)
    part = shifted - corner
    grid = np.zeros((rows + 2) * (columns + 2))
    for dy in (0, 1):
        for dx in (0, 1):
            share = (part[:, 0] if dx else 1 - part[:, 0]) * (part[:, 1] if dy else 1 - part[:, 1])
            index: Int64 = (corner[:, 1] + dy) * (columns + 2) + corner[:, 0] + dx
            grid += np.bincount(
                np.minimum(index, len(grid) - 1), share if weights is None else share * weights, minlength=len(grid)
            )
    return grid.reshape(rows + 2, columns + 2)[1:-1, 1:-1].astype(np.float32)


def disc(diameter: float) -> Float32:
    """Return (k, k) float32, k odd: how much of each pixel a disc at the middle one's centre covers, 0 to 1."""
    reach = int(np.ceil(diameter / 2 - 0.5))
    fine = 16  # sub-pixels a side
    offsets = (np.arange((2 * reach + 1) * fine) + 0.5) / fine - reach - 0.5
    inside = (offsets[:, None] ** 2 + offsets**2) <= (diameter / 2) ** 2
    side = 2 * reach + 1
    return np.asarray(inside.reshape(side, fine, side, fine).mean(axis=(1, 3)), dtype=np.float32)


def paint(
    places: Float64, channels: Float64, color_of: Callable[[Float32], Float64], *, look: Look, shape: tuple[int, int]
) -> UInt8:
    """Return an image of points.

    Parameters
    ----------
    places
        (n, 2) column and row in pixels, (0, 0) the middle of the upper left one.
    channels
        (n, n_channels) what is averaged over the points that cover a pixel: a colour's parts, or a number.
    color_of
        From (m, n_channels) float32 means to (m, 3) colours, 0 to 1.
    look
        Size, opacity, shading.
    shape
        Rows and columns of the image.

    Returns
    -------
    (rows, columns, 4) uint8: red, green, blue and opacity, not premultiplied; 0 where there is nothing.

    Notes
    -----
    O(n * n_channels + pixels * n_channels * disc_px**2) time. A million points onto 2,300 x 2,300 pixels in three
    channels: 2 s.
    """
    image = np.zeros((*shape, 4), dtype=np.uint8)
    if not len(places):
        return image
    stamp = disc(look.disc_px)
    counts = splat(places, None, shape)
    smoothing = _Smoothing(counts, stamp, look) if look.smooth else None

    def covering(grid: Float32) -> Float32:
        fine = _stamped(grid, stamp)
        return fine if smoothing is None else smoothing.blend(grid, fine)

    cover = covering(counts)
    seen = cover > 1 / 512
    means = np.empty((int(seen.sum()), channels.shape[1]), dtype=np.float32)
    for channel in range(channels.shape[1]):
        means[:, channel] = covering(splat(places, channels[:, channel], shape))[seen] / cover[seen]
    image[seen, :3] = np.rint(np.clip(color_of(means), 0, 1) * 255)
    image[seen, 3] = np.rint(255 * _opacity(cover[seen], look))
    return image


class _Smoothing:
    """Wide smoothing where there are enough points for it, none where there are few."""

    def __init__(self, counts: Float32, stamp: Float32, look: Look) -> None:
        self._sigma = max(1.0, _WIDE * look.disc_px)
        self._area = float(stamp.sum())
        # A Gaussian averages over about 4 pi sigma**2 pixels: the inverse of the integral of its square.
        n_under = _gaussian(counts, self._sigma) * np.float32(4 * np.pi * self._sigma**2)
        ramp = np.clip((n_under - _FEW) / (_MANY - _FEW), 0, 1)
        self._share = ramp * ramp * (3 - 2 * ramp)

    def blend(self, grid: Float32, fine: Float32) -> Float32:
        """Return the discs' and the smoothed grid, mixed pixel by pixel."""
        wide = _gaussian(grid, self._sigma)
        wide *= np.float32(self._area)
        wide -= fine
        wide *= self._share
        wide += fine
        return wide


def _opacity(cover: Float32, look: Look) -> Float32:
    """Return how opaque a pixel is that so many discs cover; up to one, in proportion."""
    if not look.smooth:
        return np.float32(1) - np.float32(1 - look.opacity) ** cover
    depth = np.log(np.maximum(cover, 1))
    crowded = depth[cover > 1]
    if not len(crowded):
        return (look.opacity * cover).astype(np.float32)
    levels = np.quantile(crowded, np.linspace(0, 1, _N_LEVELS))
    by_depth = np.minimum(depth / max(np.log(_LEAST_TOP), np.quantile(crowded, _TOP)), 1)
    by_rank = np.interp(depth, levels, np.linspace(0, 1, _N_LEVELS)) * np.minimum(depth / np.log(_LEAST_TOP), 1)
    opacity = look.opacity + (1 - look.opacity) * (by_depth + by_rank) / 2
    return np.where(cover < 1, look.opacity * cover, opacity).astype(np.float32)


def _stamped(grid: Float32, stamp: Float32) -> Float32:
    """Return the grid with each pixel spread over a small kernel of odd sides, symmetric both ways."""
    rows, columns = grid.shape
    above, left = stamp.shape[0] // 2, stamp.shape[1] // 2
    padded = np.pad(grid, ((above, above), (left, left)))
    filled = np.flatnonzero(padded)
    total = np.zeros_like(padded)
    # Most maps leave most pixels empty: 8,715 points onto 5 M pixels are stamped 8 times as fast this way.
    if len(filled) * 8 < padded.size:
        values, flat = padded.ravel()[filled], total.ravel()
        for dy, dx in zip(*np.nonzero(stamp), strict=True):
            flat[filled + ((dy - above) * padded.shape[1] + dx - left)] += values * stamp[dy, dx]
        return np.ascontiguousarray(total[above : above + rows, left : left + columns])
    total = np.zeros_like(grid)
    part = np.empty_like(grid)
    for dy, dx in zip(*np.nonzero(stamp), strict=True):
        np.multiply(padded[dy : dy + rows, dx : dx + columns], stamp[dy, dx], out=part)
        total += part
    return total


def _gaussian(grid: Float32, sigma: float) -> Float32:
    """Return the grid smoothed by a Gaussian that ends at three standard deviations; nothing comes in from outside."""
    reach = int(np.ceil(3 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel = (kernel / kernel.sum()).astype(np.float32)
    return _stamped(_stamped(grid, kernel[None, :]), kernel[:, None])
