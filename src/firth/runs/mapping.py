"""The stage of a run that puts its items on a plane, and measures how far the plane can be trusted."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np

from firth.arrays import Float32
from firth.errors import OptionError, RunError
from firth.maps.make import make_map
from firth.maps.map import Map
from firth.maps.options import MapOptions
from firth.maps.placing import place, start_from
from firth.maps.quality import map_quality
from firth.maps.similarity import recognisable
from firth.maps.tsne import OnFrame, engine_name, trivial_map, tsne
from firth.progress import Progress
from firth.runs.items import with_columns

if TYPE_CHECKING:
    from firth.runs.run import Run

RunT = TypeVar("RunT", bound="Run")

_FEWEST = 3  # items by which a map can be judged


@dataclass(frozen=True, kw_only=True)
class Making:
    """How a map is made, besides its options.

    Parameters
    ----------
    grow_from
        A run whose map the new one starts from and stays like. None: a map of its own.
    place_on
        A run whose map stays as it is: only items that it has not are placed, among the others.
    seed
        Of what is drawn.
    on_frame, frame_every
        Called with the map as it forms, every so many steps.
    progress, n_jobs
        Who hears how far it is; threads.
    """

    grow_from: Run | None = None
    place_on: Run | None = None
    seed: int = 1
    on_frame: OnFrame | None = None
    frame_every: int = 10
    progress: Progress | None = None
    n_jobs: int | Literal["auto"] = "auto"

    def __post_init__(self) -> None:
        if self.grow_from is not None and self.place_on is not None:
            raise OptionError("give either grow_from or place_on, got both.")


def with_map(run: RunT, options: MapOptions, how: Making) -> RunT:
    """Return the run with a place for each item, and in its metrics what is known of the map.

    Raises
    ------
    OptionError
        If the options ask for another method than t-SNE on top of another run's map.
    RunError
        If the other run has no map, or shares no item with this one.
    MissingExtraError
        If the method's library is not installed.

    Notes
    -----
    A map that Ctrl-C ended is kept as far as it came, and not judged.
    """
    matrix = run.vectors.matrix
    about: dict[str, Any] = {"grown_from": None, "placed_on": None, "likeness": None}
    if how.place_on is not None:
        made, about["placed_on"] = _placed(run, options, how), how.place_on.name
    elif how.grow_from is not None:
        made, about["likeness"] = _grown(run, options, how)
        about["grown_from"] = how.grow_from.name
    else:
        made = make_map(
            matrix,
            options,
            seed=how.seed,
            on_frame=how.on_frame,
            frame_every=how.frame_every,
            progress=how.progress,
            n_jobs=how.n_jobs,
        )
    columns: dict[str, Float32] = {"x": made.xy[:, 0], "y": made.xy[:, 1]}
    about = {**_made(made, options, how), **about, **_NOT_JUDGED}
    if made.ending != "interrupted" and len(matrix) >= _FEWEST:
        torn, judged = _judged(run, made, options, how)
        columns["distortion"] = torn
        about |= judged
    items = run.items.drop("distortion", strict=False)
    return replace(
        run,
        items=with_columns(items, columns),
        document={**run.document, "metrics": {**run.metrics, "map": about}},
    )


def is_interrupted(run: Run) -> bool:
    """Return whether the run's map was ended by Ctrl-C."""
    about: Mapping[str, Any] = run.metrics.get("map", {})
    return about.get("ending") == "interrupted"


_NOT_JUDGED: dict[str, Any] = {
    "k": None,
    "trustworthiness": None,
    "neighbor_preservation": None,
    "n_judged": 0,
    "quality": [],
}


def _made(made: Map, options: MapOptions, how: Making) -> dict[str, Any]:
    """Return how a map came about, as plain values."""
    several = made.perplexity
    return {
        "method": options.method,
        "engine": made.engine,
        "metric": options.metric,
        "perplexity": several[0] if len(several) == 1 else list(several) or None,
        "n_iter": made.n_iter,
        "ending": made.ending,
        "seed": how.seed,
        "kl": made.kl,
        "neighbors": made.neighbors,
        "recall": made.recall,
        "seconds": made.seconds,
        "affinity_seconds": made.affinity_seconds,
    }


def _judged(run: Run, made: Map, options: MapOptions, how: Making) -> tuple[Float32, dict[str, Any]]:
    """Return each item's distortion, and how far the map can be trusted."""
    quality = map_quality(
        run.vectors.matrix, made.xy, metric=options.metric, seed=how.seed, n_jobs=how.n_jobs, progress=how.progress
    )
    per_k = [
        {
            "k": k,
            "trustworthiness": quality.trustworthiness[k],
            "continuity": quality.continuity[k],
            "neighbor_preservation": quality.neighbor_preservation[k],
        }
        for k in quality.ks
    ]
    first = {name: per_k[0][name] for name in ("k", "trustworthiness", "neighbor_preservation")}
    return quality.distortion, {**first, "n_judged": quality.n_judged, "quality": per_k}


def _grown(run: Run, options: MapOptions, how: Making) -> tuple[Map, float | None]:
    """Return a map that starts from another run's, and how like it is to that one."""
    assert how.grow_from is not None  # the caller looked
    if options.method != "tsne":
        raise OptionError(f"a map grows by method 'tsne' only, got {options.method!r}.")
    matrix, old = run.vectors.matrix, _places_on(how.grow_from, run)
    start = start_from(matrix, old, metric=options.metric, n_jobs=how.n_jobs)
    made = tsne(
        matrix,
        replace(options, early_iter=0),  # to exaggerate would be to begin anew
        start=start,
        seed=how.seed,
        on_frame=how.on_frame,
        frame_every=how.frame_every,
        progress=how.progress,
        n_jobs=how.n_jobs,
    )
    return made, recognisable(old, made.xy)


def _placed(run: Run, options: MapOptions, how: Making) -> Map:
    """Return another run's map with the items that it has not placed on it."""
    assert how.place_on is not None  # the caller looked
    if options.method != "tsne":
        raise OptionError(f"items are placed by method 'tsne' only, got {options.method!r}.")
    matrix, xy = run.vectors.matrix, _places_on(how.place_on, run)
    is_new = np.isnan(xy[:, 0])
    started = time.perf_counter()
    xy[is_new] = place(matrix[is_new], matrix=matrix[~is_new], xy=xy[~is_new], metric=options.metric, n_jobs=how.n_jobs)
    return replace(trivial_map(xy, seconds=time.perf_counter() - started), engine=engine_name())


def _places_on(other: Run, run: Run) -> Float32:
    """Return where the run's items lie on another run's map: (n_items, 2), NaN for those that it has not."""
    if "x" not in other.items.columns:
        raise RunError(f"{other.name} has no map: make one first (run.map(), or firth map RUN).")
    there = other.items.select("x", "y").to_numpy().astype(np.float32)
    ids = {key: i for i, key in enumerate(other.vectors.keys)}
    xy = np.full((len(run.vectors), 2), np.nan, dtype=np.float32)
    for i, key in enumerate(run.vectors.keys):
        if key in ids:
            xy[i] = there[ids[key]]
    if len(xy) and np.isnan(xy[:, 0]).all():
        raise RunError(
            f"{other.name} and {run.name} have no item in common, so neither's map says anything of the other."
        )
    return xy
