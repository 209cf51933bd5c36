"""The page's colours are the printed pictures', and on a dark ground they can be told apart as well."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from planted_map import pairs, theme_colors

from firth import theme

SOURCE = Path(__file__).parents[1] / "plots" / "test_theme.py"
spec = importlib.util.spec_from_file_location("colour_measures", SOURCE)
assert spec is not None
assert spec.loader is not None
measures = importlib.util.module_from_spec(spec)
spec.loader.exec_module(measures)

LIGHT, DARK = theme_colors("LIGHT"), theme_colors("DARK")
PAPER = DARK["paper"][0]


def test_the_light_page_has_the_colours_of_the_pictures():
    assert {
        "paper": [theme.PAPER],
        "ink": [theme.INK],
        "inkSoft": [theme.INK_SOFT],
        "categories": list(theme.CATEGORIES),
        "other": [theme.OTHER],
        "missing": [theme.MISSING],
        "sequential": list(theme.SEQUENTIAL),
    } == LIGHT


def test_both_themes_have_as_many_colours():
    assert {name: len(colors) for name, colors in DARK.items()} == {name: len(colors) for name, colors in LIGHT.items()}


@pytest.mark.parametrize("color", [*DARK["categories"], *DARK["other"]])
def test_a_category_is_seen_on_dark_paper(color: str):
    assert measures.contrast(color, PAPER) >= 3


@pytest.mark.parametrize("color", [*DARK["ink"], *DARK["inkSoft"]])
def test_text_is_read_on_dark_paper(color: str):
    assert measures.contrast(color, PAPER) >= 4.5


@pytest.mark.parametrize(("a", "b"), pairs([*DARK["categories"], *DARK["other"]]))
def test_two_categories_are_told_apart_on_dark_paper(a: str, b: str):
    assert measures.distance(a, b) >= 0.13
    assert min(measures.distance(a, b, sight) for sight in measures.SIGHT) >= 0.06


def test_the_dark_scale_gets_lighter_all_the_way():
    lightness = [measures.oklab(measures.linear(color))[0] for color in DARK["sequential"]]
    assert (np.diff(lightness) > 0.03).all()
