"""Seconds and quality of the t-SNE engines on the vectors of the bands: 8,715 x 64, perplexity 30, 500 iterations.

The divergence is the one each engine reports of its own approximation; trustworthiness and preservation of the ten
nearest are computed alike for both, over all points.

    python benchmarks/map_engines.py
"""

from __future__ import annotations

import statistics
from collections.abc import Callable

from common import bands_corpus, in_turn, machine, spread
from firth.maps.quality import neighbor_preservation, trustworthiness
from firth.maps.tsne import Map, tsne
from firth.training import TrainOptions, fit


def main() -> None:
    """Measure and print one table."""
    print(machine())
    options = TrainOptions(objective="nce", vector_size=64, negative=16, pairs=6_400_000, learning_rate=0.05)
    vectors = fit(bands_corpus(), options).vectors
    last: dict[str, Map] = {}

    def seconds_of(engine: str) -> Callable[[], float]:
        def measure() -> float:
            last[engine] = tsne(vectors, engine=engine, n_jobs=2)
            return last[engine].seconds

        return measure

    engines = ("scikit-learn", "scikit-learn-intelex")
    figures = in_turn({engine: seconds_of(engine) for engine in engines}, rounds=5)
    for engine, seconds in figures.items():
        made = last[engine]
        trust, kept = trustworthiness(vectors, made.xy), neighbor_preservation(vectors, made.xy)
        print(f"{made.engine:32s} {spread(seconds)} s  KL {made.kl:.3f}  trust {trust:.3f}  preserved {kept:.3f}")
    ratio = statistics.median(figures["scikit-learn"]) / statistics.median(figures["scikit-learn-intelex"])
    print(f"scikit-learn / scikit-learn-intelex: {ratio:.1f}")


if __name__ == "__main__":
    main()
