"""Runs of items in known places, and a page that is read by what is drawn there."""

import io
import itertools
import re
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
from PIL import Image
from planted_run import planted_run

# On a lattice of 8 by 6, so that the middle of the map is (0, 0); by frequency from the upper left to the lower right.
PLACES = [(x, y) for y in range(50, -70, -20) for x in range(-70, 90, 20)]
TAGS = [tag for n, tag in zip([9, 8, 7, 6, 4, 3, 3, 2, 2, 2, 1, 1], "abcdefghijkl", strict=True) for _ in range(n)]
KEYS = ["=1+2", 'say "hi", twice', "\u05e9\u05dc\u05d5\u05dd \u202e abc", "k" * 5_000, "<b>bold</b>"]
KEYS += [f"item {number:02d}" for number in range(len(KEYS), len(PLACES))]


def map_run(folder: Path, *, keys: list[str] | None = None) -> Path:
    """Return the folder of 48 items on a lattice: tags, years (the last has none), clusters of 12, distortion."""
    n = len(PLACES)
    columns = {
        "tag": TAGS,
        "year": [*(1950.0 + number for number in range(n - 1)), None],
        "cluster": pl.Series([number // 12 for number in range(n)], dtype=pl.Int32),
        "x": pl.Series([float(x) for x, _ in PLACES], dtype=pl.Float32),
        "y": pl.Series([float(y) for _, y in PLACES], dtype=pl.Float32),
        "distortion": pl.Series([float(number % 2) for number in range(n)], dtype=pl.Float32),
    }
    return Path(planted_run(folder, keys or KEYS, columns=columns).folder)


class MapPage:
    """The map of a page, by places in the map's own units."""

    def __init__(self, page, place: int = 0) -> None:
        self.page = page
        self.map = page.locator(".map").nth(place)
        self.ground = self.map.locator(".ground")
        page.wait_for_function("n => document.querySelectorAll('.map')[n]?.dataset.ready === 'true'", arg=place)

    def data(self, name: str) -> str | None:
        return self.map.get_attribute(f"data-{name}")

    def place(self, item: int) -> tuple[float, float]:
        """Return where an item of the lattice is on the page, in pixels."""
        return self.at(*PLACES[item])

    def at(self, x: float, y: float) -> tuple[float, float]:
        left, top = map(float, self.data("zero").split())
        scale = float(self.data("scale"))
        box = self.map.bounding_box()
        return box["x"] + left + x * scale, box["y"] + top - y * scale

    def pixel(self, item: int, *, above: float = 0) -> tuple[int, int, int]:
        """Return the colour of an item's disc, or so many pixels above its middle, where it is now."""
        left, top = self.place(item)
        return pixel(self.page, left, top - above)

    def hover(self, item: int) -> None:
        self.page.mouse.move(*self.place(item))
        eventually(lambda: self.data("pointed") == str(item))

    def click(self, item: int) -> None:
        self.page.mouse.click(*self.place(item))


def pixel(page, x: float, y: float) -> tuple[int, int, int]:
    shot = page.screenshot(clip={"x": round(x), "y": round(y), "width": 1, "height": 1}, animations="disabled")
    return Image.open(io.BytesIO(shot)).convert("RGB").getpixel((0, 0))


def rgb(color: str) -> tuple[int, ...]:
    return tuple(int(color[start : start + 2], 16) for start in (1, 3, 5))


def near(a: tuple[int, ...], b: tuple[int, ...], *, by: int = 24) -> bool:
    """Whether two colours are alike; a disc lets a little of the ground through."""
    return all(abs(one - other) <= by for one, other in zip(a, b, strict=True))


def eventually(holds: Callable[[], object]) -> None:
    """Wait until something holds: what the page draws comes a few pictures after what it was told."""
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def theme_colors(name: str) -> dict[str, list[str]]:
    """Return the colours of a theme of the page by what they are for."""
    source = (Path(__file__).parents[2] / "web/src/map/colours.ts").read_text(encoding="utf-8")
    block = re.search(rf"export const {name}: Theme = \{{(.*?)\n\}};", source, re.DOTALL).group(1)
    found = re.findall(r"(\w+): (\[[^\]]*\]|\"[^\"]*\")", block)
    return {key: re.findall(r"#[0-9a-f]{6}", value) for key, value in found}


def pairs(colors: list[str]) -> list[tuple[str, str]]:
    return list(itertools.combinations(colors, 2))
