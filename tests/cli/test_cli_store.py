"""Runs kept in order from the command line: filtered, tagged, removed, cleaned up."""

import json
import sqlite3
from pathlib import Path

import pytest
from cli_calls import call
from typer.testing import CliRunner

from firth.cli.app import app
from firth.runs import folder as files


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with three runs below ./runs."""
    monkeypatch.chdir(tmp_path)
    for number, (name, status) in enumerate([("a-1", "complete"), ("a-2", "failed"), ("b-1", "complete")]):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        when = f"2026-01-0{number + 1}T00:00:00+00:00"
        document = {"format": 1, "name": name, "status": status, "started": when, "finished": when, "metrics": {}}
        files.write_document(folder, document)
    return tmp_path


@pytest.mark.usefixtures("here")
def test_runs_are_tagged_and_listed_by_their_tags():
    assert call("runs", "tag", "a-1", "served", "best").stdout == "a-1 is called best, served.\n"
    assert json.loads(call("runs", "tag", "a-1", "best", "--remove", "--json").stdout)["tags"] == ["served"]
    found = json.loads(call("runs", "list", "--tag", "served", "--json").stdout)
    assert [(run["recipe"], run["tags"], run["size_bytes"] > 0) for run in found] == [("a", ["served"], True)]
    assert "served" in call("runs", "list").stdout


@pytest.mark.usefixtures("here")
def test_runs_are_listed_by_recipe_and_status():
    assert [run["run"] for run in json.loads(call("runs", "list", "--recipe", "a", "--json").stdout)] == [
        "runs/a-1",
        "runs/a-2",
    ]
    assert [run["run"] for run in json.loads(call("runs", "list", "--status", "failed", "--json").stdout)] == [
        "runs/a-2"
    ]
    assert call("runs", "list", "--recipe", "c").stdout == "no runs that are asked for in runs.\n"
    result = call("runs", "list", "--status", "done")
    assert result.exit_code == 1
    assert "unknown state 'done'" in result.stderr


def test_a_run_is_removed_only_after_a_yes(here: Path):
    refused = CliRunner().invoke(app, ["runs", "remove", "a-1"], input="n\n")
    assert refused.exit_code == 1
    assert "Remove runs/a-1" in refused.stderr
    assert (here / "runs" / "a-1").exists()
    agreed = CliRunner().invoke(app, ["runs", "remove", "a-1"], input="y\n")
    assert agreed.exit_code == 0
    assert agreed.stdout.endswith("removed runs/a-1.\n")
    assert json.loads(call("runs", "remove", "a-2", "b-1", "--yes", "--json").stdout)["removed"] == [
        "runs/a-2",
        "runs/b-1",
    ]
    assert list((here / "runs").iterdir()) == []


def test_what_is_no_run_is_not_removed(here: Path):
    (here / "runs" / "b-1" / "letter.txt").write_text("dear", encoding="utf-8")
    result = call("runs", "remove", "a-1", "b-1", "--yes")
    assert result.exit_code == 1
    assert "holds more than a run (letter.txt)" in result.stderr
    assert (here / "runs" / "a-1").exists()


def test_a_clean_up_is_shown_before_it_is_done(here: Path):
    shown = call("runs", "clean")
    assert "a-2" in shown.stdout
    assert "would be free. Remove it: add --yes." in shown.stdout
    assert (here / "runs" / "a-2").exists()
    done = json.loads(call("runs", "clean", "--keep-last", "0", "--yes", "--json").stdout)
    assert done["is_done"]
    assert done["freed_bytes"] > 0
    assert {removal["path"] for removal in done["removals"]} == {"runs/a-1", "runs/a-2", "runs/b-1"}
    assert call("runs", "clean").stdout == "there is nothing to remove from runs.\n"


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("age", "n"), [("0d", 1), ("1.5h", 1), ("2000w", 0)])
def test_ages_have_a_unit(age: str, n: int):
    assert len(json.loads(call("runs", "clean", "--older-than", age, "--json").stdout)["removals"]) == n


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("age", ["7", "d", "-1d", "1 year"])
def test_other_ages_are_wrong_usage(age: str):
    assert call("runs", "clean", "--older-than", age).exit_code == 2


def test_a_run_is_made_again_and_is_the_same(finished: Path, tmp_path: Path):
    result = call("runs", "reproduce", finished, "--n-jobs", "2", "--out", tmp_path / "again")
    assert result.exit_code == 0, result.output
    assert "the same: all " in result.stdout
    assert "source: same" in result.stdout
    assert (tmp_path / "again" / files.DOCUMENT).exists()


def test_a_run_that_is_not_the_same_says_why(own_run: Path, recipe_path: Path, tmp_path: Path):
    database = tmp_path / "films.sqlite"
    database.write_bytes((recipe_path.parent / "films.sqlite").read_bytes())
    with sqlite3.connect(database) as connection:
        connection.execute("delete from films where film like '%7%'")
    connection.close()
    result = call("runs", "reproduce", own_run, "--source", f"sqlite:///{database}")
    assert result.exit_code == 1
    assert "not the same" in result.stdout, result.output
    assert "source: changed" in result.stdout
    assert "why it may differ: the source changed: training read another corpus" in result.stdout
    found = json.loads(call("runs", "reproduce", own_run, "--json").stdout)
    assert (found["is_equal"], found["source"], found["corpus"]) == (True, "same", "same")


def test_a_report_says_where_a_run_comes_from(own_run: Path):
    call("runs", "tag", own_run, "served")
    shown = call("runs", "show", own_run).stdout
    assert "films.sqlite, 2 queries, 182 rows, " in shown
    assert "firth 0.1.0" in shown
    assert "called served" in shown
