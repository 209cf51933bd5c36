"""Going on from a run with new data: known items begin where the run left them, new ones join, and none is dropped.

Items of the run that the new data does not mention are not trained. They come after the corpus's items, as they were.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from firth.corpus.corpus import Corpus
from firth.errors import OptionError
from firth.runs.items import blank_items
from firth.runs.run import Run, load_run
from firth.training import TrainOptions
from firth.training.setup import Start
from firth.vectors.vectors import Vectors

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, eq=False)
class Continuation:
    """A model that a training goes on from.

    Attributes
    ----------
    known
        The vectors it goes on from.
    items
        The table of their items; None where only vectors were given.
    start
        What training begins with.
    others
        (n_kept,) int64, rows of ``known`` whose items are not in the corpus.
    about
        What of it is written down, as plain values.
    """

    known: Vectors
    items: pl.DataFrame | None
    start: Start
    others: np.ndarray[Any, np.dtype[np.int64]]
    about: dict[str, Any]

    def extended(self, trained: Vectors) -> Vectors:
        """Return what was trained, followed by the items that are kept as they were; counts are added up."""
        known, others, rows = self.known, self.others, self.start.ids
        counts = np.zeros(len(known), np.int64) if known.counts is None else known.counts
        is_known = rows >= 0
        total = trained.counts.copy() if trained.counts is not None else np.zeros(len(trained), np.int64)
        total[is_known] += counts[rows[is_known]]
        noise = np.zeros(len(known), np.float32) if known.noise is None else known.noise
        new_noise = np.zeros(len(trained), np.float32) if trained.noise is None else trained.noise.copy()
        takes_old = is_known & (new_noise == 0)
        new_noise[takes_old] = noise[rows[takes_old]]
        keys = known.keys
        return Vectors(
            [*trained.keys, *(keys[other] for other in others)],
            np.vstack([trained.matrix, known.matrix[others]]),
            outputs=None if trained.outputs is None else np.vstack([trained.outputs, _outputs(known)[others]]),
            biases=None if trained.biases is None else np.append(trained.biases, _biases(known)[others]),
            noise=np.append(new_noise, noise[others]),
            counts=np.append(total, counts[others]),
        )

    def with_attributes(self, extended: Vectors, attributes: pl.DataFrame) -> pl.DataFrame:
        """Return the items' table of extended vectors: kept items have the attributes that they had, or none."""
        import polars as pl

        kept = []
        for column in attributes.get_columns():
            had = None if self.items is None or column.name not in self.items.columns else self.items[column.name]
            if had is not None and had.dtype == column.dtype:
                kept.append(had.gather(self.others))
            else:
                nothing: list[object] = [[] if isinstance(column.dtype, pl.List) else None] * len(self.others)
                kept.append(pl.Series(column.name, nothing, dtype=column.dtype))
        return blank_items(extended.keys, extended.counts).hstack(
            attributes.vstack(pl.DataFrame(kept)) if kept else pl.DataFrame()
        )


def continuation(
    start: Run | Vectors | str | Path, corpus: Corpus, options: TrainOptions, *, freeze: bool
) -> Continuation:
    """Return what a training on a corpus goes on from.

    Raises
    ------
    RunError
        If there is no such run.
    OptionError
        If the objective or ``tied`` does not fit what the run was trained with.
    """
    run = start if isinstance(start, Run) else None if isinstance(start, Vectors) else load_run(start)
    known = run.vectors if run is not None else start
    assert isinstance(known, Vectors)
    _check_fit(known, options)
    places = {key: place for place, key in enumerate(known.keys)}
    ids = np.array([places.get(key, -1) for key in corpus.vocabulary.keys], dtype=np.int32)
    others = np.setdiff1d(np.arange(len(known)), ids)
    has_outputs = _has_outputs(known)
    begin = Start(
        ids=ids,
        vectors=known.matrix,
        outputs=_outputs(known) if has_outputs else None,
        biases=known.biases,
        freeze=freeze,
    )
    about = {
        "run": str(run.folder) if run is not None and run.folder is not None else None,
        "freeze": freeze,
        "n_known": int((ids >= 0).sum()),
        "n_new": int((ids < 0).sum()),
        "n_kept": len(others),
        "has_outputs": has_outputs,
        "digest": begin.digest,
    }
    return Continuation(known, None if run is None else run.items, begin, others, about)


def _check_fit(known: Vectors, options: TrainOptions) -> None:
    if not _has_outputs(known):
        return
    has_biases = known.biases is not None
    if has_biases != (options.objective == "nce"):
        wanted = "'nce'" if has_biases else "'sgns' or 'cbow'"
        raise OptionError(
            f"objective must be {wanted}, as the outputs to go on from were trained so, got {options.objective!r}. The "
            "two mean different things by a score; to begin with the vectors alone, give firth.Vectors(keys, matrix)."
        )
    if options.tied and known.outputs is not None:
        raise OptionError(
            "tied must be false, as the run to go on from has outputs of its own, which would be lost, got true."
        )


def _has_outputs(known: Vectors) -> bool:
    """Return whether vectors predict; those with noise alone are tied, and are their own outputs."""
    return known.outputs is not None or known.noise is not None


def _outputs(known: Vectors) -> np.ndarray[Any, np.dtype[np.float32]]:
    if known.outputs is not None:
        return known.outputs
    return known.matrix if known.noise is not None else np.zeros_like(known.matrix)


def _biases(known: Vectors) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.zeros(len(known), np.float32) if known.biases is None else known.biases
