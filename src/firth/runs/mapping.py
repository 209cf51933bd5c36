"""The stage of a run that puts its items on a plane, and measures how far the plane can be trusted."""

from __future__ import annotations

from typing import Any, Literal

from firth.arrays import Float32
from firth.maps.quality import neighbor_preservation, trustworthiness
from firth.maps.tsne import tsne
from firth.progress import Progress
from firth.vectors.vectors import Vectors

_K = 10  # neighbours by which the map's quality is judged


def make_map(
    vectors: Vectors,
    *,
    perplexity: float,
    n_iter: int,
    seed: int,
    n_jobs: int | Literal["auto"],
    progress: Progress | None,
) -> tuple[Float32, dict[str, Any]]:
    """Return where each item lies, (n_items, 2), and what is known of the map.

    Raises
    ------
    OptionError
        If the perplexity does not fit the number of items.
    MissingExtraError
        If no t-SNE engine is installed.
    """
    made = tsne(vectors.matrix, perplexity=perplexity, n_iter=n_iter, seed=seed, n_jobs=n_jobs, progress=progress)
    k = min(_K, max(1, len(vectors) // 2 - 1))
    about = {
        "engine": made.engine,
        "perplexity": perplexity,
        "n_iter": n_iter,
        "seed": seed,
        "kl": made.kl,
        "seconds": made.seconds,
        "k": k,
        "trustworthiness": trustworthiness(vectors.matrix, made.xy, k=k),
        "neighbor_preservation": neighbor_preservation(vectors.matrix, made.xy, k=k),
    }
    return made.xy, about
