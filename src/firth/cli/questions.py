"""Questions to a run: what is like it, what goes with it, what does a sum of items give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from firth.cli.arguments import JsonOption, KOption, RunArgument, open_run
from firth.cli.confidence import Shown
from firth.cli.items import about_item, found_table
from firth.cli.terminal import answers, key_text, print_json

if TYPE_CHECKING:
    from firth.runs.run import Run
    from firth.vectors.recommender import Answer

NEIGHBORS_EXAMPLE = "Example: firth neighbors runs/bands-1 radiohead -k 5"
RECOMMEND_EXAMPLE = "Example: firth recommend runs/bands-1 coil swans"
ARITHMETIC_EXAMPLE = 'Example: firth arithmetic runs/bands-1 --plus coil --minus "elder ones"'


class TermsCommand(TyperCommand):
    """A command whose --plus and --minus take several keys at once: ``RUN --plus a b --minus c``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 (typer keeps its context's type to itself)
        """Return the arguments that are left after parsing."""
        return super().parse_args(ctx, spread_terms(args))


def spread_terms(arguments: list[str]) -> list[str]:
    """Return arguments in which each key after --plus or --minus has the option before it.

    Only once RUN has been given: before that, a word after ``--plus KEY`` is the RUN.
    """
    spread: list[str] = []
    option, has_run, takes_value = "", False, False
    for word in arguments:
        if takes_value:
            takes_value = False
        elif word in ("--plus", "--minus"):
            option, takes_value = word, True
        elif word.startswith("-"):
            option, takes_value = "", word in ("-k", "--k")
        elif has_run and option:
            spread.append(option)
        else:
            has_run = True
        spread.append(word)
    return spread


def neighbors(
    run: RunArgument,
    key: Annotated[str, typer.Argument(metavar="KEY", help="An item's key.", show_default=False)],
    k: KOption = 10,
    confidence: Annotated[
        bool, typer.Option("--confidence", help="Show how often each recurs in other trainings (firth confidence).")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Show what is most like an item.

    The ranking is by the cosine of the vectors. What goes with it is another question: firth recommend.
    """
    opened = open_run(run)
    found = opened.vectors.most_similar(key, k=k)
    shown = Shown(opened, key, found) if confidence else None
    _answer(opened, found, query={"key": key}, heading=key, json=json, shown=shown)


def recommend(
    run: RunArgument,
    keys: Annotated[list[str], typer.Argument(metavar="KEY...", help="Items' keys.", show_default=False)],
    k: KOption = 10,
    json: JsonOption = False,
) -> None:
    """Show what goes with some items, as the model itself predicts it.

    Neighbors are items like these: they appear in the same company. Recommended are the items that appear together
    with these, and are often not like them at all. A prediction is a logarithm: 1 more is 2.7 times as likely; only
    differences within one answer have a meaning. Several items are averaged and left out of the answer.

    A recipe's `[recommend]` may join the prediction with counts, let the last items count more, and say what is
    answered when no item is known.
    """
    opened = open_run(run)
    recommender = opened.recommender
    answer = recommender.recommend(keys, k=k)
    if json:
        from firth.runs.answers import recommend_document

        found = _documents(opened, answer.found, measure="prediction")
        print_json(recommend_document(opened.folder, keys, recommender, answer, found))
        return
    out = answers()
    out.print(f"[bold]{key_text(' + '.join(keys))}[/]")
    if len(keys) == 1 and not answer.unknown:
        out.print(f"[dim]{about_item(opened.items, keys[0])}[/]")
    if answer.unknown:
        out.print(f"[yellow]{_about_unknown(answer)}[/]")
    out.print(found_table(opened.items, answer.found, measure="prediction"))


def _about_unknown(answer: Answer) -> str:
    """Return what became of the keys that are no items."""
    names = ", ".join(map(key_text, answer.unknown[:3])) + (", ..." if len(answer.unknown) > 3 else "")
    if answer.by == "items":
        return f"passed over, as no item: {names}"
    if answer.by == "group":
        return f"no item: {names}; answered from the items of {', '.join(map(key_text, answer.groups[:3]))}"
    return f"no item: {names}; what occurs most is the answer"


def arithmetic(
    run: RunArgument,
    plus: Annotated[
        list[str] | None, typer.Option("--plus", metavar="KEY...", help="Items to add.", show_default=False)
    ] = None,
    minus: Annotated[
        list[str] | None, typer.Option("--minus", metavar="KEY...", help="Items to subtract.", show_default=False)
    ] = None,
    k: KOption = 10,
    json: JsonOption = False,
) -> None:
    """Show what is nearest to a sum of items.

    Each term counts alike, whatever the length of its vector; the terms themselves are left out of the answer.

    Each of --plus and --minus takes several keys, or may be repeated. Give RUN first.
    """
    added, taken = plus or [], minus or []
    if not added and not taken:
        raise typer.BadParameter("give at least one key with --plus or --minus.")
    opened = open_run(run)
    found = opened.vectors.most_similar(plus=added, minus=taken, k=k)
    heading = " ".join([" + ".join(added), *(f"- {key}" for key in taken)]).strip()
    _answer(opened, found, query={"plus": added, "minus": taken}, heading=heading, json=json)


def _answer(
    run: Run,
    found: list[tuple[str, float]],
    *,
    query: dict[str, Any],
    heading: str,
    json: bool,
    shown: Shown | None = None,
) -> None:
    if json:
        from firth.runs.answers import neighbors_document

        confidence = None if shown is None else shown.known
        print_json(neighbors_document(run.folder, query, _documents(run, found), confidence=confidence))
        return
    out = answers()
    out.print(f"[bold]{key_text(heading)}[/]")
    if "key" in query:
        out.print(f"[dim]{about_item(run.items, query['key'])}[/]")
    out.print(found_table(run.items, found, recurs=None if shown is None else shown.cells))
    for line in [] if shown is None else shown.lines():
        out.print(line)


def _documents(run: Run, found: list[tuple[str, float]], *, measure: str = "cosine") -> list[dict[str, Any]]:
    """Return what a question found as JSON says it."""
    from firth.runs.answers import found_documents, item_documents

    rows = item_documents(run.items, run.vectors.vocabulary.ids([key for key, _ in found]))
    return found_documents(rows, [value for _, value in found], measure=measure)
