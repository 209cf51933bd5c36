"""The command line: a thin app over the library. Commands, options and exit statuses are a contract (docs/cli.md).

Exit status 0, 1 for a failure that the message explains, 2 for wrong usage. ``--json`` prints one JSON document on
standard output and nothing else; progress, notes and errors go to standard error.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit status.

    Parameters
    ----------
    arguments
        The words after ``firth``; None takes them from the process.
    """
    from firth.cli.app import app

    app(args=debug_first(sys.argv[1:] if arguments is None else list(arguments)), prog_name="firth")


def debug_first(arguments: list[str]) -> list[str]:
    """Return the arguments with ``--debug`` at the front, so that it may stand anywhere before a ``--``."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    if "--debug" not in arguments[:end]:
        return arguments
    return ["--debug", *(word for word in arguments[:end] if word != "--debug"), *arguments[end:]]
