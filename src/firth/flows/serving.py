"""A model on a service: put in place at once, started in a process of its own, compared with the library's answers."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from firth.errors import RunError
from firth.flows.artifacts import PackedRun
from firth.randomness import Purpose, generator
from firth.runs import folder as files
from firth.runs.run import Run

_K = 10


def put(model: PackedRun, out: str | Path) -> Path:
    """Return a folder that holds the model, in the place of the run that was there.

    Raises
    ------
    RunError
        If something else than a run lies there.

    Notes
    -----
    The folder that is served is a link to one of its own per model, and is turned from one to the other in one step.
    """
    target = Path(out).absolute()
    if target.exists() and not target.is_symlink():
        raise RunError(f"{target} is not a link to a model; the flow makes one. Choose another with --out.")
    target.parent.mkdir(parents=True, exist_ok=True)
    previous = target.resolve() if target.is_symlink() else None
    versions = target.parent / f".{target.name}"
    versions.mkdir(exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f"{model.name}-", dir=versions))
    model.unpack(fresh)
    link = target.with_name(f".{target.name}.partial")
    link.unlink(missing_ok=True)
    link.symlink_to(fresh)
    link.replace(target)
    if previous is not None and previous.parent == versions and (previous / files.DOCUMENT).exists():
        for old in sorted(versions.iterdir()):
            if old not in (fresh, previous):  # the one before stays, to go back to
                shutil.rmtree(old)
    return target


class Service:
    """``firth serve`` in a process of its own.

    Parameters
    ----------
    folder
        The run.
    port
        0: one that is free.
    keep
        Whether it stays when the context is left.

    Raises
    ------
    RunError
        If it does not start.
    """

    def __init__(self, folder: str | Path, *, port: int = 0, keep: bool = False) -> None:
        command = [sys.executable, "-m", "firth", "serve", str(folder), "--port", str(port)]
        self._keep = keep
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 (it stays open as long as the process writes to it)
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self._said, text=True, start_new_session=keep
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if found := re.search(r"https?://\S+", line):
                self.url = found.group()
                return
        self._said.seek(0)
        raise RunError(f"the service did not start: {self._said.read().decode(errors='replace').strip()}")

    def recommend(self, keys: list[str], *, k: int) -> list[str]:
        """Return the keys that the service recommends."""
        body = json.dumps({"keys": keys, "k": k}).encode()
        request = urllib.request.Request(
            f"{self.url}/api/runs/0/recommend", data=body, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            said: dict[str, Any] = json.load(answer)
        return [each["key"] for each in said["recommendations"]]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self._keep or error is not None:
            self._process.terminate()
            self._process.wait(timeout=30)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._said.close()


def differences(service: Service, run: Run, *, n: int) -> tuple[int, list[list[str]]]:
    """Return how many questions were asked, and those that the service answers otherwise than the run does.

    The questions are drawn: up to three items each.
    """
    rng = generator(run.seed, Purpose.CHANCE, 2**41)
    keys = run.vectors.keys
    different = []
    for _ in range(n):
        asked = [keys[i] for i in rng.choice(len(keys), size=min(len(keys), int(rng.integers(1, 4))), replace=False)]
        own = [key for key, _ in run.recommender.recommend(asked, k=_K).found]
        if service.recommend(asked, k=_K) != own:
            different.append(asked)
    return n, different
