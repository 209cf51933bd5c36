"""A small database of films with a known answer, a recipe, and one run of it that the tests share and never change."""

import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from cli_calls import call

GENRES = ("comedy", "drama", "sci-fi")
RECIPE = """
[source]
uri = "sqlite:///{database}"

[contexts.genre]
query = "select film as item, genre as value from films"
weight = 8

[contexts.score]
query = "select film as item, score as value from films"
aggregate = "mean"
round = 0
weight = 2

[train]
vector_size = 8
pairs = 60_000
learning_rate = 0.05

[clusters]
n = 3

[map]
perplexity = 10
n_iter = 260

[plots]
label = 5
color_by = ["genre", "score"]
"""


def write_films(path: Path) -> None:
    draws = np.random.default_rng(5)
    rows = []
    for number in range(90):
        group = number % 3
        rows.append((f"{GENRES[group]} film {number}", GENRES[group], 3.0 + 2 * group + draws.random()))
    rows.append(("lonely film", None, None))
    with sqlite3.connect(path) as connection:
        connection.execute("create table films (film text, genre text, score real)")
        connection.executemany("insert into films values (?, ?, ?)", rows)
    connection.close()


@pytest.fixture(scope="session")
def recipe_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    write_films(folder / "films.sqlite")
    (folder / "films.toml").write_text(RECIPE.format(database=folder / "films.sqlite"), encoding="utf-8")
    return folder / "films.toml"


@pytest.fixture(scope="session")
def finished(recipe_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished") / "films"
    result = call("run", recipe_path, "--out", folder)
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def own_run(finished: Path, tmp_path: Path) -> Path:
    """A copy of the run that a test may change."""
    return Path(shutil.copytree(finished, tmp_path / "films"))
