"""Values to colours: distinct ones for categories, a scale for numbers and dates, faint where there is no value."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from firth import theme
from firth.arrays import Bool, Float64, Int64
from firth.errors import DataError
from firth.plots import canvas

OTHER = "other"
MISSING = "no value"
_TAIL = 0.025  # share of the numbers at either end that may lie outside the scale
_WIDE = 100.0  # a scale whose ends, both above 0, are that many times apart is logarithmic
_LARGEST = 1e300  # beyond, differences of numbers would overflow
_DAY, _EPOCH = np.timedelta64(1, "D"), np.datetime64(0, "s")


@dataclass(frozen=True)
class Categories:
    """Each item's category, as a colour.

    Parameters
    ----------
    names
        The categories with a colour of their own, the largest first.
    codes
        (n_items,) int64: which of ``names``; ``len(names)`` for any other category, -1 for none.
    missing
        What items of none are called.
    """

    names: tuple[str, ...]
    codes: Int64
    missing: str = MISSING

    @property
    def entries(self) -> list[tuple[str, str, int]]:
        """Text, colour and number of items of each entry of a legend; none is empty."""
        sizes = Counter(self.codes.tolist())
        palette = [*zip(self.names, theme.CATEGORIES, strict=False), (OTHER, theme.OTHER)]
        entries = [(name, color, sizes[code]) for code, (name, color) in enumerate(palette)]
        return [entry for entry in [*entries, (self.missing, theme.MISSING, sizes[-1])] if entry[2]]

    @property
    def present(self) -> Bool:
        """(n_items,) Which items have a value."""
        return self.codes >= 0

    def rgba(self) -> Float64:
        """Return (n_items, 4) colours."""
        palette = [*theme.CATEGORIES[: len(self.names)], theme.OTHER, theme.MISSING]
        return np.asarray(canvas.to_rgba_array(palette), dtype=np.float64)[self.codes]


@dataclass(frozen=True)
class Numbers:
    """Each item's number, as a colour on a scale.

    Parameters
    ----------
    values
        (n_items,) float64, NaN where there is none.
    low, high
        The scale's ends; numbers beyond have the end's colour.
    is_date
        Whether the numbers are days since 1970.
    """

    values: Float64
    low: float
    high: float
    is_date: bool = False

    @property
    def is_log(self) -> bool:
        """Whether equal steps on the scale are equal ratios, as they are where it spans two decades or more."""
        return not self.is_date and self.low > 0 and self.high / self.low >= _WIDE

    @property
    def present(self) -> Bool:
        """(n_items,) Which items have a value."""
        return np.isfinite(self.values)

    @property
    def scale(self) -> canvas.ScalarMappable:
        """The scale, to draw and to colour with."""
        colors = canvas.LinearSegmentedColormap.from_list("firth", list(theme.SEQUENTIAL))
        return canvas.ScalarMappable(canvas.Normalize(*self.ends), colors)

    @property
    def ends(self) -> tuple[float, float]:
        """The scale's ends in its own units: decimal logarithms where it is logarithmic."""
        return (math.log10(self.low), math.log10(self.high)) if self.is_log else (self.low, self.high)

    @property
    def extend(self) -> str:
        """At which ends of the scale there are numbers beyond it."""
        values = self.values[self.present]
        below, above = bool((values < self.low).any()), bool((values > self.high).any())
        return {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}[
            below, above
        ]

    def positions(self) -> Float64:
        """Return (n_items,) where on the scale each number is, from 0 to 1; 0 where there is none."""
        numbers = np.clip(np.nan_to_num(self.values, nan=self.low), self.low, self.high)
        low, high = self.ends
        return ((np.log10(numbers) if self.is_log else numbers) - low) / (high - low)

    def rgba(self) -> Float64:
        """Return (n_items, 4) colours."""
        colors = np.asarray(self.scale.get_cmap()(self.positions()), dtype=np.float64)
        colors[~self.present] = canvas.to_rgba_array(theme.MISSING)[0]
        return colors


def read_values(color_by: Iterable[Any], *, n_items: int, missing: str = MISSING) -> Categories | Numbers:
    """Return what the values say about colour: numbers are a scale, anything else categories.

    Parameters
    ----------
    color_by
        One value per item: all numbers, or all dates, or all texts or truth values, or lists of those, of which the
        first counts. None, NaN, an infinite number, NaT, an empty text and an empty list are no value.
    n_items
        How many there must be.
    missing
        What items without a category are called.

    Raises
    ------
    DataError
        If there is another number of values, or numbers, dates and texts are mixed.
    """
    if isinstance(color_by, np.ndarray) and color_by.dtype.kind in "UOifub":
        color_by = color_by.tolist()  # NumPy's own scalars take four times as long
    values = [value if type(value) is str and value else _value(value) for value in color_by]
    if len(values) != n_items:
        raise DataError(f"color_by has {len(values)} values but xy has {n_items} rows; pass one value per row.")
    kinds = {type(value) for value in values if value is not None}
    if float in kinds and str in kinds:
        text = next(value for value in values if isinstance(value, str))
        raise DataError(f"color_by must be all numbers or all categories, got both: {text!r} among numbers.")
    if np.datetime64 in kinds:
        if len(kinds) > 1:
            other = next(value for value in values if isinstance(value, str | float))
            raise DataError(f"color_by must be all dates or none, got both: {other!r} among dates.")
        return _numbers([_days(value) for value in values], is_date=True)
    return _numbers(values) if float in kinds else _categories(values, missing)


def _value(value: Any) -> str | float | np.datetime64 | None:  # noqa: ANN401 (a cell of any column)
    if not isinstance(value, str) and hasattr(value, "__len__") and hasattr(value, "__getitem__"):
        value = value[0] if len(value) else None
    if value is None or value == "":
        return None
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | float | np.integer | np.floating):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, dt.date | np.datetime64):
        return _moment(value)
    return str(value)


def _moment(value: dt.date | np.datetime64) -> np.datetime64 | None:
    """Return a date or a time, in UTC where it has a zone, if it is one that people date things by."""
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        value = value.astimezone(dt.UTC).replace(tzinfo=None)
    seconds = np.datetime64(value).astype("datetime64[s]")
    is_usual = np.datetime64("0001-01-01") <= seconds < np.datetime64("9999-12-31")
    return seconds if is_usual else None


def _days(moment: Any) -> float | None:  # noqa: ANN401 (a moment, or none)
    return None if moment is None else float((moment - _EPOCH) / _DAY)


def _categories(values: list[Any], missing: str) -> Categories:
    sizes = Counter(value for value in values if value is not None)
    ranked = sorted(sizes, key=lambda name: (-sizes[name], name))
    names = ranked[: len(theme.CATEGORIES)]
    code = {None: -1} | {name: min(rank, len(names)) for rank, name in enumerate(ranked)}
    return Categories(tuple(names), np.array([code[value] for value in values], dtype=np.int64), missing)


def _numbers(values: list[Any], *, is_date: bool = False) -> Numbers:
    numbers = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    numbers = np.clip(numbers, -_LARGEST, _LARGEST)
    present = numbers[np.isfinite(numbers)]
    low, high = np.quantile(present, [_TAIL, 1 - _TAIL])
    if low == high:
        low, high = present.min(), present.max()
    if low == high:
        middle = float(low)
        low, high = middle - max(0.5, abs(middle) / 10), middle + max(0.5, abs(middle) / 10)
    return Numbers(numbers, float(low), float(high), is_date)
