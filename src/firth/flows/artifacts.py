"""What flows leave behind: vectors that answer as gensim's do, whole runs as values, held-out sequences as a table.

Metaflow keeps artifacts by pickling them. These pickle as plain arrays, texts and bytes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from firth.arrays import Float32, Int64
from firth.corpus.encoded import Encoded
from firth.errors import RunError
from firth.runs import claiming
from firth.runs import folder as files
from firth.runs.run import Run
from firth.vectors.vectors import Vectors

if TYPE_CHECKING:
    import pandas as pd
    from gensim.models import KeyedVectors

_ARRAYS = ("outputs", "biases", "noise", "counts")


class FinalVectors:
    """Vectors under the names that gensim's ``KeyedVectors`` has for them.

    Parameters
    ----------
    vectors
        The vectors; :attr:`own` gives them back, with everything that Firth can ask of them.
    """

    def __init__(self, vectors: Vectors) -> None:
        self.own = vectors

    @property
    def index_to_key(self) -> list[str]:
        """Every key, by id: the most frequent first."""
        return self.own.keys

    @property
    def key_to_index(self) -> dict[str, int]:
        """The id of every key."""
        return {key: place for place, key in enumerate(self.own.keys)}

    @property
    def vectors(self) -> Float32:
        """The matrix: (n_items, vector_size) float32, read-only."""
        return self.own.matrix

    @property
    def vector_size(self) -> int:
        """Numbers per vector."""
        return self.own.size

    def __len__(self) -> int:
        return len(self.own)

    def __contains__(self, key: object) -> bool:
        return key in self.own

    def __getitem__(self, key: str | Sequence[str]) -> Float32:
        """Return a key's vector, (vector_size,) float32, or those of a list of keys, (n_keys, vector_size).

        Raises
        ------
        UnknownItemError
            If a key is not in the vocabulary.
        """
        if isinstance(key, str):
            return self.own[key]
        return self.own.matrix[self.own.vocabulary.ids(list(key))]

    def similarity(self, a: str, b: str) -> float:
        """Return the cosine of two items' vectors."""
        return self.own.similarity(a, b)

    def most_similar(
        self, positive: str | Sequence[str] = (), negative: str | Sequence[str] = (), *, topn: int = 10
    ) -> list[tuple[str, float]]:
        """Return the ``topn`` items nearest to a sum and difference of items, with their cosines, nearest first.

        Raises
        ------
        UnknownItemError
            If a key is not in the vocabulary.
        OptionError
            If nothing was asked for.
        """
        plus, minus = ([keys] if isinstance(keys, str) else list(keys) for keys in (positive, negative))
        return self.own.most_similar(plus=plus, minus=minus, k=topn)

    def to_gensim(self) -> KeyedVectors:
        """Return gensim's own ``KeyedVectors`` of the same keys and vectors.

        Raises
        ------
        MissingExtraError
            If gensim is not installed.
        """
        return self.own.to_gensim()

    def __getstate__(self) -> dict[str, Any]:
        arrays = {name: getattr(self.own, name) for name in _ARRAYS}
        return {"keys": self.own.keys, "matrix": self.own.matrix, **arrays}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.own = Vectors(state.pop("keys"), state.pop("matrix"), **state)

    def __repr__(self) -> str:
        return f"FinalVectors({len(self)} items, {self.vector_size} numbers each)"


@dataclass(frozen=True, eq=False)
class PackedRun:
    """A run folder as a value: what one step made on one machine is opened by another step on another.

    Parameters
    ----------
    name
        What the run is called.
    contents
        The bytes of each of its files, by their paths below the folder; no checkpoint.
    """

    name: str
    contents: Mapping[str, bytes]

    @classmethod
    def of(cls, run: Run) -> PackedRun:
        """Return a run that was saved, packed.

        Raises
        ------
        RunError
            If the run is in memory only.
        """
        if run.folder is None:
            raise RunError("a run that was made in memory has no folder to pack; save it first.")
        paths = sorted(path for path in run.folder.rglob("*") if path.is_file())
        names = {path.relative_to(run.folder).as_posix(): path for path in paths}
        kept = {
            name: path.read_bytes()
            for name, path in names.items()
            if not files.is_partial(path.name) and not name.startswith(f"{files.CHECKPOINT}/")
        }
        return cls(run.name, kept)

    @property
    def size_bytes(self) -> int:
        """What the files take."""
        return sum(map(len, self.contents.values()))

    def unpack(self, folder: str | Path, *, replace: bool = False) -> Run:
        """Return the run in a new folder.

        Raises
        ------
        RunError
            If the folder holds something else, or cannot be written.
        """
        target = Path(folder)
        claiming.claim(target, replace=replace)
        for name, content in sorted(self.contents.items(), key=lambda entry: entry[0] == files.DOCUMENT):
            path = target / name  # run.json is written last, so that half a run is not taken for a whole one
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return Run.load(target)

    def load(self) -> Run:
        """Return the run, in a folder that the system may clear away."""
        return self.unpack(Path(tempfile.mkdtemp(prefix="firth-")) / self.name)

    def __repr__(self) -> str:
        return f"PackedRun({self.name!r}, {self.size_bytes:,} bytes)"


def sequences_table(source: Encoded, sequences: Int64, *, context: str, split: str) -> pd.DataFrame:
    """Return some sequences as a table, one row each.

    Parameters
    ----------
    source
        The sequences.
    sequences
        (n,) int64, which of them; each of at least two items.
    context
        The name of the ordered context that they are of.
    split
        The name of the part: ``"train"``, ``"validation"`` or ``"test"``.

    Returns
    -------
    pandas.DataFrame
        ``playlist_id``, the parts of the sequence's name joined by ``-``, the context standing for what it is part of
        where it has one part only (``user-playlist``, ``listened-playlist``);
        ``artist_sequence``, what each key has before its first hyphen between blanks;
        ``track_sequence``, the keys; ``track_test_x``, those before the last; ``track_test_y``, the last; ``split``.
    """
    import pandas as pd

    keys = np.array(source.keys, dtype=object)
    starts, ends = source.offsets[sequences].tolist(), source.offsets[sequences + 1].tolist()
    tracks = [keys[source.tokens[a:b]].tolist() for a, b in zip(starts, ends, strict=True)]
    numbers = sequences.tolist()
    names = [source.names[number] if source.names else str(number) for number in numbers]
    return pd.DataFrame(
        {
            "playlist_id": [name.replace("\x1f", "-") if "\x1f" in name else f"{context}-{name}" for name in names],
            "artist_sequence": [[key.partition(" - ")[0] for key in each] for each in tracks],
            "track_sequence": tracks,
            "track_test_x": [each[:-1] for each in tracks],
            "track_test_y": [each[-1] for each in tracks],
            "split": split,
        },
        index=pd.Index(numbers, name="sequence"),
    )


def with_predictions(table: pd.DataFrame, keys: Sequence[str], ids: npt.NDArray[np.int32]) -> pd.DataFrame:
    """Return a table of sequences with what was answered: ``predictions``, lists of keys, and ``hit``, 1 or 0.

    Parameters
    ----------
    keys
        Every item's key, by id.
    ids
        (n_rows, k) int32, the answers to each row, -1 where there are fewer.
    """
    predictions = [[keys[i] for i in row if i >= 0] for row in ids.tolist()]
    hits = [int(target in found) for target, found in zip(table["track_test_y"], predictions, strict=True)]
    return table.assign(predictions=predictions, hit=hits)
