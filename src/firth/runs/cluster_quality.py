"""Do a run's clusters come out again? The same procedure once more, with other seeds or of other items."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from firth.errors import OptionError, RunError
from firth.evaluation.clusters import ClusterQuality, Reclustering, cluster_quality
from firth.progress import Progress, SilentProgress
from firth.randomness import Purpose, generator
from firth.runs.clusters import labelled
from firth.runs.sections import ClusterOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from firth.runs.run import Run

SHARE = 0.8  # of the items that HDBSCAN is shown again
_SUBSETS = 1 << 40  # streams of subsets; those below start k-means


def quality(
    run: Run, *, n_repeats: int = 5, progress: Progress | None = None, n_jobs: int | Literal["auto"] = "auto"
) -> ClusterQuality:
    """Return how far apart a run's clusters lie, and how alike the clusters of other tries are.

    Parameters
    ----------
    run
        A run with clusters.
    n_repeats
        How often to try, >= 0. k-means tries other seeds on the same items. HDBSCAN draws nothing, so it is shown
        80 % of the items, drawn at random, and ``min_cluster_size`` shrinks likewise.
    progress
        Hears of each try.
    n_jobs
        Threads.

    Raises
    ------
    OptionError
        If ``n_repeats`` < 0.
    RunError
        If the run has no clusters.
    """
    if n_repeats < 0:
        raise OptionError(f"n_repeats must be >= 0, got {n_repeats}.")
    if "cluster" not in run.items.columns:
        raise RunError(f"{run.name} has no clusters: make some first (run.cluster(n), or [clusters] in its recipe).")
    labels = run.items["cluster"].to_numpy()
    options, seed = made_with(run)
    others: list[Reclustering] = []
    with (progress or SilentProgress()).task("clustering again", total=n_repeats) as task:
        for turn in range(1, n_repeats + 1):
            others.append(_again(run, options, seed=seed, turn=turn, n_jobs=n_jobs))
            task.update(turn)
    return cluster_quality(run.vectors, labels, others)


def made_with(run: Run) -> tuple[ClusterOptions, int]:
    """Return the options and the seed that a run's clusters were made with."""
    about: Mapping[str, Any] | None = run.metrics.get("clusters")
    if about is None:  # of an earlier version, which had k-means alone
        return ClusterOptions(n=len(run.clusters)), run.seed
    n = about["n"] if about["method"] == "kmeans" else 0
    chosen = ClusterOptions(
        method=about["method"], n=n, min_cluster_size=about["min_cluster_size"], n_components=about["n_components"]
    )
    return chosen, int(about["seed"])


def _again(run: Run, options: ClusterOptions, *, seed: int, turn: int, n_jobs: int | Literal["auto"]) -> Reclustering:
    everything = np.arange(len(run.vectors))
    if options.method == "kmeans":
        other = (seed + turn) % 2**64
        return Reclustering(everything, labelled(run.vectors, options, seed=other, n_jobs=n_jobs))
    n = max(1, round(SHARE * len(everything)))
    drawn = np.sort(generator(seed, Purpose.CLUSTERS, _SUBSETS + turn).choice(everything, size=n, replace=False))
    smaller = replace(options, min_cluster_size=max(2, round(SHARE * options.min_cluster_size)))
    return Reclustering(drawn, labelled(run.vectors.normalised[drawn], smaller, seed=seed, n_jobs=n_jobs))
