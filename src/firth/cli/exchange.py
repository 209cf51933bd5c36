"""Vectors in and out: other tools' files become runs, runs become other tools' files."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from firth.cli.arguments import JsonOption, RunArgument, open_run
from firth.cli.errors import note
from firth.cli.terminal import answers, print_json

if TYPE_CHECKING:
    from firth.runs import delivery, exchange
    from firth.vectors.stores.store import Delivered

IMPORT_EXAMPLE = "Example: firth import glove.6B.50d.txt --out runs/glove"
EXPORT_EXAMPLE = "Example: firth export runs/bands-1 --format word2vec -o bands.txt"

_STORES = ("lancedb", "qdrant", "usearch", "pgvector")
_GOOD = 0.95  # of the exact neighbours; a store that finds fewer is worth a word


class Format(StrEnum):
    """What a run can be exported as."""

    word2vec = "word2vec"
    word2vec_binary = "word2vec-binary"
    gensim = "gensim"
    glove = "glove"
    fasttext = "fasttext"
    parquet = "parquet"
    npy = "npy"
    projector = "projector"
    keras = "keras"
    html = "html"
    lancedb = "lancedb"
    qdrant = "qdrant"
    usearch = "usearch"
    pgvector = "pgvector"


def import_(
    vectors: Annotated[
        Path,
        typer.Argument(
            metavar="VECTORS",
            help="A file of word2vec, GloVe or fastText, text or binary; .npy; or .parquet.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="A new folder for the run.", show_default=False)],
    json: JsonOption = False,
) -> None:
    """Make a run from vectors that another tool trained.

    Every question that needs no more than vectors works on it. Counts are read from VECTORS.vocab, the keys of a .npy
    from VECTORS.keys.json; a .parquet has columns key and vector, and others that become attributes.
    """
    from firth.runs.exchange import import_vectors

    run = import_vectors(vectors, out=out)
    n_items, vector_size = run.vectors.matrix.shape
    if json:
        print_json({"run": run.folder, **run.document})
    else:
        answers().print(
            f"{n_items:,} vectors of {vector_size} dimensions in {run.folder}", markup=False, soft_wrap=True
        )


def export(
    run: RunArgument,
    format: Annotated[  # noqa: A002 (the option's name is the contract's)
        Format,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="word2vec, word2vec-binary, gensim, glove, fasttext, parquet, npy, projector, keras or html; "
            "lancedb, qdrant, usearch or pgvector.",
            show_default=False,
        ),
    ],
    out: Annotated[
        str,
        typer.Option(
            "-o",
            "--out",
            metavar="PATH",
            help="The file to write, for projector the folder, for html either; for a store its folder, file or URI.",
            show_default=False,
        ),
    ],
    table: Annotated[
        str | None,
        typer.Option("--table", metavar="NAME", help="Of the store; replaced if there.", show_default="items"),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Write the vectors for another tool, a page that shows the run, or a vector store.

    Rows are in the order of items.parquet. word2vec, glove and fasttext are text; gensim is word2vec text with the
    counts beside it; parquet holds items and vectors; npy and keras have the keys beside them; projector is a folder
    for TensorBoard. docs/formats.md says what each holds and loses.

    html is the page of firth serve with its data inside: one file that opens from disk, with no server and no network.
    Above 25 MB, its data lies in the folder NAME_files beside NAME.html.

    lancedb (a folder), qdrant (a server or a folder), usearch (a file) and pgvector (a PostgreSQL URI) are asked
    afterwards for what is known exactly, and the share that they find is told: docs/stores.md.
    """
    from firth.progress import BarProgress

    if table is not None and format.value not in ("lancedb", "qdrant", "pgvector"):
        raise typer.BadParameter("goes with lancedb, qdrant and pgvector.", param_hint="--table")
    opened = open_run(run)
    if format.value in _STORES:
        from firth.runs.delivery import TABLE, deliver_run

        kind = cast("delivery.Kind", format.value)
        _print_delivered(deliver_run(opened, kind, out, table=table or TABLE, progress=BarProgress()), json=json)
        return
    path = Path(out)
    if format is Format.html:
        from firth.explorer.page import write_page

        path = write_page(opened, path, progress=BarProgress())
    else:
        from firth.runs.exchange import export_run

        export_run(opened, cast("exchange.Format", format.value), path)
    if json:
        print_json({"run": opened.folder, "format": format.value, "path": path})
    else:
        answers().print(f"{path}", markup=False, soft_wrap=True)


def _print_delivered(delivered: Delivered, *, json: bool) -> None:
    if json:
        print_json(delivered.to_dict())
        return
    out = answers()
    out.print(f"{delivered.target}", markup=False, soft_wrap=True)
    out.print(
        f"{delivered.n_items:,} items in {delivered.seconds:.1f} s; [bold]{delivered.recall:.3f}[/] of the exact "
        f"{delivered.k} nearest of {delivered.n_asked} items are found, {delivered.ask_ms:.1f} ms a question"
    )
    if delivered.recall < _GOOD:
        note(f"the store finds less than {_GOOD:.0%} of the exact neighbours: its index may be tuned, or left out.")
