"""Sequences with a known answer: each holds items of one planted group, in which the next follows from the last."""

from pathlib import Path

import numpy as np
import polars as pl

import firth
from firth.randomness import Purpose, generator
from firth.sources import planted

TRAIN = {"vector_size": 16, "window": 2, "epochs": 4, "sample": 0, "lane_size": 32}


def write_lists(path: Path, *, n_lists: int = 160, length: int = 7, seed: int = 1) -> Path:
    """Write lists of one planted group each; within a group items come in a circle, a step or two at a time."""
    rows = planted.groups(n_items=45, n_groups=3, seed=seed)
    members = rows.unique(["item"]).sort("item").group_by("truth", maintain_order=True).agg("item")["item"].to_list()
    random = generator(seed, Purpose.PLANTED, 7)
    lists = []
    for number in range(n_lists):
        group = members[number % len(members)]
        places = int(random.integers(len(group))) + np.cumsum(random.integers(1, 3, size=length - number % 3))
        lists += [(f"list {number}", i, group[int(place) % len(group)]) for i, place in enumerate(places)]
    pl.DataFrame(lists, schema=["list", "place", "item"], orient="row").write_parquet(path)
    return path


def recipe(table: Path, **sections: object) -> firth.Recipe:
    """Return a recipe of such lists, with half of them held out."""
    tables = {
        "source": {"path": str(table)},
        "contexts": {"listened": {"kind": "sequences", "sequence": "list", "order": "place", "item": "item"}},
        "holdout": {"validation": 0.25, "test": 0.25},
        "train": TRAIN,
        "map": {"enabled": False},
    }
    return firth.Recipe.from_dict({**tables, **sections}, name="lists")
