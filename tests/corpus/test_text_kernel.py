"""The kernel's part of reading text: it refuses what does not fit, and numbers keys as they come."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firth import _kernel


def int32(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int32)


def int64(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


@given(data=st.binary(max_size=40).filter(lambda data: len(data.split()) == 1))
def test_invalid_bytes_are_replaced_as_python_does(data: bytes):
    table = _kernel.TextTable()
    chunk = _kernel.tokenize(data, lowercase=False, max_token=100)
    table.merge(chunk)
    text = data.split()[0].decode(errors="replace")
    assert table.keys() == [text]
    assert (chunk.n_invalid_bytes > 0) == (text.encode() != data.split()[0])


@given(keys=st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), unique=True), data=st.data())
def test_the_order_is_by_count_and_then_by_bytes(keys: list[str], data: st.DataObject):
    table = _kernel.TextTable()
    assert [table.code(key) for key in keys] == list(range(len(keys))) == [table.code(key) for key in keys]
    counts = data.draw(st.lists(st.integers(0, 2), min_size=len(keys), max_size=len(keys)))
    expected = sorted(range(len(keys)), key=lambda code: (-counts[code], keys[code].encode()))
    assert table.order(int64(*counts)).tolist() == expected


def test_many_keys_keep_their_codes():
    table = _kernel.TextTable()
    keys = [f"key {number}" for number in range(50_000)]
    assert [table.code(key) for key in keys] == list(range(50_000))
    assert table.keys() == keys
    assert table.code("key 7") == 7


def test_a_chunk_is_merged_once():
    table = _kernel.TextTable()
    chunk = _kernel.tokenize(b"a b a", lowercase=False, max_token=9)
    codes, lengths = table.merge(chunk)
    assert (codes.tolist(), lengths.tolist()) == ([0, 1, 0], [3])
    assert [part.tolist() for part in table.merge(chunk)] == [[], []]


@pytest.mark.parametrize("codes", [int32(0, 2), int32(-1)])
def test_codes_outside_of_the_table_are_refused(codes: np.ndarray):
    with pytest.raises(ValueError, match="outside of the table"):
        _kernel.recode(codes, int32(0, 1))
    with pytest.raises(ValueError, match="outside of the table"):
        _kernel.count_codes(codes, int64(0, 0))
    with pytest.raises(ValueError, match="outside of the table"):
        _kernel.pair_counts(int64(1, 1), min_count=1).add(codes, int64(len(codes)), False)


@pytest.mark.parametrize("lengths", [int64(1), int64(3), int64(3, -1), int64(2**62, 2**62, 2)])
def test_lengths_that_do_not_add_up_are_refused(lengths: np.ndarray):
    with pytest.raises(ValueError, match="lengths must be"):
        _kernel.PairJoiner().join(int32(0, 1), lengths, False)
    with pytest.raises(ValueError, match="lengths must be"):
        _kernel.pair_counts(int64(1, 1), min_count=1).add(int32(0, 1), lengths, False)


def test_counts_of_another_table_are_refused():
    with pytest.raises(ValueError, match="one number per key"):
        _kernel.TextTable().order(int64(1))


@pytest.mark.parametrize("max_token", [0, -1])
def test_a_limit_below_one_byte_is_refused(max_token: int):
    with pytest.raises(ValueError, match="max_token"):
        _kernel.tokenize(b"a", lowercase=False, max_token=max_token)


def test_a_token_that_is_no_text_is_refused():
    with pytest.raises((TypeError, RuntimeError)):
        _kernel.chunk_of_lines([["a", 3]], max_token=9)
