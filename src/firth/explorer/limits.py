"""How much a client may send, and how long it may take: a request is handed on once it has come as a whole."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from firth.explorer.errors import detail
from firth.explorer.options import ServeOptions

_MAX_QUERY = 1 << 17
_CLOSE = {"connection": "close"}  # what is still to come is not read


class _GoneError(Exception):
    """The client has closed the connection."""


class Limits:
    """Reads requests, up to a size and for so long, before they are answered.

    Parameters
    ----------
    app
        Who answers.
    options
        The limits.
    """

    def __init__(self, app: ASGIApp, options: ServeOptions) -> None:
        self._app = app
        self._most = options.max_body_bytes
        self._timeout_s = options.body_timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if len(scope["query_string"]) > _MAX_QUERY or len(scope.get("raw_path", b"")) > _MAX_QUERY:
            refusal = detail(f"an address has at most {_MAX_QUERY:,} bytes; send less at once.", 414, _CLOSE)
            await refusal(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if "content-length" not in headers and "transfer-encoding" not in headers:
            await self._app(scope, receive, send)
            return
        try:
            body = await self._read(headers, receive)
        except _GoneError:
            return
        if isinstance(body, Response):
            await body(scope, receive, send)
            return
        await self._app(scope, _replayed(body, receive), send)

    async def _read(self, headers: Headers, receive: Receive) -> bytes | Response:
        """Return a request's body, or the answer to one that is too large or does not come.

        Raises
        ------
        _GoneError
            If the client went.
        """
        too_large = detail(f"a request has at most {self._most:,} bytes; ask for less at once.", 413, _CLOSE)
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > self._most:
            return too_large
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._timeout_s):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise _GoneError
                    parts.append(message.get("body", b""))
                    size += len(parts[-1])
                    if size > self._most:
                        return too_large
                    if not message.get("more_body", False):
                        return b"".join(parts)
        except TimeoutError:
            return detail(f"a request comes within {self._timeout_s:g} s; send it again.", 408, _CLOSE)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return a receiver that gives the whole body once, and then what comes after it."""
    is_given = False

    async def replay() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
