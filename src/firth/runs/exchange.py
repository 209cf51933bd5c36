"""Runs to other tools' files, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from firth.errors import OptionError
from firth.files import atomic_path
from firth.runs import folder as files
from firth.runs.items import blank_items
from firth.runs.record import Record
from firth.runs.run import Run
from firth.runs.typed import unknown
from firth.vectors.formats import word2vec

if TYPE_CHECKING:
    import polars as pl

Format = Literal["word2vec", "word2vec-binary", "parquet", "npy"]
FORMATS = ("word2vec", "word2vec-binary", "parquet", "npy")


def export_run(run: Run, format: Format, path: str | Path) -> None:  # noqa: A002 (the word users know)
    """Write a run's vectors for another tool.

    Parameters
    ----------
    run
        The run.
    format
        ``word2vec`` text or ``word2vec-binary``, as gensim reads them; ``parquet``, the items' table with a column
        ``vector``; ``npy``, the matrix alone.
    path
        The file; one that exists is replaced.

    Raises
    ------
    OptionError
        If there is no such format.
    DataError
        If the format cannot hold the keys.
    RunError
        If the file cannot be written.
    """
    target = Path(path)
    if format not in FORMATS:
        raise OptionError(unknown("format", format, FORMATS))
    if format == "parquet":
        files.write_frame(target.parent, target.name, _with_vectors(run))
    elif format == "npy":
        with atomic_path(target) as temporary, temporary.open("wb") as file:
            np.save(file, run.vectors.matrix, allow_pickle=False)
    else:
        word2vec.write(target, run.vectors, binary=format == "word2vec-binary")


def import_vectors(path: str | Path, *, out: str | Path) -> Run:
    """Return a run made of vectors that another tool trained, saved in a folder.

    Parameters
    ----------
    path
        A file in word2vec's text or binary format, or GloVe's or fastText's text format.
    out
        A new folder.

    Raises
    ------
    SourceError
        If the file is missing or not in one of these formats.
    RunError
        If the folder holds something else, or cannot be written.
    """
    vectors = word2vec.read(Path(path))
    folder = Path(out)
    files.claim(folder)
    with Record(folder.resolve().name, folder=folder) as record:
        record.document["source"] = {"path": str(path)}
        record.document["metrics"] = {"n_items": len(vectors)}
        record.end("complete")
        run = Run(vectors, blank_items(vectors.keys, vectors.counts), _no_history(), record.document, folder)
        run.write_vectors()
        run.write_rest()
        return run


def _with_vectors(run: Run) -> pl.DataFrame:
    import polars as pl

    return run.items.with_columns(pl.Series("vector", run.vectors.matrix))


def _no_history() -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame(schema={"pairs": pl.Int64, "seconds": pl.Float64, "loss": pl.Float64})
