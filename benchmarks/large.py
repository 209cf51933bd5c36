"""Larger than memory: corpora of billions of tokens from disk, vocabularies of tens of millions.

python benchmarks/large.py tokens [--n-tokens 2000000000] [--cold] [--shuffle-block N]
python benchmarks/large.py items [--n-items 20000000] [--precision float16] [--model-storage file] [--ballast-gb 12]
python benchmarks/large.py disk [--n-tokens 400000000]

The corpora are planted: each sequence of twenty is of one topic out of a thousand, seven tenths of its items are drawn
from the topic and the others from all, both by Zipf's law. They are written block by block through ``EncodedWriter``
to the folder of temporary files (``TMPDIR``). What was learned is told by the share of an item's ten nearest that are
of its topic; by chance it is a thousandth. Memory is told in parts: ``own`` is what the process holds by itself
(anonymous), ``files`` the pages of mapped files that it has in memory, which the system takes back when it needs them.
"""

from __future__ import annotations

import argparse
import ctypes
import mmap
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

import firth
from common import machine
from firth.corpus.assemble import assemble
from firth.corpus.corpus import Corpus
from firth.corpus.encoded import TOKENS
from firth.corpus.encoded_writer import EncodedWriter
from firth.mapped import let_go
from firth.training.reading_ahead import ReadAhead

N_TOPICS = 1_000
LENGTH = 20  # of a sequence
SHARE = 0.7  # of its items that are of its topic
_BLOCK = LENGTH << 16
_MEMORY = {"RssAnon": "own", "RssFile": "files"}


class Gauge:
    """Stages with their time, most memory and disk, measured five times a second."""

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Print a line about what happens meanwhile."""
        most, is_over = dict.fromkeys(_MEMORY, 0), threading.Event()

        def watch() -> None:
            while not is_over.wait(0.2):
                look()

        def look() -> None:
            status = Path("/proc/self/status").read_text(encoding="utf-8")
            for key in most:
                found = re.search(rf"{key}:\s+(\d+)", status)
                most[key] = max(most[key], int(found[1]) * 1024 if found else 0)

        disk, began = _disk(), time.perf_counter()
        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield
        finally:
            look()
            is_over.set()
            thread.join()
            taken = time.perf_counter() - began
            read, written = (after - before for after, before in zip(_disk(), disk, strict=True))
            memory = "   ".join(f"{what} {most[key] / 1e9:6.2f} GB" for key, what in _MEMORY.items())
            rate = f"read {read / 1e9:6.2f} GB ({read / taken / 1e6:.0f} MB/s)   written {written / 1e9:6.2f} GB"
            print(f"{name:<24} {taken:8.1f} s   {memory}   {rate}", flush=True)


def _disk() -> tuple[int, int]:
    found = dict(line.split(": ") for line in Path("/proc/self/io").read_text(encoding="ascii").splitlines())
    return int(found["read_bytes"]), int(found["write_bytes"])


def planted(folder: Path, *, n_tokens: int, n_items: int, gauge: Gauge, seed: int = 1) -> Corpus:
    """Return a corpus of planted topics whose files lie in a folder; item ``i`` as drawn is of topic ``i % 1000``.

    Each item is in it at least once, where there are as many tokens: the first tokens are all items in turn.
    """
    with gauge.stage("tokens written"), EncodedWriter(folder / "encoded") as writer:
        for first in range(0, n_tokens, _BLOCK):
            n = min(_BLOCK, n_tokens - first) // LENGTH * LENGTH
            writer.write(_drawn(first, n, n_items, seed), np.full(n // LENGTH, LENGTH))
        with gauge.stage("  of it, renumbered"):
            keys = [f"{i:08d}" for i in range(n_items)]
            encoded = writer.finish(keys, report={"rows_read": writer.n_tokens})
            del keys
    with gauge.stage("corpus"):
        return assemble({"planted": encoded}, {"planted": firth.Sequences()})


def _drawn(first: int, n: int, n_items: int, seed: int) -> np.ndarray[Any, np.dtype[np.int32]]:
    random = np.random.default_rng((seed, first))
    topics = np.repeat(random.integers(N_TOPICS, size=n // LENGTH), LENGTH)
    per_topic = n_items // N_TOPICS
    ranks = np.exp(random.random(n) * np.log(per_topic + 1)).astype(np.int64) - 1
    drawn = np.minimum(ranks, per_topic - 1) * N_TOPICS + topics
    anywhere = random.random(n) >= SHARE
    wide = np.exp(random.random(int(anywhere.sum())) * np.log(n_items + 1)).astype(np.int64) - 1
    drawn[anywhere] = np.minimum(wide, n_items - 1)
    if first < n_items:  # items that may never be drawn; in sequences of their own topic
        block = np.arange(first, min(first + n, n_items))
        drawn[: len(block)] = (
            block // LENGTH // N_TOPICS * LENGTH * N_TOPICS + block % LENGTH * N_TOPICS + (block // LENGTH % N_TOPICS)
        )
    return np.minimum(drawn, n_items - 1).astype(np.int32)


def same_topic(vectors: firth.Vectors, ids: np.ndarray[Any, Any]) -> float:
    """Return the share of some items' ten nearest that are of their topic."""
    topic_of = np.array([int(key) % N_TOPICS for key in vectors.keys], dtype=np.int16)
    found = vectors.neighbors(ids, k=10).ids
    return float((topic_of[found] == topic_of[ids][:, None]).mean())


@contextmanager
def ballast(gigabytes: float) -> Iterator[None]:
    """Hold so much memory that nobody else can use, in another process."""
    if gigabytes <= 0:
        yield
        return
    script = (
        "import ctypes, mmap, sys; open('/proc/self/oom_score_adj', 'w').write('1000'); "
        "m = mmap.mmap(-1, int(float(sys.argv[1]) * 1e9)); "
        "c = ctypes.CDLL(None, use_errno=True); "
        "a = ctypes.addressof(ctypes.c_char.from_buffer(m)); "
        "failed = c.mlock(ctypes.c_void_p(a), ctypes.c_size_t(len(m))); "
        "print('failed' if failed else 'held', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(gigabytes)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    print(f"ballast of {gigabytes:g} GB: {process.stdout.readline().strip()}", flush=True)
    try:
        yield
    finally:
        process.stdin.close()
        process.wait()


@contextmanager
def residence() -> Iterator[None]:
    """Print which part of each model in a file is in memory when training ends, by parts of the ids."""
    from firth.training import model, trainer

    made, original = [], model.scratch
    finish = trainer.trained_rows

    def kept(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 (as the function that it stands for)
        made.append(original(*arguments, **options))
        return made[-1]

    def told(rows: Any, *arguments: Any) -> Any:  # noqa: ANN401
        if any(rows is each for each in made):
            n, edges = len(rows), (0.0, 0.001, 0.01, 0.1, 0.25, 0.5, 1.0)
            parts = [(low, high, _resident(rows[int(low * n) : int(high * n)])) for low, high in pairwise(edges)]
            told = ", ".join(f"{low:g} - {high:g}: {share:.2f}" for low, high, share in parts)
            print(f"in memory of the rows, by their place ({_resident(rows):.2f} of all): {told}", flush=True)
        return finish(rows, *arguments)

    model.scratch, trainer.trained_rows = kept, told
    try:
        yield
    finally:
        model.scratch, trainer.trained_rows = original, finish
        made.clear()


def _resident(rows: np.ndarray[Any, Any]) -> float:
    """Return the share of an array's pages that are in the system's cache."""
    page = mmap.PAGESIZE
    first = rows.ctypes.data // page * page
    n_pages = -(-(rows.ctypes.data + rows.nbytes - first) // page)
    found = (ctypes.c_ubyte * n_pages)()
    library = ctypes.CDLL(None, use_errno=True)
    if library.mincore(ctypes.c_void_p(first), ctypes.c_size_t(n_pages * page), found):
        return float("nan")
    return float((np.frombuffer(found, dtype=np.uint8) & 1).mean())


def forget(path: Path, corpus: Corpus) -> None:
    """Have the system forget a file, so that the next reads come from the disk."""
    let_go(corpus.sequences[0].tokens)
    handle = os.open(path, os.O_RDONLY)
    os.fsync(handle)
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(handle)


def large(given: argparse.Namespace) -> None:
    """Train on a planted corpus and tell each stage: ``tokens`` and ``items`` differ in their sizes."""
    gauge, folder = Gauge(), Path(given.folder or tempfile.mkdtemp(prefix="firth-large-"))
    corpus = planted(folder, n_tokens=given.n_tokens, n_items=given.n_items, gauge=gauge)
    print(f"{len(corpus):,} items, {given.n_tokens:,} tokens in {folder}", flush=True)
    if given.cold:
        forget(folder / "encoded" / TOKENS, corpus)
    with ballast(given.ballast_gb), residence(), gauge.stage("run trained and saved"):
        run = firth.train(
            corpus,
            vector_size=given.size,
            epochs=given.epochs,
            precision=given.precision,
            model_storage=given.model_storage,
            shuffle_block=given.shuffle_block,
            out=folder / "run",
        )
    trained = run.metrics["train_s"]
    n_read = given.n_tokens * given.epochs
    print(
        f"trained {n_read:,} tokens in {trained:.1f} s: {n_read / trained / 1e6:.2f} M tokens/s, "
        f"{run.metrics['pairs_per_s'] / 1e6:.1f} M pairs/s; {given.precision}, in {run.options['model_storage']}, loss "
        f"{run.metrics['loss']:.3f}, held out {run.metrics['heldout_loss']:.3f}",
        flush=True,
    )
    ids = np.arange(min(1_000, len(corpus) // 2), min(1_000, len(corpus) // 2) + min(50, len(corpus) // 2))
    key = corpus.vocabulary.keys[int(ids[0])]
    del corpus, run
    with gauge.stage("run read again"):
        again = firth.Run.load(folder / "run")
    with gauge.stage("neighbours of one item"):
        nearest = again.vectors.most_similar(key, k=3)
    with gauge.stage("of fifty more"):
        share = same_topic(again.vectors, ids)
    print(f"{key}: {nearest}; of its topic among ten nearest of {len(ids)} items: {share:.3f}")
    print(f"on disk: {', '.join(f'{path.name} {path.stat().st_size / 1e9:.2f} GB' for path in _files(folder))}")


def _files(folder: Path) -> list[Path]:
    return sorted((each for each in folder.rglob("*") if each.is_file()), key=lambda each: -each.stat().st_size)[:6]


def disk(given: argparse.Namespace) -> None:
    """Print the pace of training from a cold disk, read ahead and not, turn about."""
    from firth.training import TrainOptions, fit

    gauge, folder = Gauge(), Path(given.folder or tempfile.mkdtemp(prefix="firth-large-"))
    corpus = planted(folder, n_tokens=given.n_tokens, n_items=given.n_items, gauge=gauge)
    options = TrainOptions(vector_size=given.size, epochs=1, shuffle_block=given.shuffle_block)
    before = ReadAhead.before
    for turn in range(given.rounds):
        for name in ("read ahead", "left to the system", "in memory already"):
            ReadAhead.before = before if name == "read ahead" else lambda *_: None  # type: ignore[method-assign]
            if name != "in memory already":
                forget(folder / "encoded" / TOKENS, corpus)
            with gauge.stage(f"{turn}: {name}"):
                training = fit(corpus, options)
            print(f"  {given.n_tokens / training.seconds / 1e6:.2f} M tokens/s", flush=True)
    ReadAhead.before = before  # type: ignore[method-assign]


def main() -> None:
    """Print a line per stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=("tokens", "items", "disk"))
    parser.add_argument("--n-tokens", type=int)
    parser.add_argument("--n-items", type=int)
    parser.add_argument("--size", type=int)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--model-storage", default="auto")
    parser.add_argument("--shuffle-block", type=int, default=0)
    parser.add_argument("--cold", action="store_true", help="have the system forget the corpus before training")
    parser.add_argument("--ballast-gb", type=float, default=0.0, help="memory that another process holds meanwhile")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", help="where everything is written, and stays; default: a new temporary folder")
    defaults = {
        "tokens": {"n_tokens": 2_000_000_000, "n_items": 200_000, "size": 64},
        "items": {"n_tokens": 200_000_000, "n_items": 20_000_000, "size": 64},
        "disk": {"n_tokens": 400_000_000, "n_items": 200_000, "size": 32},
    }
    given = parser.parse_args()
    for name, value in defaults[given.part].items():
        if getattr(given, name) is None:
            setattr(given, name, value)
    print(machine())
    (disk if given.part == "disk" else large)(given)


if __name__ == "__main__":
    main()
