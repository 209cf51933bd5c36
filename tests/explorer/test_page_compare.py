"""Two runs beside each other on the page: what moved, neighbours then and now, and both maps in its colours."""

import re
from collections.abc import Iterator

import pytest
from compared_runs import GONE, NEW, SWAPPED, compared_runs
from real_server import Server

expect = pytest.importorskip("playwright.sync_api").expect


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(*compared_runs(tmp_path_factory.mktemp("compared")))
    yield running
    running.stop()


def changes(page):
    return page.get_by_role("list", name="What changed most").get_by_role("button")


def neighbors(page, run: str):
    return page.get_by_role("list", name=f"Neighbours in {run}").get_by_role("listitem")


def are_coloured(page) -> None:
    """See that both maps are coloured by how far items moved; those that only one run has have no colour."""
    for run, n_alone in (("before", len(GONE)), ("after", len(NEW))):
        on_map = page.get_by_role("region", name=f"Map of {run}")
        expect(on_map.get_by_role("combobox", name="Colour")).to_have_value("compare:moved")
        on_map.get_by_role("button", name="Unfold the legend").click()
        expect(on_map.get_by_text(f"{n_alone} without a value")).to_be_visible()


def test_what_moved_is_found_by_mouse(server: Server, look):
    page = look(server.url)
    page.get_by_role("tab", name="Compare").click()
    expect(page.get_by_text("46 items in both, 2 went, 3 came.")).to_be_visible()
    expect(page.get_by_text("Chance is unknown here.")).to_be_visible()
    first = changes(page)
    expect(first).to_have_count(25)
    expect(first.nth(0)).to_contain_text(SWAPPED[0])
    expect(first.nth(1)).to_contain_text(SWAPPED[1])
    expect(first.nth(0)).to_contain_text("kept 0 of 10")
    first.nth(0).click()
    for on_map in page.locator(".map").all():
        expect(on_map).to_have_attribute("data-selected", SWAPPED[0])
        expect(on_map).to_have_attribute("data-linked", "20")
    expect(neighbors(page, "before")).to_have_count(10)
    expect(neighbors(page, "before").nth(0)).to_contain_text(re.compile(r"−\s*item 0[46]\s*lost"))
    expect(neighbors(page, "after").nth(0)).to_contain_text(re.compile(r"\+\s*item (29|31)\s*new"))
    neighbors(page, "after").filter(has_text="item 35").get_by_role("button").click()
    expect(page.get_by_role("heading", name="item 35")).to_be_visible()
    expect(neighbors(page, "after").filter(has_text="item 34")).to_contain_text(re.compile(r"=\s*item 34\s*kept"))
    expect(page.get_by_role("tab", name="Compare")).to_have_attribute("aria-selected", "true")
    for key, said in ((GONE[0], "Only in before: it has gone."), (NEW[0], "Only in after: it is new.")):
        page.get_by_text(re.compile("^Went 2|^Came 3")).nth(0 if key == GONE[0] else 1).click()
        page.get_by_role("button", name=key).click()
        expect(page.get_by_text(said)).to_be_visible()


def test_what_moved_is_found_by_keyboard_and_coloured(server: Server, look):
    page = look(server.url)
    page.get_by_role("tab", name="Compare").focus()
    page.keyboard.press("Enter")
    page.get_by_role("radio", name="kept").press("Space")
    expect(page.get_by_role("radio", name="kept")).to_be_checked()
    page.get_by_label("Filter items by name").press_sequentially("lodz")
    expect(changes(page)).to_have_count(1)
    page.get_by_label("Filter items by name").fill("item 3")
    expect(changes(page)).to_have_count(10)
    changes(page).nth(0).press("ArrowDown")
    expect(changes(page).nth(1)).to_be_focused()
    page.keyboard.press("End")
    expect(changes(page).nth(9)).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(page.locator(".map").first).to_have_attribute("data-selected", SWAPPED[1])
    page.get_by_role("button", name="Colour the maps").press("Enter")
    expect(page).to_have_url(re.compile("c=compare%3Amoved"))
    are_coloured(page)
    page.reload()
    are_coloured(page)


def test_who_has_to_wait_is_told_and_what_fails_can_be_tried_again(server: Server, look):
    page = look(server.url, refused=500)
    said = iter(
        [
            (202, {"state": "working", "done": 1, "total": 3, "elapsed_s": 7.2}),
            (500, {"detail": "It went wrong."}),
        ]
    )
    held = []

    def answer(route) -> None:
        status, document = next(said)
        if status == 500:
            held.append((route, document))  # until the page was seen to wait
        else:
            route.fulfill(status=status, json=document)

    page.route(re.compile(r"/api/compare\?"), answer, times=2)
    page.get_by_role("tab", name="Compare").click()
    expect(page.get_by_text("Comparing the runs, step 2 of 3, for 7 s.")).to_be_visible()
    expect(page.get_by_role("progressbar", name="Comparing")).to_be_visible()
    for route, document in held:
        route.fulfill(status=500, json=document)
    expect(page.get_by_role("alert")).to_contain_text("It went wrong.")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("46 items in both, 2 went, 3 came.")).to_be_visible()
