"""Duplicates: the pairs found in playlists, to be read, and how many planted ones are found.

python benchmarks/duplicates.py [--list N] [--plays CSV --columns PLAYLIST ARTIST TRACK] [--planted] [--seeds 1 2 3]

``--list`` prints N pairs of each kind: those of the most similar names, far below the default's threshold, so that it
can be judged by reading; and some of those of one name in other company.
``--planted`` renames half of the occurrences of 200 songs, drawn evenly over the songs by count, and trains as the
recipe `playlists` does: half of the occurrences wherever they stand, and then half of the playlists. One in six of the
new names lacks a letter; the others differ in letter case, edition or guests.
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

import firth
from common import ROOT, machine
from firth.corpus.build import take_in
from firth.corpus.intake import Intake
from firth.runs.recipe import Recipe
from firth.training import fit
from firth.vectors.duplicates import DuplicateGroup, DuplicatePair, find_duplicates, find_namesakes

PLAYS = ROOT.parent / "shared" / "data" / "playlists" / "radio.csv"
N_PLANTED = 200
MISSPELLED = 5  # of the six kinds of new names
KS = (1, 5, 10, 20, 50, 100, 200, 300, 500)


def read(path: Path, columns: list[str]) -> pl.DataFrame:
    """Return plays as ``playlist``, ``position`` and ``song``."""
    if not path.exists():
        raise SystemExit(f"this benchmark reads {path}, which is not here; see shared/data/README.md for its source.")
    plays = pl.read_csv(path, infer_schema_length=0)
    playlist, artist, track = columns
    has_position = "position" in plays.columns
    position = pl.col("position").cast(pl.Int64) if has_position else pl.int_range(pl.len()).alias("position")
    song = pl.concat_str(artist, track, separator=" - ").alias("song")
    return plays.select(pl.col(playlist).alias("playlist"), position, song)


def intake_of(plays: pl.DataFrame) -> Intake:
    """Return the plays as sequences."""
    contexts = {"listened": firth.Sequences("playlist", order="position", item="song")}
    return take_in({"listened": plays}, contexts)


def trained(plays: pl.DataFrame, seed: int) -> firth.Vectors:
    """Return vectors by the options of the recipe `playlists`."""
    recipe = Recipe.load("playlists", overrides={"train.seed": seed})
    corpus = intake_of(plays).corpus()
    return firth.Vectors(corpus.vocabulary.keys, fit(corpus, recipe.train).vectors, counts=corpus.counts)


def renamed(song: str, kind: int) -> str:
    """Return another name of a song."""
    if kind == MISSPELLED:
        middle = (song.index(" - ") + 3 + len(song)) // 2
        return song[:middle] + song[middle + 1 :]
    return (
        song.upper() if song.upper() != song else song.lower(),
        song + " - Radio Edit",
        song + " (2011 Remaster)",
        song + " (feat. Somebody)" if "w/" not in song.lower() else song + " (Single)",
        song + " [Album Version]",
    )[kind]


def planted(plays: pl.DataFrame, seed: int, *, whole_playlists: bool) -> tuple[pl.DataFrame, dict[str, str]]:
    """Return plays in which half of the occurrences of some songs have another name, and these names."""
    draws = np.random.default_rng(seed)
    counted = plays["song"].value_counts().sort(["count", "song"], descending=[True, False])
    edges = np.linspace(0, len(counted), N_PLANTED + 1)
    chosen = [int(draws.integers(int(low), int(high))) for low, high in pairwise(edges)]
    songs = counted["song"].gather(chosen).to_list()
    names = {song: renamed(song, place % 6) for place, song in enumerate(songs)}
    if whole_playlists:
        lists, numbers = np.unique(plays["playlist"].to_numpy(), return_inverse=True)
        coin = (draws.random(len(lists)) < 0.5)[numbers]
    else:
        coin = draws.random(len(plays)) < 0.5
    other = pl.col("song").replace(names)
    return plays.with_columns(song=pl.when(pl.Series(coin)).then(other).otherwise("song")), names


def pairs_of(groups: list[DuplicateGroup]) -> list[DuplicatePair]:
    """Return all pairs of some groups."""
    return [pair for group in groups for pair in group.pairs]


def about_planted(plays: pl.DataFrame, seed: int, *, whole_playlists: bool) -> None:
    """Print how many planted duplicates are found, by how often a song occurs, and what else is found."""
    with_copies, names = planted(plays, seed, whole_playlists=whole_playlists)
    counts = dict(plays["song"].value_counts().iter_rows())
    vectors = trained(with_copies, seed)
    groups = find_duplicates(vectors)
    truth = {frozenset(pair) for pair in names.items() if pair[0] in vectors and pair[1] in vectors}
    found = {frozenset((pair.a, pair.b)) for pair in pairs_of(groups)}
    apart = {frozenset((pair.a, pair.b)) for pair in pairs_of(find_namesakes(vectors, known=groups))}
    others = found - truth
    misspelled = {frozenset(pair) for place, pair in enumerate(names.items()) if place % 6 == MISSPELLED}
    print(f"\nseed {seed}, half of the {'playlists' if whole_playlists else 'occurrences'}: ", end="")
    print(f"{len(found & truth)} of {len(truth)} found, {len(apart & truth)} more by name alone;", end=" ")
    print(f"misspelled {len(found & truth & misspelled)} of {len(misspelled & truth)}; {len(others)} other pairs")
    near = vectors.neighbors(k=len(vectors) - 1)
    songs_there = [song for song, other in names.items() if frozenset((song, other)) in truth]
    rank_of = {song: worse_rank(vectors, near.ids, song, names[song]) for song in songs_there}
    for low, high in pairwise([0, 25, 40, 80, 200, 10**9]):
        songs = [song for song in songs_there if low <= counts[song] < high]
        if songs:
            ranks = np.array([rank_of[song] for song in songs])
            got = sum(frozenset((song, names[song])) in found for song in songs)
            by_k = "  ".join(f"{k}: {np.mean(ranks <= k):.2f}" for k in KS)
            print(f"  {low:4} plays and more: {got:3} of {len(songs):3} songs   within k alone  {by_k}")
    for pair in sorted(sorted(other) for other in others):
        print("  other:", " = ".join(pair))


def worse_rank(vectors: firth.Vectors, ids: np.ndarray, one: str, other: str) -> int:
    """Return the greater of the two ranks that two items have among each other's nearest."""
    a, b = vectors.vocabulary.ids([one, other])
    return 1 + max(int(np.flatnonzero(ids[a] == b)[0]), int(np.flatnonzero(ids[b] == a)[0]))


def show(pairs: list[DuplicatePair]) -> None:
    """Print pairs, one a line."""
    for pair in pairs:
        numbers = f"{pair.similarity:5.1f} {pair.cosine:6.3f} {pair.rank_a:5} {pair.rank_b:5}"
        print(f"{numbers}  {pair.a} = {pair.b}  {', '.join(pair.differs)}")


def main() -> None:
    """Print what is found, and what of the planted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plays", type=Path, default=PLAYS)
    parser.add_argument("--columns", nargs=3, default=["playlist", "artist", "track"])
    parser.add_argument("--list", type=int, default=0)
    parser.add_argument("--planted", action="store_true")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    arguments = parser.parse_args()
    print(machine())
    plays = read(arguments.plays, arguments.columns)
    vectors = trained(plays, arguments.seeds[0])
    groups = find_duplicates(vectors)
    apart = find_namesakes(vectors, known=groups)
    n_near, n_apart = len(pairs_of(groups)), len(pairs_of(apart))
    print(f"{len(vectors):,} songs: {n_near} pairs, {n_apart} more of one name in other company")
    looser = find_duplicates(vectors, min_similarity=60, min_cosine=0) if arguments.list else []
    show(sorted(pairs_of(looser), key=lambda pair: -pair.similarity)[: arguments.list])
    print("of one name in other company:" if arguments.list else "")
    drawn = np.random.default_rng(3).permutation(n_apart)[: arguments.list]
    show([pairs_of(apart)[place] for place in drawn])
    for seed in arguments.seeds if arguments.planted else []:
        about_planted(plays, seed, whole_playlists=False)
        about_planted(plays, seed, whole_playlists=True)


if __name__ == "__main__":
    main()
