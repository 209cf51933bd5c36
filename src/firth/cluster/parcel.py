"""A corpus on its way to the workers: small arrays travel through Ray, large ones lie in a file on each machine.

A machine that has the driver's own file, because both see one storage, maps it; to any other the array is sent in
blocks, once for all workers there.
"""

from __future__ import annotations

import hashlib
import os
import socket
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from firth.cluster.connection import Cluster
from firth.corpus.corpus import Corpus
from firth.corpus.sequences import SequenceContext
from firth.corpus.vocabulary import Vocabulary
from firth.errors import ClusterError
from firth.training.options import TrainOptions
from firth.training.setup import Start

if TYPE_CHECKING:
    from firth.cluster.checks import Node

_IN_STORE = 64 << 20  # bytes; a larger array lies in a file
_BLOCK = 64 << 20  # bytes sent at once
_N_SAMPLES, _SAMPLE = 16, 1 << 16  # places, and bytes at each, by which two files are known to be one
_FIELDS = ("tokens", "offsets")


@dataclass(frozen=True)
class Lying:
    """An array that lies in a file.

    Attributes
    ----------
    path
        Where; the same on every machine, or the driver's where a machine has it.
    kind
        Its dtype.
    n
        Its length.
    digest
        SHA-256 of samples of its bytes.
    """

    path: str
    kind: str
    n: int
    digest: str

    def opened(self) -> npt.NDArray[Any]:
        """Return the array, mapped."""
        return np.memmap(self.path, dtype=self.kind, mode="r", shape=(self.n,))

    def is_here(self) -> bool:
        """Return whether this machine has the file, and it is the one meant."""
        try:
            is_whole = Path(self.path).stat().st_size == self.n * np.dtype(self.kind).itemsize
            return is_whole and _digest(self.opened()) == self.digest
        except (OSError, ValueError):
            return False


@dataclass(frozen=True)
class Parcel:
    """What a worker needs to make itself ready.

    Attributes
    ----------
    corpus
        Without keys and attributes, and without the arrays that lie in files.
    options, start
        As for the training in one process.
    lying
        By (number of the context, name of the field).
    """

    corpus: Corpus
    options: TrainOptions
    start: Start | None
    lying: Mapping[tuple[int, str], Lying]

    def opened(self) -> tuple[Corpus, TrainOptions, Start | None]:
        """Return corpus, options and start, with every array in its place."""
        contexts = list(self.corpus.contexts)
        for (number, name), array in self.lying.items():
            contexts[number] = replace(contexts[number], **{name: array.opened()})  # type: ignore[arg-type]
        return replace(self.corpus, contexts=tuple(contexts)), self.options, self.start


class Files:
    """The files of one training on one machine. They have no name, so they go with the last process that maps them."""

    def __init__(self) -> None:
        self._files: list[Any] = []

    def missing(self, arrays: Sequence[Lying]) -> list[bool]:
        """Return which of some arrays do not lie on this machine."""
        return [not array.is_here() for array in arrays]

    def room(self, array: Lying) -> Lying:
        """Return where an array is to lie, with room for it.

        Raises
        ------
        ClusterError
            If there is none.
        """
        n_bytes = array.n * np.dtype(array.kind).itemsize
        try:
            file = tempfile.TemporaryFile(prefix="firth-")  # noqa: SIM115 (it is closed with this process)
            os.posix_fallocate(file.fileno(), 0, n_bytes)
        except OSError as error:
            raise ClusterError(
                f"every machine needs {n_bytes:,} bytes for its copy of the corpus, and {socket.gethostname()} has no "
                f"room in {tempfile.gettempdir()}: {error.strerror or error}. Free some there, or set TMPDIR where Ray "
                "is started."
            ) from error
        self._files.append(file)
        return replace(array, path=f"/proc/{os.getpid()}/fd/{file.fileno()}")

    def write(self, array: Lying, first: int, block: npt.NDArray[Any]) -> None:
        """Write some elements of an array from ``first`` on."""
        with Path(array.path).open("r+b") as file:
            file.seek(first * block.itemsize)
            file.write(np.ascontiguousarray(block).data)


def packed(corpus: Corpus, options: TrainOptions, start: Start | None) -> tuple[Parcel, dict[tuple[int, str], Any]]:
    """Return the parcel of a training, and the arrays that are not in it, by context and field."""
    import polars as pl

    large: dict[tuple[int, str], Any] = {}
    contexts = list(corpus.contexts)
    for number, context in enumerate(contexts):
        if isinstance(context, SequenceContext):
            for name in _FIELDS:
                array = getattr(context, name)
                if array.nbytes > _IN_STORE:
                    large[number, name] = array
                    context = replace(context, **{name: array[:0]})
            contexts[number] = context
    lying = {place: _lying(array) for place, array in large.items()}
    bare = replace(corpus, vocabulary=Vocabulary([]), attributes=pl.DataFrame(), contexts=tuple(contexts))
    return Parcel(bare, options, start, lying), large


def send(
    cluster: Cluster, node: Node, parcel: Parcel, large: Mapping[tuple[int, str], npt.NDArray[Any]]
) -> tuple[Parcel, Any]:
    """Return the parcel for one machine, whose files lie there now, and the actor that keeps them."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    ray = cluster.ray
    there = NodeAffinitySchedulingStrategy(node.id, soft=False)
    keeper = ray.remote(Files).options(num_cpus=0, scheduling_strategy=there).remote()
    places = list(parcel.lying)
    missing = ray.get(keeper.missing.remote([parcel.lying[place] for place in places])) if places else []
    lying = dict(parcel.lying)
    for place, is_missing in zip(places, missing, strict=True):
        if not is_missing:
            continue
        array = large[place]
        lying[place] = ray.get(keeper.room.remote(lying[place]))
        size = _BLOCK // array.itemsize
        for first in range(0, len(array), size):
            # One block at a time, so that the object store holds no more.
            ray.get(keeper.write.remote(lying[place], first, np.ascontiguousarray(array[first : first + size])))
    return replace(parcel, lying=lying), keeper


def _lying(array: npt.NDArray[Any]) -> Lying:
    meant = Lying(str(getattr(array, "filename", "") or ""), array.dtype.str, len(array), _digest(array))
    return meant if meant.is_here() else replace(meant, path="")


def _digest(array: npt.NDArray[Any]) -> str:
    digest = hashlib.sha256()
    size = _SAMPLE // array.itemsize
    for first in np.linspace(0, max(0, len(array) - size), _N_SAMPLES).astype(int).tolist():
        digest.update(np.ascontiguousarray(array[first : first + size]).data)
    return digest.hexdigest()
