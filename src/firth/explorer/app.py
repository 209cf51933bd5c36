"""The service: every router, the errors' answers, and the page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from threading import Thread
from typing import Any

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from firth.errors import FirthError
from firth.explorer.answering import Json
from firth.explorer.batching import Batches
from firth.explorer.errors import Failures, add_handlers
from firth.explorer.limits import Limits
from firth.explorer.metrics import Counted, Metrics
from firth.explorer.openapi import describe_api
from firth.explorer.options import ServeOptions
from firth.explorer.routes import (
    about,
    clusters,
    columns,
    compare,
    duplicates,
    evaluation,
    health,
    items,
    questions,
    search,
    training,
)
from firth.explorer.security import Guard
from firth.explorer.shelf import Shelf
from firth.explorer.works import Works

STATIC = Path(__file__).parent / "static"
ROUTERS = (
    questions.router,
    search.router,
    about.router,
    clusters.router,
    columns.router,
    compare.router,
    duplicates.router,
    evaluation.router,
    items.router,
    training.router,
)
"""What is answered below /api; they are tried in this order, so what is asked most stands first."""


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
    app.state.metrics = metrics = Metrics(app.state.shelf)
    app.state.batches, app.state.works = Batches(on_batch=metrics.batch), Works()
    add_handlers(app)
    # From the innermost to the outermost: what fails is answered, what is answered is counted and has the headers.
    app.add_middleware(Failures)
    app.add_middleware(Limits, options=app.state.options)
    app.add_middleware(Guard, options=app.state.options)
    app.add_middleware(Counted, metrics=metrics)
    app.include_router(health.router)
    for router in ROUTERS:
        app.include_router(router, prefix="/api")
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]  # as FastAPI's guide has it
    if STATIC.is_dir():
        app.mount("/", StaticFiles(directory=STATIC, html=True))
    return app


def _described(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        app.openapi_schema = describe_api(app, app.state.options)
    return app.openapi_schema


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    Thread(target=_open_all, args=(app.state.shelf,), daemon=True).start()
    yield
    app.state.batches.close()


def _open_all(shelf: Shelf) -> None:
    """Read the runs, and make ready what their first answers take, while the first client is still on its way."""
    for index in range(len(shelf.folders)):
        with suppress(FirthError):  # whoever asks for it is told
            shelf.served(index).run.vectors.normalised  # noqa: B018 (cached)
