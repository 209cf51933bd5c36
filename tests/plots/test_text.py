"""Any key becomes one readable line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firth.plots.canvas import characters
from firth.plots.text import one_line


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("the beatles", "the beatles"),
        ("a\nb\tc\r\n  d\u00a0e", "a b c d e"),
        ("$5 $bill_{x}$ 100% \\alpha", "$5 $bill_{x}$ 100% \\alpha"),
        ("sigur rós, björk", "sigur rós, björk"),
        ("bjo\u0308rk", "björk"),
        ("Ａｂｃ１", "Abc1"),  # fullwidth letters
        ("初音ミク", "□□□"),
        ("東京 jazz", "□□ jazz"),
        ("pizza 🍕!", "pizza □!"),
        ("👩🏽\u200d🚀 a", "□□ a"),  # skin tone and joiner leave nothing behind
        ("❤\ufe0f love", "❤ love"),
        ("a\x00b\x1b[31mc", "ab[31mc"),
        ("right\u202eleft", "rightleft"),
        ("", "□"),
        (" \n ", "□"),
        ("\u200b", "□"),
        ("\ud800", "□"),
        ("x" * 40, "x" * 31 + "…"),
        ("x" * 32, "x" * 32),
        ("word " * 10, "word word word word word word w…"),
        ("0123456789 0123456789 012345678 tail", "0123456789 0123456789 012345678…"),
    ],
    ids=ascii,
)
def test_a_key_is_shown_as_one_line(key: str, shown: str):
    assert one_line(key, max_length=32) == shown


@given(st.text(st.characters(), max_size=60), st.integers(2, 40))
def test_what_is_shown_is_short_and_has_glyphs(key: str, max_length: int):
    shown = one_line(key, max_length=max_length)
    assert 0 < len(shown) <= max_length
    assert {ord(character) for character in shown} <= characters()
    assert shown == shown.strip()
