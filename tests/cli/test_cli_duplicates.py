"""firth duplicates: the list, the table, the run that is made again, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from cli_calls import call

pytest.importorskip("rapidfuzz")

PLAYS = """playlist,position,artist,track
{rows}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of songs of which one has two names."""
    folder = tmp_path_factory.mktemp("songs")
    draws = np.random.default_rng(4)
    songs = [
        "One,Get Lucky",
        "One,Get Lucky - Radio Edit",
        "Two,Alpha",
        "Three,Beta",
        "Four,Gamma (Live)",
        "Four,Gamma",
    ]
    rows = [f"{i},{place},{songs[s]}" for i in range(200) for place, s in enumerate(draws.permutation(len(songs))[:4])]
    (folder / "plays.csv").write_text(PLAYS.format(rows="\n".join(rows)), encoding="utf-8")
    settings = {"source.path": folder / "plays.csv", "train.vector_size": 4, "map.enabled": "false", "clusters.n": 0}
    given = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    result = call("run", "playlists", *given, "--out", folder / "run")
    assert result.exit_code == 0, result.output
    return folder / "run"


ALL = ("--min-cosine", "-1")


def test_the_list_shows_the_evidence(made: Path):
    result = call("duplicates", made, *ALL)
    assert result.exit_code == 0
    assert "2 items in 1 groups" in result.stdout
    assert "= One - Get Lucky" in result.stdout
    assert "edition" in result.stdout
    assert "Gamma" not in result.stdout
    assert "ranks" not in result.stdout  # at 80 columns


def test_versions_join_on_request(made: Path):
    assert "= Four - Gamma" in call("duplicates", made, *ALL, "--versions").stdout


def test_json_has_all_of_it(made: Path):
    document = json.loads(call("duplicates", made, *ALL, "--together", "--json").stdout)
    (group,) = document["groups"]
    (pair,) = group["pairs"]
    assert group["keep"] == group["items"][0]["key"]
    assert {pair["a"], pair["b"]} == {"One - Get Lucky", "One - Get Lucky - Radio Edit"}
    assert pair["similarity"] == 100
    assert pair["differs"] == ["edition"]
    assert pair["rank_a"] >= 1
    assert 0 < pair["together"] < 200
    assert document["namesakes"] == []


def test_items_of_one_name_in_other_company_are_apart(made: Path):
    result = call("duplicates", made, "--min-cosine", "1")
    assert "no duplicates" in result.stdout
    assert "2 items in 1 groups of one name in other company" in result.stdout


def test_from_the_list_over_the_table_to_a_merged_run(made: Path, tmp_path: Path):
    table, into = tmp_path / "merge.csv", tmp_path / "merged"
    assert call("duplicates", made, *ALL, "--out", table).exit_code == 0
    assert table.read_text(encoding="utf-8").count("\n") == 3
    again = call("duplicates", made, *ALL, "--out", table)
    assert again.exit_code == 1
    assert "may have been edited" in again.stderr
    assert call("duplicates", made, *ALL, "--out", table, "--replace").exit_code == 0
    result = call("duplicates", made, "--merge", table, "--into", into)
    assert result.exit_code == 0, result.output
    assert "1 item, which occur" in result.stdout
    assert "before" in result.stdout
    assert json.loads((into / "run.json").read_text(encoding="utf-8"))["corpus"]["n_items"] == 5
    assert "merged" in call("runs", "show", into).stdout
    document = json.loads(call("duplicates", made, "--merge", table, "--into", into, "--replace", "--json").stdout)
    assert document["before"] == str(made)


def test_keys_in_vain_are_told(made: Path, tmp_path: Path):
    (tmp_path / "m.csv").write_text("group,keep,key,merge\n1,Two - Alpha,Two - Alfa,yes\n", encoding="utf-8")
    result = call("duplicates", made, "--merge", tmp_path / "m.csv", "--into", tmp_path / "run")
    assert "1 of its keys are not in the source" in " ".join(result.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--merge", "m.csv", "--out", "o.csv"], "--out"),
        (["--merge", "m.csv", "--together"], "--together"),
        (["--into", "x"], "--into"),
        (["--replace"], "--replace"),
        (["--min-similarity", "101"], "--min-similarity"),
    ],
)
def test_wrong_usage(made: Path, arguments: list[str], message: str):
    result = call("duplicates", made, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_table_that_is_wrong_makes_no_run(made: Path, tmp_path: Path):
    (tmp_path / "m.csv").write_text("group,keep,key,merge\n1,a,b,yes\n2,b,a,yes\n", encoding="utf-8")
    result = call("duplicates", made, "--merge", tmp_path / "m.csv", "--into", tmp_path / "run")
    assert result.exit_code == 1
    assert "line 2: 'b' is merged into 'a' and, in line 3, the other way round" in result.stderr
    assert not (tmp_path / "run").exists()


def test_imported_vectors_list_duplicates_but_are_not_made_again(tmp_path: Path):
    (tmp_path / "v.txt").write_text("3 2\nHello 1 0\nhello 0.9 0.1\nother 0 1\n", encoding="utf-8")
    assert call("import", tmp_path / "v.txt", "--out", tmp_path / "run").exit_code == 0
    assert "= hello" in call("duplicates", tmp_path / "run", "--out", tmp_path / "m.csv").stdout
    result = call("duplicates", tmp_path / "run", "--merge", tmp_path / "m.csv")
    assert result.exit_code == 1
    assert "not made from a recipe" in result.stderr
