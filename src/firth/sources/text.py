"""Text files in rows: decompressed, checked line by line, and the lines that do not fit told apart from the rest.

polars fills a row that is too short with nulls in silence and stops at the first that is too long. Here both are found
first, without a loop over rows: a record's fields are counted from its separators outside of quotes. Files are read
in pieces of whole lines, so that what is held does not grow with them.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator

import numpy as np
import polars as pl

from firth.errors import SourceError
from firth.sources.arrow import check_names
from firth.sources.remote import Location
from firth.sources.streams import open_stream

N_EXAMPLES = 3
_CHUNK = 1 << 23  # bytes of text that are held at a time


def read_text(path: Location) -> str:
    """Return a file's text, decompressed by its suffix.

    Raises
    ------
    SourceError
        If it is cut short, damaged or not UTF-8.
    """
    return "".join(text for text, _ in pieces(path))


def pieces(path: Location, *, quoted: bool = False) -> Iterator[tuple[str, int]]:
    """Yield a file's text in pieces of whole lines, each with the number of its first line (from 1).

    Parameters
    ----------
    path
        File, UTF-8; .gz, .xz and .zst are decompressed.
    quoted
        Whether a line's end between double quotes ends no line.

    Raises
    ------
    SourceError
        If it is cut short, damaged or not UTF-8.
    """
    line = 1
    for n, data in enumerate(_whole_lines(_chunks(path), quoted=quoted)):
        try:
            yield data.decode("utf-8-sig" if n == 0 else "utf-8"), line
        except UnicodeDecodeError as error:
            line += data.count(b"\n", 0, error.start)
            raise SourceError(
                f"{path} is not UTF-8 at line {line}. Convert it first, for example: iconv -f latin1 -t utf-8."
            ) from error
        line += data.count(b"\n")


def _whole_lines(chunks: Iterable[bytes], *, quoted: bool) -> Iterator[bytes]:
    """Yield the chunks, cut after a line's end instead of anywhere; an even number of quotes lies before each cut."""
    held: list[bytes] = []
    n_held = 0  # quotes in what is held; before it their number is even
    for chunk in chunks:
        n_quotes = chunk.count(b'"') if quoted else 0
        end, n_after = len(chunk), 0
        while (cut := chunk.rfind(b"\n", 0, end)) >= 0:
            n_after += chunk.count(b'"', cut, end) if quoted else 0
            if (n_held + n_quotes - n_after) % 2 == 0:
                break
            end = cut
        if cut < 0:
            held.append(chunk)
            n_held += n_quotes
            continue
        yield b"".join([*held, chunk[: cut + 1]])
        held, n_held = [chunk[cut + 1 :]], n_after
    if any(held):
        yield b"".join(held)


def _chunks(path: Location) -> Iterator[bytes]:
    with open_stream(path) as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def read_delimited(path: Location, *, separator: str) -> tuple[pl.DataFrame, int, tuple[str, ...]]:
    """Return the rows of a delimited file as texts, how many records do not fit, and a few of those.

    The whole of what :func:`delimited_batches` yields.
    """
    frames, n_bad, examples = zip(*delimited_batches(path, separator=separator), strict=True)
    return pl.concat(frames), sum(n_bad), tuple(itertools.chain(*examples))[:N_EXAMPLES]


def delimited_batches(path: Location, *, separator: str) -> Iterator[tuple[pl.DataFrame, int, tuple[str, ...]]]:
    """Yield the rows of a delimited file as texts, how many records do not fit, and a few of those; at least once.

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

    Notes
    -----
    About 8 MB of text are held at a time; all that follows a quote which is never closed.
    """
    names: list[str] = []
    for content, line in pieces(path, quoted=True):
        if names and is_plain(data := content.encode(), len(names), separator):
            yield _divided(data, names, separator), 0, ()
            continue
        records = _records(content, line)
        if not names:
            if records.is_empty():
                continue
            names = _header(path, records["record"][0], separator)
            records = records.slice(1)
        yield _rows(path, records, names, separator)
    if not names:
        raise SourceError(f"{path} is empty; its first line must name the columns.")


def _rows(
    path: Location, records: pl.DataFrame, names: list[str], separator: str
) -> tuple[pl.DataFrame, int, tuple[str, ...]]:
    records = records.with_columns(_n_fields(separator).alias("n_fields"), _is_quoted_well(separator).alias("ok"))
    fits = (pl.col("n_fields") == len(names)) & pl.col("ok")
    good, bad = records.filter(fits)["record"], records.filter(~fits)
    frame = _divided("\n".join(good.to_list()).encode(), names, separator)
    if frame.height != len(good):
        raise SourceError(f"{path} cannot be divided into rows: {len(good)} were expected, {frame.height} came.")
    return frame, bad.height, _examples(bad.head(N_EXAMPLES), len(names))


def is_plain(data: bytes, n_fields: int, separator: str) -> bool:
    """Return whether each line is a record that fits, without a quote; such text is divided three times as fast."""
    if n_fields == 1 or b'"' in data:
        return False
    codes = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(codes == ord("\n"))
    if not data.endswith(b"\n"):
        ends = np.append(ends, len(data))
    found = np.flatnonzero(codes == ord(separator))
    if len(found) != len(ends) * (n_fields - 1):
        return False
    places = found.reshape(len(ends), n_fields - 1)
    begins = np.concatenate([[-1], ends[:-1]])
    return bool(np.all(places[:, 0] > begins) and np.all(places[:, -1] < ends))


def _divided(data: bytes, names: list[str], separator: str) -> pl.DataFrame:
    schema = dict.fromkeys(names, pl.String)
    if not data:
        return pl.DataFrame(schema=schema)
    return pl.read_csv(data, has_header=False, separator=separator, schema=schema)


def _records(content: str, first_line: int) -> pl.DataFrame:
    """Return columns record and line, without empty records; a quoted line's end does not end one."""
    lines = pl.DataFrame({"record": pl.Series([content]).str.split("\n").explode()})
    lines = lines.with_row_index("line", offset=first_line)
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


def _header(path: Location, record: str, separator: str) -> list[str]:
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


def read_json_lines(path: Location) -> tuple[pl.DataFrame, int, tuple[str, ...]]:
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
    rows: list[dict[str, object]] = []
    bad: list[str] = []
    for some_rows, some_bad in _objects(path):
        rows += some_rows
        bad += some_bad
    return json_frame(path, rows), len(bad), tuple(bad[:N_EXAMPLES])


def json_batches(path: Location) -> Iterator[tuple[pl.DataFrame, int, tuple[str, ...]]]:
    """Yield what :func:`read_json_lines` returns batch by batch, each with the columns that its lines name.

    Raises
    ------
    SourceError
        If the file cannot be read, no line is an object, or a column's values have several types; numbers among texts
        become texts.
    """
    kinds: dict[str, bool] = {}
    for rows, bad in _objects(path):
        frame = json_frame(path, rows)
        for name, kind in frame.schema.items():
            if kind != pl.Null and kinds.setdefault(name, kind.is_nested()) != kind.is_nested():
                raise SourceError(f"{path}: a column's values have several types (lists and others in {name!r}).")
        yield frame, len(bad), tuple(bad[:N_EXAMPLES])


def _objects(path: Location) -> Iterator[tuple[list[dict[str, object]], list[str]]]:
    """Yield the objects of some lines, and what is said of the lines that hold none."""
    # JSON has no fixed shape, so each line is parsed by itself: about a second for a million short rows.
    n_rows, first_bad = 0, ""
    for content, first_line in pieces(path):
        rows: list[dict[str, object]] = []
        bad: list[str] = []
        for number, line in enumerate(content.split("\n"), start=first_line):
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
        n_rows, first_bad = n_rows + len(rows), first_bad or (bad[0] if bad else "")
        yield rows, bad
    if not n_rows:
        raise SourceError(f"{path} holds no JSON objects; give one a line." + (f" {first_bad}" if first_bad else ""))


def json_frame(path: Location, rows: list[dict[str, object]]) -> pl.DataFrame:
    """Return objects of JSON as a frame.

    Raises
    ------
    SourceError
        If the values of a column have several types.
    """
    try:
        return pl.DataFrame(rows, infer_schema_length=None)
    except (pl.exceptions.PolarsError, TypeError, OverflowError) as error:
        raise SourceError(f"{path}: a column's values have several types ({str(error).splitlines()[0]}).") from error
