"""Seconds and quality of t-SNE engines, each in a process of its own, turn about.

    python benchmarks/maps.py engines DATA... --peers PYTHON [--rounds 3] [--steps 750 500]
    python benchmarks/maps.py scaling DATA...

DATA: bands, bands-64th (trained at the rate 1/64 of their TensorFlow recipe), radio, words, planted-250k, planted-1m.
``engines`` compares at 750 steps, openTSNE's default, and at 500; then it looks after how many steps Firth's divergence
is as low as that of openTSNE by interpolation, and how long that takes. It is computed alike for all maps: up to 20,000
items from affinities of all pairs, above from the 90 nearest, found exactly, with all pairs repelling; above 100,000
items repulsion is taken with theta 0.3.

PYTHON needs openTSNE, scikit-learn and scikit-learn-intelex.
"""

from __future__ import annotations

import argparse
import json
import lzma
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import firth
from common import ROOT, bands_corpus, machine, spread
from firth.arrays import Float32
from firth.maps.affinities import Affinities, affinities, kl_divergence
from firth.maps.options import MapOptions
from firth.maps.quality import map_quality
from firth.vectors.neighbors import normalised_rows

DATA = ROOT.parent / "shared" / "data"
PEERS = Path(__file__).resolve().parent / "peers"
FFT, INTELEX, BARNES_HUT = "openTSNE-FFT", "scikit-learn-intelex", "scikit-learn"
ALL_PAIRS_UP_TO = 20_000
EXACT_REPULSION_UP_TO = 100_000
SLOW_FROM = 20_000  # scikit-learn's own Barnes-Hut is left out from here


def bands(rate: float) -> Float32:
    """Return the vectors of the bands' recipe, 8,715 x 64."""
    return firth.train(
        bands_corpus(), objective="nce", vector_size=64, negative=16, pairs=6_400_000, learning_rate=rate
    ).vectors.matrix


def radio() -> Float32:
    """Return the vectors of the radio songs by the recipe for playlists, 3,153 x 100."""
    return recipe("playlists", DATA / "playlists" / "radio.csv")


def words() -> Float32:
    """Return the vectors of 100 MB of text by the recipe for words, 87 k x 100."""
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "text.txt"
        text.write_bytes(lzma.decompress((DATA / "words" / "wiki100m.txt.xz").read_bytes()))
        return recipe("words", text)


def recipe(name: str, path: Path) -> Float32:
    """Return the vectors of a recipe that ships with Firth."""
    settings = {"source.path": str(path), "map.enabled": False, "clusters.n": 0}
    with tempfile.TemporaryDirectory() as folder:
        return firth.run_recipe(
            firth.Recipe.load(name, overrides=settings), out=Path(folder) / "run"
        ).vectors.matrix.copy()


def planted(n: int, size: int = 32) -> Float32:
    """Return points in clusters of clusters that overlap: 40 large ones of 25 small ones, (n, size)."""
    random = np.random.default_rng(1)
    large = random.standard_normal((40, size))
    small = large[:, None] + 0.5 * random.standard_normal((40, 25, size))
    chosen = random.integers(0, 1000, n)
    spreads = random.uniform(0.3, 0.8, 1000)[chosen]
    points = small.reshape(1000, size)[chosen] + random.standard_normal((n, size)) * spreads[:, None]
    return points.astype(np.float32)


SETS: dict[str, Callable[[], Float32]] = {
    "bands": lambda: bands(0.05),
    "bands-64th": lambda: bands(1 / 64),
    "radio": radio,
    "words": words,
    "planted-250k": lambda: planted(250_000),
    "planted-1m": lambda: planted(1_000_000),
}


class Set:
    """One set of rows, and the measures by which its maps are judged."""

    def __init__(self, name: str, folder: Path) -> None:
        self.rows = normalised_rows(np.ascontiguousarray(SETS[name](), dtype=np.float32))
        self.path = folder / f"{name}.npy"
        np.save(self.path, self.rows)
        self._affinities: Affinities | None = None

    def judge(self, xy: Float32) -> str:
        """Return the divergence and how far neighbours can be trusted."""
        n = len(self.rows)
        quality = map_quality(self.rows, xy, ks=(10,))
        return (
            f"KL {self.kl(xy):.4f}  trustworthiness {quality.trustworthiness[10]:.4f}  "
            f"10 nearest kept {quality.neighbor_preservation[10]:.4f}" + (f"  ({quality.n_judged:,} of {n:,} judged)")
        )

    def kl(self, xy: Float32) -> float:
        """Return the divergence of a map, computed alike for all."""
        n = len(self.rows)
        if self._affinities is None:
            if n <= ALL_PAIRS_UP_TO:
                self._affinities = all_pairs(self.rows)
            else:
                self._affinities = affinities(self.rows, MapOptions(neighbors="exact"))
        return kl_divergence(self._affinities, xy, theta=0.0 if n <= EXACT_REPULSION_UP_TO else 0.3)


def all_pairs(rows: Float32) -> Affinities:
    """Return affinities of perplexity 30 between all pairs of rows."""
    from firth import _kernel
    from firth.vectors.nearest import nearest

    found = nearest(rows, k=len(rows) - 1, method="exact")
    starts, columns, values = _kernel.affinities(found.ids, found.squared_distances, perplexities=(30.0,), n_jobs=2)
    return Affinities(starts, columns, values, (30.0,), "exact", None)


def call(python: str, script: str, *arguments: object) -> dict[str, Any]:
    """Return what a peer printed, run in a process of its own."""
    done = subprocess.run([python, PEERS / script, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{script} {arguments}: {done.stderr[-2000:]}")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def engines(names: list[str], *, peers: str | None, rounds: int, steps: list[int], folder: Path) -> None:
    """Measure all engines on each set."""
    for name in names:
        data = Set(name, folder)
        print(f"\n### {name}: {data.rows.shape[0]:,} x {data.rows.shape[1]}", flush=True)
        targets = [compare(data, n_iter, peers, rounds, folder) for n_iter in steps]
        compare(data, MapOptions().n_iter, None, rounds, folder)
        if targets[0] is not None:
            time_to(data, targets[0], rounds, folder)


def compare(data: Set, n_iter: int, peers: str | None, rounds: int, folder: Path) -> float | None:
    """Print a line per engine; return the divergence of openTSNE's map."""
    kinds = ["Firth"]
    if peers is not None:
        kinds += [FFT, INTELEX, *([BARNES_HUT] if len(data.rows) < SLOW_FROM else [])]
    seconds: dict[str, list[float]] = {kind: [] for kind in kinds}
    figures: dict[str, dict[str, Any]] = {}
    for turn in range(rounds):
        for kind in kinds:
            if turn > 0 and seconds[kind][0] > 60:
                continue  # once is enough of what takes minutes
            out = folder / f"{kind}.npy"
            if kind == "Firth":
                figures[kind] = call(sys.executable, "map_firth.py", data.path, out, n_iter, 2)
            else:
                figures[kind] = call(str(peers), "map_peer.py", kind, data.path, out, n_iter, 2)
            seconds[kind].append(figures[kind]["seconds"])
    for kind in kinds:
        ratio = statistics.median(seconds[kind]) / statistics.median(seconds["Firth"])
        own = f", affinities {figures[kind]['affinity_seconds']:.2f} s" if kind == "Firth" else f", {ratio:.1f} x Firth"
        line = f"{n_iter} steps  {kind:22s} {spread(seconds[kind])} s{own}, peak {figures[kind]['peak_mb']:,.0f} MB"
        print(f"{line}  {data.judge(np.load(folder / f'{kind}.npy'))}", flush=True)
    return data.kl(np.load(folder / f"{FFT}.npy")) if peers is not None else None


def time_to(data: Set, target: float, rounds: int, folder: Path) -> None:
    """Print how long Firth takes to a divergence."""
    out = folder / "Firth.npy"
    trace = call(sys.executable, "map_firth.py", data.path, out, 2000, 2, "trace")["trace"]
    offset = data.kl(np.load(out)) - trace[-1][1]  # of the affinities that maps are judged by
    steps = next((step for step, kl in trace if step >= 250 and kl + offset <= target), None)
    if steps is None:
        print(f"to KL {target:.4f}: not reached in 2,000 steps, at which it is {trace[-1][1] + offset:.4f}")
        return
    while True:  # the offset moves a little with the map
        seconds = [call(sys.executable, "map_firth.py", data.path, out, steps, 2)["seconds"] for _ in range(rounds)]
        reached = data.kl(np.load(out))
        print(f"to KL {target:.4f}: {steps} steps, {spread(seconds)} s, KL {reached:.4f}", flush=True)
        if reached <= target:
            return
        steps += 25


def scaling(names: list[str], folder: Path) -> None:
    """Print the milliseconds of a step with one thread and with two, early and late."""
    from firth import _kernel
    from firth.maps.start import principal_components, small_start

    for name in names:
        data = Set(name, folder)
        given = affinities(data.rows)
        n = len(data.rows)
        start = small_start(principal_components(data.rows), seed=1)
        print(f"\n### {name}: {n:,} points, {len(given.values):,} affinities")
        descent = _kernel.Descent(given.starts, given.columns, given.values, start, 0.5)
        rate = 4 * MapOptions().rate_for(n)
        for phase, exaggeration, momentum in (("exaggerated", 12.0, 0.5), ("free", 1.0, 0.8)):
            descent.step(200, exaggeration=exaggeration, momentum=momentum, learning_rate=rate, n_jobs=2)
            took: dict[int, list[float]] = {1: [], 2: []}
            for _ in range(5):
                for n_jobs, figures in took.items():
                    began = time.perf_counter()
                    descent.step(10, exaggeration=exaggeration, momentum=momentum, learning_rate=rate, n_jobs=n_jobs)
                    figures.append((time.perf_counter() - began) / 10 * 1000)
            ratio = statistics.median(took[1]) / statistics.median(took[2])
            print(f"{phase}: 1 thread {spread(took[1])} ms, 2 threads {spread(took[2])} ms, {ratio:.2f} x", flush=True)


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("engines", "scaling"))
    parser.add_argument("data", nargs="+", choices=tuple(SETS))
    parser.add_argument("--peers", help="a Python that has the other engines")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, nargs="+", default=[750, 500])
    given = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        if given.what == "engines":
            engines(given.data, peers=given.peers, rounds=given.rounds, steps=given.steps, folder=Path(folder))
        else:
            scaling(given.data, Path(folder))


if __name__ == "__main__":
    main()
