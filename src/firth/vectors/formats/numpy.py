"""NumPy: the matrix as ``.npy``, and the keys beside it as a JSON list, which can hold any text."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from firth.errors import DataError, SourceError, SourceNotFoundError
from firth.files import atomic_path, write_text
from firth.vectors.vectors import Vectors


def keys_path(path: Path) -> Path:
    """Return where the keys of a file without keys lie."""
    return path.with_name(f"{path.name}.keys.json")


def write_keys(path: Path, vectors: Vectors) -> None:
    """Write the keys that belong to ``path``, in the order of the rows.

    Raises
    ------
    RunError
        If the file cannot be written.
    """
    write_text(keys_path(path), json.dumps(vectors.keys) + "\n")


def write(path: str | Path, vectors: Vectors) -> None:
    """Write the matrix, and the keys beside it.

    Raises
    ------
    RunError
        If a file cannot be written.
    """
    write_keys(Path(path), vectors)
    with atomic_path(Path(path)) as temporary, temporary.open("wb") as file:
        np.save(file, vectors.matrix, allow_pickle=False)


def read(path: str | Path) -> Vectors:
    """Return the vectors of a matrix and the keys beside it.

    Raises
    ------
    SourceNotFoundError
        If there is no such file, or no keys beside it.
    SourceError
        If a file is damaged, not what its name says, or the two do not fit.
    """
    source = Path(path)
    beside = keys_path(source)
    try:
        matrix = np.load(source, allow_pickle=False)
        keys = json.loads(beside.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SourceNotFoundError(
            f"no file at {error.filename}; a matrix needs its keys beside it, a JSON list of texts in {beside.name}."
        ) from None
    except OSError as error:
        raise SourceError(f"cannot read {source}: {error.strerror or error}.") from error
    except (ValueError, EOFError) as error:
        raise SourceError(f"{source} or {beside.name} is damaged or no such file ({error}).") from error
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise SourceError(f"{beside} must hold a JSON list of texts.")
    try:
        return Vectors(keys, matrix)
    except DataError as error:
        raise SourceError(f"{source}: {error}") from error
