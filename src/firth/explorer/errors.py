"""What clients are told when something is refused or fails: ``{"detail": "rule, what came, way out"}``, never a trace.

A message names a run by its folder's name: where on the machine it lies is nobody's business.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from firth.errors import FirthError, UnknownItemError
from firth.explorer.answering import Json
from firth.explorer.shelf import Shelf

_MAX_LETTERS = 500
_MAX_SHOWN = 80
logger = logging.getLogger("firth.explorer")


def add_handlers(app: FastAPI) -> None:
    """Let an application explain what it refuses."""
    app.add_exception_handler(FirthError, _refused)
    app.add_exception_handler(RequestValidationError, _misunderstood)
    app.add_exception_handler(HTTPException, _http)


def detail(message: str, status: int, headers: dict[str, str] | None = None) -> Json:
    """Return an answer that explains why there is none; what no text can hold is written as escapes."""
    text = message if len(message) <= _MAX_LETTERS else f"{message[: _MAX_LETTERS - 1]}…"
    return Json({"detail": text.encode("utf-8", "backslashreplace").decode()}, status, headers)


async def _refused(request: Request, error: Exception) -> Json:
    """Return an error as the command line says it; an unknown item is 404, anything else 400."""
    message = without_folders(str(error), request.app.state.shelf)
    return detail(message, 404 if isinstance(error, UnknownItemError) else 400)


def without_folders(message: str, shelf: Shelf) -> str:
    """Return a message that names the served runs by their folders' names only."""
    for folder in shelf.folders:
        for parent in {folder.parent, folder.resolve().parent} - {Path(), Path("/")}:
            message = message.replace(f"{parent}/", "")
    return message


async def _misunderstood(_: Request, error: Exception) -> Json:
    """Return what is wrong with a request, with the value that came where it is short."""
    assert isinstance(error, RequestValidationError)
    return detail("; ".join(_sentence(one) for one in error.errors()[:3]), 422)


def _sentence(error: dict[str, Any]) -> str:
    place: Sequence[Any] = error.get("loc", ())
    name = ".".join(str(part) for part in place[1:]) or "the request"
    rule = str(error.get("msg", "is not valid")).removeprefix("Input ").removeprefix("Value error, ")
    value = error.get("input")
    shown = "" if isinstance(value, dict | list) or error.get("type") in ("missing", "json_invalid") else repr(value)
    got = f", got {shown[:_MAX_SHOWN]}" if shown else ""
    return f"{name}: {rule}{got}."


async def _http(_: Request, error: Exception) -> Json:
    assert isinstance(error, HTTPException)
    return detail(str(error.detail), error.status_code, dict(error.headers or {}))


class Failures:
    """Answers what fails for reasons of our own with 500, and logs why; nothing of it is told.

    Parameters
    ----------
    app
        What may fail.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        has_begun = False

        async def watched(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            if scope["type"] != "http":
                raise
            logger.exception("%s %s failed", scope["method"], scope["path"])
            if has_begun:
                raise  # the answer cannot be taken back: the connection is closed
            await detail("the service failed at this request; its log says why.", 500)(scope, receive, send)
