"""How a failure ends a command: one line on standard error and exit status 1, a traceback only with ``--debug``."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from firth.cli.terminal import errors
from firth.errors import FirthError
from firth.runs.record import without_password


class Group(TyperGroup):
    """Commands whose failures are explained rather than traced."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 (typer keeps its context's type to itself)
        """Run the command that was asked for; the exit status is 1 if it fails.

        Raises
        ------
        typer.Exit
            With status 1, after the message was shown.
        """
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            if ctx.params.get("debug"):
                raise
            show("interrupted.")
        except FirthError as error:
            if ctx.params.get("debug"):
                raise
            show(str(error))
        except (typer.Exit, typer.Abort, typer.BadParameter, BrokenPipeError):
            raise
        except Exception as error:
            # Everything else is either typer's own (wrong usage, which it explains) or a fault of ours.
            if ctx.params.get("debug") or type(error).__module__.startswith("typer"):
                raise
            show(f"unexpected {type(error).__name__}: {error}. Run it again with --debug for the traceback.")
        raise typer.Exit(1)


def show(message: str) -> None:
    """Print an error as one paragraph."""
    errors().print(f"[bold red]error:[/] {_escaped(without_password(message) or '')}", highlight=False, soft_wrap=True)


def note(message: str) -> None:
    """Print something that the reader should know, which is no part of the answer."""
    errors().print(f"[yellow]note:[/] {_escaped(message)}", highlight=False, soft_wrap=True)


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
