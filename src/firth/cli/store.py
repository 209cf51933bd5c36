"""Keeping runs in order: tagged, removed, cleaned up."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firth.cli.arguments import JsonOption, RunArgument
from firth.cli.errors import note
from firth.cli.terminal import answers, key_text, print_json, table
from firth.progress import si

if TYPE_CHECKING:
    from firth.runs.cleaning import Cleaning

TAG_EXAMPLE = "Example: firth runs tag bands-3 best served"
REMOVE_EXAMPLE = "Example: firth runs remove bands-1 bands-2 --yes"
CLEAN_EXAMPLE = "Example: firth runs clean --keep-last 3 --keep-tag served --yes"
_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}

RootOption = Annotated[Path, typer.Option("--root", metavar="DIR", help="The folder that holds the runs.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]


def tag(
    run: RunArgument,
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="What to call it.", show_default=False)],
    remove: Annotated[bool, typer.Option("--remove", help="Take the names away instead.")] = False,
    json: JsonOption = False,
) -> None:
    """Call a run something.

    `firth runs list --tag NAME` finds it by that, and `firth runs clean --keep-tag NAME` spares it.
    """
    from firth.runs.store import RunStore

    tags = RunStore().tag(run, () if remove else names, remove=names if remove else ())
    if json:
        print_json({"run": run, "tags": tags})
    else:
        shown = ", ".join(key_text(each) for each in tags) or "nothing"
        answers().print(f"{key_text(run)} is called {shown}.", soft_wrap=True)


def remove(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="Folders or names.", show_default=False)],
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Remove runs, all that is in their folders.

    It asks first. A run that is being made is never removed, and neither is a folder that holds anything else.
    """
    from firth.runs.claiming import check_removable
    from firth.runs.sizes import freed_bytes
    from firth.runs.store import RunStore

    store = RunStore()
    folders = list(dict.fromkeys(store.find(run).folder for run in runs))
    for folder in folders:
        check_removable(folder)
    if not yes:
        named = ", ".join(str(folder) for folder in folders)
        typer.confirm(f"Remove {named} ({si(freed_bytes(folders))}B)?", abort=True, err=True)
    removed = store.remove(*folders)
    if json:
        print_json({"removed": removed})
    else:
        answers().print(f"removed {', '.join(str(folder) for folder in removed)}.", markup=False, soft_wrap=True)


def clean(
    older_than: Annotated[
        str,
        typer.Option(
            "--older-than",
            metavar="AGE",
            help="Runs that failed, or were stopped or interrupted so long ago, go: 90m, 12h, 7d, 4w; 0d: all of them.",
        ),
    ] = "7d",
    keep_last: Annotated[
        int | None,
        typer.Option(
            "--keep-last",
            min=0,
            metavar="N",
            help="Of each recipe's complete runs, N stay: those begun last.",
            show_default="all stay",
        ),
    ] = None,
    keep_tags: Annotated[
        list[str] | None,
        typer.Option("--keep-tag", metavar="NAME", help="Runs of this name stay. May be repeated.", show_default=False),
    ] = None,
    root: RootOption = Path("runs"),
    yes: Annotated[bool, typer.Option("--yes", help="Do it. Without this, what would go is shown.")] = False,
    json: JsonOption = False,
) -> None:
    """Show what can go from a folder of runs, or with `--yes` take it away.

    That is: runs that never finished; with `--keep-last`, complete ones that were followed by others; what killed
    processes left; and files that no run has any more.
    """
    from firth.runs.cleaning import CleanOptions
    from firth.runs.store import RunStore

    options = CleanOptions(older_than_s=_seconds(older_than), keep_last=keep_last, keep_tags=tuple(keep_tags or ()))
    found = RunStore(root).clean(options, dry_run=not yes)
    if json:
        print_json({"is_done": yes, **asdict(found)})
    else:
        _show(found, is_done=yes)
    for line in found.kept:
        note(line)


def _show(found: Cleaning, *, is_done: bool) -> None:
    if not found.removals:
        answers().print(f"there is nothing to remove from {found.root}.", markup=False, soft_wrap=True)
        return
    rows = [
        [key_text(str(removal.path.relative_to(found.root))), f"{si(removal.size_bytes)}B", removal.why]
        for removal in found.removals
    ]
    answers().print(table(["what", "size", "why"], rows, right=["size"], flexible=["what"]))
    free = f"{si(found.freed_bytes)}B"
    answers().print(f"removed; {free} are free." if is_done else f"{free} would be free. Remove it: add --yes.")


def _seconds(age: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhdw])", age.strip())
    if match is None:
        raise typer.BadParameter(
            f"must be a number and a unit, such as 90m, 12h or 7d, got {age!r}.", param_hint="--older-than"
        )
    return float(match[1]) * _UNITS_S[match[2]]
