"""One candidate: trained into a run, packed, and asked what comes last in sequences that it has not seen."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from firth.arrays import Int32
from firth.errors import RunError
from firth.evaluation.lasts import last_items
from firth.evaluation.rankers import RecommenderRanker
from firth.evaluation.ranking import per_question, ranks_of
from firth.flows import recipes
from firth.flows.artifacts import PackedRun
from firth.flows.splits import split_of
from firth.runs.evaluating import Part, sequences_of
from firth.runs.execute import run_recipe
from firth.runs.recipe import Recipe
from firth.runs.run import Run


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What came of a candidate.

    Parameters
    ----------
    model
        Its run.
    metric
        The share of the validation questions whose answer it found.
    seconds
        For reading and training.
    """

    model: PackedRun
    metric: float
    seconds: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Answered:
    """What a run answered to held-out questions.

    Parameters
    ----------
    ids
        (n_questions, k) int32, best first; -1 where there are fewer.
    metric
        The share of questions whose answer is among them.
    """

    ids: Int32
    metric: float


def tried(
    tables: Mapping[str, Any], name: str, settings: Mapping[str, Any], *, source: str, n_before: int, k: int
) -> Trial:
    """Return what comes of a recipe, as plain values, with a candidate's settings."""
    recipe = recipes.candidate(Recipe.from_dict(tables, name=name), settings)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="firth-") as folder:
        run = run_recipe(recipe, out=Path(folder) / name)
        seconds = time.perf_counter() - started
        found = answers(run, part="validation", source=source, n_before=n_before, k=k)
        return Trial(model=PackedRun.of(run), metric=found.metric, seconds=seconds)


def answers(run: Run, *, part: Part, source: str, n_before: int, k: int) -> Answered:
    """Return a run's answers to what comes last in the sequences that its recipe holds out.

    Parameters
    ----------
    source
        The fingerprint of the sequences as they were read before any was held out.

    Raises
    ------
    RunError
        If the source has changed since.
    """
    recipe = run.document["recipe"]
    parts = split_of(recipe, run.name)
    if parts.sequences.fingerprint != source:
        raise RunError(f"the source of {run.name} has changed since the flow began. Run the flow again.")
    questions = last_items(parts.sequences, sequences_of(parts, part), n_before=n_before)
    asked = questions.asked_of(run.vectors.vocabulary)
    ids: Int32 = np.full((len(asked.targets), min(k, len(run.vectors))), -1, dtype=np.int32)
    warm = np.flatnonzero(~asked.is_cold_query)
    if len(warm):
        queries = [asked.queries[place] for place in warm.tolist()]
        ids[warm] = RecommenderRanker(run.recommender).rank(queries, k=ids.shape[1], exclude_query=True, n_jobs="auto")
    return Answered(ids=ids, metric=float(per_question(ranks_of(ids, asked.targets), (k,))[f"HR@{k}"].mean()))
