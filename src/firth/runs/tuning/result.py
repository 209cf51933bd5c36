"""What a tuning found: the best options, how much better they are on sequences nobody chose by, and what mattered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firth.runs.recipe import Recipe
from firth.runs.tuning.comparing import Comparison
from firth.runs.tuning.study import Trial

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, kw_only=True, eq=False)
class Tuning:
    """What a tuning found.

    Parameters
    ----------
    recipe
        What was tuned.
    best
        The recipe with the best options.
    trials
        One row per trial: ``trial``, ``outcome``, ``value`` (the measure on all sequences), ``sample`` (on the first
        sample), ``seconds``, ``minutes`` (since the first trial began, over all calls, waiting not counted), ``note``,
        and a column per option; windows are texts.
    comparison
        The best beside the recipe's own on the test part; None where Ctrl-C came before the first trial had ended.
    importance
        The share of each option in whether a trial is good; empty where there were too few trials to tell.
    document
        The content of ``report.json``.
    folder
        Where everything lies.
    """

    recipe: Recipe
    best: Recipe
    trials: pl.DataFrame
    comparison: Comparison | None
    importance: Mapping[str, float]
    document: Mapping[str, Any]
    folder: Path

    def __repr__(self) -> str:
        return f"Tuning({self.document['name']!r}, {len(self.trials)} trials, {self.sentence!r})"

    @property
    def sentence(self) -> str:
        """Whether the best options are better than the recipe's own, in one sentence."""
        return str(self.document["sentence"])


def trials_frame(trials: list[Trial], keys: list[str]) -> pl.DataFrame:
    """Return trials as a table; see :class:`Tuning`."""
    import polars as pl

    passed = 0.0
    minutes = []
    for trial in trials:
        passed += trial.seconds / 60
        minutes.append(passed)
    columns: dict[str, Any] = {
        "trial": pl.Series([trial.number for trial in trials], dtype=pl.Int64),
        "outcome": pl.Series([trial.outcome for trial in trials], dtype=pl.String),
        "value": pl.Series([trial.value for trial in trials], dtype=pl.Float64),
        "sample": pl.Series([trial.samples[0] if trial.samples else None for trial in trials], dtype=pl.Float64),
        "seconds": pl.Series([trial.seconds for trial in trials], dtype=pl.Float64),
        "minutes": pl.Series(minutes, dtype=pl.Float64),
        "note": pl.Series([trial.note for trial in trials], dtype=pl.String),
    }
    for key in keys:
        columns[key] = _column([trial.settings.get(key) for trial in trials])
    return pl.DataFrame(columns)


def _column(values: list[Any]) -> pl.Series:
    import polars as pl

    if any(isinstance(value, list | str | bool) for value in values):
        return pl.Series([value if value is None else value_text(value) for value in values], dtype=pl.String)
    if any(isinstance(value, float) for value in values):
        return pl.Series([None if value is None else float(value) for value in values], dtype=pl.Float64)
    return pl.Series(values, dtype=pl.Int64)


def value_text(value: Any) -> str:  # noqa: ANN401 (options have several types)
    """Return an option's value as a person writes it."""
    if isinstance(value, list | tuple):
        return "[" + ", ".join(value_text(each) for each in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)
