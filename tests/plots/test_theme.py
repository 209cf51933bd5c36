"""The colours can be told apart and seen, on paper and by colour-blind readers."""

import itertools

import numpy as np
import pytest

from firth import theme

# Machado, Oliveira & Fernandes (2009), severity 1, for linear RGB.
SIGHT = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
PAIRS = list(itertools.combinations((*theme.CATEGORIES, theme.OTHER), 2))
# Ottosson (2020).
TO_CONES = [
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
]
TO_LAB = [
    [0.2104542553, 0.7936177850, -0.0040720468],
    [1.9779984951, -2.4285922050, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.8086757660],
]


def linear(color: str) -> np.ndarray:
    channels = np.array([int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(color: str, ground: str = theme.PAPER) -> float:
    bright, dark = sorted((linear(c) @ [0.2126, 0.7152, 0.0722] + 0.05 for c in (color, ground)), reverse=True)
    return bright / dark


def oklab(rgb: np.ndarray) -> np.ndarray:
    return np.array(TO_LAB) @ np.cbrt(np.array(TO_CONES) @ rgb)


def distance(a: str, b: str, sight: str | None = None) -> float:
    seen = np.eye(3) if sight is None else np.array(SIGHT[sight])
    return float(np.linalg.norm(np.subtract(*(oklab(np.clip(seen @ linear(c), 0, 1)) for c in (a, b)))))


def test_white_on_black_has_the_known_contrast():
    assert contrast("#000000") == pytest.approx(21)


@pytest.mark.parametrize("color", theme.CATEGORIES)
def test_a_category_is_seen_on_paper(color: str):
    assert contrast(color) >= 3


@pytest.mark.parametrize("color", [theme.INK, theme.INK_SOFT])
def test_text_is_read_on_paper(color: str):
    assert contrast(color) >= 4.5


def test_what_has_no_value_is_faint_but_there():
    assert 1.2 < contrast(theme.MISSING) < 2


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_two_categories_are_told_apart(a: str, b: str):
    assert distance(a, b) >= 0.15


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_colour_blind_readers_tell_two_categories_apart(a: str, b: str, sight: str):
    assert distance(a, b, sight) >= 0.065


@pytest.mark.parametrize("sight", [None, *SIGHT])
def test_the_scale_gets_darker_all_the_way(sight: str | None):
    seen = np.eye(3) if sight is None else np.array(SIGHT[sight])
    lightness = [oklab(np.clip(seen @ linear(color), 0, 1))[0] for color in theme.SEQUENTIAL]
    assert (np.diff(lightness) < -0.03).all()
