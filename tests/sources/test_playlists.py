"""Slices of the Million Playlist Dataset: planted ones of the documented shape."""

from __future__ import annotations

import gzip
import itertools
import json
from pathlib import Path

import pytest

from firth.corpus.contexts import Groups, Sequences
from firth.corpus.reading import read_table
from firth.errors import SourceError
from firth.sources import tables

TRACKS = Sequences("pid", order="pos", item=("artist_name", "track_name"))


def track(pos: int, number: int) -> dict[str, object]:
    return {
        "pos": pos,
        "artist_name": f"Artist {number % 3}",
        "track_uri": f"spotify:track:{number}",
        "artist_uri": f"spotify:artist:{number % 3}",
        "track_name": f"Track {number}",
        "album_uri": "spotify:album:1",
        "duration_ms": 1000 * number,
        "album_name": "Album",
    }


def planted(pids: dict[int, list[int]]) -> dict[str, object]:
    playlists = [
        {
            "name": f"list {pid}",
            "collaborative": "false",
            "pid": pid,
            "modified_at": 1493424000,
            "num_tracks": len(numbers),
            "tracks": [track(pos, number) for pos, number in enumerate(numbers)],
        }
        for pid, numbers in pids.items()
    ]
    return {"info": {"generated_on": "2017-12-03", "slice": "0-999", "version": "v1"}, "playlists": playlists}


def write(path: Path, found: object) -> Path:
    data = json.dumps(found).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "mpd.slice.0-1.json", planted({0: [5, 6, 5], 1: [7]}))
    write(tmp_path / "mpd.slice.2-3.json.gz", planted({3: [6, 5], 2: []}))
    (tmp_path / "README.md").write_text("not a slice")
    return tmp_path


def lines(table: object, declared: Sequences) -> list[list[str]]:
    corpus = read_table(table, contexts={"c": declared})
    (context,) = corpus.sequences
    keys = [corpus.vocabulary.keys[token] for token in context.tokens.tolist()]
    return [keys[begin:end] for begin, end in itertools.pairwise(context.offsets.tolist())]


def test_a_slice_becomes_one_sequence_per_playlist(folder: Path):
    five, six, seven = "Artist 2 - Track 5", "Artist 0 - Track 6", "Artist 1 - Track 7"
    assert lines(folder / "mpd.slice.0-1.json", TRACKS) == [[five, six, five], [seven]]
    assert lines(folder / "mpd.slice.2-3.json.gz", TRACKS) == [[six, five]]


def test_a_folder_of_slices_is_read_as_one(folder: Path):
    declared = Sequences("pid", order="pos", item="track_uri")
    uris = [[5, 6, 5], [7], [6, 5]]
    assert lines(folder, declared) == [[f"spotify:track:{number}" for number in line] for line in uris]


def test_the_parts_have_the_names_that_the_playlists_recipe_uses(folder: Path):
    declared = Sequences("playlist", order="position", item=("artist", "track"))
    assert lines(folder, declared) == lines(folder, TRACKS)


def test_groups_are_read_beside_sequences(folder: Path):
    contexts = {"c": TRACKS, "artist": Groups("artist", item=("artist", "track"))}
    corpus = read_table(folder, contexts=contexts)
    assert corpus.attributes["artist"].to_list() == [["Artist 2"], ["Artist 0"], ["Artist 1"]]
    assert tables.read(folder).frame["duration_ms"].sum() == 34_000


def test_playlists_without_tracks_are_counted_and_tracks_without_names_too(tmp_path: Path):
    found = planted({0: [5, 6], 1: [7, 6]})
    found["playlists"] += [{"pid": 9, "name": "no tracks"}, "nothing"]
    del found["playlists"][0]["tracks"][1]["track_name"]
    report = read_table(write(tmp_path / "s.json", found), contexts={"c": TRACKS}).report
    assert (report.rows_rejected, report.contexts["c"]["rows_without_key"]) == (2, 1)
    assert report.rejected_examples[0].startswith("s.json: playlist 2 has no list of tracks")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", r"s.json is not JSON.*cut short"),
        ("[1]", r"must hold \{\"playlists\": \[...\]\}.*got a list"),
        ('{"tracks": []}', "got an object with 'tracks'"),
        ('{"playlists": {}}', "got an object with 'playlists'"),
        ("[" * 100_000, "is not JSON"),
        ("", "is not JSON"),
    ],
)
def test_a_file_that_is_no_slice_is_explained(tmp_path: Path, content: str, message: str):
    (tmp_path / "s.json").write_text(content)
    with pytest.raises(SourceError, match=message):
        read_table(tmp_path / "s.json", contexts={"c": TRACKS})


def test_a_folder_without_slices_is_explained(tmp_path: Path):
    with pytest.raises(SourceError, match="holds no slice"):
        read_table(tmp_path, contexts={"c": TRACKS})


def test_one_playlist_in_two_slices_is_refused(tmp_path: Path):
    write(tmp_path / "a.json", planted({0: [5, 6]}))
    write(tmp_path / "b.json", planted({0: [7, 8]}))
    with pytest.raises(SourceError, match=r"pid 0 must be one playlist, got it in a.json and b.json"):
        read_table(tmp_path, contexts={"c": TRACKS})


def test_a_field_of_several_types_is_explained(tmp_path: Path):
    found = planted({0: [5, 6]})
    found["playlists"][0]["tracks"][1]["pos"] = [1]
    with pytest.raises(SourceError, match="several types"):
        read_table(write(tmp_path / "s.json", found), contexts={"c": TRACKS})


def test_a_slice_of_no_playlists_is_empty(tmp_path: Path):
    with pytest.raises(SourceError, match="needs a column 'artist_name'"):
        read_table(write(tmp_path / "s.json", planted({})), contexts={"c": TRACKS})
