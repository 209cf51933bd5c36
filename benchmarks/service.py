"""The explorer's service under load: neighbours and search for many clients at once, beside gensim behind FastAPI.

python benchmarks/service.py [--clients 200] [--items 87000] [--size 100] [--requests 4000] [--rounds 5]

Clients are connections of one process, each asking again as soon as it is answered, on the machine that serves: they
take processor time from the server, from both alike. The vectors are drawn at random around planted middles and the
keys made of syllables, so that a search finds something; both servers hold the same.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import numpy as np

from common import ROOT, machine

SYLLABLES = ("ba", "ko", "ri", "mu", "te", "sha", "lo", "nin", "gar", "vel", "so", "pi", "dra", "qu", "an", "el")


Server = tuple[subprocess.Popen[str], str]


@dataclass
class Load:
    """What one round gave: milliseconds of each answer, seconds of all, the server's own, how many were no 200."""

    latencies: list[float]
    seconds: float = 0.0
    processor_s: float = 0.0
    n_errors: int = 0

    @property
    def throughput(self) -> float:
        """Answers in a second."""
        return len(self.latencies) / self.seconds

    @property
    def processor_ms(self) -> float:
        """Milliseconds of processor time that an answer took the server."""
        return 1000 * self.processor_s / len(self.latencies)

    def at(self, share: float) -> float:
        """Return the time within which a share of the answers came."""
        return sorted(self.latencies)[min(len(self.latencies) - 1, int(share * len(self.latencies)))]


def keys_of(n: int) -> list[str]:
    """Return distinct keys of two to five syllables."""
    draws = np.random.default_rng(7)
    found: dict[str, None] = {}
    while len(found) < n:
        word = "".join(SYLLABLES[i] for i in draws.integers(len(SYLLABLES), size=draws.integers(2, 6)))
        found[word if word not in found else f"{word} {len(found)}"] = None
    return list(found)


def make(folder: Path, *, n_items: int, size: int) -> tuple[Path, Path]:
    """Return a run, and the same as a matrix with its keys."""
    from firth.runs.exchange import import_vectors

    draws = np.random.default_rng(3)
    middles = draws.standard_normal((300, size))
    matrix = (middles[draws.integers(300, size=n_items)] + draws.standard_normal((n_items, size))).astype(np.float32)
    path = folder / "vectors.npy"
    np.save(path, matrix)
    Path(f"{path}.keys.json").write_text(json.dumps(keys_of(n_items)), encoding="utf-8")
    import_vectors(path, out=folder / "run")
    return folder / "run", path


@contextmanager
def started(*command: object, **environment: str) -> Iterator[Server]:
    """Return a context that gives a server and its address, once it has said so, and ends it."""
    process = subprocess.Popen(
        [sys.executable, *map(str, command)], stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}
    )
    assert process.stdout is not None
    try:
        lines = (re.search(r"http://\S+", line) for line in process.stdout)
        address = next((found.group() for found in lines if found), None)
        if address is None:
            raise SystemExit(f"{command} did not start.")
        yield process, address
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


async def client(address: str, paths: list[str], load: Load) -> None:
    """Ask one thing after another over one connection."""
    parts = urlsplit(address)
    assert parts.hostname is not None
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    for path in paths:
        began = time.perf_counter()
        writer.write(f"GET {path} HTTP/1.1\r\nhost: {parts.netloc}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(re.search(rb"content-length: (\d+)", head, re.IGNORECASE)[1])  # type: ignore[index]
        await reader.readexactly(length)
        load.latencies.append(1000 * (time.perf_counter() - began))
        load.n_errors += not head.startswith(b"HTTP/1.1 200 ")
    writer.close()


def measure(server: Server, path: Callable[[int], str], *, clients: int, requests: int) -> Load:
    """Return what a round of requests gave."""
    process, address = server
    load = Load([])
    before = processor_s(process)

    async def ask() -> None:
        each = requests // clients
        began = time.perf_counter()
        await asyncio.gather(
            *(client(address, [path(i * each + j) for j in range(each)], load) for i in range(clients))
        )
        load.seconds = time.perf_counter() - began

    asyncio.run(ask())
    load.processor_s = processor_s(process) - before
    return load


def processor_s(process: subprocess.Popen[str]) -> float:
    """Return the processor time that a process has taken."""
    fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(process: subprocess.Popen[str]) -> float:
    """Return the most memory that a process held, in MB."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else float("nan")


def main() -> None:
    """Measure in turn, and print a table."""
    parser = argparse.ArgumentParser()
    for name, default in (("clients", 200), ("items", 87_000), ("size", 100), ("requests", 4000), ("rounds", 5)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers end, too
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as servers:
        run, matrix = make(Path(scratch), n_items=given.items, size=given.size)
        keys = keys_of(given.items)
        script = ROOT / "benchmarks" / "peers" / "gensim_service.py"
        ours = servers.enter_context(started("-m", "firth", "serve", run, "--port", 0))
        peer = servers.enter_context(started(script, matrix))
        tuned = servers.enter_context(started(script, matrix, "--tuned", OPENBLAS_NUM_THREADS="1"))

        def neighbors(number: int) -> str:
            return f"/api/runs/0/neighbors?key={quote(keys[number * 7919 % len(keys)])}&k=10"

        def search(number: int) -> str:
            key = keys[number * 7919 % len(keys)]
            return f"/api/runs/0/search?q={quote(key[: 2 + number % 6])}&k=10"

        asked = {
            "Firth, neighbours": (ours, neighbors),
            "gensim behind FastAPI, neighbours": (peer, neighbors),
            "the same, a thread per processor": (tuned, neighbors),
            "Firth, search": (ours, search),
        }
        loads: dict[str, list[Load]] = {name: [] for name in asked}
        alone: dict[str, list[Load]] = {name: [] for name in asked}
        for turn in range(given.rounds + 1):  # the first is not heard
            for name, (server, path) in asked.items():
                one = measure(server, path, clients=1, requests=50)
                load = measure(server, path, clients=given.clients, requests=given.requests)
                print(f"{name}: {load.throughput:,.0f} answers/s", file=sys.stderr, flush=True)
                if turn:
                    loads[name].append(load)
                    alone[name].append(one)
        print(machine())
        print(f"{given.items:,} x {given.size}, {given.clients} clients, {given.requests:,} requests a round")
        print("| | answers/s | p50, ms | p99, ms | processor, ms | errors | one client: p50, ms |")
        print("|---|---|---|---|---|---|---|")
        for name, rounds in loads.items():
            cells = [
                spread([load.throughput for load in rounds], 0),
                spread([load.at(0.5) for load in rounds]),
                spread([load.at(0.99) for load in rounds]),
                spread([load.processor_ms for load in rounds], 2),
                str(sum(load.n_errors for load in rounds)),
                spread([load.at(0.5) for load in alone[name]]),
            ]
            print(f"| {name} | {' | '.join(cells)} |")
        held = [f"{memory_mb(process):.0f}" for process, _ in (ours, peer, tuned)]
        print(f"memory, MB: Firth {held[0]}, gensim {held[1]} and {held[2]}")


def spread(figures: list[float], digits: int = 1) -> str:
    """Return ``median (min - max)``."""
    return f"{statistics.median(figures):,.{digits}f} ({min(figures):,.{digits}f} - {max(figures):,.{digits}f})"


if __name__ == "__main__":
    main()
