"""The two served runs beside each other: what differs, what moved, and each item's neighbours in both.

How much chance moves items is measured by training twins, which takes too long for a service: it is not known here, and
nothing is said to have changed beyond it. ``firth runs compare A B --twins 3`` tells.
"""

from __future__ import annotations

import io
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from anyio import to_thread
from fastapi import APIRouter, Depends, HTTPException, Query, Response

from firth.errors import UnknownItemError
from firth.explorer.answering import Json
from firth.explorer.columns import MEDIA_TYPE
from firth.explorer.dependencies import AskedK, ServedShelf
from firth.explorer.schemas import refusals
from firth.explorer.shelf import Served, Shelf
from firth.explorer.works import ANSWERS, LongWorks, Wait, finished, how_far
from firth.progress import Progress
from firth.runs.comparing import compare_runs
from firth.runs.comparison import Comparison
from firth.vectors.folding import fold, fold_one

if TYPE_CHECKING:
    import polars as pl

    from firth.arrays import Int32

router = APIRouter(tags=["compare"], prefix="/compare")

_MOST_ROWS = 1_000
Documented = dict[str, Any]


class Compared:
    """What changed from run 0 to run 1, and where an item of one stands in the other."""

    def __init__(self, runs: tuple[Served, Served], found: Comparison) -> None:
        self.found = found
        keys = [served.run.vectors.keys for served in runs]
        vocabularies = [served.run.vectors.vocabulary for served in runs]
        self._others: list[Int32] = [vocabularies[1].find(keys[0]), vocabularies[0].find(keys[1])]
        self._ids: list[Int32] = [vocabulary.find(found.items["key"]) for vocabulary in vocabularies]

    @cached_property
    def plain_keys(self) -> pl.Series:
        """The shared keys without case, accents and punctuation."""
        return fold(self.found.items["key"].to_list())

    def columns(self, run: int) -> pl.DataFrame:
        """Return, by id of one run, how far each item moved, how many neighbours it kept, and its id in the other."""
        import polars as pl

        other = self._others[run]
        moved, kept = np.full(len(other), np.nan, dtype=np.float32), np.full(len(other), -1, dtype=np.int32)
        moved[self._ids[run]] = self.found.items["moved"].to_numpy()
        kept[self._ids[run]] = self.found.items["kept"].to_numpy()
        return pl.DataFrame({"moved": moved, "kept": kept, "other": other.astype(np.int32)})

    def rows(self, text: str, *, by: Literal["moved", "kept"]) -> pl.DataFrame:
        """Return the shared items whose keys hold a text, those that changed most first."""
        found = self.found.items
        wanted = fold_one(text)
        if wanted:
            found = found.filter(self.plain_keys.str.contains(wanted, literal=True))
        return found if by == "moved" else found.sort("kept", maintain_order=True)


async def _asked(shelf: ServedShelf, works: LongWorks, k: AskedK, wait: Wait = 20.0) -> Compared | Response:
    """Return the comparison if it is ready, else what is said instead of it."""
    if len(shelf.folders) < 2:
        raise HTTPException(404, "two runs are compared, and one is served: firth serve A B.")
    a, b = await to_thread.run_sync(_both, shelf)
    work = works.ask(("compare", a.generation, b.generation, k), lambda progress: _compare(a, b, k, progress))
    if not await finished(work, wait_s=wait):
        return how_far(work)
    compared: Compared = work.future.result()
    return compared


def _both(shelf: Shelf) -> tuple[Served, Served]:
    return shelf.served(0), shelf.served(1)


def _compare(a: Served, b: Served, k: int, progress: Progress) -> Compared:
    return Compared((a, b), compare_runs(a.run, b.run, k=k, progress=progress))


AskedComparison = Annotated[Any, Depends(_asked)]
"""What :func:`_asked` returns: the comparison, or the answer that it is not ready."""
_RESPONSES = {**ANSWERS, **refusals(400, 404)}


@router.get("", summary="What changed from run 0 to run 1", response_model=Documented, responses=_RESPONSES)
def compare(
    asked: AskedComparison,
    top: Annotated[int, Query(ge=0, le=_MOST_ROWS, description="How many items that changed most.")] = 15,
    named: Annotated[int, Query(ge=0, le=_MOST_ROWS, description="How many that came or went, at most.")] = 100,
) -> Response:
    """Return the document of `firth runs compare --json`, or 202 while it is computed: once for each pair of runs.

    `n_departed` and `n_arrived` count what came and went, of which at most `named` are named. `chance` is null: what
    other seeds alone would move is not known here.
    """
    if isinstance(asked, Response):
        return asked
    found = asked.found
    document = found.to_dict(n_items=top)
    counts = {f"n_{name}": len(document[name]) for name in ("departed", "arrived")}
    cut = {name: document[name][:named] for name in ("departed", "arrived")}
    return Json({**document, **cut, **counts, "csv": None})


@router.get("/changes", summary="What became of items", response_model=Documented, responses=_RESPONSES)
def changes(
    asked: AskedComparison,
    q: Annotated[str, Query(max_length=1_000, description="A part of their keys.")] = "",
    key: Annotated[str | None, Query(max_length=100_000, description="This item alone.")] = None,
    by: Annotated[Literal["moved", "kept"], Query(description="The most moved or the fewest kept first.")] = "moved",
    offset: Annotated[int, Query(ge=0, le=1 << 40)] = 0,
    top: Annotated[int, Query(ge=0, le=_MOST_ROWS)] = 50,
) -> Response:
    """Return shared items with their neighbours in both runs, those that changed most first, and how many there are."""
    if isinstance(asked, Response):
        return asked
    if key is None:
        rows = asked.rows(q, by=by)
    else:
        rows = asked.found.items
        rows = rows.filter(rows["key"] == key)
        if not len(rows):
            raise UnknownItemError(key)
    return Json({"total": len(rows), "items": rows.slice(offset, top).to_dicts()})


@router.get(
    "/items",
    summary="How far each item moved, as columns",
    response_class=Response,
    responses={**_RESPONSES, 200: {"content": {MEDIA_TYPE: {}}, "description": "An Arrow IPC stream, by id."}},
)
def items(asked: AskedComparison, run: Annotated[int, Query(ge=0, le=1, description="By whose ids.")] = 0) -> Response:
    """Return one row per item of a run: how far it `moved` (NaN: it is new or gone), `kept`, its id in the `other`, -1.

    An item of run 0 whose `other` is -1 has gone; one of run 1 is new.
    """
    import polars as pl

    if isinstance(asked, Response):
        return asked
    stream = io.BytesIO()
    asked.columns(run).write_ipc_stream(stream, compat_level=pl.CompatLevel.oldest())
    return Response(stream.getvalue(), media_type=MEDIA_TYPE)
