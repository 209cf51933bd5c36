"""The benchmark of what is larger than memory, at a size for tests: it runs, and what it plants is learned."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "benchmarks" / "large.py"


def run(*words: str) -> str:
    """Return what the benchmark prints."""
    return subprocess.run(
        [sys.executable, str(SCRIPT), *words], capture_output=True, text=True, check=True, cwd=SCRIPT.parent
    ).stdout


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="the benchmark reads memory and disk from Linux")
@pytest.mark.parametrize("words", [("--model-storage", "file"), ("--precision", "float16", "--cold")])
def test_planted_topics_are_learned_from_the_disk(tmp_path: Path, words: tuple[str, ...]) -> None:
    sizes = ("--n-items", "20000", "--n-tokens", "600000", "--size", "16", "--epochs", "2")
    told = run("items", *sizes, *words, "--folder", str(tmp_path / "large"))
    share = re.search(r"ten nearest of 50 items: ([\d.]+)", told)
    assert share is not None, told
    # By chance 0.001; found are 0.866 with either precision.
    assert float(share[1]) > 0.5
    assert ("in memory of the rows" in told) == ("file" in words)


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="the benchmark reads memory and disk from Linux")
def test_reading_ahead_is_compared_from_a_cold_disk(tmp_path: Path) -> None:
    sizes = ("--n-items", "3000", "--n-tokens", "100000", "--size", "8", "--rounds", "1")
    told = run("disk", *sizes, "--folder", str(tmp_path / "large"))
    assert [name in told for name in ("read ahead", "left to the system", "in memory already")] == [True] * 3
