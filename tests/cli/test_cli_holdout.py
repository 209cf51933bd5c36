"""`firth evaluate --holdout last`, and `firth recommend` by a recipe's `[recommend]`, as a user calls them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from cli_calls import call

RECIPE = """
[source]
path = "{table}"

[contexts.played]
kind = "sequences"
sequence = "list"
order = "place"
item = "song"

[contexts.artist]
column = "artist"
item = "song"
weight = 0

[vocabulary]
min_count = 12

[train]
vector_size = 16
window = 3
sample = 0
epochs = 20

[recommend]
blend = 0.5
decay = 0.5
cold = "group"
group = "artist"

[map]
enabled = false
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Playlists of four kinds whose songs follow one another in a circle, a few songs too rare to be items."""
    folder = tmp_path_factory.mktemp("played")
    draws, rows = np.random.default_rng(4), ["list,place,song,artist"]
    for number in range(400):
        kind, first, length = draws.integers(4), draws.integers(20), draws.integers(2, 9)
        for place in range(length):
            song = f"k{kind} song {(first + place) % 20}"
            if draws.random() < 0.02:
                song = f"k{kind} rare {draws.integers(40)}"
            rows.append(f"{number},{place},{song},artist {kind}")
    (folder / "plays.csv").write_text("\n".join(rows) + "\n")
    (folder / "played.toml").write_text(RECIPE.format(table=folder / "plays.csv"))
    for name, settings in {
        "run": [],
        "plain": ["--set", "recommend.blend=0"],
        "own": ["--set", "holdout.seed=7"],
    }.items():
        result = call("run", folder / "played.toml", "--out", folder / name, *settings)
        assert result.exit_code == 0, result.output
    return folder


def test_holdout_prints_every_ranker_with_what_is_cold(made: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "120")
    result = call("evaluate", made / "run", "--holdout", "last", "--query", "3")
    assert result.exit_code == 0, result.output
    for name in ("recommend", "neighbors", "random", "popularity", "item-kNN, cosine", "counts within 3", "EASE"):
        assert name in result.stdout
    assert "a twin trained without them" in " ".join(result.stdout.split())
    assert "without a known item to ask by" in " ".join(result.stdout.split())


def test_holdout_as_json_adds_up(made: Path):
    result = call("evaluate", made / "run", "--holdout", "last", "--query", "1", "--query", "3", "-k", "5", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)["holdout"]
    assert [each["n_before"] for each in found["rounds"]] == [1, 3]
    for each in found["rounds"]:
        assert each["n_questions"] == found["n_sequences"]
        scores = {score["name"]: score for score in each["scores"]}
        hits = {name: score["measures"]["HR@5"]["mean"] for name, score in scores.items()}
        assert hits["recommend"] > 2 * hits["popularity"]  # in a circle what comes next is known
        assert all(
            score["measures"]["HR@5"]["low"] <= hits[name] <= score["measures"]["HR@5"]["high"]
            for name, score in scores.items()
        )
    assert found["n_trained"] + 2 * found["n_sequences"] == pytest.approx(400, abs=40)


def test_a_run_with_a_holdout_answers_itself(made: Path):
    result = call("evaluate", made / "own", "--holdout", "last", "--query", "3", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)["holdout"]
    assert (found["is_twin"], found["seed"]) == (False, 7)
    refused = call("evaluate", made / "own", "--holdout", "last", "--seed", "8")
    assert refused.exit_code == 1
    assert "holds out sequences of its own" in " ".join(refused.stderr.split())


def test_two_runs_are_compared_pair_by_pair(made: Path):
    result = call("evaluate", made / "run", "--holdout", "last", "--query", "3", "--against", made / "plain", "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    ((difference,),) = (document["differences"],)
    one, other = (
        next(s for s in document[name]["rounds"][0]["scores"] if s["name"] == "recommend")["measures"]["HR@10"]["mean"]
        for name in ("holdout", "against")
    )
    assert difference["recommend"]["HR@10"]["mean"] == pytest.approx(one - other)
    assert difference["neighbors"]["HR@10"] == {"mean": 0.0, "low": 0.0, "high": 0.0}  # the same vectors
    printed = call("evaluate", made / "run", "--holdout", "last", "--query", "3", "--against", made / "plain")
    assert "run less plain, asked by 3" in printed.stdout


def test_the_same_questions_get_the_same_numbers_from_any_number_of_threads(made: Path):
    documents = [
        call("evaluate", made / "run", "--holdout", "last", "--n-jobs", n, "--json").stdout for n in ("1", "2", "3")
    ]
    without_seconds = [
        [{**score, "seconds": 0} for each in json.loads(document)["holdout"]["rounds"] for score in each["scores"]]
        for document in documents
    ]
    assert without_seconds[0] == without_seconds[1] == without_seconds[2]


def test_recommend_joins_counts_and_says_so(made: Path):
    blended = json.loads(call("recommend", made / "run", "k1 song 3", "k1 song 4", "-k", "3", "--json").stdout)
    plain = json.loads(call("recommend", made / "plain", "k1 song 3", "k1 song 4", "-k", "3", "--json").stdout)
    assert (blended["blend"], blended["decay"], plain["blend"]) == (0.5, 0.5, 0)
    assert blended["recommendations"][0]["key"] in ("k1 song 5", "k1 song 2")
    assert [each["prediction"] for each in blended["recommendations"]] != [
        each["prediction"] for each in plain["recommendations"]
    ]


def test_a_song_too_rare_is_answered_from_its_artist(made: Path):
    rare = next(line.split(",")[2] for line in (made / "plays.csv").read_text().splitlines() if "k2 rare" in line)
    result = call("recommend", made / "run", rare, "-k", "5", "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["answered"]["by"] == "group"
    assert document["answered"]["groups"] == ["artist 2"]
    assert all(each["key"].startswith("k2") for each in document["recommendations"])
    printed = call("recommend", made / "run", rare)
    assert "answered from the items of artist 2" in printed.stdout


def test_a_song_nobody_knows_gets_what_is_popular(made: Path):
    result = call("recommend", made / "run", "never heard", "-k", "2", "--json")
    how = json.loads(result.stdout)["answered"]
    assert how == {"by": "popularity", "groups": [], "unknown": ["never heard"]}


def test_what_it_takes_to_recommend_moves_with_the_run(made: Path, tmp_path: Path):
    import firth

    run = firth.load_run(made / "run")
    copy = run.save(tmp_path / "copy")
    assert copy.recommender.recommend(["k0 song 1"], k=5) == run.recommender.recommend(["k0 song 1"], k=5)
    (tmp_path / "copy" / "counts.safetensors").unlink()
    result = call("recommend", tmp_path / "copy", "k0 song 1")
    assert result.exit_code == 1
    assert "is incomplete: it has no counts.safetensors" in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("settings", "status", "message"),
    [
        (["recommend.blend=2"], 2, "blend must be a number from 0 to 1, got 2"),
        (['recommend.group="artits"'], 2, "Closest: 'artist'"),
        (["holdout.test=0.9"], 2, "test must be a share from 0 to 0.5, got 0.9"),
        (['holdout.context="artist"'], 2, "unknown context 'artist'"),
        (["holdout.min_length=100"], 1, "no sequence of 'played' has the 100 items"),
    ],
)
def test_what_is_wrong_in_a_recipe_is_said(
    made: Path, tmp_path: Path, settings: list[str], status: int, message: str, monkeypatch: pytest.MonkeyPatch
):
    options = [part for setting in settings for part in ("--set", setting)]
    monkeypatch.setenv("COLUMNS", "200")
    result = call("run", made / "played.toml", "--out", tmp_path / "run", *options)
    assert result.exit_code == status
    assert message in " ".join(result.stderr.split())


def test_a_run_without_sequences_has_no_last_item(finished: Path):
    result = call("evaluate", finished, "--holdout", "last")
    assert result.exit_code == 1
    assert "this source has no sequences" in " ".join(result.stderr.split())
