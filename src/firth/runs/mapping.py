"""The stage of a run that puts its items on a plane, and measures how far the plane can be trusted."""

from __future__ import annotations

from typing import Any, Literal

from firth.arrays import Float32
from firth.maps.quality import distortion, preservation, trustworthiness
from firth.maps.tsne import tsne
from firth.progress import Progress, SilentProgress
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
) -> tuple[dict[str, Float32], dict[str, Any]]:
    """Return where each item lies, as columns ``x``, ``y`` and ``distortion``, and what is known of the map.

    Raises
    ------
    OptionError
        If ``perplexity`` is below 1 or ``n_iter`` below 250.
    MissingExtraError
        If no t-SNE engine is installed.

    Notes
    -----
    The quality is judged by 10 neighbours, fewer where there are fewer than 21 items, and not at all below 3.
    """
    # The engines take seeds of 32 bits.
    made = tsne(
        vectors.matrix, perplexity=perplexity, n_iter=n_iter, seed=seed % 2**32, n_jobs=n_jobs, progress=progress
    )
    about = {
        "engine": made.engine,
        "perplexity": made.perplexity,
        "n_iter": n_iter,
        "seed": seed,
        "kl": made.kl,
        "seconds": made.seconds,
        "k": None,
        "trustworthiness": None,
        "neighbor_preservation": None,
    }
    places = {"x": made.xy[:, 0], "y": made.xy[:, 1]}
    k = min(_K, (len(vectors) - 1) // 2)
    if k < 1:
        return places, about
    with (progress or SilentProgress()).task("judging the map", total=2) as task:
        about["k"] = k
        about["trustworthiness"] = trustworthiness(vectors.matrix, made.xy, k=k)
        task.update(1)
        places["distortion"] = distortion(vectors.matrix, made.xy, k=k)
        about["neighbor_preservation"] = preservation(places["distortion"])
    return places, about
