"""The matrices that are trained: where they lie, in what numbers, and how they come in and go out without a copy.

Rows are padded with zeros to a multiple of eight numbers and begin on 64-byte boundaries, as the kernel reads them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from firth import _kernel
from firth.arrays import Float32, Int32, Model
from firth.mapped import available_bytes, is_mapped, scratch
from firth.tensors import LARGE_BYTES
from firth.threads import n_threads
from firth.training.options import TrainOptions

_PADDING = 8  # numbers: the inner block's registers
_SHARE = 0.6  # of the free memory that a model may take
_BLOCK = 1 << 22  # numbers that are converted at once


def is_in_file(n_items: int, options: TrainOptions) -> bool:
    """Return whether the model lies in files: as asked for, or because it takes more memory than there is."""
    if options.model_storage != "auto":
        return options.model_storage == "file"
    n_matrices, available = 1 if options.tied else 2, available_bytes()
    n_bytes = n_matrices * n_items * _stride(options.vector_size) * np.dtype(options.precision).itemsize
    return available is not None and n_bytes > _SHARE * available


def empty_model(n_items: int, options: TrainOptions, folder: Path | None, *, in_file: bool) -> Model:
    """Return zeros, (n_items, vector_size rounded up to 8), in memory or in a file of a folder."""
    kind: np.dtype[np.float16] | np.dtype[np.float32] = np.dtype(options.precision)
    stride = _stride(options.vector_size)
    if in_file:
        mapped: Model = scratch((n_items, stride), kind, folder=folder)
        return mapped
    block = np.zeros(n_items * stride + 64 // kind.itemsize, dtype=kind)
    start = (-block.ctypes.data % 64) // kind.itemsize
    return block[start : start + n_items * stride].reshape(n_items, stride)


def initial_model(n_items: int, options: TrainOptions, folder: Path | None, *, in_file: bool) -> Model:
    """Return rows uniform on [-1, 1) / vector_size, as gensim starts them; word2vec.c's are half as long."""
    rows = empty_model(n_items, options, folder, in_file=in_file)
    _kernel.initial_rows(rows, options.vector_size, options.seed, n_threads(options.n_jobs))
    return rows


def set_rows(model: Model, known: Float32, ids: Int32) -> None:
    """Take the rows of a model to go on from: ``known[ids[i]]`` for item i, where that is not -1."""
    size = known.shape[1]
    step = max(1, _BLOCK // size)
    for first in range(0, len(model), step):
        rows = ids[first : first + step]
        is_known = np.flatnonzero(rows >= 0)
        model[first + is_known, :size] = known[rows[is_known]]


def trained_rows(model: Model, options: TrainOptions, folder: Path | None) -> Float32:
    """Return the rows without what pads them: (n_items, vector_size) float32, C-contiguous. The model is used up.

    Rows of float32 are moved together where they are. Those of float16 take twice the room that the model takes: if
    they are many they lie in a file, so that they do not undo what the model saved.
    """
    size, n = options.vector_size, len(model)
    step = max(1, _BLOCK // size)
    rows: Float32
    if model.dtype == np.float32:
        # Each row moves to the left, or stays: what it covers has been moved before.
        rows = model.astype(np.float32, copy=False).reshape(-1)[: n * size].reshape(n, size)
        if model.shape[1] == size:
            return rows
    else:
        in_file = is_mapped(model) or 4 * n * size >= LARGE_BYTES
        rows = scratch((n, size), np.float32, folder=folder) if in_file else np.empty((n, size), dtype=np.float32)
    for first in range(0, n, step):
        rows[first : first + step] = model[first : first + step, :size].copy()
    return rows


def _stride(vector_size: int) -> int:
    return -(-vector_size // _PADDING) * _PADDING
