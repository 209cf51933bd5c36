"""The runs below a folder: what there is, and what one of them is; ``store.py`` keeps them in order."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firth.cli import comparing, reproducing, store
from firth.cli.arguments import JsonOption, RunArgument
from firth.cli.store import RootOption
from firth.cli.terminal import answers, count_text, key_text, print_json, table
from firth.progress import si

if TYPE_CHECKING:
    from firth.runs.listing import Listed

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="List the runs, show one, compare two, or keep them in order.",
)

_COLORS = {"complete": "green", "running": "cyan", "interrupted": "yellow"}


class SortName(StrEnum):
    """What a list of runs is ordered by."""

    name = "name"
    started = "started"
    items = "items"
    loss = "loss"
    size = "size"


@app.command("list", epilog="Example: firth runs list --recipe bands --status complete --sort loss")
def list_(
    root: RootOption = Path("runs"),
    tags: Annotated[
        list[str] | None,
        typer.Option("--tag", metavar="NAME", help="Only runs of this name. May be repeated.", show_default=False),
    ] = None,
    states: Annotated[
        list[str] | None,
        typer.Option(
            "--status",
            metavar="STATUS",
            help="Only complete, running, interrupted, failed, stopped or damaged ones. May be repeated.",
            show_default=False,
        ),
    ] = None,
    recipe: Annotated[
        str | None, typer.Option("--recipe", metavar="NAME", help="Only runs of this recipe.", show_default=False)
    ] = None,
    sort: Annotated[SortName, typer.Option("--sort", help="What comes first.")] = SortName.name,
    json: JsonOption = False,
) -> None:
    """List the runs.

    Each says how it ended, what it holds and how it was trained; unfinished and damaged ones say so.
    """
    from firth.runs.sizes import size_bytes
    from firth.runs.store import RunStore

    runs = RunStore(root).list(name=recipe, tags=tags or (), states=states or (), sort=sort.value)
    if json:
        print_json(
            [
                {
                    "run": run.folder,
                    "state": run.state,
                    "recipe": run.recipe,
                    "tags": run.tags,
                    "size_bytes": size_bytes(run.folder),
                    "document": run.document,
                }
                for run in runs
            ]
        )
        return
    if not runs:
        which = " that are asked for" if tags or states or recipe else ""
        answers().print(f"no runs{which} in {root}.", markup=False)
        return
    shown = ["run", "state", "items", "vectors", "pairs", "loss", "started"]
    if sort == SortName.size:  # as wide as what it takes the place of
        shown[4] = "size"
    if any(run.tags for run in runs):
        shown = [*(column for column in shown if column != "pairs"), "tags"]
    rows = [[_cells(run)[column] for column in shown] for run in runs]
    numbers = ["items", "pairs", "loss", "size"]
    answers().print(table(shown, rows, right=numbers, flexible=["run", "tags"]))


@app.command("show", epilog="Example: firth runs show bands-1")
def show(run: RunArgument, json: JsonOption = False) -> None:
    """Show what made a run, and what was measured.

    This is the report that `firth run` ends with.
    """
    from firth.cli.report import print_report
    from firth.runs.folder import read_document
    from firth.runs.listing import find, read_tags

    folder = find(run)
    document, tags = read_document(folder), read_tags(folder)
    if json:
        print_json({"run": folder, "tags": tags, **document})
        return
    print_report(folder, document)
    if tags:
        answers().print(f"called {', '.join(key_text(tag) for tag in tags)}\n", soft_wrap=True)


app.command("compare", epilog=comparing.COMPARE_EXAMPLE)(comparing.compare)
app.command("reproduce", epilog=reproducing.REPRODUCE_EXAMPLE)(reproducing.reproduce)
app.command("tag", epilog=store.TAG_EXAMPLE)(store.tag)
app.command("remove", epilog=store.REMOVE_EXAMPLE)(store.remove)
app.command("clean", epilog=store.CLEAN_EXAMPLE)(store.clean)


def _cells(listed: Listed) -> dict[str, str]:
    """Return what a list can say of a run, by column."""
    from firth.runs.sizes import size_bytes

    color = _COLORS.get(listed.state, "red")
    document = listed.document or {}
    metrics = document.get("metrics") or {}
    options = (document.get("training") or {}).get("options", {})
    loss = metrics.get("heldout_loss") or metrics.get("loss")
    return {
        "run": key_text(listed.name),
        "state": f"[{color}]{listed.state}[/]",
        "items": count_text(metrics.get("n_items")),
        "vectors": f"{options['objective']} {options['vector_size']}-d" if options else "[dim]-[/]",
        "pairs": "[dim]-[/]" if metrics.get("n_pairs") is None else si(metrics["n_pairs"]),
        "loss": "[dim]-[/]" if loss is None else f"{loss:.3f}",
        "size": f"{si(size_bytes(listed.folder))}B",
        "started": str(document.get("started", "[dim]-[/]"))[:16].replace("T", " "),
        "tags": key_text(" ".join(listed.tags)),
    }
