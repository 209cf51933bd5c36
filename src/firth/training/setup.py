"""A training made ready: tables, first model and plan, from a corpus and options.

The kernel and the reference both start from a :class:`Setup`, so they can be compared row by row.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from firth import _kernel
from firth.arrays import Bool, Float32, Float64, Int32, Model
from firth.corpus.corpus import Corpus, GroupContext
from firth.corpus.graph import WalkContext
from firth.errors import DataError, OptionError
from firth.mapped import is_mapped
from firth.threads import n_threads
from firth.training.distributions import GroupTables, HeldoutSplit, Noise, group_tables, noise
from firth.training.model import empty_model, initial_model, is_in_file, set_rows
from firth.training.options import TrainOptions
from firth.training.schedule import Schedule, auto_round_steps, make_schedule
from firth.training.walks import walk_tables
from firth.training.windows import SequenceTables, sequence_tables


@dataclass(frozen=True, kw_only=True)
class Start:
    """A model to go on from: known items begin with its rows.

    Attributes
    ----------
    ids
        (n_items,) int32, for each item of the corpus its row here, or -1 for a new item.
    vectors, outputs
        (n_rows, vector_size) float32; ``outputs`` may be None, they then begin with zeros.
    biases
        (n_rows,) float32, or None.
    freeze
        Whether the rows of known items stay as they are.
    """

    ids: Int32
    vectors: Float32
    outputs: Float32 | None = None
    biases: Float32 | None = None
    freeze: bool = False

    @property
    def digest(self) -> str:
        """Return the SHA-256 of everything in it, as hexadecimal digits."""
        parts = [self.ids, self.vectors, self.outputs, self.biases]
        digest = hashlib.sha256(b"frozen" if self.freeze else b"free")
        for part in parts:
            digest.update(b"none" if part is None else np.ascontiguousarray(part).data)
        return digest.hexdigest()


@dataclass(frozen=True, kw_only=True)
class Setup:
    """Everything that training reads, and the model that it changes in place.

    Attributes
    ----------
    options
        As asked for.
    n_items
        Rows of the model.
    context_names, context_weights
        Of the corpus's contexts, in their order.
    groups, sequences, noise, heldout
        What is drawn; ``groups`` is None where no context is unordered.
    log_noise
        (n_items,) float32, log(negative * noise probability); 0 where that is 0 or the objective has no use for it.
    inputs, outputs
        (n_items, stride) of ``options.precision``, padded with zeros to a multiple of 8 numbers, on 64-byte boundaries.
        One array where ``options.tied``.
    biases
        (n_items,) float32, or None for an objective without biases.
    frozen
        (n_items,) bool, items whose rows stay as they are; or None.
    schedule
        Which lane draws what.
    """

    options: TrainOptions
    n_items: int
    context_names: tuple[str, ...]
    context_weights: tuple[float, ...]
    groups: GroupTables | None
    sequences: tuple[SequenceTables, ...]
    noise: Noise
    heldout: HeldoutSplit
    log_noise: Float32
    inputs: Model
    outputs: Model
    biases: Float32 | None
    frozen: Bool | None
    schedule: Schedule

    @property
    def n_jobs(self) -> int:
        """Return the number of threads to use."""
        return n_threads(self.options.n_jobs)

    @property
    def round_steps(self) -> int:
        """Return the steps of each machine between two merges."""
        asked = self.options.round_steps
        return auto_round_steps(self.schedule.n_lanes, self.options) if asked == "auto" else asked

    def kernel_groups(self, *, partners: int | None = None, draw_heldout: bool = False) -> _kernel.Groups:
        """Return the kernel's source of positions in groups, on either side of the held-out split."""
        assert self.groups is not None
        tables = self.groups if partners is None else self.groups.for_partners(partners)
        return _kernel.Groups(
            choice_threshold=tables.choice_threshold,
            choice_alias=tables.choice_alias,
            contexts=tables.contexts,
            offsets=tables.offsets,
            members=tables.members,
            weights=tables.weights,
            threshold=tables.member_threshold,
            alias=tables.member_alias,
            partners=self.options.partners if partners is None else partners,
            heldout_salt=self.heldout.salt,
            heldout_threshold=self.heldout.threshold,
            draw_heldout=draw_heldout,
            n_items=self.n_items,
        )

    def kernel_sequences(self) -> list[_kernel.Sequences]:
        """Return the kernel's sources of positions in ordered contexts."""
        plans = self.schedule.plans[len(self.schedule.plans) - len(self.sequences) :]
        return [
            tables.kernel(self.options, self.heldout, chunk_size)
            for tables, (_, chunk_size, _) in zip(self.sequences, plans, strict=True)
        ]

    def kernel_trainer(self) -> _kernel.Trainer:
        """Return the kernel's trainer over this setup's model."""
        options = self.options
        return _kernel.Trainer(
            sources=([self.kernel_groups()] if self.groups else []) + self.kernel_sequences(),
            plans=self.schedule.plans,
            pattern=self.schedule.pattern,
            n_lanes_in_all=self.schedule.n_lanes,
            n_contexts=len(self.context_names),
            inputs=self.inputs,
            outputs=self.outputs,
            biases=self.biases,
            noise_threshold=self.noise.threshold,
            noise_alias=self.noise.alias,
            log_noise=self.log_noise,
            frozen=None if self.frozen is None else self.frozen.astype(np.uint8),
            is_cbow=options.objective == "cbow",
            negative=options.negative,
            seed=options.seed,
            lanes=options.lanes,
            learning_rate=options.learning_rate,
            min_learning_rate=options.min_learning_rate,
            curvature=options.curvature,
        )

    def resolved_options(self, *, n_pairs: int) -> dict[str, object]:
        """Return the options with every "auto" replaced by what it became; ``n_pairs`` were trained."""
        plan = self.schedule.plans[-1]
        asked = {key: list(each) if isinstance(each, tuple) else each for key, each in asdict(self.options).items()}
        return {
            **asked,
            "epochs": self.schedule.epochs,
            "pairs": self.options.pairs or n_pairs,
            "lane_size": plan[1],
            "pool_size": plan[2],
            "model_storage": "file" if is_mapped(self.inputs) else "memory",
            "round_steps": self.round_steps,
            "n_jobs": self.n_jobs,
        }


def prepare(corpus: Corpus, options: TrainOptions, *, start: Start | None = None, scratch: Path | None = None) -> Setup:
    """Return the setup for a corpus; ``scratch`` is the folder of a model in files, None: that of temporary files.

    Raises
    ------
    DataError
        If the corpus has fewer than two items or nothing to learn from.
    OptionError
        If a model to start from does not fit the options.
    """
    n_items = len(corpus.counts)
    if n_items < 2:
        raise DataError(f"training needs at least 2 items, got {n_items}.")
    groups = group_tables(corpus, options.partners) if corpus.groups else None
    sequences = [
        walk_tables(context, number, options)
        if isinstance(context, WalkContext)
        else sequence_tables(context, number, options)
        for number, context in enumerate(corpus.contexts)
        if not isinstance(context, GroupContext)
    ]
    if groups is None and not sequences:
        raise DataError("training needs a group of at least 2 items or a sequence, got none; check the contexts.")
    weights = [sum(each.weight for each in corpus.groups)] if groups else []
    weights += [each.context.weight for each in sequences]
    frequency = np.zeros(n_items)
    centre_probability = np.zeros(n_items)
    sources = ([groups.centre_probability(n_items)] if groups else []) + [each.frequency for each in sequences]
    centres = ([groups.centre_probability(n_items)] if groups else []) + [each.centre_probability for each in sequences]
    for weight, source, centre in zip(weights, sources, centres, strict=True):
        frequency += weight / sum(weights) * source
        centre_probability += weight / sum(weights) * centre
    negatives = noise(frequency, options.ns_exponent)
    has_biases = options.objective == "nce"
    heldout = HeldoutSplit.of(options)
    inputs, outputs, biases = _first_model(n_items, options, _log(centre_probability), start, scratch)
    return Setup(
        options=options,
        n_items=n_items,
        context_names=tuple(context.name for context in corpus.contexts),
        context_weights=tuple(context.weight for context in corpus.contexts),
        groups=groups,
        sequences=tuple(sequences),
        noise=negatives,
        heldout=heldout,
        log_noise=_log(options.negative * negatives.probability) if has_biases else np.zeros(n_items, np.float32),
        inputs=inputs,
        outputs=outputs,
        biases=biases,
        frozen=start.ids >= 0 if start is not None and start.freeze else None,
        schedule=make_schedule(
            options,
            n_items=n_items,
            groups=groups,
            sequences=sequences,
            weights=weights,
            heldout=heldout,
            n_jobs=n_threads(options.n_jobs),
        ),
    )


def _first_model(
    n_items: int, options: TrainOptions, log_probability: Float32, start: Start | None, scratch: Path | None
) -> tuple[Model, Model, Float32 | None]:
    """Return inputs, outputs and biases before the first step."""
    size = options.vector_size
    in_file = is_in_file(n_items, options)
    inputs = initial_model(n_items, options, scratch, in_file=in_file)
    outputs = inputs if options.tied else empty_model(n_items, options, scratch, in_file=in_file)
    # The best model without vectors: scores estimate log p(item), so each bias starts there.
    biases = log_probability.copy() if options.objective == "nce" else None
    if start is not None:
        if start.vectors.shape[1] != size:
            raise OptionError(
                f"vector_size must be that of the run to go on from, {start.vectors.shape[1]}, got {size}."
            )
        set_rows(inputs, start.vectors, start.ids)
        if start.outputs is not None and not options.tied:
            set_rows(outputs, start.outputs, start.ids)
        if start.biases is not None and biases is not None:
            known = start.ids >= 0
            biases[known] = start.biases[start.ids[known]]
    return inputs, outputs, biases


def _log(values: Float64) -> Float32:
    """Return log(values), 0 where a value is 0 (items that are never drawn)."""
    return np.log(values, out=np.zeros_like(values), where=values > 0).astype(np.float32)
