"""How the tests call the command line: in this process, as typer does."""

from typer.testing import CliRunner, Result

from firth.cli.app import app


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])
