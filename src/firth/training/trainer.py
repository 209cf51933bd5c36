"""Training: corpus in, vectors out, with the loss watched on the way."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from firth import _kernel
from firth.arrays import Float32, Int32
from firth.corpus.corpus import Corpus
from firth.errors import DivergenceError
from firth.progress import Progress, SilentProgress, Task
from firth.randomness import Purpose
from firth.training.options import TrainOptions
from firth.training.setup import Setup, prepare

if TYPE_CHECKING:
    import polars as pl

_N_INTERVALS = 40  # rows of the history
_N_SAMPLE = 2_048  # pairs on which the held-out loss is measured
_CALL_S = 0.2  # how long the kernel may work before Python looks at signals and progress
_DIVERGED = 2.0  # a loss above this many times the untrained model's is no noise


@dataclass(frozen=True, kw_only=True)
class Training:
    """What came of a training.

    Attributes
    ----------
    vectors
        (n_items, vector_size) float32, the input vectors. Not normalised.
    outputs
        (n_items, vector_size) float32, the output vectors that predicted the centres.
    biases
        (n_items,) float32, the outputs' biases; zeros for an objective without biases.
    noise
        (n_items,) float32, the probability of each item as a negative; sums to 1.
    history
        One row per interval: ``pairs`` trained so far, ``seconds`` since the start, ``learning_rate``, ``loss`` (mean
        over all pairs of the interval, each with its negatives), ``heldout_loss`` (mean over held-out pairs at the end
        of the interval, null without any), ``items_per_s`` (pairs per second).
    status
        ``"interrupted"`` when Ctrl-C ended it; the vectors are then those of the last finished step.
    options
        With every "auto" resolved.
    n_pairs
        Pairs trained.
    seconds
        Wall time of the training alone.
    variant
        The instruction set whose bytes these are.
    """

    vectors: Float32
    outputs: Float32
    biases: Float32
    noise: Float32
    history: pl.DataFrame
    status: Literal["complete", "interrupted"]
    options: dict[str, object]
    n_pairs: int
    seconds: float
    variant: str


def fit(corpus: Corpus, options: TrainOptions, *, progress: Progress | None = None) -> Training:
    """Return the vectors of a corpus.

    Raises
    ------
    DataError
        If there is no pair to learn from.
    DivergenceError
        If the loss stops being finite or rises far above that of the untrained model.

    Notes
    -----
    O(pairs * (negative + 1) * vector_size) time; memory for two matrices of n_items rows and for the rows of all lanes.
    Same bytes for any ``n_jobs`` on one instruction set. Ctrl-C returns what was reached, with status "interrupted".
    """
    setup = prepare(corpus, options)
    watch = _Watch(setup)
    with (progress or SilentProgress()).task("training", total=setup.n_positions, unit="items") as task:
        try:
            watch.run(task)
        except KeyboardInterrupt:
            watch.is_interrupted = True
    size = options.vector_size
    return Training(
        vectors=np.ascontiguousarray(setup.inputs[:, :size]),
        outputs=np.ascontiguousarray(setup.outputs[:, :size]),
        biases=np.zeros(setup.n_items, dtype=np.float32) if setup.biases is None else setup.biases,
        noise=setup.noise.probability.astype(np.float32),
        history=watch.history(),
        status="interrupted" if watch.is_interrupted else "complete",
        options=setup.resolved_options(),
        n_pairs=watch.n_pairs,
        seconds=watch.seconds,
        variant=_kernel.variant(),
    )


@dataclass
class _Watch:
    """Runs the kernel interval by interval and keeps the books."""

    setup: Setup
    is_interrupted: bool = False
    n_pairs: int = 0
    n_positions: int = 0
    seconds: float = 0.0
    rows: list[dict[str, float | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.trainer = self.setup.kernel_trainer()
        self.sample = _sample(self.setup)
        has_heldout = self.setup.heldout.threshold > 0 and len(self.sample[0]) > 0
        self.measure_heldout = has_heldout
        if not has_heldout:
            self.sample = _sample(self.setup, draw_heldout=False)
        self.untrained_loss = self.trainer.heldout_loss(*self.sample)

    def run(self, task: Task) -> None:
        n_steps = self.trainer.n_steps
        edges = np.unique(np.linspace(0, n_steps, min(n_steps, _N_INTERVALS) + 1).astype(int))
        steps_per_call = 1
        start = time.perf_counter()
        for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            loss_sum, n_pairs, since = 0.0, 0, time.perf_counter()
            step = first
            while step < last:
                called = time.perf_counter()
                stop = min(last, step + steps_per_call)
                loss, pairs, positions = self.trainer.run(step, stop, self.setup.n_jobs)
                step = stop
                loss_sum, n_pairs = loss_sum + loss, n_pairs + pairs
                self.n_pairs, self.n_positions = self.n_pairs + pairs, self.n_positions + positions
                self.seconds = time.perf_counter() - start
                if time.perf_counter() - called < _CALL_S / 2:
                    steps_per_call *= 2
                task.update(self.n_positions, text=f"loss {loss_sum / max(1, n_pairs):.3f}")
            self._note(last, loss_sum / max(1, n_pairs), n_pairs / (time.perf_counter() - since))

    def _note(self, step: int, loss: float, pairs_per_s: float) -> None:
        learning_rate = self.trainer.learning_rate_at(step - 1)
        heldout_loss = self.trainer.heldout_loss(*self.sample)
        for name, value in (("loss", loss), ("held-out loss", heldout_loss)):
            if not np.isfinite(value) or value > _DIVERGED * self.untrained_loss:
                raise DivergenceError(
                    f"training diverged: the {name} is {value:.3g} after step {step} of {self.trainer.n_steps} (pair "
                    f"{self.n_pairs:,}) at learning rate {learning_rate:.3g}, against {self.untrained_loss:.3g} before "
                    f"training. Lower learning_rate, for instance to {self.setup.options.learning_rate / 4:.2g}."
                )
        self.rows.append(
            {
                "pairs": self.n_pairs,
                "seconds": self.seconds,
                "learning_rate": learning_rate,
                "loss": loss,
                "heldout_loss": heldout_loss if self.measure_heldout else None,
                "items_per_s": pairs_per_s,
            }
        )

    def history(self) -> pl.DataFrame:
        """Return the rows as a table."""
        import polars as pl

        kinds = {
            "pairs": pl.Int64,
            "seconds": pl.Float64,
            "learning_rate": pl.Float64,
            "loss": pl.Float64,
            "heldout_loss": pl.Float64,
            "items_per_s": pl.Float64,
        }
        return pl.DataFrame(self.rows, schema=kinds)


def _sample(setup: Setup, *, draw_heldout: bool = True) -> tuple[Int32, Int32, Int32]:
    """Return centres, partners and negatives of pairs to measure the loss on; empty where no pair is held out."""
    seed, negative = setup.options.seed, setup.options.negative
    groups = setup.kernel_groups(partners=1, draw_heldout=draw_heldout)
    drawn = groups.draw(seed, int(Purpose.HELDOUT_SAMPLE), 0, _N_SAMPLE)
    drawn = drawn[drawn[:, 1] == 1]
    words = _kernel.words(seed, int(Purpose.HELDOUT_SAMPLE), 1, 2 * len(drawn) * negative).reshape(2, -1)
    column = (words[0].astype(np.uint64) * np.uint64(setup.n_items) >> np.uint64(32)).astype(np.int32)
    negatives = np.where(words[1] > setup.noise.threshold[column], setup.noise.alias[column], column)
    return (
        np.ascontiguousarray(drawn[:, 0]),
        np.ascontiguousarray(drawn[:, 2]),
        np.ascontiguousarray(negatives.reshape(len(drawn), negative)),
    )
