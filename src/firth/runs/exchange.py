"""Runs to other tools' files, and back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from firth.errors import OptionError, SourceError
from firth.runs import folder as files
from firth.runs.claiming import claim
from firth.runs.clusters import telling_attributes
from firth.runs.items import NO_CLUSTER, blank_items, cluster_names
from firth.runs.lineage import SourceHash, about_code
from firth.runs.record import Record
from firth.runs.run import Run
from firth.runs.typed import unknown
from firth.sources.origin import IN_MEMORY, origin_of_files
from firth.vectors.formats import gensim, layers, numpy, parquet, projector, word2vec
from firth.vectors.vectors import Vectors

if TYPE_CHECKING:
    import polars as pl

Format = Literal["word2vec", "word2vec-binary", "gensim", "glove", "fasttext", "parquet", "npy", "projector", "keras"]
FORMATS: tuple[Format, ...] = get_args(Format)


def export_run(run: Run, format: Format, path: str | Path) -> None:  # noqa: A002 (the word users know)
    """Write a run's vectors for another tool.

    Parameters
    ----------
    run
        The run.
    format
        ``word2vec`` or ``fasttext`` text, ``glove`` (the same without the first line), ``word2vec-binary``;
        ``gensim``, word2vec text with the counts in ``PATH.vocab``; ``parquet``, the items' table with a column
        ``vector``; ``npy``, the matrix with the keys in ``PATH.keys.json``; ``keras``, a model of one embedding layer
        with the keys likewise; ``projector``, a folder for TensorBoard. ``docs/formats.md`` says what each one loses.
    path
        The file, or the folder; files that exist are replaced.

    Raises
    ------
    OptionError
        If there is no such format.
    DataError
        If the format cannot hold a key.
    MissingExtraError
        If it takes a package that is not installed.
    RunError
        If a file cannot be written.
    """
    target = Path(path)
    if format not in FORMATS:
        raise OptionError(unknown("format", format, FORMATS))
    writers: dict[Format, Callable[[], None]] = {
        "word2vec": lambda: word2vec.write(target, run.vectors),
        "word2vec-binary": lambda: word2vec.write(target, run.vectors, binary=True),
        "gensim": lambda: gensim.write(target, run.vectors),
        "glove": lambda: word2vec.write(target, run.vectors, header=False),
        "fasttext": lambda: word2vec.write(target, run.vectors),
        "parquet": lambda: files.write_frame(target.parent, target.name, _with_vectors(run)),
        "npy": lambda: numpy.write(target, run.vectors),
        "projector": lambda: projector.write(target, run.vectors, _about_items(run)),
        "keras": lambda: layers.write_keras(target, run.vectors),
    }
    writers[format]()


def import_vectors(path: str | Path, *, out: str | Path) -> Run:
    """Return a run made of vectors that another tool trained, saved in a folder.

    Parameters
    ----------
    path
        A file in word2vec's text or binary format, or GloVe's or fastText's text format, with counts where a
        ``PATH.vocab`` lies beside it; a ``.npy`` matrix with ``PATH.keys.json`` beside it; or a ``.parquet`` table
        with columns ``key`` and ``vector``, whose other columns become attributes.
    out
        A new folder.

    Raises
    ------
    SourceError
        If the file is missing or not in one of these formats.
    RunError
        If the folder holds something else, or cannot be written.
    """
    origin = origin_of_files([Path(path)]) if Path(path).is_file() else IN_MEMORY
    vectors, items = _read(Path(path))
    folder = Path(out)
    claim(folder)
    with Record(folder.resolve().name, folder=folder) as record:
        record.document["source"] = {"path": str(path)}
        record.document["lineage"] = {"code": about_code(), "source": SourceHash(origin).result()}
        record.document["metrics"] = {"n_items": len(vectors)}
        record.end("complete")
        run = Run(vectors, items, _no_history(), record.document, folder)
        run.write_vectors()
        run.write_rest()
        return run


def _read(path: Path) -> tuple[Vectors, pl.DataFrame]:
    """Return vectors and items of a file, whose format its name or its content tells."""
    if path.suffix == ".parquet":
        vectors, table = parquet.read(path)
        attributes = [name for name in table.columns if name not in files.OWN_COLUMNS and _is_attribute(table[name])]
        return vectors, blank_items(vectors.keys, vectors.counts).hstack(table.select(attributes))
    if path.suffix == ".npy":
        vectors = numpy.read(path)
    else:
        _refuse_pickle(path)
        vectors = word2vec.read(path)
        beside = gensim.counts_path(path)
        if beside.exists():
            counts = gensim.read_counts(beside, vectors.keys)
            vectors = Vectors(vectors.keys, vectors.matrix, counts=counts)
    return vectors, blank_items(vectors.keys, vectors.counts)


def _is_attribute(column: pl.Series) -> bool:
    import polars as pl

    return column.dtype.is_numeric() or column.dtype in (pl.String, pl.List(pl.String))


def _refuse_pickle(path: Path) -> None:
    """Raise where a file is one of gensim's own, which are pickles."""
    if path.is_file():
        with path.open("rb") as file:
            first, protocol = file.read(2).ljust(2, b"\0")
        if first == 0x80 and 2 <= protocol <= 5:
            raise SourceError(
                f"{path} is a pickle, which can run any code and is never read. In gensim, save it with "
                "save_word2vec_format, or hand the object to firth.Vectors.from_gensim."
            )


def _about_items(run: Run) -> pl.DataFrame:
    """Return what is known of the items for a person to see: key, count, attributes, cluster by name."""
    import polars as pl

    about = run.items.select("key", "count", *telling_attributes(run.items))
    if "cluster" not in run.items.columns:
        return about
    names = [name or NO_CLUSTER for name in cluster_names(run.items["cluster"], run.clusters)]
    return about.with_columns(pl.Series("cluster", names, dtype=pl.String))


def _with_vectors(run: Run) -> pl.DataFrame:
    import polars as pl

    return run.items.with_columns(pl.Series("vector", run.vectors.matrix))


def _no_history() -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame(schema={"pairs": pl.Int64, "seconds": pl.Float64, "loss": pl.Float64})
