"""The runs below a folder: what there is, and what one of them is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firth.cli import comparing
from firth.cli.arguments import JsonOption, RunArgument
from firth.cli.terminal import answers, count_text, key_text, print_json, table
from firth.progress import si

if TYPE_CHECKING:
    from firth.runs.listing import Listed

app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help="List the runs, show one, or compare two.")

_COLORS = {"complete": "green", "running": "cyan", "interrupted": "yellow"}


@app.command("list", epilog="Example: firth runs list --root experiments")
def list_(
    root: Annotated[Path, typer.Option("--root", metavar="DIR", help="The folder that holds the runs.")] = Path("runs"),
    json: JsonOption = False,
) -> None:
    """List the runs.

    Each says how it ended, what it holds and how it was trained; unfinished and damaged ones say so.
    """
    from firth.runs.listing import list_runs

    runs = list_runs(root)
    if json:
        print_json([{"run": listed.folder, "state": listed.state, "document": listed.document} for listed in runs])
        return
    if not runs:
        answers().print(f"no runs in {root}.", markup=False)
        return
    columns = ["run", "state", "items", "vectors", "pairs", "loss", "started"]
    numbers = ["items", "pairs", "loss"]
    answers().print(table(columns, [_cells(listed) for listed in runs], right=numbers, flexible=["run"]))


@app.command("show", epilog="Example: firth runs show bands-1")
def show(run: RunArgument, json: JsonOption = False) -> None:
    """Show what made a run, and what was measured.

    This is the report that `firth run` ends with.
    """
    from firth.cli.report import print_report
    from firth.runs.folder import read_document
    from firth.runs.listing import find

    folder = find(run)
    document = read_document(folder)
    if json:
        print_json({"run": folder, **document})
    else:
        print_report(folder, document)


app.command("compare", epilog=comparing.COMPARE_EXAMPLE)(comparing.compare)


def _cells(listed: Listed) -> list[str]:
    color = _COLORS.get(listed.state, "red")
    document = listed.document or {}
    metrics = document.get("metrics") or {}
    options = (document.get("training") or {}).get("options", {})
    loss = metrics.get("heldout_loss") or metrics.get("loss")
    return [
        key_text(listed.folder.name),
        f"[{color}]{listed.state}[/]",
        count_text(metrics.get("n_items")),
        f"{options['objective']} {options['vector_size']}-d" if options else "[dim]-[/]",
        "[dim]-[/]" if metrics.get("n_pairs") is None else si(metrics["n_pairs"]),
        "[dim]-[/]" if loss is None else f"{loss:.3f}",
        str(document.get("started", "[dim]-[/]"))[:16].replace("T", " "),
    ]
