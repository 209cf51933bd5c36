"""Lines about probe items, written and read again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firth.training.probes import probe_line, read_probe

KEYS = st.lists(st.text(alphabet="ab,-> ", min_size=1, max_size=6), min_size=1, max_size=6, unique=True)


@given(KEYS)
def test_a_line_that_is_read_says_the_same(keys: list[str]):
    line = probe_line(keys[0], keys[1:])
    key, neighbors = read_probe(line, set(keys).__contains__)
    assert probe_line(key, neighbors) == line
    assert key in keys
    assert set(neighbors) <= set(keys)


@pytest.mark.parametrize(
    ("key", "neighbors"),
    [
        ("eight", ["six", "five", "two"]),
        ("alone", []),
        ("Net, The (1995)", ["Game, The (1997)", "Matrix, The", "Antz"]),
        ("a -> b", ["b -> c", "c, d"]),
    ],
)
def test_keys_may_hold_arrows_and_commas(key: str, neighbors: list[str]):
    assert read_probe(probe_line(key, neighbors), {key, *neighbors}.__contains__) == (key, neighbors)


def test_a_line_of_unknown_keys_is_cut_at_its_commas():
    assert read_probe("a -> b, c", lambda _: False) == ("a", ["b", "c"])
