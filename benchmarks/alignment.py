"""Comparing runs: what reweighting does for the rotation, how often chance is taken for change, how much is found.

python benchmarks/alignment.py [rotation | chance | planted | ring | groups]

`chance` and `planted` read radio.csv; the others plant everything themselves.
"""

from __future__ import annotations

import argparse
from itertools import combinations

import numpy as np
import polars as pl

import firth
from common import ROOT, machine
from firth.randomness import Purpose, generator
from firth.sources.planted import groups
from firth.vectors.alignment import align

PLAYS = ROOT.parent / "shared" / "data" / "playlists" / "radio.csv"
DECLARED = {"listened": firth.Sequences("playlist", order="position", item="item")}
OPTIONS = {"vector_size": 100, "window": 3, "sample": 0, "epochs": 30}  # of the recipe `playlists`
BANDS = ((1, 30), (30, 60), (60, 10_000))  # counts


def plays() -> pl.DataFrame:
    """Return the radio playlists, one row per play, or stop with the reason why there are none."""
    if not PLAYS.exists():
        raise SystemExit(f"this benchmark reads {PLAYS}, which is not here; see shared/data/README.md for its source.")
    read = pl.read_csv(PLAYS, infer_schema_length=0).with_columns(pl.col("position").cast(pl.Int64))
    return read.with_columns(item=pl.concat_str("artist", "track", separator=" - "))


def exchanged(rows: pl.DataFrame, n_pairs: int, share: float, seed: int) -> tuple[pl.DataFrame, list[str]]:
    """Return plays in which pairs of songs of like count change places in a share of the playlists, and these songs."""
    random = generator(seed, Purpose.PLANTED, 1)
    keys = rows.group_by("item").len().sort("len", "item", descending=True)["item"].to_list()
    firsts = 2 * random.choice(len(keys) // 2, n_pairs, replace=False)
    pairs = [(keys[first], keys[first + 1]) for first in firsts]
    names = dict(pairs) | {second: first for first, second in pairs}
    lists = rows["playlist"].unique().sort()
    chosen = pl.DataFrame({"playlist": lists, "is_chosen": random.random(len(lists)) < share})
    swapped = rows.join(chosen, on="playlist", maintain_order="left").with_columns(
        item=pl.when("is_chosen").then(pl.col("item").replace(names)).otherwise(pl.col("item"))
    )
    return swapped.drop("is_chosen"), list(names)


def rotation() -> None:
    """Print how far the rotation found lies from the planted one, plain and reweighted."""
    print(
        "share moved   noise   error of the rotation: plain   reweighted   (medians of 9 draws, Frobenius / sqrt(size))"
    )
    for share in (0.0, 0.1, 0.3, 0.5):
        for noise in (0.05, 0.3):
            errors = []
            for seed in range(9):
                random = generator(seed, Purpose.PLANTED, 2)
                a = random.standard_normal((1000, 32))
                true, _ = np.linalg.qr(random.standard_normal((32, 32)))
                b = a @ true.T + noise * random.standard_normal(a.shape)
                n = int(1000 * share)
                # All go to the places of the next ones, turned by one plane's right angle: together, as fashions do.
                b[:n] = np.roll(a[:n], 1, axis=1) @ true.T
                errors.append([np.linalg.norm(align(a, b, rounds=r).rotation - true) / np.sqrt(32) for r in (0, 5)])
            plain, robust = np.median(errors, axis=0)
            print(f"{share:11.0%}   {noise:5.2f}   {plain:29.4f}   {robust:10.4f}", flush=True)


def chance(n_seeds: int = 12) -> None:
    """Print how often anything is flagged where only the seed differs."""
    corpus = firth.read_table(plays(), contexts=DECLARED)
    runs = [firth.train(corpus, seed=seed, **OPTIONS) for seed in range(1, n_seeds + 1)]
    for n_twins in (2, 3, 5):
        moved, neighbors = [], []
        for place, (i, j) in enumerate(combinations(range(n_seeds), 2)):
            if place % 2:
                continue  # 33 of the 66 comparisons
            others = [run for at, run in enumerate(runs) if at not in (i, j)]
            twins = [others[(place + step) % len(others)] for step in range(n_twins)]
            found = firth.compare_runs(runs[i], runs[j], twins=twins)
            moved.append(len(found.moved))
            neighbors.append(len(found.with_new_neighbors))
        print(f"{n_twins} twins, {len(moved)} comparisons: anything said to have moved in {_any(moved)} (items:")
        print(f"    {max(moved)} at most), to have other neighbours in {_any(neighbors)} ({max(neighbors)} at most)")


def planted() -> None:
    """Print how many of the songs that changed places are found, and what else is flagged."""
    rows = plays()
    corpus = firth.read_table(rows, contexts=DECLARED)
    before, *twins = (firth.train(corpus, seed=seed, **OPTIONS) for seed in range(1, 7))
    same = before.vectors.counts
    counts = dict(zip(before.vectors.keys, same.tolist(), strict=True)) if same is not None else {}
    for share in (0.5, 0.25):
        changed, truth = exchanged(rows, 40, share, seed=3)
        later = firth.read_table(changed, contexts=DECLARED)
        afters = [firth.train(later, seed=seed, **OPTIONS) for seed in (21, 22, 23)]
        for n_twins in (2, 3, 5):
            found = [firth.compare_runs(before, after, twins=twins[:n_twins]) for after in afters]
            flagged = [set(one.moved["key"]) for one in found]
            hits = [len(some & set(truth)) for some in flagged]
            others = [some - set(truth) for some in flagged]
            by_count = [
                np.mean([sum(low <= counts[key] < high and key in some for key in truth) for some in flagged])
                / max(1, sum(low <= counts[key] < high for key in truth))
                for low, high in BANDS
            ]
            again = np.mean([len(one & two) / max(1, len(one)) for one in others for two in others if one is not two])
            near = [len(set(one.with_new_neighbors["key"]) & set(truth)) for one in found]
            print(
                f"share {share}, {n_twins} twins: {hits} of {len(truth)} moved; by count "
                + ", ".join(f"{low}-{high} {each:.2f}" for (low, high), each in zip(BANDS, by_count, strict=True))
                + f"; other songs flagged {[len(each) for each in others]}, again by another seed {again:.2f}; by "
                f"neighbours {near}",
                flush=True,
            )
            if n_twins == 3:
                print(f"    plays beside an exchanged song: {_beside(rows, truth, others[0])}")


def _beside(rows: pl.DataFrame, truth: list[str], others: set[str]) -> str:
    """Return how large a share of the songs around each flagged song were exchanged, and around any song."""
    reach = [pl.col("item").shift(step).over("playlist").alias(f"at {step}") for step in (-3, -2, -1, 1, 2, 3)]
    wide = rows.sort("playlist", "position").with_columns(reach)
    pairs = wide.unpivot(index="item", on=[f"at {step}" for step in (-3, -2, -1, 1, 2, 3)]).drop_nulls()
    pairs = pairs.filter(~pl.col("item").is_in(truth)).with_columns(is_beside=pl.col("value").is_in(truth))
    shares = pairs.group_by("item").agg(pl.col("is_beside").mean())
    flagged = shares.filter(pl.col("item").is_in(list(others)))["is_beside"].to_numpy().mean() if others else 0.0
    return f"{flagged:.1%} of the flagged, {shares['is_beside'].to_numpy().mean():.1%} of all"


def planted_groups(n_draws: int = 20) -> None:
    """Print recall and false discoveries where items change group, and nothing else does."""
    recall, false, none = [], [], []
    for seed in range(1, n_draws + 1):
        rows = groups(n_items=600, n_groups=6, noise=0.2, rows_per_item=8, seed=seed)
        movers = generator(seed, Purpose.PLANTED, 3).choice(rows["item"].unique().sort().to_list(), 30, replace=False)
        shifted = pl.lit("group ") + ((pl.col("truth").str.slice(6).cast(pl.Int64) + 1) % 6).cast(pl.String)
        is_late = pl.int_range(pl.len()).over("item") % 2 == 0
        later = rows.with_columns(
            group=pl.when(pl.col("item").is_in(movers.tolist()) & is_late).then(shifted).otherwise(pl.col("group"))
        )
        declared = {"group": firth.Groups("group", item="item")}
        old, new = (firth.read_table(each, contexts=declared) for each in (rows, later))
        options = {"vector_size": 16, "objective": "nce"}
        before, *twins = (firth.train(old, seed=100 * seed + turn, **options) for turn in range(5))
        found = set(before_and(before, firth.train(new, seed=100 * seed + 50, **options), twins))
        recall.append(len(found & set(movers)) / len(movers))
        false.append(len(found - set(movers)) / max(1, len(found)))
        none.append(len(before_and(before, firth.train(old, seed=100 * seed + 51, **options), twins)))
    print(
        f"{n_draws} draws, 600 items, 30 moved, 4 twins: recall {np.mean(recall):.3f} (least {min(recall):.2f}), false"
    )
    print(f"    among flagged {np.mean(false):.3f} (most {max(false):.2f}); nothing moved: flagged in {_any(none)}")


def ring(n_draws: int = 20) -> None:
    """Print recall and false discoveries where songs lie on a ring and some change places in half of the lists."""
    recall, false, none = [], [], []
    declared = {"listened": firth.Sequences("list", order="position", item="item")}
    options = {"vector_size": 12, "negative": 4, "epochs": 12, "sample": 0, "window": 3, "lane_size": 16}
    for seed in range(1, n_draws + 1):
        random = generator(seed, Purpose.PLANTED, 4)
        songs = (random.integers(0, 200, (4000, 1)) + np.rint(random.normal(0, 5, (4000, 8))).astype(int)) % 200
        rows = pl.DataFrame({"list": np.repeat(np.arange(4000), 8), "position": np.tile(np.arange(8), 4000)})
        rows = rows.with_columns(item=pl.Series([f"song {song:03d}" for song in songs.ravel()]))
        movers = [f"song {song:03d}" for song in range(3, 200, 20)]
        names = dict(zip(movers, movers[5:] + movers[:5], strict=True))
        is_late = pl.col("list") % 2 == 0
        later = rows.with_columns(item=pl.when(is_late).then(pl.col("item").replace(names)).otherwise("item"))
        old, new = (firth.read_table(each, contexts=declared) for each in (rows, later))
        before, *twins = (firth.train(old, seed=100 * seed + turn, **options) for turn in range(6))
        found = set(before_and(before, firth.train(new, seed=100 * seed + 50, **options), twins))
        recall.append(len(found & set(movers)) / len(movers))
        false.append(len(found - set(movers)) / max(1, len(found)))
        none.append(len(before_and(before, firth.train(old, seed=100 * seed + 51, **options), twins)))
    print(
        f"{n_draws} draws, 200 songs, 10 moved, 5 twins: recall {np.mean(recall):.3f} (least {min(recall):.2f}), false"
    )
    print(f"    among flagged {np.mean(false):.3f} (most {max(false):.2f}); nothing moved: flagged in {_any(none)}")


def before_and(before: firth.Run, after: firth.Run, twins: list[firth.Run]) -> list[str]:
    """Return the keys of the items that are said to have moved."""
    moved: list[str] = firth.compare_runs(before, after, twins=twins).moved["key"].to_list()
    return moved


def _any(counts: list[int]) -> str:
    return f"{sum(count > 0 for count in counts)} of {len(counts)}"


PARTS = {"rotation": rotation, "chance": chance, "planted": planted, "ring": ring, "groups": planted_groups}


def main() -> None:
    """Print the parts that were asked for, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="?", choices=PARTS)
    part = parser.parse_args().part
    print(machine())
    for name in [part] if part else PARTS:
        print(f"# {name}", flush=True)
        PARTS[name]()


if __name__ == "__main__":
    main()
