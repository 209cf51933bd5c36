"""The cache of encoded texts: what it holds, and making room."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from firth.cli.arguments import JsonOption
from firth.cli.terminal import answers, key_text, print_json, table
from firth.progress import si

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="markdown", help="Show what is kept of texts that were read, or remove it."
)


@app.command("show", epilog="Example: firth cache show --json")
def show(json: JsonOption = False) -> None:
    """Show what is kept of texts that were read.

    A text is encoded once and read from there until it changes. Nothing is lost by removing it but the time to read it.
    """
    from firth.corpus.cache import cache_entries, cache_folder

    entries = cache_entries()
    if json:
        print_json(
            [{"path": entry.path, "size_bytes": entry.size_bytes, "used": _when(entry.used)} for entry in entries]
        )
        return
    if not entries:
        answers().print(f"nothing is kept in {cache_folder()}.", markup=False, soft_wrap=True)
        return
    rows = [[key_text(entry.path.stem), f"{si(entry.size_bytes)}B", _when(entry.used)] for entry in entries]
    answers().print(table(["text", "size", "last used"], rows, right=["size"], flexible=["text"]))
    total = si(sum(entry.size_bytes for entry in entries))
    answers().print(f"{total}B in {cache_folder()}", markup=False, soft_wrap=True)


@app.command("clear", epilog="Example: firth cache clear --keep 2_000_000_000")
def clear(
    keep: Annotated[
        int, typer.Option("--keep", min=0, metavar="BYTES", help="Keep so many bytes of what was used last.")
    ] = 0,
    json: JsonOption = False,
) -> None:
    """Remove what is kept of texts that were read.

    Runs are not touched, and neither is a text that is being read.
    """
    from firth.corpus.cache import remove_cache_entries

    n_removed = remove_cache_entries(max_bytes=keep)
    if json:
        print_json({"n_removed": n_removed})
    else:
        answers().print(f"removed {n_removed:,}.")


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().isoformat(sep=" ", timespec="minutes")[:16]
