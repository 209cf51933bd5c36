"""The files for servers: what systemd says of the unit, and that the container starts what there is."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from firth.cli.app import app

DEPLOY = Path(__file__).parent.parent / "deploy"


def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path):
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    unit = (DEPLOY / "firth@.service").read_text(encoding="utf-8").replace("/opt/firth/bin/firth", "/bin/true")
    (tmp_path / "firth@.service").write_text(unit)
    (tmp_path / "firth@songs.service").symlink_to("firth@.service")
    done = subprocess.run([analyze, "verify", tmp_path / "firth@songs.service"], capture_output=True, text=True)
    assert "firth@" not in done.stderr, done.stderr


@pytest.mark.parametrize("name", ["Containerfile", "firth@.service"])
def test_what_is_started_is_a_command_with_such_options(name):
    started = re.search(r"firth serve (.*)", (DEPLOY / name).read_text(encoding="utf-8"))
    assert started is not None
    command = next(each for each in app.registered_commands if each.name == "serve")
    known = str(command.callback.__annotations__)
    for option in re.findall(r"--[a-z-]+", started.group(1)):
        assert option in known
