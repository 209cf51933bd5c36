"""What of a run a page carries: its items, their neighbours, and vectors for the questions nobody could foresee."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from firth.arrays import Float32, Int32
from firth.explorer.columns import arrow_columns
from firth.explorer.packing import Pack
from firth.explorer.rounding import Bits, Rounded, baskets_agreement, sums_agreement
from firth.progress import Progress
from firth.runs.run import Run
from firth.vectors.nearest import nearest
from firth.vectors.recommend import prediction_constants

if TYPE_CHECKING:
    import polars as pl

COSINE_ERROR = 1 / 65_534
"""How far a cosine that is stored in 16 bits is off at most."""

_EXACT_UP_TO = 2e13  # multiplications, some minutes; beyond, neighbours are found approximately and the page says so


class Near(NamedTuple):
    """The nearest of every item: ids and cosines, (n, k), and the share that was found where that is not all."""

    ids: Int32
    cosines: Float32
    recall: float | None


def add_items(pack: Pack, run: Run) -> None:
    """Add what is known of the items: keys, one column each to draw by, attributes as they are."""
    pack.add_json("keys", run.vectors.keys)
    for name in run.items.columns:
        if name != "key":
            pack.add_bytes(f"column/{name}", arrow_columns(run, [name]))
    if run.attributes.columns:
        pack.add_bytes("attributes", _stream(run.attributes))
    if "cluster" in run.items.columns:
        pack.add_array("members", nearest_to_middle(run))


def add_neighbors(pack: Pack, run: Run, near: Near) -> None:
    """Add the nearest of every item, with the rates at which they recur where they are known."""
    pack.add_array("neighbors/ids", near.ids)
    codes = np.rint((np.clip(near.cosines, -1, 1) + 1) * 32_767).astype(np.uint16)
    pack.add_array("neighbors/cosines", codes)
    if run.neighbor_confidence is not None:
        pack.add_array("neighbors/rates", _rates(run.neighbor_confidence, near.ids))


def add_vectors(pack: Pack, run: Run, bits: Bits) -> dict[str, Any]:
    """Add the vectors in so many bits, and return what was added and how well it answers."""
    vectors = run.vectors
    unit = Rounded.of(vectors.normalised, bits)
    _add_rounded(pack, "vectors", unit)
    about: dict[str, Any] = {"bits": bits, "size": vectors.size, "sums": sums_agreement(vectors, unit)}
    if vectors.outputs is None and vectors.noise is None:
        return about
    recommender = run.recommender
    lengths = np.linalg.norm(vectors.matrix.astype(np.float64), axis=1).astype(np.float32)
    pack.add_array("vectors/lengths", lengths)
    pack.add_array("constants", prediction_constants(vectors))
    outputs = None
    if vectors.outputs is not None:
        rounded = Rounded.of(vectors.outputs, bits)
        _add_rounded(pack, "outputs", rounded)
        outputs = rounded.rows
    if recommender.counts is not None:
        pack.add_array("counts/starts", recommender.counts.starts.astype(np.int32))
        pack.add_array("counts/columns", recommender.counts.columns)
        pack.add_array("counts/values", recommender.counts.values.astype(np.float32))
    options = recommender.options
    agreement = baskets_agreement(run, unit.rows * lengths[:, None], outputs)
    return {**about, "recommend": {"blend": options.blend, "decay": options.decay, "agreement": agreement}}


def vectors_bytes(run: Run, bits: Bits) -> int:
    """Return how much :func:`add_vectors` adds."""
    vectors = run.vectors
    n_matrices = 1 if vectors.outputs is None else 2
    counts = run.recommender.counts if vectors.outputs is not None or vectors.noise is not None else None
    n_counts = 0 if counts is None else 8 * len(counts.columns)
    return len(vectors) * (n_matrices * (vectors.size * bits // 8 + 4) + 8) + n_counts


def find_neighbors(
    run: Run, *, k: int, progress: Progress | None = None, n_jobs: int | Literal["auto"] = "auto"
) -> Near:
    """Return the ``k`` nearest of every item, exactly where that takes minutes, not hours."""
    n, size = run.vectors.matrix.shape
    if float(n) * n * size <= _EXACT_UP_TO:
        ids, cosines = zip(*_exactly(run, k, progress, n_jobs), strict=True) if n else ([], [])
        if not n:
            return Near(np.empty((0, 0), dtype=np.int32), np.empty((0, 0), dtype=np.float32), None)
        return Near(np.concatenate(ids), np.concatenate(cosines), None)
    found = nearest(run.vectors.matrix, k=k, progress=progress, n_jobs=n_jobs)
    return Near(found.ids, np.float32(1) - found.squared_distances / np.float32(2), found.recall)


def _exactly(
    run: Run, k: int, progress: Progress | None, n_jobs: int | Literal["auto"]
) -> Iterator[tuple[Int32, Float32]]:
    from firth.progress import SilentProgress

    n = len(run.vectors)
    step = 8_192
    with (progress or SilentProgress()).task("neighbours", total=n, unit="items") as task:
        for start in range(0, n, step):
            found = run.vectors.neighbors(np.arange(start, min(start + step, n)), k=k, n_jobs=n_jobs)
            task.update(min(start + step, n))
            yield found.ids, found.similarities


def nearest_to_middle(run: Run) -> Int32:
    """Return the ids of all items by cluster, each cluster's nearest to its middle first: (n,) int32."""
    labels = run.items["cluster"].to_numpy()
    unit = run.vectors.normalised
    order = [np.empty(0, dtype=np.int64)]
    for cluster in np.unique(labels):
        members = np.flatnonzero(labels == cluster)
        middle = unit[members].sum(axis=0, dtype=np.float64)
        similarities = np.einsum("ij,j->i", unit[members], middle, dtype=np.float64)
        order.append(members[np.argsort(-similarities, kind="stable")])
    return np.concatenate(order).astype(np.int32)


def _add_rounded(pack: Pack, name: str, rounded: Rounded) -> None:
    pack.add_array(f"{name}/codes", rounded.codes)
    pack.add_array(f"{name}/scales", rounded.scales)


def _rates(table: pl.DataFrame, ids: Int32) -> Float32:
    """Return the rate at which each neighbour recurs, of the shape of ``ids``, NaN where it is not known."""
    known = table["neighbors"].list.to_array(table["neighbors"].list.len()[0]) if len(table) else None
    rates = np.full(ids.shape, np.nan, dtype=np.float32)
    if known is None:
        return rates
    neighbors = known.to_numpy()
    values = np.array(table["rates"].to_list(), dtype=np.float32)
    for column in range(neighbors.shape[1]):
        rows, places = np.nonzero(ids == neighbors[:, column, None])
        rates[rows, places] = values[rows, column]
    return rates


def _stream(frame: pl.DataFrame) -> bytes:
    """Return a table as an Arrow stream of types that a page reads: numbers, texts, and lists of texts."""
    import polars as pl

    stream = io.BytesIO()
    columns = [
        column
        if column.dtype.is_numeric() or column.dtype == pl.List(pl.String)
        else column.cast(pl.List(pl.String) if isinstance(column.dtype, pl.List) else pl.String)
        for column in frame
    ]
    pl.DataFrame(columns).rechunk().write_ipc_stream(stream, compat_level=pl.CompatLevel.oldest())
    return stream.getvalue()
