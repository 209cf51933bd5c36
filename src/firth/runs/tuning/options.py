"""What a tuning is asked for: how long, by which measure, with which options; every value checked once."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any, Literal

from firth.errors import OptionError
from firth.progress import Progress
from firth.runs.typed import unknown

BUDGET_S = 300.0
METRIC = "recommend/NDCG@10"
_RANKINGS = ("recommend", "neighbors")
_MEASURES = ("HR", "NDCG", "MRR")
_UNITS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_SECTIONS = ("train", "vocabulary", "recommend")  # whose keys a grid may hold: the data is read once, for all trials


@dataclass(frozen=True, kw_only=True)
class TuneOptions:
    """How a tuning is done.

    Parameters
    ----------
    budget_s
        Seconds to search for, in this call, > 0; None: until ``trials`` are done.
    trials
        How many trials to make in all, the recipe's own options the first, >= 1; None: as many as the budget allows.
    metric
        What is raised: ``RANKING/MEASURE@K``, by ``recommend`` or ``neighbors``, of HR, NDCG and MRR.
    n_before
        Items of a query, >= 1.
    only
        Keys to search, such as ``train.window``; empty: all of the table in ``runs/tuning/space.py``.
    grid
        Values by dotted key: every combination is tried, in order, instead of a search; empty: a search.
    seed
        Of the search and of the samples; that of training is the recipe's.
    n_at_once
        Trials of a round, >= 1: they are drawn together, knowing the rounds before only, so that they can be made at
        once. Another number is another search.
    n_jobs
        Threads. The result of trials is the same for any.
    progress
        Who hears how far it is.

    Raises
    ------
    OptionError
        If a value is outside its range, or there is neither a budget nor a number of trials and no grid.
    """

    budget_s: float | None = BUDGET_S
    trials: int | None = None
    metric: str = METRIC
    n_before: int = 3
    only: tuple[str, ...] = ()
    grid: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    seed: int = 1
    n_at_once: int = 1
    n_jobs: int | Literal["auto"] = "auto"
    progress: Progress | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if self.budget_s is not None and not (math.isfinite(self.budget_s) and self.budget_s > 0):
            raise OptionError(f"budget_s must be a number of seconds > 0, or None, got {self.budget_s!r}.")
        if self.trials is not None and (type(self.trials) is not int or self.trials < 1):
            raise OptionError(f"trials must be a whole number >= 1, or None, got {self.trials!r}.")
        if self.budget_s is None and self.trials is None and not self.grid:
            raise OptionError("give budget_s, trials or a grid: a search has no end of its own.")
        if type(self.n_before) is not int or self.n_before < 1:
            raise OptionError(f"n_before must be a whole number >= 1, got {self.n_before!r}.")
        if type(self.seed) is not int or not 0 <= self.seed < 2**64:
            raise OptionError(f"seed must be a whole number from 0 to 2**64 - 1, got {self.seed!r}.")
        if type(self.n_at_once) is not int or not 1 <= self.n_at_once <= 1024:
            raise OptionError(f"n_at_once must be a whole number from 1 to 1024, got {self.n_at_once!r}.")
        if self.only and self.grid:
            raise OptionError("only chooses what is searched, and a grid says itself what is tried: give one of them.")
        parse_metric(self.metric)
        _check_grid(self.grid)

    @property
    def ranking(self) -> Literal["recommend", "neighbors"]:
        """By which function the answers come."""
        return "recommend" if self.metric.startswith("recommend/") else "neighbors"

    @property
    def measure(self) -> str:
        """The measure's name, such as ``NDCG@10``."""
        return self.metric.partition("/")[2]

    @property
    def k(self) -> int:
        """The measure's cut-off."""
        return int(self.metric.rpartition("@")[2])

    @property
    def combinations(self) -> list[dict[str, Any]]:
        """Every combination of the grid, the last key varying fastest; empty without a grid."""
        if not self.grid:
            return []
        return [dict(zip(self.grid, values, strict=True)) for values in product(*self.grid.values())]


def parse_budget(text: str) -> float:
    """Return the seconds that a text such as ``90s``, ``5m``, ``1h30m`` or ``300`` stands for.

    Raises
    ------
    OptionError
        If it is no time above 0.
    """
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*(s|min|m|h)", text)
    if re.fullmatch(r"\s*\d+(\.\d+)?\s*", text):
        parts = [(text.strip(), "s")]
    rest = re.sub(r"(\d+(?:\.\d+)?)\s*(s|min|m|h)", "", text) if parts[:1] != [(text.strip(), "s")] else ""
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if not parts or rest.strip() or not seconds > 0:
        raise OptionError(f"a budget is a time above 0, such as 90s, 5m or 1h30m, got {text!r}.")
    return seconds


def parse_metric(text: str) -> None:
    """Raise OptionError unless a text names a measure, such as ``recommend/NDCG@10``."""
    ranking, _, measure = text.partition("/")
    name, _, k = measure.partition("@")
    if ranking not in _RANKINGS or name not in _MEASURES or not re.fullmatch(r"[1-9]\d{0,5}", k):
        raise OptionError(
            f"metric must be RANKING/MEASURE@K, with a ranking of {', '.join(_RANKINGS)} and a measure of "
            f"{', '.join(_MEASURES)}, such as {METRIC}, got {text!r}."
        )


def parse_grid(texts: Sequence[str]) -> dict[str, list[Any]]:
    """Return values by dotted key, from texts such as ``train.window=3,5,[3,0]`` and from TOML files of lists.

    Raises
    ------
    OptionError
        If a text is neither, or a file is not TOML.
    """
    grid: dict[str, list[Any]] = {}
    for text in texts:
        key, equals, raw = text.partition("=")
        found = {key.strip(): _values(raw, text)} if equals else _grid_file(Path(text))
        for name, values in found.items():
            if name in grid:
                raise OptionError(f"the grid has {name} twice: give all its values at once.")
            grid[name] = values
    return grid


def _values(raw: str, text: str) -> list[Any]:
    try:
        found: list[Any] = tomllib.loads(f"values = [{raw}]")["values"]
    except tomllib.TOMLDecodeError:
        found = [part.strip() for part in raw.split(",") if part.strip()]
    if not found:
        raise OptionError(f"a grid is KEY=VALUE,VALUE,..., such as train.window=3,5,10, got {text!r}.")
    return found


def _grid_file(path: Path) -> dict[str, list[Any]]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise OptionError(f"a grid is KEY=VALUE,VALUE,... or a TOML file of lists, got {str(path)!r}.") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise OptionError(f"{path} is not valid TOML: {error}.") from error
    found = {}
    for section, table in tables.items():
        if not isinstance(table, dict):
            raise OptionError(f"{path}: {section} must be a table ([{section}]), got {table!r}.")
        found.update({f"{section}.{key}": values for key, values in table.items()})
    return found


def _check_grid(grid: Mapping[str, Any]) -> None:
    for key, values in grid.items():
        section, _, name = key.partition(".")
        if section not in _SECTIONS or not name:
            raise OptionError("grid: " + unknown("section", key, [f"{known}.KEY" for known in _SECTIONS]))
        if not isinstance(values, list | tuple) or not len(values):
            raise OptionError(f"grid: {key} must be a list of at least one value, got {values!r}.")
