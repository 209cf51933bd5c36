"""What clients are told when something is refused or fails: ``{"detail": "rule, what came, way out"}``, never a trace.

A message names a run by its folder's name: where on the machine it lies is nobody's business.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

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
    app.add_exception_handler(Exception, _failed)


def detail(message: str, status: int, headers: dict[str, str] | None = None) -> Json:
    """Return an answer that explains why there is none; what no text can hold is written as escapes."""
    text = message if len(message) <= _MAX_LETTERS else f"{message[: _MAX_LETTERS - 1]}…"
    return Json({"detail": text.encode("utf-8", "backslashreplace").decode()}, status, headers)


async def _refused(request: Request, error: Exception) -> Json:
    """Return an error as the command line says it; an unknown item is 404, anything else 400."""
    message = str(error)
    shelf: Shelf = request.app.state.shelf
    for folder in shelf.folders:
        for parent in {folder.parent, folder.resolve().parent}:
            message = message.replace(f"{parent}/", "")
    return detail(message, 404 if isinstance(error, UnknownItemError) else 400)


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


async def _failed(request: Request, error: Exception) -> Json:
    """Return that something failed, and log what; nothing of it is told."""
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return detail("The service failed at this request; its log says why.", 500)
