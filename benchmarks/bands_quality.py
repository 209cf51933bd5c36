"""What options do to the quality of the bands' vectors: seeds, learning rates, lanes.

python benchmarks/bands_quality.py
"""

from __future__ import annotations

from dataclasses import replace

import firth
from common import bands_corpus, machine
from firth.errors import DivergenceError
from firth.evaluation.groups import agreement
from firth.training import TrainOptions, fit

RECIPE = TrainOptions(objective="nce", vector_size=64, negative=16, pairs=6_400_000, learning_rate=0.05)


def main() -> None:
    """Train every variant once and print a line each."""
    corpus = bands_corpus()
    variants = {f"seed {seed}": replace(RECIPE, seed=seed) for seed in range(1, 6)}
    variants |= {f"learning rate {rate:.4g}": replace(RECIPE, learning_rate=rate) for rate in (1 / 64, 0.025, 0.1, 0.2)}
    variants |= {
        f"{lanes} lanes of {size}": replace(RECIPE, lanes=lanes, lane_size=size)
        for lanes, size in ((1, 512), (1, 64), (4, 128), (16, 34), (16, 256), (64, 34))
    }
    variants |= {f"curvature {curvature:g}": replace(RECIPE, curvature=curvature) for curvature in (0.2, 3.0, 0.0)}
    print(machine())
    for name, options in variants.items():
        try:
            training = fit(corpus, options)
        except DivergenceError as error:
            print(f"{name:22s} {error}")
            continue
        vectors = firth.Vectors(corpus.vocabulary.keys, training.vectors)
        genre, score = agreement(vectors, corpus.attributes)
        heldout = training.history["heldout_loss"][-1]
        print(f"{name:22s} genre {genre.value:.3f}  score {score.value:.3f}  held-out loss {heldout:.3f}")


if __name__ == "__main__":
    main()
