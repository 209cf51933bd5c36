"""The one place that imports matplotlib: figures without pyplot, styled alike, written the same every time.

Figures are plain ``Figure`` objects on an Agg canvas. Nothing here touches pyplot's state, a backend or a window, and
a user's matplotlibrc changes no picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from firth import theme
from firth.arrays import Float64, UInt8
from firth.errors import MissingExtraError, OptionError
from firth.files import atomic_path

try:
    import matplotlib
    import matplotlib.style
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize, to_rgba_array
    from matplotlib.dates import AutoDateLocator, num2date
    from matplotlib.figure import Figure
    from matplotlib.font_manager import get_font
    from matplotlib.image import AxesImage
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import withStroke
    from matplotlib.text import Text
    from matplotlib.ticker import EngFormatter, MaxNLocator
    from matplotlib.transforms import Bbox
except ImportError as error:
    raise MissingExtraError("the plots", "matplotlib", "plots") from error

__all__ = [
    "Axes",
    "Bbox",
    "EngFormatter",
    "Figure",
    "Ground",
    "Line2D",
    "LinearSegmentedColormap",
    "MaxNLocator",
    "Normalize",
    "RendererAgg",
    "ScalarMappable",
    "Text",
    "characters",
    "check_path",
    "date_ticks",
    "dpi_of",
    "halo",
    "image_layer",
    "new_figure",
    "renderer_of",
    "rule",
    "save",
    "styled",
    "to_rgba_array",
    "write_title",
]

_SUFFIXES = (".png", ".svg", ".pdf")
# What would otherwise make two files of the same picture differ: the time, the version, random ids.
_METADATA: dict[str, dict[str, Any]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
_STYLE: dict[str, Any] = {
    "axes.edgecolor": theme.LINE,
    "axes.labelcolor": theme.INK_SOFT,
    "axes.labelsize": theme.TEXT_PT,
    "axes.unicode_minus": True,
    "figure.dpi": theme.DPI,
    "font.family": [theme.FONT],
    "font.size": theme.TEXT_PT,
    "legend.fontsize": theme.TEXT_PT,
    "savefig.dpi": "figure",
    "svg.hashsalt": "firth",
    "text.color": theme.INK,
    "text.parse_math": False,  # "$" is a character like any other
    "xtick.color": theme.INK_SOFT,
    "xtick.labelsize": theme.TEXT_PT,
    "ytick.color": theme.INK_SOFT,
    "ytick.labelsize": theme.TEXT_PT,
}


@contextmanager
def styled() -> Iterator[None]:
    """Return a context in which pictures are drawn in Firth's style, whatever a matplotlibrc says."""
    with matplotlib.style.context(["default", _STYLE]):
        yield


def new_figure(size_in: tuple[float, float], *, dpi: int = theme.DPI) -> Figure:
    """Return an empty figure of that size in inches, on an Agg canvas."""
    figure = Figure(figsize=size_in, dpi=dpi, facecolor=theme.PAPER)
    FigureCanvasAgg(figure)
    return figure


def write_title(figure: Figure, title: str) -> None:
    """Write a chart's title, one line of plain text, into the upper left corner."""
    width, height = figure.get_size_inches()
    place = (theme.MARGIN_IN / width, 1 - theme.MARGIN_IN / height)
    figure.text(*place, title, size=theme.TITLE_PT, weight="bold", va="top")


def rule(axes: Axes, *, has_lines: bool = True) -> None:
    """Take the box from around a chart, and lay horizontal lines behind what is drawn in it."""
    if has_lines:
        axes.grid(axis="y", color=theme.LINE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def renderer_of(artist: Artist) -> RendererAgg:
    """Return what measures texts in the pixels of the figure that the artist is in."""
    figure = artist.get_figure(root=True)
    canvas = FigureCanvasAgg(figure) if figure is None else figure.canvas
    renderer: RendererAgg = canvas.get_renderer()  # type: ignore[attr-defined]  # Agg's own method
    return renderer


def dpi_of(artist: Artist) -> float:
    """Return the pixels per inch of the figure that the artist is in."""
    figure = artist.get_figure(root=True)
    return theme.DPI if figure is None else float(figure.dpi)


def date_ticks(low: float, high: float, n_ticks: int) -> Float64:
    """Return round dates, in days since 1970, about from one to the other."""
    locator = AutoDateLocator(minticks=1, maxticks=n_ticks)  # type: ignore[no-untyped-call]  # matplotlib's
    ends = [num2date(end) for end in (low, high)]  # type: ignore[no-untyped-call]
    return np.asarray(locator.tick_values(*ends), dtype=np.float64)  # type: ignore[no-untyped-call]


def image_layer(axes: Axes, shape: tuple[int, int], *, zorder: int, gid: str = "") -> AxesImage:
    """Return an empty image of that many rows and columns that fills the axes, whatever their limits."""
    return axes.imshow(
        np.zeros((*shape, 4), dtype=np.uint8),
        extent=(0, 1, 0, 1),
        transform=axes.transAxes,
        aspect="auto",
        interpolation="nearest",
        zorder=zorder,
        gid=gid,
    )


class Ground:
    """What is drawn of a figure now, to draw on again and again."""

    def __init__(self, figure: Figure) -> None:
        self._canvas = FigureCanvasAgg(figure)
        self._canvas.draw()  # type: ignore[no-untyped-call]  # Agg's own methods
        self._ground = self._canvas.copy_from_bbox(figure.bbox)  # type: ignore[no-untyped-call]

    def with_artists(self, artists: Iterable[Artist]) -> UInt8:
        """Return (rows, columns, 3) uint8: the ground with the artists drawn on it in their order."""
        self._canvas.restore_region(self._ground)  # type: ignore[no-untyped-call]
        for artist in artists:
            self._canvas.figure.draw_artist(artist)
        pixels = np.asarray(self._canvas.buffer_rgba())  # type: ignore[no-untyped-call]
        return pixels[..., :3].copy()


def halo(width_pt: float) -> list[Any]:
    """Return path effects that put the paper's colour around a text, so that it reads on any ground."""
    return [withStroke(linewidth=width_pt, foreground=theme.PAPER)]


def characters() -> frozenset[int]:
    """Return the code points that the pictures' font has, in regular and in bold."""
    fonts = Path(matplotlib.get_data_path(), "fonts", "ttf")
    regular, bold = (get_font(fonts / f"{theme.FONT.replace(' ', '')}{face}.ttf") for face in ("", "-Bold"))
    return frozenset(regular.get_charmap()) & frozenset(bold.get_charmap())


def check_path(path: str | Path | None) -> Path | None:
    """Return the path of a picture to be written, if its format is known.

    Raises
    ------
    OptionError
        If it ends in neither ``.png``, ``.svg`` nor ``.pdf``.
    """
    if path is None:
        return None
    target = Path(path)
    if target.suffix.lower() not in _SUFFIXES:
        raise OptionError(f"a picture's name must end in .png, .svg or .pdf, got {target.name!r}.")
    return target


def save(figure: Figure, path: Path) -> None:
    """Write a figure, atomically and with the same bytes for the same figure.

    Raises
    ------
    RunError
        If the file cannot be written.
    """
    suffix = path.suffix.lower()
    with atomic_path(path) as temporary, styled():
        figure.savefig(temporary, format=suffix[1:], dpi=theme.DPI, metadata=_METADATA[suffix])
