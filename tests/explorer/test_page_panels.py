"""The panels beside the map, in a real browser against a real server: by mouse, by keyboard, and with harmful keys."""

import json
import re
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from lively_run import HOSTILE, LONG, RARE, READ_TWICE, TORN, UNSTABLE, lively_run
from real_server import Server

from firth.explorer.page import make_page

expect = pytest.importorskip("playwright.sync_api").expect
expect.set_options(timeout=20_000)

FITS = "[...document.querySelectorAll('.side, .panel')].every((part) => part.scrollWidth <= part.clientWidth)"
HOLD = """(held) => {
  const answers = window.fetch.bind(window);
  window.fetch = async (url, options) => {
    const name = Object.keys(held).find((part) => String(url).includes(part));
    if (name === undefined) return answers(url, options);
    const what = held[name];
    delete held[name];
    if (what === "refuse") {
      return new Response(JSON.stringify({ detail: "the service must rest, and rests now." }), { status: 400 });
    }
    await new Promise((done) => { window.release = done; });
    return answers(url, options);
  };
}"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory):
    return lively_run(tmp_path_factory.mktemp("panels"))


@pytest.fixture(scope="module")
def server(run) -> Iterator[str]:
    served = Server(run.folder)
    yield served.url
    served.stop()


@pytest.fixture
def page(look, server):
    opened = look(server)
    opened.get_by_role("tab", name="Item").wait_for()
    return opened


def ask(server: str, path: str, body: object = None) -> dict:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{server}/api/runs/0/{path}", data, {"content-type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def neighbors(server: str, key: str, k: int = 10) -> list[str]:
    query = urllib.parse.urlencode({"key": key, "k": k})
    return [found["key"] for found in ask(server, f"neighbors?{query}")["neighbors"]]


def collect(page, *keys: str) -> None:
    """Put keys into the basket by pasting them, one a line."""
    page.get_by_role("tab", name="Recommend").click()
    page.get_by_role("combobox", name="Add an item").evaluate(
        """(input, text) => {
            const data = new DataTransfer();
            data.setData("text/plain", text);
            input.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        "\r\n".join(["", *keys, keys[0], ""]),
    )


def open_card(page, key: str) -> None:
    """Open an item's card out of the basket."""
    collect(page, key, "blues 00")
    page.get_by_role("list", name="Basket", exact=True).get_by_role("listitem").first.get_by_role(
        "button"
    ).first.click()
    page.get_by_role("list", name="Most like it").wait_for()


def keys_of(items) -> list[str]:
    return items.locator("[data-row]").all_inner_texts()


def has_keys(page, name: str, keys: list[str]) -> None:
    """Wait until a list shows these keys."""
    shown = [key[:300] + "…" if len(key) > 300 else key for key in keys]
    expect(page.get_by_role("list", name=name, exact=True).locator("[data-row]")).to_have_text(shown)


def test_a_card_says_what_is_known_of_an_item_and_what_is_like_it(page, server, run):
    page.get_by_role("list", name="Items to begin with").get_by_role("button").first.click()
    first = run.items["key"][0]
    expect(page.get_by_role("heading", level=2)).to_have_text(first)
    has_keys(page, "Most like it", neighbors(server, first))
    page.get_by_role("radio", name="25").check()
    has_keys(page, "Most like it", neighbors(server, first, 25))
    only = page.get_by_role("button", name=run.items["genre"][0][0], exact=True).first
    only.click()
    expect(only).to_have_attribute("aria-pressed", "true")
    row = page.get_by_role("list", name="Most like it").get_by_role("listitem").nth(1)
    row.hover()
    expect(row).to_have_class(re.compile("pointed"))
    row.get_by_role("button", name="Why it is near").click()
    for part in ("Both: genre", "year", "Together", "Goes with both"):
        expect(row.get_by_text(part).first).to_be_visible()
    row.locator("[data-row]").click()
    expect(page.get_by_role("heading", level=2)).to_have_text(neighbors(server, first)[1])
    page.get_by_role("button", name=f"Back to {first}").click()
    expect(page.get_by_role("heading", level=2)).to_have_text(first)
    assert page.get_by_role("button", name=f"Forward to {neighbors(server, first)[1]}").is_enabled()


@pytest.mark.parametrize(
    ("key", "said"), [(UNSTABLE, "only about 2.1 of its 10 nearest"), (TORN, "The map places this item badly: none")]
)
def test_a_card_warns_in_words_of_what_cannot_be_relied_on(page, key: str, said: str):
    open_card(page, key)
    assert page.get_by_role("note").count() == 1
    assert said in " ".join(page.get_by_role("note").inner_text().split())


def test_tabs_go_by_keyboard(page):
    tabs = page.get_by_role("tab")
    page.get_by_role("button", name="grunge 02").first.focus()
    page.keyboard.press("4")
    expect(page.get_by_role("tab", name="Clusters")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("tab", name="Arithmetic")).to_be_focused()
    for key, tab in (("Home", tabs.first), ("ArrowLeft", tabs.last), ("ArrowRight", tabs.first), ("End", tabs.last)):
        page.keyboard.press(key)
        expect(tab).to_be_focused()
        expect(tab).to_have_attribute("aria-selected", "true")
    page.keyboard.press("3")
    page.keyboard.press("Tab")
    expect(page.get_by_role("combobox", name="Sum of items")).to_be_focused()
    page.keyboard.press("4")
    expect(page.get_by_role("combobox", name="Sum of items")).to_have_value("4")


def test_lists_and_the_way_back_go_by_keyboard(page, server):
    focused = page.locator(":focus")
    expect(page.get_by_role("button", name="grunge 02").first).to_be_visible()  # the panel's first stop has come
    page.keyboard.press("1")
    page.keyboard.press("Tab")
    first = focused.inner_text()
    page.keyboard.press("Enter")
    near = neighbors(server, first)
    has_keys(page, "Most like it", near)
    page.get_by_role("list", name="Most like it").locator("[data-row]").first.focus()
    for key, place in (("ArrowDown", 1), ("ArrowDown", 2), ("End", 9), ("ArrowDown", 9), ("Home", 0), ("ArrowDown", 1)):
        page.keyboard.press(key)
        expect(page.get_by_role("list", name="Most like it").locator("[data-row]").nth(place)).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(focused).to_have_attribute("aria-label", f"{near[1]} is in the basket")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=2)).to_have_text(near[1])
    for key, shown in (("Alt+ArrowLeft", first), ("Alt+ArrowRight", near[1])):
        page.keyboard.press(key)
        expect(page.get_by_role("heading", level=2)).to_have_text(shown)


def test_a_basket_says_what_goes_with_it_and_how_that_was_answered(page, server):
    box = page.get_by_role("combobox", name="Add an item")
    page.get_by_role("tab", name="Recommend").click()
    expect(page.get_by_text("The basket is empty")).to_be_visible()
    box.fill("blues 0")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("listbox").get_by_role("option", selected=True)).to_have_count(1)
    box.fill("disco 04")
    page.keyboard.press("Enter")
    basket = page.get_by_role("list", name="Basket", exact=True)
    expect(basket.get_by_role("listitem")).to_have_count(1)
    collect(page, "disco 07", "no such thing", "disco 01")
    expect(basket.get_by_role("listitem")).to_have_count(4)
    expect(basket.get_by_role("listitem").nth(2)).to_contain_text("no such item")
    keys = ["disco 04", "disco 07", "no such thing", "disco 01"]
    answer = ask(server, "recommend", {"keys": keys, "k": 10})
    has_keys(page, "Goes with the basket", [found["key"] for found in answer["recommendations"]])
    expect(page.get_by_text("The last counts most")).to_be_visible()
    page.get_by_role("button", name="Move disco 07 up").focus()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.get_by_role("button", name="Move disco 07 up")).to_be_focused()
    page.get_by_role("button", name="Remove no such thing").click()
    page.get_by_role("button", name="Move disco 07 down").click()
    keys = ["disco 04", "disco 01", "disco 07"]
    found = [each["key"] for each in ask(server, "recommend", {"keys": keys, "k": 10})["recommendations"]]
    has_keys(page, "Goes with the basket", found)
    going = page.get_by_role("list", name="Goes with the basket").get_by_role("listitem").first
    going.hover()
    going.get_by_role("button", name="to the basket").click()
    expect(page.get_by_role("tab", name="Recommend, 4 items")).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("The basket is empty")).to_be_visible()
    collect(page, RARE)
    expect(page.get_by_role("note")).to_contain_text("goes with other items of grunge")


def test_a_sum_is_typed_and_turned_and_its_keys_may_hold_signs(page, server):
    page.get_by_role("tab", name="Arithmetic").click()
    page.get_by_role("list", name="Examples").get_by_role("button").nth(1).click()
    box = page.get_by_role("combobox", name="Sum of items")
    expect(box).to_have_value("grunge 02 - grunge 04")
    terms = page.get_by_role("list", name="Terms of the sum").get_by_role("listitem")
    box.fill('jay-z+blues 01 - salt - pepper + a + b - "the ""quoted"" one" + zzxxqq')
    expect(terms).to_have_text(
        ["+ jay-z", "+ blues 01", "− salt - pepper", "+ a + b", '− the "quoted" one', "+ zzxxqq"]
    )
    expect(page.get_by_text("No item is called “zzxxqq”.")).to_be_visible()
    plus, minus = [READ_TWICE[0], "blues 01", READ_TWICE[2]], [READ_TWICE[1], READ_TWICE[3]]
    answer = ask(server, "arithmetic", {"plus": plus, "minus": minus, "k": 10})
    has_keys(page, "What comes of it", [found["key"] for found in answer["neighbors"]])
    page.get_by_role("button", name="Remove zzxxqq from the sum").click()
    page.get_by_role("button", name="Plus blues 01: take it away instead").click()
    expect(box).to_have_value('"jay-z" - blues 01 - "salt - pepper" + "a + b" - "the ""quoted"" one"')
    answer = ask(server, "arithmetic", {"plus": [plus[0], plus[2]], "minus": ["blues 01", *minus], "k": 10})
    has_keys(page, "What comes of it", [found["key"] for found in answer["neighbors"]])


def test_a_sum_is_completed_by_keyboard_and_dragged_together(page):
    page.get_by_role("tab", name="Arithmetic").click()
    box = page.get_by_role("combobox", name="Sum of items")
    box.press_sequentially("grunge 05 - salt")
    expect(page.get_by_role("complementary").get_by_role("option", selected=True)).to_contain_text("salt - pepper")
    page.keyboard.press("Enter")
    expect(box).to_have_value('grunge 05 - "salt - pepper" ')
    box.press_sequentially("+ disco 0")
    expect(page.get_by_role("complementary").get_by_role("option")).not_to_have_count(1)
    page.keyboard.press("ArrowDown")
    second = page.get_by_role("complementary").get_by_role("option", selected=True).locator("bdi").inner_text()
    page.keyboard.press("Enter")
    terms = page.get_by_role("list", name="Terms of the sum").get_by_role("listitem")
    expect(terms).to_have_text(["+ grunge 05", "− salt - pepper", f"+ {second}"])
    result = page.get_by_role("list", name="What comes of it").get_by_role("listitem").first
    key = result.locator("[data-row]").inner_text()
    result.drag_to(page.get_by_role("tab", name="Recommend"))
    page.get_by_role("tab", name="Recommend, 1 item").click()
    expect(page.get_by_role("list", name="Basket", exact=True).get_by_role("listitem")).to_have_text([key])
    going = page.get_by_role("list", name="Goes with the basket").get_by_role("listitem").first
    other = going.locator("[data-row]").inner_text()
    going.drag_to(page.get_by_role("tab", name="Arithmetic"))
    page.get_by_role("tab", name="Arithmetic, 4 items").click()
    expect(terms).to_have_text(["+ grunge 05", "− salt - pepper", f"+ {second}", f"+ {other}"])


def test_a_cluster_shows_its_members_and_shows_them_alone(page, server, run):
    page.get_by_role("tab", name="Clusters").click()
    largest = run.clusters[0]
    listed = page.get_by_role("list", name="Clusters").get_by_role("button")
    expect(listed).to_have_count(3)
    expect(listed.first).to_contain_text(re.compile(f"{largest.name}.*{largest.size}.*stands well apart", re.DOTALL))
    listed.first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=2)).to_be_focused()
    expect(page.get_by_text(re.compile(r"% of its items, \d\.\d times as common"))).to_be_visible()
    has_keys(page, "Members", [each["key"] for each in ask(server, "clusters/0?k=25")["items"]])
    alone = page.get_by_role("button", name="Show only this")
    alone.click()
    expect(alone).to_have_attribute("aria-pressed", "true")
    alone.click()
    expect(alone).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Select on the map").click()
    expect(page.get_by_text(f"{largest.size} items selected").first).to_be_attached()
    page.get_by_role("button", name="All clusters").focus()
    page.keyboard.press("Enter")
    expect(listed.first).to_be_focused()


def test_harmful_keys_are_text_and_break_no_layout(look, server):
    page = look(server, width=390, color_scheme="dark")
    collect(page, *HOSTILE)
    texts = [*HOSTILE[:-1], LONG[:300] + "…"]
    shown = page.get_by_role("list", name="Basket", exact=True).locator("bdi")
    expect(shown).to_have_text(texts)
    for place, text in enumerate(texts):
        page.get_by_role("tab", name="Recommend").click()
        shown.nth(place).click()
        expect(page.get_by_role("heading", level=2)).to_have_text(text)
        near = page.get_by_role("list", name="Most like it")
        near.get_by_role("button", name="Why it is near").first.click()
        expect(near.get_by_text("Both: genre")).to_be_visible()
        assert page.evaluate(FITS)
        page.get_by_role("button", name="Add to sum").click()
    page.get_by_role("tab", name="Arithmetic").click()
    expect(page.get_by_role("list", name="Terms of the sum").get_by_role("listitem")).to_have_count(len(HOSTILE))
    page.get_by_role("combobox", name="Sum of items").press("End")
    page.keyboard.type(" + {{7")
    expect(page.get_by_role("complementary").get_by_role("option").first).to_contain_text(HOSTILE[3])
    assert page.evaluate(FITS)
    page.set_viewport_size({"width": 1280, "height": 800})
    assert page.evaluate(FITS)
    assert page.title() != "owned"
    assert page.locator("img, h1 >> text=taken over").count() == 0
    assert page.locator("body script").count() == 0


def test_what_was_asked_before_does_not_overwrite_what_is_asked_now(page, server):
    page.evaluate(HOLD, {"recommend": "hold"})
    collect(page, "blues 01")
    expect(page.get_by_role("status", name="Loading")).to_be_attached()
    collect(page, "disco 02")
    page.get_by_role("button", name="Remove blues 01").click()
    found = ask(server, "recommend", {"keys": ["disco 02"], "k": 10})["recommendations"]
    has_keys(page, "Goes with the basket", [each["key"] for each in found])
    with page.expect_response(lambda response: "recommend" in response.url) as late:
        page.evaluate("window.release()")
    late.value.finished()
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    has_keys(page, "Goes with the basket", [each["key"] for each in found])


def test_an_error_says_what_is_wrong_and_can_be_tried_again(page, server):
    page.evaluate(HOLD, {"neighbors?": "refuse"})
    page.get_by_role("list", name="Items to begin with").get_by_role("button").first.click()
    expect(page.get_by_role("alert")).to_contain_text("the service must rest, and rests now.")
    page.get_by_role("button", name="Try again").click()
    has_keys(page, "Most like it", neighbors(server, "grunge 02"))


def test_a_page_without_a_service_says_what_it_lacks_and_how_to_get_it(look, run, tmp_path: Path):
    (tmp_path / "page.html").write_text(make_page(run, max_file_bytes=0, form="file").html(), encoding="utf-8")
    page = look((tmp_path / "page.html").as_uri())
    page.get_by_role("tab", name="Recommend").click()
    expect(page.get_by_text("firth serve lively", exact=True)).to_be_visible()
    page.get_by_role("tab", name="Arithmetic").click()
    expect(page.get_by_text("firth serve lively", exact=True)).to_be_visible()
    assert page.get_by_role("combobox", name="Sum of items").count() == 0
