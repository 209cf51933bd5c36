"""What stands above a map is whole, and apart."""

import datetime as dt
import itertools

import numpy as np
import pytest
from figures import legend_texts, map_axes

from firth.plots.map import plot_map

XY = np.random.default_rng(3).standard_normal((120, 2))


def drawn(color_by, title="a", **options):
    return plot_map(XY, keys=[f"k{row}" for row in range(120)], label=0, color_by=color_by, title=title, **options)


def scale_texts(figure):
    bar = next(axes for axes in figure.axes if axes is not map_axes(figure))
    return [label for label in bar.get_xticklabels() if label.get_text()]


NUMBERS = {
    "plain": np.arange(120.0),
    "huge": 10.0 ** np.linspace(-3, 290, 120),
    "huge both ways": np.linspace(-1e300, 1e300, 120),
    "tiny": 1e-9 + 1e-15 * np.arange(120),
    "far from 0": 1e6 + 1e-2 * np.arange(120),
    "equal": np.full(120, -123456.75),
    "few": np.arange(120) % 5,
    "some": np.where(np.arange(120) % 2, np.nan, np.arange(120) * -1e4),
    "dates": [dt.date(1999, 1, 1) + dt.timedelta(days=71 * day) for day in range(120)],
    "times": [dt.datetime(2024, 2, 28, 6, tzinfo=dt.UTC) + dt.timedelta(minutes=7 * part) for part in range(120)],
}


@pytest.mark.parametrize("column", NUMBERS.values(), ids=NUMBERS)
def test_a_scale_is_whole_and_above_the_map(column):
    figure = drawn(column)
    found = [text.get_window_extent() for text in scale_texts(figure)]
    texts = [text.get_text() for text in scale_texts(figure)]
    assert 1 <= len(set(texts)) == len(texts)
    assert all(box.y0 >= map_axes(figure).bbox.y1 for box in found)
    assert all(box.x0 >= 49 for box in found)
    assert all(left.x1 < right.x0 for left, right in itertools.pairwise(found))
    # No factor or offset apart from the numbers.
    bar = next(axes for axes in figure.axes if axes is not map_axes(figure))
    assert bar.xaxis.get_offset_text().get_text() == ""


def test_a_scale_of_ratios_has_equal_steps_for_equal_ratios():
    figure = drawn(10.0 ** (np.arange(120) / 20))
    places = [text.get_window_extent().x0 + text.get_window_extent().x1 for text in scale_texts(figure)]
    assert [text.get_text() for text in scale_texts(figure)] == ["10", "100", "1,000", "10,000", "100,000"]
    assert np.diff(places) == pytest.approx(np.diff(places)[0])


def test_a_scale_and_what_has_no_value_stand_apart():
    figure = drawn(NUMBERS["some"])
    bar = next(axes for axes in figure.axes if axes is not map_axes(figure))
    assert figure.legends[0].get_window_extent().x0 > bar.get_window_extent().x1


def test_long_names_that_begin_alike_are_told_apart():
    texts = legend_texts(drawn([f"a category with a rather long name, number {row % 4}" for row in range(120)]))
    assert texts[:2] == ["a category wit…ame, number 0 (30)", "a category wit…ame, number 1 (30)"]


def test_long_names_that_begin_differently_keep_their_beginnings():
    texts = legend_texts(drawn([f"{row % 3} is the number of this category" for row in range(120)]))
    assert texts == [f"{row} is the number of this cat… (40)" for row in range(3)]


def test_a_count_stays_right_of_a_name_written_from_the_right():
    assert legend_texts(drawn(["שלום"] * 120)) == ["\u200eשלום\u200e (120)"]


@pytest.mark.parametrize("title", ["W" * 200, "a short title", "", "word " * 40])
def test_a_title_never_reaches_into_the_note(title: str):
    figure = drawn(None, title=title)
    shown, note = (text.get_window_extent() for text in figure.texts)
    assert shown.x1 < note.x0
    assert figure.texts[0].get_text()[:5] == title[:5]
