"""Vectors on a plane by t-SNE: one narrow function around whichever engine is installed.

This is the only place that imports an engine: scikit-learn's Barnes-Hut t-SNE, or the same through
scikit-learn-intelex, which is about eight times as fast and imported by its own name, without patching scikit-learn.
The result says which one ran. It refuses data that is not finite and perplexities below 1.

References
----------
van der Maaten & Hinton (2008). Visualizing data using t-SNE. JMLR 9.
Belkina et al. (2019). Automated optimized parameters for t-SNE. Nature Communications 10.
Kobak & Berens (2019). The art of using t-SNE for single-cell transcriptomics. Nature Communications 10.
"""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from firth.arrays import Float32, Float64
from firth.errors import DataError, MissingExtraError, OptionError
from firth.progress import Progress, SilentProgress
from firth.threads import n_threads
from firth.vectors.neighbors import as_matrix, check_finite, normalised_rows

Engine = Literal["scikit-learn", "scikit-learn-intelex"]

_INITIAL_SD = 1e-4
_MIN_ITERATIONS = 250  # the engines' phase of early exaggeration
_PACKAGES = {"scikit-learn": "sklearn", "scikit-learn-intelex": "sklearnex"}


@dataclass(frozen=True, eq=False)
class Map:
    """Where each item lies on a plane.

    Parameters
    ----------
    xy
        (n_items, 2) float32, in no particular unit; only nearness means something.
    engine
        What made it, with its version: ``scikit-learn-intelex 2026.2.0``. ``principal components`` where t-SNE has
        nothing to do: up to three points, or all alike.
    kl
        The Kullback-Leibler divergence that t-SNE minimises, at the end; NaN for principal components.
    perplexity
        The perplexity used; less than asked for where there are too few items.
    seconds
        Wall time.
    """

    xy: Float32
    engine: str
    kl: float
    perplexity: float
    seconds: float


def tsne(
    matrix: npt.ArrayLike,
    *,
    perplexity: float = 30.0,
    n_iter: int = 500,
    seed: int = 1,
    engine: Literal["auto"] | Engine = "auto",
    progress: Progress | None = None,
    n_jobs: int | Literal["auto"] = "auto",
) -> Map:
    """Return each row's place on a plane, such that rows of similar direction lie near each other.

    Parameters
    ----------
    matrix
        (n_items, size) finite numbers. Rows are normalised first, so nearness is by cosine.
    perplexity
        About how many neighbours count for each item, >= 1. Lowered to (n_items - 1) / 3 where there are too few.
    n_iter
        Steps, >= 250, of which 250 exaggerate.
    seed
        0 <= seed < 2**32. The start is the first two principal components, so it hardly matters.
    engine
        "auto" takes scikit-learn-intelex where it is installed.
    progress
        Hears that the map is being made; the engines do not say how far they are.
    n_jobs
        Threads.

    Raises
    ------
    OptionError
        If an option is outside its range.
    DataError
        If the matrix is not finite.
    MissingExtraError
        If the engine is not installed.

    Notes
    -----
    About O(n_items log n_items) a step; 8,715 x 64 with 500 steps takes 2 s with scikit-learn-intelex and 15 s with
    scikit-learn on two processors. The learning rate is that of Belkina et al., n_items / 12 in their scale.
    """
    if not (np.isfinite(perplexity) and perplexity >= 1):
        raise OptionError(f"perplexity must be >= 1, got {perplexity:g}.")
    if n_iter < _MIN_ITERATIONS:
        raise OptionError(f"n_iter must be >= {_MIN_ITERATIONS}, got {n_iter}.")
    if not 0 <= seed < 2**32:
        raise OptionError(f"seed must be from 0 to 2**32 - 1, got {seed}.")
    threads = n_threads(n_jobs)
    rows = as_matrix(matrix, name="matrix")
    check_finite(rows, name="matrix")
    started = time.perf_counter()
    unit = normalised_rows(rows)
    components = _two_principal_components(unit)
    chosen = _chosen(engine)
    if len(unit) <= 3 or not components.any():
        used = min(perplexity, float(max(1, len(unit) - 1)))
        seconds = time.perf_counter() - started
        return Map(components.astype(np.float32), "principal components", float("nan"), used, seconds)
    used = float(min(perplexity, max(1.0, (len(unit) - 1) / 3)))
    start = (components * (_INITIAL_SD / components[:, 0].std())).astype(np.float32)
    with (progress or SilentProgress()).task("map"):
        xy, kl = _run(chosen, unit, start, perplexity=used, n_iter=n_iter, seed=seed, n_jobs=threads)
    return Map(xy, f"{chosen} {version(chosen)}", kl, used, time.perf_counter() - started)


def _run(
    engine: Engine, unit: Float32, start: Float32, *, perplexity: float, n_iter: int, seed: int, n_jobs: int
) -> tuple[Float32, float]:
    """Return the places and the divergence."""
    with warnings.catch_warnings():
        # They concern the engine's inside: no thread pool to query, a fallback to the slower engine, numbers that
        # vanish. What matters, a result that is not finite, is checked below.
        warnings.simplefilter("ignore")
        kind = _engine_class(engine)
        model = kind(
            n_components=2,
            perplexity=perplexity,
            max_iter=n_iter,
            init=start.copy(),  # the engine moves its points in place
            learning_rate="auto",
            random_state=seed,
            n_jobs=n_jobs,
        )
        xy = np.ascontiguousarray(model.fit_transform(unit), dtype=np.float32)
    if not np.isfinite(xy).all():
        raise DataError(f"{engine} gave places that are not finite; try another perplexity than {perplexity:g}.")
    return xy, float(model.kl_divergence_)


def _chosen(engine: str) -> Engine:
    """Return the engine that ``engine`` stands for.

    Raises
    ------
    OptionError
        If there is no such engine.
    MissingExtraError
        If it is not installed.
    """
    if engine not in ("auto", *_PACKAGES):
        raise OptionError(f"engine must be 'auto', 'scikit-learn' or 'scikit-learn-intelex', got {engine!r}.")
    if engine != "scikit-learn" and find_spec("sklearnex") is not None:
        return "scikit-learn-intelex"
    if engine == "scikit-learn-intelex" or find_spec("sklearn") is None:
        raise MissingExtraError("the map", "scikit-learn" if engine == "auto" else engine, "maps")
    return "scikit-learn"


def _engine_class(engine: Engine) -> Any:  # noqa: ANN401 (neither package has types)
    if engine == "scikit-learn-intelex":
        from sklearnex.manifold import TSNE
    else:
        from sklearn.manifold import TSNE
    return TSNE


def _two_principal_components(unit: Float32) -> Float64:
    """Return the rows' coordinates along their two directions of largest variance: (n, 2).

    The sign of each direction is chosen so that its entry of largest size is positive. Rows that are all alike, up to
    rounding, give zeros.
    """
    n, size = unit.shape
    if n == 0 or size == 0:
        return np.zeros((n, 2))
    mean = unit.mean(axis=0, dtype=np.float64)
    covariance = unit.T.astype(np.float64) @ unit / n - np.outer(mean, mean)
    values, directions = np.linalg.eigh(covariance)
    first = directions[:, ::-1][:, :2]
    if values[-1] < 1e-12:
        return np.zeros((n, 2))
    first = first * np.sign(first[np.abs(first).argmax(axis=0), np.arange(first.shape[1])])
    placed = np.zeros((n, 2))
    placed[:, : first.shape[1]] = (unit - mean) @ first
    return placed
