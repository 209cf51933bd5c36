"""Graphs: walks per second and what the vectors know, beside PecanPy; a graph of ten million edges, and its memory.

    python benchmarks/graphs.py speed --peer PYTHON          # PYTHON has pecanpy and numpy<2
    python benchmarks/graphs.py quality --peer PYTHON [--seeds 5]
    python benchmarks/graphs.py large [--edges 10000000 --nodes 1000000]

Protein interactions (shared/data/graphs) for the first two. Both programs get the same edge list, without self-loops,
and the same budget: ten walks of 80 from each node, windows of 10, 128 dimensions, one epoch. Quality: a logistic
regression per label on a share of the nodes; of the others, which have k labels each, the k likeliest count as
predicted (Perozzi et al. 2014, Grover & Leskovec 2016).
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import firth
from common import ROOT, machine, spread

DATA = ROOT.parent / "shared" / "data" / "graphs"
PEER = Path(__file__).resolve().parent / "peers" / "pecanpy_graph.py"
WALKS, LENGTH, SIZE, WINDOW = 10, 80, 128, 10
BIASES = ((1.0, 1.0), (0.5, 2.0))
SHARES = tuple(each / 10 for each in range(1, 10))
LEARNING_RATE = 0.025  # of the recipe `graph`, chosen with other seeds


def plain_edges(folder: Path) -> Path:
    """Return the path of the proteins' edges without self-loops, or stop with the reason why there is none."""
    if not DATA.exists():
        raise SystemExit(f"this benchmark reads {DATA}, which is not here; see shared/data/README.md for its source.")
    pairs = [line.split() for line in (DATA / "ppi.edges").read_text().splitlines()]
    path = folder / "ppi.edges"
    path.write_text("".join(f"{a}\t{b}\n" for a, b in pairs if a != b))
    return path


def peer(
    python: str, edges: Path, kind: str, p: float, q: float, *, seed: int, rounds: int, out: Path | None = None
) -> dict[str, Any] | None:
    """Return what PecanPy measures of itself; None where that class cannot."""
    given = [str(edges), kind, str(p), str(q), "2", str(seed), str(rounds), *([str(out)] if out else [])]
    done = subprocess.run([python, str(PEER), *given], capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    return json.loads(done.stdout.splitlines()[-1])


def speed(python: str, rounds: int) -> None:
    """Print walks per second of two threads, and per second of processor time, which a busy machine changes less."""
    with tempfile.TemporaryDirectory() as folder:
        edges = plain_edges(Path(folder))
        for p, q in BIASES:
            corpus = firth.read_graph(edges, p=p, q=q, walks_per_node=WALKS, walk_length=LENGTH)
            n_walks = corpus.graphs[0].n_walks
            ours: list[tuple[float, float]] = []
            theirs: dict[str, list[tuple[float, float]]] = {}
            for kind in ["FirstOrderUnweighted"] if p == q == 1 else ["PreComp", "SparseOTF"]:
                _walk(corpus)
                ours += [_walk(corpus) for _ in range(rounds)]
                found = peer(python, edges, kind, p, q, seed=1, rounds=rounds)
                if found is not None:
                    theirs[kind] = list(zip(found["walks_s"], found["cpu_s"], strict=True))
            print(f"\np={p:g} q={q:g}: thousands of walks of {LENGTH} per second; per second of processor time")
            print(f"  Firth: {_rates(n_walks, ours)}")
            for kind, times in theirs.items():
                wall, cpu = (
                    statistics.median(each[i] for each in times) / statistics.median(each[i] for each in ours)
                    for i in (0, 1)
                )
                print(f"  PecanPy, {kind}: {_rates(n_walks, times)}; Firth {wall:.0f} and {cpu:.0f} times as fast")


def _walk(corpus: firth.Corpus) -> tuple[float, float]:
    """Return seconds, and seconds of processor time, that the walks of an epoch take."""
    began, began_cpu = time.perf_counter(), time.process_time()
    for tokens, _ in firth.walks(corpus, n_jobs=2):
        assert len(tokens)
    return time.perf_counter() - began, time.process_time() - began_cpu


def _rates(n_walks: int, times: list[tuple[float, float]]) -> str:
    return "; ".join(spread([n_walks / each[i] / 1e3 for each in times], 1) for i in (0, 1))


def labels_of(keys: list[str]) -> np.ndarray:
    """Return (n_keys, n_labels) bool."""
    number = {key: i for i, key in enumerate(keys)}
    rows = [line.split() for line in (DATA / "ppi.labels").read_text().splitlines()]
    found = np.zeros((len(keys), len(rows)), dtype=bool)
    for label, nodes in enumerate(rows):
        found[[number[node] for node in nodes if node in number], label] = True
    return found


def f1(vectors: np.ndarray, labels: np.ndarray, *, share: float, seed: int) -> tuple[float, float]:
    """Return micro and macro F1 on the nodes that were not trained on."""
    from sklearn.linear_model import LogisticRegression

    order = np.random.default_rng(seed).permutation(len(labels))
    cut = round(share * len(order))
    known, asked = order[:cut], order[cut:]
    likely = np.zeros((len(asked), labels.shape[1]))
    for label in range(labels.shape[1]):
        if labels[known, label].any():
            model = LogisticRegression(solver="liblinear").fit(vectors[known], labels[known, label])
            likely[:, label] = model.predict_proba(vectors[asked])[:, 1]
    truth, predicted = labels[asked], np.zeros_like(labels[asked])
    for row, n in enumerate(truth.sum(axis=1)):
        predicted[row, np.argsort(-likely[row], kind="stable")[:n]] = True
    right, wrong = (truth & predicted).sum(axis=0), (truth ^ predicted).sum(axis=0)
    each = 2 * right / np.maximum(1, 2 * right + wrong)
    return float(2 * right.sum() / (2 * right.sum() + wrong.sum())), float(each.mean())


def quality(python: str, n_seeds: int) -> None:
    """Print F1 by share of labelled nodes: medians over seeds of training and split."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        edges = plain_edges(folder)
        for p, q in BIASES:
            scores: dict[str, list[list[tuple[float, float]]]] = {"Firth": [], "PecanPy": []}
            seconds: dict[str, list[float]] = {"Firth": [], "PecanPy": []}
            for seed in range(1, n_seeds + 1):
                for program in scores:
                    began = time.perf_counter()
                    if program == "Firth":
                        corpus = firth.read_graph(edges, p=p, q=q, walks_per_node=WALKS, walk_length=LENGTH)
                        run = firth.train(
                            corpus,
                            vector_size=SIZE,
                            window=WINDOW,
                            epochs=1,
                            learning_rate=LEARNING_RATE,
                            seed=seed,
                            n_jobs=2,
                        )
                        seconds[program].append(time.perf_counter() - began)
                        keys, vectors = run.vectors.keys, np.asarray(run.vectors.matrix)
                    else:
                        kind = "FirstOrderUnweighted" if p == q == 1 else "PreComp"
                        found = peer(python, edges, kind, p, q, seed=seed, rounds=0, out=folder / "peer.npz")
                        if found is None:
                            raise SystemExit("PecanPy failed; does --peer have pecanpy and numpy<2?")
                        seconds[program].append(found["embed_s"])
                        saved = np.load(folder / "peer.npz")
                        keys, vectors = saved["keys"].tolist(), saved["vectors"]
                    by_key = np.argsort([int(key) for key in keys])
                    labels = labels_of([keys[i] for i in by_key])
                    has_label = labels.any(axis=1)
                    rows = vectors[by_key][has_label]
                    scores[program].append([f1(rows, labels[has_label], share=share, seed=seed) for share in SHARES])
                print(f"  seed {seed} done", file=sys.stderr, flush=True)
            print(f"\np={p:g} q={q:g}: F1 by share of labelled nodes, medians of {n_seeds} seeds (least - most)")
            print("| | " + " | ".join(f"{share:.0%}" for share in SHARES) + " | seconds |")
            for program, found_scores in scores.items():
                figures = np.array(found_scores)
                for kind, which in (("micro", 0), ("macro", 1)):
                    cells = [
                        f"{np.median(each):.3f} ({each.min():.3f} - {each.max():.3f})"
                        for each in figures[:, :, which].T
                    ]
                    print(f"| {program}, {kind} | " + " | ".join(cells) + f" | {spread(seconds[program], 1)} |")


def write_power_law(path: Path, *, n_nodes: int, n_edges: int, exponent: float = 2.2) -> None:
    """Write a graph whose degrees follow a power law (Chung & Lu 2002), its nodes in no order."""
    random = np.random.default_rng(1)
    weights = (np.arange(n_nodes) + 10.0) ** (-1 / (exponent - 1))
    ends = np.cumsum(weights / weights.sum())
    names = random.permutation(n_nodes)
    with path.open("w") as file:
        for first in range(0, n_edges, 1 << 20):
            n = min(1 << 20, n_edges - first)
            a, b = names[np.minimum(np.searchsorted(ends, random.random((2, n))), n_nodes - 1)]
            file.write("".join(f"{x}\t{y}\n" for x, y in zip(a.tolist(), b.tolist(), strict=True)))


CHILD = """
import json, sys, time
from pathlib import Path
import firth, firth.training.setup, firth.corpus.graph_reading, polars
def memory(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name + ":")) / 1e3
figures = {"imported_mb": memory("VmRSS")}
began = time.perf_counter()
corpus = firth.read_graph(sys.argv[1], p=float(sys.argv[2]), q=float(sys.argv[3]), walks_per_node=int(sys.argv[4]),
                          walk_length=int(sys.argv[5]))
figures |= {"read_s": time.perf_counter() - began, "read_peak_mb": memory("VmHWM"), "held_mb": memory("VmRSS")}
graph, = corpus.graphs
figures |= {"n_nodes": len(corpus), "n_edges": graph.n_edges, "largest_degree": graph.report["largest_degree"],
            "is_weighted": graph.edge_weights is not None}
Path("/proc/self/clear_refs").write_text("5")
kernel = graph.kernel(2)
began = time.perf_counter()
visits = kernel.visits(1, 0, 0, 2)
seconds = time.perf_counter() - began
figures |= {"steps": int(visits.sum()), "steps_per_s": int(visits.sum()) / seconds, "walk_peak_mb": memory("VmHWM")}
del kernel
if len(sys.argv) > 6:
    Path("/proc/self/clear_refs").write_text("5")
    began = time.perf_counter()
    run = firth.train(corpus, vector_size=64, window=5, epochs=1, n_jobs=2)
    figures |= {"train_s": time.perf_counter() - began, "train_peak_mb": memory("VmHWM"),
                "tokens_per_s": run.metrics["tokens_per_s"]}
print(json.dumps(figures))
"""


def large(n_edges: int, n_nodes: int) -> None:
    """Print what a large graph takes, and what it should."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "power-law.edges"
        write_power_law(path, n_nodes=n_nodes, n_edges=n_edges)
        print(f"power law, exponent 2.2: {n_edges:,} lines, {path.stat().st_size / 1e6:.0f} MB")
        for p, q, per_node, length, *train in ((1, 1, 1, 40, "train"), (1, 1, 10, 80), (0.5, 2, 1, 40)):
            given = [str(path), str(p), str(q), str(per_node), str(length), *train]
            done = subprocess.run([sys.executable, "-c", CHILD, *given], capture_output=True, text=True, check=True)
            found = json.loads(done.stdout.splitlines()[-1])
            print(f"\np={p:g} q={q:g}, {per_node} walks of {length} a node: " + json.dumps(found))
            entries, nodes = 2 * found["n_edges"], found["n_nodes"]
            rows = entries * (12 if found["is_weighted"] else 4) + 8 * nodes
            drawing = entries * 8 + 8 * nodes if found["is_weighted"] else 0
            reading = 8 * n_edges + 4 * 2 * n_edges + rows
            print(
                f"  the arithmetic: rows {rows / 1e6:.0f} MB, to draw from {drawing / 1e6:.0f} MB more, the edges as "
                f"read {8 * n_edges / 1e6:.0f} MB, keys {150 * nodes / 1e6:.0f} MB; at most at once while reading "
                f"{(reading + 150 * nodes) / 1e6 + found['imported_mb']:.0f} MB"
            )


def main() -> None:
    """Run one of the three."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["speed", "quality", "large"])
    parser.add_argument("--peer", default=sys.executable, help="a Python that has pecanpy and numpy<2")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--edges", type=int, default=10_000_000)
    parser.add_argument("--nodes", type=int, default=1_000_000)
    given = parser.parse_args()
    print(machine())
    if given.what == "speed":
        speed(given.peer, given.rounds)
    elif given.what == "quality":
        quality(given.peer, given.seeds)
    else:
        large(given.edges, given.nodes)


if __name__ == "__main__":
    main()
