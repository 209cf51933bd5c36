"""gensim: its KeyedVectors as objects, both ways, and the file of counts that goes beside word2vec's.

gensim's own files are pickles, which Firth neither writes nor reads: a pickle can run any code. What gensim reads
without one is word2vec's format with a vocabulary file beside it, lines ``key count``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from firth.arrays import Float64, Int64
from firth.errors import DataError, MissingExtraError, SourceError
from firth.files import atomic_path
from firth.vectors.formats import word2vec
from firth.vectors.vectors import Vectors

if TYPE_CHECKING:
    from gensim.models import KeyedVectors


def counts_path(path: Path) -> Path:
    """Return where the counts of a word2vec file lie."""
    return path.with_name(f"{path.name}.vocab")


def write(path: str | Path, vectors: Vectors) -> None:
    """Write word2vec text, and the counts, where they are known, in ``PATH.vocab``.

    Raises
    ------
    DataError
        If a file cannot hold a key. gensim splits lines of counts at any white space of Unicode.
    RunError
        If a file cannot be written.
    """
    target = Path(path)
    if vectors.counts is not None:
        lines = [_count_line(key, count) for key, count in zip(vectors.keys, vectors.counts.tolist(), strict=True)]
        with atomic_path(counts_path(target)) as temporary:
            temporary.write_bytes(b"".join(lines))
    word2vec.write(target, vectors)


def read_counts(path: Path, keys: list[str]) -> Int64:
    """Return the counts that a vocabulary file gives to ``keys``: (n_keys,) int64.

    Raises
    ------
    SourceError
        If a line is not ``key count``, or a key has no count.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror or error}.") from error
    counts: dict[str, int] = {}
    for number, line in enumerate(content.splitlines(), start=1):
        key, _, count = line.rstrip().rpartition(b" ")
        if not key or not count.isdigit():
            raise SourceError(f"{path}, line {number}: expected 'key count'; repair the file or move it away.")
        counts[word2vec.key_from_file(key, f"{path}, line {number}")] = int(count)
    missing = next((key for key in keys if key not in counts), None)
    if missing is not None:
        raise SourceError(f"{path} has no count for {missing[:80]!r}; repair the file or move it away.")
    return np.array([counts[key] for key in keys], dtype=np.int64)


def to_gensim(vectors: Vectors) -> KeyedVectors:
    """Return the vectors as gensim's ``KeyedVectors``; see :meth:`firth.Vectors.to_gensim`."""
    try:
        from gensim.models import KeyedVectors
    except ImportError:
        raise MissingExtraError("Vectors.to_gensim", "gensim", "interop") from None
    made = KeyedVectors(vectors.size, dtype=np.float32)
    made.add_vectors(vectors.keys, vectors.matrix)
    if vectors.counts is not None:
        made.expandos["count"] = vectors.counts.copy()
    return made


def from_gensim(source: Any) -> Vectors:  # noqa: ANN401 (gensim need not be installed)
    """Return the vectors of gensim's ``KeyedVectors`` or model; see :meth:`firth.Vectors.from_gensim`."""
    keyed = getattr(source, "wv", source)
    if not (hasattr(keyed, "index_to_key") and hasattr(keyed, "vectors")):
        raise DataError(f"from_gensim takes KeyedVectors or a model that has them as wv, got {type(source).__name__}.")
    keys = [str(key) for key in keyed.index_to_key]
    counts = _counts(keyed, len(keys))
    outputs, noise = (None, None) if keyed is source or counts is None else _prediction(source, counts)
    # Copied: gensim goes on training in place.
    return Vectors(keys, np.array(keyed.vectors[: len(keys)]), outputs=outputs, noise=noise, counts=counts)


def _counts(keyed: Any, n: int) -> Int64 | None:  # noqa: ANN401
    """Return the counts, or None where gensim has none, or only the n, n - 1, ... that it makes up when it loads."""
    counts = keyed.expandos.get("count")
    if counts is None or len(counts) < n:
        return None
    whole = np.asarray(counts[:n]).astype(np.int64)
    return None if np.array_equal(whole, np.arange(n, 0, -1)) else whole


def _prediction(model: Any, counts: Int64) -> tuple[Any, Float64 | None]:  # noqa: ANN401
    """Return output vectors and noise of a model that was trained with negative sampling, else None twice."""
    outputs = getattr(model, "syn1neg", None)
    if outputs is None or outputs.shape != model.wv.vectors.shape or getattr(model, "hs", 0):
        return None, None
    noise = counts.astype(np.float64) ** model.ns_exponent
    return np.array(outputs), noise / noise.sum()


def _count_line(key: str, count: int) -> bytes:
    content = word2vec.key_to_file(key)
    if len(content.decode().split()) != 1:
        raise DataError(
            f"gensim's vocabulary files cannot hold the key {key[:80]!r}: it has white space that gensim splits at; "
            "export as word2vec or parquet instead."
        )
    return content + f" {count}\n".encode()
