"""firth evaluate --tags and firth clusters --quality."""

import json
from pathlib import Path

import pytest
from cli_calls import call

from firth.cli.tags import named_tags
from firth.runs.run import Run


@pytest.fixture
def tagged(own_run: Path) -> Path:
    run = Run.load(own_run)
    run.tag("genre", keywords={"funny": ["comedy"], "serious": ["drama", "sci fi"]}).save()
    return own_run


def test_tags_are_the_librarys(tagged: Path):
    document = json.loads(call("evaluate", tagged, "--tags", "--json").stdout)
    (found,) = document["tags"]
    expected = Run.load(tagged).tag_quality()
    assert found == json.loads(json.dumps(expected.to_dict()))
    assert [one["tag"] for one in found["tags"]] == ["serious", "funny"]
    assert found["tags"][1]["n_items"] == 30


def test_tags_are_shown_beside_chance(tagged: Path):
    shown = call("evaluate", tagged, "--tags").stdout
    rows = {line.split()[0]: line.split() for line in shown.splitlines() if line.strip()}
    assert rows["tags"] == ["tags", "items", "purity", "95", "%", "chance", "F1", "balanced"]
    expected = {one.tag: one for one in Run.load(tagged).tag_quality().tags}["funny"]
    assert rows["funny"][1:3] == ["30", f"{expected.purity:.2f}"]
    assert rows["funny"][4] == "0.33"  # 29 of 89
    assert "of 91 items 90 have tags" in " ".join(shown.split())


def test_other_attributes_can_be_asked_together(tagged: Path):
    document = json.loads(call("evaluate", tagged, "--tags", "genre", "--tags", "--json").stdout)
    assert [one["name"] for one in document["tags"]] == ["genre", "tags"]
    assert document["tags"][0]["is_single"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["RUN", "--tags"], ["RUN", "--tags", "tags"]),
        (["RUN", "--tags", "--json"], ["RUN", "--tags", "tags", "--json"]),
        (["RUN", "--tags", "genre", "--json"], ["RUN", "--tags", "genre", "--json"]),
        (["RUN", "--tags=genre"], ["RUN", "--tags=genre"]),
        (["RUN", "--tags", "--tags", "genre"], ["RUN", "--tags", "tags", "--tags", "genre"]),
    ],
)
def test_tags_may_stand_alone(arguments: list[str], expected: list[str]):
    assert named_tags(arguments) == expected


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["evaluate", "{run}", "--tags"], 1, "unknown attribute 'tags'"),
        (["evaluate", "{run}", "--tags", "gnre"], 1, "Closest: 'genre'"),
        (["evaluate", "{run}", "--tags", "score"], 1, "'score' holds Float64"),
        (["evaluate", "{run}", "--tags", "--holdout", "last"], 2, "another question than --holdout"),
        (["clusters", "{run}", "--method", "hdbscan", "-n", "3"], 2, "goes with kmeans"),
        (["clusters", "{run}", "--min-cluster-size", "9"], 2, "goes with --method hdbscan"),
        (["clusters", "{run}", "--n-components", "9"], 2, "goes with --method hdbscan"),
        (["clusters", "{run}", "--method", "dbscan"], 2, "--method"),
    ],
)
def test_wrong_questions_have_their_status_and_message(
    finished: Path, arguments: list[str], status: int, message: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "300")
    result = call(*(argument.replace("{run}", str(finished)) for argument in arguments))
    assert result.exit_code == status, result.output
    assert message in " ".join(result.stderr.split())


def test_quality_is_the_librarys(finished: Path):
    document = json.loads(call("clusters", finished, "--quality", "--json").stdout)
    expected = Run.load(finished).cluster_quality()
    assert document["quality"] == json.loads(json.dumps(expected.to_dict()))
    assert document["clusters"][0]["silhouette"] == pytest.approx(expected.clusters[0].silhouette)


def test_quality_is_two_columns_and_a_line(finished: Path):
    shown = call("clusters", finished, "--quality").stdout
    heading = next(line for line in shown.splitlines() if "most central" in line)
    assert heading.split()[:5] == ["cluster", "items", "silhouette", "stability", "score"]
    assert "adjusted Rand index" in shown
    assert "silhouette" not in call("clusters", finished).stdout


def test_a_weak_cluster_is_told(finished: Path):
    result = call("clusters", finished, "-n", 30, "--quality")
    assert "not to be relied on" in result.stderr


def test_dense_clusters_are_for_this_answer_and_say_who_is_in_none(finished: Path):
    before = (finished / "run.json").read_bytes()
    shown = call("clusters", finished, "--method", "hdbscan", "--min-cluster-size", 10, "--n-components", 4)
    assert shown.exit_code == 0, shown.output
    assert "are in no cluster" in shown.stdout
    none = call("clusters", finished, "--method", "hdbscan", "--min-cluster-size", 80, "--quality")
    assert none.exit_code == 0
    assert "91 of 91 items (100%) are in no cluster" in none.stdout
    assert "found no cluster" in none.stderr
    assert (finished / "run.json").read_bytes() == before


def test_a_report_has_tags_and_clusters(recipe_path: Path, tmp_path: Path):
    keywords = 'tags.keywords={funny = ["comedy"]}'
    settings = ["--set", "tags.from=genre", "--set", keywords, "--set", "map.enabled=false"]
    result = call("run", recipe_path, *settings, "--out", tmp_path / "run")
    assert result.exit_code == 0, result.output
    assert "30 of 91 items have any" in result.stdout
    assert "3 by k-means, silhouette 0." in result.stdout
    assert "funny: 30 items, purity 1.00 (chance 1.00)" in result.stdout
