"""A source with planted company, and recipes of it, for the tests that ask runs about held-out sequences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import firth
from firth.sources.planted import groups

TRAIN = {"vector_size": 12, "negative": 4, "epochs": 30, "sample": 0, "window": 2, "lane_size": 16, "heldout": 0.0}
LISTENED = {"kind": "sequences", "sequence": ["list"], "order": "place", "item": "item"}


def planted_rows(*, seed: int = 3, noise: float = 0.1) -> pl.DataFrame:
    """Return lists of three to seven items, most of one planted group; the group of an item is its column ``kind``."""
    drawn = groups(n_items=90, n_groups=6, noise=noise, rows_per_item=12, seed=seed)
    parts = []
    for number, (_, rows) in enumerate(sorted(drawn.group_by("group"), key=lambda part: str(part[0]))):
        place = np.arange(rows.height)
        lengths = np.random.default_rng([seed, number]).integers(3, 8, rows.height)
        which = np.repeat(np.arange(rows.height), lengths)[: rows.height]
        parts.append(
            rows.select(
                pl.lit(f"{number}-") + pl.Series("list", which).cast(pl.String).str.zfill(4),
                pl.Series("place", place),
                "item",
                pl.col("truth").alias("kind"),
            ).rename({"literal": "list"})
        )
    return pl.concat(parts)


def recipe_of(table: Path, **changes: Any) -> firth.Recipe:
    tables: dict[str, Any] = {
        "source": {"path": str(table)},
        "contexts": {"listened": LISTENED},
        "train": TRAIN,
        "map": {"enabled": False},
    }
    for section, values in changes.items():
        tables[section] = {**tables.get(section, {}), **values}
    return firth.Recipe.from_dict(tables, name="lists")
