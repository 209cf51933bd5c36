"""Many processes at one store at once: they make, tag, read, remove and clean up, and nothing is lost or half there."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import firth
from firth.runs.sharing import SHARED
from firth.runs.store import RunStore

_N_WRITERS, _N_REMOVERS, _N_RUNS = 8, 2, 4
_COMMON = """
import json, sys, time
from pathlib import Path
import firth
from firth.errors import FirthError, RunError
from firth.runs.cleaning import CleanOptions
from firth.runs.store import RunStore
root, number = Path(sys.argv[1]), int(sys.argv[2])
store, done = RunStore(root), []
"""
# Every writer's runs are named alike, so that they fight for the numbers; one folder is wanted by all.
_WRITER = """
from firth.runs import execute
from firth.runs.claiming import claim_next
execute.draw_all = lambda run, *_, **__: run  # matplotlib would take longer than all the rest
recipe = firth.Recipe.load(root.parent / "songs.toml", overrides={"train.seed": number, "train.n_jobs": 1})
for turn in range(int(sys.argv[3])):
    folder = claim_next("songs", root=root)
    firth.run_recipe(recipe, out=folder)
    store.tag(folder, [f"writer-{number}"])
    done.append(folder.name)
    try:
        firth.run_recipe(recipe, out=root / "wanted", replace=True)
    except RunError as error:
        assert "is being made" in str(error) or "still being made" in str(error) or "not empty" in str(error), error
print(json.dumps(done))
"""
_REMOVER = """
until = time.monotonic() + 60
while not (root.parent / "stop").exists() and time.monotonic() < until:
    for run in store.list(states=["complete"]):
        try:
            loaded = run.load()
            assert len(loaded.vectors) == 12 and loaded.status in ("complete", "running"), loaded
            if run.name != "wanted" and int(run.name.split("-")[1]) % 2 == number % 2 and run.tags:
                store.remove(run.name)
                done.append(run.name)
        except RunError as error:
            assert "songs" in str(error) or "wanted" in str(error), error
    store.clean(CleanOptions(older_than_s=0), dry_run=False)
    time.sleep(0.02)
print(json.dumps(done))
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    draws = np.random.default_rng(3)
    items = [f"song {number} {'x' * 500}" for number in draws.integers(0, 12, 600)]
    pl.DataFrame({"list": np.arange(600) // 6, "place": np.arange(600) % 6, "item": items}).write_csv(
        tmp_path / "songs.csv"
    )
    (tmp_path / "songs.toml").write_text(
        f'[source]\npath = "{tmp_path / "songs.csv"}"\n'
        '[contexts.listened]\nkind = "sequences"\nsequence = "list"\norder = "place"\n'
        "[train]\nvector_size = 4\nepochs = 1\n[recommend]\nblend = 0.5\n[map]\nenabled = false\n[plots]\nlabel = 0\n",
        encoding="utf-8",
    )
    return tmp_path / "runs"


def _start(script: str, *words: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _COMMON + script, *map(str, words)]
    environment = {**os.environ, "POLARS_MAX_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def _names(process: subprocess.Popen[str]) -> list[str]:
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return [str(name) for name in json.loads(out)]


def test_eight_writers_and_two_removers_lose_nothing(root: Path):
    removers = [_start(_REMOVER, root, number) for number in range(_N_REMOVERS)]
    writers = [_start(_WRITER, root, number, _N_RUNS) for number in range(1, _N_WRITERS + 1)]
    made = [name for writer in writers for name in _names(writer)]
    (root.parent / "stop").touch()
    removed = [name for remover in removers for name in _names(remover)]
    store = RunStore(root)
    left = [run.name for run in store.list() if run.name != "wanted"]
    assert len(made) == _N_WRITERS * _N_RUNS
    assert len(removed) > 0
    # A number may be given again when the last run was removed, so names are counted.
    assert sorted([*removed, *left]) == sorted(made)
    assert {path.name for path in root.iterdir()} <= {*left, "wanted", SHARED}
    by_seed: dict[int, bytes] = {}
    for run in store.list():
        loaded = firth.load_run(run.folder)
        assert loaded.status == "complete"
        assert loaded.recommender.recommend([loaded.vectors.keys[0]], k=3)
        content = (run.folder / "vectors.safetensors").read_bytes()
        assert by_seed.setdefault(loaded.seed, content) == content
        assert run.name == "wanted" or run.tags == (f"writer-{loaded.seed}",)
        assert not list(run.folder.rglob("*.partial"))
