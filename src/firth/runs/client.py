"""Runs by name, wherever they are kept: in run folders, or among what flows of Metaflow left. The same for both.

``firth.runs("playlists").latest_successful().load()`` opens the last one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from firth.errors import RunError
from firth.runs.run import Run
from firth.runs.store import RunStore

_MODEL = "final_model"


@dataclass(frozen=True, kw_only=True)
class KeptRun:
    """One run, as it is listed.

    Attributes
    ----------
    name
        Of its recipe, or of its flow.
    id
        What tells it from others: its folder, or Metaflow's number.
    home
        Where it is kept.
    is_successful
        Whether it has ended with everything it was to make.
    started
        When it was begun, as ISO 8601 in UTC.
    tags
        What somebody called it.
    """

    name: str
    id: str
    home: Literal["folder", "metaflow"]
    is_successful: bool
    started: str
    tags: tuple[str, ...]
    _open: Callable[[], Run] = field(repr=False, compare=False)

    def load(self) -> Run:
        """Return the run.

        Raises
        ------
        RunError
            If it holds no model, or cannot be read.
        """
        return self._open()


class KeptRuns:
    """The runs of one name, the last one first; iterate over it.

    Parameters
    ----------
    name
        Of a recipe or of a flow; None: every run folder.
    root
        The folder that holds the run folders.
    """

    def __init__(self, name: str | None = None, *, root: str | Path = "runs") -> None:
        self.name, self.root = name, Path(root)

    def __iter__(self) -> Iterator[KeptRun]:
        found = [*_of_folders(self.name, self.root), *_of_metaflow(self.name)]
        return iter(sorted(found, key=lambda each: each.started, reverse=True))

    def latest(self) -> KeptRun:
        """Return the run that was begun last, however it ended.

        Raises
        ------
        RunError
            If there is none.
        """
        return self._first(lambda _: True, "run")

    def latest_successful(self) -> KeptRun:
        """Return the run that was begun last of those that ended well.

        Raises
        ------
        RunError
            If there is none.
        """
        return self._first(lambda each: each.is_successful, "successful run")

    def _first(self, wanted: Callable[[KeptRun], bool], what: str) -> KeptRun:
        found = next((each for each in self if wanted(each)), None)
        if found is None:
            of = f" of {self.name!r}" if self.name else ""
            raise RunError(
                f"there is no {what}{of} in {self.root}, nor among Metaflow's flows. Make one with firth run."
            )
        return found

    def __repr__(self) -> str:
        return f"runs({self.name!r}, root={str(self.root)!r})"


def _of_folders(name: str | None, root: Path) -> Iterator[KeptRun]:
    for each in RunStore(root).list(name=name):
        folder = each.folder
        yield KeptRun(
            name=each.recipe,
            id=str(folder),
            home="folder",
            is_successful=each.is_successful,
            started=each.started,
            tags=each.tags,
            _open=lambda folder=folder: Run.load(folder),  # type: ignore[misc]  # the default binds this round's folder
        )


def _of_metaflow(name: str | None) -> Iterator[KeptRun]:
    """Yield the runs of a flow; none where Metaflow is not installed, or knows no such flow."""
    if name is None or not name.isidentifier() or find_spec("metaflow") is None:
        return
    from metaflow import Flow
    from metaflow.exception import MetaflowException

    try:
        found = list(Flow(name).runs())
    except MetaflowException:
        return
    for each in found:
        yield KeptRun(
            name=name,
            id=str(each.id),
            home="metaflow",
            is_successful=bool(each.successful),
            started=each.created_at.astimezone(UTC).isoformat(timespec="seconds"),
            tags=tuple(sorted(each.user_tags)),
            _open=lambda each=each: _model(each),  # type: ignore[misc]
        )


def _model(kept: Any) -> Run:  # noqa: ANN401 (Metaflow's own)
    data = kept.data
    if data is None or _MODEL not in data:
        raise RunError(
            f"{kept.pathspec} left no {_MODEL}: only the modeling and the analysis flow do, when they succeed."
        )
    run: Run = getattr(data, _MODEL).load()
    return run
