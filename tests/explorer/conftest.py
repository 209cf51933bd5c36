"""Runs that are served by a real server, and a real browser that looks at them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import firth

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
STATIC = Path(firth.__file__).parent / "explorer" / "static" / "index.html"
FLAGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let tests with a browser come last: once it runs, its event loop does, and no other can run in this thread."""
    items.sort(key=lambda item: "chromium" in getattr(item, "fixturenames", ()))


@pytest.fixture(autouse=True)
def _look_at_every_question(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of this process are looked at whenever they are asked, and not every half second."""
    monkeypatch.setattr("firth.explorer.shelf.LOOK_EVERY_S", 0.0)


@pytest.fixture(scope="session")
def service_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that has everything, which tests never change."""
    from service_run import make_run

    return Path(make_run(tmp_path_factory.mktemp("service") / "plays").folder)


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    """A real Chromium."""
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed (Debian's package chromium)")
    if not STATIC.exists():
        pytest.skip("the page is not built (make web)")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=20_000)  # a busy machine draws a map in seconds
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def look(chromium):
    """Open pages, and see to it that none said an error or asked another host: ``page = look(url)``.

    ``refused`` is a status, such as 400, that the page is made to be answered with: the browser tells of it.
    """
    opened, wrong = [], []

    def open_page(url: str, *, width: int = 1280, height: int = 800, refused: int | None = None, **context: object):
        page = chromium.new_context(viewport={"width": width, "height": height}, **context).new_page()
        page.set_default_timeout(20_000)

        def hear(said) -> None:
            is_refusal = refused is not None and f"responded with a status of {refused}" in said.text
            if said.type in ("error", "warning") and not is_refusal:
                wrong.append(said.text)

        page.on("console", hear)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        host = url.split("/")[2] if url.startswith("http") else ""

        def check(request) -> None:
            if not request.url.startswith(("data:", "blob:", "file:")) and request.url.split("/")[2] != host:
                wrong.append(f"asked {request.url}")

        page.on("request", check)
        page.goto(url)
        opened.append(page)
        return page

    yield open_page
    for page in opened:
        page.context.close()
    assert wrong == []
