"""Sequences as files of codes: nothing lost, nothing cut, the same whatever the batches."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firth.corpus.encoded import Encoded, load_encoded
from firth.corpus.encoded_writer import EncodedWriter, code_order, encode_arrays
from firth.errors import DataError, RunError

SEQUENCES = st.lists(st.lists(st.sampled_from(["a", "b", "é", "zz", "😀", "", "a b"]), max_size=6), max_size=12)


def numbered(sequences: list[list[str]]) -> tuple[list[str], np.ndarray, np.ndarray]:
    keys = list(dict.fromkeys(key for sequence in sequences for key in sequence))
    codes = np.array([keys.index(key) for sequence in sequences for key in sequence], dtype=np.int32)
    return keys, codes, np.array([len(sequence) for sequence in sequences], dtype=np.int64)


def decoded(encoded: Encoded) -> list[list[str]]:
    tokens = [encoded.keys[code] for code in encoded.tokens.tolist()]
    offsets = encoded.offsets.tolist()
    return [tokens[begin:end] for begin, end in pairwise(offsets)]


@given(sequences=SEQUENCES)
def test_sequences_come_back_without_the_empty_ones(sequences: list[list[str]]):
    encoded = encode_arrays(*numbered(sequences), report={})
    assert decoded(encoded) == [sequence for sequence in sequences if sequence]
    assert encoded.report["sequences_empty"] == sum(not sequence for sequence in sequences)
    assert (encoded.n_sequences, encoded.n_tokens) == (encoded.report["sequences"], encoded.report["tokens"])


@given(sequences=SEQUENCES)
def test_codes_are_ordered_by_count_and_then_by_key(sequences: list[list[str]]):
    encoded = encode_arrays(*numbered(sequences), report={})
    counted = Counter(key for sequence in sequences for key in sequence)
    assert list(zip(encoded.keys, encoded.counts.tolist(), strict=True)) == sorted(
        counted.items(), key=lambda pair: (-pair[1], pair[0].encode())
    )


@given(sequences=SEQUENCES, data=st.data())
def test_a_sequence_may_be_written_in_pieces(sequences: list[list[str]], data: st.DataObject):
    keys, codes, lengths = numbered(sequences)
    whole = encode_arrays(keys, codes, lengths, report={})
    with EncodedWriter() as writer:
        at = 0
        for length in lengths.tolist():
            cuts = sorted(data.draw(st.lists(st.integers(0, length), max_size=3)))
            for begin, end in pairwise([0, *cuts, length]):
                writer.write(codes[at + begin : at + end], [end - begin], is_open=True)
            writer.close_sequence()
            at += length
        pieces = writer.finish(keys, report={})
    assert decoded(pieces) == decoded(whole)
    assert pieces.fingerprint == whole.fingerprint


@given(sequences=SEQUENCES, n_tokens=st.integers(1, 9))
def test_batches_of_any_size_copy_what_was_written(sequences: list[list[str]], n_tokens: int):
    keys, codes, lengths = numbered(sequences)
    with EncodedWriter() as first, EncodedWriter() as second:
        first.write(codes, lengths)
        for batch_codes, batch_lengths, is_open in first.batches(n_tokens):
            assert len(batch_codes) <= n_tokens
            second.write(batch_codes, batch_lengths, is_open=is_open)
        copy = second.finish(keys, report={})
    assert decoded(copy) == [sequence for sequence in sequences if sequence]


def test_two_codes_may_stand_for_one_key():
    codes = np.array([0, 1, 2, 1, 0], dtype=np.int32)
    with EncodedWriter() as writer:
        writer.write(codes, [5])
        encoded = writer.finish(["Ä", "ä", "b"], report={}, aliases=np.array([1, 1, 2], dtype=np.int32))
    assert decoded(encoded) == [["ä", "ä", "b", "ä", "ä"]]
    assert encoded.counts.tolist() == [4, 1]


def test_keys_that_never_occur_are_left_out():
    encoded = encode_arrays(["a", "b", "c"], np.array([2, 0, 2], dtype=np.int32), [3], report={})
    assert encoded.keys == ["c", "a"]


def test_a_folder_is_loaded_as_it_was_written(tmp_path: Path):
    with EncodedWriter(tmp_path / "kept") as writer:
        writer.write(np.array([1, 0, 1], dtype=np.int32), [2, 1])
        written = writer.finish(["x", "y\n\ud800"], report={"rows_read": 3}, examples=["line 2"])
    loaded = load_encoded(tmp_path / "kept")
    assert (loaded.keys, loaded.report, loaded.examples) == (written.keys, written.report, ("line 2",))
    assert loaded.fingerprint == written.fingerprint
    assert isinstance(loaded.tokens, np.memmap)
    assert decoded(loaded) == [["y\n\ud800", "x"], ["y\n\ud800"]]


def test_temporary_files_are_gone_while_the_arrays_live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    encoded = encode_arrays(["x"], np.array([0, 0], dtype=np.int32), [2], report={})
    assert list(tmp_path.iterdir()) == []
    assert encoded.tokens.tolist() == [0, 0]


def test_a_failure_leaves_no_folder(tmp_path: Path):
    with pytest.raises(DataError, match="add up to 2"), EncodedWriter(tmp_path / "kept") as writer:
        writer.write(np.array([0, 1], dtype=np.int32), [3])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_not_written_over(tmp_path: Path):
    with pytest.raises(RunError, match="choose another folder"):
        EncodedWriter(tmp_path)


@pytest.mark.parametrize("name", ["tokens.i32", "offsets.i64", "counts.i64", "keys.json", "encoded.json"])
def test_a_damaged_file_is_refused(tmp_path: Path, name: str):
    with EncodedWriter(tmp_path / "kept") as writer:
        writer.write(np.array([1, 0, 1], dtype=np.int32), [2, 1])
        writer.finish(["x", "y"], report={})
    path = tmp_path / "kept" / name
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(DataError, match="is damaged"):
        load_encoded(tmp_path / "kept")


def test_a_code_without_a_key_is_refused():
    with pytest.raises(DataError, match="code 1 with 1 keys"):
        encode_arrays(["x"], np.array([0, 1], dtype=np.int32), [2], report={})


def test_a_key_of_two_codes_is_refused():
    with pytest.raises(DataError, match="distinct"):
        encode_arrays(["x", "x"], np.array([0, 1], dtype=np.int32), [2], report={})


def test_equal_counts_are_ordered_by_the_keys_bytes():
    assert code_order(["b", "\U0001f600", "\uffee", "a"], np.array([1, 2, 2, 1])).tolist() == [2, 1, 3, 0]
