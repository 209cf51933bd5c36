"""From command to finished map and plots: the bands recipe as a whole process, its time, memory and quality.

python benchmarks/pipeline.py
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from common import BANDS, in_turn, machine, spread


def run(folder: Path, *options: str) -> Callable[[], float]:
    """Return a measurement of one whole ``firth run bands`` in seconds."""
    firth = Path(sys.executable).with_name("firth")
    command = [
        firth,
        "run",
        "bands",
        "--set",
        f"source.uri=sqlite:///{BANDS}",
        "--out",
        folder,
        "--n-jobs",
        "2",
        *options,
    ]

    def measure() -> float:
        shutil.rmtree(folder, ignore_errors=True)
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        return time.perf_counter() - start

    return measure


def main() -> None:
    """Measure and print."""
    print(machine())
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "bands"
        for name, figures in in_turn({"firth run bands": run(folder)}).items():
            print(f"{name}: {spread(figures)} s")
        document = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"peak memory {peak:.0f} MB; stages: {document['timings_s']}")
    print(json.dumps(document["metrics"], indent=1))


if __name__ == "__main__":
    main()
