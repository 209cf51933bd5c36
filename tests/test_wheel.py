"""The wheel, built and installed bare: without extras, `firth --help` runs, vectors train, and what is missing is said.

The one test that reaches the package index, for the base dependencies; leave it out with ``-m "not wheel"``.
"""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

pytestmark = pytest.mark.wheel
ROOT = Path(__file__).parent.parent
FILMS = "item,value\n" + "".join(f"film {number},{'ab'[number % 2]}\n" for number in range(40))
RECIPE = """
[source]
path = "films.csv"
[contexts.genre]
[train]
vector_size = 4
pairs = 1000
"""


def _run(command: list[object], *, cwd: Path, status: int = 0) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False, env=environment)
    if "NewConnectionError" in done.stderr:
        pytest.skip("the package index cannot be reached")
    assert done.returncode == status, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a fresh environment's programs, with the wheel and its base dependencies in it."""
    folder = tmp_path_factory.mktemp("wheel")
    build = ["-m", "pip", "wheel", ROOT, "--no-deps", "--no-build-isolation", "-w", folder / "dist"]
    _run([sys.executable, *build, f"-Cbuild-dir={folder / 'build'}"], cwd=folder)
    (wheel,) = (folder / "dist").glob("*.whl")
    venv.create(folder / "venv", with_pip=True)
    _run([folder / "venv" / "bin" / "python", "-m", "pip", "install", "--quiet", wheel], cwd=folder)
    return folder / "venv" / "bin"


@pytest.mark.parametrize("program", [["firth"], ["python", "-m", "firth"]])
def test_help_runs_without_extras(bare: Path, tmp_path: Path, program: list[str]):
    assert "Usage: firth" in _run([bare / program[0], *program[1:], "--help"], cwd=tmp_path).stdout


def test_the_wheel_ships_recipes_and_types(bare: Path, tmp_path: Path):
    script = "from firth.runs.recipe import shipped; from importlib.resources import files; print(*shipped()); "
    script += "assert (files('firth') / 'py.typed').is_file()"
    assert "bands" in _run([bare / "python", "-c", script], cwd=tmp_path).stdout.split()


def test_what_needs_an_extra_says_which_before_any_work(bare: Path, tmp_path: Path):
    (tmp_path / "films.csv").write_text(FILMS, encoding="utf-8")
    (tmp_path / "films.toml").write_text(RECIPE, encoding="utf-8")
    done = _run([bare / "firth", "run", "films.toml", "--out", "run"], cwd=tmp_path, status=1)
    assert "pip install 'firth[plots]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_vectors_train_answer_and_are_mapped_without_extras(bare: Path, tmp_path: Path):
    (tmp_path / "films.csv").write_text(FILMS, encoding="utf-8")
    script = "import firth; corpus = firth.read_table('films.csv', contexts={'genre': firth.Groups()}); "
    script += "firth.train(corpus, vector_size=4, pairs=20_000, learning_rate=0.05, out='run').cluster(2).save()"
    _run([bare / "python", "-c", script], cwd=tmp_path)
    done = _run([bare / "firth", "neighbors", "run", "film 7", "-k", "3", "--json"], cwd=tmp_path)
    assert [neighbor["genre"] for neighbor in json.loads(done.stdout)["neighbors"]] == [["b"]] * 3
    done = _run([bare / "firth", "map", "run", "--n-iter", "60", "--json"], cwd=tmp_path)
    assert json.loads(done.stdout)["map"]["engine"].startswith("firth ")
    if not (ROOT / "src/firth/explorer/static/offline/page.js").exists():
        pytest.skip("the page is not built (make web), so the wheel has none to write")
    _run([bare / "firth", "export", "run", "--format", "html", "-o", "run.html"], cwd=tmp_path)
    assert "connect-src 'none'" in (tmp_path / "run.html").read_text(encoding="utf-8")
