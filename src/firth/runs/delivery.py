"""Runs into vector stores, where other programs ask for the nearest; and how far the store's answers can be trusted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

from firth.errors import OptionError
from firth.progress import Progress
from firth.runs.clusters import telling_attributes
from firth.runs.record import without_password
from firth.runs.run import Run
from firth.runs.typed import unknown
from firth.vectors.stores.lance import Lance
from firth.vectors.stores.pgvector import PgVector
from firth.vectors.stores.qdrant import Qdrant
from firth.vectors.stores.store import Delivered, Store, deliver
from firth.vectors.stores.usearch import USearch

Kind = Literal["lancedb", "qdrant", "usearch", "pgvector"]
KINDS: tuple[Kind, ...] = get_args(Kind)
TABLE = "items"


def deliver_run(
    run: Run, kind: Kind, target: str, *, table: str = TABLE, progress: Progress | None = None
) -> Delivered:
    """Write a run's vectors into a store, and return how far the store's answers agree with the exact ones.

    Parameters
    ----------
    run
        The run.
    kind
        ``lancedb``, a folder; ``qdrant``, a server or a folder; ``usearch``, a file; ``pgvector``, a PostgreSQL URI.
    target
        Where it is.
    table
        The name of the table or collection, where the store has several; one of that name is replaced.
    progress
        Who hears how far it is; None: nobody.

    Raises
    ------
    OptionError
        If there is no such kind, or the name is none.
    MissingExtraError
        If the store's library is not installed.
    RunError
        If the store cannot be reached or written.
    """
    if kind not in KINDS:
        raise OptionError(unknown("store", kind, KINDS))
    openers: dict[Kind, Callable[[], Store]] = {
        "lancedb": lambda: Lance(target, table=table),
        "qdrant": lambda: Qdrant(target, collection=table),
        "usearch": lambda: USearch(target),
        "pgvector": lambda: PgVector(target, table=table),
    }
    store = openers[kind]()
    about = run.items.select("key", "count", *telling_attributes(run.items), *({"cluster"} & set(run.items.columns)))
    return deliver(
        store,
        run.vectors,
        about,
        kind=kind,
        target=without_password(target) or "",
        seed=run.seed,
        progress=progress,
    )
