"""Tables that are files or frames: CSV, Parquet, JSON lines, playlists, polars, pandas and whatever else speaks Arrow.

Text files are read as texts: a key ``007`` stays ``007``. Rows that do not fit are set aside and counted, and a few of
them shown with their line numbers.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import polars as pl

from firth.errors import MissingExtraError, SourceError, SourceNotFoundError
from firth.sources import playlists, text
from firth.sources.arrow import check_names
from firth.sources.remote import Location, local_copy, locate
from firth.sources.streams import COMPRESSED

_DELIMITED = {".csv": ",", ".tsv": "\t"}
_LINES = (".jsonl", ".ndjson")
_SLICES = ".json"
_BATCH = 1 << 18  # rows
N_EXAMPLES = text.N_EXAMPLES


@dataclass(frozen=True)
class Table:
    """A table, and what of its file could not be read.

    Parameters
    ----------
    frame
        The rows that could be read.
    n_rejected
        How many could not.
    examples
        A few of those, with line numbers.
    source
        The file's name, for messages.
    names
        Of a batch: the columns of the whole table, also those that were not read; None if they are known only when
        all of it is read.
    """

    frame: pl.DataFrame
    n_rejected: int = 0
    examples: tuple[str, ...] = ()
    source: str = "the table"
    names: tuple[str, ...] | None = None

    def check(self) -> None:
        """Raise SourceError if a row could not be read."""
        if self.n_rejected:
            shown = "; ".join(self.examples)
            raise SourceError(f"{self.n_rejected:,} rows of {self.source} cannot be read: {shown}. Correct the file.")


def load(table: object) -> pl.DataFrame:
    """Return a file or a data frame as a polars frame, all of it or an error; ``read`` sets bad rows aside instead.

    Parameters
    ----------
    table
        As for ``read``.

    Raises
    ------
    SourceNotFoundError
        If there is no such file.
    SourceError
        If the file or any of its rows cannot be read, or ``table`` is neither file nor frame.
    """
    read_table = read(table)
    read_table.check()
    return read_table.frame


def read(table: object) -> Table:
    """Return a file or a data frame as a polars frame, with an account of the rows that could not be read.

    Parameters
    ----------
    table
        A path or a URL ending in .csv, .tsv, .jsonl or .ndjson, alone or followed by .gz, .xz or .zst; one ending in
        .parquet; a slice of playlists in .json, or a folder of those; or a frame of polars, pandas, or any object with
        ``__arrow_c_stream__``. Text is UTF-8, and a delimited file's first line names the columns.

    Raises
    ------
    SourceNotFoundError
        If there is no such file.
    SourceError
        If the file cannot be read, or ``table`` is neither file nor frame.

    Notes
    -----
    A text file is held in memory about twice while it is read.
    """
    if isinstance(table, (str, PathLike)):
        return _read_file(locate(table))
    return Table(_frame(table))


def batches(table: object, columns: Collection[str] | None = None) -> Iterator[Table]:
    """Yield a file or a data frame in batches of some 100,000 rows, at least one, each a :class:`Table`.

    Parameters
    ----------
    table
        As for ``read``.
    columns
        The columns that are needed, to save reading others; None: all.

    Raises
    ------
    SourceNotFoundError
        If there is no such file.
    SourceError
        If the file cannot be read, or ``table`` is neither file nor frame.

    Notes
    -----
    One batch of a file is held at a time; a frame is held already, and is not copied.
    """
    if not isinstance(table, (str, PathLike)):
        yield from _slices(_frame(table))
        return
    path = locate(table)
    kind = _kind(path)
    if kind == ".parquet":
        yield from _parquet_batches(path, columns)
    elif kind in _DELIMITED:
        for frame, rejected, examples in text.delimited_batches(path, separator=_DELIMITED[kind]):
            yield Table(frame, rejected, examples, str(path), tuple(frame.columns))
    else:
        read = playlists.slice_batches(path, columns) if kind == _SLICES else text.json_batches(path)
        for frame, rejected, examples in read:
            yield Table(frame, rejected, examples, str(path))


def files(path: Location) -> Sequence[Location]:
    """Return the files that are read for a path: itself, or the slices of a folder."""
    return playlists.slices(path) if path.is_dir() else [path]


def _slices(frame: pl.DataFrame) -> Iterator[Table]:
    for part in frame.iter_slices(_BATCH) if frame.height else [frame]:
        yield Table(part, names=tuple(frame.columns))


def _parquet_batches(path: Location, columns: Collection[str] | None) -> Iterator[Table]:
    with local_copy(path) as local:
        yield from _parquet_of(local, str(path), columns)


def _parquet_of(path: Path, name: str, columns: Collection[str] | None) -> Iterator[Table]:
    try:
        lazy = pl.scan_parquet(path, glob=False)
        names = tuple(lazy.collect_schema().names())
        if columns is not None:
            lazy = lazy.select([name for name in names if name in columns])
        n_rows = pl.scan_parquet(path, glob=False).select(pl.len()).collect().item()
        for start in range(0, max(n_rows, 1), _BATCH):
            yield Table(lazy.slice(start, _BATCH).collect(), source=name, names=names)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise SourceError(f"cannot read {name}: {str(error).splitlines()[0]}. It may be cut short.") from error


def _read_file(path: Location) -> Table:
    kind = _kind(path)
    if kind == ".parquet":
        return Table(_read_parquet(path), source=str(path))
    if kind in _DELIMITED:
        frame, rejected, examples = text.read_delimited(path, separator=_DELIMITED[kind])
    elif kind == _SLICES:
        frames, n_rejected, some = zip(*playlists.slice_batches(path), strict=True)
        frame = pl.concat(frames, how="diagonal_relaxed")
        rejected, examples = sum(n_rejected), tuple(itertools.chain(*some))[:N_EXAMPLES]
    else:
        frame, rejected, examples = text.read_json_lines(path)
    return Table(frame, rejected, examples, str(path))


def _kind(path: Location) -> str:
    """Return the suffix that tells how a file is read; one of a compression is left out."""
    if isinstance(path, Path) and not path.exists():
        raise SourceNotFoundError(f"no file lies at {path} (looked in {Path.cwd()}).")
    if path.is_dir():
        return _SLICES
    suffixes = [suffix.lower() for suffix in path.suffixes]
    is_packed = len(suffixes) > 1 and suffixes[-1] in COMPRESSED
    kind = suffixes[-2] if is_packed else (suffixes or [""])[-1]
    if kind in _DELIMITED or kind in (*_LINES, _SLICES) or (kind == ".parquet" and not is_packed):
        return kind
    raise SourceError(
        "a table must be .csv, .tsv, .jsonl, .ndjson, .json (also with .gz, .xz or .zst) or .parquet, "
        f"got {path.name!r}."
    )


def _read_parquet(path: Location) -> pl.DataFrame:
    try:
        with local_copy(path) as local:
            return pl.read_parquet(local, glob=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise SourceError(f"cannot read {path}: {str(error).splitlines()[0]}. It may be cut short.") from error


def _frame(table: object) -> pl.DataFrame:
    if isinstance(table, pl.DataFrame):
        return table
    if isinstance(table, pl.LazyFrame):
        return table.collect()
    names = getattr(table, "columns", None)
    if type(table).__module__.split(".")[0] == "pandas":
        return _from_pandas(table, [str(name) for name in names] if names is not None else [])
    if hasattr(table, "__arrow_c_stream__"):
        schema = getattr(table, "schema", None)
        check_names(list(getattr(schema, "names", ())))
        return pl.DataFrame(table)
    raise SourceError(f"a table must be a path or a data frame (polars, pandas, Arrow), got {type(table).__name__}.")


def _from_pandas(table: object, names: list[str]) -> pl.DataFrame:
    check_names(names)
    try:
        return pl.from_pandas(table, nan_to_null=True)
    except ImportError as error:
        raise MissingExtraError("reading a pandas frame", "pyarrow", "sql") from error
    except Exception as error:
        raise SourceError(
            f"the pandas frame cannot be read: {str(error).splitlines()[0]}. "
            "Give each column one type: frame['item'] = frame['item'].astype(str)."
        ) from error
