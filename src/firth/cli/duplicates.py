"""Duplicates: listed with the evidence, written as a table to edit, merged by making the run again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firth.cli.arguments import JobsOption, JsonOption, RunArgument, open_run
from firth.cli.errors import note
from firth.cli.terminal import answers, count_text, key_text, print_json, table

if TYPE_CHECKING:
    from rich.table import Table

    from firth.runs.duplicates import Duplicates
    from firth.runs.run import Run
    from firth.vectors.duplicates import DuplicateGroup

DUPLICATES_EXAMPLE = "Example: firth duplicates runs/playlists-1 --out merge.csv"

_WIDE = 100  # columns of a terminal from which ranks are shown; keys need the room more
_ALONE = "goes with listing duplicates, and --merge merges them: leave one out."


def duplicates(
    run: RunArgument,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="CSV", help="Write what was found as a table to edit, a new file.", show_default=False
        ),
    ] = None,
    merge: Annotated[
        list[Path] | None,
        typer.Option(
            "--merge",
            metavar="CSV",
            help="Make the run again with the items of an edited table merged. May be repeated.",
            show_default=False,
        ),
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option(
            "--into",
            metavar="DIR",
            help="With --merge: a new folder for the run.",
            show_default="runs/NAME-N, the next free N",
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace the file CSV of --out, or the run in DIR.")
    ] = False,
    k: Annotated[
        int | None,
        typer.Option(
            "-k",
            "--k",
            min=1,
            metavar="K",
            help="Duplicates are each among the other's K nearest.",
            show_default="a tenth of the items, 10 to 300",
        ),
    ] = None,
    min_similarity: Annotated[
        float, typer.Option("--min-similarity", min=0, max=100, metavar="S", help="Of the names, 0 to 100.")
    ] = 90.0,
    min_cosine: Annotated[
        float, typer.Option("--min-cosine", min=-1, max=1, metavar="C", help="Of the vectors, -1 to 1.")
    ] = 0.5,
    versions: Annotated[
        bool, typer.Option("--versions", help="Live recordings, remixes and the like are duplicates too.")
    ] = False,
    together: Annotated[
        bool,
        typer.Option("--together", help="Read the source again, and count the sequences that hold both of a pair."),
    ] = False,
    n_jobs: JobsOption = None,
    json: JsonOption = False,
) -> None:
    """Show items that are one thing under several keys, and merge them.

    Duplicates have nearly equal names (case, accents, punctuation, guests and "Radio Edit" aside) and are near each
    other. Names that differ in a number ("Part 2") or a version ("Live", "Remix") are not. Items of one name in other
    company are listed apart.

    `--out` writes a table of one line per item, to read and to edit: `merge` says yes or no, `keep` under which name.
    `--merge` takes it, and makes a new run by RUN's own recipe, in which merged items are one.
    """
    if merge:
        for name, given in (("--out", out), ("--together", together), ("--versions", versions), ("-k", k)):
            if given:
                raise typer.BadParameter(_ALONE, param_hint=name)
        _retrain(open_run(run), merge, into=into, replace=replace, n_jobs=n_jobs, json=json)
        return
    if into is not None:
        raise typer.BadParameter("goes with --merge; the table is written with --out.", param_hint="--into")
    if replace and out is None:
        raise typer.BadParameter("goes with --out or --merge.", param_hint="--replace")
    from firth.runs.duplicates import Duplicates, duplicates_document, duplicates_of

    opened = open_run(run)
    found = duplicates_of(
        opened,
        k=k,
        min_similarity=min_similarity,
        min_cosine=min_cosine,
        versions=versions,
        n_jobs=n_jobs or "auto",
    )
    if together:
        groups, namesakes = _with_sequences(opened, found)
        found = Duplicates(groups=groups, namesakes=namesakes)
    if out is not None:
        from firth.vectors.merge_table import write_merges

        write_merges(found.groups, out, namesakes=found.namesakes, replace=replace)
    if json:
        print_json(duplicates_document(opened.folder, found, table=out))
        return
    _print(found.groups, found.namesakes, out)


def _retrain(run: Run, tables: list[Path], *, into: Path | None, replace: bool, n_jobs: int | None, json: bool) -> None:
    from firth.cli.report import print_report
    from firth.cli.report_merges import comparison_table
    from firth.progress import BarProgress
    from firth.runs.merging import retrain_merged

    made = retrain_merged(run, tables, out=into, replace=replace, n_jobs=n_jobs, progress=BarProgress())
    if json:
        print_json({"run": made.folder, "before": run.folder, **made.document})
    else:
        assert made.folder is not None
        print_report(made.folder, made.document)
        answers().print(comparison_table(run.document, made.document))
    if made.status != "complete":
        note(f"{made.folder} is {made.status}: {made.document['error']}.")
        raise typer.Exit(1)


def _with_sequences(run: Run, found: Duplicates) -> tuple[list[DuplicateGroup], list[DuplicateGroup]]:
    from firth.progress import BarProgress
    from firth.runs.merging import source_intake
    from firth.vectors.together import with_sequences

    intake = source_intake(run, BarProgress())
    if not intake.encoded:
        note(f"{run.name} has no ordered context, so there are no sequences that could hold both.")
    return with_sequences(found.groups, intake), with_sequences(found.namesakes, intake)


def _print(groups: Sequence[DuplicateGroup], namesakes: Sequence[DuplicateGroup], out: Path | None) -> None:
    console = answers()
    if groups:
        n_items = sum(len(group.keys) for group in groups)
        console.print(f"[bold]{n_items:,} items in {len(groups):,} groups[/] [dim]of near-equal names and contexts[/]")
        console.print(_table(groups))
    else:
        console.print("no duplicates: no two near items have near-equal names.")
    if namesakes:
        n_items = sum(len(group.keys) for group in namesakes)
        console.print()
        console.print(f"[bold]{n_items:,} items in {len(namesakes):,} groups[/] [dim]of one name in other company[/]")
        console.print(_table(namesakes))
    if out is not None:
        console.print(f"{out}", markup=False, soft_wrap=True)


def _table(groups: Sequence[DuplicateGroup]) -> Table:
    """Return a table of groups: the item that is kept, and under it the others, each with what speaks for it."""
    from firth.vectors.merge_table import evidence_of

    is_counted = any(pair.together is not None for group in groups for pair in group.pairs)
    columns = ["item", "count", "cosine", "ranks", "name", "together", "differs in"]
    left_out = set() if is_counted else {"together"}
    if answers().width < _WIDE:
        left_out.add("ranks")
    rows = []
    for group in groups:
        keep, *others = group.keys
        rows.append({"item": f"[bold]{key_text(keep)}[/]", "count": count_text(group.counts[0])})
        for key, count in zip(others, group.counts[1:], strict=True):
            pair = evidence_of(group, key, keep)
            row = {
                "item": f"= {key_text(key)}",
                "count": count_text(count),
                "cosine": f"{pair.cosine:.3f}",
                "ranks": f"{pair.rank_a:,} {pair.rank_b:,}",
                "name": f"{pair.similarity:.0f}",
                "together": "" if pair.together is None else f"{pair.together:,} ({pair.expected:.1f})",
                "differs in": ", ".join(pair.differs),
            }
            rows.append(row)
    shown = [column for column in columns if column not in left_out]
    cells = [[row.get(column, "") for column in shown] for row in rows]
    return table(shown, cells, right=shown[1:-1], flexible=["item", "differs in"])
