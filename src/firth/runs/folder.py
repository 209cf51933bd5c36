"""The files of a run folder: written atomically, checked when read. Who may write them is ``claiming.py``.

``run.json`` is written first, with the status ``running``, and last, with the status the run ended with, so that a
folder that was never finished can be told from one that was. Nothing is pickled.
"""

from __future__ import annotations

import io
import json
import os
import platform
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from firth.errors import RunError
from firth.files import atomic_path, write_text
from firth.tensors import read_tensors, write_tensors

if TYPE_CHECKING:
    import polars as pl

DOCUMENT, ARRAYS, ITEMS, HISTORY = "run.json", "vectors.safetensors", "items.parquet", "history.parquet"
PLOTS, CHECKPOINT, CONFIDENCE = "plots", "checkpoint", "confidence.parquet"
COUNTS, COLD, TAGS = "counts.safetensors", "cold.parquet", "tags.json"
MERGES = "merge.csv"
"""Decisions on duplicates: what the explorer writes and ``firth duplicates --merge`` reads."""
LIVE, LIVE_MAP = "live.json", "live-map.safetensors"
BEFORE_TRAINING = frozenset({DOCUMENT, COUNTS, COLD, TAGS, LIVE, LIVE_MAP})
"""Files that a run may have before it has made anything that is worth keeping."""
TABLES, NEXT = (ITEMS, CONFIDENCE), ".next"
"""Tables that are made again while the vectors stay, and the ending of one that is about to take its place."""
_COMING = {name + NEXT for name in TABLES}
FILES = frozenset({*BEFORE_TRAINING, *_COMING, ARRAYS, ITEMS, HISTORY, PLOTS, CHECKPOINT, CONFIDENCE, MERGES})
PACKAGED = frozenset({"movielens.sqlite", "groceries.sqlite"})
"""Data that a demonstration writes into its run's folder."""
FORMAT = 1
STATUSES = ("running", "complete", "interrupted", "failed")
OWN_COLUMNS = frozenset({"key", "count", "cluster", "x", "y", "distortion", "confidence"})
"""Columns of items.parquet that are not attributes; no context may have such a name."""


def is_partial(name: str) -> bool:
    """Return whether a file of this name is what a killed process was writing."""
    return name.startswith(".") and name.endswith(".partial")


def remove_partial(folder: Path) -> None:
    """Remove what a killed process was writing."""
    for path in folder.iterdir():
        if is_partial(path.name):
            path.unlink(missing_ok=True)


def remove_checkpoint(folder: Path) -> None:
    """Remove the state of training: what came of it is safe."""
    shutil.rmtree(folder / CHECKPOINT, ignore_errors=True)


def write_document(folder: Path, document: Mapping[str, Any]) -> None:
    """Write ``run.json``; numbers that are not finite become null, as JSON has none."""
    write_text(folder / DOCUMENT, json.dumps(plain(document), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_document(folder: Path) -> dict[str, Any]:
    """Return ``run.json``.

    Raises
    ------
    RunError
        If the folder or the file is missing, or the file is not a run's.
    """
    path = folder / DOCUMENT
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RunError(f"{folder} is not a run: it has no {DOCUMENT}.") from error
    except OSError as error:
        raise RunError(f"cannot read {path}: {error.strerror}.") from error
    except ValueError as error:
        raise RunError(f"{path} is damaged: it is not JSON ({error}).") from error
    if not isinstance(document, dict) or document.get("status") not in STATUSES:
        raise RunError(f"{path} is damaged: it has no valid status.")
    if document.get("format") != FORMAT:
        raise RunError(f"{path} has format {document.get('format')!r}; this version reads format {FORMAT}.")
    return document


def objective(document: Mapping[str, Any]) -> str | None:
    """Return what a run's training maximised, or None where nothing was trained."""
    training = document.get("training") or {}
    name: str | None = training.get("options", {}).get("objective")
    return name


def write_arrays(folder: Path, arrays: Mapping[str, np.ndarray[Any, Any]], *, name: str = ARRAYS) -> None:
    """Write ``vectors.safetensors``, or another file of arrays."""
    with atomic_path(folder / name) as temporary:
        write_tensors(temporary, arrays)


def read_arrays(folder: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Return the arrays of ``vectors.safetensors`` by name; those of a large file as read-only memory maps.

    Raises
    ------
    RunError
        If the file is missing, cut short or otherwise damaged, or has no vectors.
    """
    arrays = read_other_arrays(folder, ARRAYS)
    vectors = arrays.get("vectors")
    if vectors is None or vectors.ndim != 2:
        raise damaged(folder / ARRAYS, "no matrix named 'vectors'")
    for name, array in arrays.items():
        if array.shape != (vectors.shape if name in ("vectors", "outputs") else vectors.shape[:1]):
            raise damaged(folder / ARRAYS, f"{name} has shape {array.shape}, the vectors have {vectors.shape}")
    return arrays


def read_other_arrays(folder: Path, name: str) -> dict[str, np.ndarray[Any, Any]]:
    """Return the arrays of a file of the run, by name.

    Raises
    ------
    RunError
        If it is missing, cut short or otherwise damaged.
    """
    from safetensors import SafetensorError

    with _reading(folder / name):
        try:
            arrays = read_tensors(folder / name)
        except SafetensorError as error:
            raise damaged(folder / name, error) from error
    return arrays


def write_frame(folder: Path, name: str, frame: pl.DataFrame) -> None:
    """Write a table as Parquet."""
    import polars as pl

    path = folder / name
    with atomic_path(path) as temporary:
        try:
            frame.write_parquet(temporary, compression="zstd")
        except pl.exceptions.PolarsError as error:
            raise _unwritable(path, error) from error


def read_frame(folder: Path, name: str) -> pl.DataFrame:
    """Return a table of the run.

    Raises
    ------
    RunError
        If the file is missing or damaged.
    """
    path = folder / name
    with _reading(path):
        # From bytes: a file that polars has mapped must not be replaced beneath it.
        return frame_of(path, io.BytesIO(path.read_bytes()))


def frame_of(path: Path, content: io.BytesIO) -> pl.DataFrame:
    """Return the table that was read from a file; raise RunError if it is damaged."""
    import polars as pl

    try:
        return pl.read_parquet(content)
    except pl.exceptions.PolarsError as error:
        raise damaged(path, error) from error


def owner() -> dict[str, Any]:
    """Return which process works on a run, to be recorded while it does."""
    return {"pid": os.getpid(), "host": platform.node(), "began": _beginning(os.getpid())}


def state(document: Mapping[str, Any]) -> str:
    """Return a run's status, or ``stopped`` where it says ``running`` but the process that ran it has gone."""
    status: str = document["status"]
    process = document.get("process") or {}
    if status != "running" or process.get("host") != platform.node():
        return status
    try:
        os.kill(int(process["pid"]), 0)
    except ProcessLookupError:
        return "stopped"
    except (OSError, KeyError, TypeError, ValueError, OverflowError):
        return status
    # A number is given again: after a restart of a container the first process has the one that the killed one had.
    began = process.get("began")
    return status if began in (None, _beginning(int(process["pid"]))) else "stopped"


def _beginning(pid: int) -> str | None:
    """Return when a process began, in ticks since the machine did, or None where the system does not tell."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return None


def plain(value: Any) -> Any:  # noqa: ANN401 (JSON is any of several types)
    """Return a value that JSON can say: NumPy numbers as numbers, tuples as lists, not-finite numbers as None."""
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(entry) for entry in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    if isinstance(value, Path):
        return str(value)
    return value


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except RunError:
        raise
    except FileNotFoundError as error:
        raise RunError(f"{path.parent} is incomplete: it has no {path.name}.") from error
    except OSError as error:
        raise RunError(f"cannot read {path}: {error.strerror or error}.") from error


def damaged(path: Path, why: object) -> RunError:
    """Return the error for a file of a run that cannot be what was written."""
    return RunError(f"{path} is damaged ({why}). Make the run again, or copy the file from a backup.")


def _unwritable(path: Path, why: object) -> RunError:
    return RunError(f"cannot write {path}: {why}. Choose a folder that can be written, on a disk with room.")
