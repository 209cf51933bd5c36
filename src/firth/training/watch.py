"""The watch over a training: runs the kernel interval by interval and keeps the books, from any step on.

Everything that decides the bytes of the result follows from the step alone. What is noted (losses, probes) is kept in
plain numbers that a checkpoint can hold; only seconds differ between a training that was interrupted and one that was
not.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from firth.arrays import Model
from firth.corpus.vocabulary import Vocabulary
from firth.errors import DivergenceError
from firth.interruption import between_steps
from firth.progress import Task
from firth.training.checkpoint import Checkpoint
from firth.training.heldout import samples
from firth.training.probes import probe_line, read_probe
from firth.training.setup import Setup
from firth.training.trainers import Heed, Trainer
from firth.vectors.neighbors import normalised_rows, top_k

if TYPE_CHECKING:
    import polars as pl

N_INTERVALS = 40  # rows of the history
N_PROBED = 5  # neighbours of a probe item
_DIVERGED = 4.0  # a loss above this many times the untrained model's is no noise, and no early overshoot either


@dataclass
class Books:
    """What a training has come to: plain numbers, which JSON keeps exactly.

    ``loss_sums`` and ``n_pairs_by_context`` are those of the interval under way.
    """

    step: int = 0
    n_pairs: int = 0
    seconds: float = 0.0
    interval_s: float = 0.0
    loss_sums: list[float] = field(default_factory=list)
    n_pairs_by_context: list[int] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    best_heldout: float = float("inf")
    n_without_gain: int = 0
    is_stopped: bool = False
    untrained_loss: float = float("nan")


class Watch:
    """One training under way.

    Parameters
    ----------
    setup
        The training, made ready; its model is changed in place.
    vocabulary
        The items' keys, for the probes.
    trainer
        Who does its steps.
    checkpoint
        Where the state is kept, or None.
    """

    def __init__(
        self, setup: Setup, vocabulary: Vocabulary, trainer: Trainer, *, checkpoint: Checkpoint | None = None
    ) -> None:
        self.setup, self.checkpoint = setup, checkpoint
        self.trainer = trainer
        self.samples = samples(setup)
        self._vocabulary = vocabulary
        self._probes = vocabulary.ids(setup.options.probes)
        self._is_whole = True  # whether model and books are of the same step
        n_contexts = len(setup.context_names)
        self.books = Books(loss_sums=[0.0] * n_contexts, n_pairs_by_context=[0] * n_contexts)
        self.books.untrained_loss = self._mean([each.loss(self.trainer) for each in self.samples])

    @property
    def has_heldout(self) -> bool:
        """Return whether any context holds something out."""
        return any(sample.is_heldout for sample in self.samples)

    def resume(self) -> bool:
        """Go on from the last checkpoint, if there is one; return whether there was."""
        loaded = self.checkpoint.load() if self.checkpoint is not None else None
        if loaded is None:
            return False
        state, arrays = loaded
        self.books = Books(**state)
        self.setup.inputs[:] = arrays["inputs"]
        if not self.setup.options.tied:
            self.setup.outputs[:] = arrays["outputs"]
        if self.setup.biases is not None:
            self.setup.biases[:] = arrays["biases"]
        self.trainer.begin()
        return True

    def run(self, task: Task) -> None:
        """Train to the end, or until the held-out loss has stopped falling.

        Ctrl-C, and what ``task`` raises, come between two steps: the state can then be saved. The task is given every
        row of the history, those from before a checkpoint too; its probes as keys.
        """
        books, n_steps = self.books, self.trainer.n_steps
        for row in books.rows:
            task.note(self._with_keys(row))
        edges = np.unique(np.linspace(0, n_steps, min(n_steps, N_INTERVALS) + 1).astype(int))
        with between_steps() as check:
            while books.step < n_steps and not books.is_stopped:
                edge = int(edges[np.searchsorted(edges, books.step, side="right")])
                n_rows = len(books.rows)
                self._advance(edge, partial(self._heed, task, check))
                if self.checkpoint is not None and self.checkpoint.is_due:
                    self.save()
                check()
                self._tell(task, books.rows[n_rows:])

    def save(self) -> None:
        """Write a checkpoint now; nothing where a step was cut short, and the last one stays."""
        assert self.checkpoint is not None
        if not self._is_whole:
            return
        self.trainer.fetch()
        arrays: dict[str, Model] = {"inputs": self.setup.inputs}
        if not self.setup.options.tied:
            arrays["outputs"] = self.setup.outputs
        if self.setup.biases is not None:
            arrays["biases"] = self.setup.biases
        self.checkpoint.save(asdict(self.books), arrays)

    def history(self) -> pl.DataFrame:
        """Return the intervals as a table."""
        import polars as pl

        kinds: dict[str, Any] = {
            "pairs": pl.Int64,
            "seconds": pl.Float64,
            "learning_rate": pl.Float64,
            "loss": pl.Float64,
            "heldout_loss": pl.Float64,
            "items_per_s": pl.Float64,
        }
        if len(self.setup.context_names) > 1:
            for name in self.setup.context_names:
                kinds |= {f"loss_{name}": pl.Float64, f"heldout_loss_{name}": pl.Float64}
        if len(self._probes):
            kinds["probes"] = pl.List(pl.String)
        return pl.DataFrame(self.books.rows, schema=kinds)

    def _add(self, loss_sums: np.ndarray[Any, Any], n_pairs: np.ndarray[Any, Any]) -> None:
        # Step after step, so that the sums do not depend on how steps were cut into calls.
        books = self.books
        for losses, counts in zip(loss_sums.tolist(), n_pairs.tolist(), strict=True):
            books.loss_sums = [total + each for total, each in zip(books.loss_sums, losses, strict=True)]
            books.n_pairs_by_context = [a + b for a, b in zip(books.n_pairs_by_context, counts, strict=True)]
            books.n_pairs += sum(counts)

    def _heed(self, task: Task, check: Callable[[], None], step: int) -> None:
        """Look at signals, and show how far the steps are, while a call is under way."""
        try:
            check()
            if step > self.books.step:
                task.update(min(step * self.setup.options.lanes, self.setup.schedule.n_lanes))
        except BaseException:
            self._is_whole = True  # the trainer goes back to where it was before the call
            raise

    def _advance(self, edge: int, heed: Heed) -> None:
        """Train for a while, and close the interval if ``edge``, where it ends, is reached."""
        books, self._is_whole = self.books, False
        began = time.perf_counter()
        done = self.trainer.advance(books.step, edge, heed)
        self._add(done.loss_sums, done.n_pairs)
        taken = time.perf_counter() - began
        books.step, books.seconds, books.interval_s = done.stop, books.seconds + taken, books.interval_s + taken
        if books.step >= edge:
            self._note()
        self._is_whole = True

    def _tell(self, task: Task, rows: list[dict[str, Any]]) -> None:
        books = self.books
        for row in rows:
            task.note(self._with_keys(row))
            for line in row.get("probes", []):
                task.say(line)
        n = sum(books.n_pairs_by_context)
        loss, pace = sum(books.loss_sums) / max(1, n), n / max(books.interval_s, 1e-9)
        if not n and books.rows:
            loss, pace = books.rows[-1]["loss"], books.rows[-1]["items_per_s"]
        done = min(books.step * self.setup.options.lanes, self.setup.schedule.n_lanes)
        task.update(done, text=f"loss {loss:.3f}  {pace / 1e6:.2f} M pairs/s")

    def _note(self) -> None:
        """Close an interval: measure, write a row of the history, and decide whether to go on."""
        books = self.books
        n = sum(books.n_pairs_by_context)
        loss = sum(books.loss_sums) / max(1, n)
        measured = {sample.context: sample.loss(self.trainer) for sample in self.samples}
        heldout_loss = self._mean(list(measured.values()))
        self._check(loss, heldout_loss)
        row: dict[str, Any] = {
            "pairs": books.n_pairs,
            "seconds": books.seconds,
            "learning_rate": self.trainer.learning_rate_at(books.step - 1),
            "loss": loss,
            "heldout_loss": heldout_loss if self.has_heldout else None,
            "items_per_s": n / max(books.interval_s, 1e-9),
        }
        if len(self.setup.context_names) > 1:
            heldout = {sample.context: measured[sample.context] for sample in self.samples if sample.is_heldout}
            for i, name in enumerate(self.setup.context_names):
                mine = books.n_pairs_by_context[i]
                row[f"loss_{name}"] = books.loss_sums[i] / mine if mine else None
                row[f"heldout_loss_{name}"] = heldout.get(i)
        if len(self._probes):
            row["probes"] = self._probe()
        books.rows.append(row)
        books.interval_s = 0.0
        books.loss_sums = [0.0] * len(books.loss_sums)
        books.n_pairs_by_context = [0] * len(books.n_pairs_by_context)
        self._decide(heldout_loss)

    def _decide(self, heldout_loss: float) -> None:
        books, patience = self.books, self.setup.options.patience
        books.n_without_gain = 0 if heldout_loss < books.best_heldout else books.n_without_gain + 1
        books.best_heldout = min(books.best_heldout, heldout_loss)
        books.is_stopped = patience is not None and self.has_heldout and books.n_without_gain >= patience

    def _probe(self) -> list[str]:
        """Return a line for each probe item: ``eight -> six, five, two``."""
        self.trainer.fetch()
        unit = normalised_rows(np.ascontiguousarray(self.setup.inputs[:, : self.setup.options.vector_size], np.float32))
        found, _ = top_k(unit[self._probes], unit, k=N_PROBED, exclude=self._probes, n_jobs=self.setup.n_jobs)
        keys = self._vocabulary.keys
        return [probe_line(keys[probe], [keys[i] for i in row]) for probe, row in zip(self._probes, found, strict=True)]

    def _with_keys(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return a row whose probes are ``{"key": ..., "neighbors": [...]}``."""
        if "probes" not in row:
            return row
        read = (read_probe(line, self._vocabulary.__contains__) for line in row["probes"])
        return {**row, "probes": [{"key": key, "neighbors": neighbors} for key, neighbors in read]}

    def _mean(self, losses: list[float]) -> float:
        """Return the contexts' losses, averaged by their weights."""
        weights = [self.setup.context_weights[sample.context] for sample in self.samples]
        return float(np.average(losses, weights=weights)) if losses else 0.0

    def _check(self, loss: float, heldout_loss: float) -> None:
        books = self.books
        for name, value in (("loss", loss), ("held-out loss", heldout_loss)):
            if not np.isfinite(value) or (books.untrained_loss > 0 and value > _DIVERGED * books.untrained_loss):
                raise DivergenceError(
                    f"training diverged: the {name} is {value:.3g} after step {books.step} of {self.trainer.n_steps} "
                    f"(pair {books.n_pairs:,}) at learning rate {self.trainer.learning_rate_at(books.step - 1):.3g}, "
                    f"against {books.untrained_loss:.3g} before training. Lower learning_rate, for instance to "
                    f"{self.setup.options.learning_rate / 4:.2g}."
                    + (" Resuming would come to the same." if self.checkpoint is not None else "")
                )
