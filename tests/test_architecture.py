"""The shape of the code: imports go downwards, and importing the package costs next to nothing."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import firth

ROOT = Path(firth.__file__).parent
LAYERS = [
    {"errors", "arrays", "progress", "randomness", "files", "interruption", "theme", "threads", "_kernel"}
    | {"mapped", "tensors"},
    {"sources"},
    {"corpus"},
    {"vectors"},
    {"training", "maps", "evaluation", "plots"},
    {"runs"},
    {"explorer", "cluster"},
    {"cli", "flows"},
    {"__init__", "__main__"},
]
LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts}
MODULES = sorted(ROOT.rglob("*.py"))


def _part(path: Path) -> str:
    return path.relative_to(ROOT).with_suffix("").parts[0]


def _imported_parts(path: Path) -> Iterator[str]:
    """Yield the parts of the package that a module imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            package, *rest = name.split(".")
            if package == "firth" and rest:
                yield rest[0]


def test_there_are_modules_in_every_layer():
    assert {LEVEL[_part(path)] for path in MODULES} == set(range(len(LAYERS)))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_downwards(path: Path):
    part = _part(path)
    for imported in _imported_parts(path):
        is_own = imported == part or LEVEL[imported] == LEVEL[part] == 0
        assert is_own or LEVEL[imported] < LEVEL[part], f"{path} imports firth.{imported}"


def test_a_layer_knows_a_module_that_reaches_up(tmp_path: Path):
    path = tmp_path / "bad.py"
    path.write_text("def f():\n    from firth import cli\n    import firth.runs.run\n", encoding="utf-8")
    assert list(_imported_parts(path)) == ["cli", "runs"]


def _modules_after(statement: str) -> set[str]:
    script = f"import sys; before = set(sys.modules); {statement}; print(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.split()}


def test_importing_the_package_loads_no_package_besides_numpy():
    loaded = _modules_after("import firth") - set(sys.stdlib_module_names)
    assert {name for name in loaded if not name.startswith("_")} <= {"firth", "numpy"}


HEAVY = [
    "sklearn",
    "matplotlib",
    "adbc_driver_sqlite",
    "pandas",
    "duckdb",
    "pyarrow",
    "gensim",
    "keras",
    "torch",
    "ray",
]


@pytest.mark.parametrize("heavy", HEAVY)
def test_the_command_line_starts_without_extras(heavy: str):
    assert heavy not in _modules_after("import firth.cli.app")


def test_the_command_line_starts_without_polars():
    assert "polars" not in _modules_after("import firth.cli.app")
