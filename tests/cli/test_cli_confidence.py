"""firth confidence, and what firth neighbors --confidence shows of it."""

import json
from pathlib import Path

import pytest
from cli_calls import call

from firth.runs.run import Run


@pytest.fixture(scope="module")
def measured(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("measured") / "films"
    Run.load(finished).save(folder)
    result = call("confidence", folder, "--members", 3, "-k", 5, "--json")
    assert result.exit_code == 0, result.output
    about = json.loads(result.stdout)["confidence"]
    assert (about["members"], about["by"], about["k"]) == (3, "seed", 5)
    return folder


def ask(*arguments: object) -> str:
    result = call("neighbors", *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_report_says_how_much_recurs(measured: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "200")
    shown = call("runs", "show", measured).stdout
    mean = Run.load(measured).metrics["confidence"]["mean"]
    assert f"{mean:.0%} of the 5 nearest recur, by 3 other trainings with other seeds" in shown
    assert "of the items are unstable" in shown


def test_neighbors_show_their_rates_in_a_column(measured: Path):
    lines = ask(measured, "drama film 1", "-k", 4, "--confidence").splitlines()
    place = next(i for i, line in enumerate(lines) if line.lstrip().startswith("cosine"))
    assert lines[place].split() == ["cosine", "recurs", "item", "genre", "score", "count"]
    shown = [line.split()[1] for line in lines[place + 2 : place + 6]]
    table = Run.load(measured).neighbor_confidence
    expected = next(row["rates"] for row in table.to_dicts() if row["key"] == "drama film 1")
    assert shown == [f"{rate:.2f}" for rate in expected[:4]]
    assert "among the 5 nearest in another training, by 3" in " ".join(" ".join(lines).split())


def test_json_has_the_same(measured: Path):
    document = json.loads(ask(measured, "drama film 1", "-k", 7, "--confidence", "--json"))
    run = Run.load(measured)
    row = run.vectors.vocabulary.id("drama film 1")
    found = [neighbor["recurs"] for neighbor in document["neighbors"]]
    assert found[:5] == pytest.approx(run.neighbor_confidence["rates"][row].to_list(), abs=1e-6)
    assert found[5:] == [None, None]
    item = run.items["confidence"][row]
    about = document["confidence"]
    assert about == {
        "members": 3,
        "by": "seed",
        "k": 5,
        "item": pytest.approx(item, abs=1e-6),
        "is_unstable": item < 0.5,
    }


def test_without_being_asked_nothing_is_shown(measured: Path):
    assert "recurs" not in ask(measured, "drama film 1")
    document = json.loads(ask(measured, "drama film 1", "--json"))
    assert "confidence" not in document
    assert "recurs" not in document["neighbors"][0]


def test_beyond_what_was_measured_it_is_said_to_be_unknown(measured: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "200")
    shown = ask(measured, "drama film 1", "-k", 7, "--confidence")
    lines = shown.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("──")) + 1
    assert [line.split()[1] == "-" for line in lines[first : first + 7]] == [False] * 5 + [True] * 2
    assert "not known beyond the 5 nearest; firth confidence RUN -k 7 measures more" in shown


@pytest.mark.parametrize(("item", "is_flagged"), [(0.31, True), (0.5, False), (0.9, False)])
def test_an_unstable_item_is_flagged_in_words(
    measured: Path, tmp_path: Path, item: float, is_flagged: bool, monkeypatch: pytest.MonkeyPatch
):
    import polars as pl

    monkeypatch.setenv("COLUMNS", "200")
    run = Run.load(measured)
    run._with(items=run.items.with_columns(confidence=pl.lit(item, pl.Float32))).save(tmp_path / "run")
    shown = ask(tmp_path / "run", "drama film 1", "-k", 3, "--confidence")
    assert ("unstable: only" in shown) is is_flagged
    if is_flagged:
        assert "only 1.6 of its 5 nearest are expected in another training" in shown


def test_without_a_table_the_command_that_makes_it_is_said(finished: Path):
    result = call("neighbors", finished, "drama film 1", "--confidence")
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"firth confidence {finished}" in "".join(result.stderr.split("\n"))


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["{run}", "--members", "1"], 2, "--members"),
        (["{run}", "--by", "data"], 2, "--by"),
        (["{run}", "-k", "0"], 2, "-k"),
        (["no-such-run"], 1, "no run 'no-such-run'"),
        (["{run}", "--by", "bootstrap"], 1, "bootstrap draws sequences"),
    ],
)
def test_wrong_use_has_its_status_and_message(finished: Path, arguments: list[str], status: int, message: str):
    before = sorted(finished.rglob("*"))
    result = call("confidence", *(argument.replace("{run}", str(finished)) for argument in arguments))
    assert result.exit_code == status, result.output
    assert message in " ".join(result.stderr.split())
    assert sorted(finished.rglob("*")) == before
