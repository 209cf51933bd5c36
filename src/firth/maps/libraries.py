"""Maps by other libraries: UMAP, PaCMAP and scikit-learn's t-SNE, each imported here alone and only when asked for.

They are there to compare with, and for those who want them. What they promise is theirs: UMAP and PaCMAP give the same
map again only from one thread, which is what they get here.

References
----------
McInnes, Healy & Melville (2018). UMAP: uniform manifold approximation and projection. arXiv:1802.03426.
Wang, Huang, Rudin & Shaposhnik (2021). Understanding how dimension reduction tools work. JMLR 22.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np

from firth.arrays import Float32
from firth.errors import DataError, MissingExtraError
from firth.maps.affinities import usable_perplexities
from firth.maps.options import MapOptions
from firth.maps.start import START_SD


@dataclass(frozen=True)
class LibraryMap:
    """What a library gave.

    Parameters
    ----------
    xy
        (n_items, 2) float32.
    engine
        The library and its version.
    kl
        The divergence as the library reports it; NaN where it knows none.
    perplexity
        What it was given; empty where it knows none.
    n_iter
        Steps taken, 0 where it does not say.
    """

    xy: Float32
    engine: str
    kl: float = float("nan")
    perplexity: tuple[float, ...] = ()
    n_iter: int = 0


def library_map(rows: Float32, start: Float32, options: MapOptions, *, seed: int, n_jobs: int) -> LibraryMap:
    """Return the map that the library of ``options.method`` makes.

    Parameters
    ----------
    rows
        (n_items, size) finite; of unit length where the metric is the cosine, so that Euclidean distances order alike.
    start
        (n_items, 2): two coordinates to start from, of any scale; PaCMAP starts from its own.
    seed
        Its lower 32 bits count.

    Raises
    ------
    MissingExtraError
        If the library is not installed.
    DataError
        If what it gives is not finite.
    """
    make = _METHODS[options.method]
    with warnings.catch_warnings():
        # They concern the library's inside: one thread for the sake of the seed, a fallback, no thread pool to query.
        warnings.simplefilter("ignore")
        made = make(rows, start, options, seed % 2**32, n_jobs)
    if not np.isfinite(made.xy).all():
        raise DataError(f"{made.engine} gave places that are not finite; try other options or another method.")
    return made


def require_library(method: str) -> None:
    """Raise if the library of a method is not installed.

    Raises
    ------
    MissingExtraError
        Naming the extra.
    """
    module, package = {"umap": ("umap", "umap-learn"), "pacmap": ("pacmap", "pacmap")}.get(
        method, ("sklearn", "scikit-learn")
    )
    if find_spec(module) is None:
        raise MissingExtraError(f"the map by {method}", package, "maps")


def _umap(rows: Float32, start: Float32, options: MapOptions, seed: int, n_jobs: int) -> LibraryMap:  # noqa: ARG001
    require_library("umap")
    from umap import UMAP

    model = UMAP(
        n_neighbors=min(options.n_neighbors, len(rows) - 1),
        init=(start / start.std() * 10).astype(np.float32),
        random_state=seed,
        n_jobs=1,
    )
    return LibraryMap(_places(model.fit_transform(rows)), f"umap-learn {version('umap-learn')}")


def _pacmap(rows: Float32, start: Float32, options: MapOptions, seed: int, n_jobs: int) -> LibraryMap:  # noqa: ARG001
    require_library("pacmap")
    from pacmap import PaCMAP

    model = PaCMAP(n_components=2, n_neighbors=min(options.n_neighbors, len(rows) - 1), random_state=seed)
    return LibraryMap(_places(model.fit_transform(rows, init="pca")), f"pacmap {version('pacmap')}")


def _sklearn(rows: Float32, start: Float32, options: MapOptions, seed: int, n_jobs: int) -> LibraryMap:
    require_library("sklearn")
    from sklearn.manifold import TSNE

    used = usable_perplexities(options, len(rows))
    model = TSNE(
        n_components=2,
        perplexity=used[0],
        early_exaggeration=options.early_exaggeration,
        max_iter=options.n_iter,
        init=(start / start[:, 0].std() * START_SD).astype(np.float32),
        learning_rate=options.learning_rate,
        angle=options.theta,
        random_state=seed,
        n_jobs=n_jobs,
    )
    xy = _places(model.fit_transform(rows))
    return LibraryMap(
        xy, f"scikit-learn {version('scikit-learn')}", float(model.kl_divergence_), used[:1], int(model.n_iter_)
    )


def _places(given: Any) -> Float32:  # noqa: ANN401 (the libraries have no types)
    return np.ascontiguousarray(given, dtype=np.float32)


_METHODS: dict[str, Callable[[Float32, Float32, MapOptions, int, int], LibraryMap]] = {
    "umap": _umap,
    "pacmap": _pacmap,
    "sklearn": _sklearn,
}
