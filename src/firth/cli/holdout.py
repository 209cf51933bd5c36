"""``firth evaluate --holdout``: how often the last item of a held-out sequence is found, and by whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from firth.cli.arguments import open_run
from firth.cli.terminal import answers, key_text, print_json, table

if TYPE_CHECKING:
    from firth.evaluation.bootstrap import Estimate
    from firth.evaluation.items import ItemEvaluation, RankerScore
    from firth.runs.evaluating import HoldoutEvaluation
    from firth.runs.run import Run


class HoldoutName(StrEnum):
    """What is held out."""

    last = "last"


class PartName(StrEnum):
    """Which held-out sequences are asked about."""

    validation = "validation"
    test = "test"


_PANEL = "Held-out sequences"
HoldoutOption = Annotated[
    HoldoutName | None,
    typer.Option(
        "--holdout", help="Ask for the last item of held-out sequences.", show_default=False, rich_help_panel=_PANEL
    ),
]
PartOption = Annotated[
    PartName,
    typer.Option(
        "--part", help="The sequences for choosing options, or those kept for the report.", rich_help_panel=_PANEL
    ),
]
QueryOption = Annotated[
    list[int] | None,
    typer.Option(
        "--query",
        min=1,
        metavar="N",
        help="Ask by the N items before it. May be repeated.",
        show_default="1 and 3",
        rich_help_panel=_PANEL,
    ),
]
CutOption = Annotated[
    list[int] | None,
    typer.Option(
        "-k",
        "--k",
        min=1,
        metavar="K",
        help="Look at the first K answers. May be repeated.",
        show_default="10 and 100",
        rich_help_panel=_PANEL,
    ),
]
WindowOption = Annotated[
    int | None,
    typer.Option(
        "--window",
        min=1,
        metavar="N",
        help="Places to either side that the counts look at.",
        show_default="as the run was trained",
        rich_help_panel=_PANEL,
    ),
]
KeepQueryOption = Annotated[
    bool, typer.Option("--keep-query", help="Let the query's own items be answers, too.", rich_help_panel=_PANEL)
]
AgainstOption = Annotated[
    str | None,
    typer.Option(
        "--against",
        metavar="RUN",
        help="Compare with another run at the same questions, pair by pair.",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
BaselinesOption = Annotated[
    bool,
    typer.Option(
        "--baselines/--no-baselines", help="Ask counts, popularity and chance as well.", rich_help_panel=_PANEL
    ),
]


@dataclass(frozen=True, kw_only=True)
class Questions:
    """What the command line asks; None where it leaves it to the library."""

    part: PartName
    query: list[int] | None
    ks: list[int] | None
    window: int | None
    keep_query: bool
    against: str | None
    baselines: bool
    seed: int | None
    n_jobs: int | None


def evaluate_holdout(run: Run, questions: Questions, *, json: bool) -> None:
    """Print how good a run's answers about held-out sequences are."""
    from firth.corpus.splitting import Holdout
    from firth.progress import BarProgress
    from firth.runs.evaluating import Asking, compare_evaluations, evaluate_run

    asking = Asking(
        part=questions.part.value,
        n_before=tuple(dict.fromkeys(questions.query or Asking().n_before)),
        ks=tuple(questions.ks or Asking().ks),
        exclude_query=not questions.keep_query,
        with_baselines=questions.baselines,
        window=questions.window,
        n_jobs=questions.n_jobs or "auto",
        progress=BarProgress(),
    )
    holdout = None if questions.seed is None else Holdout(seed=questions.seed)
    found = evaluate_run(run, asking, holdout=holdout)
    other, differences = None, {}
    if questions.against is not None:
        other = evaluate_run(open_run(questions.against), asking, holdout=holdout)
        differences = compare_evaluations(found, other)
    if json:
        print_json(_document(found, other, differences))
        return
    _print(found)
    if other is not None:
        for n_before, rankings in differences.items():
            _print_differences(found, other, n_before, rankings)


def _document(
    found: HoldoutEvaluation,
    other: HoldoutEvaluation | None,
    differences: Mapping[int, Mapping[str, Mapping[str, Estimate]]],
) -> dict[str, object]:
    document: dict[str, object] = {"holdout": found.to_dict()}
    if other is not None:
        document["against"] = other.to_dict()
        document["differences"] = [
            {
                "n_before": n,
                **{
                    ranking: {name: each.to_dict() for name, each in measures.items()}
                    for ranking, measures in rankings.items()
                },
            }
            for n, rankings in differences.items()
        ]
    return document


def _print(found: HoldoutEvaluation) -> None:
    out = answers()
    who = "a twin trained without them" if found.is_twin else "the run, which was trained without them"
    out.print(
        f"[bold]{key_text(found.name)}[/]: {found.n_sequences:,} {found.part} sequences of {key_text(found.context)} "
        f"held out; asked is {who}, on {found.n_trained:,} sequences and {found.n_items:,} items."
    )
    for n_before, evaluation in found.rounds.items():
        out.print()
        what = "the item before it" if n_before == 1 else f"the mean of the {n_before} items before it"
        _print_scores(f"the last item, given {what}", evaluation)
    for n_before, evaluation in found.cold.items():
        out.print()
        _print_scores(f"of these the queries without a known item (up to {n_before}), by policy", evaluation)
    out.print()
    out.print(
        "[dim]± half a 95 % bootstrap interval. coverage: share of the items that are an answer to any question; "
        "popularity: how much more often the answers occur than the items wanted.[/]"
    )


def _print_scores(title: str, evaluation: ItemEvaluation) -> None:
    out = answers()
    left_out = {f"NDCG@{k}" for k in evaluation.ks[1:]}
    names = [name for name in evaluation.scores[0].measures if name not in left_out]
    columns = ["answered by", *names]
    rows = [[_name(score), *(_interval(score.measures[name]) for name in names)] for score in evaluation.scores]
    out.print(f"[bold]{title}[/]")
    out.print(table(columns, rows, right=names, flexible=["answered by"]))
    spread = ["coverage", "popularity"]
    rows = [
        [_name(score), f"{score.spread.coverage:.0%}", f"{score.spread.popularity:.1f}"] for score in evaluation.scores
    ]
    out.print(table([f"first {evaluation.ks[0]} answers", *spread], rows, right=spread))
    asked = "query's own items left out" if evaluation.exclude_query else "query's own items may be answers"
    out.print(
        f"[dim]{evaluation.n_questions:,} questions; {evaluation.n_cold_queries:,} without a known item to ask by, "
        f"{evaluation.n_cold_targets:,} whose answer is unknown: all count as misses; {asked}.[/]"
    )


def _print_differences(
    found: HoldoutEvaluation, other: HoldoutEvaluation, n_before: int, rankings: Mapping[str, Mapping[str, Estimate]]
) -> None:
    out = answers()
    measures: Sequence[str] = list(next(iter(rankings.values())))
    title = f"{key_text(found.name)} less {key_text(other.name)}, asked by {n_before}"
    rows = [[ranking, *(_signed(estimates[name]) for name in measures)] for ranking, estimates in rankings.items()]
    out.print()
    out.print(f"[bold]{title}[/]")
    out.print(table(["ranking", *measures], rows, right=measures, flexible=["ranking"]))
    out.print("[dim]paired differences with 95 % intervals; one that holds 0 may be chance.[/]")


def _name(score: RankerScore) -> str:
    return f"[bold]{score.name}[/]" if score.name in ("recommend", "neighbors") else score.name


def _interval(estimate: Estimate) -> str:
    half = f"{(estimate.high - estimate.low) / 2:.3f}".removeprefix("0")
    return f"{estimate.mean:.3f} [dim]±{half}[/]"


def _signed(estimate: Estimate) -> str:
    text = f"{estimate.mean:+.3f} ({estimate.low:+.3f} - {estimate.high:+.3f})"
    if estimate.is_above_zero:
        return f"[green]{text} better[/]"
    return f"[red]{text} worse[/]" if estimate.is_below_zero else text
