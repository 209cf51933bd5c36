"""A run as a notebook shows it: asked for here, made by the explorer, which lies above the runs."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from firth.runs.run import Run

MAX_EMBEDDED_BYTES = 8_000_000
"""The most data that is put into a notebook, so that it can still be saved and sent."""


class Shown(Protocol):
    """What a notebook shows where it is the last line of a cell."""

    def _repr_html_(self) -> str: ...


def explore(run: Run, *, height: int, max_embedded_bytes: int) -> Shown:
    """Return what a notebook shows of a run; see :func:`firth.explorer.notebook.explore`."""
    # By its name: the only look upwards, for a method that people expect on a run.
    notebook = import_module("firth.explorer.notebook")
    shown: Shown = notebook.explore(run, height=height, max_embedded_bytes=max_embedded_bytes)
    return shown
