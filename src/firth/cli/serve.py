"""Runs on the web: a page to look at them, and a service that answers it."""

from __future__ import annotations

from typing import Annotated

import typer

from firth.cli.errors import note
from firth.cli.terminal import answers

SERVE_EXAMPLE = "Example: firth serve runs/bands-1 --open"


def serve(
    run: Annotated[
        str,
        typer.Argument(metavar="RUN", help="The folder of a run, or the name of one below ./runs.", show_default=False),
    ],
    run2: Annotated[
        str | None, typer.Argument(metavar="[RUN2]", help="A second one, beside the first.", show_default=False)
    ] = None,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Where to listen; elsewhere than here a token is needed.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, metavar="N", help="0: one that is free.")] = 8741,
    open_: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    token: Annotated[
        str | None,
        typer.Option(
            "--token",
            metavar="TEXT",
            envvar="FIRTH_TOKEN",
            help="What clients have to show; also as FIRTH_TOKEN, which a list of processes does not show.",
            show_default="none here, drawn elsewhere",
        ),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-host",
            metavar="NAME",
            help="A further name that browsers may call it by. May be repeated.",
            show_default=False,
        ),
    ] = None,
    frame_ancestors: Annotated[
        list[str] | None,
        typer.Option(
            "--frame-ancestors",
            metavar="ORIGIN",
            help="Whose pages may show it in a frame, such as http://localhost:8888. May be repeated.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Serve a run, or two beside each other, as a page and as JSON.

    The page shows the map, finds items and asks what the other commands ask, over all items; nothing leaves this
    machine. A run that is still being made is shown while it trains, and one that is made again is read again. Two runs
    are shown side by side.

    It listens on this machine alone. With --host another machine can ask too, if it shows the token, which the printed
    address holds. Ctrl-C ends it. The API is described at /api/openapi.json.
    """
    from firth.explorer.options import ServeOptions
    from firth.explorer.serve import serve as serve_runs
    from firth.runs.folder import read_document, state
    from firth.runs.listing import find

    folders = [find(name) for name in (run, run2) if name is not None]
    options = ServeOptions(
        host=host,
        port=port,
        token=token,
        allow_hosts=tuple(allow_host or ()),
        frame_ancestors=tuple(frame_ancestors or ()),
    )
    for folder in folders:
        how = state(read_document(folder))
        if how != "complete":
            note(f"{folder} is {how}.")

    def on_listening(address: str) -> None:
        out = answers()
        names = " and ".join(str(folder) for folder in folders)
        out.print(f"serving {names}", markup=False, soft_wrap=True)
        out.print(address, style="bold", markup=False, soft_wrap=True)
        out.print("Ctrl-C ends it", style="dim")
        if open_:
            import webbrowser

            webbrowser.open(address)

    serve_runs(folders, options=options, on_listening=on_listening)
