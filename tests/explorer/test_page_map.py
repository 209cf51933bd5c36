"""The map on the page: drawn, moved, pointed at, selected, filtered, coloured, by mouse and by keyboard."""

import csv
import io
from pathlib import Path

import polars as pl
import pytest
from PIL import Image
from planted_map import KEYS, PLACES, TAGS, MapPage, eventually, map_run, near, pixel, rgb, theme_colors
from planted_run import planted_run
from real_server import Server

LIGHT, DARK = theme_colors("LIGHT"), theme_colors("DARK")
STILL = {"reduced_motion": "reduce"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    started = Server(map_run(tmp_path_factory.mktemp("map") / "lattice"))
    yield started
    started.stop()


def clusters_of(item: int, colors: dict[str, list[str]] = LIGHT) -> tuple[int, ...]:
    return rgb(colors["categories"][item // 12])


def test_the_pointer_finds_moves_and_enlarges(look, server):
    page = look(server.url, color_scheme="light")
    shown = MapPage(page)
    eventually(lambda: all(near(shown.pixel(item), clusters_of(item)) for item in (6, 18, 30, 47)))
    assert shown.data("total") == "48"
    eventually(lambda: "item 10" in shown.map.locator(".names").inner_text())

    shown.hover(30)
    page.wait_for_function("() => document.querySelector('.tooltip')?.innerText.includes('item 30')")
    assert page.locator(".tooltip").inner_text().split("\n") == ["item 30", "114 times", "cluster: cluster 2"]
    shown.click(30)
    eventually(lambda: shown.data("selected") == "item 30")
    assert shown.data("zoom") == "1.000"

    before = shown.place(20)
    page.mouse.move(*before)
    page.mouse.down()
    page.mouse.move(before[0] + 40, before[1] + 25, steps=3)
    page.mouse.up()
    eventually(lambda: shown.place(20) == pytest.approx((before[0] + 40, before[1] + 25), abs=1.5))
    fixed = shown.place(20)
    page.mouse.move(*fixed)
    page.mouse.wheel(0, -300)
    eventually(lambda: float(shown.data("zoom")) > 1.5)
    assert shown.place(20) == pytest.approx(fixed, abs=1.5)
    zoom = float(shown.data("zoom"))
    page.mouse.dblclick(*fixed)
    eventually(lambda: float(shown.data("zoom")) > 2 * zoom)
    page.get_by_role("button", name="Show the whole map").click()
    eventually(lambda: shown.data("zoom") == "1.000" and near(shown.pixel(47), clusters_of(47)))


def test_keys_move_the_map_and_go_from_item_to_item(look, server):
    page = look(server.url, **STILL)
    shown = MapPage(page)
    shown.ground.focus()
    before = shown.place(20)
    page.keyboard.press("ArrowRight")
    eventually(lambda: shown.place(20)[0] < before[0] - 50)
    page.keyboard.press("+")
    eventually(lambda: shown.data("zoom") == "1.400")
    page.keyboard.press("0")
    eventually(lambda: shown.data("zoom") == "1.000")

    page.keyboard.press("n")
    eventually(lambda: shown.data("pointed") is not None)
    first = int(shown.data("pointed"))
    assert PLACES[first] in [(-10, 10), (10, 10), (-10, -10), (10, -10)]
    page.keyboard.press("n")
    eventually(lambda: shown.data("pointed") != str(first))
    page.keyboard.press("p")
    eventually(lambda: shown.data("pointed") == str(first))
    page.keyboard.press("Shift+ArrowRight")
    eventually(lambda: shown.data("pointed") == str(first + 1))
    page.keyboard.press("Shift+ArrowDown")
    below = first + 9
    eventually(lambda: shown.data("pointed") == str(below))
    eventually(lambda: KEYS[below] in shown.map.locator("[aria-live]").inner_text())
    page.keyboard.press("Enter")
    eventually(lambda: shown.data("selected") == KEYS[below])
    page.keyboard.press("Escape")
    eventually(lambda: shown.data("pointed") is None)
    page.keyboard.press("Escape")
    eventually(lambda: shown.data("selected") is None)
    page.keyboard.press("?")
    assert page.get_by_role("dialog", name="Finding your way").is_visible()
    page.keyboard.press("Escape")
    assert page.get_by_role("dialog").count() == 0


def test_a_lasso_and_keys_select_and_what_is_selected_is_saved(look, server):
    page = look(server.url, color_scheme="light", **STILL)
    shown = MapPage(page)
    strong = shown.pixel(47)
    page.keyboard.down("Shift")
    corners = [(-80, 60), (-80, 40), (10, 40), (10, 60)]
    page.mouse.move(*shown.at(*corners[-1]))
    page.mouse.down()
    for corner in corners:
        page.mouse.move(*shown.at(*corner), steps=2)
    page.mouse.up()
    page.keyboard.up("Shift")
    bar = page.get_by_role("group", name="Selection")
    bar.wait_for()
    assert "5 items selected" in bar.inner_text()
    eventually(lambda: sum(shown.pixel(47)) > sum(strong) + 90)  # fades beside what is selected

    with page.expect_download() as saved:
        bar.get_by_role("button", name="Export CSV").click()
    assert saved.value.suggested_filename == "lattice-selection.csv"
    rows = list(csv.reader(io.StringIO(Path(saved.value.path()).read_bytes().decode("utf-8"), newline="")))
    assert rows[0] == ["key", "count", "tag", "year", "cluster", "x", "y"]
    assert rows[1] == ["'=1+2", "144", "a", "1950", "0", "-70", "50"]
    assert [row[0] for row in rows[2:]] == KEYS[1:5]

    bar.get_by_role("button", name="Add to basket").click()
    eventually(lambda: page.evaluate("location.hash").count("&b=") == 5)
    bar.get_by_role("button", name="Clear").click()
    eventually(lambda: near(shown.pixel(47), strong))
    shown.ground.focus()
    page.keyboard.press("v")
    eventually(lambda: "48 items selected" in bar.inner_text())
    page.get_by_role("button", name="Select the items of cluster 2").press("Enter")
    eventually(lambda: "12 items selected" in bar.inner_text())


def test_the_legend_colours_and_filters(look, server):
    page = look(server.url, color_scheme="light", **STILL)
    shown = MapPage(page)
    legend = page.get_by_role("group", name="Legend of lattice")
    legend.get_by_label("Colour").select_option("tag")
    entries = legend.locator(".entry")
    eventually(lambda: entries.count() == 11)
    assert [line.split("\n") for line in entries.all_inner_texts()][-2:] == [["j", "2"], ["other", "2"]]
    paper = rgb(LIGHT["paper"][0])
    eventually(lambda: near(shown.pixel(10), rgb(LIGHT["categories"][TAGS[10] == "b"])))
    assert near(shown.pixel(47), rgb(LIGHT["other"][0]))

    entries.nth(1).click()
    eventually(lambda: near(shown.pixel(10), paper, by=8) and not near(shown.pixel(20), paper))
    assert shown.data("total") == "40"
    shown.ground.focus()
    entries.nth(2).click(modifiers=["Shift"])
    eventually(lambda: shown.data("total") == "7")
    entries.nth(2).focus()
    page.keyboard.press("Shift+Enter")
    eventually(lambda: shown.data("total") == "48")

    legend.get_by_label("Colour").select_option("year")
    low, high = legend.get_by_label("Least year"), legend.get_by_label("Most year")
    eventually(lambda: near(shown.pixel(45), rgb(LIGHT["sequential"][-1])))
    assert near(shown.pixel(47), rgb(LIGHT["missing"][0]))
    low.focus()
    page.keyboard.press("PageUp")
    eventually(lambda: near(shown.pixel(0), paper, by=8))
    assert not near(shown.pixel(20), paper)
    high.focus()
    page.keyboard.press("Home")  # not below the other handle
    eventually(lambda: int(shown.data("total")) <= 1)
    legend.get_by_role("button", name="Show all").click()
    eventually(lambda: shown.data("total") == "48")

    before = shown.pixel(45)
    legend.get_by_label("Show distortion").check()
    eventually(lambda: sum(shown.pixel(44)) > 600)  # all its neighbours are beside it
    assert near(shown.pixel(45), before)


def test_a_link_brings_back_what_was_seen(look, server):
    page = look(server.url, color_scheme="light", permissions=["clipboard-read", "clipboard-write"], **STILL)
    shown = MapPage(page)
    page.get_by_label("Colour").select_option("tag")
    page.locator(".entry").first.click()
    shown.click(33)
    eventually(lambda: shown.data("selected") == KEYS[33])
    page.mouse.move(*shown.place(30))
    page.mouse.wheel(0, -200)
    page.get_by_role("button", name="Light or dark: as the system has it").press("Enter")
    page.get_by_role("button", name="Light or dark: light").press("Enter")
    eventually(lambda: float(shown.data("zoom")) > 1.2 and "l=dark" in page.evaluate("location.hash"))
    page.get_by_role("button", name="Copy a link").click()
    page.get_by_text("The link to this view was copied").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")

    other = look(link, color_scheme="light", **STILL)
    again = MapPage(other)
    eventually(lambda: again.data("zoom") == shown.data("zoom"))
    assert again.place(30) == pytest.approx(shown.place(30), abs=1)
    assert again.data("selected") == KEYS[33]
    eventually(lambda: again.data("total") == shown.data("total"))
    assert near(pixel(other, 100, 700), rgb(DARK["paper"][0]), by=6)
    other.evaluate("location.hash = '#s=item+20&v=x~1~2&p=nothing&r=9~1&t=oops&c=absent&w=1'")
    eventually(lambda: again.data("selected") == "item 20" and again.data("zoom") == "4.000")
    eventually(lambda: near(again.pixel(20), clusters_of(20, DARK)))


def test_two_maps_share_what_is_selected(look, tmp_path):
    others = [*reversed(KEYS[:-1]), "only here"]
    both = Server(map_run(tmp_path / "one"), map_run(tmp_path / "two", keys=others))
    try:
        page = look(both.url, color_scheme="light", **STILL)
        one, two = MapPage(page), MapPage(page, 1)
        assert page.locator(".map-title").all_inner_texts() == ["one 48 items", "two 48 items"]
        ground = two.pixel(46 - 30)
        one.click(30)
        eventually(lambda: two.data("selected") == KEYS[30])
        page.mouse.move(*one.at(-75, 60))
        eventually(lambda: near(two.pixel(46 - 30, above=9), rgb("#116bb5"), by=60))  # the ring around it
        assert near(two.pixel(46 - 30), ground)
        one.click(47)
        page.get_by_text("is not in two").wait_for()
    finally:
        both.stop()


def test_a_picture_of_the_map_is_saved(look, server):
    page = look(server.url, color_scheme="dark", **STILL)
    shown = MapPage(page)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save a picture of the map").press("Enter")
    assert saved.value.suggested_filename == "lattice-map.png"
    picture = Image.open(saved.value.path()).convert("RGB")
    box = shown.map.bounding_box()
    assert picture.width == round(box["width"])
    assert picture.height > box["height"]  # title and legend
    left, top = shown.place(30)
    assert near(picture.getpixel((round(left - box["x"]), round(top - box["y"]) + 36)), clusters_of(30, DARK))
    colors = {color for _, color in picture.crop((0, int(box["height"]) + 36, *picture.size)).getcolors(1 << 20)}
    assert {rgb(color) for color in DARK["categories"][:4]} <= colors


def test_a_phone_has_the_map_and_a_sheet_below_it(look, server):
    page = look(server.url, width=390, height=780, color_scheme="light", has_touch=True, **STILL)
    shown = MapPage(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.touchscreen.tap(*shown.place(20))
    eventually(lambda: shown.data("selected") == "item 20")
    sheet = page.locator(".sheet")
    eventually(lambda: sheet.get_attribute("data-size") == "half")
    eventually(lambda: shown.place(20)[1] < sheet.bounding_box()["y"])
    handle = page.get_by_role("button", name="Pull the panels up").bounding_box()
    page.mouse.move(handle["x"] + 190, handle["y"] + 8)
    page.mouse.down()
    page.mouse.move(190, 100, steps=4)
    page.mouse.up()
    eventually(lambda: sheet.get_attribute("data-size") == "full")
    page.get_by_role("button", name="Push the panels down").press("Enter")
    eventually(lambda: sheet.get_attribute("data-size") == "peek")


def test_a_browser_without_webgl_gets_a_map_and_a_lost_context_comes_back(look, server):
    page = look(f"{server.url}/?renderer=canvas", color_scheme="light", **STILL)
    plain = MapPage(page)
    assert plain.data("renderer") == "canvas2d"
    assert page.get_by_text("no WebGL 2").is_visible()
    eventually(lambda: near(plain.pixel(30), clusters_of(30)))

    shown = MapPage(look(server.url, color_scheme="light", **STILL))
    assert shown.data("renderer") == "webgl2"
    paper = rgb(LIGHT["paper"][0])
    points = shown.map.locator("canvas.points")
    points.evaluate(
        "c => { window.lost = c.getContext('webgl2').getExtension('WEBGL_lose_context'); lost.loseContext() }"
    )
    eventually(lambda: near(shown.pixel(30), paper, by=6))
    shown.page.evaluate("lost.restoreContext()")
    eventually(lambda: near(shown.pixel(30), clusters_of(30)))


def test_a_run_without_a_map_says_how_to_make_one(look, tmp_path):
    bare = Server(Path(planted_run(tmp_path / "bare", [f"item {number}" for number in range(9)]).folder))
    try:
        page = look(bare.url)
        page.get_by_text("firth map bare").wait_for()
        assert page.get_by_role("tab").count() > 0
    finally:
        bare.stop()


def test_many_items_are_a_density_first_and_discs_when_near(look, tmp_path):
    n, side = 70_225, 265
    places = {
        "x": pl.Series([float(number % side) for number in range(n)], dtype=pl.Float32),
        "y": pl.Series([float(number // side) for number in range(n)], dtype=pl.Float32),
    }
    many = Server(
        Path(planted_run(tmp_path / "many", [f"item {number}" for number in range(n)], columns=places).folder)
    )
    try:
        page = look(f"{many.url}/#v=132~2~100", color_scheme="light", **STILL)
        shown = MapPage(page)
        x, y = shown.at(132, 2)
        page.mouse.move(x, y)
        eventually(lambda: shown.data("pointed") == str(2 * side + 132))
        between = shown.at(132.5, 2.5)
        assert near(pixel(page, *between), rgb(LIGHT["paper"][0]), by=12)
        page.get_by_role("button", name="Show the whole map").click()
        eventually(lambda: shown.data("total") == str(n))
        # Amid the items, where those that are drawn as discs, the most frequent, are not.
        eventually(lambda: sum(pixel(page, *shown.at(130.4, 250.6))) < 3 * 215)
    finally:
        many.stop()
