"""Slices of the Million Playlist Dataset, and whatever has their shape, as tables in long form: one row per track.

A slice is ``{"playlists": [{"pid": 0, "name": "...", "tracks": [{"pos": 0, "artist_name": "...", "track_name": "...",
"track_uri": "..."}]}]}``. A row has the fields of its playlist and of its track, under their names there, and the four
that make a playlist also as ``playlist``, ``position``, ``artist`` and ``track``.

References
----------
Chen, Lamere, Schedl & Zamani (2018). RecSys Challenge 2018: automatic music playlist continuation. RecSys.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import polars as pl

from firth.errors import SourceError
from firth.sources.remote import Location
from firth.sources.text import N_EXAMPLES, json_frame, read_text

NAMES = {"playlist": "pid", "position": "pos", "artist": "artist_name", "track": "track_name"}


def slice_batches(
    path: Location, columns: Collection[str] | None = None
) -> Iterator[tuple[pl.DataFrame, int, tuple[str, ...]]]:
    """Yield each slice's tracks, how many playlists cannot be read, and a few of those.

    Parameters
    ----------
    path
        A slice (.json, also .gz, .xz, .zst), or a folder of slices, which are read in the order of their names.
    columns
        The columns that are needed; None: all.

    Raises
    ------
    SourceError
        If a folder holds no slice, a file is none, or a ``pid`` occurs twice.

    Notes
    -----
    One slice is held at a time, about ten times the size of its file.
    """
    files = slices(path) if path.is_dir() else [path]
    if not files:
        raise SourceError(f"the folder {path} holds no slice: a file whose name ends in .json (.gz, .xz, .zst).")
    seen: dict[object, str] = {}
    for file in files:
        rows: list[dict[str, Any]] = []
        bad: list[str] = []
        for number, playlist in enumerate(_playlists(file)):
            tracks = playlist.get("tracks") if isinstance(playlist, dict) else None
            if not isinstance(tracks, list) or not all(isinstance(track, dict) for track in tracks):
                bad.append(f"{file.name}: playlist {number} has no list of tracks: {str(playlist)[:60]!r}")
                continue
            _check_once(playlist.get("pid"), file, seen)
            shared = {key: value for key, value in playlist.items() if key != "tracks"}
            rows += [_row({**shared, **track}, columns) for track in tracks]
        yield json_frame(file, rows), len(bad), tuple(bad[:N_EXAMPLES])


def slices(folder: Location) -> Sequence[Location]:
    """Return the files of a folder that may be slices, by name."""
    endings = (".json", ".json.gz", ".json.xz", ".json.zst")
    entries: Iterable[Location] = folder.iterdir()
    return sorted(
        (file for file in entries if file.name.lower().endswith(endings) and file.is_file()), key=lambda file: file.name
    )


def _playlists(file: Location) -> list[Any]:
    try:
        found = json.loads(read_text(file))
    except (ValueError, RecursionError) as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"{file} is not JSON ({error}). It may be cut short; fetch it again.") from error
    playlists = found.get("playlists") if isinstance(found, dict) else None
    if not isinstance(playlists, list):
        raise SourceError(
            f'{file} must hold {{"playlists": [...]}} as slices of the Million Playlist Dataset do, got '
            f"{_shape(found)}. Tables in JSON have one object a line, and are named .jsonl."
        )
    return playlists


def _shape(found: object) -> str:
    if isinstance(found, dict):
        return f"an object with {', '.join(map(repr, list(found)[:5])) or 'nothing'}"
    return f"a {type(found).__name__}"


def _check_once(pid: object, file: Location, seen: dict[object, str]) -> None:
    if pid is None or not isinstance(pid, int | str):
        return
    if pid in seen:
        raise SourceError(f"pid {pid!r} must be one playlist, got it in {seen[pid]} and {file.name}. Leave one out.")
    seen[pid] = file.name


def _row(track: dict[str, Any], columns: Collection[str] | None) -> dict[str, Any]:
    named = {name: track.get(field) for name, field in NAMES.items()} | track
    return named if columns is None else {name: named.get(name) for name in columns}
