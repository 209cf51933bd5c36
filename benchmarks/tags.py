"""Tags and clusters: how the nearest tell tags that training did not see, and what clusters of two methods are worth.

python benchmarks/tags.py [tags|clusters]

Radio: songs from the order of plays, their tags from Last.fm listeners. Spotify: artists from half of the playlists,
their tags from the names of the other half, and to compare from those of the same half. Bands: genres, which trained.
"""

from __future__ import annotations

import sys
import time
from functools import cache

import numpy as np
import polars as pl

import firth
from common import ROOT, bands_corpus, machine
from firth.evaluation import TagQuality, adjusted_rand_index, silhouettes, tag_quality
from firth.vectors.clusters import cluster

PLAYLISTS = ROOT.parent / "shared" / "data" / "playlists"
KEYWORDS = {
    "rock": ["rock", "grunge", "metal", "punk"],
    "rap": ["rap", "hip-hop", "hip hop", "hiphop", "trap"],
    "country": ["country"],
    "pop": ["pop"],
    "latin": ["latin", "latino", "latina", "reggaeton", "salsa", "regional mexican"],
    "electronic": ["edm", "electro", "electronic", "house", "techno", "dance"],
    "r&b": ["r&b", "rnb", "soul"],
    "christian": ["christian", "worship", "gospel"],
    "jazz": ["jazz"],
}


def read(name: str) -> pl.DataFrame:
    """Return a table of the shared data, all of it texts, or stop with the reason why there is none."""
    path = PLAYLISTS / name
    if not path.exists():
        raise SystemExit(f"this benchmark reads {path}, which is not here; see shared/data/README.md for its source.")
    return pl.read_csv(path, infer_schema_length=0)


def tagged(keys: list[str], pairs: pl.DataFrame) -> pl.Series:
    """Return one list of values per key, from rows of ``key`` and ``value``."""
    lists = pairs.unique(maintain_order=True).group_by("key", maintain_order=True).agg("value")
    return pl.DataFrame({"key": keys}).join(lists, on="key", how="left", maintain_order="left")["value"].rename("name")


def given(run: firth.Run, pairs: pl.DataFrame, **options: object) -> pl.Series:
    """Return the items' tags from rows of ``key`` and ``value``."""
    values = tagged(run.vectors.keys, pairs)
    named = firth.Run(run.vectors, run.items.with_columns(values), run.history, run.document)
    return named.tag("name", **options).items["tags"]


@cache
def radio(seed: int = 1) -> firth.Run:
    """Return songs, trained as the recipe ``playlists`` does."""
    declared = {"listened": firth.Sequences("playlist", order="position", item=("artist", "track"))}
    corpus = firth.read_table(PLAYLISTS / "radio.csv", contexts=declared)
    return firth.train(corpus, window=3, sample=0, epochs=30, seed=seed)


@cache
def bands() -> firth.Run:
    """Return the bands of the recipe."""
    options = {"objective": "nce", "vector_size": 64, "negative": 16, "pairs": 6_400_000, "learning_rate": 0.05}
    return firth.train(bands_corpus(), **options)


def print_tags(title: str, found: TagQuality, *, n_shown: int = 9) -> None:
    """Print a quality as rows of a table."""
    low, high = found.accuracy_interval
    print(
        f"\n{title}: {found.n_tagged:,} of {found.n_items:,} tagged; guessed {found.accuracy:.3f} "
        f"({low:.3f} - {high:.3f}), most frequent {found.majority:.3f}, another's {found.prior:.3f}"
    )
    for one in found.tags[:n_shown]:
        low, high = one.purity_interval
        print(
            f"| {one.tag} | {one.n_items:,} | {one.purity:.3f} ({low:.3f} - {high:.3f}) | {one.chance:.3f} "
            f"| {one.precision:.2f} | {one.recall:.2f} | {one.f1:.2f} | {one.balanced_accuracy:.2f} |"
        )


def tags_of_radio() -> None:
    """Print how songs' neighbours tell what listeners call them."""
    rows = read("radio_tags.csv")
    pairs = rows.select(key=pl.concat_str("artist", "track", separator=" - "), value="tag")
    run = radio()
    print_tags("radio, keywords in Last.fm tags", tag_quality(run.vectors, given(run, pairs, keywords=KEYWORDS)))
    words = given(run, pairs, keywords=KEYWORDS, min_count=3)
    print_tags("radio, at least 3 Last.fm tags say so", tag_quality(run.vectors, words))
    print_tags(
        "radio, the 12 most frequent Last.fm tags", tag_quality(run.vectors, given(run, pairs, top=12)), n_shown=12
    )
    shuffled = words.gather(np.random.default_rng(1).permutation(len(words)))
    print_tags("radio, at least 3, shuffled", tag_quality(run.vectors, shuffled))


def tags_of_spotify() -> None:
    """Print how artists' neighbours tell the names of playlists that trained, and of others."""
    rows = read("spotify.csv")
    lists = rows["playlist_id"].unique().sort()
    half = lists.gather(np.sort(np.random.default_rng(1).permutation(len(lists))[: len(lists) // 2]))
    declared = {"listened": firth.Sequences("playlist_id", item="artistname")}
    is_seen = rows["playlist_id"].is_in(half.to_list())
    seen, unseen = rows.filter(is_seen), rows.filter(~is_seen)
    run = firth.train(firth.read_table(seen, contexts=declared), window=50, sample=0, epochs=30)
    for title, some in (("the playlists that trained", seen), ("other playlists", unseen)):
        pairs = some.select(key="artistname", value="playlistname")
        print_tags(f"spotify, names of {title}", tag_quality(run.vectors, given(run, pairs, keywords=KEYWORDS)))
        pairs = some.select(key="artistname", value="playlist_genre")
        print_tags(f"spotify, genre of {title}", tag_quality(run.vectors, given(run, pairs)))


def kmeans_of(run: firth.Run, name: str) -> None:
    """Print silhouette and stability of k-means at several sizes, and what they cost."""
    for n in (5, 9, 20, 50):
        made = run.cluster(n)
        labels = made.items["cluster"].to_numpy()
        started = time.perf_counter()
        silhouettes(run.vectors, labels)
        exact_s, started = time.perf_counter() - started, time.perf_counter()
        found = made.cluster_quality()
        weak = sum(one.is_weak for one in found.clusters)
        print(
            f"| {name} | k-means | {n} | 0 % | {found.silhouette:.2f} | {found.adjusted_rand:.2f} | {weak} | "
            f"{exact_s:.3f} s, {time.perf_counter() - started:.1f} s |",
            flush=True,
        )


def hdbscan_of(run: firth.Run, name: str) -> None:
    """Print what HDBSCAN finds in the vectors and in fewer dimensions, beside k-means of as many clusters."""
    for n_components in (None, 10, 5):
        started = time.perf_counter()
        made = run.cluster(method="hdbscan", n_components=n_components)
        seconds = time.perf_counter() - started
        found = made.cluster_quality(n_repeats=3)
        labels = made.items["cluster"].to_numpy()
        inside, n = labels >= 0, len(found.clusters)
        same = cluster(run.vectors, n).labels
        rand = adjusted_rand_index(labels[inside], same[inside])
        there = silhouettes(run.vectors, np.where(inside, same, -1))[inside].mean()
        weak, noise = sum(one.is_weak for one in found.clusters), found.n_noise / len(labels)
        print(
            f"| {name} | HDBSCAN, {n_components or run.vectors.size} dimensions | {n} | {noise:.0%} | "
            f"{found.silhouette:.2f} | {found.adjusted_rand:.2f} | {weak} | {seconds:.1f} s | "
            f"ARI with k-means {rand:.2f}, whose silhouette there is {there:.2f}",
            flush=True,
        )


def main() -> None:
    """Print tables for RESULTS.md."""
    chosen = sys.argv[1:] or ["tags", "clusters"]
    print(machine())
    if "tags" in chosen:
        tags_of_radio()
        tags_of_spotify()
        print_tags("bands, genre (which trained)", tag_quality(bands().vectors, bands().items["genre"]))
    if "clusters" in chosen:
        for name, run in (("bands", bands()), ("radio", radio())):
            kmeans_of(run, name)
            hdbscan_of(run, name)


if __name__ == "__main__":
    main()
