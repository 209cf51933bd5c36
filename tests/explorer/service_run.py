"""A small run that has everything that is served, some of it under names that only an attacker would choose."""

from pathlib import Path

import polars as pl

import firth
from firth.sources.planted import playlists

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"; drop table items; --',
    "../../etc/passwd",
    "right\u202eto left",
    "new\nline\r\n\ttab",
    "a\0b",
    "100% + 1 & more?#",
    "'{{7*7}}${7*7}",
    "雨 Ünïcode 🎵",
    "x" * 10_000,
    " ",
)


def write_plays(path: Path, *, seed: int = 3) -> None:
    """Write playlists of 60 items, of which twelve have hostile names, with a tag and a year of each."""
    plays = playlists(n_items=60, n_playlists=120, length=8, spread=3.0, seed=seed)
    names = {f"item {number:02d}": key for number, key in enumerate(HOSTILE)}
    number = pl.col("item").str.extract(r"(\d+)").cast(pl.Int64)
    plays.with_columns(
        item=pl.col("item").replace(names),
        tag=pl.lit("tag ") + (number // 20).cast(pl.String),
        year=(1990 + number % 7).cast(pl.Float64),
    ).write_parquet(path)


def make_run(folder: Path, *, seed: int = 1, **changes: object) -> firth.Run:
    """Return a run in a folder: ordered playlists, tags, years, clusters, a map, counts, confidence."""
    table = folder.parent / f"{folder.name}.parquet"
    write_plays(table)
    tables: dict[str, object] = {
        "source": {"path": str(table)},
        "contexts": {
            "listened": {"kind": "sequences", "sequence": "playlist", "order": "position", "item": "item", "weight": 6},
            "tag": {"column": "tag", "item": "item", "weight": 1},
            "year": {"column": "year", "item": "item", "aggregate": "mean", "round": 0, "weight": 1},
        },
        "train": {"vector_size": 10, "epochs": 4, "sample": 0, "lane_size": 64, "seed": seed},
        "recommend": {"blend": 0.5, "window": 3},
        "clusters": {"n": 4},
        "map": {"perplexity": 5, "n_iter": 60},
        "plots": {"label": 0},
        "confidence": {"members": 2, "k": 5},
    }
    tables.update(changes)
    return firth.run_recipe(firth.Recipe.from_dict(tables, name=folder.name), out=folder)
