"""Firth's own t-SNE: gradient descent in the kernel, with the same bytes for any number of threads.

Attraction is computed over the sparse affinities, repulsion by a quadtree whose far nodes count with their second
moments (``native/descent.hpp``); what is done here is the schedule: exaggerate first, then let go, look at the
divergence now and then, and stop when it no longer falls.

References
----------
van der Maaten & Hinton (2008). Visualizing data using t-SNE. JMLR 9.
van der Maaten (2014). Accelerating t-SNE using tree-based algorithms. JMLR 15.
Belkina et al. (2019). Automated optimized parameters for t-SNE. Nature Communications 10.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from typing import Literal

import numpy as np
import numpy.typing as npt

from firth import _kernel
from firth.arrays import Float32
from firth.errors import DivergenceError, OptionError
from firth.interruption import between_steps
from firth.maps.affinities import Affinities, affinities, checked_places
from firth.maps.frames import Frame
from firth.maps.map import Ending, Map
from firth.maps.options import MapOptions
from firth.maps.start import principal_components, small_start
from firth.progress import Progress, SilentProgress, Task
from firth.threads import n_threads
from firth.vectors.neighbors import as_matrix, check_finite, normalised_rows

OnFrame = Callable[[Frame], None]

_LOOK_EVERY = 50  # steps between two looks at the divergence
_LEAST_FALL = 1e-3  # of the divergence, to count as falling
_RESPONSE_S = 0.3  # the longest that Ctrl-C and the progress bar wait, where a step is not longer
_MOMENTUM = (0.5, 0.8)  # while exaggerating, and after (van der Maaten & Hinton 2008)
_RATE = (0.5, 1.0)  # of the learning rate: the whole of it throws points far off while exaggerating
_GRADIENT = 4.0  # the kernel leaves the gradient's factor to the learning rate


def tsne(
    matrix: npt.ArrayLike,
    options: MapOptions | None = None,
    *,
    start: npt.ArrayLike | None = None,
    seed: int = 1,
    on_frame: OnFrame | None = None,
    frame_every: int = 10,
    progress: Progress | None = None,
    n_jobs: int | Literal["auto"] = "auto",
) -> Map:
    """Return each row's place on a plane, such that rows that are near each other lie near each other.

    Parameters
    ----------
    matrix
        (n_items, size) finite numbers.
    options
        How; its ``method`` is not looked at.
    start
        (n_items, 2) places to start from; None: the two principal components, very small, and a little noise.
    seed
        Of that noise and of an approximate search, 0 <= seed < 2**64.
    on_frame
        Called with the map before the first step, after every ``frame_every`` steps, and at the end.
    frame_every
        >= 1.
    progress
        Hears how far it is, and the divergence.
    n_jobs
        Threads.

    Raises
    ------
    OptionError
        If ``frame_every`` is below 1.
    DataError
        If the matrix or the start is not finite, or the start has another number of rows.
    DivergenceError
        If places leave the range of numbers, or each other's reach, which a learning rate far too large brings about.

    Notes
    -----
    O(n_items log n_items) a step. Same bytes for any ``n_jobs``, ``on_frame`` or ``progress``. Ctrl-C during the
    descent returns what was reached, with the ending "interrupted".
    """
    options = MapOptions() if options is None else options
    if frame_every < 1:
        raise OptionError(f"frame_every must be >= 1, got {frame_every}.")
    started = time.perf_counter()
    rows = as_matrix(matrix, name="matrix")
    check_finite(rows, name="matrix")
    given = None if start is None else checked_places(start, len(rows), name="start")
    components = principal_components(normalised_rows(rows) if options.metric == "cosine" else rows)
    if len(rows) <= 3 or not components.any():
        xy = components.astype(np.float32) if given is None else given
        return trivial_map(xy, seconds=time.perf_counter() - started)
    near = affinities(rows, options, seed=seed, n_jobs=n_jobs, progress=progress)
    affinity_seconds = time.perf_counter() - started
    first = small_start(components, seed=seed) if given is None else given
    descent = Descent(near, first, options, n_jobs=n_threads(n_jobs))
    ending = descent.run(on_frame, frame_every, progress or SilentProgress())
    seconds = time.perf_counter() - started
    return Map(
        xy=descent.places(),
        engine=engine_name(),
        kl=descent.kl(),
        perplexity=near.perplexity,
        n_iter=descent.n_done,
        ending=ending,
        neighbors=near.neighbors,
        recall=near.recall,
        seconds=seconds,
        affinity_seconds=affinity_seconds,
    )


def engine_name() -> str:
    """Return what a map of this engine says it was made by."""
    return f"firth {version('firth')}, kernel {_kernel.variant()}"


@dataclass
class _Look:
    """The divergence when it was last seen to fall."""

    step: int
    kl: float


class Descent:
    """The descent of one map, step by step.

    Parameters
    ----------
    given
        The affinities, of n_items.
    start
        (n_items, 2) finite.
    options
        The schedule.
    n_jobs
        Threads.
    """

    def __init__(self, given: Affinities, start: Float32, options: MapOptions, *, n_jobs: int) -> None:
        self._kernel = _kernel.Descent(given.starts, given.columns, given.values, start, options.theta)
        self._options, self._n_jobs = options, n_jobs
        self._rate = options.rate_for(len(given))
        self._entropy_part = given.entropy_part
        self._seconds_per_step = _RESPONSE_S
        self.n_done = 0
        self._n_shown = 0

    def places(self) -> Float32:
        """Return where each item is: (n_items, 2)."""
        xy: Float32 = self._kernel.places()
        return xy

    def kl(self) -> float:
        """Return the divergence of the affinities, without exaggeration, from where the items are.

        Raises
        ------
        DivergenceError
            If they lie so far apart that there is none.
        """
        kl = float(self._kernel.divergence(self._n_jobs)) + self._entropy_part
        if not np.isfinite(kl):
            raise DivergenceError(
                f"a map's items must feel each other, but lie too far apart for it after step {self.n_done} at the "
                f"learning rate {self._rate:g}; give a smaller learning_rate."
            )
        return kl

    def run(self, on_frame: OnFrame | None, frame_every: int, progress: Progress) -> Ending:
        """Return why it ended, after going through the schedule."""
        with progress.task("map", total=self._options.n_iter) as task, between_steps() as check:
            self._show(on_frame)
            ending: Ending = "interrupted"
            with suppress(KeyboardInterrupt):
                ending = self._steps(on_frame, frame_every, task, check)
            if self._n_shown != self.n_done:
                self._show(on_frame)
            task.show(self.n_done, self.places)
            return ending

    def _show(self, on_frame: OnFrame | None, kl: float | None = None) -> None:
        self._n_shown = self.n_done
        if on_frame is not None:
            on_frame(Frame(self.n_done, self.places(), self.kl() if kl is None else kl))

    def _steps(self, on_frame: OnFrame | None, frame_every: int, task: Task, check: Callable[[], None]) -> Ending:
        options, text, best = self._options, "", _Look(0, np.inf)
        task.show(self.n_done, self.places)
        while self.n_done < options.n_iter:
            check()
            self._advance(self._next_stop(frame_every if on_frame else None))
            is_look = self.n_done % _LOOK_EVERY == 0
            is_frame = on_frame is not None and self.n_done % frame_every == 0
            kl = self.kl() if is_look or is_frame else np.nan
            if is_frame:
                self._show(on_frame, kl)
            if is_look:
                text = f"KL {kl:.3f}"
                task.note({"iteration": self.n_done, "kl": kl})
                if self._has_stalled(kl, best):
                    return "converged"
            task.show(self.n_done, self.places)
            task.update(self.n_done, text=text)
        return "finished"

    def _has_stalled(self, kl: float, best: _Look) -> bool:
        patience = self._options.patience
        if self.n_done <= self._options.early_iter or kl < best.kl * (1 - _LEAST_FALL):
            best.step, best.kl = self.n_done, kl
        return 0 < patience <= self.n_done - best.step

    def _next_stop(self, frame_every: int | None) -> int:
        """Return the step to go to before anything is looked at: no further than Ctrl-C can wait."""
        stops = [
            self.n_done + max(1, int(_RESPONSE_S / self._seconds_per_step)),
            (self.n_done // _LOOK_EVERY + 1) * _LOOK_EVERY,
            self._options.n_iter,
        ]
        if frame_every is not None:
            stops.append((self.n_done // frame_every + 1) * frame_every)
        if self.n_done < self._options.early_iter:
            stops.append(self._options.early_iter)
        return min(stops)

    def _advance(self, stop: int) -> None:
        late = self.n_done >= self._options.early_iter
        started = time.perf_counter()
        is_finite = self._kernel.step(
            stop - self.n_done,
            exaggeration=1.0 if late else self._options.early_exaggeration,
            momentum=_MOMENTUM[late],
            learning_rate=self._rate * _RATE[late] * _GRADIENT,
            n_jobs=self._n_jobs,
        )
        self._seconds_per_step = max(1e-6, (time.perf_counter() - started) / (stop - self.n_done))
        self.n_done = stop
        if not is_finite:
            raise DivergenceError(
                f"the map must stay finite, but left the range of numbers before step {stop} at the learning rate "
                f"{self._rate:g}; give a smaller learning_rate."
            )


def trivial_map(xy: Float32, *, seconds: float) -> Map:
    """Return the map of items that no method has anything to say about: up to three, or all alike."""
    return Map(
        xy=xy,
        engine="principal components",
        kl=float("nan"),
        perplexity=(),
        n_iter=0,
        ending="finished",
        neighbors="",
        recall=None,
        seconds=seconds,
        affinity_seconds=0.0,
    )
