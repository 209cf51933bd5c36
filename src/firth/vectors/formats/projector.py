"""TensorBoard's embedding projector: a folder with the vectors, what is known of the items, and a configuration.

``tensorboard --logdir FOLDER`` shows it, and so does the projector's page when its two tables are loaded there. A tab
or a line break in a value, which its tables cannot hold, becomes a visible symbol; nothing reads these files back.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from firth.errors import RunError
from firth.files import atomic_path, write_text
from firth.vectors.formats.word2vec import rows_as_text
from firth.vectors.vectors import Vectors

if TYPE_CHECKING:
    import polars as pl

TENSORS, METADATA, CONFIG = "tensors.tsv", "metadata.tsv", "projector_config.pbtxt"
_SYMBOLS = str.maketrans({"\t": "␉", "\n": "␊", "\r": "␍"})


def write(folder: str | Path, vectors: Vectors, about: pl.DataFrame) -> None:
    """Write a folder that the projector reads.

    Parameters
    ----------
    folder
        Where to; made if it is not there. Files of an earlier export are replaced.
    vectors
        The items.
    about
        A row per item, in the vectors' order, with at least two columns: the projector takes a single one to have no
        heading.

    Raises
    ------
    RunError
        If a file cannot be written.
    """
    target = Path(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"cannot make the folder {target}: {error.strerror}. Choose another.") from error
    with atomic_path(target / TENSORS) as temporary, temporary.open("wb") as file:
        file.writelines(numbers + b"\n" for numbers in rows_as_text(vectors.matrix, "\t"))
    lines = ["\t".join(_cell(name) for name in about.columns)]
    lines += ["\t".join(_cell(value) for value in row) for row in about.iter_rows()]
    write_text(target / METADATA, "\n".join(lines) + "\n")
    write_text(
        target / CONFIG,
        f'embeddings {{\n  tensor_name: "vectors"\n  tensor_path: "{TENSORS}"\n  metadata_path: "{METADATA}"\n}}\n',
    )


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return " · ".join(_cell(entry) for entry in value)
    return str(value).translate(_SYMBOLS)
