"""The service: every router, the errors' answers, and the page."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles

from firth.errors import FirthError
from firth.explorer.options import ServeOptions
from firth.explorer.routes import about, columns, duplicates, items, search
from firth.explorer.shelf import Shelf
from firth.explorer.works import Works

STATIC = Path(__file__).parent / "static"


def create_app(folders: Sequence[str | Path], *, options: ServeOptions | None = None) -> FastAPI:
    """Return the application that serves one or two runs.

    Raises
    ------
    OptionError
        If there is no run, or there are more than two.
    RunError
        If a folder is not a run's.
    """
    app = FastAPI(
        title="Firth", version=version("firth"), docs_url=None, redoc_url=None, openapi_url="/api/openapi.json"
    )
    app.state.shelf = Shelf([Path(folder) for folder in folders])
    app.state.options = options or ServeOptions()
    app.state.works = Works()
    app.add_exception_handler(FirthError, _explain)
    for routes in (about, columns, duplicates, items, search):
        app.include_router(routes.router, prefix="/api")
    if STATIC.is_dir():
        app.mount("/", StaticFiles(directory=STATIC, html=True))
    return app


def _explain(_: Request, error: Exception) -> JSONResponse:
    """Return an error as the command line says it; an unknown item is 404, anything else 400."""
    from firth.errors import UnknownItemError

    return JSONResponse({"detail": str(error)}, status_code=404 if isinstance(error, UnknownItemError) else 400)
