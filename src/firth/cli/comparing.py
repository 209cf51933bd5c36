"""Two runs beside each other: what differs, what moved, and whether that is more than chance."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from firth.cli.arguments import ClusterOption, JobsOption, JsonOption, open_cluster, open_run, trials_on
from firth.cli.terminal import answers, key_text, print_json, table

if TYPE_CHECKING:
    from firth.runs.comparison import Comparison
    from firth.runs.run import Run

COMPARE_EXAMPLE = "Example: firth runs compare songs-1 songs-2 --twins 3 --csv changes.csv"

_N_NAMED = 8  # items that came or went, by name
_N_NEAR = 3  # neighbours in a cell


def _run_argument(which: str) -> Any:  # noqa: ANN401 (typer keeps its type to itself)
    return typer.Argument(metavar=which, help=f"The {'earlier' if which == 'A' else 'later'} run.", show_default=False)


def compare(
    a: Annotated[str, _run_argument("A")],
    b: Annotated[str, _run_argument("B")],
    k: Annotated[int, typer.Option("-k", "--k", min=1, metavar="K", help="How many neighbours to compare.")] = 10,
    top: Annotated[int, typer.Option("--top", min=0, metavar="N", help="How many items to show.")] = 15,
    twins: Annotated[
        int,
        typer.Option(
            "--twins", min=0, metavar="N", help="Train A so often with other seeds, to know chance; 2 or more."
        ),
    ] = 0,
    twin: Annotated[
        list[str] | None,
        typer.Option(
            "--twin",
            metavar="RUN",
            help="A run that differs from A by chance alone. Given twice or more, instead of --twins.",
            show_default=False,
        ),
    ] = None,
    fdr: Annotated[
        float,
        typer.Option("--fdr", metavar="Q", help="Share of chance, at most, among items that are said to have changed."),
    ] = 0.05,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write every shared item there.", show_default=False)
    ] = None,
    n_jobs: JobsOption = None,
    cluster: ClusterOption = None,
    json: JsonOption = False,
) -> None:
    """Show what changed from one run to another.

    Options, measures, items that came and went; of the shared items how far each moved after one run's vectors were
    turned onto the other's, and which neighbours it has now. Two trainings of the same data differ, too: with --twins
    or --twin the report says which items changed more than that.
    """
    from firth.progress import BarProgress
    from firth.runs.comparing import compare_runs

    _check_usage(twins, twin or [], fdr)
    one, other = open_run(a), open_run(b)
    with open_cluster(cluster) as workers:
        found = compare_runs(
            one,
            other,
            k=k,
            twins=[open_run(name) for name in twin] if twin else twins,
            fdr=fdr,
            progress=BarProgress(),
            n_jobs=n_jobs or "auto",
            mapper=trials_on(workers),
        )
    if csv is not None:
        found.write_csv(csv)
    if json:
        print_json({**found.to_dict(n_items=top), "csv": csv})
        return
    _print(found, one, top)
    if csv is not None:
        answers().print(f"{csv}", markup=False, soft_wrap=True)


def _check_usage(twins: int, twin: list[str], fdr: float) -> None:
    """Raise if options are given that do not go together."""
    if twins and twin:
        raise typer.BadParameter("trains twins, and --twin names them: give one of the two.", param_hint="--twins")
    if twins == 1 or len(twin) == 1:
        name = "--twins" if twins else "--twin"
        raise typer.BadParameter("one twin tells no spread: 2 or more are needed; 3 do.", param_hint=name)
    if not 0 < fdr < 1:
        raise typer.BadParameter(f"must be between 0 and 1, got {fdr:g}.", param_hint="--fdr")


def _print(found: Comparison, a: Run, top: int) -> None:
    from rich.table import Table

    out = answers()
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", min_width=9)
    grid.add_column(overflow="fold")
    for name, text in _lines(found, a):
        grid.add_row(name, text)
    out.print()
    out.print(f"[bold]{key_text(found.a)}[/] and [bold]{key_text(found.b)}[/]")
    out.print()
    out.print(grid)
    out.print()
    if top and not found.is_identical:
        out.print(_items_table(found, top))
        if found.chance is not None:
            out.print("[dim]* more than chance[/]")
        out.print()


def _lines(found: Comparison, a: Run) -> Iterator[tuple[str, str]]:
    only = ((found.a, found.departed), (found.b, found.arrived))
    parts = [f"{found.n_shared:,} in both", *(f"{len(keys):,} only in {key_text(run)}" for run, keys in only)]
    yield "items", ", ".join(parts)
    for word, keys in (("departed", found.departed), ("arrived", found.arrived)):
        if keys:
            more = f" and {len(keys) - _N_NAMED:,} more" if len(keys) > _N_NAMED else ""
            yield word, ", ".join(key_text(key) for key in keys[:_N_NAMED]) + more
    if found.is_same_data is not None:
        yield "data", "the same" if found.is_same_data else "not the same"
    for place, option in enumerate(found.options):
        yield "" if place else "options", f"{option.name}: {_option(option.a)} → {_option(option.b)}"
    for place, metric in enumerate(found.metrics):
        yield "" if place else "measures", f"{key_text(metric.name)}: {_measure(metric.a, metric.b)}"
    for place, sentence in enumerate(_changes(found)):
        yield "" if place else "changes", sentence
    if not found.is_identical:
        yield "chance", _chance(found, a)
    yield "map", _map(found)


def _changes(found: Comparison) -> Iterator[str]:
    if found.is_identical:
        yield "[green]none[/]: the vectors are the same, so no item moved and no neighbour changed"
        return
    columns = {name: found.items[name].to_numpy() for name in ("moved", "kept")}
    by_chance = dict.fromkeys(columns, "")
    if found.chance is not None:
        usual = {name: found.items[f"{name}_by_chance"].to_numpy() for name in columns}
        by_chance = {"moved": f", by chance {np.median(usual['moved']):.3f}"}
        by_chance["kept"] = f", by chance {usual['kept'].mean():.1f}"
    median, kept = np.median(columns["moved"]), columns["kept"].mean()
    yield f"half of the items moved by {median:.3f} or more (1 - cosine after alignment){by_chance['moved']}"
    yield f"on average {kept:.1f} of the {found.k} nearest are kept{by_chance['kept']}"
    if found.chance is not None:
        yield (
            f"[bold]{len(found.moved):,}[/] items moved more than chance moves them, [bold]"
            f"{len(found.with_new_neighbors):,}[/] have other neighbours than chance gives them"
        )


def _chance(found: Comparison, a: Run) -> str:
    chance = found.chance
    if chance is None:
        seconds = a.metrics.get("train_s")
        cost = f", about {max(1, round(3 * seconds))} s" if seconds else ""
        return (
            "[yellow]unknown[/]: other seeds alone move items, too, so none is said to have changed; "
            f"--twins 3 trains {key_text(found.a)} three more times to measure it{cost}"
        )
    how = "other seeds, same data" if chance.is_trained else "the runs that were named"
    text = (
        f"measured by {chance.n_twins} twins of {key_text(found.a)} ({how}); of the items said to have changed at most "
        f"{chance.fdr:.0%} are expected to be chance"
    )
    if not len(found.moved):
        text += f". Fewer than about {chance.fewest} that changed cannot be told by so many twins"
    if found.is_same_data is False and chance.is_trained:
        text += ". Other data moves items more than other seeds do, even where it is of the same kind"
    return text


def _map(found: Comparison) -> str:
    maps, a, b = found.maps, key_text(found.a), key_text(found.b)
    if not maps.a_has_map:
        return f"{a} has none"
    grow = f"firth map {b} --grow-from {a} makes one that stays recognisable, --place-on keeps the old one as it is"
    if not maps.b_has_map:
        return f"{b} has none: {grow}"
    like = "" if maps.likeness is None else f", {maps.likeness:.0%} like it"
    if maps.is_placed:
        return f"{b} lies on the map of {a}: {maps.n_fixed:,} items at the same place, {len(found.arrived):,} placed"
    if maps.is_grown:
        return f"that of {b} grew from that of {a}{like}"
    if maps.n_fixed == found.n_shared:
        return "the same"
    return f"each has its own{like.replace('like it', 'alike')}: {grow}"


def _items_table(found: Comparison, top: int) -> Any:  # noqa: ANN401 (rich is imported where it is used)
    """Return the items that changed most, with their old and new neighbours side by side."""
    is_known = found.chance is not None
    rows = [_row(row, is_known=is_known) for row in found.items.head(top).iter_rows(named=True)]
    measures = ["moved (chance)", "kept (chance)"] if is_known else ["moved", "kept"]
    lost = f"lost of {found.k}"
    return table([*measures, "item", lost, "won"], rows, right=measures, flexible=["item", lost, "won"])


def _row(row: dict[str, Any], *, is_known: bool) -> list[str]:
    before, after = row["neighbors_a"], row["neighbors_b"]
    moved, kept = f"{row['moved']:.3f}", f"{row['kept']}"
    if is_known:
        moved = f"{_mark(row['has_moved'])}{moved} ({row['moved_by_chance']:.3f})"
        kept = f"{_mark(row['has_new_neighbors'])}{kept} ({row['kept_by_chance']:.1f})"
    lost, won = ([key for key in one if key not in other] for one, other in ((before, after), (after, before)))
    return [moved, kept, key_text(row["key"]), _near(lost), _near(won)]


def _mark(is_beyond_chance: bool) -> str:
    return "[bold]*[/] " if is_beyond_chance else ""


def _near(keys: list[str]) -> str:
    return ", ".join(key_text(key) for key in keys[:_N_NEAR]) or "[dim]-[/]"


def _option(value: object) -> str:
    return "none" if value is None else key_text(str(value))


def _measure(a: float, b: float) -> str:
    return f"{_number(a)} in both" if _number(a) == _number(b) else f"{_number(a)} → {_number(b)}"


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"
