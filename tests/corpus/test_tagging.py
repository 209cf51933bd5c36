"""Tags from names: what counts as a word, who gets which tag, and what is refused."""

from __future__ import annotations

import polars as pl
import pytest

from firth.corpus.tag_options import TagOptions
from firth.corpus.tag_words import Keywords
from firth.corpus.tagging import tag_items
from firth.errors import DataError, OptionError


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("rap", "RAP"),
        ("rap", "rap/r&b"),
        ("rap", "therapy & rap"),
        ("rap", "#rap"),
        ("rock", "90s_rock"),
        ("rock", "Pop-Rock"),
        ("rock", "rock'n'roll"),
        ("hip-hop", "Hip Hop 2019"),
        ("hip hop", "old–school HIP-HOP"),
        ("hip hop", "hip \t hop"),
        ("r&b", "Best R&B!"),
        ("c++", "learn c++ now"),
        ("straße", "STRASSE"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("café", "cafe\u0301 del mar"),
        ("rock", "ＲＯＣＫ hits"),
        ("rock", "𝓻𝓸𝓬𝓴"),
        ("рок", "Русский РОК"),
        ("hits", "🔥hits🔥"),
    ],
)
def test_a_word_is_found(word: str, text: str) -> None:
    assert Keywords({"it": [word]}).tags(text) == [0]


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("rap", "therapy"),
        ("rap", "trap"),
        ("rap", "rapper"),
        ("rap", "rap2"),
        ("80s", "1980s"),
        ("hip-hop", "hiphop"),
        ("hip hop", "hip, hop"),
        ("hip hop", "ship hop"),
        ("cafe", "café"),
        ("cafe", "cafe\u0301"),
        ("ह", "हिन्दी"),
        ("rock", ""),
        ("r&b", "rnb"),
    ],
)
def test_a_word_is_not_found(word: str, text: str) -> None:
    assert Keywords({"it": [word]}).tags(text) == []


NAMES = pl.Series("name", [["Rock rock ROCK", "Rap", "Pop Rock"], ["therapy"], [], ["rap", "rock"], None, ["", "Rap"]])
WORDS = {"rap": ("rap", "hip-hop"), "rock": ("rock", "grunge")}


def test_the_tag_that_most_names_speak_of_comes_first() -> None:
    tags = tag_items(NAMES, TagOptions(from_="name", keywords=WORDS))
    assert tags.name == "tags"
    assert tags.to_list() == [["rock", "rap"], [], [], ["rap", "rock"], [], ["rap"]]


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ({"min_count": 2}, [["rock"], [], [], [], [], []]),
        ({"min_share": 2 / 3}, [["rock"], [], [], [], [], ["rap"]]),
        ({"min_share": 0.5}, [["rock"], [], [], ["rap", "rock"], [], ["rap"]]),
        ({"min_share": 0.5, "min_count": 2}, [["rock"], [], [], [], [], []]),
    ],
)
def test_enough_names_must_say_so(bounds: dict[str, float], expected: list[list[str]]) -> None:
    assert tag_items(NAMES, TagOptions(from_="name", keywords=WORDS, **bounds)).to_list() == expected


def test_values_are_tags_themselves() -> None:
    values = pl.Series("genre", [["b", "a"], ["c"], ["a", "a"], None, ["c", "b"], ["d"]])
    assert tag_items(values, TagOptions(from_="genre")).to_list() == [["b", "a"], ["c"], ["a"], [], ["c", "b"], ["d"]]
    top = tag_items(values, TagOptions(from_="genre", top=2))  # a, b and c have two items each: the first by name
    assert top.to_list() == [["b", "a"], [], ["a"], [], ["b"], []]


def test_texts_are_lists_of_one() -> None:
    values = pl.Series("genre", ["Rock", None, "", "rap"])
    assert tag_items(values, TagOptions(from_="genre", keywords=WORDS)).to_list() == [["rock"], [], [], ["rap"]]


@pytest.mark.parametrize("n", [0, 1, 3, 17])
def test_any_number_of_items(n: int) -> None:
    tags = tag_items(pl.Series("a", [["rap"]] * n, dtype=pl.List(pl.String)), TagOptions(from_="a", keywords=WORDS))
    assert tags.dtype == pl.List(pl.String)
    assert tags.to_list() == [["rap"]] * n


def test_numbers_have_no_words() -> None:
    with pytest.raises(DataError, match="'score' holds Float64"):
        tag_items(pl.Series("score", [1.0]), TagOptions(from_="score", keywords=WORDS))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"from_": ""}, "from must name an attribute"),
        ({"keywords": {"rock": ()}}, "keywords.rock must be a list of at least one word"),
        ({"keywords": {"rock": "rock"}}, "keywords.rock must be a list"),
        ({"keywords": {"rock": (" - ",)}}, "keywords.rock must hold words or phrases, got ' - '"),
        ({"keywords": {" ": ("a",)}}, "a tag must be a text that is not blank"),
        ({"top": 0}, "top must be >= 1, got 0"),
        ({"keywords": WORDS, "top": 3}, "top goes without keywords"),
        ({"keywords": WORDS, "min_count": 0}, "min_count must be >= 1"),
        ({"keywords": WORDS, "min_share": 1.5}, "min_share must be from 0 to 1, got 1.5"),
        ({"keywords": WORDS, "min_share": float("nan")}, "min_share must be from 0 to 1"),
        ({"min_count": 2}, "go with keywords"),
        ({"min_share": 0.1}, "go with keywords"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        TagOptions(**{"from_": "name", **options})
