"""The explorer in a notebook: a real kernel makes it, a real browser shows it."""

import urllib.error
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from planted_run import planted_run  # beside this file

import firth
from firth.errors import OptionError, RunError

KEYS = [f"item {number}" for number in range(29)] + ['Béla </script> & "Bartók" <iframe>']
LINKED = """new Promise((resolve) => {
  const look = () => (location.hash.startsWith("#s=item+2") ? resolve() : requestAnimationFrame(look));
  look();
})"""
CELL = """
import firth
run = firth.load_run({folder!r})
run.explore(height=420{options})
"""


def executed(code: str) -> str:
    """Return what a notebook shows for a cell, after a real kernel ran it."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the kernel's own packages
        NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    (output,) = notebook.cells[0].outputs
    assert output["data"]["text/plain"].startswith("Explorer of 'planted'")
    return output["data"]["text/html"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> firth.Run:
    angles = np.linspace(0, 6, len(KEYS))
    columns = {"x": np.cos(angles).astype(np.float32), "y": np.sin(angles).astype(np.float32)}
    return planted_run(tmp_path_factory.mktemp("runs") / "planted", KEYS, columns=columns)


def test_a_notebook_shows_a_run_without_a_server(run: firth.Run, tmp_path: Path, look):
    shown = executed(CELL.format(folder=str(run.folder), options=""))
    path = tmp_path / "notebook.html"
    path.write_text(f"<!doctype html><meta charset=utf-8><h1>A notebook</h1>{shown}", encoding="utf-8")
    asked = []
    page = look("about:blank")
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    element = page.get_by_title("Explorer of planted")
    assert element.bounding_box()["height"] == pytest.approx(422, abs=1)
    frame = element.element_handle().content_frame()
    frame.get_by_text("What is exact?").wait_for()
    found = frame.evaluate("firth.neighbors(0, 'item 3', 5)")["neighbors"]
    assert [each["key"] for each in found] == [key for key, _ in run.vectors.most_similar("item 3", k=5)]
    frame.get_by_label("Map of planted").first.wait_for()
    frame.get_by_role("combobox", name="Search items").fill("item 2")
    frame.get_by_role("listbox", name="Items that were found").get_by_role("option").first.click()
    frame.get_by_role("list", name="Most like it").locator("[data-row]").nth(9).wait_for()
    frame.evaluate(LINKED)
    assert frame.evaluate("origin") == "null"  # nothing of the notebook can be reached
    assert [url for url in asked if not url.startswith(("blob:", "about:")) and url != path.as_uri()] == []


@pytest.fixture
def notebook(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Serve a page as Jupyter would, on another port: ``address = notebook(html)``."""
    handler = partial(Quiet, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()

        def show(html: str) -> str:
            head = "<!doctype html><meta charset=utf-8><link rel=icon href=data:,><h1>A notebook</h1>"
            (tmp_path / "notebook.html").write_text(head + html, encoding="utf-8")
            return f"http://localhost:{server.server_port}/notebook.html"

        yield show
        server.shutdown()
        thread.join()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def test_a_run_that_is_too_large_is_served_by_the_kernel(run: firth.Run, chromium, notebook):
    shown = [run.explore(max_embedded_bytes=1_000)._repr_html_() for _ in range(2)]
    assert shown[0] == shown[1]  # one server, however often it is shown
    assert "srcdoc" not in shown[0]
    context = chromium.new_context()
    page = context.new_page()
    page.goto(notebook(shown[0]))
    frame = page.get_by_title("Explorer of planted").element_handle().content_frame()
    frame.get_by_role("heading", name="planted").wait_for()
    assert frame.url.startswith("http://localhost:")
    assert "token" not in frame.url
    with urllib.request.urlopen(frame.url + "healthz") as answer:
        assert answer.status == 200
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(frame.url + "api/about")  # without the token
    context.close()


def test_a_large_run_in_memory_has_to_be_saved(run: firth.Run):
    with pytest.raises(RunError, match=r"save it first .run\.save"):
        replace(run, folder=None).explore(max_embedded_bytes=1_000)


def test_a_frame_without_height_is_refused(run: firth.Run):
    with pytest.raises(OptionError, match="height must be >= 1, got 0"):
        run.explore(height=0)
