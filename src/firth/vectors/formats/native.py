"""Firth's own files: arrays as safetensors, keys and counts as Parquet. Neither can run code when read."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from firth.errors import RunError
from firth.files import atomic_path
from firth.vectors.vectors import Vectors

ARRAYS = "vectors.safetensors"
ITEMS = "items.parquet"


def save(vectors: Vectors, folder: str | Path) -> None:
    """Write vectors into a folder that exists: ``vectors.safetensors`` and ``items.parquet`` (key, count).

    Raises
    ------
    RunError
        If the folder cannot be written.
    """
    import polars as pl
    from safetensors.numpy import save_file

    arrays = {"vectors": vectors.matrix, "outputs": vectors.outputs, "biases": vectors.biases, "counts": vectors.counts}
    counts = [None] * len(vectors) if vectors.counts is None else vectors.counts
    items = pl.DataFrame(
        [pl.Series("key", vectors.keys, dtype=pl.String), pl.Series("count", counts, dtype=pl.Int64)],
    )
    with atomic_path(Path(folder) / ARRAYS) as temporary:
        save_file({name: np.ascontiguousarray(each) for name, each in arrays.items() if each is not None}, temporary)
    with atomic_path(Path(folder) / ITEMS) as temporary:
        items.write_parquet(temporary)


def load(folder: str | Path) -> Vectors:
    """Return the vectors in a folder, as :func:`save` wrote them, or a run's.

    Raises
    ------
    RunError
        If a file is missing or damaged, or the two do not belong together.
    """
    import polars as pl
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    path = Path(folder)
    for name in (ARRAYS, ITEMS):
        if not (path / name).is_file():
            raise RunError(f"{path} has no {name}; give the folder of a run.")
    try:
        arrays = load_file(path / ARRAYS)
        keys = pl.read_parquet(path / ITEMS, columns=["key"])["key"].to_list()
        return Vectors(
            keys,
            arrays["vectors"],
            outputs=arrays.get("outputs"),
            biases=arrays.get("biases"),
            counts=arrays.get("counts"),
        )
    except (SafetensorError, pl.exceptions.PolarsError, KeyError, ValueError) as error:
        raise RunError(f"{path} is damaged ({error}). Make it again, or copy it from a backup.") from error
