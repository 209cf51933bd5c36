"""A cluster on one machine: workers as processes and as nodes, over slow networks, with a node that dies; and rounds.

python benchmarks/cluster_training.py workers
python benchmarks/cluster_training.py network       (as root: it makes network namespaces, and removes them)
python benchmarks/cluster_training.py rounds [--epochs N] [--seeds N]

Everything prints the digest of the vectors: the bytes must be those of one process.
"""

from __future__ import annotations

import argparse
import hashlib
import lzma
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import firth
from common import machine
from firth.cluster.connection import Cluster, connect
from firth.cluster.training import ClusterTrainer, cluster_trainer
from firth.corpus.corpus import Corpus
from firth.training import Start, Training, TrainOptions, fit
from firth.training.setup import Setup
from words import N_WORDS, WORDS, show

PORT = 46379
RAY = (sys.executable, "-m", "ray.scripts.scripts")  # of this Python, so that the nodes run the same code
OPTIONS = TrainOptions(vector_size=100, epochs=1, machines=4, round_steps=16)


class Kept:
    """Makes trainers, and keeps the last."""

    def __init__(self, cluster: Cluster, n_workers: int) -> None:
        self._make = cluster_trainer(cluster, n_workers=n_workers)
        self.last: ClusterTrainer | None = None

    def __call__(self, corpus: Corpus, setup: Setup, start: Start | None) -> ClusterTrainer:
        """Return a trainer."""
        made = self._make(corpus, setup, start)
        assert isinstance(made, ClusterTrainer)
        self.last = made
        return made


def wiki(folder: Path) -> Corpus:
    """Return the corpus of wiki100m."""
    packed = WORDS / "wiki100m.txt.xz"
    if not packed.exists():
        raise SystemExit(f"this benchmark reads {packed}, which is not here; see shared/data/README.md for its source.")
    (folder / "wiki.txt").write_bytes(lzma.decompress(packed.read_bytes()))
    return firth.read_text(folder / "wiki.txt", cache=False)


def report(name: str, training: Training, kept: Kept | None = None) -> None:
    """Print a training's digest, time, and traffic."""
    digest = hashlib.sha256(training.vectors.tobytes() + training.outputs.tobytes()).hexdigest()[:12]
    line = f"{name:44s} {digest}  {training.seconds:6.1f} s  {N_WORDS / training.seconds / 1e6:.2f} M words/s"
    if kept is not None and kept.last is not None:
        traffic = kept.last.traffic
        line += f"  {traffic.n_rounds} rounds, {traffic.n_bytes / N_WORDS:.0f} bytes a word between workers"
        line += f", {traffic.n_replaced} replaced" if traffic.n_replaced else ""
    print(line, flush=True)


def workers(_: argparse.Namespace) -> None:
    """Print digests and times of 1, 2 and 4 workers: processes of one Ray, then nodes of their own."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = wiki(Path(folder))
        report("one process, no Ray", fit(corpus, OPTIONS))
        for n in (1, 2, 4):
            with connect("local", n_workers=n) as cluster:
                kept = Kept(cluster, n)
                report(f"{n} workers, processes", fit(corpus, OPTIONS, make_trainer=kept), kept)
        for n in (1, 2, 4):
            with nodes(n), connect("auto") as cluster:
                kept = Kept(cluster, n)
                report(f"{n} workers, each on a node", fit(corpus, OPTIONS, make_trainer=kept), kept)


@contextmanager
def nodes(n: int) -> Iterator[None]:
    """Return a context in which Ray has n nodes of one CPU each, and a head without."""
    import ray
    from ray.cluster_utils import Cluster as Nodes

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    made = Nodes(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    for _ in range(n):
        made.add_node(num_cpus=1)
    ray.init(address=made.address, log_to_driver=False)
    try:
        yield
    finally:
        ray.shutdown()
        made.shutdown()


def network(_: argparse.Namespace) -> None:
    """Print digests and times of two nodes in network namespaces of their own, by bandwidth; then with one killed."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = wiki(Path(folder))
        alone = fit(corpus, OPTIONS)
        report("one process, no Ray", alone)
        for rate in ("unlimited", "1gbit", "100mbit"):
            with namespaces(rate), connect(f"10.77.0.1:{PORT}") as cluster:
                kept = Kept(cluster, 2)
                report(f"2 namespaces, {rate}", fit(corpus, OPTIONS, make_trainer=kept), kept)
        with namespaces("1gbit"), connect(f"10.77.0.1:{PORT}") as cluster:
            kept = Kept(cluster, 2)
            killer = threading.Timer(alone.seconds / 2 + 5, lambda: kill_all("fn3"))
            killer.start()
            report("2 namespaces, 1gbit, one killed on the way", fit(corpus, OPTIONS, make_trainer=kept), kept)
            killer.join()


@contextmanager
def namespaces(rate: str) -> Iterator[None]:
    """Return a context in which Ray's head runs here, and two nodes of one CPU behind links of the given bandwidth."""
    # Ray's head asks for its token where one lies in ~/.ray, and others must show it.
    os.environ["RAY_AUTH_MODE"] = "token"
    run("ip link add fbr type bridge", "ip addr add 10.77.0.1/24 dev fbr", "ip link set fbr up")
    started: list[subprocess.Popen[bytes]] = []
    try:
        started.append(
            start_ray("", "--head", f"--port={PORT}", "--num-cpus=0", "--include-dashboard=false", address="10.77.0.1")
        )
        for number in (2, 3):
            add_namespace(number, rate)
            prefix, to = f"ip netns exec fn{number}", f"--address=10.77.0.1:{PORT}"
            started.append(start_ray(prefix, to, "--num-cpus=1", address=f"10.77.0.{number}"))
        yield
    finally:
        for each in started:
            each.terminate()
        for each in started:
            each.wait()
        for number in (2, 3):
            kill_all(f"fn{number}")
            run(f"ip netns del fn{number}", is_sure=False)
        run("ip link del fbr", is_sure=False)


def add_namespace(number: int, rate: str) -> None:
    """Make a namespace with one link to the bridge; both directions are limited."""
    inside = f"ip netns exec fn{number}"
    run(
        f"ip netns add fn{number}",
        f"ip link add fv{number} type veth peer name eth0 netns fn{number}",
        f"ip link set fv{number} master fbr up",
        f"{inside} ip addr add 10.77.0.{number}/24 dev eth0",
        f"{inside} ip link set eth0 up",
        f"{inside} ip link set lo up",
    )
    if rate != "unlimited":
        limit = f"root tbf rate {rate} burst 256kb latency 100ms"
        run(f"tc qdisc add dev fv{number} {limit}", f"{inside} tc qdisc add dev eth0 {limit}")


def start_ray(prefix: str, *words: str, address: str) -> subprocess.Popen[bytes]:
    """Start a node of Ray inside what the prefix names, and return when it runs; it ends with its process."""
    command = [
        *prefix.split(),
        *RAY,
        "start",
        "--block",
        f"--node-ip-address={address}",
        *words,
        "--disable-usage-stats",
    ]
    started = subprocess.Popen(
        [*command, f"--object-store-memory={1 << 30}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert started.stdout is not None
    for line in started.stdout:
        if b"Ray runtime started" in line:
            threading.Thread(target=started.stdout.read, daemon=True).start()
            return started
    raise SystemExit(f"Ray did not start at {address}.")


def kill_all(namespace: str) -> None:
    """Kill every process of a namespace."""
    found = subprocess.run(["ip", "netns", "pids", namespace], capture_output=True, text=True, check=False).stdout
    for pid in found.split():
        subprocess.run(["kill", "-9", pid], capture_output=True, check=False)


def run(*commands: str, is_sure: bool = True) -> None:
    """Run commands of the system, each of which must succeed where ``is_sure``."""
    for command in commands:
        subprocess.run(command.split(), capture_output=not is_sure, check=is_sure)


def rounds(arguments: argparse.Namespace) -> None:
    """Print scores by machines and steps a round, against training without rounds."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = wiki(Path(folder))
        asked: list[tuple[int, int]] = [
            (1, 1),
            *((4, n) for n in (1, 4, 16, 64, 256)),
            *((16, n) for n in (1, 4, 16, 64)),
        ]
        for machines, steps in asked:
            for seed in range(1, 1 + arguments.seeds):
                options = TrainOptions(epochs=arguments.epochs, machines=machines, round_steps=steps, seed=seed)
                training = fit(corpus, options)
                name = f"{machines} machines, {steps} steps, seed {seed}" if machines > 1 else f"no rounds, seed {seed}"
                show(name, corpus, training.vectors, training.seconds)


def main() -> None:
    """Run one of the measurements."""
    measures: dict[str, Callable[[argparse.Namespace], None]] = {
        "workers": workers,
        "network": network,
        "rounds": rounds,
    }
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=measures)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=2)
    arguments = parser.parse_args()
    print(machine(), flush=True)
    measures[arguments.what](arguments)


if __name__ == "__main__":
    main()
