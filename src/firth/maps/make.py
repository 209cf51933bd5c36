"""One function for every method of making a map."""

from __future__ import annotations

import time
from typing import Literal

import numpy as np
import numpy.typing as npt

from firth.maps.libraries import library_map
from firth.maps.map import Map
from firth.maps.options import MapOptions
from firth.maps.start import principal_components
from firth.maps.tsne import OnFrame, trivial_map, tsne
from firth.progress import Progress, SilentProgress
from firth.threads import n_threads
from firth.vectors.neighbors import as_matrix, check_finite, normalised_rows


def make_map(
    matrix: npt.ArrayLike,
    options: MapOptions | None = None,
    *,
    seed: int = 1,
    on_frame: OnFrame | None = None,
    frame_every: int = 10,
    progress: Progress | None = None,
    n_jobs: int | Literal["auto"] = "auto",
) -> Map:
    """Return each row's place on a plane, by the method that the options name.

    Parameters
    ----------
    matrix
        (n_items, size) finite numbers.
    options
        The method and what it needs to know.
    seed
        0 <= seed < 2**64; the libraries take its lower 32 bits.
    on_frame, frame_every
        As in :func:`firth.maps.tsne.tsne`; the libraries do not show what they do.
    progress
        Hears how far it is.
    n_jobs
        Threads.

    Raises
    ------
    DataError
        If the matrix is not finite.
    MissingExtraError
        If the method's library is not installed.
    DivergenceError
        If the learning rate is far too large.

    Notes
    -----
    Same bytes for any ``n_jobs`` with ``tsne``.
    """
    options = MapOptions() if options is None else options
    if options.method == "tsne":
        return tsne(
            matrix, options, seed=seed, on_frame=on_frame, frame_every=frame_every, progress=progress, n_jobs=n_jobs
        )
    started = time.perf_counter()
    rows = as_matrix(matrix, name="matrix")
    check_finite(rows, name="matrix")
    near = normalised_rows(rows) if options.metric == "cosine" else rows
    start = principal_components(near).astype(np.float32)
    if len(rows) <= 3 or not start.any():
        return trivial_map(start, seconds=time.perf_counter() - started)
    with (progress or SilentProgress()).task(f"map by {options.method}"):
        made = library_map(near, start, options, seed=seed, n_jobs=n_threads(n_jobs))
    return Map(
        xy=made.xy,
        engine=made.engine,
        kl=made.kl,
        perplexity=made.perplexity,
        n_iter=made.n_iter,
        ending="finished",
        neighbors="",
        recall=None,
        seconds=time.perf_counter() - started,
        affinity_seconds=0.0,
    )
