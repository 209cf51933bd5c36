"""firth demo words: Wikipedia's leads, which a package ships and which are fetched once."""

from pathlib import Path

import pytest
from cli_calls import call

import firth
from firth.errors import SourceError
from firth.runs.reading import read_source


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        read_source(firth.Recipe.load("words"), None)
    except SourceError as error:
        pytest.skip(f"the text cannot be fetched: {error}")
    folder = tmp_path_factory.mktemp("words") / "words"
    result = call("demo", "words", "--out", folder)
    assert result.exit_code == 0, result.output
    return folder


def test_its_questions_have_sensible_answers(words: Path):
    vectors = firth.load_run(words).vectors
    assert {"four", "seven", "nine", "five", "six"} & {key for key, _ in vectors.most_similar("eight", k=5)}
    assert {"ganges", "brahmaputra", "confluence"} & {key for key, _ in vectors.most_similar("river", k=5)}
    assert {"sculptor", "artist", "printmaker"} & {key for key, _ in vectors.most_similar("painter", k=5)}
    assert vectors.most_similar(plus=["his", "she"], minus=["he"], k=1)[0][0] == "her"
    assert vectors.recommend(["united"], k=1)[0][0] in ("states", "kingdom", "nations")


def test_the_vectors_are_drawn_on_a_map(words: Path):
    assert (words / "plots" / "map-cluster.png").stat().st_size > 10_000
    assert firth.load_run(words).metrics["map"]["trustworthiness"] > 0.9
