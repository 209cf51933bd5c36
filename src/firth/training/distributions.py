"""What training draws from groups, worked out exactly before it starts; and the noise, and the pairs held out.

Shares are defined on *pairs*: a context's share is its weight, and within it every group counts alike or by its size.
A position trains up to ``partners`` pairs at once and a small group has fewer, so positions are drawn with
probability proportional to share / pairs per position, which makes the pairs come out in the stated shares.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from firth import _kernel
from firth.arrays import Float64, Int32, Int64, UInt32
from firth.corpus.corpus import Corpus, GroupContext
from firth.randomness import Purpose, words
from firth.training.options import TrainOptions


@dataclass(frozen=True, kw_only=True)
class GroupTables:
    """All contexts' groups end to end, with the tables that draw from them.

    Attributes
    ----------
    contexts
        (n_groups,) int32, the number of each group's context among the corpus's.
    offsets
        (n_groups + 1,) int64. Members of group g are ``members[offsets[g]:offsets[g + 1]]``.
    members
        (n_memberships,) int32 item ids.
    weights
        (n_memberships,) float64 > 0, or None when every member of every group counts alike.
    share
        (n_groups,) float64, the groups' share of all pairs; sums to 1.
    pairs_per_position
        (n_groups,) int64, min(partners, members - 1).
    choice_threshold, choice_alias
        (n_groups,) alias table over groups, for positions.
    member_threshold, member_alias
        (n_memberships,) alias tables within each group, or None without weights.
    """

    contexts: Int32
    offsets: Int64
    members: Int32
    weights: Float64 | None
    share: Float64
    pairs_per_position: Int64
    choice_threshold: UInt32
    choice_alias: Int32
    member_threshold: UInt32 | None
    member_alias: Int32 | None

    @property
    def mean_pairs_per_position(self) -> float:
        """Return the expected number of pairs of one position."""
        return 1.0 / float((self.share / self.pairs_per_position).sum())

    def for_partners(self, partners: int) -> GroupTables:
        """Return the tables with which positions of up to ``partners`` partners give pairs in the stated shares."""
        pairs_per_position, threshold, alias = _choice(self.share, np.diff(self.offsets), partners)
        return replace(self, pairs_per_position=pairs_per_position, choice_threshold=threshold, choice_alias=alias)

    def centre_probability(self, n_items: int) -> Float64:
        """Return (n_items,) float64: how often each item is the centre of a pair; sums to 1."""
        sizes = np.diff(self.offsets)
        weights = np.ones(len(self.members)) if self.weights is None else self.weights
        totals = np.add.reduceat(weights, self.offsets[:-1])
        probability = weights * np.repeat(self.share / totals, sizes)
        return np.bincount(self.members, weights=probability, minlength=n_items).astype(np.float64)


def group_tables(corpus: Corpus, partners: int) -> GroupTables:
    """Return the tables of a corpus's unordered contexts, of which there is at least one."""
    numbered = [(i, context) for i, context in enumerate(corpus.contexts) if isinstance(context, GroupContext)]
    contexts = [context for _, context in numbered]
    total_weight = sum(context.weight for context in contexts)
    sizes = [np.diff(context.offsets) for context in contexts]
    shares = [
        context.weight
        / total_weight
        * (size / size.sum() if context.choice == "size" else np.full(len(size), 1 / len(size)))
        for context, size in zip(contexts, sizes, strict=True)
    ]
    size, share = np.concatenate(sizes), np.concatenate(shares)
    offsets = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
    weights = None
    if any(context.member_weights is not None for context in contexts):
        weights = np.concatenate(
            [
                np.ones(len(context.members)) if context.member_weights is None else context.member_weights
                for context in contexts
            ]
        )
    pairs_per_position, choice_threshold, choice_alias = _choice(share, size, partners)
    member = (None, None) if weights is None else _kernel.build_alias(weights, offsets)
    return GroupTables(
        contexts=np.repeat(np.array([i for i, _ in numbered], dtype=np.int32), [len(size) for size in sizes]),
        offsets=offsets,
        members=np.concatenate([context.members for context in contexts]),
        weights=weights,
        share=share,
        pairs_per_position=pairs_per_position,
        choice_threshold=choice_threshold,
        choice_alias=choice_alias,
        member_threshold=member[0],
        member_alias=member[1],
    )


def _choice(share: Float64, size: Int64, partners: int) -> tuple[Int64, UInt32, Int32]:
    """Return pairs per position, and the alias table that draws positions such that pairs have the shares."""
    pairs_per_position = np.minimum(partners, size - 1).astype(np.int64)
    return pairs_per_position, *_kernel.build_alias(share / pairs_per_position, np.array([0, len(share)]))


@dataclass(frozen=True, kw_only=True)
class Noise:
    """The distribution of negatives.

    Attributes
    ----------
    probability
        (n_items,) float64, sums to 1; 0 for items that are in no context.
    threshold, alias
        (n_items,) its alias table.
    """

    probability: Float64
    threshold: UInt32
    alias: Int32


def noise(frequency: Float64, ns_exponent: float) -> Noise:
    """Return the noise: the items' shares to the power ``ns_exponent``, normalised over items that occur."""
    weights = np.zeros_like(frequency)
    occurs = frequency > 0
    weights[occurs] = frequency[occurs] ** ns_exponent
    weights /= weights.sum()
    threshold, alias = _kernel.build_alias(weights, np.array([0, len(weights)], dtype=np.int64))
    return Noise(probability=weights, threshold=threshold, alias=alias)


@dataclass(frozen=True, kw_only=True)
class HeldoutSplit:
    """Which pairs are held out: those whose salted hash, in either order of the two ids, is below the threshold."""

    salt: int
    threshold: int

    @classmethod
    def of(cls, options: TrainOptions) -> HeldoutSplit:
        """Return the split that belongs to a seed and a share."""
        low, high = words(options.seed, Purpose.HELDOUT_SPLIT, 0, 2)
        return cls(salt=int(low) | int(high) << 32, threshold=int(options.heldout * 2**32))

    def contains(self, a: int, b: int) -> bool:
        """Return whether the pair (a, b) is held out (the kernel's own test, for the reference and the tests)."""
        mask = 0xFFFFFFFFFFFFFFFF
        z = self.salt ^ (min(a, b) << 32 | max(a, b))
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & mask
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & mask
        return (z ^ (z >> 31)) >> 32 < self.threshold
