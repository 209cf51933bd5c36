"""What a key says: what is the same thing said otherwise, and what is another thing though nearly all letters agree."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firth.vectors.names import parse_name, parse_names, plain_words
from firth.vectors.same_name import Comparison

pytest.importorskip("rapidfuzz")

SAME = [
    ("Daft Punk - Get Lucky", "Daft Punk - Get Lucky - Radio Edit", ("edition",)),
    ("Daft Punk - Get Lucky", "DAFT PUNK - get lucky (feat. Pharrell Williams)", ("guests",)),
    ("Queen - Jealousy", "Queen - Jealousy - Remastered 2011", ("edition",)),
    ("Queen - Jealousy - Remastered 2011", "Queen - Jealousy (2011 Remaster)", ("edition",)),
    ("Beyoncé - Déjà Vu", "Beyonce - Deja Vu", ("form",)),
    ("Blue Öyster Cult - (Don't Fear) The Reaper", "Blue Oyster Cult - Don’t Fear The Reaper", ("brackets",)),
    ("Green Day - Good Riddance (Time Of Your Life)", "Green Day - Good Riddance", ("brackets",)),
    ("MercyMe - Beautiful", "MERCY ME - Beautiful", ("form",)),
    ("The Newsboys - Born Again", "Newsboys - Born Again", ("form",)),
    ("Diddy & Dirty Money - Hurt", "Diddy-Dirty Money - Hurt (w/ Drake)", ("guests",)),
    ("T.I. - Live Your Life (w/ Rihanna)", "TI feat. Rihanna - Live Your Life", ("form",)),
    ("DJ Khaled - All In (w/ T-Pain & Plies)", "DJ Khaled - All In (w/ Plies)", ("guests",)),
    ("Lil Wayne - 6 Foot 7 Foot", "Lil Wayne - Six Foot Seven Foot", ("form",)),
    ("Queen - Play (Live)", "Queen - Play - Live", ("form",)),
    ("Case - Faded", 'Case - Faded - From "Rush Hour"', ("edition",)),
    ("Soda Stereo - Zoom", "Soda Stereo - Zoom - Remasterizado 2007", ("edition",)),
    ("A - Sadeness (Part 1)", "A - Sadeness Pt. I", ("brackets",)),
    ("坂本 - がく", "坂本 - がく - Radio Edit", ("edition",)),
]
OTHER = [
    ("Pink Floyd - Another Brick In The Wall (Part 1)", "Pink Floyd - Another Brick In The Wall (Part 2)"),
    ("Enigma - Sadeness (Part 1)", "Enigma - Sadeness"),
    ("Metallica - The Unforgiven", "Metallica - The Unforgiven II"),
    ("Prince - 1999 Was A Very Good Year Indeed", "Prince - 1979 Was A Very Good Year Indeed"),
    ("Nena - Ninety One Red Balloons", "Nena - Ninety Two Red Balloons"),
    ("Chris Tomlin - Forever", "Chris Brown - Forever"),
    ("Pearl Jam - Alive", "Pearl Jam - Alive - Live"),
    ("Pearl Jam - Alive", "Pearl Jam - Alive (Live at Wembley 1992)"),
    ("Lil Nas X - Old Town Road", "Lil Nas X - Old Town Road - Remix"),
    ("Lil Nas X - Old Town Road - Radio Edit", "Lil Nas X - Old Town Road - Diplo Remix"),
    ("Hardwell - Arcadia", "Hardwell - Arcadia - Club Mix"),
    ("Taylor Swift - Enchanted", "Taylor Swift - Enchanted (Taylor's Version)"),
    ("Shakira - Loba", "Shakira - Loba (Spanish)"),
    ("Usher - OMG (w/ Will.I.Am)", "Usher - OMG (w/ Ludacris)"),
    ("Joe - I (Love You)", "Joe - I (Hate You)"),
    ("!!! - ???", "!!! - ..."),
    ("がく - かき", "かく - かき"),
]


def judged(one: str, other: str, *, versions: bool = False) -> tuple[float, bool, tuple[str, ...]]:
    """Return similarity, contradiction and differences of two keys that are "maker - title"."""
    names = [parse_name(key, has_makers=True) for key in (one, other)]
    comparison = Comparison(names, min_similarity=90, versions=versions)
    (similarity,) = comparison.similarities(np.array([0]), np.array([1]), n_jobs=1)
    return float(similarity), comparison.contradict(0, 1), comparison.differs(0, 1)


@pytest.mark.parametrize(("one", "other", "differs"), SAME, ids=[f"{one} = {other}" for one, other, _ in SAME])
def test_one_thing_said_otherwise(one: str, other: str, differs: tuple[str, ...]):
    similarity, is_contradiction, found = judged(one, other)
    assert similarity == 100
    assert not is_contradiction
    assert found == differs


@pytest.mark.parametrize(("one", "other"), OTHER, ids=[f"{one} / {other}" for one, other in OTHER])
def test_two_things_that_look_alike(one: str, other: str):
    similarity, is_contradiction, _ = judged(one, other)
    assert similarity < 90 or is_contradiction


def test_versions_are_one_thing_on_request_but_numbers_never():
    assert not judged("A - B", "A - B - Live", versions=True)[1]
    assert judged("A - B 1", "A - B 2 - Live", versions=True)[1]


@pytest.mark.parametrize(
    ("key", "title", "guests", "editions", "versions", "asides"),
    [
        ("A - B (w/ C)", "b", "c", (), (), ()),
        ("A - B (w/. C, D)", "b", "c d", (), (), ()),
        ("A - B ft. C", "b", "c", (), (), ()),
        ("A - B (with C)", "b", "c", (), (), ()),
        ("A - 6 Ft. Under", "6 ft under", "", (), (), ()),
        ("A - With You", "with you", "", (), (), ()),
        ("A - Live And Let Die", "live and let die", "", (), (), ()),
        ("A - B - The C Song", "b the c song", "", (), (), ()),
        ("A - B (Live) - 2011 Remaster", "b", "", ("2011 remaster",), ("live",), ()),
        ("A - B (Drop (It))", "b", "", (), (), ("it", "drop")),
        ("A - B [Radio Edit] (Original Mix)", "b", "", ("original mix", "radio edit"), (), ()),
        ("A - (Live)", "live", "", (), ("live",), ()),
    ],
)
def test_the_parts_of_a_key(key, title, guests, editions, versions, asides):
    name = parse_name(key, has_makers=True)
    assert (name.title, name.guests, name.editions, name.versions, name.asides) == (
        title,
        guests,
        editions,
        versions,
        asides,
    )


def test_makers_are_read_where_most_keys_have_one():
    assert parse_names(["A - B", "C - D", "E"])[0].maker == "a"
    assert parse_names(["A - B", "C", "D"])[0].maker == ""
    assert [name.maker for name in parse_names(["One - Radio Edit", "Two - Live", "Three (w/ A)"])] == ["", "", ""]


@given(st.text(max_size=30), st.booleans())
def test_any_key_says_something_and_itself(key: str, has_makers: bool):
    name = parse_name(key, has_makers=has_makers)
    assert name == parse_name(key, has_makers=has_makers)
    assert bool(name.title) == bool(key.strip().casefold()) or name.title == name.full


@given(st.text(max_size=30))
def test_plain_words_of_plain_words_are_the_same(text: str):
    once = plain_words(text)
    assert plain_words(once) == once
