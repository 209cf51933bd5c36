"""Embedding layers of Keras and PyTorch: row i is item id i, nothing is set apart for padding or unknown items."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from firth.errors import MissingExtraError
from firth.files import atomic_path
from firth.vectors.formats.numpy import write_keys
from firth.vectors.vectors import Vectors

if TYPE_CHECKING:
    import keras
    import torch


def to_torch(vectors: Vectors, *, trainable: bool = False) -> torch.nn.Embedding:
    """Return a PyTorch layer; see :meth:`firth.Vectors.to_torch`."""
    try:
        import torch
    except ImportError:
        raise MissingExtraError("Vectors.to_torch", "torch", "interop") from None
    return torch.nn.Embedding.from_pretrained(torch.tensor(vectors.matrix), freeze=not trainable)


def to_keras(vectors: Vectors, *, trainable: bool = False) -> keras.layers.Embedding:
    """Return a Keras layer; see :meth:`firth.Vectors.to_keras`."""
    try:
        import keras
    except ImportError as error:
        needed = "keras"
        if error.name and error.name.partition(".")[0] != "keras":
            needed = f"{error.name}, the backend that Keras is set to (KERAS_BACKEND=torch takes torch instead)"
        raise MissingExtraError("a Keras layer", needed, "interop") from None
    layer = keras.layers.Embedding(len(vectors), vectors.size, name="embedding", trainable=trainable)
    layer.build(())
    layer.set_weights([vectors.matrix])
    return layer


def write_keras(path: str | Path, vectors: Vectors) -> None:
    """Write a Keras model of one embedding layer, ids in and vectors out, and the keys beside it.

    Raises
    ------
    MissingExtraError
        If Keras or its backend is not installed.
    RunError
        If a file cannot be written.
    """
    layer = to_keras(vectors)
    import keras

    model = keras.Sequential([keras.Input((None,), dtype="int32", name="ids"), layer])
    write_keys(Path(path), vectors)
    with atomic_path(Path(path)) as temporary:
        # Keras goes by the ending of the name.
        named = temporary.with_name(f"{temporary.name}.keras")
        try:
            model.save(named)
            named.replace(temporary)
        finally:
            named.unlink(missing_ok=True)
