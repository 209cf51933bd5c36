"""What a column of values means for colour."""

import numpy as np
import polars as pl
import pytest

from firth import theme
from firth.errors import DataError
from firth.plots.colors import Categories, Numbers, read_values


def test_categories_are_ranked_by_size_then_name():
    values = read_values(["b", "c", "a", "b", None, "c", "d"], n_items=7)
    assert isinstance(values, Categories)
    assert values.names == ("b", "c", "a", "d")
    assert values.codes.tolist() == [0, 1, 2, 0, -1, 1, 3]


def test_more_categories_than_colours_share_the_last():
    names = [f"c{number:02}" for number in range(13) for _ in range(20 - number)]
    values = read_values(names, n_items=len(names))
    assert values.names == tuple(f"c{number:02}" for number in range(10))
    assert values.entries[-1] == ("other", theme.OTHER, 10 + 9 + 8)
    assert [color for _, color, _ in values.entries] == [*theme.CATEGORIES, theme.OTHER]


@pytest.mark.parametrize(
    "column",
    [
        [["x", "y"], [], ["y"], None],
        [("x", "y"), (), ("y",), ("",)],
        pl.Series([["x", "y"], [], ["y"], None]),
        np.array(["x", "", "y", ""]),
        ["x", None, "y", float("nan")],
    ],
    ids=["lists", "tuples", "polars", "numpy", "nan"],
)
def test_the_first_value_counts(column: object):
    assert read_values(column, n_items=4).codes.tolist() == [0, -1, 1, -1]


def test_truth_values_are_categories():
    assert read_values([True, False, True], n_items=3).names == ("yes", "no")


@pytest.mark.parametrize(
    "column",
    [[3, None, 5.5], np.array([3, np.nan, 5.5]), pl.Series([3.0, None, 5.5]), [3, float("inf"), np.float32(5.5)]],
    ids=["list", "numpy", "polars", "infinite"],
)
def test_numbers_are_a_scale(column: object):
    values = read_values(column, n_items=3)
    assert isinstance(values, Numbers)
    assert values.present.tolist() == [True, False, True]


def test_a_scale_leaves_out_the_tails_and_says_so():
    values = read_values([*range(1000), 10**6], n_items=1001)
    assert (values.low, values.high) == (25.0, 975.0)
    assert values.extend == "both"


def test_a_scale_that_is_only_tails_has_none():
    values = read_values([2.0] * 99 + [7.0], n_items=100)
    assert (values.low, values.high, values.extend) == (2.0, 7.0, "neither")


@pytest.mark.parametrize(("number", "ends"), [(4.0, (3.5, 4.5)), (-200.0, (-220.0, -180.0)), (0.0, (-0.5, 0.5))])
def test_one_number_lies_in_the_middle_of_its_scale(number: float, ends: tuple[float, float]):
    values = read_values([number] * 3, n_items=3)
    assert (values.low, values.high) == ends


def test_all_missing_is_no_category():
    values = read_values([None, float("nan"), ""], n_items=3)
    assert values.entries == [("no value", theme.MISSING, 3)]


def test_numbers_among_texts_are_refused():
    with pytest.raises(DataError, match="got both: 'x' among numbers"):
        read_values([1.0, "x"], n_items=2)


def test_another_number_of_values_is_refused():
    with pytest.raises(DataError, match="color_by has 2 values but xy has 3 rows"):
        read_values(["a", "b"], n_items=3)
