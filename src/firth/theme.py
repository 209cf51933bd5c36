"""Colours and sizes: one source for the printed pictures and the page.

Plain constants, so that whoever draws can read them without importing a plotting package. Colours are ``#rrggbb``. The
theme is light, because pictures get printed.

References
----------
Okabe & Ito (2008). Color universal design. The idea: hues that differ in lightness too, so that readers with any
colour vision tell them apart. Their yellow and sky blue are too faint for points on white, so the colours here are
darker ones; ``tests/plots/test_theme.py`` measures contrast and distance, also as colour-blind readers see them.
Web Content Accessibility Guidelines 2.2, 1.4.11: graphics need a contrast of 3 with their ground, text one of 4.5.
"""

from __future__ import annotations

from typing import Final

PAPER: Final = "#ffffff"
INK: Final = "#1a1c1f"
INK_SOFT: Final = "#5b6068"
LINE: Final = "#c9cdd2"

CATEGORIES: Final = (
    "#0072b2",
    "#d55e00",
    "#008a64",
    "#b5489a",
    "#7a5c00",
    "#16878f",
    "#7d1d3f",
    "#4a3f9f",
    "#b07d10",
    "#3f3f3f",
)
"""One colour a category, in this order. Where there are more categories, the rest share ``OTHER``."""

OTHER: Final = "#8d939b"
MISSING: Final = "#d5d8dc"

SEQUENTIAL: Final = ("#7ac043", "#35a878", "#1f8a8c", "#2c6b8e", "#3b4a87", "#45226f", "#2d0b3f")
"""Stops of a scale from little to much; lightness falls all the way."""

FONT: Final = "DejaVu Sans"
TITLE_PT: Final = 15.0
NAME_PT: Final = 13.0
TEXT_PT: Final = 9.0
LABEL_PT: Final = 6.5

DPI: Final = 200
MAP_SIZE_IN: Final = (12.0, 12.75)
CHART_SIZE_IN: Final = (8.0, 5.0)
MARGIN_IN: Final = 0.25
