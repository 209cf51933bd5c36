"""Runs by name, from run folders and from Metaflow alike."""

import json

import pytest
from flow_runs import planted_csv

import firth
import firth.runs
from firth.errors import RunError
from firth.flows import recipes
from firth.runs.execute import run_recipe

LATEST = (
    "import firth, json\n"
    "found = firth.runs({name!r}).latest_successful()\n"
    "run = found.load()\n"
    "print(json.dumps([found.name, found.home, found.is_successful, len(run.vectors), run.status]))"
)


def test_the_latest_of_a_flow_is_found_by_its_name(flows):
    assert json.loads(flows.ask(LATEST.format(name="ModelingFlow"))) == [
        "ModelingFlow",
        "metaflow",
        True,
        60,
        "complete",
    ]


def test_the_latest_of_a_recipe_is_found_by_its_name(tmp_path):
    planted_csv(tmp_path / "plays.csv")
    recipe = recipes.recipe_of("playlists", source=str(tmp_path / "plays.csv"), settings='{"train.epochs": 1}')
    for name in ("a", "b"):
        run_recipe(recipes.candidate(recipe, {"train.vector_size": 8}), out=tmp_path / "runs" / name)
    failed = tmp_path / "runs" / "c"
    failed.mkdir()
    document = json.loads((tmp_path / "runs" / "b" / "run.json").read_text())
    (failed / "run.json").write_text(
        json.dumps({**document, "status": "failed", "started": "2999-01-01T00:00:00+00:00"})
    )
    found = firth.runs("playlists", root=tmp_path / "runs")
    assert [each.home for each in found] == ["folder"] * 3
    assert found.latest().id == str(failed)
    assert found.latest_successful().id in {str(tmp_path / "runs" / name) for name in ("a", "b")}
    assert found.latest_successful().load().vectors.size == 8


def test_a_name_that_nothing_has_is_told(tmp_path):
    with pytest.raises(RunError, match="no successful run of 'nothing'"):
        firth.runs("nothing", root=tmp_path).latest_successful()
