"""Confidence: whether neighbours recur in fresh trainings at the rate that was stated.

python benchmarks/confidence.py [--data radio spotify planted] [--pictures FOLDER]

Rates are stated from members 2, 3, 5 and 10, and found in ten trainings with seeds (or samples) that no member had. By
bootstrap, what is fresh is a fresh sample too.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import firth
from common import ROOT, machine
from firth.corpus.intake import Intake
from firth.corpus.reading import table_intake
from firth.evaluation import Calibration, calibration, recurrence_rates
from firth.evaluation.stability import recurrence
from firth.plots.calibration import plot_calibration
from firth.runs.confidence import bootstrap, member_seeds
from firth.sources.planted import playlists
from firth.training import TrainOptions, fit

DATA = ROOT.parent / "shared" / "data" / "playlists"
MEMBERS, N_FRESH, K = (2, 3, 5, 10), 10, 10
PLAYLISTS = TrainOptions(window=3, sample=0, epochs=30)  # the recipe's
PLANTED = TrainOptions(window=5, sample=0, epochs=5, vector_size=32)


def radio() -> tuple[Intake, TrainOptions]:
    """Return the radio playlists as the recipe `playlists` reads them."""
    declared = {"listened": firth.Sequences("playlist", order="position", item=("artist", "track"))}
    return _table("radio.csv", declared), PLAYLISTS


def spotify() -> tuple[Intake, TrainOptions]:
    """Return the artists of the Spotify playlists, in no order."""
    return _table("spotify.csv", {"listened": firth.Sequences("playlist_id", item="artistname")}), PLAYLISTS


def planted() -> tuple[Intake, TrainOptions]:
    """Return planted playlists."""
    declared = {"listened": firth.Sequences("playlist", order="position", item="item")}
    return table_intake(playlists(n_playlists=1200), contexts=declared), PLANTED


def _table(name: str, declared: dict[str, firth.Sequences]) -> Intake:
    if not (DATA / name).exists():
        raise SystemExit(f"this benchmark reads {DATA / name}, which is not here; see shared/data/README.md.")
    return table_intake(DATA / name, contexts=declared)


def recurred(intake: Intake, options: TrainOptions, *, by: str) -> tuple[np.ndarray, np.ndarray]:
    """Return (n_fresh + members, n_items, k) bool, what recurred in each training, and whether each item was there."""
    corpus = intake.corpus()
    own = firth.Vectors(corpus.vocabulary.keys, fit(corpus, options).vectors)
    near, places = own.neighbors(k=K).ids, {key: place for place, key in enumerate(own.keys)}
    found, there = [], []
    for number, seed in enumerate(member_seeds(options.seed, max(MEMBERS) + N_FRESH)):
        other = corpus if by == "seed" else bootstrap(intake, seed=options.seed, member=number).corpus()
        trained = firth.Vectors(
            other.vocabulary.keys, fit(other, TrainOptions(**{**vars(options), "seed": seed})).vectors
        )
        names = np.array([places[key] for key in trained.keys], dtype=np.int32)
        theirs = np.full((len(own), K), -1, dtype=np.int32)
        theirs[names] = names[trained.neighbors(k=K).ids]
        found.append(recurrence(near, theirs))
        there.append(np.isin(np.arange(len(own)), names))
    return np.array(found), np.array(there)


def report(name: str, source: Callable[[], tuple[Intake, TrainOptions]], pictures: Path | None) -> None:
    """Print stated against found, for each kind of training and number of members."""
    intake, options = source()
    for by in ("seed", "bootstrap"):
        started = time.perf_counter()
        found, there = recurred(intake, options, by=by)
        fresh, n_fresh = found[max(MEMBERS) :].sum(axis=0), there[max(MEMBERS) :].sum(axis=0)
        n, k = found.shape[1:]
        print(f"\n{name}, by {by}: {n:,} items, {time.perf_counter() - started:.0f} s for 21 trainings")
        share = found[max(MEMBERS) :].mean(axis=2).sum(axis=0)
        for members in MEMBERS:
            stated = recurrence_rates(found[:members].sum(axis=0), there[:members].sum(axis=0))
            pairs = calibration(stated.rates, fresh, np.repeat(n_fresh, k))
            items = calibration(stated.confidence, share, n_fresh)
            # What a reader without a model would say.
            plain = found[:members].sum(axis=0) / np.maximum(there[:members].sum(axis=0), 1)[:, None]
            raw = calibration(np.where(np.isnan(stated.rates), np.nan, plain), fresh, np.repeat(n_fresh, k))
            print(
                f"{members:2d} members: error {pairs.error:.4f} of pairs, {items.error:.4f} of items; plain share "
                f"{raw.error:.4f}; mean {np.nanmean(stated.confidence):.3f}, unstable {stated.is_unstable.mean():.1%}"
            )
            if members == 5:
                print_bins(pairs)
                if pictures is not None:
                    bins = {key: value for key, value in pairs.to_dict().items() if key != "error"}
                    title = f"{name.capitalize()}, {members} members by {by}"
                    plot_calibration(**bins, title=title, path=pictures / f"confidence-{name}-{by}.png")


def print_bins(found: Calibration) -> None:
    """Print a line per bin."""
    for row in zip(found.stated, found.found, found.low, found.high, found.n_pairs, strict=True):
        print("    stated {:.3f}  found {:.3f} ({:.3f} - {:.3f})  of {:,} pairs".format(*row))


def main() -> None:
    """Print everything."""
    sources = {"radio": radio, "spotify": spotify, "planted": planted}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", choices=sources, default=list(sources))
    parser.add_argument("--pictures", type=Path)
    arguments = parser.parse_args()
    print(f"{machine()}, load {os.getloadavg()[0]:.1f}")
    for name in arguments.data:
        report(name, sources[name], arguments.pictures)


if __name__ == "__main__":
    main()
