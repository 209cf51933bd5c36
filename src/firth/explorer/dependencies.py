"""What routes take from the application: the run they were asked about, and the limits."""

from __future__ import annotations

from typing import Annotated, Literal

from anyio import to_thread
from fastapi import Depends, HTTPException, Path, Query, Request

from firth.explorer.options import LARGEST_K, ServeOptions
from firth.explorer.schemas import DIGITS
from firth.explorer.shelf import Served, Shelf


async def _shelf(request: Request) -> Shelf:
    shelf: Shelf = request.app.state.shelf
    return shelf


async def _options(request: Request) -> ServeOptions:
    options: ServeOptions = request.app.state.options
    return options


ServedShelf = Annotated[Shelf, Depends(_shelf)]
Options = Annotated[ServeOptions, Depends(_options)]


RunIndex = Annotated[Literal["0", "1"], Path(description="0: the run; 1: the second.")]
"""Which run; not a number, of which "+0.0" would be one."""
QueryK = Annotated[int, Query(ge=1, le=LARGEST_K, description="How many answers."), DIGITS]


async def served_of(request: Request, run: RunIndex) -> Served:
    """Return the state of a run that an answer is made of.

    Raises
    ------
    HTTPException
        404 if there is no such run.
    RunError
        If it has no vectors yet.
    """
    shelf: Shelf = request.app.state.shelf
    index = int(run)
    if index >= len(shelf.folders):
        raise HTTPException(404, "only one run is served, so there is no run 1; ask for run 0.")
    known = shelf.current(index)
    if known is not None:
        return known
    opened: Served = await to_thread.run_sync(shelf.served, index)
    return opened


AskedRun = Annotated[Served, Depends(served_of)]
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


async def _k(request: Request, k: QueryK = 10) -> int:
    return check_k(k, request.app.state.options)


AskedK = Annotated[int, Depends(_k)]
"""How many answers a question in the address asks for, checked against the service's limit."""
