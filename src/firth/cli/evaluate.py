"""Is a run any good? What was measured when it was made, and what files of questions say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firth.cli.arguments import JobsOption, JsonOption, RunArgument, SeedOption, open_run
from firth.cli.holdout import (
    AgainstOption,
    BaselinesOption,
    CutOption,
    HoldoutOption,
    KeepQueryOption,
    PartName,
    PartOption,
    QueryOption,
    Questions,
    WindowOption,
    evaluate_holdout,
)
from firth.cli.tags import TagsOption, print_tag_qualities, tag_qualities
from firth.cli.terminal import answers, key_text, print_json, table

if TYPE_CHECKING:
    from firth.evaluation import AnalogyResult, AnalogyScore, SimilarityResult
    from firth.runs.run import Run

EVALUATE_EXAMPLE = "Example: firth evaluate runs/words-1 --similarity wordsim353.txt --analogies questions-words.txt"
_METHODS = {"3cosadd": "3CosAdd", "3cosmul": "3CosMul"}


def evaluate(
    run: RunArgument,
    similarity: Annotated[
        list[Path] | None,
        typer.Option(
            "--similarity",
            metavar="FILE",
            help="Lines 'word word score' of people's judgement. May be repeated.",
            show_default=False,
        ),
    ] = None,
    analogies: Annotated[
        Path | None,
        typer.Option(
            "--analogies",
            metavar="FILE",
            help="Lines of four words, a is to b as c is to d, in sections ': name'.",
            show_default=False,
        ),
    ] = None,
    restrict: Annotated[
        int,
        typer.Option(
            "--restrict", min=1, metavar="N", help="Analogies: ask and answer with the N most frequent items only."
        ),
    ] = 30_000,
    tags: TagsOption = None,
    holdout: HoldoutOption = None,
    part: PartOption = PartName.test,
    query: QueryOption = None,
    ks: CutOption = None,
    window: WindowOption = None,
    keep_query: KeepQueryOption = False,
    against: AgainstOption = None,
    baselines: BaselinesOption = True,
    seed: SeedOption = None,
    n_jobs: JobsOption = None,
    json: JsonOption = False,
) -> None:
    """Show how good the vectors are.

    Without files: the losses, and how the nearest agree in what is known of them, beside chance. With files: rank
    correlation with people's judgement of likeness, and the share of analogies that come out right. Questions with
    words that the run does not have are counted, never dropped in silence.

    With `--tags`: for each tag how many of the nearest have it too, and whether they tell it. Give RUN first.

    With `--holdout last`: a tenth of the sequences is held out, and the last item of each asked for, given those before
    it, of `recommend` and of `neighbors`, beside counts, popularity and chance. A run whose recipe has no `[holdout]`
    has seen them all, so a twin is trained without them.
    """
    if holdout is not None and tags:
        raise typer.BadParameter("asks another question than --holdout: give one of them.", param_hint="--tags")
    opened = open_run(run)
    if holdout is not None:
        evaluate_holdout(
            opened,
            Questions(
                part=part,
                query=query,
                ks=ks,
                window=window,
                keep_query=keep_query,
                against=against,
                baselines=baselines,
                seed=seed,
                n_jobs=n_jobs,
            ),
            json=json,
        )
        return
    pairs, scores = _answered(opened, similarity or [], analogies, restrict, n_jobs)
    told = tag_qualities(opened, tags or [], n_jobs)
    if json:
        from firth.runs.answers import evaluation_document

        print_json(evaluation_document(opened.folder, opened.metrics, similarity=pairs, analogies=scores, tags=told))
        return
    if pairs:
        _print_similarity(pairs)
    if pairs and scores:
        answers().print()
    if scores:
        _print_analogies(scores)
    if (pairs or scores) and told:
        answers().print()
    print_tag_qualities(told)
    if not pairs and not scores and not told:
        _print_metrics(opened)


def _answered(
    run: Run, similarity: Sequence[Path], analogies: Path | None, restrict: int, n_jobs: int | None
) -> tuple[list[SimilarityResult], list[AnalogyResult]]:
    from firth import evaluation
    from firth.evaluation.analogy import METHODS
    from firth.progress import BarProgress

    sets = [evaluation.WordPairs.read(path) for path in similarity]
    questions = None if analogies is None else evaluation.AnalogyQuestions.read(analogies)
    pairs = [evaluation.similarity(run.vectors, one) for one in sets]
    if questions is None:
        return pairs, []
    options: dict[str, Any] = {"restrict": restrict, "n_jobs": n_jobs or "auto", "progress": BarProgress()}
    return pairs, [evaluation.analogies(run.vectors, questions, method=method, **options) for method in METHODS]


def _print_similarity(results: Sequence[SimilarityResult]) -> None:
    columns = ["similarity", "Spearman", "pairs", "unknown words", "coverage"]
    rows = [
        [
            key_text(result.name),
            _decimal(result.spearman),
            f"{result.n_pairs:,}",
            f"{result.n_oov:,}",
            f"{result.coverage:.0%}",
        ]
        for result in results
    ]
    answers().print(table(columns, rows, right=columns[1:], flexible=["similarity"]))
    for result in results:
        _print_bad_lines(result.name, result.n_bad_lines)


def _print_analogies(results: Sequence[AnalogyResult]) -> None:
    """Print one table with a column per method; what could be asked is the same for all."""
    first = results[0]
    columns = ["analogies", "questions", "unknown", "too rare", *(_METHODS[result.method] for result in results)]
    rows = [
        _row(key_text(name or "-"), score, [result.sections[name] for result in results])
        for name, score in first.sections.items()
    ]
    for name in ("semantic", "syntactic", "total"):
        scores: list[AnalogyScore] = [getattr(result, name) for result in results]
        rows.append([f"[bold]{cell}[/]" for cell in _row(name, scores[0], scores)])
    out = answers()
    out.print(table(columns, rows, right=columns[1:], flexible=["analogies"]))
    shares = ", ".join(f"{_METHODS[result.method]} {_decimal(result.total.accuracy_of_all)}" for result in results)
    out.print(
        f"[dim]accuracy over the {first.total.n_answered:,} questions that could be answered with the "
        f"{first.restrict:,} most frequent items; over all {first.total.n_questions:,}: {shares}[/]"
    )
    _print_bad_lines(first.name, first.n_bad_lines)


def _row(name: str, asked: AnalogyScore, scores: Sequence[AnalogyScore]) -> list[str]:
    counts = [f"{asked.n_questions:,}", f"{asked.n_oov:,}", f"{asked.n_outside:,}"]
    return [name, *counts, *(_decimal(score.accuracy) for score in scores)]


def _print_metrics(run: Run) -> None:
    """Print what was measured when the run was made."""
    rows = [
        [name, f"{run.metrics[key]:.3f}", ""]
        for key, name in (("loss", "loss while training"), ("heldout_loss", "loss on held-out pairs"))
        if run.metrics.get(key) is not None
    ]
    for one in run.metrics.get("agreement", []):
        what = "share with a {} in common" if one["kind"] == "category" else "difference of {}"
        name = f"{what.format(key_text(one['name']))}, {one['k']} nearest"
        rows.append([name, f"{one['value']:.3f}", f"{one['chance']:.3f}"])
    if rows:
        answers().print(table(["measured", "value", "chance"], rows, right=["value", "chance"], flexible=["measured"]))
    else:
        answers().print("nothing was measured when this run was made; give --similarity or --analogies.")


def _print_bad_lines(name: str, n: int) -> None:
    if n:
        answers().print(f"[yellow]{key_text(name)}: {n:,} lines could not be read and were left out[/]")


def _decimal(number: float) -> str:
    return "[dim]-[/]" if number != number else f"{number:.3f}"
