"""Questions to a finished run: neighbours, arithmetic, clusters, map, plot, export, import, runs."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from cli_calls import call

from firth import evaluation
from firth.cli.questions import spread_terms
from firth.runs.run import Run
from firth.vectors.search import KeySearch


def test_search_finds_keys_by_a_part_and_says_how(finished: Path):
    document = json.loads(call("search", finished, "DRAMA  film 1", "-k", 3, "--json").stdout)
    assert document["query"] == "DRAMA  film 1"
    assert document["matches"][0]["key"] == "drama film 1"
    expected = KeySearch(Run.load(finished).vectors.keys).find("DRAMA  film 1", k=3)
    assert [(each["key"], each["how"]) for each in document["matches"]] == [(each.key, each.how) for each in expected]
    assert document["matches"][0]["genre"] == ["drama"]


def test_search_shows_attributes_in_columns_or_says_that_there_is_nothing(finished: Path):
    lines = call("search", finished, "darma film 1", "-k", 2).stdout.splitlines()
    assert lines[0].split() == ["found", "item", "genre", "score", "count"]
    assert lines[2].split()[:4] == ["typo", "drama", "film", "1"]
    nothing = call("search", finished, "[bold]qqqq")
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    assert "nothing in films is like '[bold]qqqq'" in nothing.stderr.replace("\n", " ")


def test_neighbors_are_of_the_same_genre(finished: Path):
    result = call("neighbors", finished, "drama film 1", "-k", 5, "--json")
    document = json.loads(result.stdout)
    assert document["ranking"] == "cosine"
    assert [neighbor["genre"] for neighbor in document["neighbors"]] == [["drama"]] * 5
    cosines = [neighbor["cosine"] for neighbor in document["neighbors"]]
    assert cosines == sorted(cosines, reverse=True)


def test_neighbors_are_the_librarys(finished: Path):
    document = json.loads(call("neighbors", finished, "drama film 1", "-k", 3, "--json").stdout)
    expected = Run.load(finished).vectors.most_similar("drama film 1", k=3)
    assert [neighbor["key"] for neighbor in document["neighbors"]] == [key for key, _ in expected]


def test_neighbors_show_attributes_in_columns(finished: Path):
    lines = call("neighbors", finished, "drama film 1", "-k", 5).stdout.splitlines()
    heading = next(line for line in lines if line.lstrip().startswith("cosine"))
    assert heading.split() == ["cosine", "item", "genre", "score", "count"]
    rows = [line for line in lines if "drama film" in line[8:]]
    assert len(rows) == 5
    assert len({row.index("drama film") for row in rows}) == 1


def test_recommended_items_are_the_librarys(finished: Path):
    document = json.loads(call("recommend", finished, "drama film 1", "drama film 4", "-k", 5, "--json").stdout)
    assert document["ranking"] == "prediction"
    assert document["query"] == {"keys": ["drama film 1", "drama film 4"]}
    found = [(entry["key"], entry["prediction"]) for entry in document["recommendations"]]
    expected = Run.load(finished).vectors.recommend(["drama film 1", "drama film 4"], k=5)
    assert found == [(key, pytest.approx(value, abs=1e-6)) for key, value in expected]
    assert [entry["genre"] for entry in document["recommendations"]] == [["drama"]] * 5


def test_recommend_shows_predictions_in_a_table(finished: Path):
    lines = call("recommend", finished, "drama film 1", "drama film 4", "-k", 5).stdout.splitlines()
    assert lines[0] == "drama film 1 + drama film 4"
    heading = next(line for line in lines if line.lstrip().startswith("prediction"))
    assert heading.split() == ["prediction", "item", "genre", "score", "count"]


@pytest.fixture
def question_files(tmp_path: Path) -> tuple[Path, Path]:
    pairs = "".join(
        f"drama film {i}\tdrama film {i + 3}\t9\ndrama film {i}\tcomedy film {i + 2}\t{i % 2}\n" for i in (1, 4)
    )
    (tmp_path / "likeness.tsv").write_text(pairs + "drama film 1\tno film\t3\nbad line\n", encoding="utf-8")
    questions = ": gram1\n" + "drama film 1\tdrama film 4\tcomedy film 0\tcomedy film 3\n" * 2
    (tmp_path / "q.tsv").write_text(questions + ": other\nno film\ta\tb\tc\n", encoding="utf-8")
    return tmp_path / "likeness.tsv", tmp_path / "q.tsv"


def test_evaluations_are_the_librarys(finished: Path, question_files: tuple[Path, Path]):
    pairs, questions = question_files
    done = call("evaluate", finished, "--similarity", pairs, "--analogies", questions, "--restrict", 2, "--json")
    document = json.loads(done.stdout)
    vectors = Run.load(finished).vectors
    expected = evaluation.similarity(vectors, evaluation.WordPairs.read(pairs)).to_dict()
    assert document["similarity"] == [{**expected, "spearman": pytest.approx(expected["spearman"])}]
    assert (expected["n_oov"], expected["n_bad_lines"], expected["spearman"] > 0.7) == (1, 1, True)
    assert [one["method"] for one in document["analogies"]] == ["3cosadd", "3cosmul"]
    total = evaluation.analogies(vectors, evaluation.AnalogyQuestions.read(questions), restrict=2).total
    assert document["analogies"][0]["total"] == {**total.to_dict(), "accuracy": None}
    assert total.n_outside == 2
    assert document["analogies"][0]["sections"]["other"]["accuracy"] is None


def test_evaluations_are_shown_with_what_could_not_be_asked(finished: Path, question_files: tuple[Path, Path]):
    pairs, questions = question_files
    shown = call("evaluate", finished, "--similarity", pairs, "--analogies", questions).stdout
    rows = {line.split()[0]: line.split() for line in shown.splitlines() if line.strip()}
    assert rows["likeness"][2:] == ["5", "1", "80%"]
    assert rows["other"] == ["other", "1", "1", "0", "-", "-"]
    assert rows["total"][:4] == ["total", "3", "1", "0"]
    assert "likeness: 1 lines could not be read" in shown


def test_without_files_evaluate_shows_what_was_measured(finished: Path):
    shown = call("evaluate", finished).stdout
    assert "loss on held-out pairs" in shown
    (line,) = (line for line in shown.splitlines() if "genre in common" in line)
    found = next(one for one in Run.load(finished).metrics["agreement"] if one["name"] == "genre")
    assert line.split()[-2:] == [f"{found['value']:.3f}", f"{found['chance']:.3f}"]


def test_arithmetic_takes_several_keys_after_one_option(finished: Path):
    terms = ["--plus", "drama film 1", "comedy film 0", "--minus", "sci-fi film 2"]
    document = json.loads(call("arithmetic", finished, *terms, "--json").stdout)
    assert document["query"] == {"plus": ["drama film 1", "comedy film 0"], "minus": ["sci-fi film 2"]}
    found = {neighbor["key"] for neighbor in document["neighbors"]}
    assert not found & {"drama film 1", "comedy film 0", "sci-fi film 2"}


def test_arithmetic_heads_its_table_with_the_sum(finished: Path):
    shown = call("arithmetic", finished, "--plus", "drama film 1", "--minus", "comedy film 0").stdout
    assert "drama film 1 - comedy film 0" in shown


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["RUN", "--plus", "a", "b", "--minus", "c"], ["RUN", "--plus", "a", "--plus", "b", "--minus", "c"]),
        (["RUN", "--plus", "a", "--json", "--minus", "-b"], ["RUN", "--plus", "a", "--json", "--minus", "-b"]),
        (["--plus", "a", "RUN", "--minus", "b"], ["--plus", "a", "RUN", "--minus", "b"]),
        (["RUN", "--plus", "a", "-k", "5", "b"], ["RUN", "--plus", "a", "-k", "5", "b"]),
        (["RUN", "-k", "5", "--plus", "a", "b"], ["RUN", "-k", "5", "--plus", "a", "--plus", "b"]),
    ],
)
def test_keys_after_an_option_belong_to_it(arguments: list[str], expected: list[str]):
    assert spread_terms(arguments) == expected


def test_an_unknown_key_names_the_closest_three(finished: Path):
    result = call("neighbors", finished, "drama flim 1")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "unknown item 'drama flim 1'. Closest: 'drama film 1'" in result.stderr
    assert result.stderr.count("'") == 8


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["neighbors", "no-such-run", "a"], 1, "no run 'no-such-run'"),
        (["neighbors", "{run}", "drama film 1", "-k", "0"], 2, "-k"),
        (["neighbors", "{run}"], 2, "KEY"),
        (["recommend", "{run}"], 2, "KEY"),
        (["recommend", "{run}", "drama flim 1", "x"], 1, "unknown items 'drama flim 1'"),
        (["evaluate", "{run}", "--similarity", "{run}/run.json"], 1, "two words and a score"),
        (["evaluate", "{run}", "--analogies", "none.txt"], 1, "no file at none.txt"),
        (["evaluate", "{run}", "--restrict", "0"], 2, "--restrict"),
        (["arithmetic", "{run}"], 2, "at least one key"),
        (["arithmetic", "{run}", "--plus", "x"], 1, "unknown item 'x'"),
        (["clusters", "{run}", "-n", "1"], 2, "-n"),
        (["clusters", "{run}", "-n", "92"], 1, "92"),
        (["plot", "{run}", "-o", "{run}/a.gif"], 1, ".png"),
        (["plot", "{run}", "--color-by", "gnre", "-o", "{run}/a.png"], 1, "Closest: 'genre'"),
        (["plot", "{run}"], 2, "-o"),
        (["export", "{run}", "--format", "pickle", "-o", "a"], 2, "--format"),
        (["export", "{run}", "--format", "npy", "-o", "{run}/run.json/a.npy"], 1, "cannot write"),
        (["export", "{run}", "--format", "parquet", "-o", "{run}/none/a.parquet"], 1, "cannot write"),
        (["export", "{run}", "--format", "word2vec", "-o", "{run}/none/a.txt"], 1, "cannot write"),
        (["runs", "show", "no-such-run"], 1, "no run"),
        (["neighbours", "{run}", "a"], 2, "No such command"),
    ],
)
def test_wrong_questions_have_their_status_and_message(
    finished: Path, arguments: list[str], status: int, message: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "300")
    before = sorted(finished.rglob("*"))
    result = call(*(argument.replace("{run}", str(finished)) for argument in arguments))
    assert result.exit_code == status, result.output
    assert message in " ".join(result.stderr.split())
    assert "Traceback" not in result.output
    assert sorted(finished.rglob("*")) == before


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path):
    assert "it has no run.json" in call("neighbors", tmp_path, "a").stderr


@pytest.mark.parametrize("name", ["run.json", "vectors.safetensors", "items.parquet", "history.parquet"])
@pytest.mark.parametrize("keep", [0.0, 0.6])
def test_a_damaged_run_is_refused(own_run: Path, name: str, keep: float):
    content = (own_run / name).read_bytes()
    (own_run / name).write_bytes(content[: int(len(content) * keep)])
    result = call("neighbors", own_run, "drama film 1")
    assert result.exit_code == 1
    assert f"{name} is damaged" in result.stderr


@pytest.mark.parametrize("name", ["vectors.safetensors", "items.parquet", "history.parquet"])
def test_an_incomplete_run_is_refused(own_run: Path, name: str):
    (own_run / name).unlink()
    result = call("neighbors", own_run, "drama film 1")
    assert result.exit_code == 1
    assert "has no" in result.stderr


def test_clusters_are_named_after_what_they_hold(finished: Path):
    document = json.loads(call("clusters", finished, "--json").stdout)
    names = {cluster["name"] for cluster in document["clusters"]}
    assert names >= {"comedy", "drama", "sci-fi"} or all(any(g in name for name in names) for g in ("comedy", "drama"))
    assert all(cluster["examples"] for cluster in document["clusters"])


def test_other_clusters_are_only_shown(finished: Path):
    before = (finished / "run.json").read_bytes()
    assert len(json.loads(call("clusters", finished, "-n", 5, "--json").stdout)["clusters"]) == 5
    assert (finished / "run.json").read_bytes() == before


@pytest.mark.parametrize("color", ["genre", "score", "cluster"])
def test_a_plot_is_written(finished: Path, tmp_path: Path, color: str):
    result = call("plot", finished, "--label", 3, "--color-by", color, "-o", tmp_path / "a.png")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_a_plot_can_be_shaded(finished: Path, tmp_path: Path):
    for option in ("--density", "--no-density"):
        assert call("plot", finished, option, "-o", tmp_path / f"{option}.png").exit_code == 0
    assert call("plot", finished, "-o", tmp_path / "auto.png").exit_code == 0
    written = {path.stem: path.read_bytes() for path in tmp_path.iterdir()}
    assert written["auto"] == written["--no-density"] != written["--density"]


@pytest.mark.parametrize("kind", ["word2vec", "word2vec-binary"])
def test_exported_vectors_come_back(finished: Path, tmp_path: Path, kind: str):
    assert call("export", finished, "--format", kind, "-o", tmp_path / "a.vec").exit_code == 0
    result = call("import", tmp_path / "a.vec", "--out", tmp_path / "back")
    assert result.exit_code == 0, result.output
    back, run = Run.load(tmp_path / "back"), Run.load(finished)
    assert np.allclose(back.vectors.matrix, run.vectors.matrix, atol=1e-6)
    assert call("neighbors", tmp_path / "back", back.vectors.keys[4]).exit_code == 0


def test_a_folder_for_the_projector_is_written(finished: Path, tmp_path: Path):
    assert call("export", finished, "--format", "projector", "-o", tmp_path / "p").exit_code == 0
    assert len((tmp_path / "p" / "tensors.tsv").read_text().splitlines()) == len(Run.load(finished).vectors)


def test_npy_is_the_matrix(finished: Path, tmp_path: Path):
    assert call("export", finished, "--format", "npy", "-o", tmp_path / "a.npy").exit_code == 0
    assert np.array_equal(np.load(tmp_path / "a.npy", allow_pickle=False), Run.load(finished).vectors.matrix)


def test_parquet_has_items_and_vectors(finished: Path, tmp_path: Path):
    assert call("export", finished, "--format", "parquet", "-o", tmp_path / "a.parquet").exit_code == 0
    table = pl.read_parquet(tmp_path / "a.parquet")
    assert table.drop("vector").equals(pl.read_parquet(finished / "items.parquet"))
    assert np.array_equal(table["vector"].to_numpy(), Run.load(finished).vectors.matrix)


@pytest.mark.parametrize("content", [b"", b"nonsense\n", b"3 4\na 1 2 3 4\n", b"\x00\x01\x02"])
def test_a_file_that_holds_no_vectors_is_refused(tmp_path: Path, content: bytes):
    (tmp_path / "a.vec").write_bytes(content)
    result = call("import", tmp_path / "a.vec", "--out", tmp_path / "run")
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert "unexpected" not in result.stderr
    assert not (tmp_path / "run").exists()


def test_runs_are_listed_and_shown(finished: Path):
    listed = call("runs", "list", "--root", finished.parent)
    assert "films" in listed.stdout
    assert "complete" in listed.stdout
    assert json.loads(call("runs", "list", "--root", finished.parent, "--json").stdout)[0]["state"] == "complete"
    assert "trustworthiness" in call("runs", "show", finished).stdout
    assert json.loads(call("runs", "show", finished, "--json").stdout)["status"] == "complete"


def test_no_runs_is_an_answer(tmp_path: Path):
    result = call("runs", "list", "--root", tmp_path)
    assert result.exit_code == 0
    assert "no runs" in result.stdout
