"""Trial after trial until the budget is spent, each on a sample first: successive halving.

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
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from firth.errors import DataError, DivergenceError, OptionError
from firth.progress import SilentProgress, Task
from firth.runs.recipe import Recipe
from firth.runs.tuning.bench import Answers, Bench
from firth.runs.tuning.options import TuneOptions
from firth.runs.tuning.space import tuned
from firth.runs.tuning.study import Study, Trial

_ON = 3  # one trial in so many goes on from a stage
_DEAREST = 0.1  # share of the budget that one trial may take, if it is more than the recipe's own takes three times
_MAX_PASSED = 20  # trials in a row that are too long for what is left


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
    """

    bench: Bench
    study: Study
    options: TuneOptions
    kept: dict[int, Answers] = field(default_factory=dict)
    is_interrupted: bool = False
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
                    self._try()
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

    def _try(self) -> None:
        started = time.perf_counter()
        settings = self.study.begin()
        number = len(self.study.trials)
        same = next((trial for trial in self.study.trials if trial.settings == settings), None)
        if same is not None and same.outcome != "too long":
            self.study.end(Trial(**{**vars(same), "number": number, "seconds": 0.0}))
            self._passed += 1
            return
        try:
            recipe = tuned(self.bench.recipe, settings)
        except OptionError:
            self.study.abandon()
            raise
        expected = self._expected_s(recipe)
        if number and expected > min(self._left_s, self._dearest_s()):
            self._passed += 1
            self.study.end(Trial(number=number, settings=settings, outcome="too long"))
            return
        self._passed = 0
        trial = self._tried(number, settings, recipe, started)
        self.study.end(trial)

    def _tried(self, number: int, settings: Mapping[str, Any], recipe: Recipe, started: float) -> Trial:
        samples: list[float] = []
        about: dict[str, Any] = {"number": number, "settings": settings}
        answers = None
        for stage in self._stages:
            try:
                answers = self.bench.answers(recipe, stage)
            except (DivergenceError, DataError) as error:
                seconds = time.perf_counter() - started
                return Trial(**about, outcome="failed", samples=(*samples, 0.0), seconds=seconds, note=str(error))
            samples.append(answers.value)
            self._rates.append(answers.train_s / work(recipe, self.bench, stage))
            self._rests.append(answers.seconds - answers.train_s)
            is_last = stage == self.bench.n_stages - 1
            if not is_last and number and not self._goes_on(samples):
                seconds = time.perf_counter() - started
                return Trial(**about, outcome="pruned", samples=tuple(samples), seconds=seconds)
        assert answers is not None
        best = self.best
        if number == 0 or best is None or answers.value > _value(best):
            self.kept = {n: each for n, each in self.kept.items() if n == 0} | {number: answers}
        seconds = time.perf_counter() - started
        return Trial(**about, outcome="complete", value=answers.value, samples=tuple(samples), seconds=seconds)

    def _goes_on(self, samples: list[float]) -> bool:
        """Return whether a trial is among the better third of those that have reached its stage."""
        stage = len(samples) - 1
        others = [trial.samples[stage] for trial in self.study.trials if len(trial.samples) > stage]
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
