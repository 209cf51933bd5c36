"""Arrow tables of databases become polars frames; the types that polars does not know are turned into ones it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from firth.errors import SourceError

if TYPE_CHECKING:
    import pyarrow as pa


def to_polars(table: pa.Table) -> pl.DataFrame:
    """Return a database's answer as a frame.

    PostgreSQL's ``numeric`` arrives as text: it becomes int64 where every value is a whole number that fits, stays text
    where every value is a whole number and some do not, and becomes float64 otherwise. ``uuid`` and
    ``json`` become text.

    Raises
    ------
    SourceError
        If a column's name comes twice, or a text is not UTF-8.
    """
    check_names(table.column_names)
    frame: dict[str, pl.Series] = {}
    for field, column in zip(table.schema, table.columns, strict=True):
        try:
            column.validate(full=True)
        except ValueError:
            raise SourceError(
                f"column {field.name!r} holds text that is not UTF-8. Convert it where it is stored, or select "
                f"hex({field.name})."
            ) from None
        frame[field.name] = _series(field, column)
    return pl.DataFrame(frame)


def check_names(names: list[str]) -> None:
    """Raise SourceError if a column's name occurs twice."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SourceError(
            f"columns must have distinct names, got {', '.join(map(repr, twice))} more than once. "
            "Name each with 'as' in the query, or in the file's first line."
        )


def _series(field: pa.Field, column: pa.ChunkedArray) -> pl.Series:
    import pyarrow as pa

    kind: Any = field.type
    if not isinstance(kind, pa.BaseExtensionType):
        return pl.Series(field.name, pl.from_arrow(column))
    storage = pl.Series(field.name, pl.from_arrow(column.cast(kind.storage_type)))
    if getattr(kind, "type_name", None) == "numeric" and storage.dtype == pl.String:
        return _numbers(storage)
    if kind.extension_name == "arrow.uuid":
        text = storage.bin.encode("hex").str
        return pl.select(
            pl.concat_str(
                [pl.lit(text.slice(start, length)) for start, length in ((0, 8), (8, 4), (12, 4), (16, 4), (20, 12))],
                separator="-",
            ).alias(field.name)
        ).to_series()
    return storage


def _numbers(text: pl.Series) -> pl.Series:
    whole = text.cast(pl.Int64, strict=False)
    if whole.null_count() == text.null_count():
        return whole
    # Whole numbers that int64 cannot hold are likely keys: as float64 some of them would become one.
    return text if text.str.contains(r"^-?\d+$").all() else text.cast(pl.Float64, strict=False)
