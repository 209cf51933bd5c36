"""What routes take from the application: the run they were asked about, and the limits."""

from __future__ import annotations

from typing import Annotated, Literal

from anyio import to_thread
from fastapi import Depends, HTTPException, Path, Query, Request

from firth.explorer.batching import Batches
from firth.explorer.options import LARGEST_K, ServeOptions
from firth.explorer.schemas import DIGITS
from firth.explorer.shelf import Served, Shelf


async def _shelf(request: Request) -> Shelf:
    shelf: Shelf = request.app.state.shelf
    return shelf


async def _options(request: Request) -> ServeOptions:
    options: ServeOptions = request.app.state.options
    return options


async def _batches(request: Request) -> Batches:
    batches: Batches = request.app.state.batches
    return batches


ServedShelf = Annotated[Shelf, Depends(_shelf)]
Options = Annotated[ServeOptions, Depends(_options)]
NeighborBatches = Annotated[Batches, Depends(_batches)]


async def _served(
    request: Request, run: Annotated[Literal["0", "1"], Path(description="0: the run; 1: the second.")]
) -> Served:
    shelf: Shelf = request.app.state.shelf
    index = int(run)  # as a number, "+0.0" would be one
    if index >= len(shelf.folders):
        raise HTTPException(404, "only one run is served, so there is no run 1; ask for run 0.")
    known = shelf.current(index)
    if known is not None:
        return known
    opened: Served = await to_thread.run_sync(shelf.served, index)
    return opened


AskedRun = Annotated[Served, Depends(_served)]
"""The state of the run that the path names; an answer is made of this one only."""


def check_k(k: int, options: ServeOptions) -> int:
    """Return ``k`` if so many answers are given here.

    Raises
    ------
    HTTPException
        422 if it is larger than the service's limit.
    """
    if k > options.max_k:
        raise HTTPException(422, f"k must be from 1 to {options.max_k}, got {k}.")
    return k


async def _k(
    request: Request, k: Annotated[int, Query(ge=1, le=LARGEST_K, description="How many answers."), DIGITS] = 10
) -> int:
    return check_k(k, request.app.state.options)


AskedK = Annotated[int, Depends(_k)]
"""How many answers a question in the address asks for, checked against the service's limit."""
