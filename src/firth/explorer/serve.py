"""A server for the application: bound first, so that what cannot be listened on is refused before anything is read."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from firth.errors import MissingExtraError, OptionError
from firth.explorer.options import ServeOptions

_BACKLOG = 2048
_GRACE_S = 3
_KEEP_ALIVE_S = 30
_MOST_AT_ONCE = 4096


def serve(
    folders: Sequence[str | Path],
    *,
    options: ServeOptions | None = None,
    on_listening: Callable[[str], None] | None = None,
) -> None:
    """Serve one or two runs until Ctrl-C is pressed or the process is told to end.

    Parameters
    ----------
    folders
        One or two runs' folders.
    options
        How.
    on_listening
        Called with the address, which holds the token where one is needed, once clients are answered.

    Raises
    ------
    OptionError
        If there are not one or two runs, or the address cannot be listened on.
    RunError
        If a folder is not a run's.
    MissingExtraError
        If FastAPI or uvicorn is not installed.
    """
    chosen = (options or ServeOptions()).with_token()
    try:
        import uvicorn

        from firth.explorer.app import create_app
    except ImportError as error:
        raise MissingExtraError("serving runs", "FastAPI and uvicorn", "explorer") from error

    app = create_app(folders, options=chosen)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_graceful_shutdown=_GRACE_S,
        timeout_keep_alive=_KEEP_ALIVE_S,
        limit_concurrency=_MOST_AT_ONCE,
        backlog=_BACKLOG,
    )

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if on_listening is not None:
                on_listening(address_of(bound, chosen))

    with contextlib.closing(_bound(chosen)) as bound, contextlib.suppress(KeyboardInterrupt):
        Server(config).run(sockets=[bound])


def address_of(bound: socket.socket, options: ServeOptions) -> str:
    """Return the address that a browser is given."""
    host, port = bound.getsockname()[:2]
    name = {"0.0.0.0": socket.gethostname(), "::": socket.gethostname()}.get(host, options.host)
    name = f"[{name}]" if ":" in name else name
    return f"http://{name}:{port}" + (f"/?token={options.token}" if options.token is not None else "")


def _bound(options: ServeOptions) -> socket.socket:
    """Return a socket at the address.

    Raises
    ------
    OptionError
        If another program listens there, or the machine has no such address.
    """
    way_out = "Choose another with --port, or 0 for any that is free."
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            options.host, options.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise OptionError(
            f"host must be an address of this machine, got {options.host!r} ({error.strerror})."
        ) from error
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        why = f"cannot listen on {options.host} port {options.port}: {error.strerror}. {way_out}"
        raise OptionError(why) from error
    bound.setblocking(False)
    return bound
