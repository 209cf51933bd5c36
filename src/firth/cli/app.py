"""The app: every command in its place, and the options that come before them."""

from __future__ import annotations

from typing import Annotated

import typer

from firth.cli import (
    cache,
    cluster,
    clusters,
    confidence,
    duplicates,
    evaluate,
    exchange,
    making,
    maps,
    pictures,
    questions,
    search,
    serve,
    shelf,
    tags,
    tuning,
)
from firth.cli.errors import Group

app = typer.Typer(
    name="firth",
    cls=Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)

_MAKE, _ASK, _SHOW, _KEEP = "Make a run", "Ask it", "Look at it", "Keep it"


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"firth {version('firth')}")
        raise typer.Exit


@app.callback(epilog="Example: firth demo, then firth neighbors movielens-1 'Toy Story'")
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of a failure.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Things that appear together become vectors, and vectors become something a person can use.

    Answers go to standard output, progress and errors to standard error. The exit status is 0, or 1 for a failure
    that the message explains, or 2 for wrong usage.
    """


app.command("run", rich_help_panel=_MAKE, epilog=making.RUN_EXAMPLE)(making.run)
app.command("demo", rich_help_panel=_MAKE, epilog=making.DEMO_EXAMPLE)(making.demo)
app.command("tune", rich_help_panel=_MAKE, epilog=tuning.TUNE_EXAMPLE)(tuning.tune)
app.command("import", rich_help_panel=_MAKE, epilog=exchange.IMPORT_EXAMPLE)(exchange.import_)
app.command("search", rich_help_panel=_ASK, epilog=search.SEARCH_EXAMPLE)(search.search)
app.command("neighbors", rich_help_panel=_ASK, epilog=questions.NEIGHBORS_EXAMPLE)(questions.neighbors)
app.command("recommend", rich_help_panel=_ASK, epilog=questions.RECOMMEND_EXAMPLE)(questions.recommend)
app.command("arithmetic", rich_help_panel=_ASK, cls=questions.TermsCommand, epilog=questions.ARITHMETIC_EXAMPLE)(
    questions.arithmetic
)
app.command("clusters", rich_help_panel=_ASK, epilog=clusters.CLUSTERS_EXAMPLE)(clusters.clusters)
app.command("evaluate", rich_help_panel=_ASK, cls=tags.TagsCommand, epilog=evaluate.EVALUATE_EXAMPLE)(evaluate.evaluate)
app.command("duplicates", rich_help_panel=_ASK, epilog=duplicates.DUPLICATES_EXAMPLE)(duplicates.duplicates)
app.command("confidence", rich_help_panel=_ASK, epilog=confidence.CONFIDENCE_EXAMPLE)(confidence.confidence)
app.command("serve", rich_help_panel=_SHOW, epilog=serve.SERVE_EXAMPLE)(serve.serve)
app.command("map", rich_help_panel=_SHOW, epilog=maps.MAP_EXAMPLE)(maps.map_)
app.command("plot", rich_help_panel=_SHOW, epilog=pictures.PLOT_EXAMPLE)(pictures.plot)
app.command("export", rich_help_panel=_KEEP, epilog=exchange.EXPORT_EXAMPLE)(exchange.export)
app.add_typer(shelf.app, name="runs", rich_help_panel=_KEEP)
app.add_typer(cache.app, name="cache", rich_help_panel=_KEEP)
app.add_typer(cluster.app, name="cluster", rich_help_panel=_KEEP)
