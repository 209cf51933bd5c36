"""Columns of a run as an Arrow stream that a page draws from without looking at single values.

Numbers become float32 or int32, whose buffers are typed arrays as they arrive; categories become codes into their
distinct values, so that a million items cost a million codes and not a million texts.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from firth.errors import OptionError
from firth.runs.typed import unknown

if TYPE_CHECKING:
    import polars as pl

    from firth.runs.run import Run

MEDIA_TYPE = "application/vnd.apache.arrow.stream"
_INT32_MAX = 2**31 - 1


def arrow_columns(run: Run, names: Sequence[str]) -> bytes:
    """Return columns of a run as an Arrow IPC stream, in the order of ``names``, one row per item.

    Parameters
    ----------
    run
        The run.
    names
        Columns of its items.

    Returns
    -------
    bytes
        ``key``: texts. A column of whole numbers: int32 where all are known and fit. Any other numbers: float32, NaN
        where there is none. Anything else, and of a list its first value: a dictionary of the distinct texts, those
        that occur most first and of equals the lower text first, and null where there is none.

    Raises
    ------
    OptionError
        If the run has no such column; the message names the closest.

    Notes
    -----
    The same bytes for the same run.
    """
    import polars as pl

    known = run.items.columns
    for name in names:
        if name not in known:
            raise OptionError(unknown("column", name, known))
    frame = pl.DataFrame([_plain(run.items[name]) for name in names])
    stream = io.BytesIO()
    frame.rechunk().write_ipc_stream(stream, compat_level=pl.CompatLevel.oldest())
    return stream.getvalue()


def _plain(column: pl.Series) -> pl.Series:
    import polars as pl

    if column.name == "key":
        return column
    if isinstance(column.dtype, pl.List):
        column = column.list.first()
    if not column.dtype.is_numeric():
        return _coded(column.cast(pl.String))
    if column.dtype.is_integer() and not column.null_count() and _fits(column):
        return column.cast(pl.Int32)
    return column.cast(pl.Float32, strict=False).fill_null(float("nan"))


def _fits(column: pl.Series) -> bool:
    return len(column) == 0 or (int(column.min()) >= -_INT32_MAX - 1 and int(column.max()) <= _INT32_MAX)  # type: ignore[arg-type]  # it holds whole numbers


def _coded(column: pl.Series) -> pl.Series:
    import polars as pl

    name = column.name
    counted = column.drop_nulls().rename("text").value_counts(name="n").sort(["n", "text"], descending=[True, False])
    return column.cast(pl.Enum(counted["text"])).rename(name)
