"""The picture of a map: every point, readable labels, colours that mean what the legend says."""

import matplotlib
import numpy as np
import pytest
from figures import boxes, color_at, labels, layer, legend_texts, map_axes, n_overlaps, names
from PIL import Image

from firth import theme
from firth.errors import DataError, OptionError, RunError
from firth.plots.map import plot_map


def test_a_png_of_the_promised_size_is_written(blobs, tmp_path):
    xy, keys, groups = blobs
    path = tmp_path / "map.png"
    plot_map(xy, keys=keys, label=50, color_by=groups, title="Blobs", path=path)
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert image.size == tuple(int(inches * theme.DPI) for inches in theme.MAP_SIZE_IN)
    assert [entry.name for entry in tmp_path.iterdir()] == ["map.png"]


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_the_same_input_gives_the_same_bytes(blobs, tmp_path, suffix: str):
    xy, keys, groups = blobs
    paths = [tmp_path / f"{name}{suffix}" for name in "ab"]
    for path in paths:
        plot_map(xy, keys=keys, label=40, color_by=groups, title="$a$", path=path)
    written = paths[0].read_bytes()
    assert written == paths[1].read_bytes()
    assert not any(mark in written for mark in (b"CreationDate", b"dc:date", b"matplotlib.org"))


def test_the_users_style_changes_no_picture(blobs, tmp_path):
    xy, keys, groups = blobs
    paths = [tmp_path / "plain.png", tmp_path / "styled.png"]
    plot_map(xy, keys=keys, label=10, color_by=groups, title="a", path=paths[0])
    with matplotlib.rc_context({"axes.facecolor": "black", "legend.shadow": True, "text.parse_math": True}):
        plot_map(xy, keys=keys, label=10, color_by=groups, title="a", path=paths[1])
        assert matplotlib.rcParams["axes.facecolor"] == "black"
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_every_item_is_drawn_in_the_colour_of_its_category(blobs):
    xy, keys, groups = blobs
    colors = dict(zip(("north", "east", "south", None), (*theme.CATEGORIES[:3], theme.MISSING), strict=True))
    figure = plot_map(xy, keys=keys, label=0, color_by=groups)
    drawn = color_at(figure, "items") | color_at(figure, "missing")
    assert drawn == {tuple(place): colors[group] for place, group in zip(xy.tolist(), groups, strict=True)}


def test_items_without_a_value_lie_below_the_others(blobs):
    xy, keys, groups = blobs
    figure = plot_map(xy, keys=keys, label=0, color_by=groups)
    faint = {tuple(xy[row].tolist()) for row, group in enumerate(groups) if group is None}
    assert color_at(figure, "missing").keys() == faint
    assert layer(figure, "missing").get_zorder() < layer(figure, "items").get_zorder()


def test_labelled_items_are_marked_in_their_colour(blobs):
    xy, keys, groups = blobs
    figure = plot_map(xy, keys=keys, label=7, color_by=groups)
    marked = color_at(figure, "labelled")
    assert marked.keys() == {tuple(place) for place in xy[:7].tolist()}
    assert marked.items() <= (color_at(figure, "items") | color_at(figure, "missing")).items()


def test_points_of_a_large_map_are_small_and_stay_pixels():
    few, many = (
        layer(plot_map(np.random.default_rng(1).normal(size=(n, 2)), keys=[""] * n, label=0), "items")
        for n in (100, 20_000)
    )
    assert many.get_sizes()[0] < few.get_sizes()[0] / 5
    assert many.get_rasterized()


def test_a_larger_number_is_darker():
    xy = np.array([[0.0, 0.0], [1.0, 3.0], [2.0, 1.0], [5.0, 2.0], [7.0, 7.0]])
    figure = plot_map(xy, keys=list("abcde"), label=0, color_by=[1.0, 2.0, 3.0, 4.0, None])
    drawn = color_at(figure, "items") | color_at(figure, "missing")
    rgb = np.array([list(bytes.fromhex(drawn[tuple(place)][1:])) for place in xy[:4].tolist()])
    brightness = rgb @ [2, 7, 1]
    assert (np.diff(brightness) < 0).all()
    assert drawn[7.0, 7.0] == theme.MISSING
    assert legend_texts(figure) == ["no value (1)"]


def test_the_legend_names_categories_with_their_sizes(blobs):
    xy, keys, groups = blobs
    texts = legend_texts(plot_map(xy, keys=keys, label=0, color_by=groups))
    assert texts == ["north (229)", "east (109)", "south (60)", "no value (2)"]


def test_categories_beyond_the_colours_share_one_grey():
    n_names = len(theme.CATEGORIES) + 4
    groups = [f"group {number:02}" for number in range(n_names) for _ in range(30 - number)]
    xy = np.random.default_rng(3).standard_normal((len(groups), 2))
    figure = plot_map(xy, keys=groups, label=0, color_by=groups)
    texts = legend_texts(figure)
    assert len(texts) == len(theme.CATEGORIES) + 1
    assert f"other ({sum(range(17, 21))})" in texts
    drawn = color_at(figure, "items")
    assert drawn[tuple(xy[-1].tolist())] == theme.OTHER
    assert set(drawn.values()) == {*theme.CATEGORIES, theme.OTHER}


@pytest.mark.parametrize("n_names", [1, 4, 12])
def test_the_legend_lies_inside_the_picture_and_above_the_map(n_names: int):
    groups = [f"group {row % n_names} with a long description" for row in range(60)]
    xy = np.random.default_rng(3).standard_normal((60, 2))
    figure = plot_map(xy, keys=groups, label=0, color_by=groups)
    legend, axes = figure.legends[0].get_window_extent(), map_axes(figure).bbox
    assert legend.y0 >= axes.y1
    assert legend.x0 >= 0
    assert legend.x1 <= figure.bbox.x1
    assert legend.y1 <= figure.bbox.y1


def test_labels_overlap_nothing_and_are_the_first_items(blobs):
    xy, keys, groups = blobs
    figure = plot_map(xy, keys=keys, label=120, color_by=groups)
    drawn = labels(figure)
    assert {text.get_text() for text in drawn} <= set(keys[:120])
    assert len(drawn) >= 90
    assert n_overlaps(boxes(drawn)) == 0


def test_labels_stay_inside_the_map(blobs):
    xy, keys, _ = blobs
    figure = plot_map(xy, keys=keys, label=120)
    frame, drawn = map_axes(figure).get_window_extent(), boxes(labels(figure))
    assert (drawn[:, :2] >= np.array(frame.min) - 1).all()
    assert (drawn[:, 2:] <= np.array(frame.max) + 1).all()


def test_where_room_is_short_the_first_items_are_labelled():
    xy = np.zeros((200, 2))
    xy[-1] = 1.0
    texts = [text.get_text() for text in labels(plot_map(xy, keys=[f"k{row}" for row in range(200)], label=150))]
    assert 1 <= len(texts) < 150
    assert texts[0] == "k0"


@pytest.mark.parametrize("label", [0, 3])
def test_no_more_labels_than_asked_for(blobs, label: int):
    xy, keys, _ = blobs
    assert {text.get_text() for text in labels(plot_map(xy, keys=keys, label=label))} <= set(keys[:label])


def test_a_name_stands_among_its_items_and_labels_avoid_it(blobs):
    xy, keys, groups = blobs
    figure = plot_map(xy, keys=keys, label=60, color_by=groups)
    drawn = names(figure)
    assert [text.get_text() for text in drawn] == ["north", "east", "south"]
    assert n_overlaps(boxes([*drawn, *labels(figure)])) == 0
    medians = {name: np.median(xy[[group == name for group in groups]], axis=0) for name in ("north", "east", "south")}
    for text in drawn:
        assert np.hypot(*(np.array(text.get_position()) - medians[text.get_text()])) < 2.0


def test_names_have_the_colours_of_their_categories(blobs):
    xy, keys, groups = blobs
    drawn = names(plot_map(xy, keys=keys, label=0, color_by=groups))
    assert {text.get_text(): text.get_color() for text in drawn} == dict(
        zip(("north", "east", "south"), theme.CATEGORIES, strict=False)
    )


def test_a_name_leaves_its_small_cluster_visible(blobs):
    xy, keys, groups = blobs
    tight = np.random.default_rng(4).normal((6.0, 6.0), 0.05, (40, 2))
    figure = plot_map(
        np.vstack([xy, tight]), keys=[*keys, *["t"] * 40], label=0, color_by=[*groups, *["a tight cluster"] * 40]
    )
    (name,) = (text for text in names(figure) if text.get_text() == "a tight cluster")
    x0, y0, x1, y1 = boxes([name])[0]
    x, y = map_axes(figure).transData.transform(tight).T
    assert ((x > x0) & (x < x1) & (y > y0) & (y < y1)).mean() <= 0.2
    assert abs((y0 + y1) / 2 - np.median(y)) < 2 * (y1 - y0)


def test_names_of_neighbouring_clusters_do_not_overlap(blobs):
    xy, keys, groups = blobs
    random = np.random.default_rng(5)
    pair = np.vstack([random.normal((6.0, 6.0), 0.05, (40, 2)), random.normal((6.3, 6.0), 0.05, (40, 2))])
    neighbours = ["one cluster"] * 40 + ["its neighbour"] * 40
    figure = plot_map(np.vstack([xy, pair]), keys=[*keys, *neighbours], label=0, color_by=[*groups, *neighbours])
    assert len(names(figure)) == 5
    assert n_overlaps(boxes(names(figure))) == 0


def test_a_category_that_prevails_nowhere_has_no_name_on_the_map(blobs):
    xy, keys, groups = blobs
    scattered = ["rare" if row % 10 == 0 else group for row, group in enumerate(groups)]
    figure = plot_map(xy, keys=keys, label=0, color_by=scattered)
    assert {text.get_text() for text in names(figure)} == {"north", "east", "south"}
    assert "rare (40)" in legend_texts(figure)


def test_names_stay_inside_the_map():
    edges = np.array([[-9.0, 0.0], [9.0, 0.3], [0.0, 9.0], [0.2, -9.0]])
    xy = np.repeat(edges, 20, axis=0)
    groups = np.repeat(["westernmost one", "easternmost one", "northernmost one", "southernmost one"], 20)
    figure = plot_map(xy, keys=list(groups), label=0, color_by=groups)
    frame, drawn = map_axes(figure).bbox, boxes(names(figure))
    assert len(drawn) == 4
    assert (drawn[:, :2] >= np.array(frame.min) - 1).all()
    assert (drawn[:, 2:] <= np.array(frame.max) + 1).all()


@pytest.mark.parametrize("stretch", [(50.0, 1.0), (1.0, 50.0)], ids=["wide", "tall"])
def test_every_point_is_inside_the_frame(stretch: tuple[float, float]):
    xy = np.random.default_rng(6).standard_normal((90, 2)) * stretch
    axes = map_axes(plot_map(xy, keys=[""] * 90, label=0))
    pixels = axes.transData.transform(xy)
    assert (pixels > axes.bbox.min).all()
    assert (pixels < axes.bbox.max).all()


def test_one_unit_is_equally_long_both_ways():
    xy = np.array([[0.0, 0.0], [100.0, 1.0], [50.0, 3.0]])
    to_pixels = map_axes(plot_map(xy, keys=list("abc"), label=0)).transData
    (x0, y0), (x1, y1) = to_pixels.transform([(0.0, 0.0), (10.0, 10.0)])
    assert x1 - x0 == pytest.approx(y1 - y0)


STRANGE = [
    "$x^2$ and $",
    "$\\frac{$",  # as mathematics it would be an error
    "two\nlines\tand tab",
    "k" * 10_000,
    "初音ミク",
    "🍕🍕🍕",
    "عرب",
    "\u202eabc",
    "<b>bold</b>",
    "",
    "_",
    "e\u0301",
    "\x00",
]


@pytest.mark.parametrize("key", STRANGE, ids=ascii)
@pytest.mark.parametrize("place", ["key", "category", "title"])
def test_any_text_is_drawn_without_a_warning(tmp_path, key: str, place: str):
    texts = dict.fromkeys(("key", "category", "title"), "plain") | {place: key}
    xy = np.random.default_rng(2).standard_normal((12, 2))
    plot_map(
        xy,
        keys=[texts["key"], *"bcdefghijkl"],
        color_by=[texts["category"]] * 11 + [None],
        title=texts["title"],
        path=tmp_path / "map.png",
    )
    with Image.open(tmp_path / "map.png") as image:
        image.verify()


@pytest.mark.parametrize("n_items", [0, 1, 2, 3])
@pytest.mark.parametrize("kind", ["names", "numbers", "nothing", "missing"])
def test_few_items_are_drawn(tmp_path, capsys, n_items: int, kind: str):
    values = {"names": list("abc"), "numbers": [3.0, 1.0, 2.0], "nothing": None, "missing": [None] * 3}[kind]
    xy = np.array([[5.0, -2.0], [1.0, 2.0], [4.0, 1.0]])[:n_items]
    color_by = None if values is None else values[:n_items]
    figure = plot_map(xy, keys=list("xyz")[:n_items], color_by=color_by, path=tmp_path / "map.png")
    assert sum(len(layer(figure, name).get_offsets()) for name in ("items", "missing")) == n_items
    assert [text.get_text() for text in labels(figure)] == list("xyz")[:n_items]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("value", [0.0, 7.5, -1e12, 1e-30])
@pytest.mark.parametrize("kind", ["names", "numbers"])
def test_points_that_are_all_equal_are_drawn(tmp_path, value: float, kind: str):
    color_by = {"names": ["a", "b"] * 20, "numbers": [4.0] * 40}[kind]
    figure = plot_map(
        np.full((40, 2), value), keys=[f"k{row}" for row in range(40)], color_by=color_by, path=tmp_path / "a.png"
    )
    axes = map_axes(figure)
    assert axes.bbox.contains(*axes.transData.transform((value, value)))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_place_that_is_not_finite_is_refused_by_its_row(bad: float):
    xy = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, bad]])
    with pytest.raises(DataError, match=r"finite, got .* in row 2 \('c'\)"):
        plot_map(xy, keys=list("abc"))


@pytest.mark.parametrize("shape", [(3,), (3, 3), (2, 2), (4, 2)])
def test_places_that_do_not_fit_the_keys_are_refused(shape: tuple[int, ...]):
    with pytest.raises(DataError, match="xy"):
        plot_map(np.zeros(shape), keys=list("abc"))


def test_values_that_do_not_fit_the_items_are_refused():
    with pytest.raises(DataError, match="color_by"):
        plot_map(np.zeros((3, 2)), keys=list("abc"), color_by=["x", "y"])


def test_a_negative_number_of_labels_is_refused():
    with pytest.raises(OptionError, match="label must be >= 0, got -1"):
        plot_map(np.zeros((1, 2)), keys=["a"], label=-1)


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(OptionError, match=r"\.png, \.svg or \.pdf, got 'map\.gif'"):
        plot_map(np.zeros((1, 2)), keys=["a"], path=tmp_path / "map.gif")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_a_run_error(tmp_path):
    with pytest.raises(RunError, match="cannot write"):
        plot_map(np.zeros((1, 2)), keys=["a"], path=tmp_path / "no" / "map.png")


def test_the_input_is_left_alone(blobs):
    xy, keys, groups = blobs
    before = xy.copy(), list(keys), list(groups)
    plot_map(xy, keys=keys, label=5, color_by=groups)
    assert (xy == before[0]).all()
    assert (keys, groups) == before[1:]
