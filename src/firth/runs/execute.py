"""From a recipe to a run: the stages in order, each timed, everything kept that was reached.

The step-by-step way (:func:`firth.train`, then the run's methods) goes through the same functions with the same seed,
and gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace as changed
from pathlib import Path
from typing import Any, Literal

from firth.corpus.text_pieces import TextReader
from firth.errors import OptionError
from firth.progress import Progress, SilentProgress
from firth.runs import folder as files
from firth.runs.claiming import claim, claim_next
from firth.runs.clusters import with_clusters
from firth.runs.confidence import is_made, with_confidence
from firth.runs.mapper import Mapper
from firth.runs.mapping import Making, is_interrupted, with_map
from firth.runs.pictures import draw_all
from firth.runs.reading import about_source, build_corpus, check_extras, check_sizes, trained_counted
from firth.runs.recipe import Recipe
from firth.runs.recommending import keep
from firth.runs.record import Record
from firth.runs.resuming import check_data, check_recipe, is_trained, newest_unfinished, reopen, tell
from firth.runs.run import Run
from firth.runs.starting import continuation
from firth.runs.tags import with_tag_quality
from firth.runs.training import How, check_checkpoint_s, ended, trained
from firth.training.checkpoint import EVERY_S
from firth.training.trainers import MakeTrainer


def run_recipe(
    recipe: Recipe | str | Path,
    *,
    out: str | Path | None = None,
    replace: bool = False,
    resume: bool = False,
    checkpoint_s: float = EVERY_S,
    mapper: Mapper | None = None,
    reader: TextReader | None = None,
    trainer: MakeTrainer | None = None,
    progress: Progress | None = None,
) -> Run:
    """Return the run that a recipe describes, saved in a folder.

    Parameters
    ----------
    recipe
        A recipe, the path of one, or the name of one that the package ships.
    out
        A new folder; None: ``runs/NAME-N`` with the next free N, or, to resume, the newest that has not finished.
    replace
        Whether a run that lies in ``out`` is removed first.
    resume
        Whether to go on with the run that lies in ``out``, if one was begun there: from its last checkpoint, or from
        what comes after training. Nothing is done to a complete one.
    checkpoint_s
        Seconds between two checkpoints, at least.
    mapper
        Has the other trainings of ``[confidence]`` made; None: in this process. The bytes are the same.
    reader
        Has a text read and tokenised; None: in this process. The bytes are the same.
    trainer
        Makes who does the training's steps, as :func:`firth.cluster.training.cluster_trainer` does; None: this process
        does them. The bytes are the same.
    progress
        Who hears how far it is; None: nobody.

    Raises
    ------
    FirthError
        If the recipe, the source, the folder or the training fails; the folder's ``run.json`` then says why.
    OptionError
        If a table of duplicates that is to be read lies in the folder that is to be replaced.
    RunError
        If the run to resume was begun with another recipe (its ``n_jobs`` aside) or with other data.

    Notes
    -----
    A run that was killed and resumed, as often as may be, has the bytes of one that was not. Ctrl-C after training has
    begun keeps what was reached: the run's status is then ``interrupted``, and it has a map only if that had begun to
    form. Before that it raises KeyboardInterrupt.
    """
    if not isinstance(recipe, Recipe):
        recipe = Recipe.load(recipe)
    if resume and replace:
        raise OptionError("resume goes on with a run, and replace removes it: give one of them.")
    check_checkpoint_s(checkpoint_s)
    folder, previous = None if out is None else Path(out), None
    if resume:
        folder = folder or newest_unfinished(recipe.name)
        previous = reopen(folder)
        if previous is None:
            tell(progress, f"nothing lies in {folder} yet: the run begins")
        else:
            check_recipe(previous, recipe, folder)
            if previous["status"] == "complete":
                tell(progress, f"{folder} is complete: there is nothing to do")
                return Run.load(folder)
    if folder is None:
        folder = claim_next(recipe.name)
    elif previous is None:
        if replace:
            _check_tables(recipe, folder)
        claim(folder, replace=replace)
    how = How(
        resume=resume, checkpoint_s=checkpoint_s, progress=progress, mapper=mapper, reader=reader, trainer=trainer
    )
    return execute(recipe, folder, how=how, previous=previous)


def _check_tables(recipe: Recipe, folder: Path) -> None:
    """Raise if a table that the recipe reads lies in the folder that is about to be replaced."""
    inside = [table for table in recipe.vocabulary.merges if Path(table).resolve().is_relative_to(folder.resolve())]
    if inside:
        raise OptionError(
            f"{inside[0]} lies in {folder}, which would be replaced: copy it out, or choose another folder."
        )


def execute(recipe: Recipe, folder: Path, *, how: How | None = None, previous: Mapping[str, Any] | None = None) -> Run:
    """Return the run that a recipe describes, made in a folder that was claimed for it or holds the ``previous``."""
    how = how or How()
    name = folder.resolve().name
    with Record(
        name,
        folder=folder,
        seed=recipe.train.seed,
        recipe=recipe.to_dict(),
        recipe_name=recipe.name,
        previous=previous,
    ) as record:
        how = changed(how, progress=record.live.over(how.progress))
        stages = _stages(recipe, record, how)
        if not how.has_pictures:
            del stages["plots"]
        record.live.plan([*([] if is_trained(previous) else ["read", "train"]), *stages])
        check_extras(recipe)
        if is_trained(previous):
            tell(how.progress, "training was complete: what comes after it is made")
            run = Run.load(folder)
            files.remove_checkpoint(folder)
        else:
            with record.stage("read"):
                intake, merged = trained_counted(recipe, how.progress, how.reader)
                corpus = build_corpus(recipe, intake, how.progress)
            check_data(record.document, corpus, folder)
            record.document["source"] = {**about_source(recipe, corpus), "merged": merged}
            check_sizes(recipe, len(corpus.vocabulary))
            keep(folder, intake, corpus, recipe.recommend)
            begin = None
            if recipe.start is not None:
                begin = continuation(recipe.start.run, corpus, recipe.train, freeze=recipe.start.freeze)
            run = trained(corpus, recipe.train, record, how, begin=begin)
        if record.document["status"] == "running":
            run = _finished(run, stages, record)
        return ended(run, record)


def _stages(recipe: Recipe, record: Record, how: How) -> dict[str, Callable[[Run], Run]]:
    """Return what a recipe asks for after training, by name and in its order."""
    n_jobs, plan, progress = recipe.train.n_jobs, recipe.map, how.progress
    stages: dict[str, Callable[[Run], Run]] = {
        "agreement": _shown("agreement", lambda run: _with_agreement(run, n_jobs), progress)
    }
    if recipe.confidence.members:
        stages["confidence"] = lambda run: _with_confidence(run, recipe, record, how)
    if recipe.tags is not None:
        stages["tags"] = _shown("tags", lambda run: with_tag_quality(run, n_jobs=n_jobs), progress)
    if recipe.clusters.is_wanted:
        stages["clusters"] = _shown(
            "clusters", lambda run: with_clusters(run, recipe.clusters, n_jobs=n_jobs), progress
        )
    if plan.enabled:
        stages["map"] = lambda run: with_map(run, plan, Making(seed=run.seed, n_jobs=n_jobs, progress=progress))
    stages["plots"] = lambda run: draw_all(run, recipe.plots, progress=progress)
    return stages


def _finished(run: Run, stages: Mapping[str, Callable[[Run], Run]], record: Record) -> Run:
    """Return the run with everything that was asked for, or with what was reached when Ctrl-C came."""
    for name, make in stages.items():
        try:
            with record.stage(name):
                run = make(run)
                if name == "map" and is_interrupted(run):
                    raise KeyboardInterrupt
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


def _with_agreement(run: Run, n_jobs: int | Literal["auto"]) -> Run:
    found = [agreement.to_dict() for agreement in run.agreement(n_jobs=n_jobs)]
    return changed(run, document={**run.document, "metrics": {**run.metrics, "agreement": found}})


def _with_confidence(run: Run, recipe: Recipe, record: Record, how: How) -> Run:
    """Return the run with its confidence, kept at once: it took several trainings, and what comes after may fail."""
    asked = recipe.confidence
    if is_made(run, asked):
        return run
    made = with_confidence(
        run,
        members=asked.members,
        by=asked.by,
        k=asked.k,
        recipe=recipe,
        progress=how.progress,
        n_jobs=recipe.train.n_jobs,
        mapper=how.mapper,
    )
    record.document["metrics"] = made.metrics
    if made.folder is not None:
        changed(made, document=record.document).write_rest()
    return made
