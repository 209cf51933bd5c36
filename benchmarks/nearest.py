"""Seconds, recall and memory of the nearest rows of all rows, k = 90 (a map of perplexity 30 asks for as many).

python benchmarks/nearest.py exact                   # one thread: the search itself, k = 1, 10, 90, 150
python benchmarks/nearest.py words --run runs/words  # vectors of `firth run words`, exact and approximate
python benchmarks/nearest.py mixture-1000000-32      # planted normal groups; noise-N-D: uniform
python benchmarks/nearest.py words --run runs/words --usearch   # the same by a graph (pip install usearch)
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path

import numpy as np

from common import in_turn, machine, spread
from firth.arrays import Float32
from firth.vectors.nearest import Metric, nearest
from firth.vectors.neighbors import normalised_rows, top_k

K = 90


def planted(name: str) -> Float32:
    """Return data by its name, ``mixture-N-D`` (square root of N normal groups) or ``noise-N-D``."""
    kind, n, size = name.split("-")
    random, shape = np.random.default_rng(5), (int(n), int(size))
    if kind == "noise":
        return random.random(shape, dtype=np.float32)
    centres = random.standard_normal((int(int(n) ** 0.5), int(size)), dtype=np.float32)
    groups = random.integers(len(centres), size=int(n))
    return centres[groups] + np.float32(0.5) * random.standard_normal(shape, dtype=np.float32)


def exact(rounds: int) -> None:
    """Print seconds of the exact search on one thread for several k."""
    unit = normalised_rows(planted("mixture-8715-64"))

    def seconds(k: int) -> float:
        started = time.perf_counter()
        top_k(unit, unit, k=k, exclude=np.arange(len(unit)), n_jobs=1)
        return time.perf_counter() - started

    figures = in_turn({f"k = {k}": lambda k=k: seconds(k) for k in (1, 10, 90, 150)}, rounds=rounds)
    for name, measured in figures.items():
        print(f"8,715 x 64, one thread, {name:8s} {spread(measured, 3)} s")


def usearch_graph(matrix: Float32, metric: Metric, jobs: int) -> None:
    """Print seconds and recall of usearch: built by one thread, which alone is reproducible, and by all."""
    from usearch.index import Index

    sample = np.random.default_rng(1).choice(len(matrix), 1000, replace=False)
    unit = normalised_rows(matrix)
    if metric != "cosine":
        raise SystemExit("compared by cosine only.")
    true, _ = top_k(unit[sample], unit, k=K, exclude=sample)
    for threads in (1, jobs):
        started = time.perf_counter()
        index = Index(ndim=unit.shape[1], metric="ip", dtype="f32")
        index.add(np.arange(len(unit)), unit, threads=threads)
        built = time.perf_counter()
        found = index.search(unit, K + 1, threads=jobs).keys
        done = time.perf_counter()
        recall = np.mean([np.isin(true[i], found[row]).mean() for i, row in enumerate(sample)])
        print(f"usearch, {threads} to build: {built - started:.1f} s + {done - built:.1f} s, recall {recall:.3f}")


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--run", type=Path, help="a run folder, for words")
    parser.add_argument("--first", type=int, help="so many of the words, the most frequent")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--methods", nargs="+", default=["exact", "approximate"])
    parser.add_argument("--usearch", action="store_true")
    arguments = parser.parse_args()
    print(machine())
    if arguments.data == "exact":
        exact(arguments.rounds)
        return
    metric: Metric = "euclidean"
    if arguments.data == "words":
        import firth

        matrix, metric = firth.load_run(arguments.run).vectors.matrix[: arguments.first], "cosine"
    else:
        matrix = planted(arguments.data)
    if arguments.usearch:
        usearch_graph(matrix, metric, arguments.jobs)
        return
    recalls: dict[str, float | None] = {}
    busy: dict[str, list[float]] = {}  # seconds of processors: what holds where others use them, too

    def seconds(method: str) -> float:
        before = time.process_time()
        found = nearest(matrix, k=K, metric=metric, method=method, n_jobs=arguments.jobs)
        busy.setdefault(method, []).append(time.process_time() - before)
        recalls[found.method] = found.recall
        return found.seconds

    names = arguments.methods
    figures = in_turn({name: lambda name=name: seconds(name) for name in names}, rounds=arguments.rounds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for name, measured in figures.items():
        recall = recalls.get(name)
        remark = "" if recall is None else f", recall {recall:.3f}"
        processor = f"processors {spread(busy[name][1:])} s"
        print(f"{arguments.data} {matrix.shape} {name:12s} {spread(measured)} s, {processor}{remark}")
    answer = len(matrix) * K * 8 / 2**20
    print(f"peak memory {peak:,.0f} MB, the data {matrix.nbytes / 2**20:,.0f} MB, the answer {answer:,.0f} MB")


if __name__ == "__main__":
    main()
