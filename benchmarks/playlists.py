"""Playlists: seconds for ten epochs, and how often the held-out last song of a playlist is recommended.

python benchmarks/playlists.py [--gensim-python PATH]

The last play of every playlist of at least four is held out; the query are the three songs before it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

import firth
from common import ROOT, machine
from firth.training import TrainOptions, fit
from firth.vectors.neighbors import top_k

PLAYS = ROOT.parent / "shared" / "data" / "playlists" / "radio.csv"
PEERS = Path(__file__).resolve().parent / "peers"
OPTIONS = TrainOptions(window=3, sample=0, epochs=60, heldout=0)


def split() -> tuple[firth.Corpus, pl.DataFrame]:
    """Return the corpus without the held-out plays, and one row per test: the last song and the three before it."""
    if not PLAYS.exists():
        raise SystemExit(f"this benchmark reads {PLAYS}, which is not here; see shared/data/README.md for its source.")
    plays = pl.read_csv(PLAYS, infer_schema_length=0).with_columns(pl.col("position").cast(pl.Int64))
    plays = plays.with_columns(song=pl.concat_str("artist", "track", separator=" - ")).sort("playlist", "position")
    size, place = pl.len().over("playlist"), pl.int_range(pl.len()).over("playlist")
    plays = plays.with_columns(size=size, place=place)
    tests = (
        plays.filter((pl.col("size") >= 4) & (pl.col("place") >= pl.col("size") - 4))
        .group_by("playlist", maintain_order=True)
        .agg(pl.col("song"))
        .with_columns(query=pl.col("song").list.head(3), wanted=pl.col("song").list.last())
    )
    kept = plays.filter((pl.col("size") < 4) | (pl.col("place") < pl.col("size") - 1))
    declared = {"listened": firth.Sequences("playlist", order="position", item="song")}
    return firth.read_table(kept, contexts=declared), tests


def hit_rates(vectors: firth.Vectors, tests: pl.DataFrame) -> str:
    """Return HR@10 and HR@100 of `recommend`, and HR@10 of the cosine, as text."""
    ids = {key: i for i, key in enumerate(vectors.keys)}
    wanted = tests["wanted"].to_list()
    queries = [[ids[song] for song in row if song in ids] for row in tests["query"].to_list()]
    usable = [i for i, query in enumerate(queries) if query and wanted[i] in ids]
    target = np.array([ids[wanted[i]] for i in usable])
    found = vectors.recommend_ids([queries[i] for i in usable], k=100, exclude_query=False).ids
    means = np.array([vectors.normalised[queries[i]].mean(axis=0) for i in usable], dtype=np.float32)
    near, _ = top_k(means, vectors.normalised, k=13)
    hit = found == target[:, None]
    cosine = (near[:, :10] == target[:, None]).any(axis=1).mean()
    n, n_all = len(usable), len(tests)
    at_10, at_100 = hit[:, :10].any(axis=1).mean(), hit.any(axis=1).mean()
    return f"HR@10 {at_10:.3f}  HR@100 {at_100:.3f}  by cosine {cosine:.3f}  ({n:,} of {n_all:,} tests)"


def main() -> None:
    """Print a line per variant."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gensim-python", type=Path)
    arguments = parser.parse_args()
    print(machine())
    corpus, tests = split()
    variants = {f"seed {seed}": replace(OPTIONS, seed=seed) for seed in (1, 2, 3)}
    variants |= {f"{lanes} lanes": replace(OPTIONS, lanes=lanes) for lanes in (1, 4, 64)}
    variants |= {f"lanes of {size}": replace(OPTIONS, lane_size=size) for size in (128, 256, 512)}
    variants |= {f"learning rate {rate}": replace(OPTIONS, learning_rate=rate) for rate in (0.025, 0.1)}
    variants |= {f"{objective}": replace(OPTIONS, objective=objective) for objective in ("nce", "cbow")}
    variants |= {
        "what comes next": replace(OPTIONS, window=(3, 0)),
        "tied": replace(OPTIONS, tied=True),
        "10 epochs": replace(OPTIONS, epochs=10),
    }
    for name, options in variants.items():
        training = fit(corpus, options)
        vectors = firth.Vectors(
            corpus.vocabulary.keys,
            training.vectors,
            outputs=training.outputs,
            biases=training.biases if options.objective == "nce" else None,
            noise=training.noise,
        )
        print(f"{name:20s} {hit_rates(vectors, tests)}  {training.seconds:.2f} s", flush=True)
    if arguments.gensim_python:
        with tempfile.TemporaryDirectory() as folder:
            keys, context = corpus.vocabulary.keys, corpus.sequences[0]
            sequences = np.split(context.tokens, context.offsets[1:-1])
            Path(folder, "plays.json").write_text(
                json.dumps([[keys[i] for i in each] for each in sequences]), encoding="utf-8"
            )
            command = [arguments.gensim_python, PEERS / "gensim_playlists.py", folder]
            print(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())
            arrays = np.load(Path(folder, "model.npz"))
            vectors = firth.Vectors(
                arrays["keys"].tolist(), arrays["vectors"], outputs=arrays["outputs"], noise=arrays["noise"]
            )
            print(f"{'gensim':20s} {hit_rates(vectors, tests)}")


if __name__ == "__main__":
    main()
