"""Qdrant: a collection on a server, or in a folder that its library reads without one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from firth.arrays import Float32
from firth.errors import MissingExtraError, RunError
from firth.progress import Progress
from firth.vectors.vectors import Vectors

if TYPE_CHECKING:
    import polars as pl

_AT_ONCE = 1_000


class Qdrant:
    """A collection of Qdrant.

    Parameters
    ----------
    where
        The server, ``http://host:6333``, or a folder.
    collection
        Its name; one of that name is replaced.

    Raises
    ------
    MissingExtraError
        If qdrant-client is not installed.
    RunError
        If the server does not answer.
    """

    def __init__(self, where: str, *, collection: str) -> None:
        try:
            import qdrant_client
        except ImportError as error:
            raise MissingExtraError("Qdrant", "qdrant-client", "qdrant") from error
        self._models = qdrant_client.models
        is_server = "://" in where
        self._client: Any = (
            qdrant_client.QdrantClient(url=where) if is_server else qdrant_client.QdrantClient(path=str(Path(where)))
        )
        self._name = collection
        if is_server:
            try:
                self._client.get_collections()
            except Exception as error:  # the client raises errors of three libraries
                raise RunError(f"Qdrant at {where} does not answer: {error}. Start it, or give a folder.") from error

    def write(self, vectors: Vectors, items: pl.DataFrame, *, progress: Progress) -> None:
        """Write every item; the index is the server's own."""
        models = self._models
        if self._client.collection_exists(self._name):
            self._client.delete_collection(self._name)
        self._client.create_collection(
            self._name,
            vectors_config=models.VectorParams(size=vectors.size, distance=models.Distance.COSINE),
        )
        with progress.task("writing", total=len(items), unit="items") as task:
            for start in range(0, len(items), _AT_ONCE):
                part = items.slice(start, _AT_ONCE)
                numbers = list(range(start, start + len(part)))
                matrix = vectors.matrix[start : start + len(part)]
                self._client.upsert(
                    self._name, models.Batch(ids=numbers, vectors=matrix.tolist(), payloads=part.to_dicts())
                )
                task.update(start + len(part))

    def nearest(self, query: Float32, *, k: int) -> list[int]:
        """Return the ids of the nearest; see :class:`firth.vectors.stores.store.Store`."""
        found = self._client.query_points(self._name, query=query.tolist(), limit=k, with_payload=False)
        return [int(point.id) for point in found.points]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
