"""Write docs/cli.md from the app itself, so that the page never says what the program does not.

python docs/generate_cli.py            writes docs/cli.md
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from firth.cli.app import app

PAGE = Path(__file__).with_name("cli.md")
_HEAD = """\
# Command line

*Generated from the program by `python docs/generate_cli.py`; `firth COMMAND --help` says the same.*

Answers go to standard output; progress, notes and errors go to standard error. With `--json` a command prints one JSON
document and nothing else. The exit status is 0, or 1 for a failure that the message explains, or 2 for wrong usage.
`--debug`, anywhere on the line, shows the traceback of a failure. `RUN` is the folder of a run, or the name of one
below `./runs`. `firth` and `python -m firth` are the same program.
"""


def page() -> str:
    """Return the page."""
    return "\n".join([_HEAD, *_commands("firth", get_command(app))]).rstrip() + "\n"


def _commands(path: str, group: Any) -> Iterator[str]:  # noqa: ANN401 (typer keeps its commands' types to itself)
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(f"{path} {name}", command)
        else:
            yield from _command(f"{path} {name}", command)


def _command(path: str, command: Any) -> Iterator[str]:  # noqa: ANN401
    arguments = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    options = [parameter for parameter in command.params if parameter.param_type_name == "option"]
    yield f"## {path}\n"
    yield f"{command.help}\n"
    usage = " ".join([path, *(argument.metavar for argument in arguments), "[OPTIONS]"])
    example = (command.epilog or "").removeprefix("Example: ")
    yield f"```\n{usage}\n\n{example}\n```\n"
    yield "| | | default |\n|---|---|---|"
    for argument in arguments:
        yield _row(argument.metavar, argument)
    for option in options:
        names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
        yield _row(names if option.is_flag else f"{names} {option.metavar}", option)
    yield ""


def _row(name: str, parameter: Any) -> str:  # noqa: ANN401
    shown, default = parameter.show_default, parameter.default
    if isinstance(shown, str):
        text = shown
    elif parameter.required:
        text = "required"
    elif shown is False or default is None or default is False:
        text = ""
    else:
        text = str(default)
    return "| " + " | ".join(part.replace("|", "\\|") for part in (name, parameter.help or "", text)) + " |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
