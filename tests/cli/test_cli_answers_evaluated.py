"""The proof that evaluation asks what users ask: each rank is where the command's own answer has the wanted item."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from cli_calls import call

import firth
from firth.corpus.splitting import Holdout, split
from firth.evaluation.lasts import Asked, last_items
from firth.runs.evaluating import Asking, HoldoutEvaluation, evaluate_run
from firth.runs.reading import read_intake
from holdout_runs import planted_rows, recipe_of

HOLDOUT = {"test": 0.12, "validation": 0.0, "seed": 2}


@pytest.fixture(scope="module", params=[0.0, 0.5], ids=["by the model", "joined with counts"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> firth.Run:
    folder = tmp_path_factory.mktemp("asked")
    # The last two items of some lists are known from no other, so that some queries and targets are cold.
    rows = planted_rows(seed=8)
    is_last = pl.int_range(pl.len()).over("list") >= pl.len().over("list") - 2
    is_some = pl.col("list").str.tail(1).is_in(["3", "6"])
    own = pl.concat_str("list", "place", separator="/")
    rows.with_columns(item=pl.when(is_last & is_some).then(own).otherwise("item")).write_csv(folder / "lists.csv")
    changes = {"vocabulary": {"min_count": 3}, "recommend": {"blend": request.param, "decay": request.param}}
    recipe = recipe_of(folder / "lists.csv", holdout=HOLDOUT, **changes)
    return firth.run_recipe(recipe, out=folder / "run")


@pytest.fixture(scope="module")
def found(run: firth.Run) -> HoldoutEvaluation:
    return evaluate_run(run, Asking(ks=(1, 200), n_before=(1, 3), with_baselines=False))


def questions(run: firth.Run, n_before: int) -> Asked:
    parts = split(read_intake(recipe_of(Path(run.folder).parent / "lists.csv"), None), Holdout(**HOLDOUT))
    return last_items(parts.sequences, parts.test, n_before=n_before).asked_of(run.vectors.vocabulary)


@pytest.mark.parametrize("n_before", [1, 3])
@pytest.mark.parametrize(
    ("ranking", "command", "option", "answers"),
    [("recommend", "recommend", [], "recommendations"), ("neighbors", "arithmetic", ["--plus"], "neighbors")],
)
def test_a_rank_is_the_place_in_the_commands_answer(
    run: firth.Run, found: HoldoutEvaluation, n_before: int, ranking: str, command: str, option: list[str], answers: str
):
    asked, keys = questions(run, n_before), run.vectors.keys
    assert asked.is_cold_query.any() == (n_before == 1)
    assert asked.is_cold_target.any()
    places = []
    for query, target in zip(asked.queries, asked.targets.tolist(), strict=True):
        if not len(query):
            places.append(0)
            continue
        terms = [keys[item] for item in query]
        told = json.loads(call(command, run.folder, *option, *terms, "-k", 200, "--json").stdout)[answers]
        order = [each["key"] for each in told]
        places.append(order.index(keys[target]) + 1 if target >= 0 and keys[target] in order else 0)
    assert len(places) >= 20
    assert found.rounds[n_before][ranking].ranks.tolist() == places
    assert len(set(places)) > 10
