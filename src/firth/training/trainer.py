"""Training: corpus in, vectors out, with the loss watched on the way."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from firth import _kernel
from firth.arrays import Float32
from firth.corpus.corpus import Corpus
from firth.progress import Progress, SilentProgress
from firth.training.checkpoint import EVERY_S, Checkpoint, identity
from firth.training.model import trained_rows
from firth.training.options import TrainOptions
from firth.training.setup import Start, prepare
from firth.training.trainers import MakeTrainer, local_trainer
from firth.training.watch import Watch

if TYPE_CHECKING:
    import polars as pl


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
        of the interval, null without any), ``items_per_s`` (pairs per second). With several contexts also
        ``loss_NAME`` and ``heldout_loss_NAME`` of each; with probes ``probes``, a line per probe item.
    status
        ``"interrupted"`` when Ctrl-C ended it; the vectors are then those of the last finished step.
    is_stopped_early
        Whether ``patience`` ended it.
    epochs
        How often the whole training sees the data, over all contexts.
    share
        How much of the training was done: 1 unless it was interrupted or stopped early.
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
    is_stopped_early: bool
    epochs: float
    share: float
    options: dict[str, object]
    n_pairs: int
    seconds: float
    variant: str


def fit(
    corpus: Corpus,
    options: TrainOptions,
    *,
    start: Start | None = None,
    checkpoint: Path | None = None,
    checkpoint_s: float = EVERY_S,
    resume: bool = False,
    progress: Progress | None = None,
    scratch: Path | None = None,
    make_trainer: MakeTrainer | None = None,
) -> Training:
    """Return the vectors of a corpus.

    Parameters
    ----------
    corpus
        What appears together.
    options
        How to train.
    start
        A model to go on from; None begins with random vectors.
    checkpoint
        A folder for checkpoints; the last stays, for the caller to remove when the result is safe. None: none are
        written.
    checkpoint_s
        Seconds between two checkpoints, at least.
    resume
        Whether to go on from a checkpoint that lies there.
    progress
        Who hears how far it is; None: nobody.
    scratch
        A folder for the files of a model that does not lie in memory; they have no name and are gone with its arrays.
        None: the folder of temporary files.
    make_trainer
        Returns who does the steps; None: this process.

    Raises
    ------
    DataError
        If there is no pair to learn from.
    UnknownItemError
        If a probe is not in the vocabulary.
    DivergenceError
        If the loss stops being finite or rises far above that of the untrained model. The last checkpoint stays.
    RunError
        If a checkpoint belongs to another training, is damaged or cannot be written.

    Notes
    -----
    O(pairs * (negative + 1) * vector_size) time; memory for two matrices of n_items rows and for the rows of all lanes.
    Where the matrices lie in files, so do ``vectors`` and ``outputs``.
    Same bytes for any ``n_jobs`` on one instruction set, and for a training that was interrupted and resumed, as often
    as may be. Ctrl-C returns what was reached, with status "interrupted", and leaves a checkpoint.
    """
    setup = prepare(corpus, options, start=start, scratch=scratch)
    store = None
    if checkpoint is not None:
        digest = None if start is None else start.digest
        store = Checkpoint(
            checkpoint,
            identity(corpus.fingerprint, asdict(options), _kernel.variant(), digest),
            every_s=checkpoint_s,
        )
    trainer = local_trainer(setup) if make_trainer is None else make_trainer(corpus, setup, start)
    watch = Watch(setup, corpus.vocabulary, trainer, checkpoint=store)
    is_resumed = resume and watch.resume()
    status: Literal["complete", "interrupted"] = "complete"
    with closing(trainer), (progress or SilentProgress()).task("training", total=setup.schedule.n_lanes) as task:
        if resume:
            place = f"goes on at step {watch.books.step:,} of {watch.trainer.n_steps:,}"
            task.say(place if is_resumed else "no checkpoint was written: training begins anew")
        try:
            watch.run(task)
        except KeyboardInterrupt:
            status = "interrupted"
            if store is not None:
                watch.save()
        trainer.fetch()
        for line in trainer.remarks():
            task.say(line)
    vectors = trained_rows(setup.inputs, options, scratch)
    return Training(
        vectors=vectors,
        outputs=vectors if options.tied else trained_rows(setup.outputs, options, scratch),
        biases=np.zeros(setup.n_items, dtype=np.float32) if setup.biases is None else setup.biases,
        noise=setup.noise.probability.astype(np.float32),
        history=watch.history(),
        status=status,
        is_stopped_early=watch.books.is_stopped,
        epochs=setup.schedule.epochs,
        share=watch.books.step / max(1, watch.trainer.n_steps),
        options=setup.resolved_options(n_pairs=watch.books.n_pairs),
        n_pairs=watch.books.n_pairs,
        seconds=watch.books.seconds,
        variant=_kernel.variant(),
    )
