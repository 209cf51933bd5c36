"""The command line as a whole: help, versions, the generated page, tracebacks."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from cli_calls import call
from typer.main import get_command

from firth.cli import debug_first
from firth.cli.app import app

DOCS = Path(__file__).parents[2] / "docs"


def _commands() -> dict[str, object]:
    found = {}
    for name, command in get_command(app).commands.items():
        children = getattr(command, "commands", None)
        found.update({f"{name} {child}": c for child, c in children.items()} if children else {name: command})
    return found


COMMANDS = _commands()


def test_the_commands_are_the_contracts():
    assert set(COMMANDS) == {
        *(
            "run",
            "demo",
            "tune",
            "import",
            "search",
            "neighbors",
            "recommend",
            "arithmetic",
            "clusters",
            "duplicates",
            "confidence",
            "evaluate",
            "serve",
            "map",
            "plot",
            "export",
        ),
        *(
            "runs list",
            "runs show",
            "runs compare",
            "runs reproduce",
            "runs tag",
            "runs remove",
            "runs clean",
            "cache show",
            "cache clear",
            "cluster status",
        ),
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_an_example(name: str):
    command = COMMANDS[name]
    assert command.epilog.startswith(f"Example: firth {name} ")
    assert command.help.split("\n")[0].endswith(".")
    assert all(parameter.help for parameter in command.params)
    result = call(*name.split(), "--help")
    assert result.exit_code == 0
    assert "Example:" in result.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_on_the_page(name: str):
    assert f"## firth {name}\n" in (DOCS / "cli.md").read_text(encoding="utf-8")


def test_the_page_is_what_the_program_says():
    spec = importlib.util.spec_from_file_location("generate_cli", DOCS / "generate_cli.py")
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    assert (DOCS / "cli.md").read_text(encoding="utf-8") == generate.page(), "run: python docs/generate_cli.py"


def test_python_m_firth_is_the_program():
    done = subprocess.run([sys.executable, "-m", "firth", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("firth 0.")


def test_without_a_command_there_is_help():
    assert "Usage" in call().output


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["run", "x", "--debug"], ["--debug", "run", "x"]),
        (["--debug", "run"], ["--debug", "run"]),
        (["neighbors", "r", "--", "--debug"], ["neighbors", "r", "--", "--debug"]),
        (["run", "x"], ["run", "x"]),
    ],
)
def test_debug_may_stand_anywhere(arguments: list[str], expected: list[str]):
    assert debug_first(arguments) == expected


@pytest.mark.parametrize(("extra", "has_traceback"), [([], False), (["--debug"], True)])
def test_a_traceback_is_shown_only_when_asked_for(extra: list[str], has_traceback: bool):
    command = [sys.executable, "-m", "firth", "neighbors", "no-such-run", "key", *extra]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert ("Traceback" in done.stderr) is has_traceback
    assert "no run 'no-such-run'" in done.stderr
