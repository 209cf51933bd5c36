"""How a training's pairs are divided among contexts: lanes of unordered and ordered contexts take turns in a pattern.

A lane draws from one source: from all unordered contexts together, or from one ordered context. The pattern repeats, so
which lane draws what is known from its number alone, and nothing has to be remembered to stop and go on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from firth.arrays import Int32
from firth.training.distributions import GroupTables, HeldoutSplit
from firth.training.options import TrainOptions
from firth.training.windows import SequenceTables

_FEW_ITEMS = 1 << 15  # up to which the rows of all negatives stay in cache, and sharing them gains little speed
_MIN_EPOCHS = 5
_PAIRS_PER_ITEM = 500
_MIN_ROUNDS = 20  # of a training, besides the short ones it begins with
_ROUND_STEPS = 64
_PATTERN = 4_096  # lanes: shares are met to a part in so many
_TOKENS_PER_LANE = 1_024
_TOKENS_PER_ITEM = 4  # of one step, over all lanes
_PAIRS_PER_TOKEN = 6  # of a window of 5 that shrinks, which the figures above are for
_FLOATS_PER_LANE = 102_400  # tokens times dimensions: the rows then take about half a megabyte


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """What each lane of a training draws.

    Attributes
    ----------
    plans
        Of each source (groups first, if there are any, then the ordered contexts): positions of the whole training
        (groups), centres or tokens per lane, and negatives that a lane draws for itself.
    pattern
        (n,) int32, the sources of lanes 0, 1, 2, ..., over and over.
    n_lanes
        Lanes of the whole training.
    epochs
        How often the data is seen, over all contexts.
    """

    plans: list[tuple[int, int, int]]
    pattern: Int32
    n_lanes: int
    epochs: float


def make_schedule(
    options: TrainOptions,
    *,
    n_items: int,
    groups: GroupTables | None,
    sequences: list[SequenceTables],
    weights: list[float],
    heldout: HeldoutSplit,
    n_jobs: int,
) -> Schedule:
    """Return the schedule of a training.

    Parameters
    ----------
    options
        As asked for.
    n_items
        Size of the vocabulary.
    groups, sequences
        The sources.
    weights
        The sources' shares of the pairs, groups first.
    heldout
        Which pairs are not trained.
    n_jobs
        Threads, to count an ordered context's pairs with.
    """
    sizes = [_centres_per_lane(options, n_items)] if groups else []
    # All ordered contexts alike: a lane is as long as the widest window allows.
    lane_size = min((_tokens_per_lane(options, n_items, each) for each in sequences), default=0)
    sizes += [each.whole(lane_size) for each in sequences]
    pools = [
        _pool_size(options, size, n_items=n_items, is_groups=groups is not None and i == 0)
        for i, size in enumerate(sizes)
    ]
    if groups and not sequences:
        n_positions = _n_positions(options, groups, n_items)
        n_lanes = -(-n_positions // sizes[0])
        epochs = n_positions / len(groups.members)
        return Schedule(
            plans=[(n_positions, sizes[0], pools[0])], pattern=np.zeros(1, np.int32), n_lanes=n_lanes, epochs=epochs
        )
    kernels = [
        each.kernel(options, heldout, size) for each, size in zip(sequences, sizes[-len(sequences) :], strict=True)
    ]
    epochs = _MIN_EPOCHS if options.epochs == "auto" else options.epochs
    if len(sequences) == 1 and not groups and options.pairs is None:
        n_lanes = kernels[0].n_chunks * epochs
        return Schedule(
            plans=[(0, sizes[0], pools[0])], pattern=np.zeros(1, np.int32), n_lanes=n_lanes, epochs=float(epochs)
        )
    # Pairs of one epoch and of one lane, per source.
    pairs = [len(groups.members) * groups.mean_pairs_per_position] if groups else []
    per_lane = [sizes[0] * groups.mean_pairs_per_position] if groups else []
    for kernel in kernels:
        counted = max(1, kernel.count_pairs(0, n_jobs))
        pairs.append(counted)
        per_lane.append(counted / kernel.n_chunks)
    total = options.pairs if options.pairs is not None else epochs * sum(pairs)
    wanted = [weight / sum(weights) * total / each for weight, each in zip(weights, per_lane, strict=True)]
    n_lanes = max(1, math.ceil(sum(wanted)))
    return Schedule(
        plans=[(n_lanes * size if groups and i == 0 else 0, size, pools[i]) for i, size in enumerate(sizes)],
        pattern=interleaved(wanted),
        n_lanes=n_lanes,
        epochs=total / sum(pairs),
    )


def interleaved(shares: list[float]) -> Int32:
    """Return a pattern in which each source comes as often as its share says, at least once, and evenly spread.

    Returns
    -------
    Int32
        (at most 4,096,) numbers of sources; the shares are met by the method of largest remainders.
    """
    if len(shares) == 1:
        return np.zeros(1, np.int32)
    exact = np.array(shares) / sum(shares) * _PATTERN
    quota = np.maximum(1, np.floor(exact)).astype(int)
    remainder = np.argsort(-(exact - np.floor(exact)), kind="stable")
    for i in remainder[: max(0, _PATTERN - int(quota.sum()))]:
        quota[i] += 1
    quota //= np.gcd.reduce(quota)
    places = np.concatenate([(np.arange(n) + 0.5) / n for n in quota])
    sources = np.repeat(np.arange(len(quota)), quota)
    return sources[np.argsort(places, kind="stable")].astype(np.int32)


def auto_round_steps(n_lanes: int, options: TrainOptions) -> int:
    """Return how many steps each machine does between two merges."""
    n_steps = -(-n_lanes // options.lanes)
    return max(1, min(_ROUND_STEPS, n_steps // (_MIN_ROUNDS * options.machines)))


def _n_positions(options: TrainOptions, tables: GroupTables, n_items: int) -> int:
    if options.pairs is not None:
        return math.ceil(options.pairs / tables.mean_pairs_per_position)
    if options.epochs != "auto":
        return options.epochs * len(tables.members)
    pairs_per_epoch = len(tables.members) * tables.mean_pairs_per_position
    return max(_MIN_EPOCHS, math.ceil(_PAIRS_PER_ITEM * n_items / pairs_per_epoch)) * len(tables.members)


def _centres_per_lane(options: TrainOptions, n_items: int) -> int:
    """Return centres per lane: a step should meet an item few times, and a lane's rows should stay in the L2 cache."""
    if options.lane_size != "auto":
        return options.lane_size
    per_step = 2 * n_items / options.partners
    in_cache = 512 * 1024 / (4 * options.vector_size) / (options.partners + 1)
    return int(max(1, min(per_step / options.lanes, in_cache, 128)))


def _tokens_per_lane(options: TrainOptions, n_items: int, tables: SequenceTables) -> int:
    """Return tokens per lane: the same two wishes; a text's lane touches about one row per token in each matrix."""
    if options.lane_size != "auto":
        return options.lane_size
    reach = sum((each + 1) / 2 if options.shrink_windows and each else each for each in tables.window)
    wide = max(1.0, reach / _PAIRS_PER_TOKEN)
    in_cache = max(256.0, _FLOATS_PER_LANE / options.vector_size)
    per_item = _TOKENS_PER_ITEM * n_items / options.lanes / wide
    return int(max(16, min(per_item, in_cache, _TOKENS_PER_LANE / wide)))


def _pool_size(options: TrainOptions, lane_size: int, *, n_items: int, is_groups: bool) -> int:
    if options.pool_size != "auto":
        return options.pool_size
    if not is_groups and n_items <= _FEW_ITEMS:
        # Songs, not words: as many as the positions take raises the hit rate by a tenth for 1.8 times the time.
        return lane_size * options.negative
    # Of a text's tokens some four fifths survive subsampling, so a row of the pool is a negative of about sixteen
    # positions. Twice as many gain little (benchmarks/RESULTS.md) and cost a tenth of the speed, as they have to be
    # copied; half as many are trained against too often.
    return max(options.negative, lane_size * options.negative // (4 if is_groups else 20))
