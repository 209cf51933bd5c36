"""The one place that imports matplotlib: figures without pyplot, styled alike, written the same every time.

Figures are plain ``Figure`` objects on an Agg canvas. Nothing here touches pyplot's state, a backend or a window, and
a user's matplotlibrc changes no picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from firth import theme
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
    from matplotlib.figure import Figure
    from matplotlib.font_manager import get_font
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import withStroke
    from matplotlib.text import Text
    from matplotlib.ticker import EngFormatter
    from matplotlib.transforms import Bbox
except ImportError as error:
    raise MissingExtraError("the plots", "matplotlib", "plots") from error

__all__ = [
    "Axes",
    "Bbox",
    "EngFormatter",
    "Figure",
    "Line2D",
    "LinearSegmentedColormap",
    "Normalize",
    "RendererAgg",
    "ScalarMappable",
    "Text",
    "characters",
    "check_path",
    "halo",
    "new_figure",
    "renderer_of",
    "save",
    "styled",
    "to_rgba_array",
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


def new_figure(size_in: tuple[float, float]) -> Figure:
    """Return an empty figure of that size in inches, on an Agg canvas."""
    figure = Figure(figsize=size_in, dpi=theme.DPI, facecolor=theme.PAPER)
    FigureCanvasAgg(figure)
    return figure


def renderer_of(artist: Artist) -> RendererAgg:
    """Return what measures texts in the pixels of the figure that the artist is in."""
    figure = artist.get_figure(root=True)
    canvas = FigureCanvasAgg(figure) if figure is None else figure.canvas
    renderer: RendererAgg = canvas.get_renderer()  # type: ignore[attr-defined]  # Agg's own method
    return renderer


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
