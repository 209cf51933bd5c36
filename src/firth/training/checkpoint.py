"""A training's state on disk, so that a process that dies loses minutes and no byte of the result.

A checkpoint is a folder that appears under its name only when it is whole: the model as safetensors, and ``state.json``
with the step and the books. It belongs to one corpus, one set of options and one instruction set; another one's is
refused. Random streams are keyed by lane, so the step is all that they need.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from firth.errors import RunError

FOLDER = "checkpoint"
_FORMAT = 1
_MODEL, _STATE = "model.safetensors", "state.json"
_SHARE = 0.05  # of the time, at most, goes into writing


def key_of(corpus_fingerprint: str, options: Mapping[str, object], variant: str, start: str | None) -> str:
    """Return what a checkpoint must match to be gone on from; the number of threads is no part of it."""
    parts = {name: value for name, value in options.items() if name != "n_jobs"}
    text = json.dumps([_FORMAT, corpus_fingerprint, parts, variant, start], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


class Checkpoint:
    """The checkpoints of one training, in one folder.

    Parameters
    ----------
    folder
        Where they lie; made when the first is written.
    key
        :func:`key_of` this training.
    every_s
        Seconds of training between two, at least; more where writing takes long.
    """

    def __init__(self, folder: Path, key: str, *, every_s: float = 60.0) -> None:
        self._folder, self._key, self._every_s = folder, key, every_s
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
        from safetensors.numpy import load_file

        steps = [int(path.name[5:]) for path in self._folder.glob("step-*") if path.name[5:].isdigit()]
        if not steps:
            return None
        path = self._folder / f"step-{max(steps)}"
        try:
            state = json.loads((path / _STATE).read_text(encoding="utf-8"))
            arrays = load_file(path / _MODEL)
        except (OSError, ValueError, SafetensorError) as error:
            raise RunError(f"the checkpoint {path} is damaged ({error}). Remove it to begin anew.") from error
        if state["key"] != self._key:
            raise RunError(
                f"the checkpoint {path} belongs to another training: the data, the options or the processor's "
                "instruction set differ. Resume with those it was made with, or begin anew without --resume."
            )
        return state, arrays

    def save(self, state: Mapping[str, Any], arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
        """Write a state and the arrays of its model, and remove the one before.

        Raises
        ------
        RunError
            If the folder cannot be written.
        """
        from safetensors.numpy import save_file

        began = time.perf_counter()
        target = self._folder / f"step-{state['step']}"
        if target.exists():
            return
        unfinished = self._folder / f".{target.name}-{os.getpid()}"
        try:
            unfinished.mkdir(parents=True, exist_ok=True)
            save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, unfinished / _MODEL)
            (unfinished / _STATE).write_text(json.dumps({"key": self._key, **state}), encoding="utf-8")
            for name in (_MODEL, _STATE):
                with (unfinished / name).open("rb") as file:
                    os.fsync(file.fileno())
            unfinished.rename(target)
            for path in self._folder.iterdir():
                if path != target:
                    shutil.rmtree(path)
        except OSError as error:
            raise RunError(f"cannot write the checkpoint {target}: {error.strerror or error}.") from error
        self._last = time.perf_counter()
        self._pause_s = max(self._every_s, (self._last - began) / _SHARE)

    def remove(self) -> None:
        """Remove all of them: the training is complete."""
        shutil.rmtree(self._folder, ignore_errors=True)
