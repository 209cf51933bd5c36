"""What is written down while a run is made: its parts, its timings, how it ended.

A record lives in a folder's ``run.json`` (or in memory only, where a run has no folder) and is a context manager: an
exception that passes through it is noted there, with its message, and goes on.
"""

from __future__ import annotations

import platform
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from firth.errors import RunError
from firth.runs.claiming import begin
from firth.runs.folder import FORMAT, owner, write_document
from firth.runs.live import Live

_PACKAGES = ("firth", "numpy", "polars", "safetensors", "scikit-learn", "scikit-learn-intelex", "matplotlib")


class Record:
    """The document of a run that is being made.

    Parameters
    ----------
    name
        What the run is called.
    folder
        Where its ``run.json`` is kept up to date; None keeps it in memory.
    seed
        The seed of everything that is drawn.
    recipe
        The recipe as plain values; None where the run was made step by step.
    recipe_name
        What the recipe is called.
    previous
        The document of the run that is gone on with; None for a new one.

    Raises
    ------
    RunError
        If the folder cannot be written, or another process began a run there.
    """

    def __init__(
        self,
        name: str,
        *,
        folder: Path | None,
        seed: int | None = None,
        recipe: Mapping[str, Any] | None = None,
        recipe_name: str | None = None,
        previous: Mapping[str, Any] | None = None,
    ) -> None:
        self.folder, self.live = folder, Live(folder)
        self.document: dict[str, Any] = {
            "format": FORMAT,
            "name": name,
            "status": "running",
            "error": None,
            "process": owner(),
            "started": _now(),
            "resumed": [],
            "finished": None,
            "seed": seed,
            "recipe_name": recipe_name,
            "recipe": without_passwords(recipe),
            "source": None,
            "lineage": None,
            "corpus": None,
            "start": None,
            "training": None,
            "metrics": {},
            "clusters": [],
            "plots": [],
            "timings_s": {},
            "versions": versions(),
            "instruction_set": None,
        }
        if previous is not None:
            kept = (
                "recipe_name",
                "started",
                "source",
                "lineage",
                "corpus",
                "start",
                "training",
                "metrics",
                "clusters",
                "timings_s",
            )
            self.document |= {key: previous[key] for key in (*kept, "instruction_set") if key in previous}
            self.document["resumed"] = [*previous.get("resumed", []), _now()]
        if folder is not None:
            begin(folder, self.document, is_resumed=previous is not None)

    def write(self) -> None:
        """Write ``run.json``."""
        if self.folder is not None:
            write_document(self.folder, self.document)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Return a context whose wall time is noted under ``name``, in seconds."""
        start = time.perf_counter()
        try:
            with self.live.stage(name):
                yield
        finally:
            self.document["timings_s"][name] = round(time.perf_counter() - start, 3)

    def end(self, status: str, *, error: str | None = None) -> None:
        """Note how the run ended. It is written when the context is left, or by saving the run."""
        self.document.update(status=status, error=without_password(error), process=None, finished=_now())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self.live.end(is_complete=self.document["status"] == "complete")
            return
        if isinstance(error, KeyboardInterrupt):
            self.end("interrupted", error="interrupted before there were vectors")
        else:
            self.end("failed", error=str(error) or type(error).__name__)
        with suppress(RunError):  # the disk may be what failed; the first error is the one to tell
            self.write()
        self.live.end(is_complete=False)


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that decide a result, those that are installed."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    return found


def without_password(text: str | None) -> str | None:
    """Return a text in which the passwords of URIs are replaced by ``***``."""
    if text is None:
        return None
    text = re.sub(r"(://[^\s:/@]*:)[^\s/]*(?=@)", r"\1***", text)
    return re.sub(
        r"(?i)\b(password|passwd|sslpassword|x-(?:amz|goog)-(?:signature|security-token)|sig)=[^\s&;'\"]+",
        r"\1=***",
        text,
    )


def without_passwords(value: Any) -> Any:  # noqa: ANN401 (plain values of any type)
    """Return plain values in which every text has lost its passwords."""
    if isinstance(value, Mapping):
        return {key: without_passwords(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [without_passwords(entry) for entry in value]
    return without_password(value) if isinstance(value, str) else value


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
