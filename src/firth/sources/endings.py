"""What a file is, by the ending of its name."""

from __future__ import annotations

from pathlib import PurePath

from firth.sources.remote import Location
from firth.sources.streams import COMPRESSED

EDGE_LISTS = (".edges", ".edgelist")
"""Files that are edge lists, whatever reads them."""


def ending(path: Location) -> str:
    """Return the ending of a file's name in lower case, that of a compression left out."""
    suffix = path.suffix.lower()
    return PurePath(path.stem).suffix.lower() if suffix in COMPRESSED else suffix
