"""Models of 16-bit floats against 32: quality and speed on words and playlists, seed by seed.

python benchmarks/precision.py words [--epochs 5] [--seeds 1 2 3]
python benchmarks/precision.py playlists [--seeds 1 2 3]
python benchmarks/precision.py speed [--seeds 1 2 3]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

import firth
from blend import PLAYS
from common import machine, spread
from firth.corpus.splitting import Holdout, split
from firth.evaluation.lasts import last_items
from firth.evaluation.rankers import RecommenderRanker
from firth.evaluation.ranking import hits, ranks_of
from firth.runs.reading import build_corpus, read_intake
from firth.runs.recommending import counts_of
from firth.runs.training import vectors_of
from firth.training import fit
from firth.vectors.recommend_options import RecommendOptions
from firth.vectors.recommender import Recommender
from words import OPTIONS, judged, unpacked

PRECISIONS = ("float32", "float16")


def words(epochs: int, seeds: Sequence[int]) -> None:
    """Print scores on word pairs and analogies, and the time of training, of both precisions turn about."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = firth.read_text(unpacked(Path(folder)), cache=False)
        rows: dict[tuple[str, str], list[float]] = {}
        for seed in seeds:
            for precision in PRECISIONS:
                options = replace(OPTIONS, epochs=epochs, seed=seed, precision=precision)
                training = fit(corpus, options)
                found = {**judged(vectors_of(corpus, options, training)), "seconds": training.seconds}
                found["heldout loss"] = training.history["heldout_loss"][-1]
                print(
                    f"seed {seed}, {precision}:",
                    ", ".join(f"{name} {each:.4f}" for name, each in found.items()),
                    flush=True,
                )
                for name, each in found.items():
                    rows.setdefault((name, precision), []).append(each)
    for name in dict.fromkeys(name for name, _ in rows):
        report(name, rows)


def playlists(seeds: Sequence[int]) -> None:
    """Print HR@10 of the last item of held-out playlists, of the model alone and joined with counts."""
    recipe = firth.Recipe.load(
        "playlists",
        overrides={
            "source.path": str(PLAYS),
            "contexts.listened.sequence": ["playlist"],
            "contexts.listened.order": "position",
            "contexts.listened.item": ["artist", "track"],
        },
    )
    intake = read_intake(recipe, None)
    rows: dict[tuple[str, str], list[float]] = {}
    for seed in seeds:
        parts = split(intake, Holdout(seed=seed))
        corpus = build_corpus(recipe, parts.train, None)
        sequences = np.concatenate([parts.validation, parts.test])
        for precision in PRECISIONS:
            train = replace(recipe.train, precision=precision, seed=seed)
            training = fit(corpus, train)
            vectors = vectors_of(corpus, train, training)
            rows.setdefault(("seconds", precision), []).append(training.seconds)
            for name, blend in (("HR@10, model alone", 0.0), ("HR@10, with counts", recipe.recommend.blend)):
                options = replace(RecommendOptions(), blend=blend)
                recommender = Recommender(vectors, options, counts=counts_of(corpus, options))
                asked = last_items(parts.sequences, sequences).asked_of(corpus.vocabulary)
                warm = np.flatnonzero(~asked.is_cold_query)
                ids = RecommenderRanker(recommender).rank(
                    [asked.queries[place] for place in warm.tolist()], k=10, exclude_query=True, n_jobs="auto"
                )
                rate = float(hits(ranks_of(ids, asked.targets[warm]), 10).mean())
                rows.setdefault((name, precision), []).append(rate)
                print(f"seed {seed}, {precision}: {name} {rate:.4f}", flush=True)
    for name in dict.fromkeys(name for name, _ in rows):
        report(name, rows)


def speed(seeds: Sequence[int]) -> None:
    """Print the processor time of one epoch, turn about: it tells the same on a machine that is shared."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = firth.read_text(unpacked(Path(folder)), cache=False)
    for size in (64, 100, 300):
        rows: dict[tuple[str, str], list[float]] = {}
        for seed in seeds:
            for precision in PRECISIONS:
                began = time.process_time()
                fit(corpus, replace(OPTIONS, vector_size=size, seed=seed, precision=precision))
                rows.setdefault((f"processor seconds, {size} dimensions", precision), []).append(
                    time.process_time() - began
                )
        report(f"processor seconds, {size} dimensions", rows)


def report(name: str, rows: dict[tuple[str, str], list[float]]) -> None:
    """Print a line: both precisions, and the mean of the differences seed by seed with its standard error."""
    apart = [half - whole for whole, half in zip(*(rows[name, each] for each in PRECISIONS), strict=True)]
    error = statistics.stdev(apart) / len(apart) ** 0.5 if len(apart) > 1 else float("nan")
    both = " | ".join(spread(rows[name, each], 4) for each in PRECISIONS)
    print(f"| {name} | {both} | {statistics.mean(apart):+.4f} +- {error:.4f} |")


def main() -> None:
    """Print a line for each measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=("words", "playlists", "speed"))
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    given = parser.parse_args()
    print(machine())
    if given.part == "words":
        words(given.epochs, given.seeds)
    elif given.part == "playlists":
        playlists(given.seeds)
    else:
        speed(given.seeds)


if __name__ == "__main__":
    main()
