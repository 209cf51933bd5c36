"""From a recipe to better options: read, split, search, compare, write down.

The search sees the validation part only. The test part is asked once, at the end, about the best options and about the
recipe's own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from firth.errors import MissingExtraError, OptionError, RunError
from firth.progress import Progress
from firth.runs import folder as files
from firth.runs.claiming import claim_next
from firth.runs.mapper import Here, Mapper
from firth.runs.recipe import Recipe
from firth.runs.record import without_passwords
from firth.runs.tuning import keeping
from firth.runs.tuning.bench import Bench, describe, prepare
from firth.runs.tuning.comparing import N_SEEDS, Comparison, compare, sentence_of
from firth.runs.tuning.options import BUDGET_S, METRIC, TuneOptions
from firth.runs.tuning.result import Tuning, trials_frame
from firth.runs.tuning.search import Search
from firth.runs.tuning.space import own_value, space_of, tuned
from firth.runs.tuning.study import FILE, Plan, Study, Trial, require_optuna

_TRAINING = (
    "source",
    "contexts",
    "vocabulary",
    "holdout",
    "train",
    "recommend",
)  # sections that decide what a trial gives


def tune(
    recipe: Recipe | str | Path,
    *,
    budget_s: float | None = BUDGET_S,
    trials: int | None = None,
    out: str | Path | None = None,
    metric: str = METRIC,
    n_before: int = 3,
    only: Sequence[str] = (),
    grid: Mapping[str, Sequence[Any]] | None = None,
    seed: int = 1,
    n_at_once: int = 1,
    n_jobs: int | Literal["auto"] = "auto",
    mapper: Mapper | None = None,
    progress: Progress | None = None,
) -> Tuning:
    """Return better options for a recipe, found by trying, and how much better they are.

    Parameters
    ----------
    recipe
        A recipe with an ordered context, the path of one, or the name of one that the package ships.
    budget_s
        Seconds to search for, in this call; None: until ``trials`` are made. Reading and the report come on top.
    trials
        How many trials to make in all, the recipe's own options the first; None: as many as the budget allows.
    out
        A folder, new or of a tuning to go on with; None: ``runs/NAME-tune-N`` with the next free N.
    metric
        What is raised, on the validation part: ``recommend`` or ``neighbors``, then HR, NDCG or MRR at a cut-off.
    n_before
        Items of a query.
    only
        Keys to search, such as ``["train.window"]``; empty: all.
    grid
        Values by dotted key: every combination is tried, each on all sequences, instead of a search.
    seed
        Of the search; that of training is the recipe's.
    n_at_once
        Trials of a round, drawn together and made at once where there is a mapper for it. Another number is another
        search.
    n_jobs
        Threads.
    mapper
        Has trials made, with threads of its own; None: in this process, one after another.
    progress
        Who hears how far it is; None: nobody.

    Raises
    ------
    OptionError
        If an option is unknown or outside its range, or the recipe has no ordered context.
    RunError
        If the folder holds something else, or a tuning of another recipe, other data or another measure.
    MissingExtraError
        If Optuna or matplotlib is not installed.

    Notes
    -----
    With ``trials`` and no budget the result is the same for the same seed, for any ``n_jobs`` and mapper, and for a
    search that was killed and resumed, as often as may be. Ctrl-C ends the search; what was found is reported.
    """
    if not isinstance(recipe, Recipe):
        recipe = Recipe.load(recipe)
    options = TuneOptions(
        budget_s=budget_s,
        trials=trials,
        metric=metric,
        n_before=n_before,
        only=tuple(only),
        grid={key: list(values) for key, values in (grid or {}).items()},
        seed=seed,
        n_at_once=n_at_once,
        n_jobs=n_jobs,
        progress=progress,
    )
    require_optuna()
    if find_spec("matplotlib") is None:
        raise MissingExtraError("the plots", "matplotlib", "plots")
    if options.grid:
        tuned(recipe, options.combinations[0])  # unknown keys are refused before anything is read
    bench = prepare(recipe, options)
    plan = plan_of(bench)
    folder = claim_next(f"{recipe.name}-tune") if out is None else Path(out)
    with keeping.Keeper(folder, recipe, options, describe(bench)) as keeper, Study(folder / FILE, plan) as study:
        _identify(study, folder, bench)
        search = Search(bench, study, options, mapper=mapper or Here(n_jobs))
        search.run()
        return _ended(search, keeper)


def plan_of(bench: Bench) -> Plan:
    """Return what is tried, where every combination of a grid makes a valid recipe."""
    recipe, options = bench.recipe, bench.options
    if options.grid:
        for settings in options.combinations:
            tuned(recipe, settings)
        own = {key: _plain(own_value(recipe, key)) for key in options.grid}
        return Plan(own=own, grid=options.combinations, seed=options.seed, n_at_once=options.n_at_once)
    space = space_of(recipe, bench.parts.context, options, rarest=bench.rarest)
    return Plan(
        own=space.own(recipe),
        places=space.places(recipe),
        space=space,
        seed=options.seed,
        n_at_once=options.n_at_once,
    )


def _ended(search: Search, keeper: keeping.Keeper) -> Tuning:
    bench, study, best = search.bench, search.study, search.best
    own = study.trials[0] if study.trials else None
    comparison: Comparison | None = None
    sentence = "Nothing was found: no trial has ended."
    if own is not None and own.outcome == "failed":
        raise OptionError(f"the recipe's own options cannot be tried: {own.note}")
    if own is not None and best is not None:
        n_seeds = 1 if search.is_interrupted else N_SEEDS
        comparison = compare(bench, own, best, search.kept, n_seeds=n_seeds, mapper=search.mapper)
        sentence = sentence_of(comparison, best)
    importance = study.importance()
    frame = trials_frame(study.trials, list(study.plan.own))
    recipe = bench.recipe if best is None else tuned(bench.recipe, best.settings)
    found = {
        "sentence": sentence,
        "options": study.plan.names,
        "importance": importance,
        "own": _about(own, frame),
        "best": _about(best, frame),
        "test": None if comparison is None else comparison.to_dict(),
        "n_trials": {"all": len(study.trials), **_counts(study.trials)},
        "search_s": sum(trial.seconds for trial in study.trials),
    }
    document = keeper.finish(found, frame, recipe, is_interrupted=search.is_interrupted)
    return Tuning(
        recipe=bench.recipe,
        best=recipe,
        trials=frame,
        comparison=comparison,
        importance=importance,
        document=document,
        folder=keeper.folder,
    )


def _identify(study: Study, folder: Path, bench: Bench) -> None:
    """Note what a new study is of; refuse one that is of something else."""
    tables = without_passwords(bench.recipe.to_dict())
    tables["train"].pop("n_jobs", None)
    plan, options = study.plan, bench.options
    identity = {
        "data": bench.fingerprint,
        "recipe": _digest({section: tables.get(section) for section in _TRAINING}),
        "metric": options.metric,
        "n_before": options.n_before,
        "options": plan.names,
        "grid": [dict(each) for each in plan.grid],
        "seed": options.seed,
    }
    if options.n_at_once > 1 or "n_at_once" in study.identity:  # studies of earlier versions are of one at a time
        identity["n_at_once"] = options.n_at_once
    there = study.identity
    if not there:
        study.identify(identity)
        return
    other = [name for name in identity if there.get(name) != files.plain(identity[name])]
    if other:
        raise RunError(
            f"{folder} holds a tuning with other {', '.join(other)}, so it cannot go on. Tune as it was begun, or "
            "choose another folder with --out."
        )


def _digest(tables: Mapping[str, Any]) -> str:
    import json

    return hashlib.sha256(json.dumps(files.plain(tables), sort_keys=True).encode()).hexdigest()


def _about(trial: Trial | None, frame: Any) -> dict[str, Any] | None:  # noqa: ANN401 (a frame)
    if trial is None:
        return None
    minutes = frame["minutes"][trial.number]
    return {"trial": trial.number, "settings": dict(trial.settings), "validation": trial.value, "minutes": minutes}


def _counts(trials: Sequence[Trial]) -> dict[str, int]:
    outcomes = ("complete", "pruned", "too long", "failed")
    return {name: sum(trial.outcome == name for trial in trials) for name in outcomes}


def _plain(value: Any) -> Any:  # noqa: ANN401
    return list(value) if isinstance(value, tuple) else value
