"""Small planted runs that are watched while they are made, for the tests of the files and of the service."""

from pathlib import Path
from typing import Any

import polars as pl

import firth
from firth.sources.planted import groups

TRAIN = {"vector_size": 8, "negative": 3, "pairs": 120_000, "lane_size": 16, "heldout": 0.05, "probes": ["item, 03"]}
STAGES = ["read", "train", "agreement", "clusters", "map", "plots"]


def planted_table(folder: Path) -> Path:
    """Write items of three groups whose keys hold a comma."""
    path = folder / "planted.parquet"
    rows = groups(n_items=83, n_groups=3, seed=5)
    rows.with_columns(item=pl.col("item").str.replace(" ", ", ")).write_parquet(path)
    return path


def recipe(table: Path, **changes: Any) -> firth.Recipe:
    tables: dict[str, Any] = {
        "source": {"path": str(table)},
        "contexts": {
            "group": {"column": "group", "item": "item", "weight": 3},
            "score": {"column": "score", "item": "item", "aggregate": "mean", "round": 0},
        },
        "train": TRAIN,
        "clusters": {"n": 3},
        "map": {"n_iter": 300, "patience": 0},
    }
    return firth.Recipe.from_dict({**tables, **changes}, name="planted")
