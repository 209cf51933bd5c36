"""What the benchmarks share: the bands corpus, timing in turn, and a line about the machine."""

from __future__ import annotations

import platform
import statistics
import subprocess
from collections.abc import Callable
from pathlib import Path

import firth

ROOT = Path(__file__).resolve().parent.parent
BANDS = ROOT.parent / "shared" / "data" / "bands" / "pitchfork.sqlite"


def bands_corpus() -> firth.Corpus:
    """Return the corpus of the bands recipe, or stop with the reason why there is none."""
    if not BANDS.exists():
        raise SystemExit(f"this benchmark reads {BANDS}, which is not here; see shared/data/README.md for its source.")
    return firth.read_sql(
        f"sqlite:///{BANDS}",
        contexts={
            "genre": firth.Groups(
                query="select artist as item, genre as value from reviews join genres using (reviewid)", weight=8
            ),
            "score": firth.Groups(
                query="select artist as item, score as value from reviews", aggregate="mean", round=0, weight=2
            ),
        },
    )


def in_turn(candidates: dict[str, Callable[[], float]], *, rounds: int = 5) -> dict[str, list[float]]:
    """Return what each candidate measures in each round, all of them once per round, after one round unheard."""
    figures: dict[str, list[float]] = {name: [] for name in candidates}
    for turn in range(rounds + 1):
        for name, measure in candidates.items():
            figure = measure()
            if turn > 0:
                figures[name].append(figure)
    return figures


def spread(figures: list[float], digits: int = 2) -> str:
    """Return ``median (min - max)``."""
    return f"{statistics.median(figures):.{digits}f} ({min(figures):.{digits}f} - {max(figures):.{digits}f})"


def machine() -> str:
    """Return processor, cores and commit, as a line for RESULTS.md."""
    model = "unknown processor"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        model = next((line.split(": ")[1] for line in lines if line.startswith("model name")), model)
        cores = sum(line.startswith("processor") for line in lines)
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return f"{model}, {cores} cores, Python {platform.python_version()}, commit {commit.stdout.strip()}"
