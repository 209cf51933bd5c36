"""A small run of songs of which some have several names, made from a recipe so that it can be made again."""

from pathlib import Path

import numpy as np
import polars as pl

import firth
from firth.runs.recipe import Recipe

ARTISTS = ("Ann", "Bob", "Cyd", "Dee")
TITLES = ("Anchor", "Bridge", "Candle", "Desert", "Ember", "Forest", "Garden", "Harbor", "Island", "Jungle")
COPIES = {
    "Ann - Anchor": ["Ann - Anchor - Radio Edit", "Ann - Anchor (feat. Zoe)"],
    "Bob - Bridge": ["Bob - Bridge [2011 Remaster]"],
    "Cyd - Candle": ["CYD - Candle"],
}
NAMESAKE = ("Dee - Desert", "DEE - Desert")  # the second is played among songs of Ann


def write_plays(path: Path) -> None:
    """Write lists of songs of one artist; a song that has copies goes under one of its names, by lot."""
    draws = np.random.default_rng(7)
    rows = []
    for number in range(600):
        artist = ARTISTS[number % len(ARTISTS)]
        for place, title in enumerate(draws.permutation(len(TITLES))[:6]):
            key = f"{artist} - {TITLES[title]}"
            names = [key, *COPIES.get(key, [])]
            key = names[int(draws.integers(len(names)))]
            maker, _, track = key.partition(" - ")
            rows.append({"playlist": number, "position": place, "artist": maker, "track": track})
        if artist == "Ann" and number % 3 == 0:
            maker, _, track = NAMESAKE[1].partition(" - ")
            rows.append({"playlist": number, "position": 6, "artist": maker, "track": track})
    pl.DataFrame(rows).write_csv(path)


def copied_run(folder: Path) -> firth.Run:
    """Return the run in ``folder / "songs"``."""
    write_plays(folder / "plays.csv")
    given = {
        "source.path": str(folder / "plays.csv"),
        "train.vector_size": 12,
        "train.epochs": 8,
        "train.window": 4,
        "map.perplexity": 5,
        "map.n_iter": 260,
        "clusters.n": 4,
        "plots.label": 0,
    }
    return firth.run_recipe(Recipe.load("playlists", overrides=given), out=folder / "songs")
