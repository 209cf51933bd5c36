"""The trials of a tuning, kept by Optuna in one SQLite file; the only place that knows Optuna.

Trial number n is drawn from the trials before its round and a seed of its own, so that a search that was killed and
resumed makes the trials that it would have made. A round is so many trials as are made at once; how they ended is kept
in the order of their numbers, when all of them have. Optuna's log and its warnings of what is experimental are held
back, and are as they were afterwards.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from firth.errors import MissingExtraError, RunError
from firth.interruption import between_steps
from firth.randomness import Purpose, generator
from firth.runs.tuning.space import BEFORE, BOTH, DIRECTION, Space

if TYPE_CHECKING:
    import optuna

FILE = "study.sqlite"
Outcome = Literal["complete", "pruned", "too long", "failed"]
_NAME = "firth"
_MIN_FOR_IMPORTANCE = 8  # trials


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One trial that has ended.

    Parameters
    ----------
    number
        Its place: 0 is the recipe's own options.
    settings
        Values by dotted key; of the recipe's own options too.
    outcome
        ``complete``, ``pruned`` (the sample said that it is not worth the whole), ``too long`` (not begun, as it would
        have taken too much of the budget) or ``failed`` (diverged, or nothing to train; its value is 0).
    value
        The measure on all sequences; None if it was not trained on all.
    samples
        The measure at each stage that was reached, the last on all sequences.
    seconds
        It took.
    note
        Why it failed.
    """

    number: int
    settings: Mapping[str, Any]
    outcome: Outcome
    value: float | None = None
    samples: tuple[float, ...] = ()
    seconds: float = 0.0
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is tried.

    Parameters
    ----------
    own
        The recipe's own values by dotted key: trial 0.
    places
        Where these lie on the scales of a search.
    space
        What is searched; None for a grid.
    grid
        Every combination, in order; empty for a search.
    seed
        Of the search.
    n_at_once
        Trials of a round, >= 1.
    """

    own: Mapping[str, Any]
    places: Mapping[str, Any] = field(default_factory=dict)
    space: Space | None = None
    grid: Sequence[Mapping[str, Any]] = ()
    seed: int = 1
    n_at_once: int = 1

    @property
    def names(self) -> list[str]:
        """What is tuned, in order."""
        return list(self.own) if self.space is None else self.space.names


class Study:
    """The trials in one file, open while the context is."""

    def __init__(self, path: Path, plan: Plan) -> None:
        self.path, self.plan = path, plan
        self.trials: list[Trial] = []
        self._begun: list[optuna.trial.Trial] = []

    def __enter__(self) -> Self:
        optuna = require_optuna()
        import sqlalchemy
        from sqlalchemy.pool import NullPool

        url = sqlalchemy.URL.create("sqlite", database=str(self.path)).render_as_string(hide_password=False)
        with quiet(), _whole(self.path):
            self._storage = optuna.storages.RDBStorage(url, engine_kwargs={"poolclass": NullPool})
            self._study = optuna.create_study(
                storage=self._storage, study_name=_NAME, direction="maximize", load_if_exists=True
            )
            self.trials = self._ended()
            self._take_up()
        return self

    def _take_up(self) -> None:
        """Go on with a round of which some trials were kept; of any other, whose trials are drawn again, keep none."""
        optuna = require_optuna()
        is_within = len(self.trials) % self.plan.n_at_once > 0
        for frozen in self._study.get_trials(deepcopy=False):
            if frozen.state == optuna.trial.TrialState.RUNNING:
                if is_within and "settings" in frozen.user_attrs:
                    self._begun.append(optuna.trial.Trial(self._study, frozen._trial_id))
                else:
                    self._study.tell(frozen.number, state=optuna.trial.TrialState.FAIL)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._storage.remove_session()
        self._storage.engine.dispose()

    @property
    def identity(self) -> dict[str, Any]:
        """What the study is of; empty for a new one."""
        found: dict[str, Any] = json.loads(self._study.user_attrs.get("identity", "{}"))
        return found

    def identify(self, identity: Mapping[str, Any]) -> None:
        """Note what the study is of."""
        self._study.set_user_attr("identity", json.dumps(identity))

    def begin(self, n_left: int | None = None) -> list[dict[str, Any]]:
        """Begin the next round, and return the settings of its trials.

        Parameters
        ----------
        n_left
            At most so many trials, >= 1; None: as many as are made at once.
        """
        n_round = self.plan.n_at_once - len(self.trials) % self.plan.n_at_once
        n_round = n_round if n_left is None else min(n_round, n_left)
        with quiet():
            for place in range(len(self._begun), n_round):
                self._ask(len(self.trials) + place)
            return [dict(json.loads(each.user_attrs["settings"])) for each in self._begun]

    def _ask(self, number: int) -> None:
        with between_steps() as check:
            if self.plan.space is None:
                settings = self.plan.grid[number - 1] if number else self.plan.own
                texts = {key: json.dumps(value) for key, value in settings.items()}
                if all(texts[key] in choices.choices for key, choices in self._choices.items()):
                    self._study.enqueue_trial(texts)
                    begun = self._study.ask(self._choices)
                else:
                    begun = self._study.ask()
            else:
                seed = int(generator(self.plan.seed, Purpose.TUNING, number).integers(2**32))
                self._study.sampler = require_optuna().samplers.TPESampler(
                    seed=seed, multivariate=True, constant_liar=self.plan.n_at_once > 1
                )
                if number == 0:
                    self._study.enqueue_trial(dict(self.plan.places))
                begun = self._study.ask(_distributions(self.plan.space))
                settings = self.plan.space.settings(begun.params) if number else self.plan.own
            begun.set_user_attr("settings", json.dumps(settings))
            self._begun.append(begun)
            check()

    @property
    def _choices(self) -> dict[str, Any]:
        choices = require_optuna().distributions.CategoricalDistribution
        return {
            key: choices(list(dict.fromkeys(json.dumps(each[key]) for each in self.plan.grid)))
            for key in self.plan.grid[0]
        }

    def end(self, trials: Sequence[Trial]) -> None:
        """Keep how the trials of the round ended, in their order; Ctrl-C waits until all are kept."""
        assert len(trials) == len(self._begun)
        with quiet(), between_steps() as check:
            for trial in trials:
                self._tell(self._begun[0], trial)
                self.trials.append(trial)
                del self._begun[0]
            check()

    def _tell(self, begun: optuna.trial.Trial, trial: Trial) -> None:
        about = {"outcome": trial.outcome, "seconds": trial.seconds, "note": trial.note, "value": trial.value}
        begun.set_user_attr("about", json.dumps({**about, "samples": list(trial.samples)}))
        for stage, sample in enumerate(trial.samples):
            begun.report(sample, stage)
        if trial.outcome in ("complete", "failed"):
            self._study.tell(begun, trial.value if trial.outcome == "complete" else 0.0)
        else:
            self._study.tell(begun, state=require_optuna().trial.TrialState.PRUNED)

    def abandon(self) -> None:
        """Mark the trials that were begun as ones that were not made; their settings will be drawn again."""
        with quiet():
            for begun in self._begun:
                self._study.tell(begun, state=require_optuna().trial.TrialState.FAIL)
            self._begun.clear()

    def importance(self) -> dict[str, float]:
        """Return the share that each option has in whether a trial is a good one, the largest first.

        Notes
        -----
        PED-ANOVA over what all trials reached on the first sample, pruned ones included: the better quarter is compared
        with all. Empty where there are too few trials to tell.

        References
        ----------
        Watanabe, Bansal & Hutter (2023). PED-ANOVA: efficiently quantifying hyperparameter importance in arbitrary
        subspaces. IJCAI '23.
        """
        optuna = require_optuna()
        with quiet():
            usable = [
                optuna.create_trial(params=each.params, distributions=each.distributions, value=trial.samples[0])
                for trial, each in zip(self.trials, self._frozen(), strict=True)
                if trial.samples and each.params
            ]
            values = {each.value for each in usable}
            if len(usable) < _MIN_FOR_IMPORTANCE or len(values) < 2:
                return {}
            study = optuna.create_study(direction="maximize")
            study.add_trials(usable)
            found = optuna.importance.get_param_importances(study, evaluator=_evaluator(), normalize=True)
        names = self.plan.names
        return {name: float(found[name]) for name in sorted(found, key=lambda name: (-found[name], names.index(name)))}

    def _frozen(self) -> list[optuna.trial.FrozenTrial]:
        """Return the trials that have ended, as Optuna has them, in their order."""
        return [
            each
            for each in self._study.get_trials(deepcopy=False)
            if "about" in each.user_attrs and each.state.name in ("COMPLETE", "PRUNED")
        ]

    def _ended(self) -> list[Trial]:
        ended = []
        for number, each in enumerate(self._frozen()):
            about, settings = json.loads(each.user_attrs["about"]), json.loads(each.user_attrs["settings"])
            samples = tuple(about.pop("samples"))
            ended.append(Trial(number=number, settings=settings, samples=samples, **about))
        return ended


def require_optuna() -> Any:  # noqa: ANN401 (a module)
    """Return Optuna.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        import optuna
    except ImportError as error:
        raise MissingExtraError("tuning", "optuna", "tune") from error
    return optuna


@contextmanager
def quiet() -> Iterator[None]:
    """Return a context in which Optuna neither logs nor warns of what it holds for experimental."""
    optuna = require_optuna()
    level = optuna.logging.get_verbosity()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        optuna.logging.set_verbosity(optuna.logging.CRITICAL)
        try:
            yield
        finally:
            optuna.logging.set_verbosity(level)


@contextmanager
def _whole(path: Path) -> Iterator[None]:
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (SQLAlchemyError, RuntimeError, KeyError) as error:
        raise RunError(
            f"{path} is damaged, or no study of Firth's ({type(error).__name__}). Choose another folder."
        ) from (error)


def _evaluator() -> Any:  # noqa: ANN401
    kind = require_optuna().importance.PedAnovaImportanceEvaluator
    try:
        return kind(target_quantile=0.25)
    except TypeError:  # its name before it was renamed
        return kind(baseline_quantile=0.25)


def suggested(space: Space, n: int, *, seed: int) -> list[dict[str, Any]]:
    """Return ``n`` settings by dotted key, suggested before any is tried: spread over the space as evenly as may be.

    Notes
    -----
    A scrambled Sobol sequence, so that few trials leave no large part of the space untried.

    References
    ----------
    Bergstra & Bengio (2012). Random search for hyper-parameter optimization. JMLR 13, section 5.
    """
    optuna = require_optuna()
    with quiet():
        sampler = optuna.samplers.QMCSampler(seed=seed, scramble=True, warn_independent_sampling=False)
        study = optuna.create_study(sampler=sampler)
        return [space.settings(study.ask(_distributions(space)).params) for _ in range(n)]


def _distributions(space: Space) -> dict[str, Any]:
    kinds = require_optuna().distributions
    found: dict[str, Any] = {}
    for each in space.ranges:
        low, high = each.scale
        found[each.key] = kinds.FloatDistribution(low, high, log=each.is_log)
    if space.has_direction:
        found[DIRECTION] = kinds.CategoricalDistribution((BOTH, BEFORE))
    return found
