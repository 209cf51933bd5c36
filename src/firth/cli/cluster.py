"""A cluster of Ray as it is: its machines, and what would keep them from working."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from firth.cli.arguments import JsonOption
from firth.cli.errors import note, show
from firth.cli.terminal import answers, key_text, print_json, table
from firth.progress import si

if TYPE_CHECKING:
    from firth.cluster.checks import Node

app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help="Look at a cluster of Ray.")


@app.command("status", epilog="Example: firth cluster status ray://head:10001")
def status(
    address: Annotated[
        str, typer.Argument(metavar="[ADDRESS]", help="auto, local, ray://host:port or host:port.")
    ] = "auto",
    json: JsonOption = False,
) -> None:
    """Show the machines of a cluster, and what would keep them from working together.

    Every machine needs the same versions of Firth, NumPy and polars, the same minor version of Python, a kernel that
    calculates alike, and an object store of 64 MiB; else the exit status is 1. Without a cluster on this machine, auto
    shows what one would be.
    """
    from firth.cluster.checks import problems, remarks
    from firth.cluster.connection import joined, look_at
    from firth.errors import OptionError

    try:
        with joined(address) as ray:
            own, nodes = look_at(ray)
    except OptionError as error:
        raise typer.BadParameter(str(error), param_hint="ADDRESS") from error
    wrong, said = list(problems(own, nodes)), list(remarks(nodes))
    if json:
        shown = [{**vars(node), "facts": dict(node.facts)} for node in nodes]
        print_json({"address": address, "nodes": shown, "problems": wrong, "remarks": said})
    else:
        _print_nodes(nodes)
        for line in said:
            note(line)
        for line in wrong:
            show(line)
    if wrong:
        raise typer.Exit(1)


def _print_nodes(nodes: Sequence[Node]) -> None:
    rows = []
    for node in nodes:
        versions = [node.facts["versions"][package] or "none" for package in ("firth", "numpy", "polars")]
        sizes = [f"{si(size)}B" for size in (node.memory_bytes, node.store_bytes)]
        kernel, clock = node.facts["variant"] or "none", f"{node.skew_s:+.1f} s"
        cells = [node.address, node.id[:8], f"{node.n_cpus:,}", *sizes, *versions, node.facts["python"], kernel, clock]
        rows.append([key_text(cell) for cell in cells])
    right = ["CPUs", "memory", "store", "clock"]
    columns = ["machine", "node", "CPUs", "memory", "store", "firth", "numpy", "polars", "python", "kernel", "clock"]
    answers().print(table(columns, rows, right=right, flexible=["machine"]))
    n_cpus = sum(node.n_cpus for node in nodes)
    answers().print(f"{n_cpus:,} CPUs on {len(nodes):,} machine{'s' * (len(nodes) != 1)}")
