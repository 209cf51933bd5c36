"""What joining predictions with counts is worth: hit rates over its share, weights by place, and the query's length.

    python benchmarks/blend.py [FILE.csv] [--sequence playlist] [--order position] [--item artist track]

One twin of the recipe ``playlists`` is trained per split of three; validation and test questions are pooled, so nothing
here was chosen and then reported on the same questions but the default itself: see its row with that in mind.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

import firth
from common import ROOT, machine
from firth.corpus.splitting import Holdout, split
from firth.evaluation.bootstrap import intervals
from firth.evaluation.lasts import last_items
from firth.evaluation.rankers import RecommenderRanker
from firth.evaluation.ranking import per_question, ranks_of
from firth.runs.reading import build_corpus, read_intake
from firth.runs.recommending import counts_of
from firth.runs.training import vectors_of
from firth.training import fit
from firth.vectors.recommend_options import RecommendOptions
from firth.vectors.recommender import Recommender

PLAYS = ROOT.parent / "shared" / "data" / "playlists" / "radio.csv"
BLENDS, DECAYS, LENGTHS, SEEDS = (0.0, 0.2, 0.5, 0.8, 1.0), (0.0, 0.5, 1.0), (3, 50), (1, 2, 3)


def main() -> None:
    """Print a line per combination."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("plays", nargs="?", type=Path, default=PLAYS)
    parser.add_argument("--sequence", nargs="+", default=["playlist"])
    parser.add_argument("--order", default="position")
    parser.add_argument("--item", nargs="+", default=["artist", "track"])
    given = parser.parse_args()
    print(machine())
    settings = {
        "source.path": str(given.plays),
        "contexts.listened.sequence": given.sequence,
        "contexts.listened.order": given.order or None,
        "contexts.listened.item": given.item,
    }
    recipe = firth.Recipe.load("playlists", overrides=settings)
    intake = read_intake(recipe, None)
    ranks: dict[tuple[float, float, int], list[np.ndarray]] = {}
    for seed in SEEDS:
        parts = split(intake, Holdout(seed=seed))
        corpus = build_corpus(recipe, parts.train, None)
        vectors = vectors_of(corpus, recipe.train, fit(corpus, recipe.train))
        sequences = np.concatenate([parts.validation, parts.test])
        for blend in BLENDS:
            for decay in DECAYS:
                options = replace(RecommendOptions(), blend=blend, decay=decay)
                recommender = Recommender(vectors, options, counts=counts_of(corpus, options))
                for n_before in LENGTHS:
                    asked = last_items(parts.sequences, sequences, n_before=n_before).asked_of(corpus.vocabulary)
                    warm = np.flatnonzero(~asked.is_cold_query)
                    ids = np.full((len(sequences), 100), -1, dtype=np.int32)
                    ids[warm] = RecommenderRanker(recommender).rank(
                        [asked.queries[place] for place in warm.tolist()], k=100, exclude_query=True, n_jobs="auto"
                    )
                    ranks.setdefault((blend, decay, n_before), []).append(ranks_of(ids, asked.targets))
    print(f"{len(np.concatenate(next(iter(ranks.values())))):,} questions in {len(SEEDS)} splits")
    for (blend, decay, n_before), found in ranks.items():
        measures = intervals(per_question(np.concatenate(found), (10, 100)))
        text = "  ".join(f"{name} {measures[name].mean:.4f}" for name in ("HR@10", "HR@100", "NDCG@10", "MRR@100"))
        print(f"blend {blend:.1f}  decay {decay:.1f}  query of {n_before:2d}  {text}", flush=True)


if __name__ == "__main__":
    main()
