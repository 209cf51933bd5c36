"""How long ``import firth`` and ``firth --help`` take in a fresh process, beside an empty Python and ``import numpy``.

python benchmarks/import_time.py
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from common import in_turn, machine, spread


def seconds_of(command: list[str]) -> Callable[[], float]:
    """Return a measurement of a whole process in seconds."""

    def measure() -> float:
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        return time.perf_counter() - start

    return measure


def main() -> None:
    """Measure and print one table."""
    print(machine())
    candidates = {
        "python -c pass": seconds_of([sys.executable, "-c", "pass"]),
        "import numpy": seconds_of([sys.executable, "-c", "import numpy"]),
        "import firth": seconds_of([sys.executable, "-c", "import firth"]),
        "firth --help": seconds_of([str(Path(sys.executable).with_name("firth")), "--help"]),
    }
    for name, figures in in_turn(candidates, rounds=9).items():
        print(f"{name:16s} {spread(figures, 3)} s")


if __name__ == "__main__":
    main()
