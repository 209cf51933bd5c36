"""The page that carries its data: how large it is, how long it takes to write, and to open until it can be used.

python benchmarks/offline_page.py [RUN ...]

Of each run, and of 100,000 planted items in 64 dimensions where none is named. Opened five times from disk by a new
Chromium process each (Debian's, with its software renderer): until the page answers, until a search by typing has its
answer, and until the first sum has, which is when vectors are decoded.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import firth
from common import machine, spread
from firth.explorer.page import write_page
from firth.runs.items import with_columns
from firth.sources.planted import groups

_N_TIMES = 5
_FLAGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


def planted(n_items: int, folder: Path) -> firth.Run:
    """Return a run whose map is two of its dimensions: a page does not care how it was made."""
    rows = groups(n_items=n_items, n_groups=40, noise=0.15, seed=1)
    contexts = {
        "group": firth.Groups("group", item="item", weight=8),
        "score": firth.Groups("score", item="item", aggregate="mean", round=0, weight=2),
    }
    run = firth.train(firth.read_table(rows, contexts=contexts), objective="nce", vector_size=64, pairs=8_000_000)
    places = run.vectors.normalised[:, :2].copy()
    run = type(run)(
        run.vectors, with_columns(run.items, {"x": places[:, 0], "y": places[:, 1]}), run.history, run.document
    )
    return run.save(folder)


def opened(path: Path, keys: list[str]) -> tuple[float, float, float, float]:
    """Return the seconds until the page answers, a search does, and a sum does, all from the start of loading.

    The last is the processor time of the page's own thread until then, which other programs do not lengthen.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=_FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        inside = page.context.new_cdp_session(page)
        inside.send("Performance.enable", {"timeDomain": "threadTicks"})
        started = time.perf_counter()
        page.goto(path.as_uri())
        page.get_by_text("What is exact?").wait_for(timeout=120_000)
        answers = time.perf_counter() - started
        box = page.get_by_role("combobox", name="Search items")
        box.fill(keys[0])
        page.get_by_role("listbox", name="Items that were found").get_by_role("option").first.wait_for(timeout=120_000)
        finds = time.perf_counter() - started
        page.evaluate("([plus, minus]) => firth.arithmetic(0, [plus], [minus], 10)", keys[:2])
        adds = time.perf_counter() - started
        metrics = {metric["name"]: metric["value"] for metric in inside.send("Performance.getMetrics")["metrics"]}
        browser.close()
    return answers, finds, adds, metrics["TaskDuration"]


def measure(run: firth.Run) -> None:
    """Print what the page of a run costs."""
    with tempfile.TemporaryDirectory() as folder:
        started, processed = time.perf_counter(), time.process_time()
        path = write_page(run, Path(folder) / "page.html")
        wall, processor = time.perf_counter() - started, time.process_time() - processed
        size, beside = (sum(each.stat().st_size for each in Path(folder).rglob(kind)) for kind in ("*.html", "*.js"))
        times = [opened(path, run.vectors.keys) for _ in range(_N_TIMES)]
    print(f"{run.name}: {len(run.vectors):,} items, {run.vectors.size} dimensions")
    print(f"  {size / 1e6:.1f} MB, and {beside / 1e6:.1f} MB beside it")
    print(f"  written in {wall:.1f} s, {processor:.1f} s of processor time")
    names = ("answers after", "finds after", "adds after", "processor time of its thread")
    for name, column in zip(names, zip(*times, strict=True), strict=True):
        print(f"  {name} {spread(list(column))} s")


def main() -> None:
    """Measure what was named."""
    print(machine())
    if len(sys.argv) > 1:
        for name in sys.argv[1:]:
            measure(firth.load_run(name))
        return
    with tempfile.TemporaryDirectory() as folder:
        measure(planted(100_000, Path(folder) / "planted"))


if __name__ == "__main__":
    main()
