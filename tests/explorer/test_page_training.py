"""A page that is open while a run is made, in a real browser, from before there are vectors to the finished run."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from planted_run import planted_run
from real_server import Server

import firth
from firth.runs import folder as files
from firth.runs.claiming import claim
from firth.sources.planted import groups

pytest.importorskip("playwright")
from playwright.sync_api import Page, expect

RECIPE = """\
[source]
path = "{table}"
[contexts.group]
column = "group"
item = "item"
weight = 3
[contexts.score]
column = "score"
item = "item"
aggregate = "mean"
round = 0
[train]
vector_size = 32
pairs = 100_000_000
heldout = 0.02
probes = ["item 0017", "item 0903"]
[clusters]
n = 4
[map]
n_iter = 24000
patience = 0
[plots]
color_by = []
"""
SLOW_MS = 60_000  # a machine that is busy with other things


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe that takes a quiet machine some seconds for training, and some for the map."""
    folder = tmp_path_factory.mktemp("planted")
    groups(n_items=1501, n_groups=5, noise=0.2, seed=4).write_parquet(folder / "items.parquet")
    (folder / "planted.toml").write_text(RECIPE.format(table=folder / "items.parquet"), encoding="utf-8")
    return folder / "planted.toml"


@pytest.fixture
def served(recipe: Path, tmp_path: Path) -> Iterator[tuple[str, Path, subprocess.Popen[bytes]]]:
    """A run that waits to begin in a folder that is served: its address, its folder, and its process."""
    folder = tmp_path / "run"
    claim(folder)
    files.write_document(folder, {"format": 1, "name": "run", "status": "failed", "started": "before"})
    server = Server(folder)
    command = [sys.executable, "-m", "firth", "run", str(recipe), "--out", str(folder), "--n-jobs", "1"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield server.url, folder, process
    process.kill()
    process.wait(timeout=20)
    assert process.stdin is not None
    process.stdin.close()
    server.stop()


def n_points(page: Page) -> int:
    """Return how many intervals the panel's first curve shows, 0 before there is one."""
    curve = page.locator(".side [data-curve=training]")
    return int(curve.get_attribute("data-points") or 0) if curve.count() else 0


def wait_until(page: Page, is_so, *, what: str) -> None:
    """Wait for something that no selector says."""
    for _ in range(SLOW_MS // 50):
        if is_so():
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"this did not come: {what}")


def test_a_run_is_watched_from_its_beginning_to_its_end(served: tuple[str, Path, subprocess.Popen[bytes]], look):
    url, folder, process = served
    page = look(url)
    page.set_default_timeout(SLOW_MS)
    expect.set_options(timeout=SLOW_MS)

    # It trains: the page has no vectors, and curves that grow.
    expect(page.get_by_role("tab", name="Training")).to_have_attribute("aria-selected", "true")
    expect(page.locator("[data-status=running]")).to_be_visible()
    expect(page.locator("section.map")).to_have_count(0)
    wait_until(page, lambda: n_points(page) > 1, what="a curve")
    first = n_points(page)
    path = page.locator(".side [data-curve='score, held-out']").get_attribute("d")
    probe = page.locator("[data-probe='item 0903']")
    expect(probe.locator("li")).to_have_count(5)
    nearest = probe.locator("li").all_inner_texts()
    wait_until(page, lambda: n_points(page) > first, what="more of the curve")
    assert page.locator(".side [data-curve='score, held-out']").get_attribute("d") != path
    wait_until(page, lambda: probe.locator("li").all_inner_texts() != nearest, what="other neighbours")

    # The map forms: what moves is drawn with the colours of an attribute.
    expect(page.locator("section.map")).to_be_visible()
    expect(page.get_by_role("slider", name="Divergence of the map, by step")).to_be_visible()
    expect(page.locator("section.map")).to_have_attribute("data-ready", "true")
    assert process.poll() is None, "the run was over before its map was seen"
    steps = [int(n) for n in re.findall(r"\d+", _step(page))]
    drawn = page.locator("section.map canvas").first.screenshot()
    wait_until(page, lambda: [int(n) for n in re.findall(r"\d+", _step(page))] > steps, what="a later step")
    wait_until(page, lambda: page.locator("section.map canvas").first.screenshot() != drawn, what="another picture")

    # It is complete: everything is there, and nobody loaded the page anew.
    expect(page.locator("[data-status=complete]")).to_be_visible()
    assert process.wait(timeout=20) == 0
    expect(page.get_by_role("tab", name="Clusters")).to_be_visible()
    expect(page.locator("[data-stage=plots]")).to_have_attribute("data-state", "done")
    assert page.evaluate("performance.getEntriesByType('navigation').length") == 1
    run = firth.load_run(folder)
    assert n_points(page) == len(run.history)
    page.get_by_role("tab", name="Clusters").click()
    expect(page.get_by_role("list", name="Clusters").get_by_role("listitem")).to_have_count(len(run.clusters))


def _step(page: Page) -> str:
    return page.get_by_role("slider", name="Divergence of the map, by step").get_attribute("aria-valuetext") or ""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a complete run with a history of three intervals."""
    import polars as pl

    run = planted_run(tmp_path_factory.mktemp("runs") / "done", ["a", "b", "c, d", "<b>", "e"])
    rows = {
        "pairs": [100, 200, 300],
        "seconds": [0.5, 1.0, 1.5],
        "learning_rate": [0.05, 0.03, 0.01],
        "loss": [3.0, 2.5, 2.25],
        "heldout_loss": [3.1, 2.7, 2.6],
        "items_per_s": [200.0, 210.0, 190.0],
        "probes": [["a -> b, c, d"], ["a -> c, d, <b>"], ["a -> c, d, e"]],
    }
    files.write_frame(run.folder, files.HISTORY, pl.DataFrame(rows))
    server = Server(run.folder)
    yield server.url
    server.stop()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_curves_of_a_complete_run_are_read_by_keyboard(finished: str, look, scheme: str):
    page = look(finished, color_scheme=scheme, width=390, height=800)
    page.locator("body").press("7")
    slider = page.get_by_role("slider", name="Loss per pair, by interval")
    expect(slider).to_have_attribute("aria-valuetext", "after 300 pairs: training 2.25, held-out 2.6")
    probe = page.locator("[data-probe=a]")
    expect(probe.locator("li")).to_have_text(["c, d", "enew"])
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", "after 200 pairs: training 2.5, held-out 2.7")
    expect(probe.locator("li")).to_have_text(["c, d", "<b>new"])
    expect(probe.locator("p")).to_have_text("1 new one, instead of b.")
    page.keyboard.press("Home")
    expect(probe.locator("p")).to_have_text("The first that were measured.")
    page.get_by_text("All numbers as a table").click()
    expect(page.get_by_role("row", name="300 1.5 s 2.250 2.600 0.01 190")).to_be_visible()
    page.get_by_role("button", name="all pairs").click()
    expect(page.locator("[data-curve=training]")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    probe.get_by_role("button", name="<b>").or_(probe.get_by_role("button", name="c, d")).first.click()
    expect(page.get_by_role("tab", name="Item")).to_have_attribute("aria-selected", "true")
