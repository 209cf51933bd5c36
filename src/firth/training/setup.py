"""A training made ready: tables, first model and plan, from a corpus and options.

The kernel and the reference both start from a :class:`Setup`, so they can be compared row by row.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np

from firth import _kernel
from firth.arrays import Float32, Float64
from firth.corpus.corpus import Corpus
from firth.errors import DataError
from firth.randomness import Purpose, uniform
from firth.threads import n_threads
from firth.training.distributions import GroupTables, HeldoutSplit, Noise, group_tables, noise
from firth.training.options import TrainOptions

_MIN_EPOCHS = 5
_PAIRS_PER_ITEM = 500
_PADDING = 16  # floats: rows start on cache lines and fill whole vector registers


@dataclass(frozen=True, kw_only=True)
class Setup:
    """Everything that training reads, and the model that it changes in place.

    Attributes
    ----------
    options
        As asked for.
    n_items
        Rows of the model.
    groups, noise, heldout
        What is drawn.
    log_noise
        (n_items,) float32, log(negative * noise probability); 0 where that is 0 or the objective has no use for it.
    inputs, outputs
        (n_items, stride) float32, padded with zeros to a multiple of 16 floats, on 64-byte boundaries.
    biases
        (n_items,) float32, or None for an objective without biases.
    n_positions, lane_size, pool_size
        The plan: centres in all, centres per lane and step, negatives that a lane draws for itself.
    """

    options: TrainOptions
    n_items: int
    groups: GroupTables
    noise: Noise
    heldout: HeldoutSplit
    log_noise: Float32
    inputs: Float32
    outputs: Float32
    biases: Float32 | None
    n_positions: int
    lane_size: int
    pool_size: int

    @property
    def n_jobs(self) -> int:
        """Return the number of threads to use."""
        return n_threads(self.options.n_jobs)

    def kernel_groups(self, *, partners: int | None = None, draw_heldout: bool = False) -> _kernel.Groups:
        """Return the kernel's source of positions, on either side of the held-out split."""
        tables = self.groups if partners is None else self.groups.for_partners(partners)
        return _kernel.Groups(
            choice_threshold=tables.choice_threshold,
            choice_alias=tables.choice_alias,
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

    def kernel_trainer(self) -> _kernel.Trainer:
        """Return the kernel's trainer over this setup's model."""
        options = self.options
        return _kernel.Trainer(
            groups=self.kernel_groups(),
            inputs=self.inputs,
            outputs=self.outputs,
            biases=self.biases,
            noise_threshold=self.noise.threshold,
            noise_alias=self.noise.alias,
            log_noise=self.log_noise,
            negative=options.negative,
            pool_size=self.pool_size,
            seed=options.seed,
            n_positions=self.n_positions,
            lane_size=self.lane_size,
            n_lanes=options.lanes,
            learning_rate=options.learning_rate,
            min_learning_rate=options.min_learning_rate,
            curvature=options.curvature,
        )

    def resolved_options(self) -> dict[str, object]:
        """Return the options with every "auto" replaced by what it became."""
        return {
            **asdict(self.options),
            "epochs": self.n_positions / len(self.groups.members),
            "pairs": self.options.pairs or round(self.n_positions * self.groups.mean_pairs_per_position),
            "lane_size": self.lane_size,
            "pool_size": self.pool_size,
            "n_jobs": self.n_jobs,
        }


def prepare(corpus: Corpus, options: TrainOptions) -> Setup:
    """Return the setup for a corpus.

    Raises
    ------
    DataError
        If the corpus has fewer than two items or no group of two.
    """
    n_items = len(corpus.vocabulary)
    if n_items < 2:
        raise DataError(f"training needs at least 2 items, got {n_items}.")
    tables = group_tables(corpus, options.partners)
    centre_probability = tables.centre_probability(n_items)
    negatives = noise(centre_probability, options.ns_exponent)
    has_biases = options.objective == "nce"
    lane_size = _lane_size(options, n_items)
    return Setup(
        options=options,
        n_items=n_items,
        groups=tables,
        noise=negatives,
        heldout=HeldoutSplit.of(options),
        log_noise=_log(options.negative * negatives.probability) if has_biases else np.zeros(n_items, np.float32),
        inputs=_initial_vectors(n_items, options),
        outputs=_padded(n_items, options.vector_size),
        # The best model without vectors: scores estimate log p(item), so each bias starts there.
        biases=_log(centre_probability) if has_biases else None,
        n_positions=_n_positions(options, tables, n_items),
        lane_size=lane_size,
        pool_size=_pool_size(options, lane_size),
    )


def _n_positions(options: TrainOptions, tables: GroupTables, n_items: int) -> int:
    if options.pairs is not None:
        return math.ceil(options.pairs / tables.mean_pairs_per_position)
    if options.epochs != "auto":
        return options.epochs * len(tables.members)
    pairs_per_epoch = len(tables.members) * tables.mean_pairs_per_position
    return max(_MIN_EPOCHS, math.ceil(_PAIRS_PER_ITEM * n_items / pairs_per_epoch)) * len(tables.members)


def _lane_size(options: TrainOptions, n_items: int) -> int:
    """Return centres per lane: a step should meet an item few times, and a lane's rows should stay in the L2 cache."""
    if options.lane_size != "auto":
        return options.lane_size
    per_step = 2 * n_items / options.partners
    in_cache = 512 * 1024 / (4 * options.vector_size) / (options.partners + 1)
    return int(max(1, min(per_step / options.lanes, in_cache, 128)))


def _pool_size(options: TrainOptions, lane_size: int) -> int:
    if options.pool_size != "auto":
        return options.pool_size
    return max(options.negative, lane_size * options.negative // 4)


def _initial_vectors(n_items: int, options: TrainOptions) -> Float32:
    """Return rows uniform on [-0.5, 0.5) / vector_size, as word2vec.c starts them."""
    size = options.vector_size
    drawn = uniform(_kernel.words(options.seed, int(Purpose.INITIAL_VECTORS), 0, n_items * size))
    rows = _padded(n_items, size)
    rows[:, :size] = ((drawn - np.float32(0.5)) / np.float32(size)).reshape(n_items, size)
    return rows


def _padded(n_items: int, vector_size: int) -> Float32:
    """Return zeros, (n_items, vector_size rounded up to 16), on a 64-byte boundary."""
    stride = -(-vector_size // _PADDING) * _PADDING
    block = np.zeros(n_items * stride + _PADDING, dtype=np.float32)
    start = (-block.ctypes.data % 64) // 4
    return block[start : start + n_items * stride].reshape(n_items, stride)


def _log(values: Float64) -> Float32:
    """Return log(values), 0 where a value is 0 (items that are never drawn)."""
    return np.log(values, out=np.zeros_like(values), where=values > 0).astype(np.float32)
