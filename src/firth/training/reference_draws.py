"""The oracle's draws: the positions of a lane, in plain Python, from the same random streams as the kernel's.

Nothing in the library calls it; ``reference.py`` does. A position at a time, a draw at a time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from firth.arrays import Float32, Int32, UInt32
from firth.randomness import Purpose, words
from firth.training.setup import Setup
from firth.training.windows import SequenceTables, block_chunks

MAX_TRIES = 16
MAX_INPUTS = 16
HELDOUT_SIZE = 1000
_MASK = 0xFFFFFFFFFFFFFFFF


@dataclass
class Position:
    """A centre, what predicts it, and the context it comes from; ids."""

    centre: int
    partners: list[int]
    context: int


class WordStream:
    """The 32-bit words of one stream, drawn one after another."""

    def __init__(self, seed: int, purpose: Purpose, index: int) -> None:
        self._key = (seed, purpose, index)
        self._words = words(*self._key, 1024)
        self._used = 0

    def next(self) -> int:
        """Return the next word, in [0, 2**32)."""
        if self._used == len(self._words):
            self._words = words(*self._key, 2 * len(self._words))
        self._used += 1
        return int(self._words[self._used - 1])

    def below(self, n: int) -> int:
        """Return a number in [0, n): the high half of a 32 x 32 bit product."""
        return self.next() * n >> 32

    def alias(self, threshold: UInt32, alias: Int32) -> int:
        """Return a draw from an alias table: a column, then the column itself or its alias."""
        column = self.below(len(threshold))
        return int(alias[column]) if self.next() > int(threshold[column]) else column


def split_mix(salt: int, index: int) -> int:
    """Return step ``index`` of SplitMix64 started at ``salt`` (Steele, Lea & Flood 2014)."""
    z = (salt + (index + 1) * 0x9E3779B97F4A7C15) & _MASK
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & _MASK
    return z ^ (z >> 31)


def narrowed(rows: Float32, salts: list[int]) -> Float32:
    """Return rows rounded by chance to what 16-bit floats hold (``native/half.hpp``), each by the hash of its salt.

    A number between two neighbours becomes the upper one with the share of the way to it, in steps of 2**-13.
    """
    size = rows.shape[1]
    result = np.empty_like(rows)
    for row, salt, rounded in zip(rows.astype(np.float64), salts, result, strict=True):
        x = (np.arange(size, dtype=np.uint32) * np.uint32(0x9E3779B9)) + np.uint32(salt & 0xFFFFFFFF)
        x = (x ^ (x >> np.uint32(16))) * np.uint32(0x85EBCA6B) ^ np.uint32(salt >> 32)
        x = (x ^ (x >> np.uint32(13))) * np.uint32(0xC2B2AE35)
        chance = ((x ^ (x >> np.uint32(16))) >> np.uint32(19)) * 2.0**-13
        magnitude = np.minimum(np.abs(row), 65504.0)
        spacing = 2.0 ** np.maximum(np.frexp(magnitude)[1] - 11, -24)
        steps = np.rint(magnitude / spacing * 2.0**13) * 2.0**-13
        rounded[:] = np.copysign(np.floor(steps + chance) * spacing, row)
    return result


def permuted(n: int, key: int, place: int) -> int:
    """Return what stands at a place of the pseudo-random order of 0 .. n-1 (``native/permutation.hpp``)."""
    a = math.isqrt(n - 1) + 1
    b = -(-n // a)
    salts = [split_mix(key, i) for i in range(8)]
    while True:
        x, y = place % a, place // a
        for even, odd in zip(salts[::2], salts[1::2], strict=True):
            x = (x + ((split_mix(even, y) >> 32) * a >> 32)) % a
            y = (y + ((split_mix(odd, x) >> 32) * b >> 32)) % b
        place = y * a + x
        if place < n:
            return place


def draw_position(stream: WordStream, setup: Setup) -> Position:
    """Return a centre and its partners: a group, a member, and distinct others not held out with it."""
    tables = setup.groups
    assert tables is not None
    group = stream.alias(tables.choice_threshold, tables.choice_alias)
    context = int(tables.contexts[group])
    first, last = int(tables.offsets[group]), int(tables.offsets[group + 1])
    ids = tables.members[first:last]
    weights = np.ones(len(ids)) if tables.weights is None else tables.weights[first:last]

    def member() -> int:
        if tables.member_threshold is None or tables.member_alias is None:
            return stream.below(len(ids))
        return stream.alias(tables.member_threshold[first:last], tables.member_alias[first:last])

    drawn = [member()]
    if len(ids) - 1 <= setup.options.partners:
        centre = int(ids[drawn[0]])
        others = [int(i) for i in ids if i != centre and not setup.heldout.contains(centre, int(i))]
        return Position(centre, others, context)
    for _ in range(setup.options.partners):
        is_open = np.array(
            [i not in drawn and not setup.heldout.contains(int(ids[drawn[0]]), int(each)) for i, each in enumerate(ids)]
        )
        tries = (member() for _ in range(MAX_TRIES))
        index = next((i for i in tries if is_open[i]), None)
        if index is None:
            if not is_open.any():
                break
            candidates = np.flatnonzero(is_open)
            ends = np.cumsum(weights[candidates])
            point = stream.next() * 2.0**-32 * ends[-1]
            index = int(candidates[min(np.searchsorted(ends, point, side="right"), len(candidates) - 1)])
        drawn.append(index)
    return Position(int(ids[drawn[0]]), [int(ids[i]) for i in drawn[1:]], context)


def windows(setup: Setup, tables: SequenceTables, epoch: int, *, want_heldout: bool = False) -> list[list[Position]]:
    """Return, for each token of an ordered context, its windows: none, one, or several of at most sixteen items.

    The whole corpus at once: what a token's windows are does not depend on the chunk it is read in.
    """
    context = tables.context
    salt = _epoch_salt(setup, tables, epoch)
    n_known = setup.n_items if context.unknown < 0 else context.unknown
    found: list[list[Position]] = [[] for _ in context.tokens]
    for first, last in zip(context.offsets[:-1].tolist(), context.offsets[1:].tolist(), strict=True):
        run: list[tuple[int, int, int]] = []  # tokens that survive, with no held-out one between: place, id, word
        for t in range(first, last + 1):
            block = t - (t - first) % HELDOUT_SIZE
            is_heldout = split_mix(setup.heldout.salt, block) >> 32 < setup.heldout.threshold
            if t == last or is_heldout != want_heldout:
                _close(run, tables, setup, found)
                run = []
                continue
            item = int(context.tokens[t])
            item = item if 0 <= item < n_known else context.unknown
            word = split_mix(salt, t)
            if item >= 0 and word & 0xFFFFFFFF <= int(tables.keep[item]):
                run.append((t, item, word >> 32))
    return found


def chunk_at(setup: Setup, tables: SequenceTables, epoch: int, turn: int, n_chunks: int, chunk_size: int) -> int:
    """Return the chunk that comes at a turn of an epoch: whole blocks in a drawn order, what is left over last."""
    size = block_chunks(setup.options.shuffle_block, chunk_size)
    n_blocks = n_chunks // size if size else 0
    if turn >= n_blocks * size:
        return turn
    key = split_mix(_epoch_salt(setup, tables, epoch), _MASK)
    return permuted(n_blocks, key, turn // size) * size + turn % size


def _epoch_salt(setup: Setup, tables: SequenceTables, epoch: int) -> int:
    stream = WordStream(setup.options.seed, Purpose.SEQUENCES, tables.number << 40 | epoch)
    return stream.next() | stream.next() << 32


def _close(run: list[tuple[int, int, int]], tables: SequenceTables, setup: Setup, found: list[list[Position]]) -> None:
    """Note the windows of a run of tokens."""
    for i, (place, centre, word) in enumerate(run):
        before, after = tables.window
        if setup.options.shrink_windows:
            before = 1 + (word * before >> 32) if before else 0
            after = 1 + (word * after >> 32) if after else 0
        partners = [each[1] for each in run[max(0, i - before) : i] + run[i + 1 : i + 1 + after]]
        found[place] = [Position(centre, part, tables.number) for part in _parts(partners, setup)]


def _parts(partners: list[int], setup: Setup) -> list[list[int]]:
    """Return a window in parts of at most sixteen distinct items each; for CBOW as it is."""
    if setup.options.objective == "cbow":
        return [partners] if partners else []
    parts: list[list[int]] = []
    for each in partners:
        if not parts or len(parts[-1]) == MAX_INPUTS or each in parts[-1]:
            parts.append([])
        parts[-1].append(each)
    return parts
