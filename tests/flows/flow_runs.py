"""Flows run by Metaflow itself, in a process of their own, on planted playlists."""

import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl

from firth.sources.planted import playlists

SETTINGS = {"train.epochs": 6, "train.lane_size": 64, "train.heldout": 0.0}
GRID = [{"vector_size": 8}, {"vector_size": 16, "negative": 3}]


class Flows:
    """A folder in which flows are run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / ".metaflow").mkdir()
        planted_csv(folder / "plays.csv")

    def command(self, flow: str, *arguments: str) -> list[str]:
        return [sys.executable, "-m", f"firth.flows.{flow}", *arguments]

    def start(self, flow: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a flow; what it says comes line by line."""
        return subprocess.Popen(
            self.command(flow, *arguments),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
        )

    def run(self, flow: str, *arguments: str) -> str:
        """Run a flow to its end, and return what it said."""
        done = subprocess.run(
            self.command(flow, *arguments), cwd=self.folder, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def model(self, *arguments: str) -> str:
        return self.run("modeling", "run", *MODEL, *arguments)

    def ask(self, code: str) -> str:
        """Return what a program says that reads the flows' artifacts."""
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=self.folder, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("METAFLOW")}
        return {**kept, "USERNAME": "tester", "PYTHONWARNINGS": "ignore"}


MODEL = ("--source", "plays.csv", "--set", json.dumps(SETTINGS), "--grid", json.dumps(GRID), "--knn-k", "10")


def planted_csv(path: Path) -> None:
    """Write playlists in the columns that the recipe ``playlists`` reads."""
    playlists(n_items=60, n_playlists=240, spread=3.0, seed=5).select(
        "playlist", "position", artist=pl.lit("artist ") + pl.col("item").str.slice(-1), track="item"
    ).write_csv(path)
