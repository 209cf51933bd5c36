"""Better options for a recipe, found by trying."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firth.cli.arguments import ClusterOption, JobsOption, JsonOption, open_cluster, trials_on
from firth.cli.errors import show
from firth.cli.making import recipe_with
from firth.cli.terminal import answers, count_text, duration, key_text, print_json, table

if TYPE_CHECKING:
    from firth.runs.tuning.result import Tuning

TUNE_EXAMPLE = "Example: firth tune playlists --set source.path=plays.csv --budget 5m --out runs/tuned"
_FEW = 500  # questions; the interval of a hit rate is then about 4 hundredths wide to either side


def tune(
    recipe: Annotated[
        str,
        typer.Argument(
            metavar="RECIPE", help="A TOML file, or a shipped recipe, with an ordered context.", show_default="required"
        ),
    ],
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Replace a value of the recipe, such as source.path=plays.csv. May be repeated.",
            show_default=False,
        ),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(
            "--budget",
            metavar="TIME",
            help="How long to try in this call: 90s, 5m, 1h30m. Reading and the report come on top.",
            show_default="5m, or none with --trials or --grid",
        ),
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(
            "--trials", min=1, metavar="N", help="Stop at so many trials in all.", show_default="as time allows"
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="A new folder, or that of a tuning to go on with.",
            show_default="runs/NAME-tune-N, the next free N",
        ),
    ] = None,
    metric: Annotated[
        str,
        typer.Option(
            "--metric", metavar="RANKING/MEASURE@K", help="What is raised: recommend or neighbors, HR, NDCG or MRR."
        ),
    ] = "recommend/NDCG@10",
    n_before: Annotated[int, typer.Option("--n-before", min=1, metavar="N", help="Items of a query.")] = 3,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="KEY",
            help="Search this option, such as train.window. May be repeated.",
            show_default="all",
        ),
    ] = None,
    grid: Annotated[
        list[str] | None,
        typer.Option(
            "--grid",
            metavar="KEY=A,B,... | FILE",
            help="Try every combination instead: values, or a TOML file of lists. May be repeated.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="S", help="Seed of the search.")] = 1,
    at_once: Annotated[
        int | None,
        typer.Option(
            "--at-once",
            min=1,
            max=1024,
            metavar="N",
            help="Draw so many trials together, to be made at once. Another number is another search.",
            show_default="1, or the CPUs of the cluster",
        ),
    ] = None,
    n_jobs: JobsOption = None,
    cluster: ClusterOption = None,
    json: JsonOption = False,
) -> None:
    """Find better options for a recipe, by asking what comes last in sequences that are held out.

    The recipe's own options are the first trial. What is best on the validation part is compared with them on the test
    part, which no trial has seen, with a 95 % interval, and with what counting alone would answer.

    Ctrl-C ends the search and shows what was found. With `--out` a search goes on where it ended.
    """
    from firth.progress import BarProgress
    from firth.runs.tuning.tune import tune as find

    asked = _asked(budget, grid or [], trials=trials, metric=metric, n_before=n_before, only=only or [], seed=seed)
    chosen = recipe_with(recipe, settings or [])
    with open_cluster(cluster) as workers:
        found = find(
            chosen,
            out=out,
            n_at_once=at_once or (1 if workers is None else workers.n_workers),
            n_jobs=n_jobs or "auto",
            mapper=trials_on(workers),
            progress=BarProgress(),
            **asked,
        )
    if json:
        print_json({"folder": found.folder, **found.document})
    else:
        print_tuning(found)
    if found.document["status"] == "interrupted":
        show(f"interrupted. What was found is in {found.folder}; the same command with --out goes on with it.")
        raise typer.Exit(1)


def _asked(budget: str | None, grid: list[str], **given: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the options of a tuning, if they are ones."""
    from firth.errors import OptionError
    from firth.runs.tuning.options import BUDGET_S, TuneOptions, parse_budget, parse_grid
    from firth.runs.tuning.space import check_only

    try:
        has_end = given["trials"] is not None or bool(grid)
        budget_s = parse_budget(budget) if budget is not None else None if has_end else BUDGET_S
        asked = {**given, "budget_s": budget_s, "grid": parse_grid(grid), "only": tuple(given["only"])}
        TuneOptions(**asked)
        check_only(asked["only"])
    except OptionError as error:
        raise typer.BadParameter(str(error)) from error
    return asked


def print_tuning(found: Tuning) -> None:
    """Print what was tried, the options, how good they are, and where everything lies."""
    out, about = answers(), found.document
    out.print()
    counts, data = about["n_trials"], about["data"]
    parts = [f"{counts['complete']:,} on all sequences"]
    parts += [f"{counts[name]:,} {text}" for name, text in _ENDED if counts[name]]
    out.print(
        f"[bold]{key_text(about['name'])}[/]  {counts['all']:,} trials in {duration(about['search_s'])}: "
        + ", ".join(parts)
    )
    out.print(
        f"[dim]{key_text(about['metric'])}, query of the last {about['n_before']}; {data['n_trained']:,} sequences "
        f"trained, {data['n_asked']:,} asked about to choose, {data['n_test']:,} to report[/]"
    )
    if about["best"] is not None and about["own"] is not None:
        out.print()
        out.print(_options_table(about))
    if about["test"] is not None:
        out.print()
        out.print(_test_table(found))
        out.print()
        out.print(about["sentence"], markup=False, style="bold", soft_wrap=True)
        for line in _remarks(found):
            out.print(line, soft_wrap=True)
    out.print()
    best = shlex.quote(str(found.folder / "best.toml"))
    is_better = found.comparison is not None and found.comparison.gain.is_above_zero
    out.print(f"firth run {best}" if is_better else best, markup=False, soft_wrap=True)
    for plot in about["plots"]:
        out.print(str(found.folder / plot), markup=False, style="dim", soft_wrap=True)
    out.print()


_ENDED = (("pruned", "ended on a sample"), ("too long", "too long for the budget"), ("failed", "failed"))


def _options_table(about: Mapping[str, Any]) -> Any:  # noqa: ANN401 (rich's table)
    from firth.runs.tuning.result import value_text
    from firth.runs.tuning.space import DIRECTION

    importance = dict(about["importance"])
    own, best = about["own"]["settings"], about["best"]["settings"]
    rows = []
    for key in own:
        name = "train.window" if key.startswith("contexts.") else key
        share = importance.get(name, 0.0) + (importance.get(DIRECTION, 0.0) if name == "train.window" else 0.0)
        before, after = (key_text(value_text(settings[key])) for settings in (own, best))
        changed = f"[bold]{after}[/]" if before != after else after
        rows.append([key_text(key), before, changed, f"{share:.0%}" if importance else "[dim]-[/]"])
    columns = ["option", "recipe", "best", "importance"]
    return table(columns, rows, right=columns[1:], flexible=["option"])


def _test_table(found: Tuning) -> Any:  # noqa: ANN401
    comparison = found.comparison
    assert comparison is not None
    tuned, *others = dict.fromkeys([comparison.measure, "HR@10", "HR@100"])
    others = [name for name in others if name in comparison.own]
    measured = {"best options": comparison.best_measures, "the recipe's own": comparison.own_measures}
    measured |= {score.name: score.measures for score in comparison.baselines.scores}
    rows = []
    for name, measures in measured.items():
        estimate = measures[tuned]
        interval = f"{estimate.low:.4f} - {estimate.high:.4f}"
        cells = [f"{measures[measure].mean:.4f}" for measure in others]
        rows.append([key_text(name), f"{estimate.mean:.4f}", interval, *cells])
    columns = ["test part", tuned, "95 %", *others]
    return table(columns, rows, right=columns[1:], flexible=["test part"])


def _remarks(found: Tuning) -> Iterator[str]:
    comparison, about = found.comparison, found.document
    assert comparison is not None
    over = comparison.over_counts
    how = "better than" if over.is_above_zero else "worse than" if over.is_below_zero else "not told apart from"
    yield (
        f"They are {how} the strongest baseline, {key_text(comparison.strongest)}: {over.mean:+.4f} "
        f"({over.low:+.4f} to {over.high:+.4f})."
    )
    minutes = about["search_s"] / 60
    if about["best"]["trial"] and minutes > 0:
        yield (
            f"[dim]Trial {about['best']['trial']}, found after {duration(60 * about['best']['minutes'])}; "
            f"{comparison.gain.mean / minutes:+.4f} for each minute of trials.[/]"
        )
    if len(comparison.own_seeds) > 1:
        own, best = (_spread(seeds) for seeds in (comparison.own_seeds, comparison.best_seeds))
        yield f"[dim]Means of {len(comparison.own_seeds)} seeds of training: {best}, of the recipe's own {own}.[/]"
    if about["data"]["n_asked"] < _FEW:
        yield (
            f"[yellow]Only {count_text(about['data']['n_asked'])} sequences to choose by, so chance may have chosen. "
            "Hold out more: holdout.validation and holdout.test, up to a half each.[/]"
        )


def _spread(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.4f}" for value in values)
