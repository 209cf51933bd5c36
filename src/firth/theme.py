"""Colours and sizes: one source for the printed pictures and the page.

Plain constants, so that whoever draws can read them without importing a plotting package. Colours are ``#rrggbb``. The
theme is light, because pictures get printed.

The categories' colours were found by search: blue and vermilion, then those which, at a contrast of 3 with the paper,
keep the smallest of all pairwise distances largest, seen by an ordinary reader (by 0.15 in Oklab) and by readers
without red, green or blue cones (by 0.065). Published schemes of as many colours have some that are lost on white.
``tests/plots/test_theme.py`` measures them.

References
----------
Web Content Accessibility Guidelines 2.2, 1.4.11: graphics need a contrast of 3 with their ground, text one of 4.5.
Machado, Oliveira & Fernandes (2009). A physiologically-based model for simulation of color vision deficiency.
Ottosson (2020). A perceptual color space for image processing (Oklab).
"""

from __future__ import annotations

from typing import Final

PAPER: Final = "#ffffff"
INK: Final = "#1a1c1f"
INK_SOFT: Final = "#5b6068"
LINE: Final = "#c9cdd2"

CATEGORIES: Final = (
    "#116bb5",
    "#ea5202",
    "#194d0a",
    "#95033a",
    "#552f86",
    "#ca358b",
    "#519741",
    "#8f54dc",
    "#965719",
    "#5392fc",
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
