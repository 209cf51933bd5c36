"""What TensorBoard shows: losses while a run trains, the map's divergence, and its vectors in the projector.

Event files are written by tensorboardX, which needs no TensorFlow. ``tensorboard --logdir DIR`` reads them while they
are written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from firth.arrays import Float32
from firth.errors import MissingExtraError, RunError
from firth.progress import Progress, SilentProgress, Task

if TYPE_CHECKING:
    from firth.runs.run import Run

_FLUSH_S = 2  # what was noted is on the disk after so long
_STEP = {"pairs": "train", "iteration": "map"}  # what rows of each kind are counted by, and where they are shown


class TensorBoard:
    """A progress that also writes what it hears for TensorBoard.

    Parameters
    ----------
    folder
        Where to; what lies there stays, so that a run that is gone on with goes on in the same curves.
    progress
        Who else hears; None: nobody.

    Raises
    ------
    MissingExtraError
        If tensorboardX is not installed.
    RunError
        If the folder cannot be written.

    Notes
    -----
    Scalars ``train/loss``, ``train/heldout_loss`` (with ``_NAME`` for each of several contexts),
    ``train/learning_rate``, ``train/items_per_s`` over the pairs trained; ``map/kl`` over the map's iterations. A row
    per interval of the history: a hundred or so. Decides nothing of a run.
    """

    def __init__(self, folder: str | Path, progress: Progress | None = None) -> None:
        try:
            from tensorboardX import SummaryWriter
        except ImportError as error:
            raise MissingExtraError("TensorBoard's files", "tensorboardX", "tensorboard") from error
        self.folder = Path(folder)
        self._progress = progress or SilentProgress()
        self._seen: set[str] = set()
        try:
            self._writer: Any = SummaryWriter(logdir=str(self.folder), flush_secs=_FLUSH_S)
        except OSError as error:
            raise RunError(f"cannot write into {self.folder}: {error.strerror}. Choose another folder.") from error

    def task(self, description: str, *, total: float | None = None, unit: str = "") -> Task:
        """Return a task that tells both; of several of one name, such as a twin's training, the first is written."""
        inner = self._progress.task(description, total=total, unit=unit)
        is_first = description not in self._seen
        self._seen.add(description)
        return _Written(inner, self._writer) if is_first else inner

    def project(self, run: Run) -> None:
        """Write a run's vectors and items for the projector, into the same folder."""
        from firth.runs.exchange import export_run

        export_run(run, "projector", self.folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._writer.close()


class _Written(Task):
    def __init__(self, inner: Task, writer: Any) -> None:  # noqa: ANN401 (a package without types)
        self._inner, self._writer = inner, writer

    def update(self, completed: float, *, text: str = "") -> None:
        self._inner.update(completed, text=text)

    def say(self, line: str) -> None:
        self._inner.say(line)

    def note(self, figures: Mapping[str, Any]) -> None:
        self._inner.note(figures)
        counted = next((name for name in _STEP if name in figures), None)
        if counted is None:
            return
        for name, value in figures.items():
            if isinstance(value, int | float) and name not in (counted, "seconds"):
                self._writer.add_scalar(f"{_STEP[counted]}/{name}", value, global_step=int(figures[counted]))

    def show(self, step: int, places: Callable[[], Float32]) -> None:
        self._inner.show(step, places)

    def __enter__(self) -> Self:
        self._inner.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._inner.__exit__(kind, error, traceback)
