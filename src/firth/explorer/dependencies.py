"""What routes take from the application: the run they were asked about, and the limits."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, HTTPException, Path, Request

from firth.explorer.options import ServeOptions
from firth.explorer.shelf import Served, Shelf


def _shelf(request: Request) -> Shelf:
    shelf: Shelf = request.app.state.shelf
    return shelf


def _options(request: Request) -> ServeOptions:
    options: ServeOptions = request.app.state.options
    return options


ServedShelf = Annotated[Shelf, Depends(_shelf)]
Options = Annotated[ServeOptions, Depends(_options)]


def _served(
    shelf: ServedShelf, run: Annotated[int, Path(ge=0, le=1, description="0: the run; 1: the second.")]
) -> Served:
    if run >= len(shelf.folders):
        raise HTTPException(404, f"only {len(shelf.folders)} run is served, so there is no run {run}.")
    return shelf.served(run)


AskedRun = Annotated[Served, Depends(_served)]
