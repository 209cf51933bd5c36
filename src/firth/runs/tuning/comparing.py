"""The best options beside the recipe's own, on sequences that nobody chose by, and both beside counting.

Each is trained with several seeds, as luck in training may be as large as what tuning gains: of a question the mean
over the seeds is compared, and the intervals are over questions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from firth.arrays import Float64
from firth.errors import DivergenceError
from firth.evaluation.bootstrap import Estimate, differences, intervals
from firth.evaluation.items import KS, ItemEvaluation, evaluate_items
from firth.evaluation.lasts import Lasts, last_items
from firth.evaluation.rankers import baselines
from firth.evaluation.ranking import per_question, ranks_of
from firth.progress import SilentProgress
from firth.runs.evaluating import trained_context, window_of
from firth.runs.mapper import Here, Mapper, Place
from firth.runs.recipe import Recipe
from firth.runs.tuning.bench import Answers, Bench
from firth.runs.tuning.space import tuned
from firth.runs.tuning.study import Trial

N_SEEDS = 3
_EASE_UP_TO = 4_000  # items, for which it takes seconds


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """The best options beside the recipe's own, and both beside counts, on the test part.

    Parameters
    ----------
    own, best
        (n_questions,) float64 each, by measure: how good the answers to each question are, the mean over the seeds. The
        same object where the recipe's own options are the best.
    own_seeds, best_seeds
        The mean of what was tuned for, seed by seed.
    baselines
        How good counting and chance are.
    measure
        What was tuned for.
    """

    own: Mapping[str, Float64]
    best: Mapping[str, Float64]
    own_seeds: Sequence[float]
    best_seeds: Sequence[float]
    baselines: ItemEvaluation
    measure: str

    @property
    def own_measures(self) -> Mapping[str, Estimate]:
        """How good the recipe's own options are, measure by measure, with 95 % intervals."""
        return intervals(self.own)

    @property
    def best_measures(self) -> Mapping[str, Estimate]:
        """How good the best options are, measure by measure, with 95 % intervals."""
        return intervals(self.best)

    @property
    def differences(self) -> Mapping[str, Estimate]:
        """How much better the best options are, measure by measure, with paired 95 % intervals."""
        return differences(self.best, self.own)

    @property
    def gain(self) -> Estimate:
        """How much better the best options are in what was tuned for."""
        return self.differences[self.measure]

    @property
    def strongest(self) -> str:
        """The baseline that is best in what was tuned for."""
        return max(self.baselines.scores, key=lambda score: score.measures[self.measure].mean).name

    @property
    def over_counts(self) -> Estimate:
        """How much better the best options are than the strongest baseline."""
        counted = per_question(self.baselines[self.strongest].ranks, self.baselines.ks)
        return differences(self.best, counted)[self.measure]

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as plain values."""
        return {
            "n_questions": self.baselines.n_questions,
            "own": {name: each.to_dict() for name, each in self.own_measures.items()},
            "best": {name: each.to_dict() for name, each in self.best_measures.items()},
            "own_seeds": list(self.own_seeds),
            "best_seeds": list(self.best_seeds),
            "differences": {name: each.to_dict() for name, each in self.differences.items()},
            "baselines": [score.to_dict() for score in self.baselines.scores],
            "strongest": self.strongest,
            "over_counts": self.over_counts.to_dict(),
        }


def compare(
    bench: Bench,
    own: Trial,
    best: Trial,
    kept: Mapping[int, Answers],
    *,
    n_seeds: int = N_SEEDS,
    mapper: Mapper | None = None,
) -> Comparison:
    """Return both asked about the test part; what was not trained in this call is trained again."""
    options = bench.options
    # an evaluation has the reciprocal rank at its largest cut-off only
    ks = tuple(sorted({*(k for k in KS if k <= options.k or not options.measure.startswith("MRR")), options.k}))
    questions = _questions(bench)
    trials = (own, best)[: 1 + (best.number != own.number)]
    there = {trial.number: _measures(bench, kept[trial.number], ks) for trial in trials if trial.number in kept}
    asked = [(trial, place) for trial in trials for place in range(n_seeds) if place or trial.number not in there]
    recipes = [(_seeded(tuned(bench.recipe, trial.settings), place), ks) for trial, place in asked]
    with (options.progress or SilentProgress()).task("comparing", total=len(asked)) as task:
        made = (mapper or Here(options.n_jobs)).map(_trained_measures, bench, recipes, what="training", task=task)
        found = [list(_of_trial(trial, there, made, n_seeds)) for trial in trials]
    means = [{name: np.mean([each[name] for each in values], axis=0) for name in values[0]} for values in found]
    seeds = [[float(each[options.measure].mean()) for each in values] for values in found]
    return Comparison(
        own=means[0],
        best=means[-1],
        own_seeds=seeds[0],
        best_seeds=seeds[-1],
        baselines=_baselines(bench, tuned(bench.recipe, own.settings), questions, ks),
        measure=options.measure,
    )


def _of_trial(
    trial: Trial, there: Mapping[int, dict[str, Float64]], made: Iterator[dict[str, Float64]], n_seeds: int
) -> Iterator[dict[str, Float64]]:
    """Yield every measure of a trial, seed by seed: the first that is there already, then those that are made."""
    for place in range(n_seeds):
        yield there[trial.number] if place == 0 and trial.number in there else next(made)


def _questions(bench: Bench) -> Lasts:
    return last_items(bench.parts.sequences, bench.parts.test, n_before=bench.options.n_before)


def _trained_measures(bench: Bench, item: tuple[Recipe, tuple[int, ...]], place: Place) -> dict[str, Float64]:
    """Return every measure for each question; nothing is found where another seed diverges."""
    (recipe, ks), bench = item, bench.at(place)
    try:
        answers = bench.answers(recipe, bench.n_stages - 1)
    except DivergenceError:
        return per_question(np.zeros(len(_questions(bench)), dtype=np.int64), ks)
    return _measures(bench, answers, ks)


def _measures(bench: Bench, answers: Answers, ks: tuple[int, ...]) -> dict[str, Float64]:
    asked = _questions(bench).asked_of(answers.corpus.vocabulary)
    return per_question(ranks_of(bench.found(answers.ranker, asked, k=ks[-1]), asked.targets), ks)


def _baselines(bench: Bench, recipe: Recipe, questions: Lasts, ks: tuple[int, ...]) -> ItemEvaluation:
    options, corpus = bench.options, bench.corpus(recipe, bench.n_stages - 1)
    context, window = trained_context(corpus, bench.parts.context), window_of(recipe, bench.parts.context)
    rankers = baselines(corpus, context, window=window, seed=options.seed, ease_up_to=_EASE_UP_TO)
    return evaluate_items(
        rankers,
        questions.asked_of(corpus.vocabulary),
        corpus.counts,
        ks=ks,
        seed=options.seed,
        n_jobs=options.n_jobs,
        progress=options.progress,
    )


def _seeded(recipe: Recipe, place: int) -> Recipe:
    return replace(recipe, train=replace(recipe.train, seed=(recipe.train.seed + place) % 2**64))


def sentence_of(comparison: Comparison, best: Trial) -> str:
    """Return whether the best options are better than the recipe's own, plainly."""
    measure = comparison.measure
    own = comparison.own_measures[measure].mean
    if best.number == 0:
        return f"No trial was better than the recipe's own options, whose {measure} is {own:.4f} on the test part."
    gain = comparison.gain
    figures = (
        f"{measure} {own + gain.mean:.4f} against {own:.4f}, a difference of {gain.mean:+.4f} "
        f"(95 % interval {gain.low:+.4f} to {gain.high:+.4f})"
    )
    if gain.is_above_zero:
        return f"The best options are better than the recipe's own beyond chance on the test part: {figures}."
    if gain.is_below_zero:
        return f"The best options are worse than the recipe's own on the test part: {figures}. Keep the recipe's own."
    return f"The best options are not better than the recipe's own beyond chance on the test part: {figures}."
