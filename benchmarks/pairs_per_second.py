"""Pairs per second of the bands recipe (NCE, 16 negatives), in turn with PyTorch.

    python benchmarks/pairs_per_second.py [--torch-python PATH]

PATH is a Python that has torch (CPU); without it only Firth is measured.
"""

from __future__ import annotations

import argparse
import subprocess
from collections.abc import Callable
from pathlib import Path

from common import bands_corpus, in_turn, machine, spread
from firth.training import TrainOptions, fit

TORCH_BATCHES = {64: 3_000, 4_096: 150}


def firth_rate(vector_size: int, n_jobs: int) -> Callable[[], float]:
    """Return a measurement of Firth in pairs per second, the training alone."""
    corpus = bands_corpus()
    options = TrainOptions(
        objective="nce",
        vector_size=vector_size,
        negative=16,
        pairs=6_400_000 if vector_size == 64 else 2_000_000,
        learning_rate=0.05,
        n_jobs=n_jobs,
    )

    def measure() -> float:
        training = fit(corpus, options)
        return training.n_pairs / training.seconds

    return measure


def torch_rate(python: Path, vector_size: int, threads: int, batch: int) -> Callable[[], float]:
    """Return a measurement of PyTorch in pairs per second, the training loop alone."""
    script = Path(__file__).with_name("pytorch_bands.py")
    numbers = [8_715, vector_size, threads, batch, TORCH_BATCHES[batch]]

    def measure() -> float:
        done = subprocess.run([python, script, *map(str, numbers)], capture_output=True, text=True, check=True)
        return float(done.stdout)

    return measure


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--torch-python", type=Path)
    python = parser.parse_args().torch_python
    print(machine())
    for vector_size in (64, 300):
        for threads in (1, 2):
            candidates = {"Firth": firth_rate(vector_size, threads)}
            if python:
                for batch in TORCH_BATCHES:
                    candidates[f"PyTorch, batch {batch}"] = torch_rate(python, vector_size, threads, batch)
            for name, figures in in_turn(candidates).items():
                rates = spread([figure / 1e6 for figure in figures], 3)
                print(f"{vector_size:4d}-d  {threads} threads  {name:22s} {rates} M pairs/s")


if __name__ == "__main__":
    main()
