"""Duplicates on the page: decided on by keyboard and by mouse, saved at once, and gone on with after a reload."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from copied_run import COPIES, NAMESAKE, copied_run
from real_server import Server

from firth.vectors.merge_decisions import Decision, read_decisions

pytest.importorskip("rapidfuzz")
expect = pytest.importorskip("playwright.sync_api").expect

SONG, COPY, GUESTS = "Ann - Anchor", *COPIES["Ann - Anchor"]
CANDLE, CANDLE_COPY = "Cyd - Candle", *COPIES["Cyd - Candle"]
BRIDGE, BRIDGE_COPY = "Bob - Bridge", *COPIES["Bob - Bridge"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    folder = copied_run(tmp_path_factory.mktemp("copied")).folder
    running = Server(folder)
    yield running, folder / "merge.csv"
    running.stop()


@pytest.fixture
def table(server: tuple[Server, Path]) -> Iterator[Path]:
    """Where decisions are written; there are none yet."""
    yield server[1]
    server[1].unlink(missing_ok=True)


def opened(page):
    page.get_by_role("tab", name="Duplicates").click()
    expect(page.get_by_role("heading", name=re.compile("^Group "))).to_be_visible()
    return page


def saved(page) -> None:
    expect(page.locator("[data-saved=true]")).to_contain_text("Saved in")


def choice(decision: Decision) -> tuple[str, set[str], set[str], bool | None]:
    return decision.keep, set(decision.keys), set(decision.apart), decision.merge


def test_a_review_by_keyboard_goes_on_after_a_reload(server: tuple[Server, Path], table: Path, look):
    page = opened(look(server[0].url))
    state, group = page.locator("[data-state]"), page.get_by_role("heading", name=re.compile("^Group "))
    on_map = page.locator(".map")
    expect(page.get_by_role("row")).to_have_count(4)
    expect(on_map).to_have_attribute("data-selected", GUESTS)
    expect(on_map).to_have_attribute("data-linked", "2")
    page.keyboard.press("a")
    expect(group).to_have_text("Group 2 of 4")
    expect(on_map).to_have_attribute("data-selected", CANDLE)
    expect(on_map).to_have_attribute("data-linked", "1")
    page.keyboard.press("r")
    page.keyboard.press("j")
    expect(group).to_have_text("Group 4 of 4")
    expect(page.get_by_text("The same name in other company")).to_be_visible()
    page.keyboard.press("r")
    expect(group).to_have_text("Group 3 of 4")
    page.keyboard.press("u")
    expect(group).to_have_text("Group 4 of 4")
    expect(state).to_have_text("undecided")
    page.keyboard.press("k")
    expect(page.get_by_role("heading", name="2 of 4 groups decided")).to_be_visible()
    saved(page)
    made = [choice(decision) for decision in read_decisions(table)]
    assert made == [(GUESTS, {SONG, COPY, GUESTS}, set(), True), (CANDLE, {CANDLE, CANDLE_COPY}, set(), False)]
    page.reload()
    opened(page)
    expect(page.get_by_role("heading", name="2 of 4 groups decided")).to_be_visible()
    expect(group).to_have_text("Group 3 of 4")
    page.get_by_label("Undecided only").press("Space")
    page.keyboard.press("k")
    expect(state).to_have_text("left alone")
    page.get_by_role("button", name="Decide later").press("Enter")
    expect(state).to_have_text("undecided")
    page.keyboard.press("k")
    expect(state).to_have_text("merged")
    saved(page)
    assert [choice(decision) for decision in read_decisions(table)] == made[:1]
    expect(page.locator("pre")).to_have_text(f"firth duplicates {table.parent} --merge {table}")


def test_a_review_by_mouse(server: tuple[Server, Path], table: Path, look):
    page = opened(look(server[0].url))
    differing = page.get_by_role("row").filter(has_text="Edit")
    expect(differing.locator("ins")).to_have_text(" - Radio Edit")
    expect(differing.locator("del")).to_have_text(" (feat. Zoe)")
    expect(differing).to_contain_text(
        re.compile(r"cosine 0\.\d{3}\s*ranks 2, 1\s*names 100\s*differs in guests, edition")
    )
    expect(differing).to_contain_text("together")
    page.get_by_label(f"Keep {SONG}", exact=True).check()
    expect(page.locator(".map")).to_have_attribute("data-selected", SONG)
    page.get_by_label(f"{GUESTS} is one with the others").uncheck()
    expect(page.get_by_label(f"{COPY} is one with the others")).to_be_disabled()
    page.get_by_role("button", name="Merge").click()
    page.get_by_role("button", name="Leave alone").click()
    saved(page)
    page.get_by_role("button", name="Previous").click()
    made = [choice(decision) for decision in read_decisions(table)]
    assert made == [(SONG, {SONG, COPY}, {GUESTS}, True), (CANDLE, {CANDLE, CANDLE_COPY}, set(), False)]
    page.get_by_label("Undecided only").uncheck()
    page.get_by_role("button", name="Previous").click()
    page.get_by_role("button", name="Previous").click()
    page.get_by_label(f"Keep {GUESTS}").check()
    saved(page)
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="Group 2 of 4")).to_be_visible()
    saved(page)
    assert [choice(decision) for decision in read_decisions(table)] == made[:1]
    page.get_by_text("How alike they have to be").click()
    page.get_by_label("Cosine of the vectors").fill("1")
    page.get_by_role("button", name="Find again").click()
    expect(page.get_by_text("The same name in other company")).to_be_visible()


def test_a_table_that_a_hand_broke_is_told_and_stays(server: tuple[Server, Path], table: Path, look):
    page = opened(look(server[0].url, refused=400))
    table.write_text("group,keep,key,merge\n1,a,b,perhaps\n", encoding="utf-8")
    page.keyboard.press("a")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Not saved. songs/merge.csv, line 2: merge must be yes or no, got 'perhaps'.")
    assert table.read_text(encoding="utf-8").endswith("perhaps\n")
    table.unlink()
    page.keyboard.press("a")
    page.get_by_role("button", name="Save again").click()
    saved(page)
    assert len(read_decisions(table)) == 2
    table.write_text(
        f"group,keep,key,merge\n1,One Song,{NAMESAKE[0]},yes\n1,One Song,{NAMESAKE[1]},yes\n", encoding="utf-8"
    )
    page.reload()
    opened(page)
    page.get_by_label("Undecided only").uncheck()
    for _ in range(3):
        page.keyboard.press("j")
    expect(page.get_by_text("The table merges them under a new name: One Song.")).to_be_visible()
