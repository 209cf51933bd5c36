"""The explorer at size: server, columns, search, neighbours, and the page in a real Chromium.

    python benchmarks/explorer.py                    # a million planted items, made in runs/planted-1000000
    python benchmarks/explorer.py --run runs/bands   # a run that there is
    python benchmarks/explorer.py --no-page          # without the browser

Planted: 64 numbers an item around one of 40 centres, and its place on the map likewise planted, not computed by t-SNE;
keys of one to three made-up words, every one different; counts as 1 / rank; a category, a year with gaps.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
import polars as pl

from common import machine
from firth.runs.clusters import Cluster
from firth.runs.items import blank_items
from firth.runs.record import Record
from firth.runs.run import Run
from firth.vectors.search import KeySearch
from firth.vectors.vectors import Vectors

SIZE, N_GROUPS = 64, 40
SYLLABLES = ("ka", "ro", "mi", "len", "dor", "ste", "van", "bel", "shi", "tor", "an", "el", "qui", "gra", "pho", "zu",
             "né", "sö", "ein", "ou", "la", "wex", "ji", "rund")  # fmt: skip
LETTERS = "abcdefghijklmnopqrstuvwxyz"
CHROMIUM = next((path for name in ("chromium", "google-chrome") if (path := shutil.which(name))), None)
FLAGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


def planted_run(folder: Path, n_items: int) -> None:
    """Write a run of planted items."""
    random = np.random.default_rng(1)
    groups = random.choice(N_GROUPS, size=n_items, p=_shares(N_GROUPS))
    matrix = random.normal(size=(N_GROUPS, SIZE)).astype(np.float32)[groups]
    matrix += random.normal(scale=0.8, size=matrix.shape).astype(np.float32)
    places = 60 * random.normal(size=(N_GROUPS, 2))[groups] + random.normal(scale=9, size=(n_items, 2))
    counts = np.maximum(1, 10_000_000 // np.arange(1, n_items + 1))
    vectors = Vectors(planted_keys(n_items), matrix, counts=counts)
    years = pl.Series("year", random.integers(1950, 2026, n_items))
    items = blank_items(vectors.keys, vectors.counts).with_columns(
        pl.Series("genre", [f"genre {group}" for group in (groups + (random.random(n_items) < 0.1)).tolist()]),
        years.scatter(np.flatnonzero(random.random(n_items) < 0.05), None),
        pl.Series("cluster", groups, dtype=pl.Int32),
        pl.Series("x", places[:, 0], dtype=pl.Float32),
        pl.Series("y", places[:, 1], dtype=pl.Float32),
        pl.Series("distortion", random.random(n_items), dtype=pl.Float32),
    )
    record = Record(folder.name, folder=None, seed=1)
    sizes = np.bincount(groups, minlength=N_GROUPS).tolist()
    record.document["clusters"] = [_cluster(group, size) for group, size in enumerate(sizes)]
    record.end("complete")
    history = pl.DataFrame(schema={"pairs": pl.Int64, "seconds": pl.Float64, "loss": pl.Float64})
    Run(vectors, items, history, record.document).save(folder)


def _cluster(number: int, size: int) -> dict[str, object]:
    name = f"group {number}"
    return Cluster(cluster=number, name=name, size=size, similarity=0.8, examples=(), values=(), numbers=()).to_dict()


def planted_keys(n_items: int) -> list[str]:
    """Return different keys of one to three made-up words."""
    random = Random(1)
    words = list(dict.fromkeys("".join(random.choices(SYLLABLES, k=random.randint(1, 4))) for _ in range(60_000)))
    rare = 1 / np.arange(1, len(words) + 1)
    drawn = np.random.default_rng(1).choice(len(words), size=(2 * n_items, 3), p=rare / rare.sum())
    keys: dict[str, None] = {}
    for some in drawn.tolist():
        key = " ".join(words[word] for word in some[: random.randint(1, 3)]).title()
        if key in keys:
            key = f"{key} {len(keys):x}"
        keys.setdefault(key)
        if len(keys) == n_items:
            break
    return list(keys)


def _shares(n: int) -> np.ndarray:
    weights = 1 / np.sqrt(np.arange(1, n + 1))
    return weights / weights.sum()


def with_an_error(text: str, random: Random) -> str:
    """Return a text with a letter too few, too many or another, or two swapped."""
    place, letter = random.randrange(len(text)), random.choice(LETTERS)
    head, tail = text[:place], text[place:]
    swapped = head + tail[1:2] + tail[:1] + tail[2:]
    return random.choice([head + tail[1:], head + letter + tail, head + letter + tail[1:], swapped])


def typed_texts(keys: list[str], random: Random, *, n: int) -> dict[str, list[str]]:
    """Return what people type: each beginning of some keys, keys with an error, and words in another order."""
    drawn = random.sample(keys, n)
    return {
        "beginnings, 1 to 8 letters": [key[:length] for key in drawn for length in range(1, min(len(key), 8) + 1)],
        "whole keys": drawn,
        "keys with an error": [with_an_error(key, random) for key in drawn],
        "last word first": [" ".join(key.split()[::-1]) for key in drawn],
        "five letters from the middle": [key[2:7] for key in drawn],
    }


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, int]]:
    """Yield the address and the process id of a server of a run, and say how long it took to start."""
    began = time.perf_counter()
    told = "server       "
    command = [sys.executable, "-m", "firth", "serve", str(folder), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = next(word.rstrip("/.") for line in process.stdout for word in line.split() if word.startswith("http://"))
        steps = {"listens": "healthz", "run open": "api/about", "search ready": "api/runs/0/search?q=a&k=1"}
        for what, path in steps.items():
            fetch(f"{url}/{path}")
            told += f"{what} after {time.perf_counter() - began:.2f} s, {processor_s(process.pid):.2f} s of processor; "
        print(told.rstrip("; "))
        yield url, process.pid
    finally:
        process.terminate()
        process.wait(timeout=20)


def fetch(url: str, **headers: str) -> bytes:
    """Return what an address answers."""
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=120) as answer:
        return bytes(answer.read())


class Times:
    """How long questions took, by the clock and of this process's processor time, in milliseconds."""

    def __init__(self) -> None:
        self.walls: list[float] = []
        self.cpus: list[float] = []

    def ask(self, question: Callable[[], object]) -> None:
        """Time one question."""
        began, used = time.perf_counter(), time.process_time()
        question()
        self.walls.append(1000 * (time.perf_counter() - began))
        self.cpus.append(1000 * (time.process_time() - used))

    def told(self, *, own: bool = True) -> str:
        """Return median, 99 % and worst; ``own``: of processor time, too, which a busy machine leaves as it is."""
        parts = [("", self.walls), *([("; of the processor ", self.cpus)] if own else [])]
        told = ""
        for what, figures in parts:
            ranked = np.quantile(figures, [0.5, 0.99, 1.0])
            told += f"{what}p50 {ranked[0]:.1f} ms, p99 {ranked[1]:.1f} ms, worst {ranked[2]:.1f} ms"
        return f"{told} ({len(self.walls)})"


def asked(questions: Iterable[Callable[[], object]]) -> Times:
    """Return the times of several questions."""
    times = Times()
    for question in questions:
        times.ask(question)
    return times


def processor_s(pid: int) -> float:
    """Return the processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> str:
    """Return what a process holds and held at most."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
    held, most = (int(status[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
    return f"{held:,.0f} MB, at most {most:,.0f} MB"


def measure_columns(url: str, names: list[str]) -> None:
    """Print how long columns take and how large they are."""
    for name in names:
        address = f"{url}/api/runs/0/columns?names={name}"
        size = len(fetch(address))
        times = asked([lambda address=address: fetch(address)] * 5)
        print(f"column       {name}: {size / 1e6:.2f} MB, {statistics.median(times.walls):.1f} ms")


def measure_search(url: str, run: Run, *, n: int) -> None:
    """Print how long search takes, in the library and over HTTP."""
    made = Times()
    search: list[KeySearch] = []
    made.ask(lambda: search.append(KeySearch(run.vectors.keys)))
    print(f"search       made in {made.walls[0] / 1e3:.1f} s, {made.cpus[0] / 1e3:.1f} s of processor, "
          f"{search[0].size_bytes / 1e6:.0f} MB")  # fmt: skip
    find = search[0].find
    texts = typed_texts(run.vectors.keys, Random(2), n=n)
    for what, some in texts.items():
        print(f"search       {what}: {asked([partial(find, text) for text in some]).told()}")
    missed = sum(
        key not in [match.key for match in find(text)]
        for key, text in zip(texts["whole keys"], texts["keys with an error"], strict=True)
    )
    print(f"search       keys with an error that are not among the first ten: {missed} of {n}")
    everything = [text for some in texts.values() for text in Random(3).sample(some, min(n, len(some)))]
    address = f"{url}/api/runs/0/search?k=10&q="
    times = asked([partial(fetch, address + urllib.parse.quote(text)) for text in everything])
    print(f"search       over HTTP, all of these: {times.told(own=False)}")


def measure_neighbors(url: str, run: Run, *, n: int) -> None:
    """Print how long exact neighbours take, in the library and over HTTP, and how fast memory is read for them."""
    ids = Random(4).sample(range(len(run.vectors)), n)
    run.vectors.similar_ids([[0]])
    for n_jobs in (1, 2):
        times = asked([partial(run.vectors.similar_ids, [[id_]], n_jobs=n_jobs) for id_ in ids])
        rate = run.vectors.matrix.nbytes / statistics.median(times.walls) / 1e6
        print(f"neighbours   threads {n_jobs}: {times.told()}, {rate:.1f} GB/s")
    matrix = run.vectors.normalised
    times = asked([matrix.sum] * 5)
    best = min(times.walls)
    print(f"             merely adding up all vectors: {best:.1f} ms, {matrix.nbytes / best / 1e6:.1f} GB/s")
    keys = [urllib.parse.quote(run.vectors.keys[id_]) for id_ in ids]
    times = asked([partial(fetch, f"{url}/api/runs/0/neighbors?k=10&key={key}") for key in keys])
    print(f"neighbours   over HTTP: {times.told(own=False)}")


def measure_page(url: str, key: str, *, rounds: int = 5) -> None:
    """Print when the page can be used in a real browser that draws in software, and what it holds."""
    from playwright.sync_api import sync_playwright

    figures: dict[str, list[float]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for _ in range(rounds):
            page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
            page.set_default_timeout(120_000)
            client = page.context.new_cdp_session(page)
            client.send("Performance.enable")
            began = time.perf_counter()

            def note(what: str, began: float = began) -> None:
                figures.setdefault(what, []).append(time.perf_counter() - began)

            page.goto(url, wait_until="commit")
            page.get_by_role("combobox", name="Search items").wait_for()
            note("search box there, s")
            page.locator("[data-ready=true]").wait_for()
            note("map drawn, s")
            metrics = {each["name"]: each["value"] for each in client.send("Performance.getMetrics")["metrics"]}
            figures.setdefault("until then of the page's processor time, s", []).append(metrics["ProcessTime"])
            page.keyboard.press("/")
            page.keyboard.type(key)
            page.locator("[role=option]").first.wait_for()
            page.keyboard.press("Enter")
            page.locator(".side ol li, .side ul li").first.wait_for()
            note("an item found by typing its key, its neighbours listed, s")
            client.send("HeapProfiler.collectGarbage")
            heap = client.send("Runtime.getHeapUsage")
            figures.setdefault("page's heap, MB", []).append(heap["usedSize"] / 1e6)
            buffers = heap.get("backingStorageSize", 0)
            figures.setdefault("page's array buffers, MB", []).append(buffers / 1e6)
            figures.setdefault("renderer process, MB", []).append(_largest_renderer())
            page.context.close()
        browser.close()
    for what, values in figures.items():
        print(f"page         {what}: {statistics.median(values):.2f} ({min(values):.2f} - {max(values):.2f})")


def _largest_renderer() -> float:
    """Return the resident size of the largest renderer of a browser, in MB."""
    sizes = [0.0]
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            if b"--type=renderer" in (status.parent / "cmdline").read_bytes():
                held = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
                sizes.append(int(held.split()[1]) / 1024)
        except (OSError, StopIteration):
            continue
    return max(sizes)


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--run", type=Path, help="a run's folder; without it planted items")
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--n", type=int, default=200, help="questions of each kind")
    parser.add_argument("--no-page", action="store_true")
    parser.add_argument("--only-page", action="store_true")
    given = parser.parse_args()
    folder = given.run or Path("runs") / f"planted-{given.items}"
    if not (folder / "run.json").exists():
        planted_run(folder, given.items)
    run = Run.load(folder)
    print(f"{machine()}, load {os.getloadavg()[0]:.0f}\n{len(run.vectors):,} items x {run.vectors.size}")
    with served(folder) as (url, pid):
        if not given.only_page:
            names = [name for name in ("x", "y", "cluster", "count", *run.attributes.columns) if name in run.items]
            measure_columns(url, names)
            measure_search(url, run, n=given.n)
            measure_neighbors(url, run, n=50)
        if CHROMIUM is not None and not given.no_page:
            measure_page(url, run.vectors.keys[7])
        print(f"server       {memory(pid)}")
        about = json.loads(fetch(f"{url}/api/about"))
        print(f"             about: {len(json.dumps(about)):,} characters")


if __name__ == "__main__":
    main()
