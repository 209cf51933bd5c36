"""The search box of the page in a real browser, by keyboard and by mouse."""

from collections.abc import Iterator

import polars as pl
import pytest
from planted_run import planted_run
from real_server import Server

HOSTILE = "<img src=x onerror=alert(1)>"
KEYS = ["the beatles", "Beyoncé", "beat happening", HOSTILE, "beach house", "\u202eevil", "x" * 5_000, "ab  c"]
GENRES = [["pop", "rock"], ["r&b"], ["indie"], None, ["<b>dream</b>"], [], ["noise"], ["noise"]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root = tmp_path_factory.mktemp("served")
    place = {"x": pl.Series([float(i) for i in range(8)], dtype=pl.Float32)}
    place["y"] = place["x"]
    planted_run(root / "one", KEYS, columns={"genre": GENRES, **place})
    planted_run(root / "two", ["beatrice", *KEYS[:2]], columns={name: column[:3] for name, column in place.items()})
    served = Server(root / "one", root / "two")
    yield served
    served.stop()


def _found(page):
    return page.get_by_role("listbox", name="Items that were found").get_by_role("option")


def _shown(page) -> list[str]:
    return [text.strip() for text in page.locator("[role=option] .key").all_text_contents()]


def _type(page, text: str) -> None:
    """Type as a person does, and wait for the answer to all of it."""
    page.keyboard.press("/")
    with page.expect_response(lambda answer: f"/runs/0/search?q={text}&" in answer.url.replace("+", " ")):
        page.keyboard.type(text, delay=5)


def test_an_item_is_found_and_opened_by_keyboard(server: Server, look):
    page = look(server.url)
    box = page.get_by_role("combobox", name="Search items")
    box.wait_for()
    _type(page, "beat")
    _found(page).first.wait_for()
    assert box.evaluate("input => input === document.activeElement")
    assert box.input_value() == "beat"
    assert _shown(page) == ["beat happening", "beatrice", "the beatles", "beach house"]
    assert page.locator("[role=option] mark").all_text_contents() == ["beat"] * 3
    assert box.get_attribute("aria-expanded") == "true"
    page.get_by_text("only in two").wait_for()
    page.get_by_text("pop, rock").wait_for()
    assert page.locator(f"#{box.get_attribute('aria-activedescendant')} .key").inner_text() == "beat happening"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.locator("[role=option][aria-selected=true]").locator(".key").inner_text() == "the beatles"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.locator("[role=option][aria-selected=true]").locator(".key").inner_text() == "beat happening"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="the beatles").first.wait_for()
    assert box.input_value() == ""
    assert box.get_attribute("aria-expanded") == "false"


def test_escape_closes_and_then_clears_and_shift_enter_collects(server: Server, look):
    page = look(server.url)
    box = page.get_by_role("combobox", name="Search items")
    box.wait_for()
    _type(page, "beoynce")
    _found(page).first.wait_for()
    assert _shown(page) == ["Beyoncé"]
    page.get_by_text("nearly").wait_for()
    page.keyboard.press("Shift+Enter")
    page.get_by_text("Beyoncé is in the basket.").wait_for()
    page.keyboard.press("Escape")
    assert (box.get_attribute("aria-expanded"), box.input_value()) == ("false", "beoynce")
    page.keyboard.press("ArrowDown")
    assert box.get_attribute("aria-expanded") == "true"
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    assert box.input_value() == ""
    page.keyboard.press("Escape")
    assert not box.evaluate("input => input === document.activeElement")
    _type(page, "qqqqqq")
    page.get_by_text("Nothing is like qqqqqq.").wait_for()


def test_by_mouse_and_keys_are_text_whatever_they_hold(server: Server, look):
    page = look(server.url, width=390, height=780)
    box = page.get_by_role("combobox", name="Search items")
    box.click()
    box.press_sequentially("img src", delay=5)
    _found(page).wait_for()
    assert _shown(page) == [HOSTILE]
    assert page.locator("[role=option] mark").all_text_contents() == ["img src"]
    inside = page.get_by_role("listbox", name="Items that were found").bounding_box()
    assert inside["x"] >= 0
    assert inside["x"] + inside["width"] <= 390
    page.locator("[role=option] button").click()
    page.get_by_text("is in the basket.").wait_for()
    assert box.get_attribute("aria-expanded") == "true"
    _found(page).click()
    page.get_by_role("heading", name=HOSTILE).first.wait_for()
    for text, key in (("evil", "\u202eevil"), ("xxx", "x" * 300 + "…"), ("ab c", "ab  c")):
        box.fill(text)
        page.wait_for_function(
            "key => document.querySelector('[role=option] .key')?.textContent.trim() === key", arg=key
        )
    assert page.locator("img").count() == 0
