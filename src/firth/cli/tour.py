"""What a demo shows of its run after the report: a few neighbours, one sum, and what to try next."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from firth.cli.items import found_table
from firth.cli.terminal import answers

if TYPE_CHECKING:
    from firth.runs.run import Run


def print_tour(run: Run, name: str) -> None:
    """Print the answers to a demo's questions, each under the command that gives it."""
    from firth.runs.demo import DEMOS

    demo, out = DEMOS[name], answers()
    for key in demo.neighbors:
        out.print(f"[dim]firth neighbors {run.folder} {shlex.quote(key)} -k 5[/]", soft_wrap=True)
        out.print(found_table(run.items, run.vectors.most_similar(key, k=5)))
        out.print()
    words = ["--plus", *map(shlex.quote, demo.plus), "--minus", *map(shlex.quote, demo.minus)]
    out.print(f"[dim]firth arithmetic {run.folder} {' '.join(words)} -k 5[/]", soft_wrap=True)
    out.print(found_table(run.items, run.vectors.most_similar(plus=demo.plus, minus=demo.minus, k=5)))
    out.print()
    out.print(
        f"The map: {run.folder}/plots, or [bold]firth serve {run.folder} --open[/] to walk about in it.", soft_wrap=True
    )
    out.print("[bold]firth --help[/] shows what else to ask.")
