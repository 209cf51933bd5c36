"""What was read, changed before it becomes a corpus: some sequences only, some keys under other names."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firth.corpus import intake as module
from firth.corpus.build import take_in
from firth.corpus.contexts import Groups, Sequences
from firth.corpus.intake import Intake
from firth.corpus.vocabulary_options import VocabularyOptions
from firth.errors import DataError, OptionError

CONTEXTS = {"played": Sequences("list", order="place", item="song"), "artist": Groups("artist", item="song", weight=0)}
LISTS = st.lists(st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=6), min_size=1, max_size=8)


def rows(lists: list[list[str]]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"list": f"{number:03d}", "place": place, "song": song, "artist": song.upper()}
            for number, each in enumerate(lists)
            for place, song in enumerate(each)
        ]
    )


def sequences_of(intake: Intake) -> list[list[str]]:
    source = intake.ordered("played")
    return [[source.keys[code] for code in part] for part in np.split(source.tokens, source.offsets[1:-1])]


def read(lists: list[list[str]]) -> Intake:
    frame = rows(lists)
    return take_in({"played": frame, "artist": frame}, CONTEXTS)


@given(LISTS, st.data())
def test_what_is_selected_is_what_these_sequences_alone_would_give(lists: list[list[str]], data: st.DataObject):
    chosen = data.draw(st.lists(st.integers(0, len(lists) - 1), max_size=10))
    selected = read(lists).select("played", np.array(chosen, dtype=np.int64))
    assert sequences_of(selected) == ([lists[i] for i in chosen] or [[]])
    alone = [song for i in chosen for song in lists[i]]
    source = selected.ordered("played")
    assert dict(zip(source.keys, source.counts.tolist(), strict=True)) == {song: alone.count(song) for song in alone}


@pytest.mark.parametrize("block", [1, 2, 3, 7, 1 << 20])
def test_the_size_of_a_block_is_not_seen(block: int, monkeypatch: pytest.MonkeyPatch):
    lists = [["a", "b", "c", "d", "e", "f", "g"], ["b"], ["c", "a"], ["a", "a", "a", "b"], ["g", "f"]]
    monkeypatch.setattr(module, "_BLOCK", block)
    selected = read(lists).select("played", np.array([3, 0, 0, 4]))
    assert sequences_of(selected) == [lists[3], lists[0], lists[0], lists[4]]


@given(LISTS)
def test_renaming_is_reading_other_names(lists: list[list[str]]):
    names = {"a": "b", "c": "d", "e": "new", "z": "b"}
    renamed = read(lists).renamed(names)
    other = read([[names.get(song, song) for song in each] for each in lists])
    assert sequences_of(renamed) == sequences_of(other)
    assert renamed.ordered("played").fingerprint == other.ordered("played").fingerprint
    assert renamed.rows["artist"].keys.to_list() == other.rows["artist"].keys.to_list()


def test_renamed_items_join_their_groups_and_their_counts():
    corpus = read([["a", "b"], ["c", "a"], ["b", "d"]]).renamed({"c": "b"}).corpus()
    counts = dict(zip(corpus.vocabulary.keys, corpus.counts.tolist(), strict=True))
    assert counts == {"a": 4, "b": 6, "d": 2}  # each place is a row of the sequence and one of the group
    artists = dict(zip(corpus.vocabulary.keys, corpus.attributes["artist"].to_list(), strict=True))
    assert sorted(artists["b"]) == ["B", "C"]


def test_what_is_known_of_items_outlives_their_sequences():
    selected = read([["a", "b"], ["c", "d"]]).select("played", np.array([0]))
    corpus = selected.corpus(VocabularyOptions(min_count=2))
    assert corpus.vocabulary.keys == ["a", "b"]
    assert selected.keys == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("context", "chosen", "error", "message"),
    [
        ("plaid", [0], OptionError, "unknown ordered context 'plaid'. Closest: 'played'"),
        ("artist", [0], OptionError, "unknown ordered context 'artist'"),
        ("played", [2], DataError, "numbers from 0 to 1, got 2 to 2"),
        ("played", [0, -1], DataError, "got -1 to 0"),
    ],
)
def test_what_is_not_there_cannot_be_selected(context: str, chosen: list[int], error: type[Exception], message: str):
    with pytest.raises(error, match=message):
        read([["a", "b"], ["c"]]).select(context, np.array(chosen))


def test_a_source_without_sequences_says_so():
    frame = rows([["a", "b"]])
    intake = take_in({"artist": frame}, {"artist": Groups("artist", item="song")})
    with pytest.raises(OptionError, match="has no sequences, so there are none"):
        intake.select("artist", np.array([0]))
