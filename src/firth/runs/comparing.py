"""Comparing two runs: which items moved, whose neighbours changed, and how sure it is that this is more than chance.

Neighbours are compared in each run's own vectors, among the items that both have, so no alignment bears on them.
Movement is what is left after one run's vectors were rotated onto the other's. Both differ already between two
trainings of the same data, so how much chance does is measured by twins (``twins.py``), item by item
(``evaluation/chance.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from firth.arrays import Bool, Float32, Float64, Int32, Int64
from firth.errors import OptionError, RunError
from firth.evaluation.chance import arcsine, false_discovery_rates, fewest, surprise
from firth.progress import Progress, SilentProgress
from firth.runs.comparison import Chance, Comparison
from firth.runs.differences import compare_maps, has_same_data, metrics_of_both, options_that_differ, same_items
from firth.runs.mapper import Mapper
from firth.runs.twins import train_twins
from firth.vectors.alignment import align
from firth.vectors.neighbors import top_k

if TYPE_CHECKING:
    import polars as pl

    from firth.corpus.corpus import Corpus
    from firth.runs.run import Run

_BLOCK = 1 << 14  # items whose neighbours are compared at once
_STILL = 1e-4  # movement below which a difference of movements means nothing; added before logarithms


class _Changes(NamedTuple):
    """What changed of each shared item: how far it moved, and how many neighbours it kept."""

    moved: Float32
    kept: Int64


def compare_runs(
    a: Run,
    b: Run,
    *,
    k: int = 10,
    twins: int | Sequence[Run] = 0,
    fdr: float = 0.05,
    corpus: Corpus | None = None,
    progress: Progress | None = None,
    n_jobs: int | Literal["auto"] = "auto",
    mapper: Mapper | None = None,
) -> Comparison:
    """Return what changed from one run to another, over the items that both have.

    Parameters
    ----------
    a, b
        The earlier and the later run. Their vector sizes may differ.
    k
        How many neighbours of each item are compared, >= 1.
    twins
        By what chance is measured: how many twins of ``a`` are trained for it, from its recipe with other seeds (2 or
        more; 3 do); or runs that differ from ``a`` by chance alone, at least two, such as trainings with other seeds,
        or of other samples of the same data. 0: chance is unknown, and nothing is said to have changed.
    fdr
        The share of chance, at most, that is expected among the items that are said to have changed, between 0 and 1.
    corpus
        What ``a`` was trained on, for training twins of a run that was made step by step; None: its recipe's source.
    progress
        Who hears how far it is; None: nobody.
    n_jobs
        Threads.
    mapper
        Has twins trained, with threads of its own; None: in this process.

    Raises
    ------
    RunError
        If the runs have no item in common, twins lack some of the shared items or are ``a`` itself, or no twins can be
        trained because it is not known how ``a`` was, or its data changed.
    OptionError
        If an option is outside its range.

    Notes
    -----
    O(n_shared ** 2 * size) time for the neighbours of each run, exactly; twins cost a training each. Same bytes for any
    ``n_jobs``. See :mod:`firth.evaluation.chance` for what the confidence rests on.
    """
    _check(k, twins, fdr)
    ids_a, ids_b = same_items(a, b)
    if not len(ids_a):
        raise RunError(f"{a.name} and {b.name} have no item in common, so there is nothing to compare.")
    rows_a, rows_b = a.vectors.normalised[ids_a], b.vectors.normalised[ids_b]
    is_identical = rows_a.shape == rows_b.shape and bool(np.array_equal(rows_a, rows_b))
    others = [] if is_identical else _twins(a, b, twins, corpus, progress, n_jobs, mapper)
    keys = a.vectors.keys
    shared = [keys[i] for i in ids_a]
    by_chance = []
    with (progress or SilentProgress()).task("comparing", total=len(others) + 3) as task:
        near_a = _nearest(rows_a, k, n_jobs)
        task.update(1, text=f"neighbours in {a.name}")
        near_b = _nearest(rows_b, k, n_jobs)
        task.update(2, text=f"neighbours in {b.name}")
        changes = _Changes(align(rows_a, rows_b).distances, _common(near_a, near_b))
        task.update(3)
        for done, twin in enumerate(others, start=4):
            rows = _rows_of(twin, shared, rows_a, a)
            by_chance.append(_Changes(align(rows_a, rows).distances, _common(near_a, _nearest(rows, k, n_jobs))))
            task.update(done, text=f"{a.name} with its twins")
    counts = [run.vectors.counts for run in (a, b)]
    frame = _frame(shared, changes, by_chance, counts[0], ids_a, fdr=fdr, n_near=near_a.shape[1])
    frame = _with_neighbors(frame, shared, near_a, near_b, counts, (ids_a, ids_b))
    return Comparison(
        a=a.name,
        b=b.name,
        k=near_a.shape[1],
        items=_sorted(frame),
        departed=_only(a, ids_a),
        arrived=_only(b, ids_b),
        is_identical=is_identical,
        is_same_data=has_same_data(a, b),
        options=tuple(options_that_differ(a, b)),
        metrics=tuple(metrics_of_both(a, b)),
        maps=compare_maps(a, b, ids_a, ids_b),
        chance=_about_chance(others, isinstance(twins, int), fdr, len(shared)) if others else None,
    )


def _check(k: int, twins: int | Sequence[Run], fdr: float) -> None:
    if k < 1:
        raise OptionError(f"k must be >= 1, got {k}.")
    if not 0 < fdr < 1:
        raise OptionError(f"fdr must be between 0 and 1, got {fdr:g}.")
    n = twins if isinstance(twins, int) else len(twins)
    if n < 0 or n == 1:
        raise OptionError(f"twins must be 0 (chance is unknown) or at least 2, as one tells no spread, got {n}.")


def _twins(
    a: Run,
    b: Run,
    twins: int | Sequence[Run],
    corpus: Corpus | None,
    progress: Progress | None,
    n_jobs: int | Literal["auto"],
    mapper: Mapper | None,
) -> list[Run]:
    if not isinstance(twins, int):
        return list(twins)
    if twins == 0:
        return []
    return train_twins(a, twins, corpus=corpus, avoid={b.seed}, progress=progress, n_jobs=n_jobs, mapper=mapper)


def _rows_of(twin: Run, shared: list[str], rows_a: Float32, a: Run) -> Float32:
    """Return a twin's rows of the shared items."""
    missing = [key for key in shared if key not in twin.vectors.vocabulary]
    if missing:
        raise RunError(
            f"{twin.name} is no twin of {a.name}: it lacks {len(missing):,} of the shared items, such as "
            f"{missing[0]!r}. "
            "A twin is a training of the same data."
        )
    rows: Float32 = twin.vectors.normalised[twin.vectors.vocabulary.ids(shared)]
    if np.array_equal(rows, rows_a):
        raise RunError(f"{twin.name} has the vectors of {a.name} itself, so it says nothing of chance.")
    return rows


def _nearest(rows: Float32, k: int, n_jobs: int | Literal["auto"]) -> Int32:
    return top_k(rows, rows, k=k, exclude=np.arange(len(rows)), n_jobs=n_jobs)[0]


def _common(one: Int32, other: Int32) -> Int64:
    """Return how many ids each row of one table has in common with the same row of the other: (n,) int64."""
    counts = np.zeros(len(one), dtype=np.int64)
    for start in range(0, len(one), _BLOCK):
        pairs: Bool = one[start : start + _BLOCK, :, None] == other[start : start + _BLOCK, None, :]
        counts[start : start + _BLOCK] = pairs.any(axis=2).sum(axis=1)
    return counts


def _frame(
    shared: list[str],
    changes: _Changes,
    by_chance: list[_Changes],
    counts: Int64 | None,
    ids: Int64,
    *,
    fdr: float,
    n_near: int,
) -> pl.DataFrame:
    """Return the numbers of each shared item, those of chance null where there are no twins."""
    import polars as pl

    jaccard = changes.kept / np.maximum(1, 2 * n_near - changes.kept)
    frame = pl.DataFrame(
        {
            "key": pl.Series(shared, dtype=pl.String),
            "moved": changes.moved,
            "kept": changes.kept,
            "jaccard": jaccard.astype(np.float32),
        }
    )
    names = ("moved_by_chance", "kept_by_chance", "score", "p_moved", "fdr_moved", "p_neighbors", "fdr_neighbors")
    flags = ("has_moved", "has_new_neighbors")
    if not by_chance:
        unknown = [pl.lit(None, dtype=pl.Float64).alias(name) for name in names]
        return frame.with_columns(*unknown, *(pl.lit(None, dtype=pl.Boolean).alias(name) for name in flags))
    by = None if counts is None else counts[ids]
    moved = np.stack([twin.moved for twin in by_chance]).astype(np.float64)
    kept = np.stack([twin.kept for twin in by_chance])
    far = surprise(_log(changes.moved), _log(moved), by=by)
    new = surprise(arcsine(n_near - changes.kept, n_near), arcsine(n_near - kept, n_near), by=by)
    rates = [false_discovery_rates(each.p) for each in (far, new)]
    values = (moved.mean(axis=0), kept.mean(axis=0), far.scores, far.p, rates[0], new.p, rates[1])
    return frame.with_columns(
        *(pl.Series(name, value) for name, value in zip(names, values, strict=True)),
        *(pl.Series(name, rate <= fdr) for name, rate in zip(flags, rates, strict=True)),
    )


def _log(moved: Float32 | Float64) -> Float64:
    logarithms: Float64 = np.log(np.asarray(moved, dtype=np.float64) + _STILL)
    return logarithms


def _with_neighbors(
    frame: pl.DataFrame,
    shared: list[str],
    near_a: Int32,
    near_b: Int32,
    counts: Sequence[Int64 | None],
    ids: tuple[Int64, Int64],
) -> pl.DataFrame:
    """Return the frame with each item's counts and the keys of its neighbours, in their places."""
    import polars as pl

    def keys(near: Int32) -> pl.Series:
        names = pl.Series(shared, dtype=pl.String).gather(near.reshape(-1))
        return pl.Series([[]] * len(near), dtype=pl.List(pl.String)) if not near.size else names.reshape(near.shape)

    def count(which: int) -> pl.Series:
        known = counts[which]
        values = [None] * len(shared) if known is None else known[ids[which]]
        return pl.Series(values, dtype=pl.Int64)

    before = [pl.Series("count_a", count(0)), pl.Series("count_b", count(1))]
    near = [
        pl.Series(name, keys(table)).cast(pl.List(pl.String))
        for name, table in (("neighbors_a", near_a), ("neighbors_b", near_b))
    ]
    first, rest = ["key"], [name for name in frame.columns if name not in ("key", "moved", "kept", "jaccard")]
    own = ["count_a", "count_b", "moved", "kept", "jaccard", "neighbors_a", "neighbors_b"]
    return frame.with_columns(*before, *near).select(*first, *own, *rest)


def _sorted(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the items in the order of how much they changed: beyond chance where that is known."""
    return frame.sort("score", "moved", "kept", descending=[True, True, False], nulls_last=True, maintain_order=True)


def _only(run: Run, ids: Int64) -> tuple[str, ...]:
    """Return the keys of the items that are not among these."""
    shared = set(ids.tolist())
    return tuple(key for i, key in enumerate(run.vectors.keys) if i not in shared)


def _about_chance(others: Sequence[Run], is_trained: bool, fdr: float, n_shared: int) -> Chance:
    return Chance(
        n_twins=len(others),
        seeds=tuple(twin.seed for twin in others),
        is_trained=is_trained,
        fdr=fdr,
        fewest=fewest(n_shared, len(others), fdr),
    )
