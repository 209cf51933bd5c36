"""The folder of a tuning: who works on it, its report, trials, best recipe and pictures; each written whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from firth.errors import RunError
from firth.files import write_text
from firth.runs import folder as files
from firth.runs.recipe import Recipe
from firth.runs.record import versions, without_password, without_passwords
from firth.runs.toml import recipe_toml
from firth.runs.tuning.options import TuneOptions
from firth.runs.tuning.study import FILE

if TYPE_CHECKING:
    import polars as pl

REPORT, BEST, TRIALS = "report.json", "best.toml", "trials.parquet"
FORMAT = 1
_OWN = {REPORT, BEST, TRIALS, FILE, f"{FILE}-journal", files.PLOTS}


class Keeper:
    """A tuning's folder while it is worked on.

    Parameters
    ----------
    folder
        New, empty, or of a tuning.
    recipe
        What is tuned.
    options
        How.
    data
        What the data is, as plain values.

    Raises
    ------
    RunError
        If the folder holds anything else, another process tunes there, or it cannot be written.
    """

    def __init__(self, folder: Path, recipe: Recipe, options: TuneOptions, data: Mapping[str, Any]) -> None:
        _claim(folder)
        self.folder = folder
        self.document: dict[str, Any] = {
            "format": FORMAT,
            "name": folder.resolve().name,
            "status": "running",
            "error": None,
            "process": files.owner(),
            "started": _now(),
            "finished": None,
            "recipe": without_passwords(recipe.to_dict()),
            "recipe_name": recipe.name,
            "metric": options.metric,
            "n_before": options.n_before,
            "budget_s": options.budget_s,
            "wanted_trials": options.trials,
            "is_grid": bool(options.grid),
            "seed": options.seed,
            "n_at_once": options.n_at_once,
            "data": dict(data),
            "versions": versions(),
        }
        self._write()

    def finish(
        self, found: Mapping[str, Any], trials: pl.DataFrame, best: Recipe, *, is_interrupted: bool
    ) -> dict[str, Any]:
        """Write everything, the report last, and return the report."""
        import polars as pl  # noqa: F401 (read by write_frame)

        from firth.runs.tuning.pictures import draw

        status = "interrupted" if is_interrupted else "complete"
        self.document |= {**found, "status": status, "process": None, "finished": _now()}
        files.write_frame(self.folder, TRIALS, trials)
        head = f"Made by: firth tune {self.document['recipe_name']}\n{found['sentence']}"
        settings = (found["best"] or {}).get("settings", {})
        write_text(self.folder / BEST, recipe_toml(best, keep=[*settings, "train.heldout"], head=head))
        self.document["plots"] = draw(self.folder, trials, self.document)
        self._write()
        return self.document

    def _write(self) -> None:
        text = json.dumps(files.plain(self.document), indent=2, ensure_ascii=False, allow_nan=False)
        write_text(self.folder / REPORT, text + "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            return
        status = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
        why = without_password(str(error)) or type(error).__name__
        self.document |= {"status": status, "error": why, "process": None, "finished": _now()}
        with suppress(RunError):  # the first error is the one to tell
            self._write()


def read_report(folder: Path) -> dict[str, Any]:
    """Return the report of a tuning, or nothing where there is none.

    Raises
    ------
    RunError
        If it is damaged.
    """
    path = folder / REPORT
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise RunError(f"{path} is damaged ({error}). Choose another folder.") from error
    if not isinstance(document, dict) or document.get("status") not in files.STATUSES:
        raise RunError(f"{path} is no report of a tuning. Choose another folder.")
    return document


def _claim(folder: Path) -> None:
    """Make a folder, or take one that is empty or holds a tuning that nobody works on."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        entries = {entry.name for entry in folder.iterdir() if not files.is_partial(entry.name)}
    except OSError as error:
        raise RunError(f"cannot make the folder {folder}: {error.strerror}. Choose another with --out.") from error
    if not entries <= _OWN or (entries and REPORT not in entries):
        raise RunError(f"{folder} holds something else than a tuning. Choose another with --out.")
    if entries and files.state(read_report(folder)) == "running":
        raise RunError(f"another process tunes in {folder}. Wait for it, or choose another with --out.")
    files.remove_partial(folder)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
