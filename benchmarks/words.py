"""Words: training throughput, whole processes, and quality against gensim and fastText, on 100 MB of Wikipedia.

python benchmarks/words.py speed --gensim-python PATH --fasttext-python PATH
python benchmarks/words.py quality [--gensim-python PATH]
python benchmarks/words.py lanes
python benchmarks/words.py sizes

The peers run in environments of their own (``pip install gensim``; ``pip install fasttext-wheel 'numpy<2'``).
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

import firth
from common import ROOT, machine, spread
from firth.evaluation import AnalogyQuestions, WordPairs, analogies, similarity
from firth.training import TrainOptions, fit

WORDS = ROOT.parent / "shared" / "data" / "words"
PEERS = Path(__file__).resolve().parent / "peers"
N_WORDS = 16_922_750
OPTIONS = TrainOptions(vector_size=100, window=5, negative=5, sample=1e-3, epochs=1, n_jobs=2)


def unpacked(folder: Path, *, times: int = 1) -> Path:
    """Return the text in a file of its own, several times over."""
    packed = WORDS / "wiki100m.txt.xz"
    if not packed.exists():
        raise SystemExit(f"this benchmark reads {packed}, which is not here; see shared/data/README.md for its source.")
    text = lzma.decompress(packed.read_bytes())
    path = folder / f"wiki-{times}.txt"
    with path.open("wb") as file:
        for _ in range(times):
            file.write(text.rstrip(b"\n") + b"\n")
    return path


def judged(vectors: firth.Vectors) -> dict[str, float]:
    """Return the vectors' scores on word pairs and analogies (3CosAdd, the 30,000 most frequent words)."""
    pairs = {name: WordPairs.read(WORDS / f"{name}.txt") for name in ("wordsim353", "rg65")}
    scores = {name: similarity(vectors, each).spearman for name, each in pairs.items()}
    asked = AnalogyQuestions.read(WORDS / "questions-words.txt")
    return {**scores, "analogies": analogies(vectors, asked, restrict=30_000).total.accuracy}


def peer(python: Path, script: str, *arguments: object) -> dict[str, float]:
    """Return what a script in another environment prints as JSON, and the wall time of its process."""
    started = time.perf_counter()
    command = [str(python), str(PEERS / f"{script}.py"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {**json.loads(done.stdout.splitlines()[-1]), "whole_s": time.perf_counter() - started}


def speed(arguments: argparse.Namespace) -> None:
    """Print words per second and whole processes, turn about."""
    with tempfile.TemporaryDirectory() as folder:
        text = unpacked(Path(folder))
        measures: dict[str, Callable[[], dict[str, float]]] = {
            "firth": lambda: peer(Path(sys.executable), "firth_words", text, folder, 2)
        }
        if arguments.gensim_python:
            measures["gensim"] = lambda: peer(arguments.gensim_python, "gensim_words", text, folder, 2)
        if arguments.fasttext_python:
            measures["fasttext"] = lambda: peer(arguments.fasttext_python, "fasttext_words", text, folder, 2)
        found: dict[str, list[dict[str, float]]] = {name: [] for name in measures}
        for _ in range(arguments.rounds):
            for name, measure in measures.items():
                found[name].append(measure())
        for name, runs in found.items():
            rates = [N_WORDS / run["train_s"] / 1e6 for run in runs]
            whole = [run["whole_s"] for run in runs]
            print(f"{name:9s} {spread(rates, 3)} M words/s   whole process {spread(whole, 1)} s")
        for name, runs in found.items():
            for key in ("train_s", "whole_s"):
                ratio = statistics.median(run[key] for run in runs) / statistics.median(
                    run[key] for run in found["firth"]
                )
                print(f"{name:9s} {key}: {ratio:.1f} times Firth's")


def quality(arguments: argparse.Namespace) -> None:
    """Print scores after 1 and 5 epochs, three seeds each."""
    with tempfile.TemporaryDirectory() as folder:
        text = unpacked(Path(folder))
        corpus = firth.read_text(text, cache=False)
        for epochs in (1, 5):
            for seed in (1, 2, 3):
                options = TrainOptions(epochs=epochs, seed=seed, learning_rate=arguments.learning_rate)
                training = fit(corpus, options)
                show(f"firth, {epochs} epochs, seed {seed}", corpus, training.vectors, training.seconds)
                if arguments.gensim_python:
                    peer(arguments.gensim_python, "gensim_words", text, folder, 2, epochs, seed)
                    vectors = firth.import_vectors(Path(folder) / "gensim.bin", out=Path(folder) / f"g{epochs}{seed}")
                    print(f"gensim, {epochs} epochs, seed {seed}: {judged(vectors.vectors)}", flush=True)


def lanes(arguments: argparse.Namespace) -> None:
    """Print scores and throughput for numbers, sizes and pools of lanes."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = firth.read_text(unpacked(Path(folder)), cache=False)
        for n, size, pool in (
            *((n, 1024, 256) for n in (1, 4, 16, 64)),
            *((16, size, size // 4) for size in (256, 512, 2048, 4096)),
            *((16, 1024, pool) for pool in (64, 128, 512, 1024)),
            (64, 256, 64),
        ):
            options = TrainOptions(epochs=arguments.epochs, lanes=n, lane_size=size, pool_size=pool)
            training = fit(corpus, options)
            show(f"{n} lanes of {size}, pool {pool}", corpus, training.vectors, training.seconds / arguments.epochs)


def sizes(_: argparse.Namespace) -> None:
    """Print throughput and peak memory at 300 dimensions and on a text ten times as long."""
    for times, size in ((1, 100), (1, 300), (10, 100)):
        with tempfile.TemporaryDirectory() as folder:
            text = unpacked(Path(folder), times=times)
            # Ten times the text with ten times the least count: the same vocabulary.
            found = peer(Path(sys.executable), "firth_words", text, folder, 2, 1, 1, size, 5 * times)
            print(
                f"{times} x text, {size}-d: {N_WORDS * times / found['train_s'] / 1e6:.2f} M words/s, reading "
                f"{found['read_s']:.1f} s, whole process {found['whole_s']:.1f} s, peak {found['peak_mb']:.0f} MB, "
                f"without mapped files {found['anonymous_mb']:.0f} MB",
                flush=True,
            )


def show(name: str, corpus: firth.Corpus, matrix: object, seconds: float) -> None:
    """Print a training's scores and rate."""
    scores = judged(firth.Vectors(corpus.vocabulary.keys, matrix))
    figures = "  ".join(f"{key} {value:.3f}" for key, value in scores.items())
    print(f"{name:28s} {figures}  {seconds:.1f} s", flush=True)


def main() -> None:
    """Run one of the measurements."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("speed", "quality", "lanes", "sizes"))
    parser.add_argument("--gensim-python", type=Path)
    parser.add_argument("--fasttext-python", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--learning-rate", type=float, default=0.05)
    arguments = parser.parse_args()
    print(machine(), flush=True)
    {"speed": speed, "quality": quality, "lanes": lanes, "sizes": sizes}[arguments.what](arguments)


if __name__ == "__main__":
    main()
