"""Round after round of trials until the budget is spent, each on a sample first: successive halving.

A round is so many trials as are made at once, one by default. What a trial of it is compared with are all trials of
earlier rounds and of its own, whichever is done first, so the search depends on the number at once and not on who makes
the trials.

What goes on from a sample is the better third of all trials that have been tried on it. A third of the sequences tells
bad trials from good ones, though not the good ones from each other; with a ninth the search found what is good for a
ninth (``benchmarks/RESULTS.md``).

References
----------
Jamieson & Talwalkar (2016). Non-stochastic best arm identification and hyperparameter optimization. AISTATS '16.
Li, Jamieson, Rostamizadeh et al. (2020). A system for massively parallel hyperparameter tuning. MLSys '20.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np

from firth.errors import DataError, DivergenceError, OptionError
from firth.progress import SilentProgress, Task
from firth.runs.mapper import Here, Mapper, Place
from firth.runs.recipe import Recipe
from firth.runs.tuning.bench import Answers, Bench
from firth.runs.tuning.options import TuneOptions
from firth.runs.tuning.space import tuned
from firth.runs.tuning.study import Study, Trial

_ON = 3  # one trial in so many goes on from a stage
_DEAREST = 0.1  # share of the budget that one trial may take, if it is more than the recipe's own takes three times
_MAX_PASSED = 20  # trials in a row that are too long for what is left


@dataclass(frozen=True, kw_only=True)
class _Tried:
    """What came of one training: its value, or a note of why it failed; the answers where they are wanted."""

    value: float = 0.0
    note: str | None = None
    seconds: float
    train_s: float = 0.0
    answers: Answers | None = None


def _tried(bench: Bench, item: tuple[Recipe, int, bool], place: Place) -> _Tried:
    """Return what comes of training a recipe at a stage."""
    recipe, stage, is_kept = item
    started = time.perf_counter()
    try:
        found = bench.at(place).answers(recipe, stage)
    except (DivergenceError, DataError) as error:
        return _Tried(note=str(error), seconds=time.perf_counter() - started)
    return _Tried(value=found.value, seconds=found.seconds, train_s=found.train_s, answers=found if is_kept else None)


@dataclass(eq=False, kw_only=True)
class _UnderWay:
    """A trial of the round that is being made."""

    number: int
    settings: Mapping[str, Any]
    recipe: Recipe
    same: Trial | _UnderWay | None = None
    is_too_long: bool = False
    is_pruned: bool = False
    samples: list[float] = field(default_factory=list)
    seconds: float = 0.0
    note: str | None = None
    answers: Answers | None = None

    def take(self, tried: _Tried) -> None:
        """Note what came of its next stage."""
        self.samples.append(tried.value)
        self.seconds += tried.seconds
        self.note, self.answers = tried.note, tried.answers

    def trial(self) -> Trial:
        """Return how it ended."""
        about: dict[str, Any] = {"number": self.number, "settings": self.settings}
        if self.same is not None:
            same = self.same if isinstance(self.same, Trial) else self.same.trial()
            return Trial(**{**vars(same), "number": self.number, "seconds": 0.0})
        if self.is_too_long:
            return Trial(**about, outcome="too long")
        about |= {"samples": tuple(self.samples), "seconds": self.seconds}
        if self.note is not None:
            return Trial(**about, outcome="failed", note=self.note)
        if self.is_pruned:
            return Trial(**about, outcome="pruned")
        return Trial(**about, outcome="complete", value=self.samples[-1])


@dataclass(eq=False)
class Search:
    """A search under way.

    Parameters
    ----------
    bench
        The data.
    study
        Where trials are kept.
    options
        How long it may take.
    kept
        What came of the recipe's own options and of the best, where they were trained in this call, by trial.
    is_interrupted
        Whether Ctrl-C ended it.
    mapper
        Has the trials of a round made.
    """

    bench: Bench
    study: Study
    options: TuneOptions
    kept: dict[int, Answers] = field(default_factory=dict)
    is_interrupted: bool = False
    mapper: Mapper = field(default_factory=Here)
    _rates: list[float] = field(default_factory=list)
    _rests: list[float] = field(default_factory=list)
    _began: float = 0.0
    _passed: int = 0

    def run(self) -> None:
        """Make trials until the budget is spent, they are as many as was asked for, or Ctrl-C is pressed."""
        self._began = time.perf_counter()
        if self.study.trials:  # of an earlier call: the first trial's time, all of it taken for training
            own = sum(work(self.bench.recipe, self.bench, stage) for stage in self._stages)
            self._rates, self._rests = [self.study.trials[0].seconds / own], [0.0]
        wanted, budget = self._wanted(), self.options.budget_s
        total = budget if wanted is None else float(wanted)
        with (self.options.progress or SilentProgress()).task("tuning", total=total) as task:
            try:
                while not self._is_over(wanted):
                    self._round(None if wanted is None else wanted - len(self.study.trials))
                    self._tell(task, wanted)
            except KeyboardInterrupt:
                self.is_interrupted = True
                self.study.abandon()

    @property
    def best(self) -> Trial | None:
        """The trial with the highest value; of equal ones the first."""
        complete = [trial for trial in self.study.trials if trial.outcome == "complete"]
        return max(complete, key=lambda trial: (_value(trial), -trial.number), default=None)

    @property
    def _stages(self) -> range:
        """The stages of a trial: of a grid, all sequences at once."""
        return range(self.bench.n_stages - 1 if self.study.plan.grid else 0, self.bench.n_stages)

    def _wanted(self) -> int | None:
        """Return how many trials there are to be in all, or None for as many as there is time for."""
        n_grid = len(self.study.plan.grid) + 1 if self.study.plan.grid else None
        limits = [limit for limit in (self.options.trials, n_grid) if limit is not None]
        return min(limits, default=None)

    @property
    def _left_s(self) -> float:
        return (
            math.inf if self.options.budget_s is None else self.options.budget_s - (time.perf_counter() - self._began)
        )

    def _is_over(self, wanted: int | None) -> bool:
        if wanted is not None and len(self.study.trials) >= wanted:
            return True
        return self.options.budget_s is not None and (self._left_s <= 0 or self._passed >= _MAX_PASSED)

    def _tell(self, task: Task, wanted: int | None) -> None:
        n, best = len(self.study.trials), self.best
        done = n if wanted is not None else min(time.perf_counter() - self._began, self.options.budget_s or 0.0)
        text = f"trial {n}" if best is None else f"trial {n}, best {_value(best):.4f} of trial {best.number}"
        task.update(done, text=text)

    def _round(self, n_left: int | None) -> None:
        """Make the trials of a round."""
        first = len(self.study.trials)
        try:
            under_way = [
                _UnderWay(number=first + place, settings=settings, recipe=tuned(self.bench.recipe, settings))
                for place, settings in enumerate(self.study.begin(n_left))
            ]
        except OptionError:
            self.study.abandon()
            raise
        for place, each in enumerate(under_way):
            earlier = (trial for trial in self.study.trials if trial.outcome != "too long")
            before: Iterable[Trial | _UnderWay] = chain(earlier, under_way[:place])
            each.same = next((other for other in before if other.settings == each.settings), None)
            each.is_too_long = each.same is None and self._is_too_long(each)
            self._passed = self._passed + 1 if each.same is not None or each.is_too_long else 0
        going = [each for each in under_way if each.same is None and not each.is_too_long]
        for stage in self._stages:
            going = self._staged(going, stage)
        trials = [each.trial() for each in under_way]
        self._keep(under_way)
        self.study.end(trials)

    def _staged(self, going: list[_UnderWay], stage: int) -> list[_UnderWay]:
        """Train what has come to a stage, and return what goes on to the next."""
        items = [(each.recipe, stage, self.mapper.is_here) for each in going]
        for each, tried in zip(going, self.mapper.map(_tried, self.bench, items, what="trial"), strict=True):
            each.take(tried)
            if tried.note is None:
                self._rates.append(tried.train_s / work(each.recipe, self.bench, stage))
                self._rests.append(tried.seconds - tried.train_s)
        left = [each for each in going if each.note is None]
        if stage == self.bench.n_stages - 1:
            return []
        for each in left:
            beside = [other.samples[stage - self._stages[0]] for other in going if other is not each]
            each.is_pruned = each.number > 0 and not self._goes_on(each.samples, beside)
            if each.is_pruned:
                each.answers = None  # a model, of which there may be many
        return [each for each in left if not each.is_pruned]

    def _keep(self, under_way: Sequence[_UnderWay]) -> None:
        """Keep what came of the recipe's own options and of the best so far, where it is here."""
        highest = -math.inf if self.best is None else _value(self.best)
        for each in under_way:
            if each.answers is None or each.is_pruned or each.note is not None:
                continue
            if each.number == 0 or each.samples[-1] > highest:
                self.kept = {n: answers for n, answers in self.kept.items() if n == 0} | {each.number: each.answers}
                highest = max(highest, each.samples[-1])

    def _is_too_long(self, each: _UnderWay) -> bool:
        return each.number > 0 and self._expected_s(each.recipe) > min(self._left_s, self._dearest_s())

    def _goes_on(self, samples: list[float], beside: Sequence[float] = ()) -> bool:
        """Return whether a trial is among the better third of those that have reached its stage.

        ``beside`` is what others of its round reached there.
        """
        stage = len(samples) - 1
        others = [trial.samples[stage] for trial in self.study.trials if len(trial.samples) > stage]
        others += beside
        n_better = sum(other >= samples[stage] for other in others)
        return n_better < math.ceil((len(others) + 1) / _ON)

    def _expected_s(self, recipe: Recipe) -> float:
        """Return how long all stages of a trial will take, by how long the trials so far took."""
        if not self._rates:
            return 0.0
        rate, rest = float(np.median(self._rates)), float(np.median(self._rests))
        return sum(rest + rate * work(recipe, self.bench, stage) for stage in self._stages)

    def _dearest_s(self) -> float:
        if self.options.budget_s is None:
            return math.inf
        own = self.study.trials[0].seconds if self.study.trials else 0.0
        return max(_DEAREST * self.options.budget_s, 3 * own)


def work(recipe: Recipe, bench: Bench, stage: int) -> float:
    """Return about how much a training computes, in multiplications: what its time is in proportion to.

    Both kinds of context are taken together as if all were of the one that is asked about, which is good enough to tell
    a trial of a minute from one of a second.
    """
    options = recipe.train
    declared = recipe.declared[bench.parts.context]
    window = getattr(declared, "window", None) or options.window
    before, after = window if isinstance(window, tuple) else (window, window)
    lengths = np.diff(bench.parts.train.ordered(bench.parts.context).offsets)
    sizes, times = np.unique(lengths, return_counts=True)
    pairs = 0.0
    for reach in (before, after):
        for distance in range(1, min(reach, int(sizes.max(initial=1))) + 1):
            share = 1 - (distance - 1) / reach if options.shrink_windows else 1.0
            pairs += share * float(times @ np.maximum(sizes - distance, 0))
    epochs = 5 if options.epochs == "auto" else options.epochs
    each = (options.negative + 1) * (options.vector_size + 32)
    return 1.0 + bench.shares[stage] * epochs * (pairs + float(lengths.sum())) * each


def _value(trial: Trial) -> float:
    return -math.inf if trial.value is None else trial.value
