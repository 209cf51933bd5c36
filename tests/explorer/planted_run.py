"""A run of planted items in a folder, as small as a test wants it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from firth.runs.items import blank_items
from firth.runs.record import Record
from firth.runs.run import Run
from firth.vectors.vectors import Vectors


def planted_run(
    folder: Path,
    keys: Sequence[str],
    *,
    columns: Mapping[str, object] | None = None,
    matrix: np.ndarray | None = None,
    seed: int = 1,
) -> Run:
    """Save a run whose items have these keys, these or random vectors, counts from many to few, and these columns."""
    random = np.random.default_rng(seed)
    counts = np.arange(3 * len(keys), 2 * len(keys), -1)
    vectors = Vectors(list(keys), random.normal(size=(len(keys), 5)) if matrix is None else matrix, counts=counts)
    items = blank_items(vectors.keys, vectors.counts).with_columns(
        values.rename(name) if isinstance(values, pl.Series) else pl.Series(name, values)
        for name, values in (columns or {}).items()
    )
    record = Record(folder.name, folder=None, seed=seed)
    record.end("complete")
    history = pl.DataFrame(schema={"pairs": pl.Int64, "seconds": pl.Float64, "loss": pl.Float64})
    return Run(vectors, items, history, record.document).save(folder)
