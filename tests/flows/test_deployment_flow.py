"""The deployment flow: a model in the place of another at once, a service that answers as the library does."""

import json

import pytest
from flow_runs import planted_csv

from firth.errors import RunError
from firth.flows import recipes
from firth.flows.artifacts import PackedRun
from firth.flows.serving import Service, differences, put
from firth.runs.execute import run_recipe

READ = "from metaflow import Flow; data = Flow('DeploymentFlow').latest_successful_run.data\n"


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Two models of one source."""
    folder = tmp_path_factory.mktemp("models")
    planted_csv(folder / "plays.csv")
    recipe = recipes.recipe_of("playlists", source=str(folder / "plays.csv"), settings='{"train.epochs": 3}')
    made = [
        run_recipe(recipes.candidate(recipe, {"train.vector_size": 8, "train.seed": seed}), out=folder / str(seed))
        for seed in (1, 2)
    ]
    return [PackedRun.of(run) for run in made]


def test_the_flow_serves_what_was_tested(flows):
    flows.run("deployment", "run", "--out", "serving/songs", "--port", "0", "--questions", "25")
    asked, different, folder = json.loads(
        flows.ask(READ + "import json; print(json.dumps([data.n_asked, data.n_different, data.folder]))")
    )
    assert (asked, different) == (25, 0)
    assert folder == str(flows.folder / "serving" / "songs")


def test_a_service_of_another_model_is_found_out(models, tmp_path):
    with Service(put(models[0], tmp_path / "songs")) as service:
        assert differences(service, models[0].load(), n=20) == (20, [])
        asked, different = differences(service, models[1].load(), n=20)
        assert (asked, len(different) > 10) == (20, True)


def test_a_running_service_takes_the_new_model(models, tmp_path):
    target = put(models[0], tmp_path / "songs")
    with Service(target) as service:
        assert differences(service, models[0].load(), n=5)[1] == []
        before = target.resolve()
        put(models[1], target)
        assert before.exists(), "the one before stays, to go back to"
        for _ in range(100):
            if not differences(service, models[1].load(), n=1)[1]:
                break
        assert differences(service, models[1].load(), n=20)[1] == []


def test_only_two_models_are_kept(models, tmp_path):
    for number in range(4):
        put(models[number % 2], tmp_path / "songs")
    assert len(list((tmp_path / ".songs").iterdir())) == 2


def test_something_else_in_the_place_is_left_alone(models, tmp_path):
    (tmp_path / "songs").mkdir()
    (tmp_path / "songs" / "diary.txt").write_text("mine")
    with pytest.raises(RunError, match="not a link to a model"):
        put(models[0], tmp_path / "songs")
    assert (tmp_path / "songs" / "diary.txt").read_text() == "mine"
