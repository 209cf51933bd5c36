"""The runs that are served: each opened once, and opened again when its folder holds a newer one.

Whoever answers a request takes one :class:`Served` and keeps it to the end, so that an answer is never made of two
states of a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from firth.errors import FirthError, OptionError
from firth.runs import folder as files
from firth.runs.run import Run

if TYPE_CHECKING:
    from firth.vectors.search import KeySearch


@dataclass(eq=False)
class Served:
    """One state of a run, and what is made of it once and kept.

    Attributes
    ----------
    run
        The run.
    index
        Its place among the served runs, 0 or 1.
    generation
        What tells this state from others of the same folder.
    """

    run: Run
    index: int
    generation: str
    _lock: Lock = field(default_factory=Lock, repr=False)
    _made: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def folder(self) -> Path:
        """The run's folder."""
        assert self.run.folder is not None  # it was read from one
        return self.run.folder

    @cached_property
    def search(self) -> KeySearch:
        """Who finds keys by what is typed."""
        from firth.vectors.search import KeySearch

        return KeySearch(self.run.vectors.keys)


class Shelf:
    """The runs that are served.

    Parameters
    ----------
    folders
        One or two folders of runs. One that is still being made is served once it has vectors.

    Raises
    ------
    OptionError
        If there is none, or more than two.
    RunError
        If a folder is not a run's.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        if not 1 <= len(folders) <= 2:
            raise OptionError(f"one or two runs are served, got {len(folders)}.")
        self.folders = tuple(folders)
        self._lock = Lock()
        self._served: dict[int, Served] = {}
        for folder in folders:
            files.read_document(folder)

    def served(self, index: int) -> Served:
        """Return the present state of a run.

        Raises
        ------
        RunError
            If it cannot be read, or has no vectors yet.
        """
        folder = self.folders[index]
        generation = _generation(folder)
        with self._lock:
            known = self._served.get(index)
            if known is not None and known.generation == generation:
                return known
            try:
                opened = Served(Run.load(folder), index, generation)
            except FirthError:
                if known is not None:
                    return known  # it is being made again: the last state that was whole is answered from
                raise
            self._served[index] = opened
            return opened


def _generation(folder: Path) -> str:
    """Return what changes when a run is written anew: ``run.json`` is always written last."""
    about = (folder / files.DOCUMENT).stat()
    return f"{about.st_mtime_ns:x}-{about.st_size:x}-{about.st_ino:x}"
