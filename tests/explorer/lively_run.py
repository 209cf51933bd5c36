"""A small run that has an answer to everything: sequences, attributes, clusters, a map, confidence; and keys that are
meant to do harm, or that can be read in two ways.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

import firth
from firth.runs.recipe import Recipe

GENRES = ("blues", "disco", "grunge")
UNSTABLE, TORN = "blues 03", "disco 05"
RARE = "grunge rarity"  # occurs less often than an item must
LONG = "ox" * 5_000
HOSTILE = (
    "<img src=x onerror=\"document.title='owned'\">",
    "<script>document.title='owned'</script>",
    "</li></ol><h1>taken over</h1>",
    "{{7*7}} ${7*7} {@html 'x'}",
    "\u202egnp.exe\u202e",
    LONG,
)
READ_TWICE = ("jay-z", "salt - pepper", "a + b", 'the "quoted" one')


def _items() -> dict[str, list[str]]:
    """Return the items of each genre."""
    of_genre = {genre: [f"{genre} {number:02}" for number in range(12)] for genre in GENRES}
    of_genre["blues"] += HOSTILE
    of_genre["disco"] += READ_TWICE
    return of_genre


def lively_run(folder: Path) -> firth.Run:
    """Return the run in ``folder / "lively"``."""
    draws = np.random.default_rng(5)
    of_genre = _items()
    rows = []
    for number in range(150):
        genre = GENRES[number % len(GENRES)]
        for place, one in enumerate(draws.permutation(len(of_genre[genre]))[:8]):
            key = of_genre[genre][one]
            rows.append({"playlist": number, "position": place, "item": key, "genre": genre, "year": 1960 + one})
    rows.append({"playlist": 2, "position": 9, "item": RARE, "genre": "grunge", "year": 1999})
    pl.DataFrame(rows).write_csv(folder / "plays.csv")
    recipe = {
        "source": {"path": str(folder / "plays.csv")},
        "contexts": {
            "listened": {"kind": "sequences", "sequence": "playlist", "order": "position"},
            "genre": {"column": "genre", "weight": 0},
            "year": {"column": "year", "aggregate": "mean", "weight": 0},
        },
        "vocabulary": {"min_count": 10},
        "train": {"vector_size": 10, "window": 4, "epochs": 40, "negative": 10, "sample": 0},
        "recommend": {"blend": 0.5, "decay": 0.5, "cold": "group", "group": "genre"},
        "clusters": {"n": 3},
        "map": {"perplexity": 6, "n_iter": 260},
        "plots": {"label": 0},
    }
    run = firth.run_recipe(Recipe.from_dict(recipe, name="lively"), out=folder / "lively").confidence(members=2)
    planted = [
        pl.when(pl.col("key") == key).then(value).otherwise(other).cast(pl.Float32).alias(name)
        for key, name, value, other in ((UNSTABLE, "confidence", 0.21, 0.9), (TORN, "distortion", 1.0, 0.3))
    ]
    return replace(run, items=run.items.with_columns(planted)).save()
