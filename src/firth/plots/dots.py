"""The points of a map in their colours: discs, or a density where there are too many for discs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from firth import theme
from firth.arrays import Bool, Float32, Float64, UInt8
from firth.plots import canvas
from firth.plots.colors import Categories, Numbers
from firth.plots.raster import Look, paint

CROWD = 50_000
"""From so many items on, a map is a density. Discs get no smaller beyond it, so that they begin to hide each other."""

_LARGEST_PX = 8.0  # of a disc in a density


def disc_area(n_items: int) -> float:
    """Return the area of an item's disc in points squared, as matplotlib has it."""
    return float(np.clip(60_000 / max(1, n_items), 60_000 / CROWD, 45.0))


def disc_px(n_items: int, dpi: float) -> float:
    """Return the diameter of an item's disc in pixels."""
    return float(np.sqrt(disc_area(n_items))) * dpi / 72


def disc_opacity(n_items: int) -> float:
    """Return how opaque an item's disc is."""
    return float(np.clip(3.0 / np.log10(max(10, n_items)), 0.4, 0.85))


def flat_colors(n_items: int) -> Float64:
    """Return (n_items, 4) the one colour of a map without values."""
    return np.tile(np.asarray(canvas.to_rgba_array(theme.CATEGORIES[0]), dtype=np.float64), (n_items, 1))


def draw_discs(axes: canvas.Axes, points: Float64, values: Categories | Numbers | None) -> None:
    """Draw every point as a disc, those without a value below the others."""
    present = _present(len(points), values)
    colors = flat_colors(len(points)) if values is None else values.rgba()
    opacity = disc_opacity(len(points))
    for shown, name, zorder, alpha in ((~present, "missing", 1, 0.8), (present, "items", 2, opacity)):
        rows = np.flatnonzero(shown)[::-1]  # the first items lie above
        axes.scatter(
            points[rows, 0],
            points[rows, 1],
            s=disc_area(len(points)),
            c=colors[rows],
            alpha=alpha,
            linewidths=0,
            rasterized=True,
            zorder=zorder,
            gid=name,
        )


def draw_density(axes: canvas.Axes, points: Float64, values: Categories | Numbers | None) -> None:
    """Draw how dense the points lie as an image that fills the axes, those without a value below the others."""
    box = axes.bbox
    shape = (round(box.height), round(box.width))
    places = to_pixels(points, axes)
    look = Look(
        disc_px=min(_LARGEST_PX, disc_px(len(points), canvas.dpi_of(axes))),
        opacity=disc_opacity(len(points)),
    )
    images = paint_layers(places, values, look=look, shape=shape)
    for image, name, zorder in zip(images, ("missing", "items"), (1, 2), strict=True):
        if image[..., 3].any():
            canvas.image_layer(axes, shape, zorder=zorder, gid=name).set_data(image)


def to_pixels(points: Float64, axes: canvas.Axes) -> Float64:
    """Return (n, 2) column and row of each point in an image that fills the axes, from its upper left corner."""
    box = axes.bbox
    placed = np.asarray(axes.transData.transform(points), dtype=np.float64).reshape(-1, 2)
    return np.stack([placed[:, 0] - box.x0, box.y1 - placed[:, 1]], axis=1) - 0.5


def paint_layers(
    places: Float64, values: Categories | Numbers | None, *, look: Look, shape: tuple[int, int]
) -> tuple[UInt8, UInt8]:
    """Return two images, to lie upon each other: of the points without a value, and of those with one.

    Parameters
    ----------
    places
        (n_items, 2) column and row in pixels.
    values
        What colours them.
    look, shape
        See :func:`firth.plots.raster.paint`.
    """
    present = _present(len(places), values)
    grey = np.asarray(canvas.to_rgba_array(theme.MISSING), dtype=np.float64)[0, :3]
    missing = paint(places[~present], np.zeros((int((~present).sum()), 0)), _flat(grey), look=look, shape=shape)
    if isinstance(values, Numbers):
        scale = values.scale.get_cmap()

        def shade(means: Float32) -> Float64:
            return np.asarray(scale(means[:, 0]), dtype=np.float64)[:, :3]

        items = paint(places[present], values.positions()[present, None], shade, look=look, shape=shape)
    elif values is None:
        color = flat_colors(1)[0, :3]
        items = paint(places, np.zeros((len(places), 0)), _flat(color), look=look, shape=shape)
    else:
        # Means of sRGB, not of light: there light colours would wash out dark ones.
        items = paint(places[present], values.rgba()[present, :3], _as_it_is, look=look, shape=shape)
    return missing, items


def _flat(color: Float64) -> Callable[[Float32], Float64]:
    return lambda means: np.tile(color, (len(means), 1))


def _as_it_is(means: Float32) -> Float64:
    return means.astype(np.float64)


def _present(n_items: int, values: Categories | Numbers | None) -> Bool:
    return np.ones(n_items, dtype=np.bool_) if values is None else values.present
