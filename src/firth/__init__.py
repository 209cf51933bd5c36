"""Things that appear together become vectors, and vectors become something a person can use.

    import firth

    corpus = firth.read_table("ratings.csv", contexts={"genre": firth.Groups("genre", item="film")})
    run = firth.train(corpus, vector_size=64, out="runs/films")
    run.vectors.most_similar("Alien", k=10)
    run.map().plot(label=300, path="films.png")

The names below are loaded when they are first used, so that ``import firth`` stays cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from firth.corpus.contexts import Groups, Sequences, Walks
    from firth.corpus.corpus import Corpus
    from firth.corpus.graph import walks
    from firth.corpus.graph_reading import read_graph
    from firth.corpus.phrases import PhraseOptions
    from firth.corpus.reading import read_sql, read_table
    from firth.corpus.texts import read_text
    from firth.errors import FirthError
    from firth.maps.make import make_map
    from firth.maps.options import MapOptions
    from firth.maps.quality import map_quality
    from firth.progress import BarProgress, CallbackProgress
    from firth.runs.comparing import compare_runs
    from firth.runs.exchange import import_vectors
    from firth.runs.execute import run_recipe
    from firth.runs.recipe import Recipe
    from firth.runs.run import Run, load_run
    from firth.runs.training import train
    from firth.runs.tuning.tune import tune
    from firth.training.options import TrainOptions
    from firth.vectors.vectors import Vectors

__all__ = [
    "BarProgress",
    "CallbackProgress",
    "Corpus",
    "FirthError",
    "Groups",
    "MapOptions",
    "PhraseOptions",
    "Recipe",
    "Run",
    "Sequences",
    "TrainOptions",
    "Vectors",
    "Walks",
    "compare_runs",
    "import_vectors",
    "load_run",
    "make_map",
    "map_quality",
    "read_graph",
    "read_sql",
    "read_table",
    "read_text",
    "run_recipe",
    "train",
    "tune",
    "walks",
]

_HOMES = {
    "BarProgress": "firth.progress",
    "CallbackProgress": "firth.progress",
    "Corpus": "firth.corpus.corpus",
    "FirthError": "firth.errors",
    "Groups": "firth.corpus.contexts",
    "MapOptions": "firth.maps.options",
    "PhraseOptions": "firth.corpus.phrases",
    "Recipe": "firth.runs.recipe",
    "Run": "firth.runs.run",
    "Sequences": "firth.corpus.contexts",
    "TrainOptions": "firth.training.options",
    "Vectors": "firth.vectors.vectors",
    "Walks": "firth.corpus.contexts",
    "compare_runs": "firth.runs.comparing",
    "import_vectors": "firth.runs.exchange",
    "load_run": "firth.runs.run",
    "make_map": "firth.maps.make",
    "map_quality": "firth.maps.quality",
    "read_graph": "firth.corpus.graph_reading",
    "read_sql": "firth.corpus.reading",
    "read_table": "firth.corpus.reading",
    "read_text": "firth.corpus.texts",
    "run_recipe": "firth.runs.execute",
    "train": "firth.runs.training",
    "tune": "firth.runs.tuning.tune",
    "walks": "firth.corpus.graph",
}


def __getattr__(name: str) -> object:
    if name == "runs":  # a package that is called, and so is a public name
        return import_module("firth.runs")
    if name not in _HOMES:
        raise AttributeError(f"module 'firth' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
