"""A training's state on disk, so that a process that dies loses minutes and no byte of the result.

A checkpoint is a folder that appears under its name only when it is whole: the model as safetensors, and ``state.json``
with the step and the books. It belongs to one corpus, one set of options and one arithmetic; another one's is refused.
Random streams are keyed by lane, so the step is all that they need.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import time
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from firth.errors import RunError
from firth.files import sync_folder
from firth.tensors import read_tensors, write_tensors

EVERY_S = 60.0
_FORMAT = 2
_MODEL, _STATE = "model.safetensors", "state.json"
_SHARE = 0.05  # of the time, at most, goes into writing
_MAX_LETTERS = 16  # of a fingerprint in a message


def identity(
    corpus_fingerprint: str, options: Mapping[str, object], variant: str, start: str | None
) -> dict[str, object]:
    """Return everything that decides a training's bytes, as plain values; threads and storage are no part of it."""
    chosen = {name: value for name, value in options.items() if name not in ("n_jobs", "model_storage")}
    parts = {
        "format": _FORMAT,
        "version": metadata.version("firth"),
        "data": corpus_fingerprint,
        "options": chosen,
        # x86-64-v3 and v4 round alike: both multiply and add in one operation.
        "arithmetic": "x86-64-v3" if variant == "x86-64-v4" else variant,
        "machine": platform.machine(),
        "start": start,
    }
    plain: dict[str, object] = json.loads(json.dumps(parts, default=str))
    return plain


class Checkpoint:
    """The checkpoints of one training, in one folder.

    Parameters
    ----------
    folder
        Where they lie; made when the first is written.
    identity
        The :func:`identity` of this training.
    every_s
        Seconds of training between two, at least; more where writing takes long.
    """

    def __init__(self, folder: Path, identity: Mapping[str, object], *, every_s: float = EVERY_S) -> None:
        self._folder, self._identity, self._every_s = folder, identity, every_s
        self._pause_s = every_s
        self._last = time.perf_counter()

    @property
    def is_due(self) -> bool:
        """Return whether it is time for the next."""
        return time.perf_counter() - self._last >= self._pause_s

    def load(self) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]] | None:
        """Return the last state and the arrays of its model, or None where there is none.

        Raises
        ------
        RunError
            If it belongs to another training, or is damaged.
        """
        from safetensors import SafetensorError

        steps = [int(path.name[5:]) for path in self._folder.glob("step-*") if path.name[5:].isdigit()]
        if not steps:
            return None
        path = self._folder / f"step-{max(steps)}"
        try:
            state = json.loads((path / _STATE).read_text(encoding="utf-8"))
            arrays = read_tensors(path / _MODEL)
            made_with = state.pop("identity")
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            raise RunError(f"the checkpoint {path} is damaged ({error}). Remove it to begin anew.") from error
        if made_with != self._identity:
            raise RunError(
                f"the checkpoint {path} belongs to another training: {_differences(made_with, self._identity)}. "
                "Resume with what it was made with, or begin anew without resuming."
            )
        return state, arrays

    def save(self, state: Mapping[str, Any], arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
        """Write a state and the arrays of its model, and remove the one before.

        Raises
        ------
        RunError
            If the folder cannot be written.
        """
        began = time.perf_counter()
        target = self._folder / f"step-{state['step']}"
        if target.exists():
            return
        unfinished = self._folder / f".{target.name}-{os.getpid()}"
        try:
            unfinished.mkdir(parents=True, exist_ok=True)
            write_tensors(unfinished / _MODEL, arrays)
            (unfinished / _STATE).write_text(json.dumps({"identity": self._identity, **state}), encoding="utf-8")
            for name in (_MODEL, _STATE):
                with (unfinished / name).open("rb") as file:
                    os.fsync(file.fileno())
            unfinished.rename(target)
            sync_folder(self._folder)
            for path in self._folder.iterdir():
                if path != target:
                    shutil.rmtree(path)
        except OSError as error:
            raise RunError(f"cannot write the checkpoint {target}: {error.strerror or error}.") from error
        self._last = time.perf_counter()
        self._pause_s = max(self._every_s, (self._last - began) / _SHARE)


def _differences(there: Mapping[str, Any], here: Mapping[str, Any]) -> str:
    """Return in words what differs between two identities."""
    parts = [name for name in here if there.get(name) != here[name] and name != "options"]
    found = [f"its {name} was {_short(there.get(name))}, here it is {_short(here[name])}" for name in parts]
    options, wanted = there.get("options", {}), here["options"]
    found += [
        f"{name} was {options.get(name)!r}, here it is {wanted.get(name)!r}"
        for name in sorted({*options, *wanted})
        if options.get(name) != wanted.get(name)
    ]
    return "; ".join(found)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= _MAX_LETTERS else text[:_MAX_LETTERS] + "…"
