"""Numbers at a scale say all there is, and fit."""

import datetime as dt

import numpy as np
import pytest

from firth.plots.colors import read_values
from firth.plots.ticks import ticks


def texts(column, n_most=99):
    values = read_values(column, n_items=len(column))
    places, found = ticks(values, fits=lambda _, texts: len(texts) <= n_most)
    assert ((places >= values.ends[0]) & (places <= values.ends[1])).all()
    assert len(places) == len(found)
    return found


@pytest.mark.parametrize(
    ("column", "found"),
    [
        ([0.0, 1.0], ["0.2", "0.4", "0.6", "0.8"]),
        ([0, 1, 2, 3, 4] * 20, ["0", "1", "2", "3", "4"]),
        ([-1e5, 1e5], ["−50,000", "0", "50,000"]),
        ([-9e8, 0.0], ["−8·10⁸", "−6·10⁸", "−4·10⁸", "−2·10⁸"]),
        ([0.0, 3e-9], ["0.5·10⁻⁹", "1.0·10⁻⁹", "1.5·10⁻⁹", "2.0·10⁻⁹", "2.5·10⁻⁹"]),
        ([1.0, 1000.0] * 20, ["1", "10", "100", "1,000"]),
        ([1e-7, 1e15] * 20, ["10⁻⁵", "1", "100,000", "10¹⁰", "10¹⁵"]),
        ([1e6, 1e6 + 0.1], ["1,000,000.02", "1,000,000.04", "1,000,000.06", "1,000,000.08"]),
        ([3.0] * 5, ["3"]),
        ([1 / 3] * 5, ["0.333"]),
    ],
    ids=str,
)
def test_numbers_are_whole(column, found):
    assert texts(column) == found


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [
        (dt.date(1999, 1, 1), dt.date(2023, 1, 1), "2000"),
        (dt.date(2020, 1, 1), dt.date(2020, 7, 1), "2020-02"),
        (dt.date(2020, 1, 1), dt.date(2020, 1, 20), "2020-01-"),
        (dt.datetime(2020, 1, 1, 6), dt.datetime(2020, 1, 1, 18), "2020-01-01 "),
        (dt.datetime(1, 1, 1), dt.datetime(9999, 12, 30), "4001"),
    ],
    ids=str,
)
def test_dates_are_dates(first, last, found: str):
    assert any(text.startswith(found) for text in texts([first, last]))


@pytest.mark.parametrize("n_most", [1, 2, 3])
def test_there_are_no_more_than_fit(n_most: int):
    assert 1 <= len(texts([0.0, 1.0], n_most)) <= n_most


@pytest.mark.parametrize("size", 10.0 ** np.arange(-250, 301, 50))
def test_any_size_of_number_has_distinct_texts(size: float):
    found = texts([-size, 2 * size])
    assert len(set(found)) == len(found) >= 2
