"""Questions to a figure that plot_map drew."""

import numpy as np

from firth import theme


def map_axes(figure):
    return next(axes for axes in figure.axes if any(layer.get_gid() == "items" for layer in axes.collections))


def layer(figure, name):
    return next(layer for layer in map_axes(figure).collections if layer.get_gid() == name)


def color_at(figure, name):
    """Return the colour drawn at each place of a layer, as ``#rrggbb`` without its opacity."""
    drawn = layer(figure, name)
    places = (tuple(place) for place in np.asarray(drawn.get_offsets()).tolist())
    colors = ("#" + "".join(f"{round(part * 255):02x}" for part in color[:3]) for color in drawn.get_facecolors())
    return dict(zip(places, colors, strict=True))


def labels(figure):
    return [text for text in map_axes(figure).texts if text.get_fontsize() == theme.LABEL_PT]


def names(figure):
    return [text for text in map_axes(figure).texts if text.get_fontsize() == theme.NAME_PT]


def boxes(texts):
    """Return (n, 4) each text's x0, y0, x1, y1 in pixels."""
    return np.array([text.get_window_extent().extents for text in texts]).reshape(-1, 4)


def n_overlaps(rectangles):
    """Return how many pairs of rectangles share some area."""
    low, high = rectangles[:, None, :2], rectangles[:, None, 2:]
    meet = ((low < high.swapaxes(0, 1)) & (low.swapaxes(0, 1) < high)).all(axis=2)
    return int(np.triu(meet, 1).sum())


def legend_texts(figure):
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]
