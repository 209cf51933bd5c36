"""How close the kernel comes to the machine's arithmetic: fused multiply-adds per second against the measured peak.

A pair costs 3 * vector_size * (negative + 1) of them: one product for the score, one for each side's update. What a
lane does besides (drawing, copying rows, merging) counts as time and not as arithmetic.

    python benchmarks/arithmetic.py
"""

from __future__ import annotations

import statistics
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from common import bands_corpus, in_turn, machine
from firth import _kernel
from firth.training import TrainOptions, fit

NEGATIVE = 16


def kernel_rate(vector_size: int, n_jobs: int, variant: str) -> Callable[[], float]:
    """Return a measurement of the kernel in G fused multiply-adds per second."""
    corpus = bands_corpus()
    options = TrainOptions(
        objective="nce",
        vector_size=vector_size,
        negative=NEGATIVE,
        pairs=6_400_000 * 64 // vector_size,
        learning_rate=0.05,
        n_jobs=n_jobs,
    )

    def measure() -> float:
        _kernel.choose_variant(variant)
        training = fit(corpus, options)
        return training.n_pairs / training.seconds * 3 * vector_size * (NEGATIVE + 1) / 1e9

    return measure


def main() -> None:
    """Measure and print one table."""
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "peak"
        source = Path(__file__).with_name("peak.cpp")
        subprocess.run(["c++", "-O3", "-march=native", "-std=c++20", "-o", program, source, "-pthread"], check=True)
        for n_jobs in (1, 2):
            command = [program, str(n_jobs)]
            candidates = {"peak": lambda command=command: float(subprocess.check_output(command))}
            for variant in _kernel.available_variants():
                for vector_size in (64, 300):
                    candidates[f"{variant}, {vector_size}-d"] = kernel_rate(vector_size, n_jobs, variant)
            figures = {name: statistics.median(each) for name, each in in_turn(candidates).items()}
            for name, figure in figures.items():
                print(f"{n_jobs} threads  {name:16s} {figure:6.1f} G/s  {figure / figures['peak']:.0%}")


if __name__ == "__main__":
    main()
