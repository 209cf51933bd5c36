"""What every store does, and how far its answers agree with the exact ones."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from firth.arrays import Float32, Int64
from firth.progress import Progress, SilentProgress
from firth.randomness import Purpose, generator
from firth.vectors.vectors import Vectors

if TYPE_CHECKING:
    import polars as pl

K = 10
N_ASKED = 200


class Store(Protocol):
    """A table of items in a store; made anew, and closed when its context is left."""

    def write(self, vectors: Vectors, items: pl.DataFrame, *, progress: Progress) -> None:
        """Write every item: its id, key, vector and what is known of it, and an index by cosine."""

    def nearest(self, query: Float32, *, k: int) -> list[int]:
        """Return the ids of the ``k`` items nearest to a vector, (size,) float32, by cosine, nearest first."""

    def __enter__(self) -> Store:
        """Return the store, ready to be written."""

    def __exit__(self, *_: object) -> None:
        """Let go of the store."""


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """What came of writing vectors into a store.

    Parameters
    ----------
    store
        The kind of store.
    target
        Where it is, without a password.
    n_items
        How many items it holds.
    k
        How many nearest were asked for.
    n_asked
        For how many items.
    recall
        The share of the exact ``k`` nearest that the store answers with, 0 to 1. An item that is exactly as near as
        the last of them counts.
    seconds
        For writing, and for building the index.
    ask_ms
        One question, the median, in milliseconds.
    """

    store: str
    target: str
    n_items: int
    k: int
    n_asked: int
    recall: float
    seconds: float
    ask_ms: float

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return asdict(self)


def deliver(
    store: Store,
    vectors: Vectors,
    items: pl.DataFrame,
    *,
    kind: str,
    target: str,
    seed: int = 1,
    progress: Progress | None = None,
) -> Delivered:
    """Return what came of writing vectors into a store and asking it for what is known exactly.

    Parameters
    ----------
    store
        Where to.
    vectors, items
        The vectors, and a row per item with ``key``, ``count`` and attributes.
    kind, target
        What the store is called, and where it is.
    seed
        Of the lot which items are asked about.
    progress
        Who hears how far it is; None: nobody.

    Notes
    -----
    The exact answers are those of :meth:`firth.Vectors.neighbors`. An item itself is left out of both.
    """
    shown = progress or SilentProgress()
    started = time.perf_counter()
    with store as opened:
        opened.write(vectors, items, progress=shown)
        seconds = time.perf_counter() - started
        asked = _drawn(len(vectors), seed)
        recall, ask_s = _recall(opened.nearest, vectors, asked, shown)
    return Delivered(
        store=kind,
        target=target,
        n_items=len(vectors),
        k=min(K, len(vectors) - 1),
        n_asked=len(asked),
        recall=recall,
        seconds=seconds,
        ask_ms=1000 * ask_s,
    )


def _drawn(n: int, seed: int) -> Int64:
    drawn = generator(seed, Purpose.DELIVERY, n).choice(n, size=min(N_ASKED, n), replace=False)
    ids: Int64 = np.sort(drawn).astype(np.int64)
    return ids


def _recall(
    nearest: Callable[..., list[int]], vectors: Vectors, asked: Int64, progress: Progress
) -> tuple[float, float]:
    """Return the share of the exact nearest that are answered, and the median time of a question in seconds."""
    exact = vectors.neighbors(asked, k=K)
    k = exact.ids.shape[1]
    found, times = 0, []
    with progress.task("asking", total=len(asked)) as task:
        for place, item in enumerate(asked.tolist()):
            started = time.perf_counter()
            answered = nearest(vectors.matrix[item], k=k + 1)
            times.append(time.perf_counter() - started)
            others = [other for other in answered if other != item][:k]
            cosines = vectors.normalised[others] @ vectors.normalised[item]
            worst = exact.similarities[place, -1] if k else np.inf
            found += int((cosines >= worst - 1e-5).sum())  # the store computes in an order of its own
            task.update(place + 1)
    return (found / (k * len(asked)) if k else 1.0), float(np.median(times)) if times else 0.0
