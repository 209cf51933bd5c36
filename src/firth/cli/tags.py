"""How well the neighbours tell the items' tags: a table for people, and what --json says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from firth.cli.terminal import answers, key_text, table

if TYPE_CHECKING:
    from firth.evaluation import TagQuality
    from firth.runs.run import Run

_DEFAULT = "tags"
_N_SHOWN = 20
_N_REPORTED = 6

TagsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--tags",
        metavar="[NAME]",
        help="How the nearest tell an item's tags, or another attribute of texts. May be repeated.",
        show_default=False,
    ),
]


class TagsCommand(TyperCommand):
    """A command whose --tags may stand alone, for the attribute ``tags``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 (typer keeps its context's type to itself)
        """Return the arguments that are left after parsing."""
        return super().parse_args(ctx, named_tags(args))


def named_tags(arguments: Sequence[str]) -> list[str]:
    """Return arguments in which a --tags that nothing but another option follows has its name.

    Examples
    --------
    >>> named_tags(["RUN", "--tags", "--json"]), named_tags(["RUN", "--tags", "genre"])
    (['RUN', '--tags', 'tags', '--json'], ['RUN', '--tags', 'genre'])
    """
    named: list[str] = []
    for place, word in enumerate(arguments):
        named.append(word)
        if word == "--tags" and (place + 1 == len(arguments) or arguments[place + 1].startswith("-")):
            named.append(_DEFAULT)
    return named


def tag_qualities(run: Run, names: Sequence[str], n_jobs: int | None) -> list[TagQuality]:
    """Return how well the neighbours tell each attribute."""
    return [run.tag_quality(name, n_jobs=n_jobs or "auto") for name in names]


def print_tag_qualities(qualities: Sequence[TagQuality]) -> None:
    """Print a table for each attribute."""
    for place, quality in enumerate(qualities):
        if place:
            answers().print()
        _print_one(quality)


def tag_lines(about: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a run's report says of its tags."""
    yield f"{about['n_tagged']:,} of {about['n_items']:,} items have any"
    for one in about["tags"][:_N_REPORTED]:
        values = f"purity [bold]{one['purity']:.2f}[/] (chance {one['chance']:.2f})"
        yield f"{key_text(one['tag'])}: {one['n_items']:,} items, {values}"
    if about.get("n_tags", 0) > _N_REPORTED:
        yield f"and {about['n_tags'] - _N_REPORTED:,} tags more: firth evaluate RUN --tags"


def _print_one(quality: TagQuality) -> None:
    name, shown = key_text(quality.name), quality.tags[:_N_SHOWN]
    right = ["items", "purity", "95 %", "chance", "F1", "balanced"]
    rows = [
        [
            key_text(one.tag),
            f"{one.n_items:,}",
            _decimal(one.purity),
            _interval(one.purity_interval),
            _decimal(one.chance),
            _decimal(one.f1),
            _decimal(one.balanced_accuracy),
        ]
        for one in shown
    ]
    out = answers()
    out.print(table([name, *right], rows, right=right, flexible=[name]))
    if len(quality.tags) > len(shown):
        out.print(f"[dim]and {len(quality.tags) - len(shown):,} others, all of them with --json[/]")
    judged = "" if quality.n_judged == quality.n_tagged else f", {quality.n_judged:,} of them judged"
    what = "the tag" if quality.is_single else "one of the tags"
    out.print(
        f"{what} guessed from the {quality.k} nearest: right for [bold]{quality.accuracy:.1%}[/] "
        f"({quality.accuracy_interval[0]:.1%} to {quality.accuracy_interval[1]:.1%}); always the most frequent: "
        f"{quality.majority:.1%}; another item's: {quality.prior:.1%}"
    )
    out.print(
        f"[dim]of {quality.n_items:,} items {quality.n_tagged:,} have {name}{judged}; the others neither ask nor "
        "answer. purity: share of the nearest that have the tag too; F1 has the same chance; balanced accuracy 0.5[/]"
    )


def _interval(ends: tuple[float, float]) -> str:
    return "[dim]-[/]" if ends[0] != ends[0] else f"{ends[0]:.2f}-{ends[1]:.2f}"


def _decimal(number: float) -> str:
    return "[dim]-[/]" if number != number else f"{number:.2f}"
