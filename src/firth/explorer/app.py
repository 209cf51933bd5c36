"""The service: every router, the errors' answers, and the page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from firth.explorer.answering import Json
from firth.explorer.batching import Batches
from firth.explorer.errors import add_handlers
from firth.explorer.options import ServeOptions
from firth.explorer.routes import about, clusters, columns, compare, duplicates, health, items, questions, search
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
        title="Firth",
        version=version("firth"),
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        default_response_class=Json,
        lifespan=_lifespan,
    )
    app.state.shelf = Shelf([Path(folder) for folder in folders])
    app.state.options = (options or ServeOptions()).with_token()
    app.state.batches, app.state.works = Batches(), Works()
    add_handlers(app)
    app.include_router(health.router)
    for routes in (about, clusters, columns, compare, duplicates, items, questions, search):
        app.include_router(routes.router, prefix="/api")
    if STATIC.is_dir():
        app.mount("/", StaticFiles(directory=STATIC, html=True))
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    app.state.batches.close()
