"""Vectors in and out: other tools' files become runs, runs become other tools' files."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from firth.cli.arguments import JsonOption, RunArgument, open_run
from firth.cli.terminal import answers, print_json

if TYPE_CHECKING:
    from firth.runs import exchange

IMPORT_EXAMPLE = "Example: firth import glove.6B.50d.txt --out runs/glove"
EXPORT_EXAMPLE = "Example: firth export runs/bands-1 --format word2vec -o bands.txt"


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
            help="word2vec, word2vec-binary, gensim, glove, fasttext, parquet, npy, projector, keras or html.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "-o",
            "--out",
            metavar="PATH",
            help="The file to write, for projector the folder; for html either.",
            show_default=False,
        ),
    ],
) -> None:
    """Write the vectors for another tool, or a page that shows the run.

    Rows are in the order of items.parquet. word2vec, glove and fasttext are text; gensim is word2vec text with the
    counts beside it; parquet holds items and vectors; npy and keras have the keys beside them; projector is a folder
    for TensorBoard. docs/formats.md says what each holds and loses.

    html is the page of firth serve with its data inside: one file that opens from disk, with no server and no network.
    Above 25 MB of data, PATH.html becomes the folder PATH.
    """
    opened = open_run(run)
    if format is Format.html:
        from firth.explorer.page import write_page
        from firth.progress import BarProgress

        out = write_page(opened, out, progress=BarProgress())
    else:
        from firth.runs.exchange import export_run

        export_run(opened, cast("exchange.Format", format.value), out)
    answers().print(f"{out}", markup=False, soft_wrap=True)
