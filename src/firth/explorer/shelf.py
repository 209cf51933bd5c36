"""The runs that are served: each opened once, and opened again when its folder holds a newer one.

Whoever answers a request takes one :class:`Served` and keeps it to the end, so that an answer is never made of two
states of a run. A folder is looked at every half second at most. While a newer run is being read or still being made,
the last one that was whole is answered from.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, TypeVar, cast

from firth.errors import DataError, FirthError, OptionError, RunError
from firth.runs import folder as files
from firth.runs.run import Run

if TYPE_CHECKING:
    from firth.vectors.search import KeySearch

T = TypeVar("T")
LOOK_EVERY_S = 0.5
_READ = (files.DOCUMENT, files.ARRAYS, files.ITEMS, files.HISTORY, files.CONFIDENCE, files.COUNTS, files.COLD)
_N_TRIES = 3


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

    @property
    def search(self) -> KeySearch:
        """Who finds keys by what is typed; waits until it is made."""
        return self.begin_search().result()

    def begin_search(self) -> Future[KeySearch]:
        """Return the promise of who finds keys, which a thread in the background makes once it was asked for."""
        with self._lock:
            future: Future[KeySearch] | None = self._made.get("search")
            if future is None:
                future = self._made["search"] = Future()
                future.set_running_or_notify_cancel()  # from here on nobody can cancel it
                Thread(target=self._make_search, args=(future,), daemon=True).start()
            return future

    def _make_search(self, future: Future[KeySearch]) -> None:
        from firth.vectors.search import KeySearch

        try:
            future.set_result(KeySearch(self.run.vectors.vocabulary.keys))
        except BaseException as error:  # whoever asks is told
            future.set_exception(error)

    def once(self, name: str, make: Callable[[], T]) -> T:
        """Return what was made under a name, after making it the first time; who asks meanwhile waits for it."""
        with self._lock:
            if name not in self._made:
                self._made[name] = make()
            return cast("T", self._made[name])


class _Place:
    """One folder: what was last read from it, and when it was last looked at."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = Lock()
        self.served: Served | None = None
        self.error: FirthError | None = None
        self.failed: tuple[str, ...] = ()  # how the files were when they could not be read
        self.looked = -float("inf")

    @property
    def is_fresh(self) -> bool:
        return time.monotonic() - self.looked < LOOK_EVERY_S


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
        self.n_reloads = 0
        self._places = [_Place(folder) for folder in folders]
        for folder in folders:
            files.read_document(folder)

    def known(self) -> list[Served | None]:
        """Return the state of each run that is known, read or not."""
        return [place.served for place in self._places]

    def current(self, index: int) -> Served | None:
        """Return a run's state if that takes no reading: None says to ask :meth:`served`, which may take long.

        Notes
        -----
        One look at the date of a file every half second, so that it can be asked in an event loop.
        """
        place = self._places[index]
        if place.served is not None and not place.is_fresh and _generation(place.folder) == place.served.generation:
            place.looked = time.monotonic()
        return place.served if place.is_fresh else None

    def served(self, index: int) -> Served:
        """Return the present state of a run.

        Raises
        ------
        RunError
            If it cannot be read, or has no vectors yet.
        """
        place = self._places[index]
        if place.served is not None:
            if not place.is_fresh and place.lock.acquire(blocking=False):  # else another thread is reading it
                try:
                    self._look(place, index)
                finally:
                    place.lock.release()
            return place.served
        return self._first(place, index)

    def _first(self, place: _Place, index: int) -> Served:
        """Return the first state of a run, read by one thread while others wait for it."""
        with place.lock:
            if not place.is_fresh:
                self._look(place, index)
            if place.served is None:
                raise place.error or RunError(f"{place.folder} has no vectors yet.")
            return place.served

    def _look(self, place: _Place, index: int) -> None:
        """Read the folder if it holds another run than the one that is known, and is whole."""
        try:
            if place.served is None or _is_news(place, place.served):
                opened = _read(place.folder, index)
                opened.begin_search()
                self.n_reloads += place.served is not None
                place.served, place.error = opened, None
        except FirthError as error:
            place.error = error  # where a state is known, it is being made again: that one is answered from
            place.failed = _signature(place.folder)
        finally:
            place.looked = time.monotonic()


def _is_news(place: _Place, known: Served) -> bool:
    """Return whether a folder holds another run than the known one, not merely begun, and not known to be damaged."""
    if _generation(place.folder) == known.generation or _signature(place.folder) == place.failed:
        return False
    return files.state(files.read_document(place.folder)) != "running" or known.run.status == "running"


def _read(folder: Path, index: int) -> Served:
    """Return the state of a folder, read while nothing in it was written.

    Raises
    ------
    RunError
        If it has no vectors, is damaged, or is written all the time.
    """
    for _ in range(_N_TRIES):
        before, generation = _signature(folder), _generation(folder)
        run = Run.load(folder)
        _read_beside(run)
        if _signature(folder) == before:
            return Served(run, index, generation)
    raise RunError(f"{folder} is being written; ask again in a moment.")


def _read_beside(run: Run) -> None:
    """Read what recommending takes beside the vectors, which would otherwise be read when it is first asked."""
    from firth.runs.recommending import options_of

    options = options_of(run)
    if options.blend > 0 or options.group is not None:
        try:
            run.recommender  # noqa: B018 (cached)
        except DataError:
            return  # it cannot predict, which whoever asks is told


def _generation(folder: Path) -> str:
    """Return what changes when a run is written anew: ``run.json`` is always written last."""
    return _stamp(folder / files.DOCUMENT)


def _signature(folder: Path) -> tuple[str, ...]:
    return tuple(_stamp(folder / name) for name in _READ)


def _stamp(path: Path) -> str:
    try:
        about = path.stat()
    except OSError:
        return "-"
    return f"{about.st_mtime_ns:x}-{about.st_size:x}-{about.st_ino:x}"
