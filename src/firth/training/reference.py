"""The oracle: the kernel's steps in plain NumPy, from the same random streams, slow and easy to read.

Nothing in the library calls it. The tests run it beside the kernel and compare every row; whoever changes the one
changes the other.

Legend: B partners (inputs) x_b, K + 1 outputs y_k (the centre, then negatives), S scores, G gradients times step size.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from firth.arrays import Bool, Float32, Float64
from firth.randomness import Purpose
from firth.training.reference_draws import Position, WordStream, chunk_at, draw_position, narrowed, split_mix, windows
from firth.training.setup import Setup


def gradients(scores: Float64, used: Float64) -> tuple[Float64, float]:
    """Return (d loss / d S, loss) for scores (K + 1, B) whose row 0 is the positive one; ``used`` is 0 or 1 per row.

    loss = sum over b of log(1 + e^-S[0, b]) + sum over k > 0 of log(1 + e^S[k, b])
    """
    clipped = np.clip(scores, -30, 30)
    label = np.zeros_like(clipped)
    label[0] = 1
    loss = np.log1p(np.exp(-clipped)) + (1 - label) * clipped
    return (1 / (1 + np.exp(-clipped)) - label) * used[:, None], float((loss * used[:, None]).sum())


@dataclass
class Side:
    """One matrix as a lane changes it: rows, the loss's curvature along each, and which rows were trained."""

    rows: Float64
    curvature: Float64 = field(init=False)
    is_touched: Bool = field(init=False)
    norms: Float64 = field(init=False)

    def __post_init__(self) -> None:
        self.curvature = np.zeros(len(self.rows))
        self.is_touched = np.zeros(len(self.rows), dtype=bool)
        self.norms = (self.rows**2).sum(axis=1)


@dataclass
class Lane:
    """What one lane does to the model, and what it measured."""

    setup: Setup
    inputs: Side
    outputs: Side
    biases: Float64
    losses: Float64
    n_pairs: Float64

    @classmethod
    def begin(cls, setup: Setup, model: tuple[Float32, Float32, Float32]) -> Lane:
        """Return a lane at the start of a step."""
        inputs = Side(model[0].astype(np.float64))
        outputs = inputs if setup.options.tied else Side(model[1].astype(np.float64))
        n_contexts = len(setup.context_names)
        return cls(setup, inputs, outputs, model[2].astype(np.float64), np.zeros(n_contexts), np.zeros(n_contexts))

    def train(self, position: Position, targets: list[int], learning_rate: float) -> None:
        """Train one position; ``targets`` are the centre and the negatives."""
        setup, partners = self.setup, position.partners
        is_nce, is_cbow = setup.biases is not None, setup.options.objective == "cbow"
        used = np.array([1.0] + [1.0 if is_nce or target != position.centre else 0.0 for target in targets[1:]])
        rows = self.inputs.rows[partners]
        x = rows.mean(axis=0, keepdims=True) if is_cbow else rows
        x_norms = (x**2).sum(axis=1) if is_cbow else self.inputs.norms[partners]
        y, y_norms = self.outputs.rows[targets], self.outputs.norms[targets]
        scores = y @ x.T + (self.biases[targets] - setup.log_noise[targets])[:, None]
        slope, loss = gradients(scores, used)
        sigmoid = 1 / (1 + np.exp(-np.clip(scores, -30, 30)))
        bend = sigmoid * (1 - sigmoid) * used[:, None]
        step = -learning_rate * slope
        x_change, y_change = step.T @ y, step @ x
        bend *= y_norms[:, None] + x_norms[None, :] + is_nce
        x_bend = bend.sum(axis=0)
        if is_cbow:
            n = len(partners)
            x_change, x_bend = np.repeat(x_change / n, n, axis=0), np.repeat(x_bend / n, n)
        is_free = np.ones(setup.n_items) if setup.frozen is None else 1.0 - setup.frozen
        np.add.at(self.inputs.rows, partners, x_change * is_free[partners][:, None])
        np.add.at(self.outputs.rows, targets, y_change * is_free[targets][:, None])
        self.inputs.is_touched[partners] = True
        self.outputs.is_touched[targets] = True
        np.add.at(self.inputs.curvature, partners, x_bend)
        np.add.at(self.outputs.curvature, targets, bend.sum(axis=1))
        if is_nce:
            np.add.at(self.biases, targets, step.sum(axis=1) * is_free[targets])
        for side, item in ((self.outputs, targets[0]), (self.inputs, partners[0])):
            side.norms[item] = (side.rows[item] ** 2).sum()
        self.losses[position.context] += loss
        self.n_pairs[position.context] += 1 if is_cbow else len(partners)


class Reference:
    """A training by the book: the setup's model is not touched.

    Attributes
    ----------
    inputs, outputs, biases
        The model so far.
    loss_sums, n_pairs
        Per step and context: lists of (n_contexts,) float64.
    """

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.inputs, self.outputs = setup.inputs.astype(np.float32), setup.outputs.astype(np.float32)
        self.biases = np.zeros(setup.n_items, np.float32) if setup.biases is None else setup.biases.copy()
        self.curvature = np.zeros((2, setup.n_items))  # of inputs and outputs, learning rate and all, over steps
        self.loss_sums: list[Float64] = []
        self.n_pairs: list[Float64] = []
        self._windows: dict[tuple[int, int], list[list[Position]]] = {}

    def run(self, n_steps: int) -> Reference:
        """Return itself after ``n_steps`` more steps."""
        for step in range(len(self.loss_sums), len(self.loss_sums) + n_steps):
            self._step(step)
        return self

    def run_round(self, machines: list[range]) -> Reference:
        """Return itself after a round, in which each machine does its steps from where the model is."""
        base = [self.inputs, self.outputs, self.biases]
        changes, curvature, is_touched = [], [], []
        for steps in machines:
            self.inputs, self.outputs, self.biases = base
            self.curvature[:] = 0
            for step in steps:
                self._step(step)
            changes.append([after - before for after, before in zip(self._model, base, strict=True)])
            curvature.append(self.curvature.copy())
            is_touched.append(self.curvature > 0)
        n_machines = np.sum(is_touched, axis=0)
        share = merge_share(n_machines, np.sum(curvature, axis=0), np.minimum(0.25, 0.025 * n_machines))
        for number, name in enumerate(("inputs", "outputs", "biases")):
            by_row = share[0] if number == 0 else share[-1 if not self.setup.options.tied else 0]
            by_row = by_row[:, None] if number < 2 else by_row
            change = np.sum([each[number] for each in changes], axis=0, dtype=np.float64)
            setattr(self, name, (base[number] + by_row * change).astype(np.float32))
        return self

    @property
    def _model(self) -> list[Float32]:
        return [self.inputs, self.outputs, self.biases]

    def _step(self, step: int) -> None:
        options, schedule = self.setup.options, self.setup.schedule
        all_steps = -(-schedule.n_lanes // options.lanes)
        rate = max(options.min_learning_rate, options.learning_rate * (1 - step / all_steps))
        lanes = [self._lane(step * options.lanes + lane, rate) for lane in range(options.lanes)]
        self._merge(lanes, rate, step)
        self.loss_sums.append(np.sum([lane.losses for lane in lanes], axis=0))
        self.n_pairs.append(np.sum([lane.n_pairs for lane in lanes], axis=0))

    def _lane(self, index: int, learning_rate: float) -> Lane:
        """Return what lane ``index`` of the whole training does to the model as it stands."""
        setup = self.setup
        lane = Lane.begin(setup, (self.inputs, self.outputs, self.biases))
        if index >= setup.schedule.n_lanes:
            return lane
        pattern = setup.schedule.pattern
        source, turn = int(pattern[index % len(pattern)]), index % len(pattern)
        ordinal = index // len(pattern) * int((pattern == source).sum()) + int((pattern[:turn] == source).sum())
        stream = WordStream(setup.options.seed, Purpose.LANE, index)
        pool_size = setup.schedule.plans[source][2]

        def draw_pool() -> list[int]:
            return [stream.alias(setup.noise.threshold, setup.noise.alias) for _ in range(pool_size)]

        if setup.groups is not None and source == 0:
            pool = draw_pool()
            n_positions, size, _ = setup.schedule.plans[0]
            n = min(max(n_positions - ordinal * size, 0), size)
            positions = [draw_position(stream, setup) for _ in range(n)]
        else:
            positions = self._chunk(source, ordinal)
            pool = draw_pool()
        for position in positions:
            if position.partners:
                negatives = [pool[stream.below(pool_size)] for _ in range(setup.options.negative)]
                lane.train(position, [position.centre, *negatives], learning_rate)
        return lane

    def _chunk(self, source: int, ordinal: int) -> list[Position]:
        """Return the positions of a chunk of an ordered context."""
        tables = self.setup.sequences[source - (self.setup.groups is not None)]
        size = self.setup.schedule.plans[source][1]
        n_chunks = -(-len(tables.context.tokens) // size)
        epoch, turn = divmod(ordinal, n_chunks)
        chunk = chunk_at(self.setup, tables, epoch, turn, n_chunks, size)
        if (source, epoch) not in self._windows:
            self._windows[source, epoch] = windows(self.setup, tables, epoch)
        places = self._windows[source, epoch][chunk * size : (chunk + 1) * size]
        return [each for place in places for each in place]

    def _merge(self, lanes: list[Lane], learning_rate: float, step: int) -> None:
        step_curvature = learning_rate * self.setup.options.curvature
        for number, part in enumerate(("inputs",) if self.setup.options.tied else ("inputs", "outputs")):
            sides: list[Side] = [getattr(lane, part) for lane in lanes]
            model: Float32 = getattr(self, part)
            n_touching = np.sum([side.is_touched for side in sides], axis=0)
            total = np.sum([side.curvature for side in sides], axis=0)
            self.curvature[number] += step_curvature * np.where(n_touching > 0, np.maximum(total, 1e-30), 0)
            share = merge_share(n_touching, total, step_curvature)
            change = np.sum([side.rows - model for side in sides], axis=0)
            merged = (model + change * share[:, None]).astype(np.float32)
            if self.setup.options.precision == "float16":
                touched = np.flatnonzero(n_touching)
                salt = split_mix(split_mix(self.setup.options.seed, step), int(part == "outputs"))
                merged[touched] = narrowed(merged[touched], [split_mix(salt, row) for row in touched.tolist()])
            setattr(self, part, merged)
        # Biases move with the outputs' rows, by the share of these.
        change = np.sum([lane.biases - self.biases for lane in lanes], axis=0)
        self.biases = (self.biases + change * share).astype(np.float32)
        if self.setup.options.tied:
            self.outputs = self.inputs


def merge_share(n_lanes: Float64, curvature: Float64, step_curvature: float | Float64) -> Float64:
    """Return the share of the lanes' summed change that a row takes (``native/merge.hpp`` has the derivation)."""
    y = step_curvature * curvature
    return np.where(n_lanes <= 1, 1.0, _g(y / np.maximum(n_lanes, 1)) / _g(y))


def _g(y: Float64) -> Float64:
    return 0.5 * y + np.sqrt(1 + 0.25 * y * y)
