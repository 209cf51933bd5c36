"""Columns of any type become what a corpus is made of: texts (keys, categories) and finite numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from firth.arrays import Bool, Float64
from firth.corpus.contexts import Context
from firth.errors import DataError, SourceError, closest

if TYPE_CHECKING:
    from polars.datatypes import DataType, DataTypeClass

_SEPARATOR = " - "
_EXACT = 2.0**53  # whole float64 numbers below are exact, and are written without a decimal point


def check_columns(name: str, existing: Sequence[str], declared: Context) -> None:
    """Raise SourceError if the context ``name`` names a column that is not among the ``existing``."""
    for column in declared.columns:
        if column not in existing:
            near = closest(column, existing, n=3)
            hint = f" Closest: {', '.join(map(repr, near))}." if near else ""
            listed = ", ".join(existing[:20]) or "none"
            raise SourceError(
                f"context {name!r} needs a column {column!r}.{hint} Columns: {listed}. "
                f"Rename one with 'as' in the query, or name it in {type(declared).__name__}."
            )


def keys(name: str, frame: pl.DataFrame, columns: tuple[str, ...]) -> pl.Series:
    """Return the key of each row as text; null where a part of it is missing or empty."""
    parts = []
    for column in columns:
        text = texts(f"context {name!r}: item column {column!r}", frame[column])
        parts.append(pl.select(pl.when(text != "").then(text)).to_series().alias(column))
    if len(parts) == 1:
        return parts[0].alias("key")
    return pl.select(pl.concat_str(parts, separator=_SEPARATOR).alias("key")).to_series()


def texts(what: str, column: pl.Series) -> pl.Series:
    """Return a column as text, one spelling per value; missing values and NaN become null.

    Whole numbers are written without a decimal point, whether they came as integers or not (``42.0`` becomes ``42``);
    dates as ISO 8601; booleans as true and false; texts are kept as they are.

    Raises
    ------
    DataError
        If the column holds bytes, lists or structures.
    """
    kind = column.dtype
    if kind == pl.String:
        return column
    if kind == pl.Null:
        return column.cast(pl.String)
    if kind == pl.Object or kind == pl.Binary or kind.is_nested():
        raise DataError(f"{what} must hold texts or numbers, got {kind}. {_remedy(kind)}")
    if kind.is_float() or kind.is_decimal():
        return _number_texts(column)
    if kind == pl.Datetime:
        return column.dt.to_string("iso:strict")
    return column.cast(pl.String)


def _number_texts(column: pl.Series) -> pl.Series:
    if column.dtype.is_decimal():
        whole = column.cast(pl.Int64, strict=False)
        exact = whole.cast(column.dtype, strict=False) == column
    else:
        # float32 0.1 is to read 0.1, not 0.10000000149011612: its text is made before it is widened.
        column = pl.select(pl.when(column.is_not_nan()).then(column)).to_series()
        whole = pl.select(pl.when(column.abs() < _EXACT).then(column.cast(pl.Int64, strict=False))).to_series()
        exact = whole.cast(pl.Float64) == column.cast(pl.Float64)
    chosen = pl.when(exact).then(whole.cast(pl.String)).otherwise(column.cast(pl.String))
    return pl.select(chosen).to_series()


def numbers(what: str, column: pl.Series, *, mask: pl.Series) -> tuple[Float64, Bool]:
    """Return a column as finite numbers, NaN where there is none, and which texts are no number.

    Parameters
    ----------
    what
        The column's name in an error.
    column
        Numbers, booleans, or texts that spell numbers.
    mask
        (n_rows,) bool. Rows that count; the others do not matter.

    Raises
    ------
    DataError
        If the column holds neither numbers nor texts, or only texts that are no numbers.
    """
    kind = column.dtype
    if kind == pl.String:
        spelled = column.str.strip_chars()
        given = mask & spelled.is_not_null() & (spelled != "")
        parsed = spelled.cast(pl.Float64, strict=False)
        unread = given & parsed.is_null()
        n_unread = int(unread.sum())
        if n_unread and n_unread == int(given.sum()):
            example = column.filter(unread)[0][:40]
            raise DataError(
                f"{what} must hold numbers, got only texts such as {example!r}. "
                "Name a numeric column, cast it in the query, or leave out aggregate and round."
            )
        parsed_column, not_numeric = parsed, unread.fill_null(False).to_numpy()
    elif kind.is_numeric() or kind in (pl.Boolean, pl.Null):
        parsed_column, not_numeric = column.cast(pl.Float64), np.zeros(len(column), dtype=bool)
    else:
        raise DataError(f"{what} must hold numbers, got {kind}. {_remedy(kind)}")
    values = parsed_column.fill_null(float("nan")).to_numpy().astype(np.float64, copy=True)
    values[~np.isfinite(values)] = np.nan
    return values, not_numeric


def _remedy(kind: DataType | DataTypeClass) -> str:
    if kind == pl.Binary:
        return "Cast it in the query: cast(NAME as text)."
    if isinstance(kind, (pl.List, pl.Array)):
        return "Give one row per value (unnest in the query, explode in a frame)."
    return "Select or cast a column of texts or numbers."
