"""Rows in long form become sequences: sorted by sequence and order, batch by batch, as numbers.

Of each row that is kept the number of its item, that of its sequence and its order are held, 12 to 20 bytes in all; the
texts of a batch are gone when the next one comes. Sequences come out in the order of their names, so that the order of
the rows has no influence where ``order`` is given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from firth.arrays import Int64
from firth.corpus import columns
from firth.corpus.contexts import Sequences
from firth.corpus.encoded import Encoded
from firth.corpus.encoded_writer import EncodedWriter
from firth.corpus.numbering import Numbering
from firth.errors import DataError
from firth.sources.tables import Table

_SEPARATOR = "\x1f"  # between the parts of a sequence's name, which no text holds by chance
_AT_ONCE = 1 << 20  # rows that are sorted at once, or those of one sequence


def encode_rows(declared: Mapping[str, Sequences], batches: Callable[[], Iterable[Table]]) -> dict[str, Encoded]:
    """Return the sequences of each context, read from the batches of one table.

    Parameters
    ----------
    declared
        The contexts, by name.
    batches
        Returns the table's batches, from the first; called again if an order turns out to be text after all.

    Raises
    ------
    SourceError
        If the table lacks a column.
    DataError
        If a column has an unusable type.
    """
    order_is_text: set[str] = set()
    while True:
        forms = {
            name: LongForm(name, context, order_is_text=name in order_is_text) for name, context in declared.items()
        }
        for table in batches():
            for form in forms.values():
                form.add(table)
            if any(form.finds_text for form in forms.values()):
                order_is_text |= {name for name, form in forms.items() if form.finds_text}
                break
        else:
            return {name: form.finish() for name, form in forms.items()}


class LongForm:
    """The rows of one ordered context, added batch by batch.

    Parameters
    ----------
    name, declared
        The context.
    order_is_text
        Whether rows are sorted by their orders' texts, even where these spell numbers.

    Attributes
    ----------
    finds_text
        Whether a batch held an order that is no number, after others that were: everything is to be read again.
    """

    def __init__(self, name: str, declared: Sequences, *, order_is_text: bool = False) -> None:
        self.finds_text = False
        self._name, self._declared, self._order_is_text = name, declared, order_is_text
        self._items, self._sequences = Numbering(), Numbering()
        self._chunks: list[pl.DataFrame] = []
        self._existing: dict[str, None] = {}
        self._report: Counter[str] = Counter()

    def add(self, table: Table) -> None:
        """Take up the rows of a batch."""
        frame, declared = table.frame, self._declared
        self._existing |= dict.fromkeys(table.names or frame.columns)
        if table.names is not None:
            columns.check_columns(self._name, table.names, declared)
        # A column that no line of JSON has filled so far may be in a later batch: finish() checks those.
        frame = frame.with_columns(pl.lit(None).alias(name) for name in declared.columns if name not in frame.columns)
        self._report["rows_read"] += frame.height
        kinds = [frame.schema[name] for name in declared.items]
        if any(isinstance(kind, pl.List | pl.Array) for kind in kinds) or not declared.sequences:
            self._add_lists(frame)
        else:
            self._add_rows(frame)

    def finish(self) -> Encoded:
        """Return the sequences, each sorted, in the order of their names (of the rows, where a row is a sequence)."""
        columns.check_columns(self._name, list(self._existing), self._declared)
        n_sequences = self._report["rows_read"]
        if self._declared.sequences:
            n_sequences, ranks = len(self._sequences), self._sequences.ranks()
            for i, chunk in enumerate(self._chunks):
                self._chunks[i] = chunk.with_columns(sequence=pl.Series(ranks[chunk["sequence"].to_numpy()]))
        lengths = np.zeros(n_sequences, dtype=np.int64)
        for chunk in self._chunks:
            lengths += np.bincount(chunk["sequence"].to_numpy(), minlength=n_sequences)
        with EncodedWriter() as writer:
            for first, last in _parts(lengths):
                part = self._sorted(first, last)
                if "order" in part.columns:
                    self._report["rows_of_equal_order"] += _n_equal(part)
                some = lengths[first:last]
                writer.write(part["item"].to_numpy(), some if self._declared.sequences else some[some > 0])
            encoded = writer.finish(self._items.texts(), report=self._report)
        return replace(encoded, names=self._sequences.sorted(lengths > 0)) if self._declared.sequences else encoded

    def _sorted(self, first: int, last: int) -> pl.DataFrame:
        """Return the rows of the sequences from ``first`` to before ``last``, sorted."""
        chosen = pl.col("sequence").is_between(first, last, closed="left")
        part = pl.concat([chunk.filter(chosen) for chunk in self._chunks], how="vertical_relaxed")
        return part.sort([name for name in ("sequence", "order") if name in part.columns], maintain_order=True)

    def _add_rows(self, frame: pl.DataFrame) -> None:
        numbers = pl.DataFrame(
            {
                "item": self._items.of(columns.keys(self._name, frame, self._declared.items)),
                "sequence": self._sequences.of(self._names(frame)),
            }
        )
        numbers = numbers.with_columns(self._orders(frame))
        self._drop(numbers, {"item": "key", "sequence": "sequence", "order": "order"})
        self._keep(numbers.drop_nulls())

    def _add_lists(self, frame: pl.DataFrame) -> None:
        declared = self._declared
        (column, *others) = declared.items
        what = f"context {self._name!r}: item column {column!r}"
        if others:
            raise DataError(f"{what} must be the only one where it holds lists, got {', '.join(declared.items)}.")
        kind = frame.schema[column]
        if kind != pl.Null and not isinstance(kind, pl.List | pl.Array):
            raise DataError(f"{what} must hold lists where no column names the sequence, got {kind}. Give sequence.")
        first_row = self._report["rows_read"] - frame.height
        if declared.sequences:
            names = self._sequences.of(self._names(frame))
        else:
            names = pl.Series(np.arange(first_row, first_row + frame.height, dtype=np.int32))
        rows = pl.DataFrame({"row": np.arange(frame.height), "sequence": names}).with_columns(self._orders(frame))
        lists = pl.DataFrame({"row": rows["row"], column: frame[column].cast(pl.List(getattr(kind, "inner", pl.Null)))})
        lists = lists.filter(pl.col(column).list.len() > 0).explode(column)
        lists = lists.select("row", item=self._items.of(columns.keys(self._name, lists, (column,))))
        filled = lists.group_by("row").agg(pl.len(), item=pl.col("item").is_not_null().any())
        filled = filled.with_columns(item=pl.when("item").then(pl.lit(0)))
        rows = rows.join(filled, on="row", how="left", maintain_order="left")
        self._drop(rows, {"item": "items", "sequence": "sequence", "order": "order"})
        rows = rows.drop_nulls()
        kept = rows.drop("len", "item").join(lists, on="row", how="left", maintain_order="left_right")
        self._report["entries_read"] += kept.height
        self._report["entries_without_key"] += kept["item"].null_count()
        kept = kept.drop_nulls().with_columns(is_first=pl.col("row") != pl.col("row").shift(1, fill_value=-1))
        self._keep(kept.drop("row"))

    def _keep(self, numbers: pl.DataFrame) -> None:
        if numbers.height:
            self._chunks.append(numbers)

    def _drop(self, numbers: pl.DataFrame, names: Mapping[str, str]) -> None:
        """Count the rows that lack their item, of the others those that lack their sequence, then their order."""
        for column, name in names.items():
            if column in numbers.columns:
                self._report[f"rows_without_{name}"] += numbers[column].null_count()
                numbers = numbers.filter(pl.col(column).is_not_null())

    def _names(self, frame: pl.DataFrame) -> pl.Series:
        """Return the name of each row's sequence; null where a part of it is missing."""
        parts = []
        for column in self._declared.sequences:
            text = columns.texts(f"context {self._name!r}: sequence column {column!r}", frame[column])
            parts.append(pl.select(pl.when(text != "").then(text)).to_series().alias(column))
        return pl.select(pl.concat_str(parts, separator=_SEPARATOR)).to_series()

    def _orders(self, frame: pl.DataFrame) -> list[pl.Series]:
        """Return the column ``order``, null where it is missing; no column if the rows stay as they come."""
        column = self._declared.order
        if column is None:
            return []
        what = f"context {self._name!r}: order column {column!r}"
        values = frame[column]
        if isinstance(values.dtype, pl.Categorical | pl.Enum) or self._order_is_text:
            values = columns.texts(what, values)
        if values.dtype == pl.String:
            values = self._spelled(values)
        elif values.dtype.is_nested() or values.dtype in (pl.Binary, pl.Object):
            raise DataError(f"{what} must hold numbers, dates or texts, got {values.dtype}. Name another column.")
        elif values.dtype.is_float() or values.dtype.is_decimal():
            values = values.cast(pl.Float64).fill_nan(None)
        else:
            values = _integers(values.to_physical())
        return [values.alias("order")]

    def _spelled(self, values: pl.Series) -> pl.Series:
        """Return texts as numbers where all of them are."""
        given = pl.select(pl.when(values.str.strip_chars() != "").then(values)).to_series()
        if self._order_is_text:
            return given
        spelled = given.str.strip_chars()
        whole = spelled.cast(pl.Int64, strict=False)
        if whole.null_count() == given.null_count():
            return _integers(whole)
        number = spelled.cast(pl.Float64, strict=False)
        if number.null_count() == given.null_count():
            return number.fill_nan(None)
        self._order_is_text, self.finds_text = True, bool(self._chunks)
        return given


def _parts(lengths: Int64) -> Iterator[tuple[int, int]]:
    """Yield (first, last) of sequences that hold about ``_AT_ONCE`` rows together."""
    ends = np.cumsum(lengths)
    first = 0
    while first < len(ends) and ends[-1]:
        before = int(ends[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(ends, before + _AT_ONCE, side="right")))
        yield first, last
        first = last


def _integers(values: pl.Series) -> pl.Series:
    """Return whole numbers in as few bytes as hold them, as float64 where int64 does not."""
    whole = values.cast(pl.Int64, strict=False)
    if whole.null_count() > values.null_count():
        return values.cast(pl.Float64)
    small = whole.cast(pl.Int32, strict=False)
    return small if small.null_count() == whole.null_count() else whole


def _n_equal(numbers: pl.DataFrame) -> int:
    """Return how many rows have the order of the row before, in the same sequence."""
    equal = pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in ("sequence", "order"))
    if "is_first" in numbers.columns:
        equal &= pl.col("is_first")
    return int(numbers.select(equal.sum()).item())
