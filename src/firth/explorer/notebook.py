"""The explorer inside a notebook.

A run that is not too large becomes a page within the notebook itself: a frame whose document is the page that carries
its data. It needs no port that a remote notebook could not reach, and is there again when the notebook is opened
without a kernel or saved as HTML. The frame is sandboxed: it may run its scripts and save files, and touches nothing of
the notebook. A larger run would make notebooks that nobody can save, so the kernel serves it while it lives.
"""

from __future__ import annotations

import html
import secrets
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Literal

from firth.errors import FirthError, OptionError, RunError
from firth.explorer.options import ServeOptions
from firth.explorer.page import least_bytes, make_page
from firth.runs.run import Run
from firth.runs.shown import MAX_EMBEDDED_BYTES

_NOTEBOOKS = ("http://localhost:*", "http://127.0.0.1:*")  # pages that may show a run that is served
_SERVED = (
    "Served by this notebook's kernel while it lives, to notebooks whose own address begins with http://localhost."
)
_START_S = 30.0


class Shown:
    """A run as a notebook shows it: the value of a cell's last line.

    Parameters
    ----------
    source
        HTML attributes that say what the frame shows.
    name
        What the run is called.
    height
        Of the frame, in pixels.
    note
        What is said below the frame.
    """

    def __init__(self, source: str, *, name: str, height: int, note: str = "") -> None:
        self._source = source
        self._name = name
        self._height = height
        self._note = note

    def _repr_html_(self) -> str:
        """Return the frame; Jupyter asks for it."""
        title = html.escape(f"Explorer of {self._name}")
        style = f"width: 100%; height: {self._height}px; border: 1px solid #c9cdd2; border-radius: 8px"
        note = f"<div><small>{html.escape(self._note)}</small></div>" if self._note else ""
        return f'<iframe title="{title}" style="{style}" {self._source}></iframe>{note}'

    def __repr__(self) -> str:
        return f"Explorer of {self._name!r}: the last line of a cell in a notebook shows it"


def explore(
    run: Run,
    *,
    height: int = 600,
    k: int = 25,
    max_embedded_bytes: int = MAX_EMBEDDED_BYTES,
    n_jobs: int | Literal["auto"] = "auto",
) -> Shown:
    """Return a run as a notebook shows it.

    Parameters
    ----------
    run
        The run. One that is too large to be embedded has to be saved.
    height
        Of the frame, in pixels, >= 1.
    k
        How many nearest of each item an embedded page knows exactly, >= 1.
    max_embedded_bytes
        The most data that is put into the notebook. A run that takes more is served from this process, under
        ``localhost``, to who knows a token that the frame holds.
    n_jobs
        Threads.

    Raises
    ------
    OptionError
        If an option is outside its range.
    RunError
        If the run is too large to be embedded and lies in no folder.
    MissingExtraError
        If it is too large and FastAPI or uvicorn is not installed.
    """
    if height < 1:
        raise OptionError(f"height must be >= 1, got {height}.")
    if least_bytes(run, k=k) <= max_embedded_bytes:
        page = make_page(run, k=k, max_file_bytes=max_embedded_bytes, n_jobs=n_jobs)
        if page.is_file:
            document = page.html().replace("&", "&amp;").replace('"', "&quot;")
            source = f'sandbox="allow-scripts allow-downloads" srcdoc="{document}"'
            return Shown(source, name=run.name, height=height)
    if run.folder is None:
        raise RunError(
            f"{run.name} is too large to lie in a notebook and was not saved, so it cannot be served: save it first "
            "(run.save('runs/NAME')), or raise max_embedded_bytes."
        )
    source = f'sandbox="allow-scripts allow-downloads allow-same-origin" src="{html.escape(_address(run.folder))}"'
    return Shown(source, name=run.name, height=height, note=_SERVED)


_addresses: dict[Path, str] = {}
_lock = Lock()


def _address(folder: Path) -> str:
    """Return where this process serves a run, from the first time on until it ends."""
    place = folder.resolve()
    with _lock:
        if place not in _addresses:
            _addresses[place] = _serve(place)
        return _addresses[place]


def _serve(folder: Path) -> str:
    from firth.explorer.serve import serve

    said: SimpleQueue[str | FirthError] = SimpleQueue()
    options = ServeOptions(host="localhost", port=0, token=secrets.token_urlsafe(24), frame_ancestors=_NOTEBOOKS)

    def run_server() -> None:
        try:
            serve([folder], options=options, on_listening=said.put)
        except FirthError as error:
            said.put(error)

    Thread(target=run_server, name="firth-explorer", daemon=True).start()
    answer = said.get(timeout=_START_S)
    if isinstance(answer, FirthError):
        raise answer
    return answer
