"""The oracle: the kernel's steps in plain NumPy, from the same random streams, slow and easy to read.

Nothing in the library calls it. The tests run it beside the kernel and compare every row; whoever changes the one
changes the other. It refuses to be fast: a position at a time, a draw at a time.

Legend: B partners (inputs) x_b, K + 1 outputs y_k (the centre, then negatives), S scores, G gradients times step size.
"""

from __future__ import annotations

import numpy as np

from firth.arrays import Float32, Float64, Int32, UInt32
from firth.randomness import Purpose, words
from firth.training.setup import Setup

MAX_TRIES = 16


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


def draw_position(stream: WordStream, setup: Setup) -> tuple[int, list[int]]:
    """Return a centre and its partners, all ids: a group, a member, and distinct others not held out with it."""
    tables = setup.groups
    group = stream.alias(tables.choice_threshold, tables.choice_alias)
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
        return centre, [int(i) for i in ids if i != centre and not setup.heldout.contains(centre, int(i))]
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
    return int(ids[drawn[0]]), [int(ids[i]) for i in drawn[1:]]


def gradients(scores: Float64, used: Float64) -> tuple[Float64, float]:
    """Return (d loss / d S, loss) for scores (K + 1, B) whose row 0 is the positive one; ``used`` is 0 or 1 per row.

    loss = sum over b of log(1 + e^-S[0, b]) + sum over k > 0 of log(1 + e^S[k, b])
    """
    clipped = np.clip(scores, -30, 30)
    label = np.zeros_like(clipped)
    label[0] = 1
    loss = np.log1p(np.exp(-clipped)) + (1 - label) * clipped
    return (1 / (1 + np.exp(-clipped)) - label) * used[:, None], float((loss * used[:, None]).sum())


def train_lane(
    index: int, n_positions: int, learning_rate: float, setup: Setup, model: tuple[Float32, Float32, Float32]
) -> tuple[tuple[Float64, Float64, Float64], tuple[Float64, Float64], float, int]:
    """Return what one lane does: changes of inputs, outputs and biases; pairs per row of both; loss; pairs."""
    options = setup.options
    stream = WordStream(options.seed, Purpose.LANE, index)
    pool = [stream.alias(setup.noise.threshold, setup.noise.alias) for _ in range(setup.pool_size)]
    positions = [draw_position(stream, setup) for _ in range(n_positions)]
    inputs, outputs, biases = (part.astype(np.float64) for part in model)
    n_inputs, n_outputs = np.zeros(setup.n_items), np.zeros(setup.n_items)
    loss, n_pairs = 0.0, 0
    is_nce = setup.biases is not None
    for centre, partners in positions:
        if not partners:
            continue
        targets = np.array([centre] + [pool[stream.below(setup.pool_size)] for _ in range(options.negative)])
        used = np.array([1.0] + [1.0 if is_nce or target != centre else 0.0 for target in targets[1:]])
        x, y = inputs[partners].copy(), outputs[targets].copy()
        scores = y @ x.T + (biases[targets] - setup.log_noise[targets])[:, None]
        slope, position_loss = gradients(scores, used)
        step = -learning_rate * slope
        inputs[partners] += step.T @ y
        np.add.at(outputs, targets, step @ x)
        if is_nce:
            np.add.at(biases, targets, step.sum(axis=1))
        n_inputs[partners] += 1
        np.add.at(n_outputs, targets, used * len(partners))
        loss, n_pairs = loss + position_loss, n_pairs + len(partners)
    changes = (inputs - model[0], outputs - model[1], biases - model[2])
    # A row drawn into the pool but never used counts as touched too, as its unchanged copy does in the merge.
    touched_inputs = np.where(np.isin(np.arange(setup.n_items), [p for _, ps in positions for p in ps]), n_inputs, -1)
    touched_outputs = np.where(
        np.isin(np.arange(setup.n_items), pool + [centre for centre, partners in positions if partners]), n_outputs, -1
    )
    return changes, (touched_inputs, touched_outputs), loss, n_pairs


def merge_share(n_lanes: Float64, n_updates: Float64, step_curvature: float) -> Float64:
    """Return the share of the lanes' summed change that a row takes (``native/merge.hpp`` has the derivation)."""
    x = 0.5 * step_curvature * n_updates
    return np.where(n_lanes <= 1, 1.0, (1 + x / np.maximum(n_lanes, 1)) / (1 + x))


def train(setup: Setup, *, n_steps: int) -> tuple[Float32, Float32, Float32, float, int]:
    """Return inputs, outputs, biases, loss sum and pairs after ``n_steps`` steps; the setup's model is not touched."""
    options = setup.options
    biases = np.zeros(setup.n_items, np.float32) if setup.biases is None else setup.biases.copy()
    model = [setup.inputs.copy(), setup.outputs.copy(), biases]
    per_step = setup.lane_size * options.lanes
    all_steps = -(-setup.n_positions // per_step)
    loss_sum, n_pairs = 0.0, 0
    for step in range(n_steps):
        learning_rate = max(options.min_learning_rate, options.learning_rate * (1 - step / all_steps))
        lanes = []
        for lane in range(options.lanes):
            index = step * options.lanes + lane
            n_positions = min(max(setup.n_positions - index * setup.lane_size, 0), setup.lane_size)
            frozen = (model[0], model[1], model[2])
            lanes.append(train_lane(index, n_positions, learning_rate, setup, frozen))
        for part, side in ((0, 0), (1, 1), (2, 1)):
            counts = np.array([lane[1][side] for lane in lanes])
            share = merge_share(
                (counts >= 0).sum(axis=0), np.maximum(counts, 0).sum(axis=0), learning_rate * options.curvature
            )
            change = np.sum([lane[0][part] for lane in lanes], axis=0)
            model[part] = (model[part] + (change.T * share).T).astype(np.float32)
        loss_sum += sum(lane[2] for lane in lanes)
        n_pairs += sum(lane[3] for lane in lanes)
    return model[0], model[1], model[2], loss_sum, n_pairs
