"""A map while it forms, as a short film: items in fixed colours, the window growing with them.

Legend and title are drawn once; the points of each picture go straight into pixels, so that crowds can be shaded and
many items take little longer than few. The labels stand on the last picture, which is held.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from firth import theme
from firth.arrays import UInt8
from firth.errors import DataError, OptionError
from firth.plots import canvas
from firth.plots.colors import MISSING, Categories, Numbers, read_values
from firth.plots.dots import CROWD, disc_opacity, disc_px, paint_layers, to_pixels
from firth.plots.head import draw_head, write_note
from firth.plots.map import draw_texts, fit_limits, map_axes
from firth.plots.motion import Moment, Motion, State
from firth.plots.movies import check_movie, make_palette, write_movie
from firth.plots.raster import Look
from firth.progress import Progress, SilentProgress

_DPI = 100
# Of a GIF: steps from the paper to each colour of the legend, and colours in all. With more, discs make a larger file
# that looks the same; shades show steps.
_COLORS_OF_DISCS, _COLORS_OF_SHADES = (4, 80), (3, 144)
_SIDES_PX = (200, 4000)
_HOLD_S = 3.0
_LEAST_DISC_PX = 1.6  # smaller ones would vanish


def animate_map(
    frames: Sequence[State],
    *,
    path: str | Path,
    keys: Sequence[str] | None = None,
    label: int = 0,
    color_by: Iterable[Any] | None = None,
    title: str = "",
    density: bool | Literal["auto"] = "auto",
    missing: str = MISSING,
    fps: int = 15,
    seconds: float = 6.0,
    hold_s: float = _HOLD_S,
    size_px: tuple[int, int] = (640, 700),
    progress: Progress | None = None,
) -> Path:
    """Return the path of the film, after writing it.

    Parameters
    ----------
    frames
        States of the map, in order, such as :class:`firth.maps.frames.Frame`: ``iteration``, ``xy`` of shape
        (n_items, 2), ``kl`` (NaN where it is not known). Between two of them items move straight.
    path
        Where to write, ``.gif`` or ``.mp4``.
    keys
        (n_items,) the items' names, for labels; None: no labels.
    label
        The first so many items are labelled on the last picture, where there is room, >= 0.
    color_by
        (n_items,) one value per item, as in :func:`firth.plots.map.plot_map`.
    title
        Stands above.
    density, missing
        As in :func:`firth.plots.map.plot_map`.
    fps
        Pictures per second, 1 to 50.
    seconds
        How long the map moves, > 0.
    hold_s
        How long the last picture stands, >= 0.
    size_px
        Width and height, 200 to 4000 each.
    progress
        Hears how many pictures are drawn.

    Raises
    ------
    DataError
        If there is no frame, their shapes differ, a place is not finite, or keys or values do not fit the items.
    OptionError
        If an option is outside its range, or the path ends in another suffix.
    MissingExtraError
        If it ends in ``.mp4`` and there is no ffmpeg.
    RunError
        If the file cannot be written.

    Notes
    -----
    Same input, same bytes of a GIF. 8,715 items in the default size, 90 pictures: 6 s and 4.8 MB as GIF, 7 s and 2.7 MB
    as MP4; 87,206 items, shaded: 15 s and 10 MB, 19 s and 3 MB. A GIF keeps all pictures in memory, one byte a pixel.
    """
    target = check_movie(path)
    _check(label, density, fps, seconds, hold_s, size_px)
    motion = Motion(frames)
    n_items = len(frames[0].xy)
    if keys is not None and len(keys) != n_items:
        raise DataError(f"frames have {n_items} rows but keys has {len(keys)}; pass one key per row.")
    values = None if color_by is None else read_values(color_by, n_items=n_items, missing=missing)
    is_shaded = n_items >= CROWD if density == "auto" else bool(density)
    n_pictures = 1 if len(frames) == 1 else max(2, round(fps * seconds))
    with canvas.styled():
        film = _Film(values, title=title, size_px=size_px, n_items=n_items, is_shaded=is_shaded)
        last = film.last_picture(motion.at(1.0), list(keys or ())[:label])

        samples = [film.picture(motion.at(part)) for part in (0.0, 0.2, 0.4, 0.6, 0.8)] if is_shaded else []
        n_steps, n_colors = _COLORS_OF_SHADES if is_shaded else _COLORS_OF_DISCS
        palette = make_palette([*samples, last], _legend_colors(values), n_steps=n_steps, n_colors=n_colors)

        def pictures() -> Iterator[UInt8]:
            with (progress or SilentProgress()).task("animating", total=n_pictures, unit="pictures") as task:
                for number in range(n_pictures - 1):
                    yield film.picture(motion.at(number / (n_pictures - 1)))
                    task.update(number + 1)
                yield last
                task.update(n_pictures)

        write_movie(pictures(), target, palette=palette, fps=fps, hold_s=hold_s)
    return target


def _check(label: int, density: object, fps: int, seconds: float, hold_s: float, size_px: tuple[int, int]) -> None:
    if label < 0:
        raise OptionError(f"label must be >= 0, got {label}.")
    if density not in (True, False, "auto"):
        raise OptionError(f"density must be True, False or 'auto', got {density!r}.")
    if not 1 <= fps <= 50:
        raise OptionError(f"fps must be from 1 to 50, got {fps}.")
    if not 0 < seconds < math.inf:
        raise OptionError(f"seconds must be > 0, got {seconds}.")
    if not 0 <= hold_s < math.inf:
        raise OptionError(f"hold_s must be >= 0, got {hold_s}.")
    if not all(_SIDES_PX[0] <= side <= _SIDES_PX[1] for side in size_px):
        raise OptionError(f"size_px must be two numbers from {_SIDES_PX[0]} to {_SIDES_PX[1]}, got {size_px}.")


class _Film:
    """What stays the same in all pictures, and what draws the rest."""

    def __init__(
        self,
        values: Categories | Numbers | None,
        *,
        title: str,
        size_px: tuple[int, int],
        n_items: int,
        is_shaded: bool,
    ) -> None:
        self._values = values
        self._figure = canvas.new_figure((size_px[0] / _DPI, size_px[1] / _DPI), dpi=_DPI)
        self._title, top = draw_head(self._figure, title, values)
        self._axes = map_axes(self._figure, top)
        self._note = write_note(self._figure, _note(n_items, 99_999, 9.999), self._title)  # the widest it gets
        self._note.set_visible(False)
        box = self._axes.bbox
        self._shape = (round(box.height), round(box.width))
        self._layers = [canvas.image_layer(self._axes, self._shape, zorder=zorder) for zorder in (1, 2)]
        self._ground = canvas.Ground(self._figure)
        self._note.set_visible(True)
        self._n_items = n_items
        scale = min(size_px) / (min(theme.MAP_SIZE_IN) * theme.DPI)
        diameter = disc_px(n_items, theme.DPI) * scale
        self._look = Look(max(diameter, _LEAST_DISC_PX), disc_opacity(n_items), smooth=is_shaded)

    def picture(self, moment: Moment) -> UInt8:
        """Return (rows, columns, 3) uint8: the map at a moment."""
        self._show(moment)
        return self._ground.with_artists([*self._layers, *self._axes.spines.values(), self._note])

    def last_picture(self, moment: Moment, keys: Sequence[str]) -> UInt8:
        """Return (rows, columns, 3) uint8: the map at a moment, with the names of categories, and labels for keys."""
        self._show(moment)
        before = set(self._axes.get_children())
        draw_texts(self._axes, moment.xy, self._values, keys)
        texts = sorted(set(self._axes.get_children()) - before, key=lambda artist: artist.get_zorder())
        return self._ground.with_artists([*self._layers, *texts, *self._axes.spines.values(), self._note])

    def _show(self, moment: Moment) -> None:
        fit_limits(self._axes, moment.low, moment.high)
        self._note.set_text(_note(self._n_items, moment.iteration, moment.kl))
        places = to_pixels(moment.xy, self._axes)
        images = paint_layers(places, self._values, look=self._look, shape=self._shape)
        for layer, image in zip(self._layers, images, strict=True):
            layer.set_data(image)


def _legend_colors(values: Categories | Numbers | None) -> list[str]:
    if isinstance(values, Categories):
        return [color for _, color, _ in values.entries]
    return [*theme.SEQUENTIAL, theme.MISSING] if isinstance(values, Numbers) else [theme.CATEGORIES[0]]


def _note(n_items: int, iteration: int, kl: float) -> str:
    divergence = f", KL {kl:.3f}" if math.isfinite(kl) else ""
    return f"{n_items:,} items, iteration {iteration:,}{divergence}"
