"""Crowded maps are shaded: where it is densest, and of what."""

import numpy as np
import pytest
from PIL import Image

from firth import theme
from firth.errors import OptionError
from firth.plots import dots
from firth.plots.colors import read_values
from firth.plots.map import plot_map


def crowd(n=3000):
    random = np.random.default_rng(8)
    xy = np.concatenate([random.normal(0, 1, (n // 2, 2)), random.normal((9, 4), 1, (n - n // 2, 2))])
    return xy.astype(np.float32), ["left"] * (n // 2) + ["right"] * (n - n // 2)


def drawn(xy, **options):
    return plot_map(xy, keys=[f"k{row}" for row in range(len(xy))], label=options.pop("label", 0), **options)


def images(figure):
    return {image.get_gid(): np.asarray(image.get_array()) for axes in figure.axes for image in axes.images}


def rgb(color: str) -> list[int]:
    return list(bytes.fromhex(color[1:]))


@pytest.mark.parametrize(("n_items", "is_shaded"), [(dots.CROWD - 1, False), (dots.CROWD, True)])
def test_a_map_is_shaded_from_so_many_items_on(n_items: int, is_shaded: bool):
    figure = drawn(np.random.default_rng(1).normal(size=(n_items, 2)))
    assert bool(images(figure)) is is_shaded
    assert any(layer.get_gid() == "items" for axes in figure.axes for layer in axes.collections) is not is_shaded


@pytest.mark.parametrize("n_items", [0, 1, 3, 17])
def test_density_can_be_asked_for(n_items: int):
    xy, groups = crowd(n_items)
    assert bool(images(drawn(xy, color_by=groups, density=True))) is (n_items > 0)


def test_each_crowd_has_the_colour_of_its_category():
    xy, groups = crowd()
    items = images(drawn(xy, color_by=groups, density=True))["items"]
    seen = np.argwhere(items[..., 3] > 0)
    left, right = (
        items[row, column, :3].tolist() for row, column in (seen[seen[:, 1].argmin()], seen[seen[:, 1].argmax()])
    )
    assert left == rgb(theme.CATEGORIES[0])
    assert right == rgb(theme.CATEGORIES[1])


def test_a_point_is_drawn_where_it_lies(tmp_path):
    xy = np.array([[0.0, 0.0], [10.0, 3.0], [4.0, 7.0]])
    figure = drawn(xy, density=True, path=tmp_path / "map.png")
    axes = next(axes for axes in figure.axes if axes.images)
    with Image.open(tmp_path / "map.png") as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)
    for x, y in axes.transData.transform(xy):
        around = pixels[int(pixels.shape[0] - y) - 12 : int(pixels.shape[0] - y) + 13, int(x) - 12 : int(x) + 13]
        dark = (255 - around).sum(axis=2)
        centre = (dark[..., None] * np.stack(np.mgrid[:25, :25], axis=2)).sum(axis=(0, 1)) / dark.sum()
        offset = np.array([pixels.shape[0] - y, x]) % 1 + 12 - 0.5
        assert np.abs(centre - offset).max() < 0.3


def test_numbers_are_averaged_before_they_become_a_colour():
    xy = np.concatenate([np.zeros((60, 2)), [[5.0, 5.0], [6.0, 0.0]]])
    values = [0.0, 10.0] * 30 + [0.0, 10.0]
    figure = drawn(xy, color_by=values, density=True)
    items = images(figure)["items"]
    bottom_left = np.argwhere(items[..., 3] == items[..., 3].max())[0]
    expected = read_values(values, n_items=62).scale.to_rgba(5.0, bytes=True)[:3]
    assert np.abs(items[tuple(bottom_left)][:3].astype(int) - np.array(expected, int)).max() <= 2


def test_items_without_a_value_are_shaded_below():
    xy, groups = crowd()
    layers = images(drawn(xy, color_by=[None, *groups[1:1500], *[None] * 1500], density=True))
    assert set(map(tuple, layers["missing"][layers["missing"][..., 3] > 0][:, :3].tolist())) == {
        tuple(rgb(theme.MISSING))
    }
    assert layers["items"].any()


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_a_density_gives_the_same_bytes_and_a_small_file(tmp_path, suffix: str):
    xy, groups = crowd(20_000)
    paths = [tmp_path / f"{name}{suffix}" for name in "ab"]
    for path in paths:
        drawn(xy, color_by=groups, density=True, label=20, path=path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert paths[0].stat().st_size < 3_000_000


def test_an_unknown_density_is_refused():
    with pytest.raises(OptionError, match="density must be True, False or 'auto', got 'no'"):
        drawn(np.zeros((1, 2)), density="no")
