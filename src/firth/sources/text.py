"""Text files in rows: decompressed, checked line by line, and the lines that do not fit told apart from the rest.

polars fills a row that is too short with nulls in silence and stops at the first that is too long. Here both are found
first, without a loop over rows: a record's fields are counted from its separators outside of quotes.
"""

from __future__ import annotations

import json
import lzma
import zlib
from pathlib import Path

import polars as pl

from firth.errors import MissingExtraError, SourceError
from firth.sources.arrow import check_names

COMPRESSED = (".gz", ".xz", ".zst")
_N_EXAMPLES = 3


def read_text(path: Path) -> str:
    """Return a file's text, decompressed by its suffix.

    Raises
    ------
    SourceError
        If it is cut short, damaged or not UTF-8.
    """
    try:
        data = _decompressed(path)
    except (OSError, EOFError, zlib.error, lzma.LZMAError, pl.exceptions.PolarsError, ValueError) as error:
        raise SourceError(f"cannot read {path}: {error}. It may be cut short; fetch it again.") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SourceError(
            f"{path} is not UTF-8 at line {line}. Convert it first, for example: iconv -f latin1 -t utf-8."
        ) from error


def _decompressed(path: Path) -> bytes:
    suffix = path.suffix.lower()
    if suffix == ".gz":
        import gzip

        return gzip.decompress(path.read_bytes())
    if suffix == ".xz":
        return lzma.decompress(path.read_bytes())
    if suffix == ".zst":
        return _zstd(path)
    return path.read_bytes()


def _zstd(path: Path) -> bytes:
    try:
        import pyarrow as pa
    except ImportError as error:
        raise MissingExtraError("reading .zst", "pyarrow", "sql") from error
    with pa.input_stream(str(path), compression="zstd") as stream:
        return bytes(stream.read())


def read_delimited(path: Path, *, separator: str) -> tuple[pl.DataFrame, int, tuple[str, ...]]:
    """Return the rows of a delimited file as texts, how many records do not fit, and a few of those.

    A record fits if it has as many fields as the first line and its quotes follow RFC 4180: a field that holds a quote,
    a separator or a line's end stands in double quotes, and a quote within is doubled. Empty lines are skipped; an
    empty field is null.

    Parameters
    ----------
    path
        File, UTF-8; .gz, .xz and .zst are decompressed.
    separator
        One character.

    Raises
    ------
    SourceError
        If the file is empty, cannot be read, or its first line does not name each column once.
    """
    content = read_text(path)
    records = _records(content)
    if records.is_empty():
        raise SourceError(f"{path} is empty; its first line must name the columns.")
    names = _header(path, records["record"][0], separator)
    records = records.slice(1).with_columns(
        _n_fields(separator).alias("n_fields"), _is_quoted_well(separator).alias("ok")
    )
    fits = (pl.col("n_fields") == len(names)) & pl.col("ok")
    good, bad = records.filter(fits)["record"], records.filter(~fits)
    if good.is_empty():
        frame = pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    else:
        frame = pl.read_csv(
            "\n".join(good.to_list()).encode(),
            has_header=False,
            separator=separator,
            schema=dict.fromkeys(names, pl.String),
        )
    if frame.height != len(good):
        raise SourceError(f"{path} cannot be divided into rows: {len(good)} were expected, {frame.height} came.")
    return frame, bad.height, _examples(bad.head(_N_EXAMPLES), len(names))


def _records(content: str) -> pl.DataFrame:
    """Return columns record and line (from 1), without empty records; a quoted line's end does not end one."""
    lines = pl.DataFrame({"record": pl.Series([content]).str.split("\n").explode()}).with_row_index("line", offset=1)
    if '"' in content:
        n_quotes = pl.col("record").str.count_matches('"', literal=True).cast(pl.Int64)
        lines = lines.with_columns(starts=(n_quotes.cum_sum() - n_quotes) % 2 == 0)
        if not lines["starts"].all():
            lines = (
                lines.group_by(pl.col("starts").cum_sum().alias("number"), maintain_order=True)
                .agg(pl.col("record").str.join("\n"), pl.col("line").first())
                .drop("number")
            )
    return lines.filter(pl.col("record").str.strip_chars_end("\r") != "").select("record", "line")


def _n_fields(separator: str) -> pl.Expr:
    unquoted = pl.col("record").str.replace_all('"[^"]*"', "")
    return unquoted.str.count_matches(separator, literal=True).cast(pl.Int64) + 1


def _is_quoted_well(separator: str) -> pl.Expr:
    field = f'(?:[^"{separator}]*|"(?:[^"]|"")*")'
    has_quote = pl.col("record").str.contains('"', literal=True)
    return ~has_quote | pl.col("record").str.contains(f"^{field}(?:{separator}{field})*\r?$")


def _header(path: Path, record: str, separator: str) -> list[str]:
    import csv

    names = next(csv.reader([record.rstrip("\r")], delimiter=separator))
    if "" in names:
        raise SourceError(f"{path}: the first line must name every column, got {record[:80]!r}.")
    check_names(names)
    return names


def _examples(bad: pl.DataFrame, n_expected: int) -> tuple[str, ...]:
    return tuple(
        f"line {line} "
        + (f"has {n} field{'s' * (n != 1)} instead of {n_expected}" if n != n_expected else "has a stray quote")
        + f": {record[:60]!r}"
        for line, record, n in bad.select("line", "record", "n_fields").iter_rows()
    )


def read_json_lines(path: Path) -> tuple[pl.DataFrame, int, tuple[str, ...]]:
    """Return the rows of a file with one JSON object a line, how many lines are none, and a few of those.

    Parameters
    ----------
    path
        File, UTF-8; .gz, .xz and .zst are decompressed.

    Raises
    ------
    SourceError
        If the file cannot be read, or no line is an object.
    """
    # JSON has no fixed shape, so each line is parsed by itself: about a second for a million short rows.
    lines = enumerate(read_text(path).split("\n"), start=1)
    rows: list[dict[str, object]] = []
    bad: list[str] = []
    for number, line in lines:
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if isinstance(row, dict):
            rows.append(row)
        else:
            bad.append(f"line {number} is no JSON object: {line[:60]!r}")
    if not rows:
        raise SourceError(f"{path} holds no JSON objects; give one a line." + (f" {bad[0]}" if bad else ""))
    try:
        frame = pl.DataFrame(rows, infer_schema_length=None)
    except (pl.exceptions.PolarsError, TypeError, OverflowError) as error:
        raise SourceError(f"{path}: a column's values have several types ({str(error).splitlines()[0]}).") from error
    return frame, len(bad), tuple(bad[:_N_EXAMPLES])
