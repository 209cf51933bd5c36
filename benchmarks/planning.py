"""The arithmetic of docs/planning.md: what a token costs in arithmetic, memory and network, and what that makes.

python benchmarks/planning.py rows        rows that a stretch of wiki100m touches: counted, and by the formula
python benchmarks/planning.py predict     10^11 tokens and 10^8 items, by cores and machines
"""

from __future__ import annotations

import argparse
import lzma
import math
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import numpy.typing as npt

import firth
from firth.training.rounds import round_of
from words import WORDS

TOKENS_PER_STEP = 16 * 1024  # 16 lanes
NEGATIVES_PER_TOKEN = 0.25  # that a lane draws for itself, from which its positions take theirs
RATE_PER_CORE = 2.2e6  # words/s of one thread of the machine that RESULTS.md was measured on
PER_MORE_CORE = 0.97  # of what each further core adds


@dataclass(frozen=True)
class Text:
    """A text by its law: the relative frequencies of its items, (n_items,) float64, descending."""

    frequency: npt.NDArray[np.float64]

    @classmethod
    def zipf(cls, n_items: int) -> Text:
        """Return a text in which item i occurs in proportion to 1 / (i + 2.7) (Mandelbrot 1953)."""
        weight = 1 / (np.arange(n_items) + 2.7)
        return cls(weight / weight.sum())

    def kept(self, sample: float = 1e-3) -> npt.NDArray[np.float64]:
        """Return the probability that an item's token survives subsampling, as word2vec.c has it."""
        return np.minimum(1, np.sqrt(sample / self.frequency) + sample / self.frequency)

    def rows(self, n_tokens: float) -> tuple[float, float]:
        """Return how many rows of inputs and of outputs a stretch of tokens touches: distinct items among its draws."""
        noise = self.frequency**0.75
        noise /= noise.sum()
        inputs = self.frequency * self.kept() * n_tokens
        outputs = inputs + noise * NEGATIVES_PER_TOKEN * n_tokens
        return float(-np.expm1(-inputs).sum()), float(-np.expm1(-outputs).sum())


def row_bytes(vector_size: int) -> int:
    """Return the bytes of a changed row on the wire: the padded row, its id and its curvature."""
    return 4 * (-(-vector_size // 8) * 8) + 8


def wire_bytes(text: Text, *, vector_size: int, machines: int, round_steps: int, workers: int) -> float:
    """Return the bytes that go between workers, per token of a round."""
    n_tokens = round_steps * TOKENS_PER_STEP
    changed = sum(text.rows(n_tokens)) * machines  # packed by every machine
    new = sum(text.rows(n_tokens * machines))  # sent by the owners
    away = (workers - 1) / workers
    sent = changed * away * row_bytes(vector_size) + new * (workers - 1) * (row_bytes(vector_size) - 4)
    return sent / (n_tokens * machines)


def rows(_: argparse.Namespace) -> None:
    """Print the rows that stretches of wiki100m touch, counted and by the formula."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "wiki.txt"
        path.write_bytes(lzma.decompress((WORDS / "wiki100m.txt.xz").read_bytes()))
        corpus = firth.read_text(path, cache=False)
        text = Text(corpus.counts / corpus.counts.sum())
        tokens = corpus.sequences[0].tokens
        random = np.random.default_rng(0)
        for steps in (1, 4, 16, 64):
            n = steps * TOKENS_PER_STEP
            some = np.asarray(tokens[5_000_000 : 5_000_000 + n])
            some = some[some < len(corpus.counts)]
            found = len(np.unique(some[random.random(len(some)) < text.kept()[some]]))
            print(
                f"{steps:4d} steps, {n:9,d} tokens: {found:7,d} inputs counted, {text.rows(n)[0]:9,.0f} by the formula"
            )
        n_steps = -(-len(tokens) // TOKENS_PER_STEP)
        for steps, workers in ((16, 2), (16, 4), (64, 2)):
            sent = _training_bytes(text, n_steps, machines=4, round_steps=steps, workers=workers)
            print(
                f"4 machines, {steps} steps, {workers} workers: {sent / len(tokens):.0f} bytes a token between workers"
            )


def _training_bytes(text: Text, n_steps: int, *, machines: int, round_steps: int, workers: int) -> float:
    """Return the bytes between workers of a whole training, whose rounds grow as the library's do."""
    setup = SimpleNamespace(options=SimpleNamespace(machines=machines), round_steps=round_steps)
    total, step = 0.0, 0
    while step < n_steps:
        found = round_of(setup, step, n_steps)  # type: ignore[arg-type]
        steps, active = len(found[0]), sum(1 for each in found if each)
        per_token = wire_bytes(text, vector_size=100, machines=active, round_steps=steps, workers=workers)
        # A machine alone has an owner for its rows as well, and all take the new ones.
        total += per_token * steps * active * TOKENS_PER_STEP
        step = found[-1].stop
    return total


def predict(_: argparse.Namespace) -> None:
    """Print the time of an epoch of 10^11 tokens, by vocabulary, machines and round."""
    n_tokens, cores, network = 1e11, 16, 1.25e9  # bytes a second each way: 10 Gbit/s
    for n_items in (10**6, 10**7, 10**8):
        text = Text.zipf(n_items)
        kept = float(np.sum(text.frequency * text.kept()))
        for machines in (1, 8, 64):
            for round_steps in (64, 512, 4096):
                rate = RATE_PER_CORE * (1 + (cores - 1) * PER_MORE_CORE) * machines
                per_token = wire_bytes(
                    text, vector_size=128, machines=machines, round_steps=round_steps, workers=machines
                )
                # Every link carries its worker's share each way.
                wire_s = n_tokens * per_token / machines / network if machines > 1 else 0.0
                train_s = n_tokens / rate
                gigabytes = n_items * 128 * 4 * (2 + (2 + 2 / machines if machines > 1 else 0)) / 1e9
                print(
                    f"{n_items:11,d} items (keep {kept:.2f})  {machines:3d} x {cores} cores  {round_steps:5d} steps  "
                    f"train {train_s / 3600:6.2f} h  wire {per_token:7.1f} B/token {wire_s / 3600:7.2f} h  "
                    f"memory {gigabytes:6.1f} GB each  {machines * cores * (train_s + wire_s) / 3600:6.0f} core hours"
                )
                if machines == 1:
                    break
    print(f"rows of one lane's step, 10^8 items: {math.fsum(Text.zipf(10**8).rows(TOKENS_PER_STEP)):,.0f}")


def main() -> None:
    """Run one of the calculations."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("rows", "predict"))
    arguments = parser.parse_args()
    {"rows": rows, "predict": predict}[arguments.what](arguments)


if __name__ == "__main__":
    main()
