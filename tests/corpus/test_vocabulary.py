from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firth.corpus.vocabulary import Vocabulary
from firth.errors import DataError, UnknownItemError


@given(keys=st.lists(st.text(), unique=True, max_size=30))
def test_keys_to_ids_and_back_is_the_identity(keys):
    vocabulary = Vocabulary(keys)
    assert [vocabulary.keys[i] for i in vocabulary.ids(keys)] == keys
    assert len(vocabulary) == len(keys)


def test_ids_are_int32_in_the_order_asked_for():
    ids = Vocabulary(["a", "b", "c"]).ids(["c", "a", "c"])
    assert (ids.tolist(), ids.dtype) == ([2, 0, 2], np.int32)


def test_no_keys_give_no_ids():
    assert Vocabulary([]).ids([]).shape == (0,)


def test_a_key_that_comes_twice_is_refused():
    with pytest.raises(DataError, match=r"distinct, got 'b' twice"):
        Vocabulary(["a", "b", "b"])


def test_an_unknown_key_is_answered_with_the_three_closest():
    names = ["the beatles", "beatles", "bee gees", "coil", "seattle", "Beatless"]
    with pytest.raises(
        UnknownItemError, match=r"unknown item 'beatels'. Closest: 'beatles', 'Beatless', 'the beatles'"
    ):
        Vocabulary(names).id("beatels")


def test_letter_case_does_not_hide_the_closest():
    assert Vocabulary(["Radiohead", "Coil"]).closest("RADIOHAED")[0] == "Radiohead"


@pytest.mark.parametrize("key", ["", "zzzz", "日本", "x" * 10_000, "(", ".*", "\n"])
def test_where_nothing_is_close_nothing_is_named(key):
    with pytest.raises(UnknownItemError, match=r"unknown item '.*'\.$"):
        Vocabulary(["coil", "swans"]).id(key)


def test_the_closest_among_many_is_found():
    draw = random.Random(4)
    names = {"".join(draw.choices("abcdefghijklmnop ", k=draw.randint(3, 20))) for _ in range(20_000)}
    assert Vocabulary(sorted(names | {"animal collective"})).closest("animal colective")[0] == "animal collective"


def test_membership_is_exact():
    vocabulary = Vocabulary(["Coil"])
    assert "Coil" in vocabulary
    assert "coil" not in vocabulary
    assert 0 not in vocabulary


def test_a_representation_is_short():
    assert len(repr(Vocabulary([str(i) * 1000 for i in range(10)]))) < 200
