"""What a cluster of Ray costs and gains: texts read, trainings made, over nodes of one CPU each on this machine.

    python benchmarks/cluster.py read|confidence|tables [--nodes 2] [--rounds 3] [--text FILE]

One machine's cores are what the nodes have, so nothing here can be faster than one process with as many threads: what
is measured is what the way over Ray takes. Each figure is a median of rounds, the ways turn about; results are compared
byte for byte, and the bytes that went over the object store are counted.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import polars as pl

import firth
from firth.cluster.connection import Cluster, connect
from firth.cluster.encoding import PIECE_BYTES, ClusterReader
from firth.cluster.trials import Trials
from firth.corpus.text_files import TextFile
from firth.corpus.text_options import TextOptions
from firth.corpus.texts import encode_text
from firth.sources import tables
from firth.sources.planted import playlists
from words import unpacked


@contextmanager
def nodes(n: int) -> Iterator[Cluster]:
    """Return a context that gives a cluster of ``n`` nodes with a CPU each."""
    import ray
    from ray.cluster_utils import Cluster as Nodes

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    node = {"num_cpus": 1, "object_store_memory": 512 << 20}
    started = Nodes(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    for _ in range(n - 1):
        started.add_node(**node)
    ray.init(address=started.address, log_to_driver=False, logging_level="ERROR")
    try:
        with connect() as cluster:
            yield cluster
    finally:
        ray.shutdown()
        started.shutdown()


def timed(ways: dict[str, Callable[[], Any]], rounds: int) -> dict[str, Any]:
    """Print the seconds of each way, turn about after one unheard round, and return what the last round gave."""
    found = {name: way() for name, way in ways.items()}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            began = time.perf_counter()
            found[name] = way()
            seconds[name].append(time.perf_counter() - began)
    for name, each in seconds.items():
        print(f"{name:28} {median(each):7.2f} s  ({min(each):.2f} - {max(each):.2f})")
    print(f"load of the machine {os.getloadavg()[0]:.1f}")
    return found


def read(cluster: Cluster, text: Path, rounds: int) -> None:
    """Measure a text that is read and tokenised."""
    reader = ClusterReader(cluster)
    ways: dict[str, Callable[[], Any]] = {
        "one process, 1 thread": lambda: encode_text([text], cache=False, n_jobs=1),
        "one process, 2 threads": lambda: encode_text([text], cache=False, n_jobs=2),
        f"{cluster.n_workers} workers": lambda: encode_text([text], cache=False, reader=reader),
    }
    found = timed(ways, rounds)
    assert len({each.fingerprint for each in found.values()}) == 1
    n_bytes = n_tokens = 0
    for piece in reader.pieces([TextFile.of(text)], TextOptions()):
        n_tokens += sum(len(block.codes) for block in piece.blocks)
        n_bytes += sum(block.codes.nbytes + block.lengths.nbytes for block in piece.blocks)
        n_bytes += sum(len(key.encode()) for key in piece.keys)
    print(f"{text.stat().st_size / 1e6:.1f} MB, {n_tokens:,} tokens, pieces of {PIECE_BYTES >> 20} MiB, equal bytes")
    print(f"over the object store: {n_bytes / n_tokens:.2f} bytes a token")


def confidence(cluster: Cluster, rounds: int) -> None:
    """Measure the other trainings of a run."""
    plays = playlists(n_items=5_000, n_playlists=20_000, spread=8.0, seed=3)
    contexts = {"listened": firth.Sequences("playlist", order="position", item="item")}
    corpus = firth.read_table(plays, contexts=contexts)
    run = firth.train(corpus, vector_size=64, epochs=5)
    ways: dict[str, Callable[[], Any]] = {
        "one process, 2 threads": lambda: run.confidence(members=6, corpus=corpus, n_jobs=2),
        f"{cluster.n_workers} workers": lambda: run.confidence(members=6, corpus=corpus, mapper=Trials(cluster)),
    }
    found = timed(ways, rounds)
    one, other = (each.neighbor_confidence for each in found.values())
    assert one.equals(other)
    print(f"6 trainings of {len(corpus):,} items and {plays.height:,} plays, equal bytes")


def read_tables(rounds: int) -> None:
    """Measure how fast rows are read in one process, which is why they are not read by workers."""
    random = np.random.default_rng(1)
    n = 4_000_000
    frame = pl.DataFrame(
        {
            "session": np.sort(random.integers(0, n // 12, n)).astype(str),
            "position": np.arange(n),
            "item": random.zipf(1.3, n).clip(0, 200_000).astype(str),
        }
    )
    contexts = {"visits": firth.Sequences("session", order="position", item="item")}
    with tempfile.TemporaryDirectory() as folder:
        paths = {kind: Path(folder) / f"visits.{kind}" for kind in ("csv", "parquet")}
        frame.write_csv(paths["csv"])
        frame.write_parquet(paths["parquet"])
        ways: dict[str, Callable[[], Any]] = {}
        for kind, path in paths.items():
            ways[f"{kind}: batches alone"] = lambda path=path: sum(each.frame.height for each in tables.batches(path))
            ways[f"{kind}: to a corpus"] = lambda path=path: firth.read_table(path, contexts=contexts).fingerprint
        found = timed(ways, rounds)
        assert found["csv: to a corpus"] == found["parquet: to a corpus"]
        print(f"{n:,} rows, {', '.join(f'{kind} {path.stat().st_size / 1e6:.0f} MB' for kind, path in paths.items())}")


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["read", "confidence", "tables"])
    parser.add_argument("--nodes", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--text", type=Path, help="instead of the 100 MB of Wikipedia in shared/data")
    asked = parser.parse_args()
    if asked.what == "tables":
        read_tables(asked.rounds)
        return
    with nodes(asked.nodes) as cluster, tempfile.TemporaryDirectory() as folder:
        if asked.what == "read":
            read(cluster, asked.text or unpacked(Path(folder)), asked.rounds)
        else:
            confidence(cluster, asked.rounds)


if __name__ == "__main__":
    main()
